// SPDX-License-Identifier: Apache-2.0
// One fault of the card in RTL: whether the core that follows the card (`--model diff`) says what
// is wrong, in words. Exit status 0 if it does, or, without a fault, if it finds nothing.
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "hw_model/rtl_bridge/rtl_nic.h"
#include "tests/differential/faulty_card.h"
#include "tests/differential/listing.h"
#include "tests/differential/traffic.h"
#include "tests/support/arguments.h"

namespace ringside::test {
namespace {

constexpr std::string_view kDifference = "difference: ";

unsigned chosen = 0;
uint64_t unknown_seed = 1;
/// The first thing that pins and assertions say of the card. It does not count.
std::string noticed;

std::unique_ptr<hw::NicModel> make_followed(const char* name, const hw::NicConfig& config,
                                            std::unique_ptr<hw::ControlPlane> control,
                                            hw::FramePool& pool) {
  hw::RtlOptions options;
  options.complain = [](uint64_t cycle, const std::string& what) {
    if (noticed.empty()) noticed = fmt::format("clock cycle {}: {}", cycle, what);
  };
  options.followed = true;
  return hw::make_rtl_nic(name, config, options,
                          make_faulty_card(chosen, static_cast<int>(unknown_seed)),
                          std::move(control), pool);
}

struct Outcome {
  std::string difference;
  uint64_t frames = 0;
  unsigned lives = 0;
  bool finished = false;
};

/// Simulates; once a process.
Outcome hunt(uint64_t seed, unsigned lives, bool trace) {
  differential::Listing listing;
  hw::FramePool pool;
  Wire wire(pool);
  LtHost::make = make_followed;
  hw::NicConfig config;
  config.hold_bound_ps = 200'000'000;
  LtHost host("card", config, pool);
  host.nic->connect(wire);
  if (trace) host.nic->trace(&listing);
  host.nic->on_fault([] { sc_core::sc_stop(); });
  Traffic traffic(host, wire, seed);
  Outcome outcome;
  SimThread thread("host", [&] {
    traffic.run(lives, [&] {
      outcome.difference = host.nic->comparison()->difference;
      return !outcome.difference.empty();
    });
    sc_core::sc_stop();
  });
  sc_core::sc_start(1, sc_core::SC_SEC);
  const std::string fault = host.nic->fault();
  if (const std::size_t at = fault.find(kDifference); at != std::string::npos) {
    outcome.difference = fault.substr(at + kDifference.size());
  }
  outcome.frames = traffic.frames();
  outcome.lives = traffic.lives();
  outcome.finished = thread.finished;
  return outcome;
}

int report(const std::string& name, const Outcome& outcome) {
  const double us = sc_core::sc_time_stamp().to_seconds() * 1e6;
  const std::string spent =
      fmt::format("{} frames, {} resets, {:.1f} us", outcome.frames, outcome.lives, us);
  if (name == "none") {
    const bool good = outcome.finished && outcome.difference.empty() && noticed.empty();
    std::cout << fmt::format("none: {} after {}\n", good ? "no difference" : "FAILED", spent);
    if (!outcome.difference.empty()) std::cout << "  difference: " << outcome.difference << "\n";
    if (!noticed.empty()) std::cout << "  " << noticed << "\n";
    return good ? 0 : 1;
  }
  if (!outcome.difference.empty()) {
    std::cout << fmt::format("{}: {} [{}]\n", name, outcome.difference, spent);
    return 0;
  }
  std::cout << fmt::format("{}: NOT FOUND after {}{}\n", name, spent,
                           outcome.finished ? "" : "; the host waits for ever");
  if (!noticed.empty()) std::cout << "  it was noticed: " << noticed << "\n";
  return 1;
}

int run(int argc, char** argv) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  std::string name = "none";
  uint64_t seed = 1;
  uint64_t lives = 100;
  bool list = false, trace = false;
  Arguments arguments("Whether the follower of a card in RTL finds a deliberate fault of it");
  arguments.flag("--list", list, "print the faults and what they do")
      .text("--fault", name, "of --list, or none")
      .number("--seed", seed, "of the driver and the wire")
      .number("--unknown-seed", unknown_seed, "of what the RTL leaves unknown; 0: it is 0", 0,
              std::numeric_limits<int>::max())
      .number("--lives", lives, "resets until it is given up", 0,
              std::numeric_limits<unsigned>::max())
      .flag("--trace", trace, "list what the card does");
  if (const auto status = arguments.parse(argc, argv)) return *status;
  if (list) {
    for (const CardFault& fault : card_faults()) {
      std::cout << fmt::format("{}: {}\n", fault.name, fault.what);
    }
    return 0;
  }
  const std::optional<unsigned> number = find_card_fault(name);
  if (!number) {
    std::cerr << fmt::format("--fault {}: there is none; expected one of --list\n", name);
    return 2;
  }
  chosen = *number;
  return report(name, hunt(seed, static_cast<unsigned>(lives), trace));
}

}  // namespace
}  // namespace ringside::test

int main(int argc, char** argv) { return ringside::test::run(argc, argv); }

// SystemC's library asks for it where it is linked.
extern "C" int sc_main(int, char**) { return 0; }
