// SPDX-License-Identifier: Apache-2.0
// Available rings that lie, rings in wrong places, queues that are set up wrongly, notifications.
#include "tests/hostile/attack.h"

namespace ringside::hostile {

namespace {

void set_avail(Driver& d, Ring& ring, uint16_t index) {
  ring.avail_idx = index;
  d.host.store(ring.avail + SplitRing::kAvailIdx, index);
  d.kick(ring);
}

void good_frame(Driver& d, uint16_t slot = 0) {
  d.desc(d.tx, slot, d.allocate(128), 72);
  d.give(d.tx, slot);
}

/// Sets a transmit queue up with other places than make_ring() gave, up to DRIVER_OK, and sends a
/// frame.
void run_with(Driver& d, uint64_t desc, uint64_t avail, uint64_t used) {
  d.set(CommonCfg::kConfigMsixVector, 2, Driver::kConfigVector);
  d.rx = d.make_ring(0);
  d.enable(d.rx, 1);
  d.tx = d.make_ring(1);
  if (desc != 0) d.tx.desc = desc;
  if (avail != 0) d.tx.avail = avail;
  if (used != 0) d.tx.used = used;
  d.enable(d.tx, 2);
  d.set_status(15);
  d.expect_equal(d.status(), 15, "device_status");
  good_frame(d);
  d.kick(d.tx);
}

/// Enables a queue whose registers hold `desc`, `avail`, `used` where they are not 0.
void enable_with(Driver& d, uint64_t desc, uint64_t avail, uint64_t used) {
  Ring ring = d.make_ring(1);
  if (desc != 0) ring.desc = desc;
  if (avail != 0) ring.avail = avail;
  if (used != 0) ring.used = used;
  d.enable(ring, 2);
}

void size_is_ignored(Driver& d, uint16_t size) {
  d.select(1);
  const uint64_t before = d.get(CommonCfg::kQueueSize, 2);
  d.set(CommonCfg::kQueueSize, 2, size);
  d.expect_equal(d.get(CommonCfg::kQueueSize, 2), before, "queue_size");
  d.finish_bring_up(0);
  d.set_status(15);
}

std::vector<Attack> available() {
  const std::string_view area = "Available rings";
  return {
      {area, "index-jumps-by-one-too-many", "An available index one more than the ring holds",
       Reaction::kNeedsReset, "error_avail_index_jump", "VQS-R-011",
       [](Driver& d) { set_avail(d, d.tx, static_cast<uint16_t>(d.tx.size + 1)); }},
      {area, "index-jumps-far", "An available index 32768 ahead", Reaction::kNeedsReset,
       "error_avail_index_jump", "VQS-R-011", [](Driver& d) { set_avail(d, d.tx, 0x8000); }},
      {area, "index-goes-back", "An available index that goes back by one", Reaction::kNeedsReset,
       "error_avail_index_jump", "VQS-R-011",
       [](Driver& d) {
         good_frame(d, 0);
         good_frame(d, 1);
         d.kick(d.tx);
         d.host.settle();
         set_avail(d, d.tx, 1);
       }},
      {area, "index-goes-back-with-event-idx", "The same with EVENT_IDX", Reaction::kNeedsReset,
       "error_avail_index_jump", "VQS-R-011",
       [](Driver& d) {
         good_frame(d, 0);
         good_frame(d, 1);
         d.kick(d.tx);
         d.host.settle();
         set_avail(d, d.tx, 0xFFFF);
       },
       kEventIdxFeature},
      {area, "receive-index-jumps", "The same in a receive queue", Reaction::kNeedsReset,
       "error_avail_index_jump", "VQS-R-011",
       [](Driver& d) {
         set_avail(d, d.rx, 17);
         d.frame_to_card();
       }},
      {area, "head-is-the-queue-size", "A head one beyond the table", Reaction::kNeedsReset,
       "error_head_out_of_range", "",
       [](Driver& d) {
         d.give(d.tx, d.tx.size);
         d.kick(d.tx);
       }},
      {area, "head-is-65535", "A head far beyond the table", Reaction::kNeedsReset,
       "error_head_out_of_range", "",
       [](Driver& d) {
         d.give(d.tx, 65535);
         d.kick(d.tx);
       }},
      {area, "bad-head-behind-good-ones", "A bad head behind good frames", Reaction::kNeedsReset,
       "error_head_out_of_range", "",
       [](Driver& d) {
         for (uint16_t i = 0; i < 5; ++i) good_frame(d, i);
         d.give(d.tx, 300);
         d.kick(d.tx);
       }},
      {area, "head-twice", "One head twice in the ring", Reaction::kServed, "tx_frames", "",
       [](Driver& d) {
         good_frame(d);
         d.give(d.tx, 0);
         d.kick(d.tx);
         d.host.settle();
         d.expect_equal(d.used_idx(d.tx), 2, "used index");
       }},
      {area, "receive-head-twice", "One receive buffer twice: two frames go to one place",
       Reaction::kServed, "rx_frames", "",
       [](Driver& d) {
         d.desc(d.rx, 0, d.writable(1600), 1600, kWrite);
         d.give(d.rx, 0);
         d.give(d.rx, 0);
         d.kick(d.rx);
         d.frame_to_card(100);
         d.frame_to_card(200);
         d.host.settle();
         d.expect_equal(d.used_idx(d.rx), 2, "used index");
       }},
      {area, "available-flags-of-nonsense", "Available flags of 0xFFFE", Reaction::kServed,
       "tx_frames", "VQS-R-012",
       [](Driver& d) {
         d.host.store<uint16_t>(d.tx.avail, 0xFFFE);
         good_frame(d);
         d.kick(d.tx);
       }},
      {area, "used-event-of-nonsense", "A `used_event` that is nowhere near", Reaction::kServed,
       "tx_frames", "VQS-D-014",
       [](Driver& d) {
         d.host.store<uint16_t>(d.tx.avail + SplitRing::used_event(d.tx.size), 0x7777);
         good_frame(d);
         d.kick(d.tx);
         d.host.settle();
         d.expect_equal(d.host.messages[2], 0, "interrupts that nobody asked for");
       },
       kEventIdxFeature},
      {area, "used-ring-scribbled", "The driver writes all over the used ring", Reaction::kServed,
       "tx_frames", "",
       [](Driver& d) {
         for (unsigned i = 0; i < SplitRing::used_bytes(d.tx.size); ++i) {
           d.host.store<uint8_t>(d.tx.used + i, 0xA5);
         }
         good_frame(d);
         d.kick(d.tx);
         d.host.settle();
         d.expect_equal(d.used_idx(d.tx), 1, "used index");
       }},
      {area, "descriptor-changed-in-flight", "Descriptors rewritten after the notification",
       Reaction::kServed, "tx_frames", "",
       [](Driver& d) {
         const uint64_t before = d.host.counter("tx_frames");
         for (unsigned moment = 0; moment < 40; ++moment) {
           good_frame(d, static_cast<uint16_t>(d.tx.avail_idx % d.tx.size));
           d.kick(d.tx);
           d.host.advance(moment);
           for (unsigned i = 0; i < d.tx.size; ++i) d.desc(d.tx, i, d.allocate(128), 72);
           d.host.settle();
         }
         d.expect_equal(d.host.counter("tx_frames") - before, 40, "frames");
       }},
  };
}

std::vector<Attack> places() {
  const std::string_view area = "Places of rings";
  return {
      {area, "descriptor-table-unaligned", "A descriptor table off 16 bytes", Reaction::kNeedsReset,
       "error_queue_setup", "VQS-R-001",
       [](Driver& d) { enable_with(d, d.allocate(512) + 8, 0, 0); }, 0, Stage::kFeaturesOk},
      {area, "available-ring-unaligned", "An available ring at an odd address",
       Reaction::kNeedsReset, "error_queue_setup", "VQS-R-001",
       [](Driver& d) { enable_with(d, 0, d.allocate(512) + 1, 0); }, 0, Stage::kFeaturesOk},
      {area, "used-ring-unaligned", "A used ring off 4 bytes", Reaction::kNeedsReset,
       "error_queue_setup", "VQS-R-001",
       [](Driver& d) { enable_with(d, 0, 0, d.allocate(512) + 2); }, 0, Stage::kFeaturesOk},
      {area, "descriptor-table-wraps", "A descriptor table across the end of the address space",
       Reaction::kNeedsReset, "error_queue_setup", "VQS-R-001",
       [](Driver& d) { enable_with(d, kTop - 127, 0, 0); }, 0, Stage::kFeaturesOk},
      {area, "used-ring-wraps", "A used ring across the end of the address space",
       Reaction::kNeedsReset, "error_queue_setup", "VQS-R-001",
       [](Driver& d) { enable_with(d, 0, 0, kTop - 63); }, 0, Stage::kFeaturesOk},
      {area, "descriptor-table-outside-memory", "A descriptor table where no memory is",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) { run_with(d, kNowhere, 0, 0); }, 0, Stage::kFeaturesOk},
      {area, "available-ring-outside-memory", "An available ring where no memory is",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) { run_with(d, 0, kNowhere, 0); }, 0, Stage::kFeaturesOk},
      {area, "available-ring-across-the-end", "An available ring across the end of memory",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) { run_with(d, 0, d.host.memory_end() - 2, 0); }, 0, Stage::kFeaturesOk},
      {area, "used-ring-outside-memory", "A used ring where no memory is", Reaction::kNeedsReset,
       "error_dma_write", "STS-D-002", [](Driver& d) { run_with(d, 0, 0, kNowhere); }, 0,
       Stage::kFeaturesOk, true},
      {area, "used-ring-in-msi-window", "A used ring in the interrupt window",
       Reaction::kNeedsReset, "error_dma_write", "STS-D-002",
       [](Driver& d) { run_with(d, 0, 0, RawHost::kMsiWindow); }, 0, Stage::kFeaturesOk, true},
      {area, "used-ring-in-own-bar", "A used ring in the card's own registers",
       Reaction::kNeedsReset, "error_dma_write", "STS-D-002",
       [](Driver& d) { run_with(d, 0, 0, d.host.bar() + BarLayout::kMsixTable); }, 0,
       Stage::kFeaturesOk, true},
      {area, "descriptor-table-in-own-bar", "A descriptor table in the card's own registers",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) { run_with(d, d.host.bar(), 0, 0); }, 0, Stage::kFeaturesOk},
      {area, "used-ring-over-available-ring", "Used and available ring in one place",
       Reaction::kServed, "tx_frames", "",
       [](Driver& d) {
         const uint64_t both = d.writable(512);
         run_with(d, 0, both, both);
       },
       0, Stage::kFeaturesOk},
      {area, "rings-of-two-queues-in-one-place", "Both queues with the same rings",
       Reaction::kServed, "tx_frames", "",
       [](Driver& d) {
         d.tx = d.make_ring(1);
         d.rx = d.tx;
         d.rx.index = 0;
         d.enable(d.rx, 1);
         d.enable(d.tx, 2);
         d.set_status(15);
         good_frame(d);
         d.kick(d.tx);
       },
       0, Stage::kFeaturesOk},
  };
}

