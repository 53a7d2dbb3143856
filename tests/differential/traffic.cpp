// SPDX-License-Identifier: Apache-2.0
// See traffic.h.
#include "tests/differential/traffic.h"

#include <algorithm>
#include <utility>

namespace ringside::test {

namespace {

constexpr uint32_t kHeader = 12;
constexpr uint32_t kLongest = 1514;  ///< frame of the whole MTU
constexpr unsigned kVectorsUsed = 3;

}  // namespace

void Wire::deliver(std::vector<std::byte> bytes, bool fcs_ok) {
  const hw::FramePtr frame = pool_.make();
  frame->bytes = std::move(bytes);
  frame->fcs_ok = fcs_ok;
  const hw::TimePs now = sc_core::sc_time_stamp().value();
  const hw::TimePs took = std::min(now, wire_time(frame->bytes.size()));
  receiver_->receive_frame(frame, now - took, now);
}

hw::TimePs Wire::transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) {
  const hw::TimePs now = sc_core::sc_time_stamp().value();
  free_ps_ = std::max({free_ps_, earliest_ps, now}) + wire_time(frame->bytes.size());
  ++sent_;
  return free_ps_;
}

void Traffic::run(unsigned lives, const std::function<bool()>& stop) {
  for (lives_ = 1; lives_ <= lives; ++lives_) {
    begin_life();
    const unsigned steps = 40 + below(160);
    for (unsigned i = 0; i < steps; ++i) step();
    if (one_in(3)) {
      // A quiet end: all interrupts may come, and nothing is under way.
      for (unsigned vector = 0; vector < kVectorsUsed; ++vector) mask(vector, false);
      wait_us(150);
      look();
      wait_us(5);
      if (stop()) return;
    } else if (one_in(2)) {
      do_wrong();
      wait_us(20);
      look();
      wait_us(5);
    }
    if (stop()) return;
  }
  --lives_;
}

void Traffic::begin_life() {
  if (!enumerated_) {
    host_.enable_pci(true);
    for (Queue* queue : {&rx_, &tx_}) {
      queue->table = host_.allocate(SplitRing::desc_bytes(kSizeMost));
      queue->avail = host_.allocate(SplitRing::avail_bytes(kSizeMost));
      queue->used = host_.allocate(SplitRing::used_bytes(kSizeMost));
      queue->buffers = host_.allocate(uint64_t{kPart} * kSizeMost);
      queue->tables = host_.allocate(uint64_t{64} * kSizeMost);
    }
    enumerated_ = true;
  }
  msix_ = !one_in(4);
  indirect_ = one_in(2);
  merging_ = one_in(2);
  uint64_t features = kBasic;
  if (merging_) features |= kMergeable;
  if (!one_in(3)) features |= kEventIdx;
  if (indirect_) features |= formats::feature_bit(VIRTIO_F_INDIRECT_DESC);
  host_.port.config_write(hw::PciConfig::kMsixCap + 2, 2, msix_ ? 0x8000 : 0);
  host_.set_status(0);
  // What a reset forgets, before anything is written again.
  host_.status();
  host_.get(CommonCfg::kConfigMsixVector, 2);
  host_.get(CommonCfg::kQueueSelect, 2);
  host_.get(BarLayout::kMsixPending, 8);
  host_.negotiate(features);
  host_.set(CommonCfg::kConfigMsixVector, 2, 0);
  const uint32_t torn = below(4);
  make_queue(rx_, 0, 1, torn == 0);
  make_queue(tx_, 1, 2, torn == 1);
  host_.set(CommonCfg::kQueueSelect, 2, 1);
  host_.get(CommonCfg::kQueueEnable, 2);
  host_.set_status(15);
  host_.status();
  for (unsigned vector = 0; vector < kVectorsUsed; ++vector) mask(vector, false);
}

