// SPDX-License-Identifier: Apache-2.0
// Registers of the scripted device.
#include "tests/unit/driver/fake_device.h"

#include <cstring>

namespace ringside::test {

using formats::feature_bit;

FakeDevice::FakeDevice(FakePlatform& platform, FakePci& pci) : platform_(platform), pci_(pci) {
  offered = feature_bit(VIRTIO_F_VERSION_1) | feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
            feature_bit(VIRTIO_F_ORDER_PLATFORM) | feature_bit(VIRTIO_NET_F_MAC) |
            feature_bit(VIRTIO_NET_F_STATUS) | feature_bit(VIRTIO_NET_F_MTU) |
            feature_bit(VIRTIO_NET_F_SPEED_DUPLEX) | feature_bit(VIRTIO_NET_F_MRG_RXBUF) |
            feature_bit(VIRTIO_F_INDIRECT_DESC) | feature_bit(VIRTIO_F_EVENT_IDX) |
            feature_bit(VIRTIO_F_NOTIFICATION_DATA);
  const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
  std::memcpy(config.mac, mac, sizeof mac);
  config.status = VIRTIO_NET_S_LINK_UP;
  config.mtu = 1500;
  config.speed = 100000;
  config.duplex = VIRTIO_NET_DUPLEX_FULL;
  for (unsigned i = 0; i < kQueues; ++i) queues[i].notify_off = static_cast<uint16_t>(i);
  capabilities = {{VIRTIO_PCI_CAP_COMMON_CFG, kBar, kCommon, formats::kCommonCfgBytes},
                  {VIRTIO_PCI_CAP_ISR_CFG, kBar, kIsr, 1},
                  {VIRTIO_PCI_CAP_DEVICE_CFG, kBar, kConfig, sizeof(formats::VirtioNetConfig)},
                  {VIRTIO_PCI_CAP_NOTIFY_CFG, kBar, kNotify, kQueues * kMultiplier, 20}};
  lay_out();
  pci_.attach(*this);
}

void FakeDevice::lay_out() {
  space.fill(0);
  const auto put = [this](unsigned at, uint32_t value, unsigned width) {
    std::memcpy(&space[at], &value, width);
  };
  put(0x00, VIRTIO_PCI_VENDOR_ID, 2);
  put(0x02, VIRTIO_PCI_DEVICE_ID_NET, 2);
  put(0x06, 0x10, 2);
  unsigned at = 0x40;
  put(0x34, capabilities.empty() ? 0 : at, 1);
  for (std::size_t i = 0; i < capabilities.size(); ++i) {
    const FakeCapability& capability = capabilities[i];
    const unsigned next = at + ((capability.cap_len + 3u) & ~3u);
    put(at, capability.vendor, 1);
    put(at + 1, i + 1 < capabilities.size() ? next : 0, 1);
    put(at + 2, capability.cap_len, 1);
    put(at + 3, capability.type, 1);
    put(at + 4, capability.bar, 1);
    put(at + 8, capability.offset, 4);
    put(at + 12, capability.length, 4);
    if (capability.cap_len >= 20) put(at + 16, kMultiplier, 4);
    at = next;
  }
}

void FakeDevice::error(const std::string& what) {
  if (errors++ == 0) first_error = what;
}

uint32_t FakeDevice::config_read(uint32_t offset, unsigned width) {
  uint32_t value = 0;
  if (offset + width > space.size()) {
    value = ~uint32_t{0};
  } else {
    std::memcpy(&value, &space[offset], width);
  }
  if (on_config_read) on_config_read(offset, width, &value);
  return value;
}

void FakeDevice::config_write(uint32_t offset, unsigned width, uint32_t value) {
  if (offset == 4 && width == 2) {
    std::memcpy(&space[4], &value, 2);
  } else {
    error("a write to configuration space outside the command register");  // PCP-R-008
  }
}

void FakeDevice::reset() {
  status = 0;
  accepted = 0;
  device_select_ = driver_select_ = 0;
  queue_select_ = 0;
  config_vector_ = 0xFFFF;
  isr_ = 0;
  for (Queue& queue : queues) {
    Queue fresh;
    fresh.max_size = fresh.size = queue.max_size;
    fresh.notify_off = queue.notify_off;
    fresh.notifications = queue.notifications;
    queue = fresh;
  }
  waiting.clear();
  active_pairs = 1;
}

void FakeDevice::offer_pairs(uint16_t max_pairs) {
  offered |= feature_bit(VIRTIO_NET_F_CTRL_VQ) | feature_bit(VIRTIO_NET_F_MQ);
  config.max_virtqueue_pairs = max_pairs;
  num_queues = static_cast<uint16_t>(2 * max_pairs + 1);
}

uint64_t FakeDevice::honest_read(unsigned bar, uint64_t offset, unsigned width) {
  const uint64_t ones = width == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * width)) - 1;
  if (bar != kBar || offset + width > bar_bytes) return ones;
  if (offset % width != 0 || width == 8) error("a register read of the wrong width");
  if (offset < kIsr) return read_common(offset);
  if (offset == kIsr) {
    ++isr_reads;
    return std::exchange(isr_, 0);
  }
  if (offset >= kConfig && offset + width <= kConfig + sizeof config) {
    uint64_t value = 0;
    std::memcpy(&value, reinterpret_cast<const uint8_t*>(&config) + (offset - kConfig), width);
    if (torn_reads != 0) {
      --torn_reads;
      ++generation_;
    }
    return value;
  }
  return ones;
}