std::vector<Attack> set_up() {
  const std::string_view area = "Setting queues up";
  return {
      {area, "queue-size-0", "0 to queue_size", Reaction::kIgnored, "", "PCC-R-002, PCC-D-015",
       [](Driver& d) { size_is_ignored(d, 0); }, 0, Stage::kFeaturesOk},
      {area, "queue-size-no-power-of-two", "3 to queue_size", Reaction::kIgnored, "",
       "PCC-R-003, PCC-D-015", [](Driver& d) { size_is_ignored(d, 3); }, 0, Stage::kFeaturesOk},
      {area, "queue-size-above-the-largest", "32768 to queue_size", Reaction::kIgnored, "",
       "PCC-D-015", [](Driver& d) { size_is_ignored(d, 32768); }, 0, Stage::kFeaturesOk},
      {area, "queue-enable-0", "0 to queue_enable", Reaction::kNeedsReset, "error_queue_setup",
       "PCC-R-006",
       [](Driver& d) {
         d.select(1);
         d.set(CommonCfg::kQueueEnable, 2, 0);
       }},
      {area, "queue-enable-2", "2 to queue_enable", Reaction::kNeedsReset, "error_queue_setup",
       "PCC-R-006",
       [](Driver& d) {
         d.select(1);
         d.set(CommonCfg::kQueueEnable, 2, 2);
       }},
      {area, "queue-enable-twice", "1 to queue_enable of a queue that is on", Reaction::kIgnored,
       "", "PCC-R-004",
       [](Driver& d) {
         for (unsigned queue = 0; queue < 2; ++queue) {
           d.select(queue);
           d.set(CommonCfg::kQueueEnable, 2, 1);
           d.expect_equal(d.get(CommonCfg::kQueueEnable, 2), 1, "queue_enable");
         }
       }},
      {area, "queue-enable-before-features", "queue_enable before FEATURES_OK",
       Reaction::kNeedsReset, "error_queue_setup", "INI-R-001",
       [](Driver& d) {
         d.set_status(3);
         const Ring ring = d.make_ring(1);
         d.enable(ring, 2);
       },
       0, Stage::kEnumerated},
      {area, "queue-enable-without-places", "queue_enable with all places 0, then a notification",
       Reaction::kNeedsReset, "error_dma_read", "PCC-R-004",
       [](Driver& d) {
         d.set(CommonCfg::kConfigMsixVector, 2, Driver::kConfigVector);
         d.select(1);
         d.set(CommonCfg::kQueueEnable, 2, 1);
         d.set_status(15);
         d.kick(1);
       },
       0, Stage::kFeaturesOk},
      {area, "registers-of-a-running-queue", "New size and places for a queue that is on",
       Reaction::kIgnored, "", "PCC-R-004",
       [](Driver& d) {
         for (unsigned queue = 0; queue < 2; ++queue) {
           d.select(queue);
           d.set(CommonCfg::kQueueSize, 2, 4);
           d.set(CommonCfg::kQueueDesc, 8, kNowhere);
           d.set(CommonCfg::kQueueDriver, 8, kNowhere);
           d.set(CommonCfg::kQueueDevice, 8, kNowhere);
           d.expect_equal(d.get(CommonCfg::kQueueSize, 2), Driver::kRingSize, "queue_size");
         }
       }},
      {area, "queue-select-out-of-range", "queue_select 5 to 65535, and every register behind it",
       Reaction::kIgnored, "", "PCC-D-014",
       [](Driver& d) {
         for (const unsigned queue : {2u, 5u, 16u, 17u, 32u, 64u, 1000u, 65535u}) {
           d.select(queue);
           d.expect_equal(d.get(CommonCfg::kQueueSize, 2), 0, "queue_size");
           for (uint32_t at = CommonCfg::kQueueSize; at < 0x40; at += 2) d.set(at, 2, 0xFFFF);
           d.set(CommonCfg::kQueueEnable, 2, 1);
           d.expect_equal(d.get(CommonCfg::kQueueEnable, 2), 0, "queue_enable");
         }
       }},
      {area, "queue-reset-not-offered", "1 to queue_reset without RING_RESET", Reaction::kIgnored,
       "", "FEA-R-001",
       [](Driver& d) {
         d.select(1);
         d.set(CommonCfg::kQueueReset, 2, 1);
         d.expect_equal(d.get(CommonCfg::kQueueReset, 2), 0, "queue_reset");
       }},
  };
}

