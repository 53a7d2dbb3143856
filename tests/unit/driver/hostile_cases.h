// SPDX-License-Identifier: Apache-2.0
// Everything that a device may do wrong, with what the driver answers: one table for the tests
// (hostile_suite_test.cpp) and for the page docs/hostile-device.md.
#pragma once

#include <ostream>
#include <span>
#include <string>

#include "tests/unit/driver/rig.h"

namespace ringside::test {

enum class HostileAnswer : uint8_t {
  kIgnored,  ///< nothing is lost but what the device kept back
  kDropped,  ///< the frame is dropped, the queue goes on
  kOnePair,  ///< one queue pair is used
  kReset,    ///< fault, reset with back-off; frames that the device held are given back
  kRefused,  ///< open() fails; a recovery fails, and is tried again with a growing pause
};

/// "reset", for the page.
const char* name_of(HostileAnswer answer);

enum class HostileMoment : uint8_t {
  kAtBringUp,   ///< from before open(), and in a second run from before a recovery
  kAtRecovery,  ///< from before a recovery alone
  kRunning,     ///< while frames are with the device
};

/// How many queue pairs are offered and asked for where a misdeed needs several.
inline constexpr unsigned kHostilePairs = 3;

struct HostileCase {
  const char* name;
  const char* deed;  ///< for the page: what the device does
  HostileMoment moment;
  HostileAnswer answer;
  const char* report;   ///< part of a log line or of open()'s error; empty: none
  const char* counter;  ///< that counts it; empty: none
  void (*act)(Rig& rig);
  /// Before open(): what the misdeed needs. May be null.
  void (*prepare)(Rig& rig) = nullptr;
  bool only_several_pairs = false;
};

std::span<const HostileCase> hostile_cases();
/// For messages of tests.
inline void PrintTo(const HostileCase& one, std::ostream* to) { *to << one.name; }

/// What an honest device is, to become one again.
struct HonestDevice {
  explicit HonestDevice(const Rig& rig);
  void restore(Rig& rig) const;

 private:
  std::vector<FakeCapability> capabilities_;
  formats::VirtioNetConfig config_;
  uint64_t offered_;
  uint16_t num_queues_;
  std::function<unsigned(const Bytes&)> steer_;
  unsigned msix_vectors_;
};

/// The page docs/hostile-device.md.
std::string hostile_page();

}  // namespace ringside::test
