// SPDX-License-Identifier: Apache-2.0
// The card in RTL, followed by the functional core, under random drivers, buses and wires: each
// seed in a process of its own. Built for the default card, and as diff_hunt_NAME for cards of
// other sizes (CMakeLists.txt).
//
//   diff_hunt --seeds FIRST COUNT [--all] [--trace] [--out FOLDER]
//
// A seed with a difference leaves a folder as docs/diff.md describes it.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "tests/differential/hunt_evidence.h"
#include "tests/differential/life.h"
#include "tests/differential/listing.h"
#include "tests/support/arguments.h"
#include "tests/support/child.h"
#include "tests/support/sim_thread.h"

namespace {

using namespace ringside::differential;  // NOLINT: this is the program
using ringside::SplitMix64;

constexpr unsigned kHangSeconds = 300;
constexpr double kBoundMs = 2000;
constexpr std::size_t kStackBytes = std::size_t{1} << 20;
/// With fewer seeds something may well not have happened.
constexpr uint64_t kSeedsThatTryAll = 20;

Settings settings_of(uint64_t seed) {
  SplitMix64 random(2 * seed);
  return draw_settings(random);
}

/// What a seed came to, without its texts: they follow.
struct Outcome {
  Tally tally;
  uint64_t time_ps = 0;        ///< of a difference
  std::size_t what_bytes = 0;  ///< that it is in words; 0: there is none
};

/// An Outcome's bytes, its difference in words, and then what went wrong. With `evidence` it is the
/// second run, which answers with what that leaves.
std::string hunt(uint64_t seed, bool trace, HuntEvidence* evidence) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  SplitMix64 random(2 * seed + 1);
  Rig rig(settings_of(seed), random, evidence != nullptr);
  Listing listing;
  if (trace) rig.trace(listing);
  if (evidence != nullptr) evidence->begin(rig);
  std::string failure;
  ringside::test::SimThread thread(
      "driver",
      [&] {
        failure = rig.run();
        sc_core::sc_stop();
      },
      kStackBytes);
  sc_core::sc_start(kBoundMs, sc_core::SC_MS);
  if (!rig.fault().empty()) {
    failure = rig.fault();
  } else if (!thread.finished) {
    failure = fmt::format("not over after {} ms of virtual time", kBoundMs);
  }
  std::fflush(stdout);
  if (evidence != nullptr) return evidence->leave(rig);
  Outcome outcome{rig.tally()};
  std::string what;
  if (const auto found = rig.evidence()) {
    what = found->what;
    outcome.time_ps = found->time_ps;
    outcome.what_bytes = what.size();
  }
  return std::string(reinterpret_cast<const char*>(&outcome), sizeof outcome) + what + failure;
}

/// The second run of a seed with a difference, in a process of its own. What came of it, in a line.
std::string leave_evidence(uint64_t seed, const std::string& folder, const std::string& command,
                           const ringside::tb::DifferenceResult& first) {
  HuntEvidence evidence(folder, command, seed, settings_of(seed).text(), first);
  bool ok = false;
  std::string answer = ringside::test::in_child(
      kHangSeconds, [&] { return hunt(seed, false, &evidence); }, &ok);
  if (ok) return answer;
  evidence.clear();
  return "no evidence: the second run " + answer;
}

}  // namespace

int main(int argc, char** argv) {
  ringside::test::Arguments arguments(
      "Compares the card in RTL with the functional core, with random drivers, buses and wires");
  std::array<uint64_t, 2> seeds = {1, 20};
  bool all = false, trace = false;
  std::string out = "out/diff_hunt";
  arguments.two_numbers("--seeds", seeds, "first seed, and how many")
      .flag("--all", all, "go on behind a seed that fails")
      .flag("--trace", trace, "list what the card does")
      .text("--out", out, "folder for what seeds with a difference leave [out/diff_hunt]");
  if (const auto status = arguments.parse(argc, argv)) return *status;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string program = argv[0];
  const bool terminal = isatty(STDERR_FILENO) != 0;
  Tally sum;
  unsigned failures = 0;
  for (uint64_t seed = seeds[0]; seed != seeds[0] + seeds[1]; ++seed) {
    if (terminal) fmt::print(stderr, "\rseed {}, {} frames ", seed, sum[Tried::kFrames]);
    bool ok = false;
    std::string answer = ringside::test::in_child(
        kHangSeconds, [&] { return hunt(seed, trace, nullptr); }, &ok);
    std::optional<ringside::tb::DifferenceResult> difference;
    if (ok && answer.size() >= sizeof(Outcome)) {
      Outcome one;
      std::memcpy(&one, answer.data(), sizeof one);
      sum.add(one.tally);
      const std::string what = answer.substr(sizeof one, one.what_bytes);
      answer = answer.substr(sizeof one + one.what_bytes);
      if (answer.empty()) continue;
      if (!what.empty()) {
        difference.emplace();
        difference->nic = kHuntCard;
        difference->what = what;
        difference->time_ps = one.time_ps;
      }
    }
    if (terminal) fmt::print(stderr, "\n");
    const std::string command = fmt::format("{} --seeds {} 1", program, seed);
    fmt::print("seed {}: {}\n  {}\n  again: {}\n", seed, answer, settings_of(seed).text(), command);
    if (difference) {
      const std::string folder = fmt::format("{}/seed-{}", out, seed);
      fmt::print("  {}\n", leave_evidence(seed, folder, command, *difference));
    }
    ++failures;
    if (!all) return 1;
  }
  if (terminal) fmt::print(stderr, "\r");
  const unsigned pairs = card_pairs();
  bool tried = true;
  for (std::size_t i = 0; i < sum.counts.size(); ++i) {
    fmt::print("  {}: {}\n", kTriedNames[i], sum.counts[i]);
    const auto what = static_cast<Tried>(i);
    const bool of_pairs = what == Tried::kPairSwitches || what == Tried::kSteered;
    if (of_pairs && pairs == 1) continue;
    if (sum.counts[i] != 0 || seeds[1] < kSeedsThatTryAll) continue;
    fmt::print("{}: never happened\n", kTriedNames[i]);
    tried = false;
  }
  if (failures != 0) {
    fmt::print("{} of {} seeds failed\n", failures, seeds[1]);
    return 1;
  }
  fmt::print(
      "{} seeds from {}, no difference; {} frames and {} bytes compared, {} trace records "
      "followed\n",
      seeds[1], seeds[0], sum[Tried::kFrames], sum[Tried::kBytes], sum[Tried::kRecords]);
  return tried ? 0 : 1;
}

extern "C" int sc_main(int, char**) { return 0; }
