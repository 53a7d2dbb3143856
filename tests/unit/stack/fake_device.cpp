// SPDX-License-Identifier: Apache-2.0
// The device's behaviour over World's events.
#include "tests/unit/stack/fake_device.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace ringside::test {

FakeDevice::FakeDevice(FakePlatform& platform, const MacAddress& mac,
                       const FakeDeviceOptions& device_options)
    : options(device_options),
      platform_(platform),
      mac_(mac),
      memory_(std::size_t{options.buffers} * options.buffer_bytes),
      lent_(options.buffers) {
  for (uint32_t i = options.buffers; i-- > 0;) free_.push_back(i);
  timer_ = platform.make_timer([](void* self) { static_cast<FakeDevice*>(self)->poll(); }, this);
}

FakeDevice::~FakeDevice() = default;

driver::Status FakeDevice::open(driver::NetDeviceClient& client) {
  client_ = &client;
  if (on_open) on_open();
  return driver::Status::success();
}

void FakeDevice::stop() {
  for (const Completion& completion : completions_) {
    --held_;
    client_->transmit_complete(completion.cookie);
  }
  completions_.clear();
  client_ = nullptr;
}

driver::TxResult FakeDevice::transmit(const driver::TxFrame& frame, bool more) {
  if (options.transmit_pause_ns > 0 && Fiber::current() != nullptr) {
    platform_.sleep_until(platform_.now_ns() + options.transmit_pause_ns);
  }
  if (held_ >= options.ring_frames) {
    busy_ = true;
    ++busy_answers_;
    return driver::TxResult::kBusy;
  }
  scratch_.clear();
  most_fragments_ = std::max<uint64_t>(most_fragments_, frame.fragments.size());
  for (const driver::TxFragment& fragment : frame.fragments) {
    scratch_.insert(scratch_.end(), fragment.data, fragment.data + fragment.size);
  }
  if (scratch_.size() > options.mtu + 14) return driver::TxResult::kDrop;
  ++held_;
  if (!more) ++doorbells_;
  wire_free_ps_ = std::max(wire_free_ps_, platform_.now_ns() * 1000) +
                  (scratch_.size() + 24) * options.picoseconds_per_byte;
  const uint64_t end_ns = wire_free_ps_ / 1000;
  completions_.push_back({end_ns + options.completion_ns, frame.cookie});
  schedule(completions_.front().time_ns);
  if (tap) tap(scratch_);
  if ((!filter || filter(sent_, scratch_)) && link_up_) {
    peer_->arrive(end_ns + options.delay_ns, scratch_);
  }
  ++sent_;
  return driver::TxResult::kOk;
}

void FakeDevice::inject(ByteView frame) {
  arrive(platform_.now_ns(), Bytes(frame.begin(), frame.end()));
}

void FakeDevice::arrive(uint64_t time_ns, const Bytes& frame) {
  const std::size_t count = (frame.size() + options.buffer_bytes - 1) / options.buffer_bytes;
  if (client_ == nullptr || count > free_.size()) {
    ++lost_;
    return;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const driver::RxBufferId id = free_.back();
    free_.pop_back();
    lent_[id] = true;
    std::byte* data = memory_.data() + std::size_t{id} * options.buffer_bytes;
    const std::size_t part = std::min<std::size_t>(options.buffer_bytes, frame.size() - at);
    std::memcpy(data, frame.data() + at, part);
    segments_.push_back({data, static_cast<uint32_t>(part), id});
    at += part;
  }
  arrivals_.push_back({time_ns, static_cast<uint32_t>(count)});
  schedule(arrivals_.front().time_ns);
}

void FakeDevice::schedule(uint64_t time_ns) {
  if (options.coalesce_ns > 0) {
    time_ns = (time_ns + options.coalesce_ns - 1) / options.coalesce_ns * options.coalesce_ns;
  }
  if (time_ns >= scheduled_ns_) return;
  scheduled_ns_ = time_ns;
  timer_->arm(time_ns);
}

void FakeDevice::poll() {
  scheduled_ns_ = driver::kForever;
  const uint64_t now = platform_.now_ns();
  while (!completions_.empty() && completions_.front().time_ns <= now) {
    void* cookie = completions_.front().cookie;
    completions_.pop_front();
    --held_;
    client_->transmit_complete(cookie);
  }
  bool any = false;
  while (!arrivals_.empty() && arrivals_.front().time_ns <= now) {
    const uint32_t count = arrivals_.front().segments;
    batch_.assign(segments_.begin(), segments_.begin() + count);
    segments_.erase(segments_.begin(), segments_.begin() + count);
    arrivals_.pop_front();
    any = true;
    if (client_ != nullptr) {
      client_->receive(batch_);
    } else {
      for (const driver::RxSegment& segment : batch_) release(segment.buffer);
    }
  }
  if (any && client_ != nullptr) client_->receive_done();
  if (client_ != nullptr && busy_ && held_ <= options.ring_frames / 2) {
    busy_ = false;
    client_->transmit_wake();
  }
  if (!completions_.empty()) schedule(completions_.front().time_ns);
  if (!arrivals_.empty()) schedule(arrivals_.front().time_ns);
}

void FakeDevice::release(driver::RxBufferId buffer) {
  if (!lent_.at(buffer)) std::abort();  // released twice
  lent_[buffer] = false;
  free_.push_back(buffer);
  if (on_release) on_release();
}

void FakeDevice::set_link(bool up) {
  link_up_ = up;
  if (client_ != nullptr) client_->link_change(up);
}

}  // namespace ringside::test
