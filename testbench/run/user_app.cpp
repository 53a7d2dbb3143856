// SPDX-License-Identifier: Apache-2.0
// See user_app.h.
#include "testbench/run/user_app.h"

#include <dlfcn.h>

namespace ringside::tb {

namespace {

/// Its verdicts are the checks that it makes itself, and that it came back.
class UserAppTask : public TrafficTask {
 public:
  UserAppTask(const App& app, ApplicationEntry entry) : name_(app.name), entry_(entry) {}

  void run_client(unsigned, Application& app) override {
    entry_(app);
    returned_ = true;
  }
  bool failed() const override { return false; }
  bool has_result() const override { return false; }
  FlowResult result() override { return {}; }
  std::vector<CheckResult> checks() override {
    return {{"app." + name_ + ".returned", returned_,
             returned_ ? "the application returned" : "the application did not return"}};
  }

 private:
  std::string name_;
  ApplicationEntry entry_;
  bool returned_ = false;
};

}  // namespace

Status make_user_app(const App& app, std::unique_ptr<TrafficTask>* task) {
  // Never closed: its code may be on the stack of a context when the process ends.
  void* library = dlopen(app.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Status::failure("app." + app.name + ": cannot load " + dlerror());
  }
  void* entry = dlsym(library, app.entry.c_str());
  if (entry == nullptr) {
    return Status::failure("app." + app.name + ": " + app.library + " has no function \"" +
                           app.entry + "\" (is it extern \"C\"?)");
  }
  *task = std::make_unique<UserAppTask>(app, reinterpret_cast<ApplicationEntry>(entry));
  return Status::success();
}

}  // namespace ringside::tb