uint64_t FakeDevice::read_common(uint64_t offset) {
  const bool known = queue_select_ < num_queues && queue_select_ < kQueues;
  const Queue& queue = queues[known ? queue_select_ : 0];
  switch (offset) {
    case formats::kDeviceFeature:
      return device_select_ < 2 ? (offered >> (32 * device_select_)) & 0xFFFFFFFF : 0;
    case formats::kConfigMsixVector:
      return config_vector_;
    case formats::kNumQueues:
      return num_queues;
    case formats::kDeviceStatus:
      if (busy_left_ != 0) {
        --busy_left_;
        return 0x80;
      }
      return status;
    case formats::kConfigGeneration:
      return generation_;
    case formats::kQueueSize:
      return known ? queue.size : 0;
    case formats::kQueueMsixVector:
      return queue.vector;
    case formats::kQueueEnable:
      return queue.enable;
    case formats::kQueueNotifyOff:
      return queue.notify_off;
    default:
      return 0;
  }
}

void FakeDevice::bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) {
  if (on_write && on_write(offset, width, value)) return;
  if (bar != kBar || offset + width > bar_bytes) return error("a write outside the BAR");
  if (offset % width != 0 || width == 8) error("a register write of the wrong width");
  if (offset < kIsr) return write_common(offset, width, value);
  if (offset >= kNotify) {
    return notified(static_cast<unsigned>((offset - kNotify) / kMultiplier), value, width);
  }
  error("a write to ISR status or device configuration");  // NCF-R-001
}

