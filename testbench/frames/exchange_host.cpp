// SPDX-License-Identifier: Apache-2.0
// See exchange_host.h.
#include "testbench/frames/exchange_host.h"

#include <algorithm>
#include <cstring>

#include "testbench/apps/byte_source.h"

namespace ringside::tb {

namespace {

/// Local experimental EtherType 1, IEEE 802.
constexpr uint8_t kEtherType[2] = {0x88, 0xB5};
constexpr std::size_t kHeaderBytes = 14;
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
      expected_(config.max_bytes) {}

ExchangeHost::~ExchangeHost() = default;

void ExchangeHost::fail(const std::string& what) {
  if (fault_.empty()) fault_ = host_.host_name() + ": " + what;
  changed_->wake_all();
  if (peer_ != nullptr) peer_->changed_->wake_all();
}

template <typename Condition>
bool ExchangeHost::wait_for(Condition condition, const char* what) {
  const uint64_t deadline = host_.platform().now_ns() + config_.patience_ns;
  while (!condition() && fault_.empty()) {
    if (!changed_->wait_until(deadline) && !condition()) {
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

/// Frame `number` as both sides know it.
void ExchangeHost::fill(std::byte* data, uint64_t number, uint32_t bytes) const {
  std::memset(data, 0x02, kHeaderBytes - sizeof kEtherType);
  std::memcpy(data + kHeaderBytes - sizeof kEtherType, kEtherType, sizeof kEtherType);
  std::memcpy(data + kHeaderBytes, &number, sizeof number);
  const std::size_t rest = kHeaderBytes + sizeof number;
  if (config_.verify) {
    ByteSource::seeded(pattern_ ^ number, bytes)
        .read(0, MutableByteView(data + rest, bytes - rest));
  }
}

void ExchangeHost::send(uint64_t frames) {
  bool waits = false;
  for (uint64_t number = 0; number < frames && fault_.empty(); ++number) {
    if (waits || window_full() || free_slots_.empty()) {
      const auto room = [this] { return !window_full() && !free_slots_.empty(); };
      if (!wait_for(room, "no room for the next frame")) return;
    }
    Slot& slot = *free_slots_.back();
    free_slots_.pop_back();
    const bool ends_burst = config_.burst != 0 && random_.below(config_.burst) == 0;
    const bool batched =
        config_.batch == 0 ? random_.below(4) != 0 : (number + 1) % config_.batch != 0;
    const bool more = !ends_burst && number + 1 < frames && batched &&
                      (config_.lossy || sent_ + 1 - peer_->received_ < config_.window) &&
                      !free_slots_.empty();
    if (!transmit(slot, number, more)) return;
    if (ends_burst) {
      const auto quiet = [this] { return all_there() && all_back(); };
      if (!wait_for(quiet, "a burst did not arrive, or its buffers did not come back,")) return;
    }
  }
  wait_for([this] { return all_there() && all_back(); },
           "the last frames did not arrive, or their buffers did not come back,");
}

bool ExchangeHost::transmit(Slot& slot, uint64_t number, bool more) {
  const uint32_t span = config_.max_bytes - config_.min_bytes + 1;
  const auto bytes = config_.min_bytes + static_cast<uint32_t>(random_.below(span));
  fill(slot.data, number, bytes);
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
  ++sent_;
  for (;;) {
    woken_ = false;
    const driver::TxResult result = device_.transmit({{fragments, count}, &slot}, more);
    if (result == driver::TxResult::kOk) return true;
    if (result == driver::TxResult::kDrop) {
      fail("the driver dropped frame " + std::to_string(number));
      return false;
    }
    if (!wait_for([this] { return woken_; }, "no wake after the driver was busy")) return false;
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
  uint64_t number = 0;
  std::memcpy(&number, frame.data() + kHeaderBytes, sizeof number);
  if (!config_.lossy || number < next_number_) number = next_number_;
  fill(expected_.data(), number, static_cast<uint32_t>(frame.size()));
  if (!std::equal(frame.begin(), frame.end(), expected_.begin())) {
    uint64_t got = 0;
    std::memcpy(&got, frame.data() + kHeaderBytes, sizeof got);
    fail("frame " + std::to_string(number) + " arrived changed" +
         (got != number ? " (or frame " + std::to_string(got) + " in its place)" : ""));
  }
  next_number_ = number + 1;
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
  woken_ = true;
  changed_->wake_all();
}

}  // namespace ringside::tb
