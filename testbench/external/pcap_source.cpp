// SPDX-License-Identifier: Apache-2.0
// See pcap_source.h.
#include "testbench/external/pcap_source.h"

#include <algorithm>
#include <utility>

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;

enum class Fitness : uint8_t { kGood, kBadSize, kCut };

/// What a snap length cut off nobody can send.
Fitness fitness(const formats::CapturedPacket& packet) {
  if (packet.original_bytes != packet.bytes.size()) return Fitness::kCut;
  if (packet.bytes.size() < kMinOutsideFrameBytes || packet.bytes.size() > kMaxOutsideFrameBytes) {
    return Fitness::kBadSize;
  }
  return Fitness::kGood;
}

}  // namespace

std::unique_ptr<PcapSource> PcapSource::open(const PcapPlay& play, hw::FramePool& frames,
                                             Status* status) {
  std::unique_ptr<PcapSource> source(new PcapSource(play, frames));
  *status = source->survey();
  if (!status->ok()) return nullptr;
  return source;
}

Status PcapSource::survey() {
  if (Status opened = reader_.open_ethernet(play_.file); !opened.ok()) return opened;
  uint64_t last_ns = 0, cut = 0;
  while (const auto packet = reader_.next()) {
    cut += fitness(*packet) == Fitness::kCut ? 1 : 0;
    if (fitness(*packet) != Fitness::kGood) continue;
    if (frames_in_file_++ == 0) first_ns_ = last_ns = packet->time_ns;
    last_ns = std::max(last_ns, packet->time_ns);
  }
  if (!reader_.status().ok()) return reader_.status();
  if (frames_in_file_ == 0) {
    return Status::failure(play_.file + ": no frame in it can be sent" +
                           (cut == 0 ? "" : ", they were cut when they were captured") +
                           "; expected whole Ethernet frames");
  }
  if (frames_in_file_ > 1) {
    mean_gap_ps_ = (last_ns - first_ns_) * kPsPerNs / (frames_in_file_ - 1);
  }
  return Status::success();
}

void PcapSource::connect(hw::EthernetPort& end) {
  end_ = &end;
  end.attach(*this);
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&due_);
  options.dont_initialize();
  sc_core::sc_spawn([this] { send(); }, sc_core::sc_gen_unique_name("pcap"), &options);
}

void PcapSource::start(hw::TimePs delay_ps) {
  round_ps_ = sc_core::sc_time_stamp().value() + delay_ps;
  due_.notify(sc_core::sc_time::from_value(delay_ps));
}

bool PcapSource::begin_round() {
  if (play_.repeat != 0 && rounds_ == play_.repeat) return false;
  if (rounds_ != 0) round_ps_ = next_due_ps_ + mean_gap_ps_;
  next_due_ps_ = round_ps_;
  ++rounds_;
  const Status status = reader_.open_ethernet(play_.file);
  if (!status.ok()) failure_ = status.error;
  return status.ok();
}

bool PcapSource::fetch() {
  // Without a frame in a whole round the file is not the one that was surveyed.
  for (bool fresh = false;;) {
    const auto packet = rounds_ == 0 ? std::nullopt : reader_.next();
    if (!packet) {
      if (!reader_.status().ok()) failure_ = reader_.status().error;
      if (fresh && failure_.empty()) failure_ = play_.file + " changed while it was played";
      if (!failure_.empty() || !begin_round()) return false;
      fresh = true;
      continue;
    }
    const Fitness fit = fitness(*packet);
    if (fit == Fitness::kGood) {
      next_ = frames_.make();
      next_->bytes.assign(packet->bytes.begin(), packet->bytes.end());
      // Captures of several cards are not always in order; what is late goes at once.
      const uint64_t offset_ns = packet->time_ns - std::min(packet->time_ns, first_ns_);
      next_due_ps_ = std::max(next_due_ps_, round_ps_ + offset_ns * kPsPerNs);
      return true;
    }
    ++(fit == Fitness::kCut ? tx_drop_cut_ : tx_drop_size_);
  }
}

void PcapSource::send() {
  const hw::TimePs now = sc_core::sc_time_stamp().value();
  const hw::TimePs ahead = queue_ahead_ps(*end_);
  for (;;) {
    if (!next_ && !fetch()) return end();
    hw::TimePs wait = 0;
    if (play_.recorded_gaps && next_due_ps_ > now) wait = next_due_ps_ - now;
    if (end_->free_at() > now + ahead) wait = std::max(wait, end_->free_at() - now - ahead / 2);
    if (wait != 0) {
      due_.notify(sc_core::sc_time::from_value(wait));
      return;
    }
    ++tx_frames_;
    tx_bytes_ += next_->bytes.size();
    end_->transmit(std::exchange(next_, hw::FramePtr()));
  }
}

void PcapSource::end() {
  has_ended_ = true;
  if (ended_) ended_();
}

void PcapSource::receive_frame(const hw::FramePtr& frame, hw::TimePs, hw::TimePs) {
  ++rx_frames_;
  rx_bytes_ += frame->bytes.size();
}

std::vector<hw::NicCounter> PcapSource::counters() const {
  return {{"tx_frames", tx_frames_},     {"tx_bytes", tx_bytes_},   {"tx_drop_size", tx_drop_size_},
          {"tx_drop_cut", tx_drop_cut_}, {"rx_frames", rx_frames_}, {"rx_bytes", rx_bytes_}};
}

}  // namespace ringside::tb
