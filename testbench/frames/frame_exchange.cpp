// SPDX-License-Identifier: Apache-2.0
// See frame_exchange.h.
#include "testbench/frames/frame_exchange.h"

#include <chrono>
#include <exception>
#include <memory>
#include <systemc>

#include "testbench/frames/exchange_host.h"
#include "testbench/run/make_nic.h"
#include "testbench/run/monitor.h"

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;
/// Between looks at whether it is over.
constexpr uint64_t kSlicePs = 1'000'000'000;
/// Longer than the slowest bus and wire take for what buffers hold.
constexpr uint64_t kSettlePs = 20'000'000'000;

/// Both sides and the cable. Kept until the process ends: contexts refer to it.
struct Exchange {
  struct Side {
    std::unique_ptr<SimHost> host;
    std::unique_ptr<hw::NicModel> nic;
    std::unique_ptr<driver::NetDevice> device;
    std::unique_ptr<ExchangeHost> client;
  };
  FrameExchangeConfig config;
  hw::FramePool frames;
  Monitor monitor;
  std::unique_ptr<hw::Link> link;
  Side sides[2];
  std::string fault;
  unsigned not_open = 2;
  unsigned not_done = 0;  ///< sending contexts

  void build();
  void run_side(unsigned index, unsigned sender);
  std::string check_rest() const;
  /// Lets what is under way come to its end.
  void settle() { sc_core::sc_start(sc_core::sc_time::from_value(kSettlePs)); }
};

void Exchange::build() {
  link = std::make_unique<hw::Link>("wire", config.link);
  for (unsigned index = 0; index < 2; ++index) {
    Side& side = sides[index];
    const std::string name = index == 0 ? "alice" : "bob";
    SimHostConfig host = config.host;
    host.name = name;
    host.seed = SplitMix64(config.seed * 2 + index).next();
    host.msix = config.driver.use_msix;
    side.host = std::make_unique<SimHost>(name.c_str(), host, nullptr);
    monitor.watch_memory(side.host->memory());
    side.host->observe_interrupts(
        [this, index](unsigned, uint32_t message) { monitor.interrupt(index, message); });
    hw::NicConfig nic = config.nic;
    nic.mac[5] = static_cast<uint8_t>(index + 1);
    side.nic = make_nic(config.model, name, nic, frames);
    if (side.nic == nullptr) {
      fault = std::string("this build has no model ") + name_of(config.model);
      return;
    }
    side.host->plug(0, *side.nic);
    side.nic->connect(link->end(index));
    side.device = config.make_driver(side.host->pci(0), side.host->platform(), config.driver);
    side.client =
        std::make_unique<ExchangeHost>(config, *side.host, *side.device, host.seed, fault);
  }
  monitor.watch_link(*link, "wire", {{"alice"}, {"bob"}}, config.link.rate_bps);
  for (unsigned index = 0; index < 2; ++index) {
    Side& side = sides[index];
    side.client->set_peer(*sides[1 - index].client);
    for (unsigned sender = 0; sender < side.client->senders(); ++sender) {
      ++not_done;
      side.host->platform().spawn(
          "exchange", [this, index, sender] { run_side(index, sender); }, sender);
    }
  }
}

void Exchange::run_side(unsigned index, unsigned sender) {
  Side& side = sides[index];
  if (sender == 0) {
    side.host->enumerate();
    side.client->open();
    --not_open;
  }
  // Bring-up is no part of the exchange: both sides wait for the slower one.
  while (not_open != 0 && fault.empty()) {
    side.host->platform().sleep_until(side.host->platform().now_ns() + 1000);
  }
  if (fault.empty()) side.client->send(sender, config.frames[index]);
  if (--not_done == 0) sc_core::sc_pause();
}

/// What must hold when everything has come to rest.
std::string Exchange::check_rest() const {
  for (const Side& side : sides) {
    const std::string& name = side.host->host_name();
    for (unsigned core = 0; core < side.host->core_count(); ++core) {
      if (std::string failure = side.host->core(core).failure(); !failure.empty()) {
        return failure.insert(0, name + ": ");
      }
    }
    for (const driver::Counter& counter : side.device->statistics()) {
      if ((counter.name == "resets" || counter.name == "faults") && counter.value != 0) {
        return name + ": the driver counts " + std::string(counter.name) + " " +
               std::to_string(counter.value);
      }
    }
    for (const hw::NicCounter& counter : side.nic->counters()) {
      if (counter.name == "device_errors" && counter.value != 0) {
        return name + ": the card counts device errors";
      }
    }
  }
  return {};
}

FrameExchangeSide at_rest(const Exchange::Side& side) {
  FrameExchangeSide result;
  result.sent = side.client->sent();
  result.received = side.client->received();
  for (const hw::NicCounter& counter : side.nic->counters()) {
    result.card.emplace_back(counter.name, counter.value);
  }
  for (const driver::Counter& counter : side.device->statistics()) {
    result.driver.emplace_back(counter.name, counter.value);
  }
  if (const hw::PcieLedger* ledger = side.nic->ledger(); ledger != nullptr) {
    result.ledger = *ledger;
    result.bus_fault = side.nic->audit_at_rest();
  }
  return result;
}

}  // namespace

FrameExchangeResult run_frame_exchange(const FrameExchangeConfig& config) {
  static Exchange* exchange = nullptr;
  FrameExchangeResult result;
  if (exchange != nullptr) {
    result.fault = "a process can run one exchange only";
    return result;
  }
  exchange = new Exchange;
  exchange->config = config;
  const auto start = std::chrono::steady_clock::now();
  try {
    exchange->build();
    while (exchange->not_done != 0 && exchange->fault.empty()) {
      sc_core::sc_start(sc_core::sc_time::from_value(kSlicePs));
      if (std::string fault = exchange->check_rest(); exchange->fault.empty()) {
        exchange->fault = std::move(fault);
      }
    }
  } catch (const std::exception& error) {
    if (exchange->fault.empty()) exchange->fault = error.what();
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  result.wall_s = wall.count();
  result.fault = exchange->fault;
  result.sim_time_ns = sc_core::sc_time_stamp().value() / kPsPerNs;
  result.digest = exchange->monitor.digest();
  if (exchange->fault.empty()) exchange->settle();
  for (unsigned index = 0; index < 2; ++index) {
    const Exchange::Side& side = exchange->sides[index];
    if (side.client == nullptr) continue;  // it was not built
    result.frames += side.client->received();
    for (unsigned core = 0; core < side.host->core_count(); ++core) {
      result.interrupts += side.host->core(core).interrupts_taken();
    }
    result.sides[index] = at_rest(side);
  }
  return result;
}

}  // namespace ringside::tb
