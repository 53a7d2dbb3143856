// SPDX-License-Identifier: Apache-2.0
// A scenario whose drivers reset their cards in the middle of the traffic: after a random number of
// frames a driver stops its card and opens it again, with frames under way in both directions. All
// checks of the run must hold but those of pings, which nobody repeats: what TCP carries arrives
// whole, over every reset. At the end each card's statistics window is read over the bus: no reset
// cleared it, and it is what the model counted.
//
//   reset_run SCENARIO [--model M] [--set KEY=VALUE]... [--resets N] [--seed N]
//
// Exit status 0 if they do and every card was reset N times, some frames of it under way. With
// --resets 0 the drivers do nothing special.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "formats/random.h"
#include "host_driver/virtio_net_driver.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/load.h"
#include "tests/cosim/statistics_reader.h"
#include "tests/support/arguments.h"

namespace {

using namespace ringside;      // NOLINT: this is the program
using namespace ringside::tb;  // NOLINT

/// Frames that a driver accepts between two resets.
constexpr uint64_t kFewestFrames = 5;
constexpr uint64_t kMostFrames = 40;
/// From the last of them to the reset, less than: whatever a small card is at by then.
constexpr uint64_t kDelayNs = 50'000;

/// The driver, with resets between it and its client.
class ResettingDriver final : public driver::NetDevice, private driver::NetDeviceClient {
 public:
  ResettingDriver(driver::PciAccess& pci, driver::Platform& platform,
                  const driver::VirtioNetOptions& options, uint64_t resets, uint64_t seed)
      : driver_(make_virtio_net_driver(pci, platform, options)),
        platform_(platform),
        statistics_(pci, platform),
        random_(seed),
        left_(resets),
        reset_(platform.make_work(
            driver::WorkContext::kProcess,
            [](void* self) { static_cast<ResettingDriver*>(self)->reset(); }, this)),
        timer_(platform.make_timer(
            [](void* self) { static_cast<ResettingDriver*>(self)->reset_->schedule(); }, this)) {
    draw();
  }

  uint64_t accepted() const { return accepted_; }
  uint64_t resets() const { return resets_; }
  /// Resets with frames that the card had not given back.
  uint64_t busy_resets() const { return busy_resets_; }

  ringside::test::StatisticsReader& card_statistics() { return statistics_; }

  // NetDevice
  Status open(driver::NetDeviceClient& client) override {
    client_ = &client;
    return driver_->open(*this);
  }
  void stop() override { driver_->stop(); }
  driver::TxResult transmit(const driver::TxFrame& frame, bool more) override {
    const driver::TxResult result = driver_->transmit(frame, more);
    if (result != driver::TxResult::kOk) return result;
    ++accepted_;
    if (left_ != 0 && frames_left_ != 0 && --frames_left_ == 0) {
      timer_->arm(platform_.now_ns() + random_.below(kDelayNs));
    }
    return result;
  }
  void release(driver::RxBufferId buffer) override { driver_->release(buffer); }
  MacAddress mac() const override { return driver_->mac(); }
  uint32_t mtu() const override { return driver_->mtu(); }
  driver::LinkInfo link() const override { return driver_->link(); }
  uint64_t features() const override { return driver_->features(); }
  std::vector<driver::Counter> statistics() const override { return driver_->statistics(); }

 private:
  void draw() { frames_left_ = kFewestFrames + random_.below(kMostFrames - kFewestFrames + 1); }
  void reset() {
    ++resets_;
    --left_;
    if (accepted_ != completed_) ++busy_resets_;
    driver_->stop();
    if (const Status status = driver_->open(*this); !status.ok()) {
      platform_.log(driver::LogLevel::kError, "after a reset: " + status.error);
    }
    draw();
  }

  // NetDeviceClient
  void receive(std::span<const driver::RxSegment> segments) override { client_->receive(segments); }
  void receive_done() override { client_->receive_done(); }
  void transmit_complete(void* cookie) override {
    ++completed_;
    client_->transmit_complete(cookie);
  }
  void transmit_wake() override { client_->transmit_wake(); }
  void link_change(bool up) override { client_->link_change(up); }

