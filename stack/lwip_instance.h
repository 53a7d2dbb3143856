// SPDX-License-Identifier: Apache-2.0
// LwipInstance: lwIP with a state of its own, behind its table of operations.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>

#include "stack/lwip_image.h"
#include "stack/lwip_ops.h"

namespace ringside::stack {

/// A few loaded objects serve all instances, so that many hosts' code fits the processor's caches;
/// an instance's variables (some 5 kB) are copied to where the code expects them when another
/// instance had been at work in the same object. For one thread: that of the simulation.
class LwipInstance {
 public:
  /// Null and a message in `error` if the system does not allow it.
  static std::unique_ptr<LwipInstance> load(std::string* error);
  ~LwipInstance();
  LwipInstance(const LwipInstance&) = delete;
  LwipInstance& operator=(const LwipInstance&) = delete;

  /// To be called at once and asked for again for the next call: in between other instances may be
  /// at work.
  const LwipOperations& operations() {
    activate();
    return image_.operations();
  }
  /// Brings this instance's variables back.
  void activate() {
    current_ = this;
    if (image_.active != this) swap_in();
  }
  /// Which instance is at work.
  static LwipInstance* current() { return current_; }

 private:
  explicit LwipInstance(LwipImage& image);
  void swap_in();

  static LwipInstance* current_;
  LwipImage& image_;
  std::unique_ptr<std::byte[]> state_;  ///< the variables while another instance has the object
};

/// A callback for lwIP: kCall, after which lwIP finds its variables again, whoever ran meanwhile.
template <auto kCall>
inline constexpr auto restoring = [](auto... arguments) {
  LwipInstance* const instance = LwipInstance::current();
  if constexpr (std::is_void_v<decltype(kCall(arguments...))>) {
    kCall(arguments...);
    instance->activate();
  } else {
    const auto result = kCall(arguments...);
    instance->activate();
    return result;
  }
};

}  // namespace ringside::stack
