// SPDX-License-Identifier: Apache-2.0
// Registers that nobody may write, odd accesses, device status and features out of order.
#include "hw_model/core/counters.h"
#include "tests/hostile/attack.h"

namespace ringside::hostile {

namespace {

/// Writes of every width to [offset, offset + bytes) leave what is read there as it was.
void expect_read_only(Driver& d, uint32_t offset, unsigned bytes, const char* what) {
  for (unsigned width = 1; width <= 8; width *= 2) {
    for (uint32_t at = offset & ~(width - 1); at < offset + bytes; at += width) {
      if (at < offset || at + width > offset + bytes) continue;
      const uint64_t before = d.get(at, width);
      for (const uint64_t value : {kTop, uint64_t{0}, uint64_t{0x5A5A'5A5A'5A5A'5A5A}}) {
        d.set(at, width, value);
        d.expect_equal(d.get(at, width), before, what);
      }
    }
  }
}

/// At rest: what the statistics window shows, read whole and in parts, is what the card counts.
void expect_counters(Driver& d) {
  const auto expect = [&d](uint32_t offset, std::string_view name) {
    const uint64_t counted = d.host.counter(name);
    const uint32_t at = BarLayout::kStatistics + offset;
    d.expect_equal(d.get(at, 8), counted, name.data());
    d.expect_equal(d.get(at, 4), counted & 0xFFFF'FFFF, name.data());
    d.expect_equal(d.get(at + 4, 4), counted >> 32, name.data());
    for (unsigned byte = 0; byte < 8; ++byte) {
      d.expect_equal(d.get(at + byte, 1), counted >> (8 * byte) & 0xFF, name.data());
    }
  };
  for (unsigned i = 0; i < static_cast<unsigned>(hw::Counter::kCount); ++i) {
    expect(8 * i, hw::counter_name(static_cast<hw::Counter>(i)));
  }
  for (unsigned i = 0; i < static_cast<unsigned>(hw::DeviceError::kCount); ++i) {
    expect(hw::Statistics::kErrors + 8 * i, hw::error_name(static_cast<hw::DeviceError>(i)));
  }
  const uint32_t last =
      hw::Statistics::kErrors + 8 * static_cast<uint32_t>(hw::DeviceError::kCount);
  for (uint32_t at = last; at < BarLayout::kStatisticsBytes; at += 8) {
    d.expect_equal(d.get(BarLayout::kStatistics + at, 8), 0, "no counter");
  }
}

/// Bytes of configuration space that the card lets a host write.
bool writable_config(uint32_t at) {
  const auto in = [at](uint32_t from, uint32_t bytes) { return at >= from && at < from + bytes; };
  return in(PciConfig::kCommand, 2) || at == 0x0C || in(PciConfig::kBar0, 8) || at == 0x3C ||
         in(PciConfig::kDeviceControl, 2) || in(PciConfig::kExpressCap + 16, 2) ||
         in(PciConfig::kMsixCap + 2, 2) || in(PciConfig::kPciCfgCap + 4, 16);
}

std::vector<Attack> registers() {
  const std::string_view area = "Registers";
  return {
      {area, "write-read-only-common",
       "Every width to the read-only fields of the common structure", Reaction::kIgnored, "",
       "PCC-R-001",
       [](Driver& d) {
         d.select(1);
         expect_read_only(d, CommonCfg::kDeviceFeature, 4, "device_feature");
         expect_read_only(d, CommonCfg::kNumQueues, 2, "num_queues");
         expect_read_only(d, CommonCfg::kConfigGeneration, 1, "config_generation");
         expect_read_only(d, CommonCfg::kQueueNotifyOff, 2, "queue_notify_off");
         expect_read_only(d, CommonCfg::kQueueNotifConfigData, 8, "queue_notif_config_data");
       }},
      {area, "write-device-configuration", "Every width to the device configuration",
       Reaction::kIgnored, "", "NCF-R-001, INI-R-003",
       [](Driver& d) {
         expect_read_only(d, BarLayout::kDevice, BarLayout::kDeviceBytes, "device configuration");
       }},
      {area, "write-isr", "Every width to the ISR status", Reaction::kIgnored, "", "PIS-D-005",
       [](Driver& d) { expect_read_only(d, BarLayout::kIsr, BarLayout::kIsrBytes, "ISR"); }},
      {area, "write-pending-bits", "Every width to the MSI-X pending bits", Reaction::kIgnored, "",
       "PCIe 4.0 7.7.2",
       [](Driver& d) { expect_read_only(d, BarLayout::kMsixPending, 64, "pending bits"); }},
      {area, "write-holes-of-the-bar", "All of the BAR where there is nothing", Reaction::kIgnored,
       "", "",
       [](Driver& d) {
         for (const auto& [from, to] : {std::pair{0x40u, 0x1000u},
                                        {0x1004u, 0x2000u},
                                        {0x2040u, 0x3000u},
                                        {0x4100u, 0x5000u},
                                        {0x5200u, 0x8000u},
                                        {0xA000u, 0xC000u},
                                        {0xC040u, 0x10000u}}) {
           for (uint32_t at = from; at < to; at += 508) {
             d.set(at & ~7u, 8, kTop);
             if ((at & ~7u) >= from) d.expect_equal(d.get(at & ~7u, 8), 0, "a hole of the BAR");
           }
         }
       }},
      {area, "write-statistics", "Every width to counters, that go on counting", Reaction::kServed,
       "", "",
       [](Driver& d) {
         d.post_receive(8);
         for (unsigned i = 0; i < 8; ++i) d.transmit_frame(64 + 100 * i);
         for (unsigned i = 0; i < 8; ++i) d.frame_to_card(100 + i);
         for (uint32_t at = 0; at < BarLayout::kStatisticsBytes; at += 8) {
           for (unsigned width = 1; width <= 8; width *= 2) {
             d.set(BarLayout::kStatistics + at, width, kTop);
             d.set(BarLayout::kStatistics + at + 8 - width, width, 0);
             (void)d.get(BarLayout::kStatistics + at, width);
           }
         }
         d.host.settle();
         expect_counters(d);
         d.expect_equal(d.host.counter("tx_frames"), 8, "frames");
       }},
      {area, "odd-widths-and-misaligned",
       "Accesses of 3, 5, 6 and 7 bytes, and off their alignment", Reaction::kIgnored, "",
       "PLY-R-001",
       [](Driver& d) {
         for (const unsigned width : {3u, 5u, 6u, 7u}) {
           d.set(CommonCfg::kDeviceStatus, width, 0);
           d.expect_equal(d.get(CommonCfg::kDeviceStatus, width), kTop >> (64 - 8 * width),
                          "width");
         }
         for (const auto& [at, width] : {std::pair{1u, 2u},
                                         {2u, 4u},
                                         {0x13u, 2u},
                                         {0x14u - 2, 4u},
                                         {0x11u, 8u},
                                         {0x21u, 4u}}) {
           d.set(at, width, 0);
           d.expect_equal(d.get(at, width), kTop >> (64 - 8 * width), "misaligned");
         }
       }},
      {area, "across-the-end-of-the-bar", "Accesses across and beyond the end of the BAR",
       Reaction::kIgnored, "", "",
       [](Driver& d) {
         for (const uint64_t at : {uint64_t{BarLayout::kSize} - 4, uint64_t{BarLayout::kSize},
                                   uint64_t{BarLayout::kSize} + 0x14, uint64_t{1} << 32}) {
           d.set(at, 8, 0);
           d.expect_equal(d.get(at, 8), kTop, "beyond the BAR");
         }
       }},
      {area, "halves-and-bytes-of-queue-addresses", "64-bit fields in bytes, halves and the middle",
       Reaction::kIgnored, "", "PLY-D-001",
       [](Driver& d) {
         d.select(1);
         const uint64_t before = d.get(CommonCfg::kQueueDesc, 8);
         for (uint32_t at = 0; at < 24; ++at) d.set(CommonCfg::kQueueDesc + at, 1, 0xFF);
         d.expect_equal(d.get(CommonCfg::kQueueDesc, 8), before,
                        "queue_desc of a queue that is on");
       }},
      {area, "write-read-only-configuration-space",
       "Every width to every byte of configuration space that is read-only", Reaction::kIgnored, "",
       "PCIe 4.0 7.5",
       [](Driver& d) {
         for (unsigned width = 1; width <= 4; width *= 2) {
           for (uint32_t at = 0; at < 0x200; at += width) {
             bool skip = false;
             for (unsigned i = 0; i < width; ++i) skip = skip || writable_config(at + i);
             if (skip) continue;
             const uint32_t before = d.host.config_read(at, width);
             d.host.config_write(at, width, 0xFFFF'FFFF);
             d.host.config_write(at, width, 0);
             d.expect_equal(d.host.config_read(at, width), before, "configuration space");
           }
         }
         for (const uint32_t at : {0x800u, 0xFFCu}) {
           d.host.config_write(at, 4, 0xFFFF'FFFF);
           d.expect_equal(d.host.config_read(at, 4), 0, "extended configuration space");
         }
       }},
      {area, "configuration-space-misaligned", "Configuration accesses off their alignment",
       Reaction::kIgnored, "", "PCIe 4.0 2.2.7",
       [](Driver& d) {
         for (const auto& [at, width] : {std::pair{5u, 2u}, {6u, 4u}, {1u, 4u}, {4u, 3u}}) {
           d.host.config_write(at, width, 0);
           d.expect_equal(d.host.config_read(at, width), kTop >> (64 - 8 * width), "misaligned");
         }
       }},
  };
}

std::vector<Attack> window() {
  const std::string_view area = "The PCI configuration access window";
  const auto none = [](Driver& d, uint8_t bar, uint32_t offset, uint32_t length) {
    d.host.config_write(PciConfig::kPciCfgCap + 4, 1, bar);
    d.host.config_write(PciConfig::kPciCfgCap + 8, 4, offset);
    d.host.config_write(PciConfig::kPciCfgCap + 12, 4, length);
    d.expect_equal(d.host.config_read(PciConfig::kPciCfgData, 4), 0, "the window");
    d.host.config_write(PciConfig::kPciCfgData, 4, 0);
  };
  static const auto closed = none;
  return {
      {area, "window-of-a-bar-that-is-none", "cap.bar 1 to 255", Reaction::kIgnored, "",
       "PCA-R-002",
       [](Driver& d) {
         for (const unsigned bar : {1u, 2u, 5u, 6u, 255u}) {
           closed(d, static_cast<uint8_t>(bar), CommonCfg::kDeviceStatus, 1);
         }
       }},
      {area, "window-of-odd-lengths", "cap.length 0, 3, 5, 8 and 2^32 - 1", Reaction::kIgnored, "",
       "PCA-R-001",
       [](Driver& d) {
         for (const uint32_t length : {0u, 3u, 5u, 8u, 0xFFFF'FFFFu}) {
           closed(d, 0, CommonCfg::kDeviceStatus & ~7u, length);
         }
       }},
      {area, "window-beyond-the-bar", "cap.offset beyond the BAR, up to 2^32 - 1",
       Reaction::kIgnored, "", "PCA-R-002",
       [](Driver& d) {
         for (const uint32_t offset : {0x10000u, 0x1'FFFCu, 0x8000'0000u, 0xFFFF'FFFCu}) {
           for (const uint32_t length : {1u, 2u, 4u}) closed(d, 0, offset, length);
         }
         closed(d, 0, 0xFFFF'FFFF, 1);
         closed(d, 0, 0xFFFF'FFFE, 2);
       }},
      {area, "window-misaligned", "cap.offset that is no multiple of cap.length",
       Reaction::kIgnored, "", "PCA-R-001",
       [](Driver& d) {
         closed(d, 0, 0x13, 2);
         closed(d, 0, 0x12, 4);
       }},
      {area, "window-resets-the-device", "0 to device_status through the window", Reaction::kReset,
       "device_resets", "PCA-D-002",
       [](Driver& d) {
         d.host.config_write(PciConfig::kPciCfgCap + 4, 1, 0);
         d.host.config_write(PciConfig::kPciCfgCap + 8, 4, CommonCfg::kDeviceStatus);
         d.host.config_write(PciConfig::kPciCfgCap + 12, 4, 1);
         d.host.config_write(PciConfig::kPciCfgData, 4, 0);
       }},
  };
}

std::vector<Attack> status() {
  const std::string_view area = "Device status and features";
  return {
      {area, "feature-not-offered", "A feature bit that is not offered", Reaction::kRefused, "",
       "FEA-D-003, FEA-R-001",
       [](Driver& d) { d.negotiate(kBasicFeatures | formats::feature_bit(VIRTIO_NET_F_CSUM)); }, 0,
       Stage::kEnumerated},
      {area, "feature-beyond-64", "A feature bit above 63", Reaction::kRefused, "", "FEA-D-003",
       [](Driver& d) {
         d.reset();
         d.set_status(3);
         d.offer_features(kBasicFeatures);
         d.set(CommonCfg::kDriverFeatureSelect, 4, 2);
         d.set(CommonCfg::kDriverFeature, 4, 1);
         d.set_status(11);
       },
       0, Stage::kEnumerated},
      {area, "no-version-1", "Features without VERSION_1", Reaction::kRefused, "", "RSV-D-002",
       [](Driver& d) { d.negotiate(kBasicFeatures & ~formats::feature_bit(VIRTIO_F_VERSION_1)); },
       0, Stage::kEnumerated},
      {area, "feature-without-what-it-needs", "MQ without CTRL_VQ", Reaction::kRefused, "",
       "FEA-D-003, FEA-R-002",
       [](Driver& d) { d.negotiate(kBasicFeatures | formats::feature_bit(VIRTIO_NET_F_MQ)); }, 0,
       Stage::kEnumerated},
      {area, "features-changed-after-features-ok", "Other features after FEATURES_OK",
       Reaction::kIgnored, "", "INI-R-004",
       [](Driver& d) {
         d.offer_features(kBasicFeatures | kIndirectFeature | kMultiQueueFeatures |
                          kEventIdxFeature);
         d.set_status(15);
         d.expect_equal(d.status(), 15, "device_status");
         d.offer_features(0);
         d.set_status(15);
         // EVENT_IDX would keep used_event from being written; INDIRECT stays refused.
         d.select(4);
         d.expect_equal(d.get(CommonCfg::kQueueSize, 2), 0, "queue_size of a queue of MQ");
       }},
      {area, "driver-ok-without-features-ok", "DRIVER_OK without FEATURES_OK", Reaction::kIgnored,
       "", "STS-D-001, INI-R-001",
       [](Driver& d) {
         d.set_status(3);
         d.set_status(7);
         d.expect_equal(d.status(), 3, "device_status");
         d.negotiate(kBasicFeatures);
         d.finish_bring_up(0);
         d.set_status(15);
       },
       0, Stage::kEnumerated},
      {area, "status-bits-cleared", "device_status 1, 3, 8, 11 while 15 is shown",
       Reaction::kIgnored, "", "STS-R-002",
       [](Driver& d) {
         for (const uint8_t value : {uint8_t{1}, uint8_t{3}, uint8_t{8}, uint8_t{11}}) {
           d.set_status(value);
           d.expect_equal(d.status(), 15, "device_status");
         }
       }},
      {area, "status-bits-of-the-device", "NEEDS_RESET, SUSPEND and reserved bits",
       Reaction::kIgnored, "", "STS-R-001",
       [](Driver& d) {
         d.set_status(0x7F);
         d.expect_equal(d.status(), 15, "device_status");
       }},
      {area, "status-failed", "FAILED while traffic goes on", Reaction::kServed, "", "STS-R-003",
       [](Driver& d) {
         d.set_status(0x8F);
         d.expect_equal(d.status(), 0x8F, "device_status");
       }},
      {area, "status-storm", "300 writes to device_status without waiting", Reaction::kIgnored, "",
       "STS-R-001",
       [](Driver& d) {
         for (unsigned i = 0; i < 300; ++i) d.set_status(static_cast<uint8_t>(1 + i % 15));
         d.expect_equal(d.status(), 15, "device_status");
       }},
      {area, "reset-storm", "100 resets without waiting", Reaction::kReset, "device_resets",
       "PCC-R-005",
       [](Driver& d) {
         for (unsigned i = 0; i < 100; ++i) {
           d.set_status(0);
           d.set_status(static_cast<uint8_t>(i % 4));
         }
         d.set_status(0);
       }},
      {area, "set-up-again-without-waiting", "A reset and the whole set-up without reading 0",
       Reaction::kServed, "", "PCC-R-005",
       [](Driver& d) {
         d.set_status(0);
         d.set_status(1);
         d.set_status(3);
         d.offer_features(kBasicFeatures);
         d.set_status(11);
         d.finish_bring_up(0);
         d.set_status(15);
         d.host.settle();
         const uint8_t now = d.status();
         d.expect(now == 15 || now == (15 | VIRTIO_STATUS_DEVICE_NEEDS_RESET), "device_status");
       }},
      {area, "set-up-in-the-middle-of-traffic", "FEATURES_OK and queue_enable again under load",
       Reaction::kIgnored, "", "INI-R-004",
       [](Driver& d) {
         for (unsigned i = 0; i < 10; ++i) {
           d.transmit_frame(64 + i);
           d.set_status(11);
           d.select(1);
           d.set(CommonCfg::kQueueEnable, 2, 1);
           d.host.advance(5);
         }
         d.host.settle();
         d.expect_equal(d.used_idx(d.tx), 10, "used index");
       }},
  };
}

}  // namespace

std::vector<Attack> register_attacks() {
  std::vector<Attack> all = registers();
  for (const auto& more : {window(), status()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace ringside::hostile
