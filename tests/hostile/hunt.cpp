// SPDX-License-Identifier: Apache-2.0
// See hunt.h.
#include "tests/hostile/hunt.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace ringside::hostile {

namespace {

constexpr uint32_t kPlaceBytes = 8192;
/// Wide, so that most buffers have none beside them.
constexpr uint32_t kWritableBytes = 262144;
constexpr uint64_t kTables = 64;  ///< descriptors in the area of indirect tables
/// At the end of memory the card may write what a buffer across it covers.
constexpr uint64_t kEndBytes = 64;

}  // namespace

Hunt::Hunt(RawHost& host, std::function<uint64_t(uint64_t)> draw, std::function<bool()> over)
    : host_(host),
      draw_(std::move(draw)),
      over_(std::move(over)),
      driver_(host),
      region_bytes_(kRegionBytes) {
  host_.guard.on_write = [this](uint64_t address, ByteView bytes) { judge(address, bytes); };
}

Hunt::~Hunt() {
  host_.guard.on_write = nullptr;
  if (region_there_) host_.memory.remove_region(kRegion, kRegionBytes);
}

/// Called for every DMA write, before it is stored.
void Hunt::judge(uint64_t address, ByteView bytes) {
  ++totals_.writes;
  if (overlapping_) return;
  for (std::optional<Live>& live : rings_) {
    if (!live) continue;
    const Ring& ring = live->ring;
    const uint64_t at = address - ring.used;
    if (at == SplitRing::kUsedIdx && bytes.size() == 2) {
      uint16_t index = 0;
      std::memcpy(&index, bytes.data(), sizeof index);
      const auto moved = static_cast<uint16_t>(index - live->used);
      bool announced = false;
      for (uint32_t ahead = moved; ahead <= ring.size && !announced; ++ahead) {
        announced = live->published[static_cast<uint16_t>(live->used + ahead)];
      }
      if (moved == 0 || moved > ring.size || !announced) {
        fault(fmt::format("queue {}: the used index goes from {} to {}, which was never available",
                          ring.index, live->used, index));
      }
      live->used = index;
    } else if (at >= SplitRing::kUsedRing && at < SplitRing::avail_event(ring.size)) {
      for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
        uint32_t id = 0;
        std::memcpy(&id, bytes.data() + i, sizeof id);
        if (id >= ring.size) fault(fmt::format("queue {}: used id {}", ring.index, id));
      }
    } else if (at < SplitRing::kUsedIdx && (bytes[0] & ~std::byte{1}) != std::byte{0}) {
      fault(fmt::format("queue {}: used flags are neither 0 nor 1", ring.index));
    }
  }
}

std::string Hunt::run(uint64_t steps) {
  come_up();
  for (uint64_t i = 0; i < steps && fault_.empty() && !over_(); ++i) {
    step();
    ++totals_.steps;
    if (!host_.guard.violation().empty()) fault(host_.guard.violation());
    if (!driver_.failure.empty()) fault(driver_.failure);
    if (i % 16 == 0) {
      const std::string audit = host_.audit();
      if (!audit.empty()) fault(audit);
    }
    if (!fault_.empty()) fault_ = fmt::format("step {}: {}", i, fault_);
  }
  if (fault_.empty()) recover();
  totals_.errors = host_.counter("device_errors");
  totals_.frames = host_.counter("tx_frames") + host_.counter("rx_frames");
  return fault_;
}

void Hunt::step() {
  switch (below(32)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return proper_transmit();
    case 4:
    case 5:
    case 6:
      return proper_receive();
    case 7:
      return proper_command();
    case 8:
    case 9:
    case 10:
    case 11:
      return notify();
    case 12:
    case 13:
    case 14:
      return frame_in();
    case 15:
    case 16:
    case 17:
    case 18:
      return host_.advance(static_cast<unsigned>(below(24)));
    case 19:
      return chance(3) ? bad_descriptor() : notify();
    case 20:
      return chance(3) ? bad_available() : notify();
    case 21:
      return chance(4) ? write_register() : proper_transmit();
    case 22:
      return read_register();
    case 23:
      return chance(2) ? configuration() : frame_in();
    case 24:
      return chance(4) ? window() : proper_receive();
    case 25:
      return msix();
    case 26:
      return region();
    case 27:
      return suspend();
    case 28:
      return look_at_status();
    case 29:
      if (chance(8)) return reset();
      return look_at_status();
    case 30:
      if (chance(12)) return function_reset();
      return notify();
    default:
      if (chance(12)) return recover();
      host_.advance(static_cast<unsigned>(below(64)));
  }
}

// -- life