uint32_t ring_state(const Ring& ring) {
  return BarLayout::kRingState + hw::RingState::kSize * ring.index;
}

std::vector<Attack> ring_states() {
  const std::string_view area = "Index and suspension of queues";
  return {
      {area, "index-of-a-running-queue", "Another index for a queue that is on", Reaction::kIgnored,
       "", "",
       [](Driver& d) {
         for (const Ring* ring : {&d.rx, &d.tx}) {
           d.set(ring_state(*ring), 2, 0x7777);
           d.set(ring_state(*ring), 4, 0x7777);
           d.expect_equal(d.get(ring_state(*ring), 2), 0, "index");
         }
       }},
      {area, "index-that-is-not-the-rings", "An index to go on from that the ring is nowhere near",
       Reaction::kNeedsReset, "error_avail_index_jump", "VQS-R-011",
       [](Driver& d) {
         d.set(CommonCfg::kConfigMsixVector, 2, Driver::kConfigVector);
         d.tx = d.make_ring(1);
         d.set(ring_state(d.tx), 2, 0x1234);
         d.enable(d.tx, 2);
         d.set_status(15);
         good_frame(d);
         d.kick(d.tx);
       },
       0, Stage::kFeaturesOk},
      {area, "state-of-no-queue", "Index and suspension of queues that do not exist",
       Reaction::kIgnored, "", "",
       [](Driver& d) {
         for (unsigned queue = 2; queue < BarLayout::kRingStateBytes / 8; ++queue) {
           const uint32_t at = BarLayout::kRingState + hw::RingState::kSize * queue;
           for (unsigned width = 1; width <= 8; width *= 2) d.set(at, width, kTop);
           d.set(at + 4, 4, kTop);
           d.expect_equal(d.get(at, 4), 0, "state of no queue");
         }
       }},
      {area, "state-in-bytes", "Accesses of 1 and 8 bytes to index and suspension",
       Reaction::kIgnored, "", "",
       [](Driver& d) {
         for (unsigned i = 0; i < 4; ++i) d.set(ring_state(d.tx) + i, 1, 1);
         d.set(ring_state(d.tx), 8, kTop);
         d.expect_equal(d.get(ring_state(d.tx), 4), 0, "state");
       }},
      {area, "suspended-and-left", "Queues suspended under load, and nothing after it",
       Reaction::kServed, "", "",
       [](Driver& d) {
         d.post_receive(8);
         for (unsigned i = 0; i < 8; ++i) d.transmit_frame(64 + 100 * i);
         d.host.advance(7);
         for (const Ring* ring : {&d.rx, &d.tx}) {
           d.set(ring_state(*ring) + hw::RingState::kSuspend, 2, 1);
         }
         for (unsigned i = 0; i < 8; ++i) d.frame_to_card(100 + i);
         d.host.settle();
         const uint64_t writes = d.host.guard.writes();
         for (const Ring* ring : {&d.rx, &d.tx}) {
           d.expect_equal(d.get(ring_state(*ring) + hw::RingState::kSuspend, 2),
                          hw::RingState::kSuspended, "state");
           d.kick(*ring);
         }
         d.host.settle();
         d.expect_equal(d.host.guard.writes(), writes, "writes of a suspended queue");
       }},
      {area, "suspension-storm", "Queues suspended and resumed at many moments under load",
       Reaction::kServed, "", "",
       [](Driver& d) {
         for (unsigned moment = 0; moment < 60; ++moment) {
           for (unsigned i = 0; i < 3; ++i) d.transmit_frame(64 + 100 * i);
           d.host.advance(moment % 20);
           d.set(ring_state(d.tx) + hw::RingState::kSuspend, 2, 1);
           d.host.advance(moment / 3);
           d.set(ring_state(d.tx) + hw::RingState::kSuspend, 2, 0);
           d.host.settle();
           d.expect_equal(d.used_idx(d.tx), d.tx.avail_idx, "used index");
         }
         d.expect_equal(d.host.frames_from_card, 180, "frames");
       }},
  };
}

