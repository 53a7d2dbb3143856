// SPDX-License-Identifier: Apache-2.0
// See driver.h.
#include "tests/hostile/driver.h"

namespace ringside::hostile {

void Driver::enable_pci() {
  host.config_write(PciConfig::kBar0, 4, static_cast<uint32_t>(host.bar()));
  host.config_write(PciConfig::kBar0 + 4, 4, static_cast<uint32_t>(host.bar() >> 32));
  host.config_write(PciConfig::kCommand, 2, 0x6);
  // Max_Payload_Size 256, Max_Read_Request_Size 512.
  host.config_write(PciConfig::kDeviceControl, 2, 0x2830);
  for (unsigned vector = 0; vector < RawHost::kVectors; ++vector) {
    const uint32_t entry = BarLayout::kMsixTable + 16 * vector;
    set(entry, 4, RawHost::kMsiWindow);
    set(entry + 4, 4, 0);
    set(entry + 8, 4, vector);
    set(entry + 12, 4, 0);
  }
  host.config_write(PciConfig::kMsixCap + 2, 2, 0x8000);
}

bool Driver::reset() {
  set_status(0);
  if (status() != 0) return false;
  host.guard.forget();
  return true;
}

void Driver::offer_features(uint64_t wanted) {
  for (unsigned word = 0; word < 2; ++word) {
    set(CommonCfg::kDriverFeatureSelect, 4, word);
    set(CommonCfg::kDriverFeature, 4, (wanted >> (32 * word)) & 0xFFFFFFFF);
  }
}

uint8_t Driver::negotiate(uint64_t wanted) {
  if (!reset()) return 0xFF;
  set_status(1);
  set_status(3);
  offer_features(wanted);
  features = wanted;
  set_status(11);
  return status();
}

uint64_t Driver::allocate(uint64_t size, uint64_t align) {
  next_ = (next_ + align - 1) / align * align;
  const uint64_t address = next_;
  next_ += size;
  if (next_ > host.memory_end()) {
    expect(false, "the test ran out of memory");
    next_ = hw::HostMemory::kArenaBase + 4096;
    return next_;
  }
  return address;
}

Ring Driver::make_ring(unsigned index, uint16_t size) {
  Ring ring{.index = index, .size = size};
  ring.desc = allocate(SplitRing::desc_bytes(size), SplitRing::kDescAlign);
  ring.avail = allocate(SplitRing::avail_bytes(size), SplitRing::kAvailAlign);
  ring.used = allocate(SplitRing::used_bytes(size), SplitRing::kUsedAlign);
  std::memset(host.memory.translate(ring.desc, next_ - ring.desc), 0, next_ - ring.desc);
  host.guard.allow(ring.used, SplitRing::used_bytes(size));
  return ring;
}

void Driver::program(const Ring& ring, uint16_t vector) {
  select(ring.index);
  set(CommonCfg::kQueueSize, 2, ring.size);
  set(CommonCfg::kQueueMsixVector, 2, vector);
  set(CommonCfg::kQueueDesc, 8, ring.desc);
  set(CommonCfg::kQueueDriver, 8, ring.avail);
  set(CommonCfg::kQueueDevice, 8, ring.used);
}

void Driver::finish_bring_up(uint64_t wanted) {
  set(CommonCfg::kConfigMsixVector, 2, kConfigVector);
  rx = make_ring(0);
  tx = make_ring(1);
  enable(rx, 1);
  enable(tx, 2);
  if ((wanted & kControlFeature) != 0) {
    control = make_ring((wanted & kMultiQueueFeatures) == kMultiQueueFeatures ? 4 : 2);
    enable(control, static_cast<uint16_t>(control.index + 1));
  }
  rx_buffers_ = writable(uint64_t{kBufferBytes} * kRingSize);
  tx_buffers_ = allocate(uint64_t{kBufferBytes} * kRingSize);
}

bool Driver::bring_up(uint64_t wanted) {
  wanted &= host.card_features;
  enable_pci();
  if (negotiate(kBasicFeatures | wanted) != 11) return false;
  finish_bring_up(wanted);
  set_status(15);
  return status() == 15;
}

void Driver::post_receive(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const auto slot = static_cast<uint16_t>(rx.avail_idx % rx.size);
    desc(rx, slot, rx_buffers_ + uint64_t{kBufferBytes} * slot, kBufferBytes, kWrite);
    give(rx, slot);
  }
  kick(rx);
}

void Driver::transmit_frame(uint32_t bytes) {
  const auto slot = static_cast<uint16_t>(tx.avail_idx % tx.size);
  const uint64_t address = tx_buffers_ + uint64_t{kBufferBytes} * slot;
  std::byte* to = host.memory.translate(address, 12 + bytes);
  std::memset(to, 0, 12);
  for (uint32_t i = 0; i < bytes; ++i) {
    to[12 + i] = static_cast<std::byte>(tx.avail_idx + 3 * i);
  }
  desc(tx, slot, address, 12 + bytes);
  give(tx, slot);
  kick(tx);
}

void Driver::frame_to_card(uint32_t bytes) {
  std::vector<std::byte> frame(bytes);
  for (uint32_t i = 0; i < bytes; ++i) frame[i] = static_cast<std::byte>(i * 5 + bytes);
  host.send_to_card(frame);
}

bool Driver::carries_traffic() {
  const uint64_t sent = host.frames_from_card;
  const uint16_t rx_before = used_idx(rx), tx_before = used_idx(tx);
  const uint16_t slot = rx.avail_idx % rx.size;
  post_receive(1);
  transmit_frame(77);
  const bool quiet = host.settle();
  frame_to_card(99);
  if (!host.settle() || !quiet) return false;
  if (host.frames_from_card != sent + 1 || host.last_frame.size() != 77) return false;
  const uint16_t sent_slot = static_cast<uint16_t>(tx.avail_idx - 1) % tx.size;
  const std::byte* out =
      host.memory.translate(tx_buffers_ + uint64_t{kBufferBytes} * sent_slot + 12, 77);
  if (std::memcmp(out, host.last_frame.data(), 77) != 0) return false;
  if (static_cast<uint16_t>(used_idx(rx) - rx_before) != 1 ||
      static_cast<uint16_t>(used_idx(tx) - tx_before) != 1) {
    return false;
  }
  const uint64_t buffer = rx_buffers_ + uint64_t{kBufferBytes} * slot;
  for (uint32_t i = 0; i < 99; ++i) {
    if (host.load<uint8_t>(buffer + 12 + i) != static_cast<uint8_t>(i * 5 + 99)) return false;
  }
  return true;
}

bool Driver::recovers() {
  enable_pci();
  return bring_up({}) && carries_traffic();
}

}  // namespace ringside::hostile