/// The card is set up with features, sizes and places that are drawn.
void Hunt::come_up() {
  ++totals_.lives;
  down();
  driver_.enable_pci();
  if (!driver_.reset()) return fault("device_status does not read 0 after a reset");
  driver_.free_all();
  features_ = kBasicFeatures;
  for (const uint64_t some :
       {kIndirectFeature, kEventIdxFeature, kMergeFeature, kControlFeature, kMultiQueueFeatures}) {
    if (below(2) == 0) features_ |= some;
  }
  features_ &= host_.card_features;
  if (driver_.negotiate(features_) != 11) return fault("good features are refused");
  readable_ = driver_.allocate(kPlaceBytes);
  writable_ = driver_.allocate(kWritableBytes);
  tables_ = driver_.allocate(16 * kTables);
  host_.guard.allow(host_.memory_end() - kEndBytes, kEndBytes);
  for (unsigned i = 0; i < 16 * kTables; ++i) host_.store<uint8_t>(tables_ + i, 0);
  driver_.set(CommonCfg::kConfigMsixVector, 2, below(8));
  const bool pairs = (features_ & kMultiQueueFeatures) == kMultiQueueFeatures;
  const unsigned queues = (pairs ? 4 : 2) + ((features_ & kControlFeature) != 0 ? 1 : 0);
  overlapping_ = chance(16);
  for (unsigned queue = 0; queue < queues; ++queue) {
    if (chance(16)) continue;  // stays off
    Live live;
    live.ring = driver_.make_ring(queue, static_cast<uint16_t>(1u << below(7)));
    live.published.assign(65536, false);
    live.published[0] = true;
    if (overlapping_) {
      // Anything may be written anywhere, as long as it is the driver's: used entries are read as
      // descriptors, and point into the region too.
      host_.guard.allow(hw::HostMemory::kArenaBase, host_.memory.arena_size());
      host_.guard.allow(kRegion, kRegionBytes);
      live.ring.used = live.ring.desc;
      if (below(2) == 0) live.ring.avail = live.ring.desc;
    }
    driver_.enable(live.ring, static_cast<uint16_t>(below(8)));
    rings_[queue] = std::move(live);
  }
  driver_.set_status(15);
  if (driver_.status() != 15) fault("the card does not come up");
}

void Hunt::down() {
  for (std::optional<Live>& live : rings_) live.reset();
  overlapping_ = false;
}

void Hunt::reset() {
  if (below(2) == 0) driver_.enable_pci();
  driver_.set(CommonCfg::kDeviceStatus, 1, 0);
  driver_.enable_pci();
  host_.advance(static_cast<unsigned>(below(8)));
  come_up();
}

void Hunt::function_reset() {
  host_.config_write(PciConfig::kDeviceControl, 2, 0x8000 | static_cast<uint32_t>(below(0x8000)));
  host_.guard.forget();
  host_.advance(static_cast<unsigned>(below(8)));
  come_up();
}

/// Whatever happened: reset, and the card carries a frame each way, and every frame is accounted
/// for.
void Hunt::recover() {
  driver_.enable_pci();
  if (!driver_.reset()) return fault("device_status does not read 0 after a reset");
  down();
  driver_.free_all();
  if (!host_.settle()) return fault("the card does not come to rest after a reset");
  const uint64_t dropped = host_.counter("rx_drop_fcs") + host_.counter("rx_drop_short") +
                           host_.counter("rx_drop_long") + host_.counter("rx_drop_not_ready") +
                           host_.counter("rx_drop_buffer_full") + host_.counter("rx_drop_no_fit") +
                           host_.counter("rx_drop_chosen") + host_.counter("rx_drop_reset") +
                           host_.counter("rx_drop_inactive") + host_.counter("rx_drop_queue_share");
  if (host_.counter("rx_frames") + dropped != sent_to_card_) {
    fault(fmt::format("{} frames came to the card, {} were received and {} dropped", sent_to_card_,
                      host_.counter("rx_frames"), dropped));
  }
  if (host_.counter("tx_frames") != host_.frames_from_card) {
    fault(fmt::format("the card counts {} frames sent, and {} came", host_.counter("tx_frames"),
                      host_.frames_from_card));
  }
  if (!driver_.recovers()) return fault("after a reset the card carries no frame each way");
  ++sent_to_card_;
  ++totals_.recoveries;
  come_up();
}

