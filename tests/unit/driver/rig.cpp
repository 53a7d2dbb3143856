// SPDX-License-Identifier: Apache-2.0
// The client's bookkeeping and the rig's helpers.
#include "tests/unit/driver/rig.h"

#include <algorithm>
#include <cstring>

#include "host_driver/virtio_net_driver.h"

namespace ringside::test {
namespace {

constexpr uint32_t kTxBufferBytes = 2048;

}  // namespace

void TestClient::receive(std::span<const driver::RxSegment> segments) {
  in_softirq();
  ++received;
  segment_counts.push_back(segments.size());
  Bytes bytes;
  for (const driver::RxSegment& segment : segments) {
    pci_.lend(segment.data, segment.size);
    if (!pci_.open(segment.data, segment.size)) {
      ++violations;
      continue;
    }
    const auto* from = reinterpret_cast<const uint8_t*>(segment.data);
    bytes.insert(bytes.end(), from, from + segment.size);
    held.push_back(segment);
  }
  if (on_frame) on_frame(bytes);
  if (keep_frames) frames.push_back(std::move(bytes));
  if (release_at_once) release_all();
}

void TestClient::release_all() {
  for (const driver::RxSegment& segment : held) {
    pci_.take_back(segment.data, segment.size);
    device->release(segment.buffer);
  }
  held.clear();
}

void TestClient::transmit_complete(void* cookie) {
  if (!stopping) in_softirq();
  if (platform_.locks_held() != 0) ++violations;
  auto* buffer = static_cast<TxBuffer*>(cookie);
  if (!buffer->in_flight) ++violations;
  buffer->in_flight = false;
  ++buffer->completions;
  ++completed;
  // Whoever still reads it shall notice.
  if (!pci_.open(buffer->data, kTxBufferBytes)) {
    ++violations;
  } else {
    std::memset(buffer->data, 0xEE, kTxBufferBytes);
  }
}

void TestClient::transmit_wake() {
  in_softirq();
  ++wakes;
  if (on_wake) on_wake();
}

driver::Status Rig::open() {
  if (!driver) {
    driver = maker_ != nullptr ? maker_(pci, platform, options)
                               : std::make_unique<driver::VirtioNetDriver>(pci, platform, options);
    client.device = driver.get();
  }
  return driver->open(client);
}

void Rig::must_open() {
  const driver::Status status = open();
  ASSERT_EQ(status.error, "");
  run_us(10);
}

Bytes Rig::frame(uint32_t size, uint8_t tag) {
  Bytes bytes(size);
  for (uint32_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(tag + i * 7 + (i >> 8));
  return bytes;
}

Bytes Rig::flow_frame(unsigned flow, uint32_t size, uint8_t tag) {
  Bytes bytes = frame(size, tag);
  const uint8_t header[] = {2,    0, 0,  0, 0, 2, 2, 0, 0,    0,    0, 1, 0x08, 0x00,  // Ethernet
                            0x45, 0, 0,  0, 0, 0, 0, 0, 64,   17,   0, 0, 10,   0,
                            0,    1, 10, 0, 0, 2, 0, 0, 0x12, 0x34, 0, 0, 0,    0};  // UDP
  std::copy(std::begin(header), std::end(header), bytes.begin());
  bytes[34] = static_cast<uint8_t>(flow >> 8);
  bytes[35] = static_cast<uint8_t>(flow);
  return bytes;
}

TxResult Rig::send(uint32_t size, unsigned fragments, bool more, uint8_t tag) {
  return send_bytes(frame(size, tag), fragments, more);
}

TxResult Rig::send_bytes(const Bytes& bytes, unsigned fragments, bool more) {
  const auto size = static_cast<uint32_t>(bytes.size());
  auto free = std::find_if(buffers_.begin(), buffers_.end(),
                           [](const auto& buffer) { return !buffer->in_flight; });
  if (free == buffers_.end()) {
    buffers_.push_back(std::make_unique<TxBuffer>());
    free = buffers_.end() - 1;
    (*free)->data = pci.alloc_buffer(kTxBufferBytes);
  }
  TxBuffer& buffer = **free;
  // Else a mutant gave it back too early.
  if (!pci.open(buffer.data, kTxBufferBytes)) return TxResult::kDrop;
  std::memcpy(buffer.data, bytes.data(), std::min<size_t>(bytes.size(), kTxBufferBytes));
  buffer.fragments.clear();
  uint32_t at = 0;
  for (unsigned i = 0; i < fragments; ++i) {
    const uint32_t part = i + 1 == fragments ? size - at : size / fragments;
    buffer.fragments.push_back({buffer.data + at, part});
    at += part;
  }
  buffer.in_flight = true;
  const TxResult result = driver->transmit({buffer.fragments, &buffer}, more);
  if (result != TxResult::kOk) buffer.in_flight = false;
  return result;
}

size_t Rig::in_flight() const {
  return static_cast<size_t>(std::count_if(buffers_.begin(), buffers_.end(),
                                           [](const auto& buffer) { return buffer->in_flight; }));
}

uint64_t Rig::counter(std::string_view name) const {
  for (const driver::Counter& counter : driver->statistics()) {
    if (counter.name == name) return counter.value;
  }
  ADD_FAILURE() << "no counter " << name;
  return 0;
}

void Rig::expect_clean() const {
  EXPECT_EQ(client.violations, 0u);
  EXPECT_EQ(pci.foreign_touches, 0u) << pci.first_touch;
  EXPECT_EQ(platform.works_cut_off, 0u);
  EXPECT_EQ(device.errors, 0u) << device.first_error;
}

}  // namespace ringside::test
