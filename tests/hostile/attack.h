// SPDX-License-Identifier: Apache-2.0
// What a hostile driver does, and what the card promises: written once, run against every model,
// and printed as docs/hostile-driver.md.
#pragma once

#include <string_view>
#include <vector>

#include "tests/hostile/driver.h"

namespace ringside::hostile {

enum class Reaction : uint8_t {
  kIgnored,     ///< no effect; traffic goes on
  kServed,      ///< done as written: what harm there is, is in the driver's own memory
  kDropped,     ///< a frame or message is dropped and counted; traffic goes on
  kRefused,     ///< FEATURES_OK stays clear
  kAnswered,    ///< a control command gets VIRTIO_NET_ERR
  kNeedsReset,  ///< DEVICE_NEEDS_RESET, counted; with DRIVER_OK a configuration interrupt
  kReset,       ///< the card is reset
};

/// How far the driver is when it attacks.
enum class Stage : uint8_t {
  kEnumerated,  ///< memory space, bus mastering, MSI-X
  kFeaturesOk,
  kRunning,  ///< DRIVER_OK, no buffers posted
};

struct Attack {
  std::string_view area;
  std::string_view name;
  std::string_view what;  ///< what the driver does
  Reaction reaction = Reaction::kNeedsReset;
  std::string_view counter;  ///< that counts it; empty: none
  std::string_view clause;   ///< what says so; empty: nothing beyond the design
  void (*run)(Driver& driver) = nullptr;
  uint64_t features = 0;  ///< beside kBasicFeatures
  Stage stage = Stage::kRunning;
  /// A posted write that nobody takes: cards on a bus cannot know of it, and it is counted there.
  bool lost_on_bus = false;
};

/// The attacks of each file.
std::vector<Attack> descriptor_attacks();
std::vector<Attack> ring_attacks();
std::vector<Attack> register_attacks();
std::vector<Attack> bus_attacks();
std::vector<Attack> control_attacks();

std::vector<Attack> all_attacks();

/// Prints the page.
void print_table();

}  // namespace ringside::hostile