void FakeDevice::write_common(uint64_t offset, unsigned, uint64_t value) {
  Queue& queue = queues[queue_select_ < kQueues ? queue_select_ : 0];
  const auto set_half = [](uint64_t* field, bool high, uint64_t half) {
    *field = high ? (*field & 0xFFFFFFFF) | half << 32 : (*field & ~uint64_t{0xFFFFFFFF}) | half;
  };
  const std::string queue_name = " " + std::to_string(queue_select_);
  switch (offset) {
    case formats::kDeviceFeatureSelect:
      device_select_ = static_cast<uint32_t>(value);
      return;
    case formats::kDriverFeatureSelect:
      driver_select_ = static_cast<uint32_t>(value);
      return;
    case formats::kDriverFeature:
      log.push_back("features");
      if ((status & VIRTIO_STATUS_FEATURES_OK) != 0) error("features after FEATURES_OK");
      if (driver_select_ < 2) accepted |= value << (32 * driver_select_);
      return;
    case formats::kConfigMsixVector:
      config_vector_ = value < msix_table ? static_cast<uint16_t>(value) : 0xFFFF;
      return;
    case formats::kDeviceStatus:
      if (value == 0) {
        log.push_back("reset");
        if (reset_hangs) return;
        reset();
        busy_left_ = busy_resets;
        return;
      }
      if ((status & ~value) != 0) error("a status bit was cleared");  // STS-R-002
      if ((value & ~status & VIRTIO_STATUS_FEATURES_OK) != 0) {
        log.push_back("FEATURES_OK");
        if (refuse_features) value &= ~uint64_t{VIRTIO_STATUS_FEATURES_OK};
      } else if ((value & ~status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        log.push_back("DRIVER_OK");
        if (start_needs_reset) {
          status = static_cast<uint8_t>(value | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
          return configuration_changed();
        }
      } else if ((value & ~status & VIRTIO_STATUS_ACKNOWLEDGE) != 0) {
        log.push_back("ACKNOWLEDGE");
      } else if ((value & ~status & VIRTIO_STATUS_DRIVER) != 0) {
        log.push_back("DRIVER");
      } else if ((value & ~status & VIRTIO_STATUS_FAILED) != 0) {
        log.push_back("FAILED");
      }
      status = static_cast<uint8_t>(value);
      return;
    case formats::kQueueSelect:
      queue_select_ = static_cast<uint16_t>(value);
      return;
    case formats::kQueueSize:
      if (value == 0 || (value & (value - 1)) != 0) error("a queue size that is no power of two");
      queue.size = static_cast<uint16_t>(value);
      return;
    case formats::kQueueMsixVector:
      if (queue.enable != 0) error("a vector after queue_enable");
      queue.vector = value < msix_table ? static_cast<uint16_t>(value) : 0xFFFF;
      return;
    case formats::kQueueEnable:
      log.push_back("enable" + queue_name);
      if (value != 1) error("queue_enable written with something but 1");  // PCC-R-006
      if (queue.descriptors % 16 != 0 || queue.driver % 2 != 0 || queue.device % 4 != 0) {
        error("a ring is not aligned");  // VQS-R-001
      }
      queue.enable = 1;
      return;
    case formats::kQueueDesc:
    case formats::kQueueDesc + 4:
      return set_half(&queue.descriptors, offset != formats::kQueueDesc, value);
    case formats::kQueueDriver:
    case formats::kQueueDriver + 4:
      return set_half(&queue.driver, offset != formats::kQueueDriver, value);
    case formats::kQueueDevice:
    case formats::kQueueDevice + 4:
      return set_half(&queue.device, offset != formats::kQueueDevice, value);
    default:
      error("a write to a read-only register");  // PCC-R-001
  }
}

void FakeDevice::notified(unsigned index, uint64_t value, unsigned width) {
  if (index >= kQueues || index >= num_queues || (value & 0xFFFF) != index)
    return error("a notification for no queue");
  if (width != (has(VIRTIO_F_NOTIFICATION_DATA) ? 4u : 2u)) error("a notification's width");
  if ((status & VIRTIO_STATUS_DRIVER_OK) == 0) error("a notification before DRIVER_OK");
  Queue& queue = queues[index];
  ++queue.notifications;
  queue.last_notification = value;
  queue.last_notification_width = width;
  queue.awake = true;
  if (is_control(index)) {
    platform_.after(latency_ns, [this] { take_command(); });
    return;
  }
  if (index % 2 != 0 && index / 2 >= active_pairs) {
    return error("a transmit queue is used that no command enabled");  // NMQ-R-003, NMQ-R-004
  }
  if (on_notify) return on_notify(index);
  if (automatic && index % 2 != 0) {
    platform_.after(latency_ns, [this, index] { transmit(~0u, index); });
  }
}

}  // namespace ringside::test
