// SPDX-License-Identifier: Apache-2.0
// Every attack of a hostile driver on one model of the card, each in a process of its own.
//
//   hostile_suite --model core|lt|at|rtl [--attack NAME]
//   hostile_suite --table            the page of the docs
#include <fmt/format.h>

#include <cstdio>

#include "formats/random.h"
#include "tests/hostile/attack.h"
#include "tests/hostile/child.h"
#include "tests/hostile/core_host.h"
#include "tests/hostile/sim_host.h"
#include "tests/support/arguments.h"

namespace {

using namespace ringside::hostile;  // NOLINT: this is the program

/// Real time, s, and virtual time, ms, that one attack may take.
constexpr unsigned kHangSeconds = 60;
constexpr unsigned kBoundMs = 400;
constexpr std::size_t kMemory = std::size_t{4} << 20;
/// Orders of events that the core is shown for each attack.
constexpr uint64_t kCoreSeeds = 20;

ringside::hw::NicConfig card(Model model) {
  ringside::hw::NicConfig config;
  config.queue_pairs = queue_pairs_of(model);
  return config;
}

/// The driver up to the stage from which it attacks.
void prepare(Driver& driver, const Attack& attack) {
  driver.enable_pci();
  if (attack.stage == Stage::kEnumerated) {
    driver.expect(driver.reset(), "device_status reads 0 after a reset");
  } else if (attack.stage == Stage::kFeaturesOk) {
    driver.expect_equal(driver.negotiate(kBasicFeatures | attack.features), 11, "FEATURES_OK");
  } else {
    driver.expect(driver.bring_up(attack.features), "the card comes up");
  }
}

bool is_lost(const Attack& attack, Model model) {
  return attack.lost_on_bus && (model == Model::kAt || is_rtl(model));
}

void check_reaction(Driver& driver, const Attack& attack, Model model, uint64_t counted,
                    uint64_t errors) {
  RawHost& host = driver.host;
  const bool lost = is_lost(attack, model);
  const Reaction reaction = lost ? Reaction::kServed : attack.reaction;
  const std::string_view counter = lost ? "pcie_unsupported_requests" : attack.counter;
  const uint8_t status = driver.status();
  if (!counter.empty() && !(lost && counter.empty())) {
    driver.expect(host.counter(counter) > counted, std::string(counter) + " counts it");
  }
  if (reaction == Reaction::kNeedsReset) {
    driver.expect((status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0, "DEVICE_NEEDS_RESET");
    driver.expect(host.counter("device_errors") > errors, "device_errors counts it");
    if ((status & VIRTIO_STATUS_DRIVER_OK) != 0) {
      driver.expect_equal(host.messages[Driver::kConfigVector], 1, "configuration interrupts");
    }
    // It has stopped.
    const uint64_t reads = host.counter("dma_reads"), writes = host.guard.writes();
    for (unsigned queue = 0; queue < 5; ++queue) driver.kick(queue);
    driver.frame_to_card();
    driver.expect(host.settle(), "the card comes to rest after it stopped");
    driver.expect_equal(host.counter("dma_reads"), reads, "reads after DEVICE_NEEDS_RESET");
    driver.expect_equal(host.guard.writes(), writes, "writes after DEVICE_NEEDS_RESET");
    return;
  }
  if (reaction != Reaction::kReset) {  // errors of before the reset are over
    driver.expect_equal(host.counter("device_errors"), errors, "device_errors");
  }
  driver.expect((status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) == 0, "no DEVICE_NEEDS_RESET");
  if (reaction == Reaction::kRefused) {
    driver.expect((status & VIRTIO_STATUS_FEATURES_OK) == 0, "FEATURES_OK stays clear");
  } else if (reaction == Reaction::kReset) {
    driver.expect_equal(status, 0, "device_status");
  } else if (reaction == Reaction::kIgnored || reaction == Reaction::kDropped ||
             reaction == Reaction::kAnswered) {
    driver.expect_equal(status, 15, "device_status");
    if (attack.counter != "rx_drop_no_fit") {
      driver.expect(driver.carries_traffic(), "traffic goes on over the same rings");
    }
  }
}

/// What is not as promised, or nothing; adds to `checks`.
std::string run_attack(RawHost& host, const Attack& attack, Model model, uint64_t* checks) {
  Driver driver(host);
  const bool lost = is_lost(attack, model);
  prepare(driver, attack);
  const uint64_t counted = host.counter(lost ? "pcie_unsupported_requests" : attack.counter);
  const uint64_t errors = host.counter("device_errors");
  attack.run(driver);
  driver.expect(host.settle(), "the card comes to rest");
  check_reaction(driver, attack, model, counted, errors);
  driver.expect(host.guard.violation().empty(), host.guard.violation());
  driver.free_all();
  driver.expect(driver.recovers(), "after a reset the card carries a frame each way");
  driver.expect(host.guard.violation().empty(), host.guard.violation());
  const std::string audit = host.audit();
  driver.expect(audit.empty(), audit);
  *checks += driver.checks;
  return driver.failure;
}

std::string attack_core(const Attack& attack, uint64_t* checks) {
  for (uint64_t seed = 1; seed <= kCoreSeeds; ++seed) {
    ringside::SplitMix64 random(seed);
    CoreHost host(card(Model::kCore), kMemory,
                  [&random](uint64_t bound) { return random.below(bound); });
    const std::string fault = run_attack(host, attack, Model::kCore, checks);
    if (!fault.empty()) return fmt::format("seed {}: {}", seed, fault);
  }
  return {};
}

/// One simulation with the bystanders, and with the attacked card if there is an attack. The
/// answer is the bystanders' digest, a line with the checks, and a line with what is wrong.
std::string simulate_attack(Model model, const Attack* attack) {
  ringside::hw::FramePool pool;
  ringside::hw::Link link("link", {});
  SimHost mallory("mallory", model, card(model), link.end(0), pool, kMemory);
  mallory.attach_peer(link.end(1));
  Bystanders bystanders(model, ringside::hw::NicConfig{}, pool);
  uint64_t checks = 0;
  std::string fault;
  const bool ended = simulate(
      [&] {
        sc_core::wait(20, sc_core::SC_US);
        if (attack != nullptr) fault = run_attack(mallory, *attack, model, &checks);
        while (!bystanders.done()) sc_core::wait(1, sc_core::SC_US);
      },
      kBoundMs);
  if (!ended && fault.empty())
    fault = fmt::format("not over after {} ms of virtual time", kBoundMs);
  return fmt::format("{}\n{}\n{}", bystanders.digest(), checks, fault);
}

std::string line(const std::string& text, unsigned number) {
  std::size_t from = 0;
  for (; number != 0; --number) from = text.find('\n', from) + 1;
  return text.substr(from, text.find('\n', from) - from);
}

/// What is wrong, or nothing.
std::string try_attack(Model model, const Attack& attack, const std::string& baseline,
                       uint64_t* checks) {
  bool ok = false;
  std::string answer = in_child(
      kHangSeconds,
      [&] {
        if (model != Model::kCore) return simulate_attack(model, &attack);
        uint64_t made = 0;
        const std::string fault = attack_core(attack, &made);
        return fmt::format("{}\n{}\n{}", baseline, made, fault);
      },
      &ok);
  if (!ok) return answer;
  *checks += std::stoull(line(answer, 1));
  if (std::string fault = line(answer, 2); !fault.empty()) return fault;
  if (line(answer, 0) != baseline) {
    return fmt::format("other cards' traffic: {}, without the attack {}", line(answer, 0),
                       baseline);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  ringside::test::Arguments arguments(
      "Makes every attack of a hostile driver on a model of the card");
  std::string model_name = "lt", only;
  bool table = false;
  arguments
      .text("--model", model_name, "which card", {std::begin(kModelNames), std::end(kModelNames)})
      .text("--attack", only, "this attack alone")
      .flag("--table", table, "print the page of the docs");
  if (const auto status = arguments.parse(argc, argv)) return *status;
  if (table) {
    print_table();
    return 0;
  }
  const Model model = model_named(model_name);
  std::string baseline;
  if (model != Model::kCore) {
    bool ok = false;
    const std::string answer = in_child(
        kHangSeconds, [&] { return simulate_attack(model, nullptr); }, &ok);
    baseline = line(answer, 0);
    if (!ok || baseline.size() != 64) {
      fmt::print("without an attack: {}\n", answer);
      return 1;
    }
  }
  uint64_t checks = 0;
  unsigned made = 0, failed = 0;
  for (const Attack& attack : all_attacks()) {
    if (!only.empty() && attack.name != only) continue;
    const uint64_t before = checks;
    std::string fault = try_attack(model, attack, baseline, &checks);
    if (fault.empty() && checks == before) fault = "no check was made";
    ++made;
    if (fault.empty()) continue;
    ++failed;
    fmt::print("{}: {}: {} (again: hostile_suite --model {} --attack {})\n", model_name,
               attack.name, fault, model_name, attack.name);
  }
  if (made == 0) {
    fmt::print(stderr, "--attack {}: no such attack\n", only);
    return 2;
  }
  fmt::print("{}: {} attacks, {} checks, {} failed\n", model_name, made, checks, failed);
  return failed == 0 ? 0 : 1;
}

extern "C" int sc_main(int, char**) { return 0; }
