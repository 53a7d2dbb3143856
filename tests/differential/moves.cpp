// SPDX-License-Identifier: Apache-2.0
// What the driver and the wire do in a life, step by step.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "hw_model/core/bar_layout.h"
#include "hw_model/core/counters.h"
#include "hw_model/core/pci_config.h"
#include "tests/differential/life.h"
#include "tests/differential/test_frame.h"

namespace ringside::differential {

using formats::CommonCfg;
using formats::SplitRing;
using formats::VirtqDesc;
using hw::BarLayout;
using hw::PciConfig;

namespace {

constexpr uint32_t kHeader = sizeof(formats::VirtioNetHdr);
/// MTU, Ethernet header and one VLAN tag.
constexpr uint32_t kLongest = 1518, kLongestUntagged = 1514, kShortest = 14;
/// Below the arena: no memory is there.
constexpr uint64_t kNowhere = 0x1000;
constexpr uint32_t kSuspend = 1;
constexpr uint8_t kNeedsReset = VIRTIO_STATUS_DEVICE_NEEDS_RESET;
constexpr unsigned kStopPatience = 1000;

}  // namespace

void Rig::step() {
  switch (below(24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return transmit();
    case 5:
    case 6:
    case 7: {
      HuntQueue& queue = any(rx_);
      give_buffers(queue, static_cast<unsigned>(1 + below(chance(4) ? 256 : 16)));
      return notify(queue);
    }
    case 8:
    case 9:
    case 10:
    case 11:
      return frames_in();
    case 12:
    case 13:
      return wait_ns(below(chance(4) ? 20'000 : 1'000));
    case 14:
      return has(VIRTIO_NET_F_MQ) && chance(2) ? switch_pairs() : command();
    case 15:
      if (!chance(2)) return;
      if (wire_.carrier()) ++tally_[Tried::kLinkDown];
      wire_.set_carrier(!wire_.carrier());
      return;
    case 16:
      return suspend();
    case 17:
      return mask();
    case 18:
      return bus_master();
    case 19:
      return read_registers();
    case 20:
      return kick(static_cast<unsigned>(below(numbers() + 1)));
    case 21:
      return change_suppression(any(chance(2) ? rx_ : tx_));
    default:
      return poll();
  }
}

void Rig::kick(unsigned queue) {
  set(BarLayout::kNotify + BarLayout::kNotifyMultiplier * queue, 2, queue);
}

void Rig::notify(HuntQueue& queue) {
  if (queue.publish(has(VIRTIO_F_EVENT_IDX))) kick(queue.index);
}

/// On one pair, or on all at once.
void Rig::transmit() {
  poll();
  if (tx_.size() == 1 || chance(2)) return transmit(any(tx_));
  for (HuntQueue& queue : tx_) transmit(queue);
}

void Rig::transmit(HuntQueue& queue) {
  for (uint64_t left = 1 + below(chance(4) ? 64 : 8); left != 0 && !failed(); --left) {
    uint32_t size = 0;
    switch (below(6)) {
      case 0:
        size = static_cast<uint32_t>(kShortest + below(60));
        break;
      case 1:
        size = kLongest - static_cast<uint32_t>(below(8));
        break;
      case 2:
        size = static_cast<uint32_t>(chance(2) ? below(kShortest) : kLongest + 1 + below(200));
        break;
      default:
        size = static_cast<uint32_t>(kShortest + below(kLongest - kShortest + 1));
    }
    // A chain need not even hold a header.
    const uint32_t bytes = chance(100) ? 1 + static_cast<uint32_t>(below(kHeader)) : kHeader + size;
    auto chain = queue.lay_out(bytes, 0, 64);
    if (!chain) break;
    std::vector<std::byte> frame;
    if (bytes > kHeader) frame = numbered_frame(next_sent_, bytes - kHeader, chance(4));
    std::vector<std::byte> all(bytes);
    std::copy(frame.begin(), frame.end(), all.begin() + std::min(bytes, kHeader));
    std::size_t done = 0;
    for (const Piece& piece : chain->pieces) {
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(done), piece.size,
                  queue.at(piece.address, piece.size));
      done += piece.size;
    }
    const bool split = chain->pieces[0].size < kHeader;
    if (!queue.give(std::move(*chain), has(VIRTIO_F_INDIRECT_DESC), settings_.crooked_tables))
      break;
    if (split) ++tally_[Tried::kSplitHeaders];
    if (frame.size() < kShortest) {
      ++short_;
    } else if (frame.size() > kLongest) {
      ++long_;
    } else {
      ++valid_;
      wire_.expect(queue.index, next_sent_++, std::move(frame));
    }
    if (chance(4)) notify(queue);
  }
  notify(queue);
}

void Rig::give_buffers(HuntQueue& queue, unsigned most) {
  const bool merging = has(VIRTIO_NET_F_MRG_RXBUF);
  for (unsigned i = 0; i < most; ++i) {
    uint32_t size = static_cast<uint32_t>(kHeader + kLongest + below(600));
    if (small_buffers_ && chance(merging ? 2 : 6)) {
      size = static_cast<uint32_t>(kHeader + 1 + below(chance(2) ? 100 : 1600));
    }
    // Small ones are single: the ring is full of buffers, or of descriptors of some for any frame.
    const bool small = size < kHeader + kLongest;
    auto chain = queue.lay_out(0, size, !small && (merging || chance(2)) ? 4 : 1);
    if (!chain) return;
    if (!queue.give(std::move(*chain), has(VIRTIO_F_INDIRECT_DESC), settings_.crooked_tables)) {
      return;
    }
    if (chance(16)) notify(queue);
  }
}

void Rig::frames_in() {
  const bool flood = chance(12);
  for (uint64_t left = flood ? 200 + below(150) : 1 + below(24); left != 0; --left) {
    const bool vlan = chance(8);
    auto size = static_cast<uint32_t>(kShortest + below(kLongestUntagged - kShortest + 1));
    if (chance(3)) size = static_cast<uint32_t>(kShortest + below(100));
    if (flood || chance(6)) size = vlan ? kLongest : kLongestUntagged;
    if (!flood && chance(12)) size = static_cast<uint32_t>(1 + below(kShortest));
    if (!flood && chance(12)) size = static_cast<uint32_t>(kLongestUntagged + 1 + below(600));
    if (!flood && chance(200)) size = 9000;
    const hw::FramePtr frame = pool_.make();
    frame->bytes = numbered_frame(next_in_++, size, vlan);
    frame->fcs_ok = !chance(10);
    in_.emplace_back(size, vlan);
    wire_.send(frame, flood || chance(2) ? 0 : below(500'000));
  }
}

/// To so many pairs as there may be, or to none or too many.
void Rig::switch_pairs() {
  HuntQueue& control = control_.front();
  const auto pairs = static_cast<uint8_t>(chance(8) ? 0 : 1 + below(rx_.size() + chance(8)));
  const std::array<uint8_t, 4> bytes{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, pairs, 0};
  auto chain = control.lay_out(bytes.size(), 1, 4);
  if (!chain) return;
  std::size_t done = 0;
  for (const Piece& piece : chain->pieces) {
    if (piece.writable) continue;
    std::memcpy(control.at(piece.address, piece.size), bytes.data() + done, piece.size);
    done += piece.size;
  }
  const bool good = pairs != 0 && pairs <= rx_.size();
  if (!control.give(std::move(*chain), has(VIRTIO_F_INDIRECT_DESC), settings_.crooked_tables)) {
    return;
  }
  acks_.push_back(good ? VIRTIO_NET_OK : VIRTIO_NET_ERR);
  notify(control);
}

void Rig::command() {
  if (control_.empty()) return;
  HuntQueue& control = control_.front();
  const auto bytes = static_cast<uint32_t>(1 + below(chance(4) ? 60 : 6));
  auto chain = control.lay_out(bytes, chance(4) ? 2 : 1, 6);
  if (!chain) return;
  for (const Piece& piece : chain->pieces) {
    if (piece.writable) continue;
    for (uint32_t i = 0; i < piece.size; ++i) {
      const uint64_t value = below(6);  // none is VIRTIO_NET_CTRL_MQ
      *control.at(piece.address + i, 1) = static_cast<std::byte>(value < 4 ? value : value + 1);
    }
  }
  if (!control.give(std::move(*chain), has(VIRTIO_F_INDIRECT_DESC), settings_.crooked_tables)) {
    return;
  }
  acks_.push_back(VIRTIO_NET_ERR);
  notify(control);
}

/// To rest or not quite, and on.
void Rig::suspend() {
  ++tally_[Tried::kSuspends];
  const uint32_t at = BarLayout::kRingState +
                      hw::RingState::kSize * static_cast<uint32_t>(below(numbers())) +
                      hw::RingState::kSuspend;
  set(at, 2, kSuspend);
  wait_ns(below(4'000));
  if (chance(2)) get(at, 2);
  if (chance(3)) frames_in();
  if (chance(3)) transmit();
  wait_ns(below(1'000));
  set(at, 2, 0);
}

void Rig::mask() {
  if (!msix_) {
    port_.config_write(PciConfig::kCommand, 2, chance(2) ? 0x6 : 0x406);  // Interrupt Disable
    return;
  }
  ++tally_[Tried::kMasks];
  if (chance(4)) {
    port_.config_write(PciConfig::kMsixCap + 2, 2, chance(2) ? 0xC000 : 0x8000);
  } else {
    const auto vector = static_cast<uint32_t>(below(4));
    set(BarLayout::kMsixTable + 16 * vector + 12, 4, below(2));
  }
}

void Rig::bus_master() {
  if (!chance(3)) return;
  ++tally_[Tried::kBusMasterOff];
  port_.config_write(PciConfig::kCommand, 2, 0x2);
  wait_ns(below(3'000));
  if (chance(2)) frames_in();
  if (chance(2)) transmit();
  wait_ns(below(3'000));
  port_.config_write(PciConfig::kCommand, 2, 0x6);
}

void Rig::read_registers() {
  switch (below(6)) {
    case 4:
      return read_counters();
    case 0:
      get(BarLayout::kDevice + static_cast<uint32_t>(below(7)) * 4, 4);
      break;
    case 1:
      get(static_cast<uint32_t>(below(16)) * 4, 4);
      break;
    case 2:
      get(BarLayout::kRingState + 8 * static_cast<uint32_t>(below(numbers())), 4);
      break;
    case 3:
      get(BarLayout::kMsixPending, 8);
      break;
    default:
      port_.config_read(static_cast<uint32_t>(below(64)) * 4, 4);
  }
}

void Rig::read_counters() {
  for (uint64_t count = 1 + below(20); count != 0; --count) {
    const uint64_t numbers =
        chance(3) ? BarLayout::kStatisticsBytes / 8 : static_cast<uint64_t>(hw::Counter::kCount);
    const uint32_t at = BarLayout::kStatistics + 8 * static_cast<uint32_t>(below(numbers));
    if (chance(2)) {
      get(at, 8);
    } else {
      get(at, 4);
      get(at + 4, 4);
    }
    ++tally_[Tried::kCounters];
  }
}

void Rig::change_suppression(HuntQueue& queue) {
  if (has(VIRTIO_F_EVENT_IDX)) {
    const uint16_t event = static_cast<uint16_t>(queue.used_seen + below(8) - below(3));
    queue.store(queue.avail + SplitRing::used_event(queue.size), event);
  } else {
    queue.store(queue.avail + SplitRing::kAvailFlags, static_cast<uint16_t>(below(2)));
  }
}

// -- what comes back

void Rig::poll() {
  if (intx_ && chance(2)) get(BarLayout::kIsr, 1);
  for (HuntQueue& queue : rx_) {
    while (!failed() && poll_received(queue)) {
    }
  }
  for (HuntQueue& queue : tx_) poll_sent(queue);
  for (HuntQueue& queue : control_) poll_sent(queue);
  if (chance(3)) change_suppression(any(rx_));
  if (chance(3)) change_suppression(any(tx_));
}

void Rig::poll_sent(HuntQueue& queue) {
  bool bad = false;
  while (!failed()) {
    const auto used = queue.take_used(&bad);
    if (bad) return fail(fmt::format("queue {}: a used entry that names nothing", queue.index));
    if (!used) return;
    uint32_t written = 0;
    for (const Piece& piece : used->chain.pieces) {
      if (!piece.writable || written != 0) continue;
      written = 1;
      if (acks_.empty() || *queue.at(piece.address, 1) != std::byte{acks_.front()}) {
        return fail("a control command is not answered as it must be");
      }
      if (acks_.front() == VIRTIO_NET_OK) ++tally_[Tried::kPairSwitches];
      acks_.pop_front();
      ++tally_[Tried::kCommands];
    }
    if (used->length != written) {
      fail(fmt::format("queue {}: a used length of {}", queue.index, used->length));
    }
    queue.free_slot(used->chain.slot);
  }
}

/// One frame; false if there is none.
bool Rig::poll_received(HuntQueue& queue) {
  bool bad = false;
  std::vector<std::byte> stream;
  unsigned buffers = 1;
  for (unsigned i = 0; i < buffers; ++i) {
    auto used = queue.take_used(&bad);
    if (bad) fail(fmt::format("queue {}: a used entry that names nothing", queue.index));
    if (!used) {
      if (i != 0) fail("a frame's buffers are not returned together");
      return false;
    }
    uint32_t left = used->length;
    const uint64_t slot = queue.slot_address(used->chain.slot);
    std::vector<std::byte> wanted(HuntQueue::kSlotBytes, HuntQueue::kUntouched);
    for (const Piece& piece : used->chain.pieces) {
      const uint32_t part = std::min(left, piece.size);
      const std::byte* bytes = queue.at(piece.address, piece.size);
      stream.insert(stream.end(), bytes, bytes + part);
      std::copy_n(bytes, part, wanted.begin() + static_cast<std::ptrdiff_t>(piece.address - slot));
      left -= part;
    }
    if (left != 0) fail("a used length beyond the buffer");
    if (!std::equal(wanted.begin(), wanted.end(), queue.at(slot, HuntQueue::kSlotBytes))) {
      fail("bytes are written beyond a received frame");
    }
    queue.free_slot(used->chain.slot);
    if (i == 0) {
      if (stream.size() < kHeader) {
        fail("a received frame without a header");
        return false;
      }
      formats::VirtioNetHdr header{};
      std::memcpy(&header, stream.data(), kHeader);
      buffers = header.num_buffers;
      if (buffers == 0 || (buffers > 1 && !has(VIRTIO_NET_F_MRG_RXBUF))) {
        fail(fmt::format("num_buffers is {}", buffers));
      }
    }
  }
  if (buffers > 1) ++tally_[Tried::kMerged];
  ++tally_[Tried::kReceived];
  ++delivered_;
  const std::byte* frame = stream.data() + kHeader;
  const std::size_t size = stream.size() - kHeader;
  const uint32_t number = size < kNumberBytes ? 0 : number_of(frame);
  uint32_t& last = last_received_.at(queue.index / 2);
  if (number <= last || number >= next_in_) {
    fail(fmt::format("frame {} is received behind {}", number, last));
  } else if (in_[number - 1].first != size ||
             !std::equal(frame, frame + size,
                         numbered_frame(number, size, in_[number - 1].second).begin())) {
    fail(fmt::format("received frame {} is not as it was sent", number));
  }
  last = number;
  if (queue.index != 0) ++tally_[Tried::kSteered];
  return !failed();
}

// -- what no driver may do

void Rig::misdeed() {
  port_.config_write(PciConfig::kCommand, 2, 0x6);
  poll();
  // With many buffers in front of it a misdeed is not found soon.
  constexpr std::size_t kSoon = 8;
  HuntQueue& receiver = any(rx_);
  HuntQueue& queue = chance(3) && receiver.given() < kSoon ? receiver : any(tx_);
  const bool reads = queue.index % 2 != 0;
  const auto writable = static_cast<uint16_t>(reads ? 0 : VIRTQ_DESC_F_WRITE);
  const uint16_t size = queue.size;
  auto chain = queue.lay_out(reads ? 300 : 0, reads ? 0 : 1600, 1);
  if (!chain || queue.free_descriptors() < 4) return;  // everything is with the card
  const uint64_t place = chain->pieces[0].address;
  if (!queue.give(std::move(*chain), false, false)) return;
  const uint16_t head = queue.load<uint16_t>(
      queue.avail + SplitRing::avail_entry(static_cast<uint16_t>(queue.avail_idx - 1) % size));
  const auto other = static_cast<uint16_t>((head + 1) % size);
  const auto put = [&](uint64_t address, uint32_t length, uint16_t flags, uint16_t next) {
    queue.store(queue.desc + uint64_t{16} * head, VirtqDesc{address, length, flags, next});
  };
  constexpr uint16_t kNext = VIRTQ_DESC_F_NEXT, kIndirect = VIRTQ_DESC_F_INDIRECT;
  // Reads where nobody is are half of what a queue that is read from may do wrong.
  const uint64_t kind = below(reads ? 18 : 9);
  switch (kind) {
    case 0:
      put(place, 0, writable, 0);
      break;
    case 1:
      put(place, 100, writable | kNext, static_cast<uint16_t>(size + below(100)));
      break;
    case 2:
      put(place, 2, writable | kNext, head);  // a loop
      break;
    case 3:
      put(place, 32, kIndirect | kNext, other);
      break;
    case 4:
      put(place, 24, kIndirect, 0);
      break;
    case 5:
      put(~uint64_t{0} - 10, 100, writable, 0);
      break;
    case 6:
      put(place, 100, static_cast<uint16_t>(VIRTQ_DESC_F_WRITE - writable), 0);  // the wrong way
      break;
    case 7:
      queue.store(
          queue.avail + SplitRing::avail_entry(static_cast<uint16_t>(queue.avail_idx - 1) % size),
          static_cast<uint16_t>(size + below(1000)));
      break;
    case 8:
      queue.avail_idx = static_cast<uint16_t>(queue.avail_idx + size + 1);
      break;
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:  // nobody has this memory
      put(kNowhere + below(4096), 300, 0, 0);
      ++tally_[Tried::kFailedReads];
      break;
    default:  // nor this table, if there may be one
      put(kNowhere, 64, kIndirect, 0);
      ++tally_[Tried::kFailedReads];
  }
  ++tally_[Tried::kDriverErrors];
  queue.publish(false);
  kick(queue.index);
  if (chance(2)) frames_in();
  for (unsigned i = 0; i < kStopPatience; ++i) {
    if ((get(CommonCfg::kDeviceStatus, 1) & kNeedsReset) != 0) return;
    wait_ns(2'000);
    // Chains in front of it are to go first.
    wire_.set_carrier(true);
    if (!reads) frames_in();
    poll();
    if (failed()) return;
  }
  fail(fmt::format("misdeed {} in queue {} does not stop the card", kind, queue.index));
}

}  // namespace ringside::differential
