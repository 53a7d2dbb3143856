// SPDX-License-Identifier: Apache-2.0
// Application on a simulated host of a scenario.
#pragma once

#include <string>
#include <vector>

#include "stack/network_stack.h"
#include "testbench/application.h"
#include "testbench/host/sim_platform.h"
#include "testbench/run/monitor.h"
#include "testbench/run/runner.h"

namespace ringside::tb {

class HostedApplication : public Application {
 public:
  /// All references outlive it. `content_name` names the bytes that it receives.
  HostedApplication(const Scenario& scenario, const Host& host, stack::NetworkStack& stack,
                    SimPlatform& platform, Monitor& monitor, std::string name,
                    std::string content_name, const std::vector<AppArgument>* arguments);

  const std::string& name() const override { return name_; }
  const std::string& host() const override { return host_.name; }
  stack::Sockets& sockets() override { return stack_.sockets(); }
  driver::Platform& platform() override { return platform_; }
  std::optional<std::string> argument(std::string_view key) const override;
  std::optional<stack::IpAddress> address_of(std::string_view host,
                                             stack::Family family) const override;
  void work_ns(uint64_t ns) override;
  void received(ByteView bytes) override;
  void check(std::string_view name, bool pass, std::string_view detail) override;
  const std::vector<CheckResult>& checks() const { return checks_; }

 private:
  const Scenario& scenario_;
  const Host& host_;
  stack::NetworkStack& stack_;
  SimPlatform& platform_;
  Monitor& monitor_;
  std::string name_;
  std::string content_name_;
  const std::vector<AppArgument>* arguments_;
  std::vector<CheckResult> checks_;
};

}  // namespace ringside::tb