/// `torn`: the table's second half lies where there is no memory, and is not used.
void Traffic::make_queue(Queue& queue, unsigned index, uint16_t vector, bool torn) {
  constexpr uint16_t kSizes[] = {8, 16, 32, 64};
  queue.index = index;
  queue.size = kSizes[below(4)];
  queue.per_chain = one_in(2) ? 4 : 1;
  queue.entries = torn ? queue.size / 2 : queue.size;
  const uint64_t end = host_.memory.arena_base() + host_.memory.arena_size();
  queue.desc = torn ? end - uint64_t{16} * queue.entries : queue.table;
  queue.avail_idx = 0;
  std::fill_n(host_.memory.translate(queue.avail, SplitRing::avail_bytes(queue.size)),
              SplitRing::avail_bytes(queue.size), std::byte{0});
  std::fill_n(host_.memory.translate(queue.used, SplitRing::used_bytes(queue.size)),
              SplitRing::used_bytes(queue.size), std::byte{0});
  host_.set(CommonCfg::kQueueSelect, 2, index);
  host_.set(CommonCfg::kQueueSize, 2, queue.size);
  host_.set(CommonCfg::kQueueMsixVector, 2, vector);
  host_.set(CommonCfg::kQueueDesc, 8, queue.desc);
  host_.set(CommonCfg::kQueueDriver, 8, queue.avail);
  host_.set(CommonCfg::kQueueDevice, 8, queue.used);
  host_.set(CommonCfg::kQueueEnable, 2, 1);
}

void Traffic::step() {
  switch (below(10)) {
    case 0:
    case 1:
    case 2:
      put_transmit(1 + below(8));
      return;
    case 3:
    case 4:
      put_receive(1 + below(16));
      return;
    case 5:
    case 6:
      frames_in();
      return;
    case 7:
      for (const Queue* queue : {&rx_, &tx_}) {
        const auto used = host_.load<uint16_t>(queue->used + SplitRing::kUsedIdx);
        host_.store(queue->avail + SplitRing::used_event(queue->size),
                    static_cast<uint16_t>(used + below(3)));
      }
      return;
    case 8:
      if (one_in(3)) look();
      if (one_in(3)) mask(below(kVectorsUsed), one_in(2));
      return;
    default:
      wait_ns(50 + below(4000));
  }
}

unsigned Traffic::room(const Queue& queue) {
  const auto used = host_.load<uint16_t>(queue.used + SplitRing::kUsedIdx);
  const auto held = static_cast<uint16_t>(queue.avail_idx - used);
  const unsigned most = queue.entries / queue.per_chain;
  return held >= most ? 0 : most - held;
}

/// Chains lie in `per_chain` descriptors each: in order, the other way around with the head in the
/// middle, or from the middle on and over the end.
void Traffic::put(Queue& queue, const std::vector<formats::VirtqDesc>& parts) {
  const unsigned first = first_of_next(queue);
  const unsigned order = queue.avail_idx % 4;
  const auto place = [&](std::size_t i) {
    const std::size_t at = order < 2 ? i : order == 2 ? i * 3 + 2 : i + 2;
    return static_cast<uint16_t>(first + at % queue.per_chain);
  };
  const auto slot = static_cast<uint16_t>(queue.avail_idx % queue.size);
  if (parts.size() > queue.per_chain || (indirect_ && one_in(3))) {
    const uint64_t table = queue.tables + uint64_t{64} * first;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      formats::VirtqDesc part = parts[i];
      part.next = static_cast<uint16_t>(i + 1);
      if (i + 1 < parts.size()) part.flags = part.flags | VIRTQ_DESC_F_NEXT;
      host_.store(table + uint64_t{16} * i, part);
    }
    host_.store(queue.desc + uint64_t{16} * place(0),
                formats::VirtqDesc{table, static_cast<uint32_t>(16 * parts.size()),
                                   VIRTQ_DESC_F_INDIRECT, 0});
  } else {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      formats::VirtqDesc part = parts[i];
      part.next = place(i + 1);
      if (i + 1 < parts.size()) part.flags = part.flags | VIRTQ_DESC_F_NEXT;
      host_.store(queue.desc + uint64_t{16} * place(i), part);
    }
  }
  host_.store(queue.avail + SplitRing::avail_entry(slot), place(0));
  ++queue.avail_idx;
}

std::vector<uint32_t> Traffic::cut(uint32_t bytes, unsigned parts) {
  std::vector<uint32_t> sizes;
  for (; parts > 1 && bytes > parts; --parts) {
    sizes.push_back(1 + below(bytes - parts));
    bytes -= sizes.back();
  }
  sizes.push_back(bytes);
  return sizes;
}

