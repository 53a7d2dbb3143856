// SPDX-License-Identifier: Apache-2.0
// See exchange_host.h.
#include "testbench/frames/exchange_host.h"

#include <algorithm>
#include <cstring>

#include "formats/byte_order.h"
#include "formats/checksum.h"
#include "testbench/apps/byte_source.h"

namespace ringside::tb {

namespace {

/// Local experimental EtherType 1, IEEE 802.
constexpr uint8_t kEtherType[2] = {0x88, 0xB5};
constexpr std::size_t kHeaderBytes = 14;
// IPv4 and UDP (RFC 791, RFC 768) without options and UDP checksum.
constexpr uint8_t kIpv4EtherType[2] = {0x08, 0x00};
constexpr std::size_t kIpv4Bytes = 20, kUdpBytes = 8;
constexpr uint8_t kIpv4Header[kIpv4Bytes] = {0x45, 0, 0,  0, 0, 0, 0,  0, 64, 17,
                                             0,    0, 10, 0, 0, 1, 10, 0, 0,  2};
constexpr std::size_t kIpv4Length = 2, kIpv4Checksum = 10;
constexpr uint32_t kFirstPort = 1024;
constexpr std::byte kPoison{0xA5};
constexpr std::size_t kHeldFrames = 8;
constexpr unsigned kMaxFragments = 16;

uint64_t sum_of(std::span<const driver::RxSegment> segments) {
  uint64_t sum = 0;
  for (const driver::RxSegment& segment : segments) {
    for (uint32_t i = 0; i < segment.size; ++i) {
      sum = (sum << 7 | sum >> 57) ^ static_cast<uint64_t>(segment.data[i]);
    }
  }
  return sum;
}

}  // namespace

ExchangeHost::ExchangeHost(const FrameExchangeConfig& config, SimHost& host,
                           driver::NetDevice& device, uint64_t seed, std::string& fault)
    : config_(config),
      host_(host),
      device_(device),
      random_(seed),
      pattern_(config.seed),
      fault_(fault),
      changed_(host.platform().make_wait_queue()),
      slots_(config.window + config.spare_buffers),
      expected_(config.max_bytes),
      senders_(config.flows == 0 ? 1 : std::min(host.core_count(), config.flows)),
      next_to_send_(std::max(config.flows, 1u)),
      next_to_receive_(std::max(config.flows, 1u)) {}

ExchangeHost::~ExchangeHost() = default;

void ExchangeHost::fail(const std::string& what) {
  if (fault_.empty()) fault_ = host_.host_name() + ": " + what;
  changed_->wake_all();
  if (peer_ != nullptr) peer_->changed_->wake_all();
}

template <typename Condition>
bool ExchangeHost::wait_for(Condition condition, const char* what) {
  uint64_t progress = sent_ + peer_->received_;
  uint64_t deadline = host_.platform().now_ns() + config_.patience_ns;
  while (!condition() && fault_.empty()) {
    const bool woken = changed_->wait_until(deadline);
    if (const uint64_t now = sent_ + peer_->received_; now != progress) {
      progress = now;  // perhaps another sender's
      deadline = host_.platform().now_ns() + config_.patience_ns;
    } else if (!woken && !condition()) {
      fail(std::string(what) + " within " + std::to_string(config_.patience_ns / 1000) +
           " us, after frame " + std::to_string(sent_));
    }
  }
  return fault_.empty();
}

void ExchangeHost::open() {
  for (Slot& slot : slots_) {
    slot.data = host_.pci(0).alloc_buffer(config_.max_bytes);
    free_slots_.push_back(&slot);
  }
  if (const Status status = device_.open(*this); !status.ok()) fail(status.error);
}

/// Returns what comes before the frame's number.
std::size_t ExchangeHost::write_headers(std::byte* data, uint32_t flow, uint32_t bytes) const {
  std::memset(data, 0x02, kHeaderBytes - sizeof kEtherType);
  std::byte* type = data + kHeaderBytes - sizeof kEtherType;
  if (config_.flows == 0) {
    std::memcpy(type, kEtherType, sizeof kEtherType);
    return kHeaderBytes;
  }
  std::memcpy(type, kIpv4EtherType, sizeof kIpv4EtherType);
  std::byte* ip = data + kHeaderBytes;
  std::memcpy(ip, kIpv4Header, kIpv4Bytes);
  const auto ip_bytes = static_cast<uint16_t>(bytes - kHeaderBytes);
  formats::store_be(ip + kIpv4Length, ip_bytes);
  formats::store_be(ip + kIpv4Checksum, formats::internet_checksum(ByteView(ip, kIpv4Bytes)));
  std::byte* udp = ip + kIpv4Bytes;
  formats::store_be(udp, static_cast<uint16_t>(kFirstPort + flow));
  formats::store_be(udp + 2, static_cast<uint16_t>(kFirstPort));
  formats::store_be(udp + 4, static_cast<uint16_t>(ip_bytes - kIpv4Bytes));
  formats::store_be(udp + 6, uint16_t{0});
  return kHeaderBytes + kIpv4Bytes + kUdpBytes;
}

/// Frame `number` of `flow` as both sides know it.
void ExchangeHost::fill(std::byte* data, uint32_t flow, uint64_t number, uint32_t bytes) const {
  const std::size_t headers = write_headers(data, flow, bytes);
  std::memcpy(data + headers, &number, sizeof number);
  const std::size_t rest = headers + sizeof number;
  if (config_.verify) {
    ByteSource::seeded(pattern_ ^ number, bytes)
        .read(0, MutableByteView(data + rest, bytes - rest));
  }
}

void ExchangeHost::send(unsigned sender, uint64_t frames) {
  Train train;
  while (fault_.empty() && (train.promised || sent_ + promised_ < frames)) {
    if (!train.promised && (resting_ || !room())) {
      const auto go_on = [this, frames] {
        return (!resting_ && room()) || sent_ + promised_ >= frames;
      };
      if (!wait_for(go_on, "no room for the next frame")) return;
      continue;
    }
    if (!send_one(sender, frames, &train)) return;
  }
  wait_for([this, frames] { return sent_ == frames && all_there() && all_back(); },
           "the last frames did not arrive, or their buffers did not come back,");
}

uint32_t ExchangeHost::pick_flow(unsigned sender) {
  if (config_.flows == 0) return 0;
  const uint32_t share = (config_.flows - sender - 1) / senders_ + 1;
  return sender + senders_ * static_cast<uint32_t>(random_.below(share));
}

bool ExchangeHost::send_one(unsigned sender, uint64_t frames, Train* train) {
  if (train->promised) --promised_;
  if (!train->promised || !config_.trains) train->flow = pick_flow(sender);
  Slot& slot = *free_slots_.back();
  free_slots_.pop_back();
  ++sent_;
  const bool ends_burst = config_.burst != 0 && random_.below(config_.burst) == 0;
  const bool batched = config_.batch == 0 ? random_.below(4) != 0 : sent_ % config_.batch != 0;
  train->promised = !ends_burst && sent_ + promised_ < frames && batched && room();
  if (train->promised) ++promised_;
  if (!transmit(slot, train->flow, train->promised)) return false;
  return !ends_burst || rest();
}

/// Until everything has arrived and is back. Other senders keep what they promised, and wait.
bool ExchangeHost::rest() {
  resting_ = true;
  const uint64_t before = rests_;
  // Whoever sees the rest ends it for all, because the first to go on ends the quiet.
  const auto rested = [this, before] {
    if (rests_ == before && promised_ == 0 && all_there() && all_back()) {
      ++rests_;
      resting_ = false;
      changed_->wake_all();
    }
    return rests_ != before;
  };
  return wait_for(rested, "a burst did not arrive, or its buffers did not come back,");
}

bool ExchangeHost::transmit(Slot& slot, uint32_t flow, bool more) {
  const uint64_t number = next_to_send_[flow]++;
  const uint32_t span = config_.max_bytes - config_.min_bytes + 1;
  const auto bytes = config_.min_bytes + static_cast<uint32_t>(random_.below(span));
  fill(slot.data, flow, number, bytes);
  driver::TxFragment fragments[kMaxFragments];
  const auto wanted = 1 + static_cast<uint32_t>(random_.below(config_.max_fragments));
  uint32_t count = 0;
  for (uint32_t offset = 0; offset < bytes;) {
    const uint32_t left = bytes - offset;
    const uint32_t piece =
        ++count >= wanted ? left : 1 + static_cast<uint32_t>(random_.below(left));
    fragments[count - 1] = {slot.data + offset, piece};
    offset += piece;
  }
  slot.busy = true;
  for (;;) {
    const uint64_t wakes = wakes_;
    const driver::TxResult result = device_.transmit({{fragments, count}, &slot}, more);
    if (result == driver::TxResult::kOk) return true;
    if (result == driver::TxResult::kDrop) {
      fail("the driver dropped frame " + std::to_string(number));
      return false;
    }
    if (!wait_for([this, wakes] { return wakes_ != wakes; }, "no wake after the driver was busy")) {
      return false;
    }
  }
}

void ExchangeHost::receive(std::span<const driver::RxSegment> segments) {
  if (!config_.verify) {
    for (const driver::RxSegment& segment : segments) device_.release(segment.buffer);
    ++received_;
    return;
  }
  check_frame(segments);
  ++received_;
  Held held{{segments.begin(), segments.end()}, sum_of(segments)};
  if (random_.below(2) == 0) {
    release(held);
  } else {
    held_.push_back(std::move(held));
  }
  while (held_.size() > kHeldFrames || (!held_.empty() && random_.below(4) == 0)) {
    release(held_.front());
    held_.pop_front();
  }
}

void ExchangeHost::check_frame(std::span<const driver::RxSegment> segments) {
  std::vector<std::byte> frame;
  for (const driver::RxSegment& segment : segments) {
    frame.insert(frame.end(), segment.data, segment.data + segment.size);
  }
  if (frame.size() < config_.min_bytes || frame.size() > config_.max_bytes) {
    fail("a frame of " + std::to_string(frame.size()) + " bytes arrived");
    return;
  }
  uint32_t flow = 0;
  std::size_t headers = kHeaderBytes;
  if (config_.flows != 0) {
    flow = formats::load_be<uint16_t>(frame.data() + kHeaderBytes + kIpv4Bytes) - kFirstPort;
    headers += kIpv4Bytes + kUdpBytes;
    if (flow >= config_.flows) return fail("a frame of no flow arrived");
  }
  uint64_t number = 0;
  std::memcpy(&number, frame.data() + headers, sizeof number);
  uint64_t& next = next_to_receive_[flow];
  const uint64_t due = config_.lossy && number > next ? number : next;
  fill(expected_.data(), flow, due, static_cast<uint32_t>(frame.size()));
  if (!std::equal(frame.begin(), frame.end(), expected_.begin())) {
    fail("frame " + std::to_string(due) +
         (config_.flows != 0 ? " of flow " + std::to_string(flow) : "") + " arrived changed" +
         (number != due ? " (or frame " + std::to_string(number) + " in its place)" : ""));
  }
  next = due + 1;
}

void ExchangeHost::release(const Held& held) {
  if (sum_of(held.segments) != held.sum) fail("a receive buffer changed while it was held");
  for (const driver::RxSegment& segment : held.segments) device_.release(segment.buffer);
}

void ExchangeHost::receive_done() { peer_->changed_->wake_all(); }

void ExchangeHost::transmit_complete(void* cookie) {
  auto* slot = static_cast<Slot*>(cookie);
  if (!slot->busy) fail("a buffer came back twice");
  slot->busy = false;
  if (config_.verify) std::fill_n(slot->data, config_.max_bytes, kPoison);
  free_slots_.push_back(slot);
  changed_->wake_all();
}

void ExchangeHost::transmit_wake() {
  ++wakes_;
  changed_->wake_all();
}

}  // namespace ringside::tb
