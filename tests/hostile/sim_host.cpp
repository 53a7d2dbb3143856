// SPDX-License-Identifier: Apache-2.0
// See sim_host.h.
#include "tests/hostile/sim_host.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "firmware/native.h"
#if RINGSIDE_HAVE_RTL
#include "hw_model/rtl_bridge/rtl_nic.h"
#endif
#include "hw_model/tlm/at_nic.h"
#include "hw_model/tlm/lt_nic.h"
#include "tests/hostile/driver.h"

namespace ringside::hostile {

namespace {

void wait_ns(uint64_t ns) { sc_core::wait(static_cast<double>(ns), sc_core::SC_NS); }

/// Nothing happens for so long: longer than a read's round trip and the firmware's latency.
constexpr uint64_t kQuietNs = 3'000;
/// What takes longer than this has not come to rest.
constexpr uint64_t kRestBoundNs = 50'000'000;
constexpr uint64_t kAdvanceNs = 50;

std::unique_ptr<hw::NicModel> make_nic(const char* name, Model model, const hw::NicConfig& config,
                                       std::unique_ptr<hw::ControlPlane> firmware,
                                       hw::FramePool& pool) {
#if RINGSIDE_HAVE_RTL
  if (is_rtl(model)) {
    hw::RtlOptions options;
    options.followed = model == Model::kDiff;
    return hw::make_rtl_nic(name, config, options, hw::make_verilated_card({}), std::move(firmware),
                            pool);
  }
#endif
  if (model == Model::kAt) return hw::make_at_nic(name, config, std::move(firmware), pool);
  return hw::make_lt_nic(name, config, std::move(firmware), pool);
}

}  // namespace

Model model_named(std::string_view name) {
  const auto* found = std::find(std::begin(kModelNames), std::end(kModelNames), name);
  return static_cast<Model>(found - std::begin(kModelNames));
}

SimHost::SimHost(const std::string& name, Model model, const hw::NicConfig& config,
                 hw::EthernetPort& wire, hw::FramePool& pool, std::size_t memory_bytes)
    : RawHost(memory_bytes), pool_(pool), port_((name + "_port").c_str(), 0, memory, *this) {
  auto firmware = hw::make_native_control_plane((name + "_firmware").c_str(), *rs_firmware_native(),
                                                config.management_latency_ps);
  nic_ = make_nic((name + "_nic").c_str(), model, config, std::move(firmware), pool);
  nic_->on_fault([] {});  // audit() tells of it
  if (queue_pairs_of(model) == 1) card_features &= ~formats::feature_bit(VIRTIO_NET_F_MQ);
  port_.down.bind(nic_->pcie_target());
  nic_->pcie_initiator().bind(port_.up);
  nic_->connect(wire);
}

void SimHost::attach_peer(hw::EthernetPort& other_end) {
  peer_.host = this;
  peer_.port = &other_end;
  other_end.attach(peer_);
}

uint32_t SimHost::config_read(uint32_t offset, unsigned width) {
  return port_.config_read(offset, width);
}
void SimHost::config_write(uint32_t offset, unsigned width, uint32_t value) {
  port_.config_write(offset, width, value);
}
uint64_t SimHost::memory_read(uint64_t address, unsigned width) {
  return port_.memory_read(address, width);
}
void SimHost::memory_write(uint64_t address, unsigned width, uint64_t value) {
  port_.memory_write(address, width, value);
}

uint64_t SimHost::activity() const {
  uint64_t sum = guard.writes() + frames_from_card + counter("dma_reads") + counter("dma_writes") +
                 counter("msix_messages") + counter("device_resets") + counter("rx_frames") +
                 counter("device_errors") + counter("tlps");
  for (const uint64_t count : messages) sum += count;
  return sum;
}

bool SimHost::settle() {
  uint64_t before = activity();
  for (uint64_t waited = 0; waited < kRestBoundNs; waited += 2 * kQuietNs) {
    wait_ns(2 * kQuietNs);
    const uint64_t after = activity();
    if (after == before) return true;
    before = after;
  }
  return false;
}

void SimHost::advance(unsigned amount) { wait_ns(kAdvanceNs * amount); }

void SimHost::send_to_card(ByteView frame) {
  const hw::FramePtr copy = pool_.make();
  copy->bytes.assign(frame.begin(), frame.end());
  peer_.port->transmit(copy);
}

uint64_t SimHost::counter(std::string_view name) const {
  for (const hw::NicCounter& counter : nic_->counters()) {
    if (counter.name == name) return counter.value;
  }
  return 0;
}

class Bystanders::Pair : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Pair);
  Pair(const sc_core::sc_module_name& name, Model model, const hw::NicConfig& config,
       hw::FramePool& pool)
      : sc_module(name),
        link("bystanders_link", {}),
        carol("carol", model, config, link.end(0), pool, 1 << 20),
        dave("dave", model, config, link.end(1), pool, 1 << 20) {
    carol.guard.on_write = [this](uint64_t address, ByteView bytes) { record(0, address, bytes); };
    dave.guard.on_write = [this](uint64_t address, ByteView bytes) { record(1, address, bytes); };
    SC_THREAD(run);
    set_stack_size(1 << 18);
  }

  hw::Link link;
  SimHost carol, dave;
  /// One for each: what the two do at the same time has no order.
  formats::RunDigest records[2];
  std::string fault;
  bool done = false;

 private:
  /// With the pauses between them as long as most attacks.
  static constexpr unsigned kRounds = 60;
  static constexpr uint64_t kRoundNs = 7'000;

  void record(uint32_t host, uint64_t address, ByteView bytes) {
    if (!done) records[host].record(sc_core::sc_time_stamp().value(), 0, host, bytes, address);
  }
  void run() {
    Driver left(carol), right(dave);
    if (!left.bring_up({}) || !right.bring_up({})) {
      fault = "a bystander's card does not come up";
      done = true;
      return;
    }
    for (unsigned round = 0; round < kRounds; ++round) {
      left.post_receive(4);
      right.post_receive(4);
      wait_ns(kRoundNs / 2);
      for (unsigned i = 0; i < 4; ++i) {
        left.transmit_frame(60 + 97 * ((round + i) % 14));
        right.transmit_frame(60 + 89 * ((2 * round + i) % 15));
      }
      wait_ns(kRoundNs / 2);
    }
    wait_ns(20'000);  // used entries are written in batches
    for (Driver* driver : {&left, &right}) {
      if (driver->used_idx(driver->rx) != 4 * kRounds ||
          driver->used_idx(driver->tx) != 4 * kRounds) {
        fault = "a bystander's frames are lost";
      }
      if (driver->status() != 15) fault = "a bystander's card stopped";
    }
    if (!carol.guard.violation().empty()) fault = carol.guard.violation();
    if (!dave.guard.violation().empty()) fault = dave.guard.violation();
    done = true;
  }
};

Bystanders::Bystanders(Model model, const hw::NicConfig& config, hw::FramePool& pool)
    : pair_(std::make_unique<Pair>("bystanders", model, config, pool)) {}
Bystanders::~Bystanders() = default;
bool Bystanders::done() const { return pair_->done; }
std::string Bystanders::digest() const {
  return pair_->fault.empty() ? pair_->records[0].hex() + pair_->records[1].hex() : pair_->fault;
}

}  // namespace ringside::hostile
