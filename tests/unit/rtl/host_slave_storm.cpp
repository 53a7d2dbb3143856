// SPDX-License-Identifier: Apache-2.0
// The random host of host_slave's tests.
#include "tests/unit/rtl/host_slave_storm.h"

namespace ringside::test {

using C = formats::CommonCfg;
using hw::BarLayout;
using hw::PciConfig;
using hw::RingState;

namespace {

constexpr unsigned kEventsMost = 16;
constexpr uint32_t kWidths[] = {1, 2, 4, 8};

}  // namespace

void HostSlaveStorm::write(HostKind kind, uint64_t address, uint32_t length, uint64_t data) {
  world_.request(kind, address, length, data, one_in(200));
}

uint32_t HostSlaveStorm::bar_offset() {
  switch (random_.below(13)) {
    case 0:
      return BarLayout::kIsr + static_cast<uint32_t>(random_.below(8));
    case 1:
      return BarLayout::kDevice + static_cast<uint32_t>(random_.below(0x48));
    case 2:
      return BarLayout::kNotify + static_cast<uint32_t>(random_.below(
                                      one_in(3) ? 0x1000 : uint64_t{4} * HostSlaveWorld::kQueues));
    case 3:
    case 4:
      return BarLayout::kRingState +
             static_cast<uint32_t>(
                 random_.below(one_in(8) ? 0x108 : uint64_t{8} * HostSlaveWorld::kQueues));
    case 5:
    case 6:
      return BarLayout::kMsixTable +
             static_cast<uint32_t>(random_.below(uint64_t{16} * (HostSlaveWorld::kQueues + 2)));
    case 7:
      return BarLayout::kMsixPending + static_cast<uint32_t>(random_.below(16));
    case 8:
      return static_cast<uint32_t>(random_.below(BarLayout::kSize));
    case 9:
      return BarLayout::kStatistics +
             static_cast<uint32_t>(random_.below(BarLayout::kStatisticsBytes));
    default:
      return static_cast<uint32_t>(random_.below(BarLayout::kCommonBytes + 4));
  }
}

uint64_t HostSlaveStorm::bar_data(uint32_t offset) {
  const uint64_t value = random_.next();
  if (one_in(8)) return value;
  switch (offset) {
    case C::kDeviceFeatureSelect:
    case C::kDriverFeatureSelect:
      return random_.below(3);
    case C::kConfigMsixVector:
    case C::kQueueMsixVector:
      return random_.below(HostSlaveWorld::kQueues + 3);
    case C::kDeviceStatus:
      return any_of({1, 3, 11, 15, 0});
    case C::kQueueSelect:
      return random_.below(HostSlaveWorld::kQueues + 1);
    case C::kQueueSize:
      return uint64_t{1} << random_.below(11);
    case C::kQueueEnable:
      return 1;
    default:
      break;
  }
  if (offset >= BarLayout::kMsixTable && offset % 16 >= 8) return value & 0x1'0000'00FF;
  return value;
}

void HostSlaveStorm::access_bar() {
  uint32_t width = any_of(kWidths);
  uint32_t offset = bar_offset();
  if (!one_in(40)) offset -= offset % width;
  if (one_in(60)) width = any_of({0u, 3u, 16u, 64u, 4096u});
  uint64_t address = HostSlaveWorld::kBar + offset;
  if (one_in(60)) address += random_.next() & 0xFF0000;
  if (one_in(2)) {
    world_.request(HostKind::kMemRead, address, width);
    return;
  }
  const bool posts = offset < C::kQueueDesc && offset + width > C::kDeviceStatus;
  if (posts) {
    if (dead_cycles_ != 0 && posts_left_ == 0) return;
    if (world_.waiting_events() + world_.waiting_requests() > kEventsMost) return;
    if (posts_left_ != 0) --posts_left_;
  }
  write(HostKind::kMemWrite, address, width, bar_data(offset));
}

void HostSlaveStorm::access_config() {
  uint32_t width = any_of({1u, 2u, 4u});
  auto offset = static_cast<uint32_t>(random_.below(one_in(10) ? 4200 : 0x104));
  if (!one_in(40)) offset -= offset % width;
  if (one_in(60)) width = 8;
  if (one_in(2)) {
    world_.request(HostKind::kConfigRead, offset, width);
    return;
  }
  switch (random_.below(10)) {
    case 0:
      set_config(PciConfig::kCommand, 2, random_.next());
      break;
    case 1:
      set_config(PciConfig::kBar0 + (one_in(2) ? 0 : 4), 4, random_.next());
      break;
    case 2:
    case 3:
      set_config(PciConfig::kMsixCap + 3, 1, any_of({0x80, 0x80, 0xC0, 0x00}));
      return;
    case 4:
      set_config(PciConfig::kDeviceControl, 2, random_.next() & 0x7FFF);
      return;
    case 5:
    case 6:  // the window
      set_config(PciConfig::kPciCfgCap + 4, 1, one_in(20) ? 1 : 0);
      set_config(PciConfig::kPciCfgCap + 8, 4, one_in(20) ? random_.next() : bar_offset());
      set_config(PciConfig::kPciCfgCap + 12, 4, any_of({1, 2, 4, 4, 8, 0}));
      for (unsigned i = 0; i < 2; ++i) {
        const uint32_t bytes = any_of({1u, 2u, 4u, 4u});
        if (one_in(2) || dead_cycles_ != 0) {
          world_.request(HostKind::kConfigRead, PciConfig::kPciCfgData, bytes);
        } else {
          set_config(PciConfig::kPciCfgData, bytes, one_in(2) ? random_.next() : 1);
        }
      }
      return;
    case 7:
      if (dead_cycles_ == 0 && one_in(8)) {
        set_config(PciConfig::kDeviceControl, 2, 0x8000 | random_.next());  // function-level reset
        world_.enable_pci(!one_in(4));
      }
      return;
    default:
      if (offset - PciConfig::kDeviceControl < 4 ||
          offset + width == PciConfig::kDeviceControl + 2) {
        return;
      }
      set_config(offset, width, random_.next());
      break;
  }
  // Mostly the card stays where it was.
  if (!one_in(6)) {
    if (one_in(3)) world_.request(HostKind::kMemRead, HostSlaveWorld::kBar, 4);
    set_config(PciConfig::kBar0, 4, 0);
    set_config(PciConfig::kBar0 + 4, 4, HostSlaveWorld::kBar >> 32);
    set_config(PciConfig::kCommand, 2, one_in(6) ? 0x402 : 0x6);
  }
}

/// As a driver does it, without waiting, and sometimes not to the end.
void HostSlaveStorm::bring_up() {
  if (dead_cycles_ != 0 || world_.waiting_events() + world_.waiting_requests() > 6) return;
  uint64_t features = formats::feature_bit(VIRTIO_F_VERSION_1);
  if (!one_in(3)) features |= formats::feature_bit(VIRTIO_NET_F_STATUS);
  if (!one_in(3)) features |= formats::feature_bit(VIRTIO_NET_F_CTRL_VQ);
  if (one_in(2)) features |= formats::feature_bit(VIRTIO_F_EVENT_IDX);
  if (one_in(2)) features |= formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF);
  if (HostSlaveWorld::kPairs > 1 && one_in(2)) {
    features |= formats::feature_bit(VIRTIO_NET_F_MQ) | formats::feature_bit(VIRTIO_NET_F_CTRL_VQ);
  }
  world_.blocked_writes = world_.manual_completions = false;
  world_.enable_pci(!one_in(4));
  set_bar(C::kDeviceStatus, 1, 0);
  if (one_in(2)) (void)world_.bar(C::kDeviceStatus, 1);
  set_bar(C::kDeviceStatus, 1, 3);
  for (unsigned word = 0; word < 2; ++word) {
    set_bar(C::kDriverFeatureSelect, 4, word);
    set_bar(C::kDriverFeature, 4, features >> (32 * word));
  }
  set_bar(C::kDeviceStatus, 1, 11);
  (void)world_.bar(C::kDeviceStatus, 1);
  set_bar(C::kConfigMsixVector, 2, 0);
  for (unsigned queue = 0; queue < world_.core().queues(); ++queue) {
    const uint64_t home = world_.place_of_ring(queue);
    if (one_in(4)) {
      set_bar(BarLayout::kRingState + RingState::kSize * queue, 2, random_.next());
    }
    set_bar(C::kQueueSelect, 2, queue);
    set_bar(C::kQueueSize, 2, uint64_t{1} << random_.below(9));
    set_bar(C::kQueueMsixVector, 2, one_in(6) ? 0xFFFF : queue + 1);
    set_bar(C::kQueueDesc, 8, home);
    set_bar(C::kQueueDriver, 8, home + 0x8000);
    set_bar(C::kQueueDevice, 8, one_in(60) ? 2 : home + 0xA000);
    set_bar(C::kQueueEnable, 2, 1);
    world_.request(HostKind::kMemRead, HostSlaveWorld::kBar + C::kQueueEnable, 2);
    if (one_in(40)) return;
  }
  set_bar(C::kDeviceStatus, 1, 15);
  if (one_in(2)) (void)world_.bar(C::kDeviceStatus, 1);
}