void Hunt::look_at_status() {
  const uint8_t status = driver_.status();
  // A random write may have reset it; a card that stopped is left alone for a while.
  if (status == 0 || ((status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0 && chance(2))) come_up();
}

// -- moves

Hunt::Live* Hunt::any_ring() {
  std::optional<Live>& live = rings_[below(kQueues)];
  return live ? &*live : nullptr;
}

void Hunt::publish(Live& live, uint16_t index) {
  live.ring.avail_idx = index;
  live.published[index] = true;
  host_.store(live.ring.avail + SplitRing::kAvailIdx, index);
}

void Hunt::give(Live& live, uint16_t head) {
  Ring& ring = live.ring;
  // A proper driver has no more with the card than the ring holds.
  if (static_cast<uint16_t>(ring.avail_idx - driver_.used_idx(ring)) >= ring.size) return;
  host_.store(ring.avail + SplitRing::avail_entry(ring.avail_idx % ring.size), head);
  publish(live, static_cast<uint16_t>(ring.avail_idx + 1));
}

uint64_t Hunt::readable_place() {
  if (region_there_ && chance(3)) return kRegion + below(kRegionBytes / 2 - 2048);
  return readable_ + below(kPlaceBytes - 2048);
}

uint64_t Hunt::writable_place() {
  if (region_there_ && chance(3))
    return kRegion + kRegionBytes / 2 + below(kRegionBytes / 2 - 2048);
  return writable_ + below(kWritableBytes - 2048);
}

void Hunt::proper_transmit() {
  std::optional<Live>& live = rings_[chance(4) ? 3 : 1];
  if (!live) return;
  const Ring& ring = live->ring;
  const auto head = static_cast<uint16_t>(ring.avail_idx % ring.size);
  const auto pieces = static_cast<uint32_t>(1 + below(4));
  const auto bytes = static_cast<uint32_t>(12 + 14 + below(1500));
  const bool indirect = (features_ & kIndirectFeature) != 0 && below(2) == 0;
  if (!indirect && head + pieces > ring.size) return;
  const uint64_t table = indirect ? tables_ + 16 * below(kTables - 4) : ring.desc;
  const uint32_t first = indirect ? 0 : head;
  uint32_t left = bytes;
  for (uint32_t i = 0; i < pieces; ++i) {
    const bool last = i + 1 == pieces;
    const uint32_t part = last ? left : 1 + static_cast<uint32_t>(below(left / 4));
    left -= part;
    driver_.table(table, first + i, readable_place(), part, last ? 0 : kNext,
                  static_cast<uint16_t>(last ? 0 : first + i + 1));
  }
  if (indirect) driver_.desc(ring, head, table, 16 * pieces, kIndirect);
  give(*live, head);
  if (below(2) == 0) driver_.kick(ring);
}

void Hunt::proper_receive() {
  std::optional<Live>& live = rings_[chance(4) ? 2 : 0];
  if (!live) return;
  for (uint64_t left = 1 + below(4); left != 0; --left) {
    const auto head = static_cast<uint16_t>(live->ring.avail_idx % live->ring.size);
    const uint64_t place = writable_place();
    const auto bytes = static_cast<uint32_t>(64 + below(1600));
    host_.guard.allow(place, bytes);
    driver_.desc(live->ring, head, place, bytes, kWrite);
    give(*live, head);
  }
  driver_.kick(live->ring);
}

void Hunt::proper_command() {
  for (unsigned queue : {2u, 4u}) {
    std::optional<Live>& live = rings_[queue];
    const bool pairs = (features_ & kMultiQueueFeatures) == kMultiQueueFeatures;
    if (!live || (queue == 2) == pairs || live->ring.size < 2) continue;
    const uint64_t command = readable_ + 4 * below(64);
    host_.store<uint32_t>(command, VIRTIO_NET_CTRL_MQ | static_cast<uint32_t>(below(4)) << 16);
    const auto head = static_cast<uint16_t>(live->ring.avail_idx % live->ring.size & ~1u);
    driver_.desc(live->ring, head, command, static_cast<uint32_t>(1 + below(6)), kNext,
                 static_cast<uint16_t>(head + 1));
    const uint64_t ack = writable_place();
    host_.guard.allow(ack, 1);
    driver_.desc(live->ring, head + 1u, ack, 1, kWrite);
    give(*live, head);
    driver_.kick(live->ring);
  }
}

/// Any bits that a driver could put there. What it marks writable is where the card may write, or
/// where no memory is.
formats::VirtqDesc Hunt::any_descriptor(const Live& live) {
  constexpr uint32_t kLengths[] = {0, 1, 11, 12, 16, 17, 32, 60, 1600, 16 * 1025, 0xFFFF'FFFF};
  formats::VirtqDesc desc{};
  desc.flags = static_cast<uint16_t>(below(8) | (chance(8) ? 0xFFF8 : 0));
  desc.next = static_cast<uint16_t>(chance(4) ? below(65536) : below(live.ring.size));
  desc.len = kLengths[below(std::size(kLengths))];
  if (chance(4)) desc.len = static_cast<uint32_t>(below(2048));
  const uint64_t nowhere[] = {0,
                              kNowhere,
                              kTop,
                              kTop - desc.len,
                              kTop - 71,
                              host_.bar(),
                              RawHost::kMsiWindow,
                              host_.memory_end()};
  if (chance(3)) {
    desc.addr = nowhere[below(std::size(nowhere))];
  } else if ((desc.flags & kIndirect) != 0) {
    // Tables lie where nothing else does, and are never read off their alignment.
    desc.addr = tables_ + 16 * below(kTables);
    desc.len =
        static_cast<uint32_t>(std::min<uint64_t>(desc.len, tables_ + 16 * kTables - desc.addr));
  } else if ((desc.flags & kWrite) != 0) {
    desc.addr = chance(8) ? host_.memory_end() - 40 : writable_place();
    if (desc.len > 2048) desc.addr = host_.memory_end() - 40;
    if (desc.len <= 2048) host_.guard.allow(desc.addr, desc.len);
  } else {
    desc.addr = readable_place();
  }
  return desc;
}

void Hunt::bad_descriptor() {
  Live* live = any_ring();
  if (live == nullptr) return;
  const auto slot = static_cast<uint16_t>(below(live->ring.size));
  host_.store(live->ring.desc + uint64_t{16} * slot, any_descriptor(*live));
  if (below(2) == 0) host_.store(tables_ + 16 * below(kTables), any_descriptor(*live));
  give(*live, slot);
  driver_.kick(live->ring);
}

void Hunt::bad_available() {
  Live* live = any_ring();
  if (live == nullptr) return;
  Ring& ring = live->ring;
  switch (below(5)) {
    case 0:
      publish(*live, static_cast<uint16_t>(ring.avail_idx + ring.size + 1 + below(100)));
      break;
    case 1:
      publish(*live, static_cast<uint16_t>(ring.avail_idx - 1 - below(100)));
      break;
    case 2:
      give(*live, static_cast<uint16_t>(ring.size + below(65536 - ring.size)));
      break;
    case 3:
      give(*live, static_cast<uint16_t>(below(ring.size)));
      break;
    default:
      host_.store<uint16_t>(ring.avail, static_cast<uint16_t>(below(65536)));
      host_.store<uint16_t>(ring.avail + SplitRing::used_event(ring.size),
                            static_cast<uint16_t>(below(65536)));
  }
  driver_.kick(ring);
}

void Hunt::notify() {
  const uint64_t queue = chance(8) ? below(1024) : below(kQueues);
  driver_.set(BarLayout::kNotify + BarLayout::kNotifyMultiplier * queue, 2, below(65536));
}

void Hunt::frame_in() {
  std::vector<std::byte> frame(60 + below(chance(10) ? 1600 : 400));
  // A flow of its own each time, so that queue pairs have their share.
  frame[12] = std::byte{0x08};
  frame[14] = std::byte{0x45};
  frame[23] = std::byte{17};
  frame[29] = static_cast<std::byte>(below(256));
  host_.send_to_card(frame);
  ++sent_to_card_;
}

/// Nothing that could be an address in memory.
uint64_t Hunt::any_value() {
  switch (below(5)) {
    case 0:
      return 0;
    case 1:
      return kTop;
    case 2:
      return 1;
    case 3:
      return below(256);
    default:
      return below(uint64_t{1} << 32) << 32 | 0x8000'0000;
  }
}

/// Anywhere in and around the BAR but the MSI-X table, whose addresses are written by msix() alone.
uint32_t Hunt::any_offset() {
  if (chance(2)) return static_cast<uint32_t>(below(0x40));
  const auto offset = static_cast<uint32_t>(below(BarLayout::kSize + 64));
  return offset >= BarLayout::kMsixTable && offset < BarLayout::kMsixPending
             ? offset - BarLayout::kMsixTable
             : offset;
}

void Hunt::write_register() {
  constexpr unsigned kWidths[] = {1, 2, 4, 8, 1, 2, 4, 8, 3};
  const unsigned width = kWidths[below(std::size(kWidths))];
  const uint32_t offset = any_offset() / (chance(8) ? 1 : width) * (chance(8) ? 1 : width);
  if (offset + width > BarLayout::kMsixTable && offset < BarLayout::kMsixPending) return;
  driver_.set(offset, width, any_value());
  look_at_status();
}

void Hunt::read_register() {
  constexpr unsigned kWidths[] = {1, 2, 4, 8, 3};
  driver_.get(any_offset(), kWidths[below(std::size(kWidths))]);
}

void Hunt::configuration() {
  switch (below(6)) {
    case 0:  // Bus Master Enable, Memory Space Enable, Interrupt Disable
      host_.config_write(PciConfig::kCommand, 2, static_cast<uint32_t>(below(8) | below(2) << 10));
      host_.advance(static_cast<unsigned>(below(16)));
      if (below(4) != 0) host_.config_write(PciConfig::kCommand, 2, 0x6);
      break;
    case 1:  // MSI-X enable and function mask
      host_.config_write(PciConfig::kMsixCap + 2, 2, static_cast<uint32_t>(below(4) << 14));
      break;
    case 2:  // sizes, no function-level reset
      host_.config_write(PciConfig::kDeviceControl, 2, static_cast<uint32_t>(below(0x8000)));
      break;
    case 3:
      host_.config_read(static_cast<uint32_t>(below(0x1010)), 1u << below(3));
      break;
    case 4:  // the BAR, and back
      host_.config_write(PciConfig::kBar0, 4, static_cast<uint32_t>(below(uint64_t{1} << 32)));
      driver_.get(CommonCfg::kDeviceStatus, 1);
      driver_.kick(static_cast<unsigned>(below(kQueues)));
      host_.config_write(PciConfig::kBar0, 4, static_cast<uint32_t>(host_.bar()));
      host_.config_write(PciConfig::kBar0 + 4, 4, static_cast<uint32_t>(host_.bar() >> 32));
      break;
    default: {
      // What is read-only, or has no effect.
      const auto offset = static_cast<uint32_t>(below(0x200));
      const bool counts =
          (offset >= 4 && offset < 8) || (offset >= 0x10 && offset < 0x18) ||
          (offset >= PciConfig::kDeviceControl && offset < PciConfig::kDeviceControl + 2) ||
          (offset >= PciConfig::kPciCfgCap && offset < PciConfig::kPciCfgCap + 20);
      if (!counts) host_.config_write(offset, 1, static_cast<uint32_t>(below(256)));
    }
  }
}

void Hunt::window() {
  constexpr uint32_t kOffsets[] = {0x10000, 0xFFFF'FFFC, 0xFFFF'FFFF, 0x8000'0000, 0x1000, 0x3000};
  constexpr uint32_t kLengths[] = {1, 2, 4, 4, 0, 3, 8, 0xFFFF'FFFF};
  const uint32_t offset =
      chance(2) ? kOffsets[below(std::size(kOffsets))] : static_cast<uint32_t>(below(0x48));
  host_.config_write(PciConfig::kPciCfgCap + 4, 1,
                     chance(6) ? static_cast<uint32_t>(below(256)) : 0);
  host_.config_write(PciConfig::kPciCfgCap + 8, 4, offset);
  host_.config_write(PciConfig::kPciCfgCap + 12, 4, kLengths[below(std::size(kLengths))]);
  const unsigned width = 1u << below(3);
  if (below(2) == 0) {
    host_.config_read(PciConfig::kPciCfgData, width);
  } else {
    host_.config_write(PciConfig::kPciCfgData, width, static_cast<uint32_t>(any_value()));
    look_at_status();
  }
}

void Hunt::msix() {
  const uint32_t entry = BarLayout::kMsixTable + 16 * static_cast<uint32_t>(below(10));
  switch (below(4)) {
    case 0:
      driver_.set(entry + 12, 4, below(2));
      break;
    case 1:
      driver_.set(entry, 4, chance(4) ? kNowhere : RawHost::kMsiWindow);
      break;
    case 2:
      driver_.set(entry + 8, 4, below(uint64_t{1} << 32));
      break;
    default:
      driver_.select(static_cast<unsigned>(below(6)));
      driver_.set(CommonCfg::kQueueMsixVector, 2, below(12));
  }
}

void Hunt::region() {
  if (!chance(2)) return;
  if (region_there_) {
    host_.memory.remove_region(kRegion, kRegionBytes);
  } else {
    host_.memory.add_region(kRegion, region_bytes_.data(), kRegionBytes);
  }
  region_there_ = !region_there_;
}

void Hunt::suspend() {
  if (!chance(2)) return;
  const uint32_t at = BarLayout::kRingState +
                      hw::RingState::kSize * static_cast<uint32_t>(below(kQueues + 1)) +
                      hw::RingState::kSuspend;
  driver_.set(at, 2, 1);
  host_.advance(static_cast<unsigned>(below(24)));
  if (!chance(8)) driver_.set(at, 2, 0);
}

}  // namespace ringside::hostile