  std::unique_ptr<driver::NetDevice> driver_;
  driver::Platform& platform_;
  ringside::test::StatisticsReader statistics_;
  SplitMix64 random_;
  uint64_t left_;
  uint64_t frames_left_ = 0;  ///< until the next reset; 0: it is asked for
  uint64_t accepted_ = 0, completed_ = 0;
  uint64_t resets_ = 0, busy_resets_ = 0;
  std::unique_ptr<driver::Work> reset_;
  std::unique_ptr<driver::Timer> timer_;
  driver::NetDeviceClient* client_ = nullptr;
};

uint64_t counter(const NicResult& nic, std::string_view name) {
  for (const auto& [key, value] : nic.counters) {
    if (key == name) return value;
  }
  return 0;
}

/// What was done to the cards, a line each; false if that is not what was asked for.
bool report(const RunResult& result, const std::vector<ResettingDriver*>& drivers,
            uint64_t resets) {
  bool good = drivers.size() == result.nics.size();
  for (std::size_t i = 0; i < result.nics.size() && i < drivers.size(); ++i) {
    const ResettingDriver& driver = *drivers[i];
    const NicResult& nic = result.nics[i];
    fmt::print("{} ({}): {} resets, {} with frames under way; {} of {} frames were sent\n",
               nic.name, nic.model, driver.resets(), driver.busy_resets(),
               counter(nic, "tx_frames"), driver.accepted());
    good = good && driver.resets() == resets && (resets == 0 || driver.busy_resets() != 0);
  }
  return good;
}

/// The network is at rest: what the cards' windows show over the bus is what the models counted.
/// The first difference in words; how many agree otherwise.
bool compare_statistics(const RunResult& result, const std::vector<ResettingDriver*>& drivers) {
  constexpr double kReadMs = 5;
  sc_core::sc_spawn([&drivers] {
    for (ResettingDriver* driver : drivers) driver->card_statistics().start();
  });
  sc_core::sc_start(kReadMs, sc_core::SC_MS);
  for (std::size_t i = 0; i < drivers.size(); ++i) {
    const ringside::test::StatisticsReader& reader = drivers[i]->card_statistics();
    const NicResult& nic = result.nics[i];
    for (const auto& [name, shown] : reader.values()) {
      if (shown == counter(nic, name)) continue;
      fmt::print("{}: the statistics window shows {} of {}, the model counted {}\n", nic.name,
                 shown, name, counter(nic, name));
      return false;
    }
    if (!reader.finished() || (reader.values().empty() && nic.model != "own")) {
      fmt::print("{}: the statistics window was not read\n", nic.name);
      return false;
    }
    fmt::print("{}: {} statistics read over the bus\n", nic.name, reader.values().size());
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  ringside::test::Arguments arguments(
      "Runs a scenario whose drivers reset their cards in the middle of the traffic");
  std::string path, model;
  std::vector<std::string> sets;
  uint64_t resets = 5;
  uint64_t seed = 1;
  arguments.text("scenario", path, "a file")
      .text("--model", model, "as ringside run has it")
      .texts("--set", sets, "likewise")
      .number("--resets", resets, "of each card")
      .number("--seed", seed, "of when");
  if (const auto ended = arguments.parse(argc, argv)) return *ended;
  std::vector<Override> overrides;
  if (!model.empty()) overrides.push_back({"--model " + model, "model", model});
  for (const std::string& set : sets) {
    const auto override = override_from_set(set);
    if (!override) {
      fmt::print(stderr, "--set {}: expected KEY=VALUE\n", set);
      return 2;
    }
    overrides.push_back(*override);
  }
  const LoadResult loaded = load_scenario(path, overrides);
  if (!loaded.scenario) {
    fmt::print(stderr, "{}\n", loaded.error);
    return 2;
  }
  std::vector<ResettingDriver*> drivers;  // they live as long as the simulation
  RunOptions options;
  options.keep_evidence = false;
  options.make_driver = [&](driver::PciAccess& pci, driver::Platform& platform,
                            const driver::VirtioNetOptions& driver_options) {
    auto made = std::make_unique<ResettingDriver>(pci, platform, driver_options, resets,
                                                  seed * 1000 + drivers.size());
    drivers.push_back(made.get());
    return made;
  };
  options.log = [](driver::LogLevel, const std::string& line) { fmt::print("{}\n", line); };
  const RunResult result = run_scenario(*loaded.scenario, options);
  if (!result.error.empty()) fmt::print("error: {}\n", result.error);
  bool good = result.error.empty();
  for (const CheckResult& check : result.checks) {
    if (check.pass || check.name.starts_with("ping.")) continue;
    fmt::print("failed: {}: {}\n", check.name, check.detail);
    good = false;
  }
  const bool as_asked = report(result, drivers, resets);
  if (!as_asked)
    fmt::print("expected {} resets of each card, some with frames under way\n", resets);
  fmt::print("{} ns, digest {}\n", result.sim_time_ns, result.digest);
  return good && as_asked && compare_statistics(result, drivers) ? 0 : 1;
}

extern "C" int sc_main(int, char**) { return 0; }
