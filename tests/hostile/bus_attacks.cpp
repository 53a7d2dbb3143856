// SPDX-License-Identifier: Apache-2.0
// MSI-X, PCI controls and resets in mid-traffic, memory that goes away.
#include "tests/hostile/attack.h"

namespace ringside::hostile {

namespace {

/// Frames in both directions that are still under way when it returns.
void load(Driver& d, unsigned frames = 8) {
  const auto posted = static_cast<uint16_t>(d.rx.avail_idx - d.used_idx(d.rx));
  if (posted < frames) d.post_receive(frames - posted);
  for (unsigned i = 0; i < frames; ++i) d.transmit_frame(60 + 150 * (i % 9));
  for (unsigned i = 0; i < frames; ++i) d.frame_to_card(64 + 100 * (i % 9));
}

void expect_all_used(Driver& d) {
  d.host.settle();
  d.expect_equal(d.used_idx(d.tx), d.tx.avail_idx, "used index of the transmit queue");
  d.expect_equal(d.used_idx(d.rx), d.rx.avail_idx, "used index of the receive queue");
}

/// Everything up to DRIVER_OK again; false if the card does not take part.
bool again(Driver& d) {
  d.free_all();
  return d.bring_up(0);
}

void msix_entry(Driver& d, unsigned vector, uint64_t address, uint32_t data, uint32_t control) {
  const uint32_t entry = BarLayout::kMsixTable + 16 * vector;
  d.set(entry, 8, address);
  d.set(entry + 8, 8, data | uint64_t{control} << 32);
}

std::vector<Attack> msix() {
  const std::string_view area = "MSI-X";
  return {
      {area, "vector-out-of-range", "Vectors beyond the table for queues and configuration",
       Reaction::kIgnored, "", "PMX-D-009, PUN-D-001",
       [](Driver& d) {
         const uint64_t size = (d.host.config_read(PciConfig::kMsixCap + 2, 2) & 0x7FF) + 1;
         d.select(1);
         for (const uint64_t vector : {size, uint64_t{0x800}, uint64_t{0xFFFE}}) {
           d.set(CommonCfg::kQueueMsixVector, 2, vector);
           d.expect_equal(d.get(CommonCfg::kQueueMsixVector, 2), 0xFFFF, "queue_msix_vector");
           d.set(CommonCfg::kConfigMsixVector, 2, vector);
           d.expect_equal(d.get(CommonCfg::kConfigMsixVector, 2), 0xFFFF, "config_msix_vector");
         }
         d.transmit_frame(64);
         d.host.settle();
         d.expect_equal(d.host.messages[2], 0, "messages of a queue without a vector");
       }},
      {area, "all-events-on-one-vector", "Every event on vector 0", Reaction::kServed,
       "msix_messages", "PMX-D-004",
       [](Driver& d) {
         for (unsigned queue = 0; queue < 2; ++queue) {
           d.select(queue);
           d.set(CommonCfg::kQueueMsixVector, 2, 0);
         }
         load(d);
         expect_all_used(d);
       }},
      {area, "table-beyond-its-end", "Entries beyond the table", Reaction::kIgnored, "",
       "PMX-D-002",
       [](Driver& d) {
         for (unsigned vector = 20; vector < 512; vector += 13) {
           msix_entry(d, vector, kNowhere, vector, 0);
           d.expect_equal(d.get(BarLayout::kMsixTable + 16 * vector, 8), 0, "no entry");
         }
       }},
      {area, "table-in-bytes", "Writes of 1 and 2 bytes to the table", Reaction::kIgnored, "",
       "PCIe 4.0 7.7.2",
       [](Driver& d) {
         for (uint32_t at = 0; at < 64; ++at) {
           const uint64_t before = d.get(BarLayout::kMsixTable + (at & ~7u), 8);
           d.set(BarLayout::kMsixTable + at, 1, 0xFF);
           if (at % 2 == 0) d.set(BarLayout::kMsixTable + at, 2, 0xFFFF);
           d.expect_equal(d.get(BarLayout::kMsixTable + (at & ~7u), 8), before, "an entry");
         }
       }},
      {area, "table-rewritten-in-use", "Table entries rewritten under load", Reaction::kServed,
       "msix_messages", "PCIe 4.0 6.1.4",
       [](Driver& d) {
         load(d);
         for (unsigned i = 0; i < 30; ++i) {
           msix_entry(d, 1 + i % 2, RawHost::kMsiWindow, 8 + i % 8, i % 3 == 0 ? 1 : 0);
           d.host.advance(3);
         }
         expect_all_used(d);
       }},
      {area, "message-to-nowhere", "An entry whose address is no memory", Reaction::kDropped,
       "pcie_unsupported_requests", "",
       [](Driver& d) {
         msix_entry(d, 2, kNowhere, 5, 0);
         d.transmit_frame(64);
         expect_all_used(d);
       }},
      {area, "message-into-memory", "An entry whose address is the driver's memory",
       Reaction::kServed, "msix_messages", "",
       [](Driver& d) {
         const uint64_t word = d.writable(8);
         d.host.store<uint64_t>(word, 0);
         msix_entry(d, 2, word, 0xCAFE, 0);
         d.transmit_frame(64);
         expect_all_used(d);
         d.expect_equal(d.host.load<uint64_t>(word), 0xCAFE, "the message");
       }},
      {area, "masked-and-unmasked-under-load", "Vector and function masks flipped under load",
       Reaction::kServed, "msix_messages", "PCIe 4.0 6.1.4",
       [](Driver& d) {
         load(d);
         for (unsigned i = 0; i < 30; ++i) {
           d.set(BarLayout::kMsixTable + 16 * (1 + i % 2) + 12, 4, i / 2 % 2);
           d.host.config_write(PciConfig::kMsixCap + 2, 2, i % 3 == 0 ? 0xC000 : 0x8000);
           d.host.advance(2);
         }
         for (unsigned vector = 0; vector < 3; ++vector) {
           d.set(BarLayout::kMsixTable + 16 * vector + 12, 4, 0);
         }
         d.host.config_write(PciConfig::kMsixCap + 2, 2, 0x8000);
         expect_all_used(d);
         d.expect(d.host.messages[1] + d.host.messages[2] != 0, "messages");
         d.expect_equal(d.get(BarLayout::kMsixPending, 8), 0, "pending bits");
       }},
      {area, "msix-off-under-load", "MSI-X switched off and on under load", Reaction::kServed, "",
       "PIS-D-003",
       [](Driver& d) {
         load(d);
         for (unsigned i = 0; i < 20; ++i) {
           d.host.config_write(PciConfig::kMsixCap + 2, 2, i % 2 == 0 ? 0 : 0x8000);
           d.host.advance(4);
           if (i % 4 == 0) d.get(BarLayout::kIsr, 1);
         }
         d.host.config_write(PciConfig::kMsixCap + 2, 2, 0x8000);
         expect_all_used(d);
         d.get(BarLayout::kIsr, 1);
         d.host.settle();
         d.expect(!d.host.intx, "INTx is not asserted with MSI-X");
       }},
  };
}

std::vector<Attack> controls() {
  const std::string_view area = "PCI controls";
  return {
      {area, "bus-master-off-under-load", "Bus Master Enable cleared and set at many moments",
       Reaction::kServed, "", "PCIe 4.0 7.5.1.1.3",
       [](Driver& d) {
         const auto received = [&d] {
           return d.host.counter("rx_frames") + d.host.counter("rx_drop_not_ready");
         };
         for (unsigned moment = 0; moment < 40; ++moment) {
           const uint64_t before = received();
           load(d, 3);
           // And a chain whose descriptors are read one by one.
           const auto head = static_cast<uint16_t>(d.tx.avail_idx % d.tx.size);
           const auto next = [&](unsigned i) { return static_cast<uint16_t>((head + i) % 16); };
           for (unsigned i = 0; i < 5; ++i) {
             d.desc(d.tx, next(i), d.allocate(64), 20, i == 4 ? 0 : kNext, next(i + 1));
           }
           d.give(d.tx, head);
           d.kick(d.tx);
           d.host.advance(1 + moment);
           d.host.config_write(PciConfig::kCommand, 2, 0x2);
           const uint64_t reads = d.host.counter("dma_reads");
           const uint64_t writes = d.host.counter("dma_writes");
           d.host.settle();
           d.expect_equal(d.host.counter("dma_reads"), reads, "reads while it is clear");
           d.expect_equal(d.host.counter("dma_writes"), writes, "writes while it is clear");
           d.host.config_write(PciConfig::kCommand, 2, 0x6);
           d.host.settle();
           d.expect_equal(d.used_idx(d.tx), d.tx.avail_idx, "used index");
           d.expect_equal(received() - before, 3, "frames received, or dropped and counted");
         }
       }},
      {area, "memory-space-off-under-load", "Memory Space Enable cleared: registers are gone",
       Reaction::kServed, "", "PCIe 4.0 7.5.1.1.3",
       [](Driver& d) {
         load(d);
         d.host.config_write(PciConfig::kCommand, 2, 0x4);
         d.expect_equal(d.get(CommonCfg::kDeviceStatus, 1), 0xFF, "a register that is gone");
         d.set_status(0);
         d.host.settle();
         d.host.config_write(PciConfig::kCommand, 2, 0x6);
         expect_all_used(d);
         d.expect_equal(d.status(), 15, "device_status");
       }},
      {area, "bar-moved-under-load", "The BAR moved under load, also over memory",
       Reaction::kServed, "", "PCIe 4.0 7.5.1.2.1",
       [](Driver& d) {
         load(d);
         for (const uint64_t to : {uint64_t{0x50'0000'0000}, hw::HostMemory::kArenaBase,
                                   uint64_t{0xFFFF'FFFF'FFFF'0000}, uint64_t{0}}) {
           d.host.config_write(PciConfig::kBar0, 4, static_cast<uint32_t>(to));
           d.host.config_write(PciConfig::kBar0 + 4, 4, static_cast<uint32_t>(to >> 32));
           d.expect_equal(d.get(CommonCfg::kDeviceStatus, 1), 0xFF, "the old place");
           d.expect_equal(d.host.memory_read(to + CommonCfg::kDeviceStatus, 1), 15,
                          "the new place");
         }
         d.enable_pci();
         expect_all_used(d);
       }},
      {area, "payload-sizes-rewritten-under-load",
       "Every Max_Payload_Size and Max_Read_Request_Size, reserved ones too, under load",
       Reaction::kServed, "", "PCIe 4.0 7.5.3.4",
       [](Driver& d) {
         for (uint32_t code = 0; code < 8; ++code) {
           load(d, 4);
           d.host.advance(4);
           d.host.config_write(PciConfig::kDeviceControl, 2, code << 5 | (7 - code) << 12);
           expect_all_used(d);
         }
       }},
      {area, "sleep-states", "D3hot in a power management capability that is not there",
       Reaction::kIgnored, "", "PCIe 4.0 7.5.2",
       [](Driver& d) {
         uint32_t at = d.host.config_read(0x34, 1);
         for (unsigned seen = 0; at != 0 && seen < 48; ++seen) {
           d.expect(d.host.config_read(at, 1) != 0x01, "no power management capability");
           at = d.host.config_read(at + 1, 1);
         }
         d.host.config_write(0xE0 + 4, 2, 3);
       }},
      {area, "function-reset-under-load", "Function-level resets at many moments under load",
       Reaction::kReset, "function_resets", "PCIe 4.0 6.6.2",
       [](Driver& d) {
         for (unsigned moment = 0; moment < 60; ++moment) {
           if (moment != 0) d.expect(again(d), "the card comes up again");
           load(d);
           d.host.advance(moment);
           d.host.config_write(PciConfig::kDeviceControl, 2, 0x8000);
           d.host.guard.forget();
           d.host.settle();
         }
         d.enable_pci();
       }},
      {area, "reset-at-every-step", "0 to device_status at many moments under load",
       Reaction::kReset, "device_resets", "RST-D-001, RST-D-002",
       [](Driver& d) {
         for (unsigned moment = 0; moment < 120; ++moment) {
           if (moment != 0) d.expect(again(d), "the card comes up again");
           load(d);
           d.host.advance(moment);
           d.expect(d.reset(), "device_status reads 0 after a reset");
           d.host.settle();
         }
       }},
      {area, "reset-under-a-control-command", "A reset while firmware has a control command",
       Reaction::kReset, "device_resets", "RST-D-002",
       [](Driver& d) {
         for (unsigned moment = 0; moment < 30; ++moment) {
           if (moment != 0) {
             d.free_all();
             d.expect(d.bring_up(kMultiQueueFeatures), "the card comes up again");
           }
           const uint64_t command = d.allocate(8);
           d.host.store<uint32_t>(command, VIRTIO_NET_CTRL_MQ | 2 << 16);
           d.desc(d.control, 1, d.writable(1), 1, kWrite);
           d.post(d.control, command, 4, kNext, 1);
           d.host.advance(moment);
           d.expect(d.reset(), "device_status reads 0 after a reset");
           d.host.settle();
         }
       },
       kMultiQueueFeatures},
  };
}

/// Memory of the driver's own beside the arena, at kRegion.
constexpr uint64_t kRegion = 0x20'0000'0000;
constexpr std::size_t kRegionBytes = 1 << 16;
std::byte* region() {
  static std::vector<std::byte> bytes(kRegionBytes);
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  return bytes.data();
}

void remove_region(Driver& d) {
  d.expect(d.host.memory.remove_region(kRegion, kRegionBytes), "the region is removed");
}

std::vector<Attack> memory() {
  const std::string_view area = "Memory that goes away";
  return {
      {area, "rings-removed-in-use", "The memory of the rings is removed, then a notification",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) {
         d.expect(d.host.memory.add_region(kRegion, region(), kRegionBytes), "a region");
         d.rx = d.make_ring(0);
         d.enable(d.rx, 1);
         d.tx = d.make_ring(1);
         d.tx.desc = kRegion;
         d.tx.avail = kRegion + 0x1000;
         d.tx.used = kRegion + 0x2000;
         d.host.guard.allow(kRegion + 0x2000, SplitRing::used_bytes(d.tx.size));
         d.enable(d.tx, 2);
         d.set(CommonCfg::kConfigMsixVector, 2, Driver::kConfigVector);
         d.set_status(15);
         d.post(d.tx, d.allocate(128), 72);
         d.host.settle();
         d.expect_equal(d.used_idx(d.tx), 1, "used index");
         remove_region(d);
         d.kick(d.tx);
       },
       0, Stage::kFeaturesOk},
      {area, "buffers-removed-in-use", "The memory of frames is removed, then a notification",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) {
         d.expect(d.host.memory.add_region(kRegion, region(), kRegionBytes), "a region");
         for (uint16_t i = 0; i < 12; ++i) {
           d.desc(d.tx, i, kRegion + uint64_t{2048} * i, 1000);
           d.give(d.tx, i);
         }
         remove_region(d);
         d.kick(d.tx);
       }},
      {area, "table-removed-in-use", "The memory of an indirect table is removed",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) {
         d.expect(d.host.memory.add_region(kRegion, region(), kRegionBytes), "a region");
         d.table(kRegion, 0, d.allocate(128), 72);
         d.desc(d.tx, 0, kRegion, 16, kIndirect);
         d.give(d.tx, 0);
         remove_region(d);
         d.kick(d.tx);
       },
       kIndirectFeature},
      {area, "receive-buffers-removed", "The memory of receive buffers is removed",
       Reaction::kNeedsReset, "error_dma_write", "STS-D-002",
       [](Driver& d) {
         d.expect(d.host.memory.add_region(kRegion, region(), kRegionBytes), "a region");
         for (uint16_t i = 0; i < 8; ++i) {
           d.desc(d.rx, i, kRegion + uint64_t{2048} * i, 2048, kWrite);
           d.give(d.rx, i);
         }
         d.host.guard.allow(kRegion, kRegionBytes);
         d.kick(d.rx);
         d.host.settle();
         remove_region(d);
         d.frame_to_card(300);
       },
       0, Stage::kRunning, true},
      {area, "removed-and-back-at-many-moments", "Memory removed under load and put back",
       Reaction::kReset, "device_resets", "STS-D-002",
       [](Driver& d) {
         for (unsigned moment = 0; moment < 40; ++moment) {
           if (moment != 0) d.expect(again(d), "the card comes up again");
           d.expect(d.host.memory.add_region(kRegion, region(), kRegionBytes), "a region");
           d.host.guard.allow(kRegion, kRegionBytes);
           for (uint16_t i = 0; i < 8; ++i) {
             d.desc(d.rx, i, kRegion + uint64_t{2048} * i, 2048, kWrite);
             d.give(d.rx, i);
             d.desc(d.tx, i, kRegion + 0x8000 + uint64_t{2048} * i, 1000);
             d.give(d.tx, i);
           }
           d.kick(d.rx);
           d.kick(d.tx);
           for (unsigned i = 0; i < 4; ++i) d.frame_to_card(600);
           d.host.advance(moment);
           remove_region(d);
           d.host.settle();
           d.expect(d.reset(), "device_status reads 0 after a reset");
         }
       }},
  };
}

}  // namespace

std::vector<Attack> bus_attacks() {
  std::vector<Attack> all = msix();
  for (const auto& more : {controls(), memory()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace ringside::hostile