std::vector<std::byte> Traffic::noise(std::size_t bytes) {
  std::vector<std::byte> result(bytes);
  for (std::byte& byte : result) byte = static_cast<std::byte>(random_());
  return result;
}

void Traffic::put_transmit(unsigned count) {
  for (; count != 0 && room(tx_) != 0; --count) {
    const unsigned most = indirect_ ? 4 : tx_.per_chain;
    uint32_t bytes = kHeader + (one_in(2) ? 14 + below(60) : below(kLongest + 8));
    if (one_in(8)) bytes = kHeader + kLongest;
    std::vector<formats::VirtqDesc> parts;
    uint64_t at = tx_.buffers + uint64_t{kPart} * first_of_next(tx_) + below(64);
    for (const uint32_t size : cut(bytes, 1 + below(most))) {
      const std::vector<std::byte> data = noise(size);
      std::copy(data.begin(), data.end(), host_.memory.translate(at, size));
      parts.push_back({at, size, 0, 0});
      at += size + below(16);
    }
    put(tx_, parts);
  }
  publish(tx_);
}

void Traffic::put_receive(unsigned count) {
  for (; count != 0 && room(rx_) != 0; --count) {
    const unsigned most = indirect_ ? 4 : rx_.per_chain;
    const uint32_t bytes = merging_ && !one_in(3) ? 30 + below(600) : kHeader + kLongest + below(8);
    uint64_t at = rx_.buffers + uint64_t{kPart} * first_of_next(rx_) + below(64);
    std::vector<formats::VirtqDesc> parts;
    for (const uint32_t size : cut(bytes, 1 + below(most))) {
      parts.push_back({at, size, VIRTQ_DESC_F_WRITE, 0});
      at += size + below(16);
    }
    put(rx_, parts);
  }
  publish(rx_);
}

void Traffic::publish(Queue& queue) {
  host_.store(queue.avail + SplitRing::kAvailIdx, queue.avail_idx);
  host_.set(BarLayout::kNotify + BarLayout::kNotifyMultiplier * queue.index, 2, queue.index);
}

void Traffic::frames_in() {
  for (unsigned count = 1 + below(6); count != 0; --count) {
    uint32_t bytes = one_in(2) ? 14 + below(120) : 10 + below(kLongest + 8);
    if (one_in(6)) bytes = kLongest;
    if (one_in(12)) bytes = 1 + below(13);
    sc_core::wait(sc_core::sc_time::from_value(wire_.wire_time(bytes)));
    wire_.deliver(noise(bytes), !one_in(16));
    ++to_card_;
  }
}

void Traffic::look() {
  host_.status();
  host_.get(BarLayout::kIsr, 1);
  host_.get(BarLayout::kIsr, 1);
  host_.get(CommonCfg::kConfigMsixVector, 2);
  host_.get(BarLayout::kMsixPending, 8);
  host_.get(BarLayout::kDevice + below(6), 1);
  host_.get(BarLayout::kRingState + 8 * below(2), 4);
}

void Traffic::mask(unsigned vector, bool masked) {
  host_.set(BarLayout::kMsixTable + 16 * vector + 12, 4, masked ? 1 : 0);
}

/// What breaks a device.
void Traffic::do_wrong() {
  wait_us(20);
  if (room(tx_) == 0) return;
  const uint64_t at = tx_.buffers;
  const bool chains = tx_.per_chain > 1;
  switch (below(4)) {
    case 0:
      tx_.avail_idx = static_cast<uint16_t>(tx_.avail_idx + tx_.size + 1);
      break;
    case 1:
      put(tx_, {{at, 0, 0, 0}});
      break;
    case 2:
      put(tx_, {{uint64_t{1} << 50, 200, 0, 0}});  // there is no memory
      break;
    default:
      if (!chains) return;
      put(tx_, {{at, 100, 0, 0}, {at + 100, 100, VIRTQ_DESC_F_WRITE, 0}, {at + 200, 100, 0, 0}});
  }
  publish(tx_);
}

}  // namespace ringside::test