std::vector<Attack> notifications() {
  const std::string_view area = "Notifications";
  return {
      {area, "doorbell-of-a-queue-that-is-off", "Notifications of queues that are not enabled",
       Reaction::kIgnored, "doorbells", "VQS-D-022",
       [](Driver& d) {
         for (unsigned i = 0; i < 20; ++i) d.kick(2 + i % 3);
       },
       kMultiQueueFeatures},
      {area, "doorbell-of-no-queue", "Notifications beyond the last queue", Reaction::kIgnored, "",
       "VQS-D-022",
       [](Driver& d) {
         for (unsigned queue = 3; queue < 1024; queue += 7) d.kick(queue);
       }},
      {area, "doorbell-before-driver-ok", "Notifications before DRIVER_OK", Reaction::kIgnored, "",
       "INI-R-007, STS-D-001",
       [](Driver& d) {
         d.finish_bring_up(0);
         d.post_receive(4);
         const uint64_t reads = d.host.counter("dma_reads");
         for (unsigned i = 0; i < 10; ++i) d.kick(i % 3);
         d.host.settle();
         d.expect_equal(d.host.counter("dma_reads"), reads, "DMA before DRIVER_OK");
         d.expect_equal(d.used_idx(d.rx), 0, "used index");
         d.reset();
         d.negotiate(kBasicFeatures);
         d.finish_bring_up(0);
         d.set_status(15);
       },
       0, Stage::kFeaturesOk},
      {area, "doorbell-storm", "2000 notifications of nothing", Reaction::kIgnored, "doorbells",
       "VQS-D-022",
       [](Driver& d) {
         for (unsigned i = 0; i < 2000; ++i) d.kick(i % 2);
       }},
      {area, "doorbell-of-any-width", "Notifications of 1, 2, 4 and 8 bytes with any data",
       Reaction::kIgnored, "doorbells", "PAN-R-001, PAN-R-003",
       [](Driver& d) {
         for (const unsigned width : {1u, 2u, 4u, 8u}) {
           d.set(BarLayout::kNotify + 8, width, kTop);
           d.set(BarLayout::kNotify, width, kTop);
         }
       }},
      {area, "notification-data-of-nonsense", "NOTIFICATION_DATA that says anything",
       Reaction::kIgnored, "doorbells", "PAN-R-004",
       [](Driver& d) {
         for (unsigned i = 0; i < 50; ++i) {
           d.set(BarLayout::kNotify + 4 * (i % 2), 4, uint64_t{0x01010101} * i);
         }
       },
       formats::feature_bit(VIRTIO_F_NOTIFICATION_DATA)},
  };
}

}  // namespace

std::vector<Attack> ring_attacks() {
  std::vector<Attack> all = available();
  for (const auto& more : {places(), set_up(), ring_states(), notifications()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace ringside::hostile
