// SPDX-License-Identifier: Apache-2.0
// What an application that runs on a simulated host gets. A user's own application is a function
//
//   extern "C" void entry(ringside::tb::Application& app);
//
// in a shared object, named in a scenario as `app = "lib.so:entry"`. It is ordinary blocking code:
// it may call sockets, sleep, and take as much stack as `host.stack_size` allows. It must not start
// threads that touch the simulation, and no exception may leave it but one that ends the run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/units.h"
#include "host_driver/platform.h"
#include "stack/sockets.h"

namespace ringside::tb {

class Application {
 public:
  virtual ~Application() = default;
  /// The name of its section in the scenario.
  virtual const std::string& name() const = 0;
  /// The host that it runs on.
  virtual const std::string& host() const = 0;
  virtual stack::Sockets& sockets() = 0;
  /// Clock, sleep, timers, seeded random bits, log.
  virtual driver::Platform& platform() = 0;
  /// `args` of the scenario; nothing if the key is not there.
  virtual std::optional<std::string> argument(std::string_view key) const = 0;
  /// The address of a host of the scenario in that family; nothing if it has none.
  virtual std::optional<stack::IpAddress> address_of(std::string_view host,
                                                     stack::Family family) const = 0;
  /// Charges the core for the application's own work.
  virtual void work_ns(uint64_t ns) = 0;
  /// Bytes that the application got from the network: they enter digest and content_digest.
  virtual void received(ByteView bytes) = 0;
  /// A verdict for the run's summary; one that fails makes the run's exit status 1.
  virtual void check(std::string_view name, bool pass, std::string_view detail) = 0;
};

/// The type of `entry`.
using ApplicationEntry = void (*)(Application& app);

}  // namespace ringside::tb
