// SPDX-License-Identifier: Apache-2.0
// Keeps the link busy and notes when data arrive.
#include "testbench/measure/dma_load.h"

#include <algorithm>

namespace ringside::tb {

namespace {

/// The upstream link is given work for so long, and more when half of it is done.
constexpr hw::TimePs kAheadPs = 1'000'000;

hw::TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

/// Room for one transfer, in pages.
uint64_t region(uint32_t transfer_bytes) { return (transfer_bytes + 4095ULL) & ~4095ULL; }

}  // namespace

DmaLoad::DmaLoad(const sc_core::sc_module_name& name, const DmaLoadConfig& config)
    : sc_core::sc_module(name),
      config_(config),
      reads_(config.pattern != DmaPattern::kWrites),
      writes_(config.pattern != DmaPattern::kReads),
      write_bus_(hw::HostMemory::kArenaBase + region(config.transfer_bytes)),
      bytes_(config.transfer_bytes),
      memory_(2 * region(config.transfer_bytes)),
      port_("port", 0, memory_, *this),
      link_("link", config.link),
      root_("root", config.root, config.link, link_.down(), pool_),
      engine_(config.dma, config.link, link_.up(), pool_, *this, ledger_) {
  port_.down.bind(root_.target);
  root_.initiator.bind(port_.up);
  link_.up().attach(root_);
  link_.down().attach(*this);
  memory_.observe(this);
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&room_);
  sc_core::sc_spawn([this] { pump(); }, "pump", &options);
}

void DmaLoad::pump() {
  // What it sends may make it called again.
  if (pumping_ || end_ps_ != 0) return;
  pumping_ = true;
  const hw::TimePs now = now_ps();
  hw::TlpChannel& up = link_.up();
  while (up.free_at() < now + kAheadPs && up.waiting() == 0 && engine_.reads_waiting() == 0) {
    if (reads_) {
      engine_.read(0, hw::Purpose::kPayload, hw::HostMemory::kArenaBase, config_.transfer_bytes,
                   now);
    }
    if (writes_) engine_.write(hw::Purpose::kPayload, write_bus_, bytes_, now);
  }
  pumping_ = false;
  // Reads that wait are followed by their completions; for all else there is the clock.
  if (engine_.reads_waiting() == 0 || writes_) {
    room_.notify(sc_core::sc_time::from_value(kAheadPs / 2));
  }
}

void DmaLoad::transfer_done(hw::TimePs at_ps) {
  const uint64_t done = !reads_    ? writes_done_
                        : !writes_ ? reads_done_
                                   : std::min(reads_done_, writes_done_);
  if (done == done_) return;
  done_ = done;
  if (warm_ == 0) {
    if (at_ps < config_.warm_up_ps) return;
    warm_ = done;
    begin_ps_ = at_ps;
  } else if (done == warm_ + config_.transfers) {
    end_ps_ = at_ps;
  }
}

void DmaLoad::dma_read_done(uint32_t, ByteView, bool, hw::TimePs at_ps) {
  ++reads_done_;
  transfer_done(at_ps);
  pump();
}

void DmaLoad::receive_tlp(hw::Tlp& tlp, hw::TimePs arrival_ps) {
  engine_.completion(tlp, arrival_ps);
}

void DmaLoad::device_write(uint64_t, const std::byte*, ByteView bytes) {
  written_bytes_ += bytes.size();
  if (written_bytes_ < (writes_done_ + 1) * config_.transfer_bytes) return;
  ++writes_done_;
  // A transfer's last TLP is delivered when it arrives.
  transfer_done(now_ps());
}

double DmaLoad::rate() const {
  if (end_ps_ == 0) return 0;
  const uint64_t bits = uint64_t{8} * config_.transfers * config_.transfer_bytes;
  return static_cast<double>(bits) / static_cast<double>(end_ps_ - begin_ps_);
}

}  // namespace ringside::tb
