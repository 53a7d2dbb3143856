// SPDX-License-Identifier: Apache-2.0
// Random mixtures of honest work, misdeeds of the device and resets against the driver, each seed
// in a process of its own.
//
//   hostile_device_hunt --seeds FIRST COUNT --steps N
//
// Fails on a hang, a crash, a touch of memory that is not the driver's, a lost or wrong call of the
// client's, a leak, and a driver that does not come back when the device behaves again.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/arguments.h"
#include "tests/support/child.h"
#include "tests/unit/driver/hostile_world.h"

namespace {

using ringside::test::HostileTotals;
using ringside::test::HostileWorld;
using ringside::test::SeededChoices;

/// A seed that takes longer than this for 1,000 steps has hung, s.
constexpr uint64_t kHangSeconds = 30;

void add(HostileTotals& to, const HostileTotals& more) {
  to.steps += more.steps;
  to.sent += more.sent;
  to.completed += more.completed;
  to.received += more.received;
  to.misdeeds += more.misdeeds;
  to.faults += more.faults;
  to.resets += more.resets;
  to.recoveries += more.recoveries;
  to.failed_recoveries += more.failed_recoveries;
  to.given_up += more.given_up;
  to.opens += more.opens;
  to.failed_opens += more.failed_opens;
  to.wakes += more.wakes;
}

/// What is wrong; the totals.
std::string run(uint64_t seed, uint64_t steps, HostileTotals* totals) {
  try {
    SeededChoices choices(seed);
    // Every other seed reads a lie now and then.
    HostileWorld world(choices, seed % 2 == 0 ? 0 : 50 + seed % 500);
    std::string wrong = world.run(steps);
    *totals = world.totals();
    return wrong;
  } catch (const std::exception& error) {
    return error.what();
  }
}

/// In a child process, which may crash. Empty, what is wrong, or why the child ended.
std::string run_apart(uint64_t seed, uint64_t steps, HostileTotals* totals) {
  bool ok = false;
  const auto work = [&] {
    HostileTotals mine;
    const std::string wrong = run(seed, steps, &mine);
    return std::string(reinterpret_cast<const char*>(&mine), sizeof mine) + wrong;
  };
  std::string answer = ringside::test::in_child(
      static_cast<unsigned>(kHangSeconds * (1 + steps / 1'000)), work, &ok);
  if (!ok) return answer;
  if (answer.size() < sizeof *totals) return "ended with a failure";
  std::memcpy(totals, answer.data(), sizeof *totals);
  return answer.substr(sizeof *totals);
}

}  // namespace

int main(int argc, char** argv) {
  ringside::test::Arguments arguments("Searches the driver for what a hostile device can do to it");
  std::array<uint64_t, 2> seeds = {1, 100};
  uint64_t steps = 1'000;
  bool here = false;
  arguments.two_numbers("--seeds", seeds, "first seed, and how many")
      .number("--steps", steps, "of each seed")
      .flag("--here", here, "in this process, for a debugger");
  if (const auto status = arguments.parse(argc, argv)) return *status;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  HostileTotals totals;
  for (uint64_t seed = seeds[0]; seed < seeds[0] + seeds[1]; ++seed) {
    HostileTotals mine;
    const std::string wrong = here ? run(seed, steps, &mine) : run_apart(seed, steps, &mine);
    if (!wrong.empty()) {
      fmt::print("seed {}: {} (again: hostile_device_hunt --seeds {} 1 --steps {})\n", seed, wrong,
                 seed, steps);
      return 1;
    }
    add(totals, mine);
  }
  fmt::print(
      "{} seeds, {} steps, nothing found; {} misdeeds, {} frames sent, {} given back, {} received, "
      "{} wakes, {} faults, {} resets, {} recoveries and {} that failed, given up {} times, opened "
      "{} times and {} in vain\n",
      seeds[1], totals.steps, totals.misdeeds, totals.sent, totals.completed, totals.received,
      totals.wakes, totals.faults, totals.resets, totals.recoveries, totals.failed_recoveries,
      totals.given_up, totals.opens, totals.failed_opens);
  return 0;
}