void HostSlaveStorm::data_plane() {
  const auto queue = static_cast<unsigned>(random_.below(HostSlaveWorld::kQueues));
  if (one_in(2)) {
    world_.begin(queue);
  } else {
    world_.finish(queue);
  }
  if (one_in(12) && world_.card->active != 0)
    world_.busy_cycles = static_cast<unsigned>(random_.below(40));
}

void HostSlaveStorm::change_surroundings() {
  switch (random_.below(8)) {
    case 0:
      if (one_in(2)) world_.fail(static_cast<unsigned>(random_.below(2)));
      break;
    case 1:
      world_.set_carrier(one_in(2), any_of({10000u, 100000u}));
      break;
    case 2:
      world_.firmware.pace = any_of({1u, 1u, 2u, 3u});
      break;
    case 3:
      wants_dead_ = one_in(6);
      break;
    case 4:
      world_.blocked_writes = one_in(2);
      blocked_cycles_ = 200;
      break;
    case 5:
      world_.manual_completions = one_in(3);
      blocked_cycles_ = 200;
      break;
    default: {
      rs_command odd{};
      odd.kind = any_of({11u, 12u, 17u, 0x80000001u});
      odd.sequence = 1;
      world_.firmware.inject(odd);
      break;
    }
  }
}

void HostSlaveStorm::step() {
  if (blocked_cycles_ != 0) {
    --blocked_cycles_;
  } else {
    world_.blocked_writes = world_.manual_completions = false;
  }
  if (one_in(200) && dead_cycles_ == 0 && blocked_cycles_ == 0)
    world_.cycles(static_cast<unsigned>(random_.below(400)));
  // A record tells that dropped writes before it are gone.
  if (wants_dead_ && one_in(50)) world_.request(HostKind::kConfigRead, 0, 4);
  if (wants_dead_ && dead_cycles_ == 0 && world_.waiting_events() == 0 &&
      world_.waiting_requests() == 0) {
    // Long enough for held reads to expire, or so that events fill their queue.
    const bool expires = one_in(2);
    dead_cycles_ = expires ? HostSlaveWorld::kHoldBound + 1000 : 900;
    posts_left_ = expires ? 6 : 18;
    wants_dead_ = false;
  }
  if (dead_cycles_ != 0) {
    world_.firmware.dead = --dead_cycles_ != 0;
    if (posts_left_ != 0 && one_in(8)) {
      if (one_in(2)) world_.request(HostKind::kMemRead, HostSlaveWorld::kBar + C::kDeviceStatus, 1);
      --posts_left_;
      set_bar(C::kDeviceStatus, 1, any_of({1, 3, 11, 15, 0}));
    }
  }
  if (!wants_dead_ && world_.waiting_requests() < 12 && world_.outstanding.size() < 40) {
    switch (random_.below(40)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
      case 7:
        access_bar();
        break;
      case 8:
      case 9:
        access_config();
        break;
      case 10:
        if (one_in(4)) bring_up();
        break;
      case 11:
        if (one_in(4)) change_surroundings();
        break;
      default:
        data_plane();
        break;
    }
  } else {
    data_plane();
  }
  world_.cycle();
}

void HostSlaveStorm::run(unsigned steps) {
  for (unsigned i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
  world_.firmware.dead = world_.blocked_writes = world_.manual_completions = false;
  if (::testing::Test::HasFailure()) return;
  EXPECT_TRUE(world_.settle());
  world_.check_end();
}

}  // namespace ringside::test
