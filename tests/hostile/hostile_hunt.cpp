// SPDX-License-Identifier: Apache-2.0
// Random lives of a hostile driver, each seed in a process of its own.
//
//   hostile_hunt --model core|lt|at|rtl|diff --seeds FIRST COUNT --steps STEPS
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "formats/random.h"
#include "hw_model/diff/evidence.h"
#include "testbench/evidence/history_text.h"
#include "tests/hostile/child.h"
#include "tests/hostile/core_host.h"
#include "tests/hostile/hunt.h"
#include "tests/hostile/sim_host.h"
#include "tests/support/arguments.h"

namespace {

using namespace ringside::hostile;  // NOLINT: this is the program
using ringside::SplitMix64;

constexpr unsigned kHangSeconds = 120;
constexpr std::size_t kMemory = std::size_t{1} << 20;

ringside::hw::NicConfig card(Model model, SplitMix64& random) {
  ringside::hw::NicConfig config;
  config.queue_pairs = queue_pairs_of(model);
  if (random.below(2) == 0) return config;
  // Hardly enough of anything.
  config.tx_buffer_bytes = 2048;
  config.rx_buffer_bytes = 4096;
  config.pipeline.read_tags = 1 + static_cast<uint32_t>(random.below(4));
  config.pipeline.reassembly_bytes = 4096;
  config.pipeline.ring_fetches_max = 1 + static_cast<uint32_t>(random.below(4));
  config.pipeline.prefetch = 1 + static_cast<uint32_t>(random.below(8));
  config.pipeline.write_buffer_bytes = 512;
  config.root_complex.read_jitter_ps = 500'000;
  config.root_complex.reorder = true;
  config.pcie.root.posted = {2, 32};
  config.pcie.root.non_posted = {2, 1};
  return config;
}

std::string report(const Hunt& hunt, const std::string& fault) {
  const HuntTotals totals = hunt.totals();
  std::string answer(reinterpret_cast<const char*>(&totals), sizeof totals);
  return answer + fault;
}

std::string hunt_core(uint64_t seed, uint64_t steps) {
  SplitMix64 moves(2 * seed), order(2 * seed + 1);
  CoreHost host(card(Model::kCore, order), kMemory,
                [&order](uint64_t bound) { return order.below(bound); });
  Hunt hunt(
      host, [&moves](uint64_t bound) { return moves.below(bound); }, [] { return false; });
  const std::string fault = hunt.run(steps);
  return report(hunt, fault);
}

/// The last lines of what a card and the core that follows it did.
void tell_history(SimHost& host, std::size_t count) {
  const auto evidence = host.nic().evidence();
  if (evidence == nullptr) return;
  const auto lines = ringside::tb::merged(*evidence->history);
  for (std::size_t i = lines.size() - std::min(count, lines.size()); i < lines.size(); ++i) {
    fmt::print(stderr, "{}\n", ringside::tb::to_line({}, lines[i]));
  }
}

std::string hunt_model(Model model, uint64_t seed, uint64_t steps, std::size_t history) {
  SplitMix64 moves(2 * seed), parameters(2 * seed + 1);
  ringside::hw::FramePool pool;
  ringside::hw::Link link("link", {});
  SimHost host("mallory", model, card(model, parameters), link.end(0), pool, kMemory);
  host.attach_peer(link.end(1));
  Hunt hunt(
      host, [&moves](uint64_t bound) { return moves.below(bound); }, [] { return false; });
  std::string fault;
  // A step is some microseconds; a card that holds register reads takes a millisecond each.
  const auto bound_ms = static_cast<unsigned>(1000 + steps);
  if (!simulate([&] { fault = hunt.run(steps); }, bound_ms) && fault.empty()) {
    fault = fmt::format("not over after {} ms of virtual time", bound_ms);
  }
  if (!fault.empty() && history != 0) tell_history(host, history);
  return report(hunt, fault);
}

}  // namespace

int main(int argc, char** argv) {
  ringside::test::Arguments arguments(
      "Lets a hostile driver live at random against a model of the card");
  std::string name = "core";
  std::array<uint64_t, 2> seeds = {1, 100};
  uint64_t steps = 1000;
  uint64_t history = 0;
  arguments.text("--model", name, "which card", {std::begin(kModelNames), std::end(kModelNames)})
      .two_numbers("--seeds", seeds, "first seed, and how many")
      .number("--steps", steps, "steps for each seed", 1)
      .number("--history", history,
              "with diff: last lines to print of what card and core did before a difference");
  if (const auto status = arguments.parse(argc, argv)) return *status;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const bool terminal = isatty(STDERR_FILENO) != 0;
  HuntTotals all;
  for (uint64_t seed = seeds[0]; seed != seeds[0] + seeds[1]; ++seed) {
    if (terminal) fmt::print(stderr, "\r{}: seed {}, {} steps ", name, seed, all.steps);
    bool ok = false;
    std::string answer = in_child(
        kHangSeconds,
        [&] {
          if (name == "core") return hunt_core(seed, steps);
          return hunt_model(model_named(name), seed, steps, history);
        },
        &ok);
    if (ok && answer.size() >= sizeof(HuntTotals)) {
      HuntTotals one;
      std::memcpy(&one, answer.data(), sizeof one);
      answer = answer.substr(sizeof one);
      all.steps += one.steps;
      all.lives += one.lives;
      all.errors += one.errors;
      all.frames += one.frames;
      all.writes += one.writes;
      all.recoveries += one.recoveries;
      if (answer.empty()) continue;
    }
    if (terminal) fmt::print(stderr, "\n");
    fmt::print("{}: seed {}: {} (again: hostile_hunt --model {} --seeds {} 1 --steps {})\n", name,
               seed, answer, name, seed, steps);
    return 1;
  }
  if (terminal) fmt::print(stderr, "\r");
  fmt::print(
      "{}: {} seeds, {} steps, nothing found; {} lives, {} device errors, {} frames, {} DMA "
      "writes, "
      "{} recoveries\n",
      name, seeds[1], all.steps, all.lives, all.errors, all.frames, all.writes, all.recoveries);
  return 0;
}

extern "C" int sc_main(int, char**) { return 0; }
