// SPDX-License-Identifier: Apache-2.0
// Descriptors, indirect tables, addresses and lengths that no driver may write.
#include "tests/hostile/attack.h"

namespace ringside::hostile {

namespace {

/// A readable buffer with a frame of 60 bytes behind its header.
uint64_t frame_buffer(Driver& d) { return d.allocate(4096); }

void indirect(Driver& d, uint64_t table, uint32_t bytes) { d.post(d.tx, table, bytes, kIndirect); }

std::vector<Attack> chains() {
  const std::string_view area = "Descriptor chains";
  return {
      {area, "chain-loops-to-itself", "A descriptor whose `next` is itself", Reaction::kNeedsReset,
       "error_chain_too_long", "VQS-R-004",
       [](Driver& d) { d.post(d.tx, frame_buffer(d), 60, kNext, 0); }},
      {area, "chain-loops", "Two descriptors that name each other as `next`", Reaction::kNeedsReset,
       "error_chain_too_long", "VQS-R-004",
       [](Driver& d) {
         d.desc(d.tx, 1, frame_buffer(d), 60, kNext, 0);
         d.post(d.tx, frame_buffer(d), 60, kNext, 1);
       }},
      {area, "receive-chain-loops", "The same with writable descriptors in a receive queue",
       Reaction::kNeedsReset, "error_chain_too_long", "VQS-R-004",
       [](Driver& d) {
         d.desc(d.rx, 1, d.writable(60), 60, kWrite | kNext, 0);
         d.post(d.rx, d.writable(60), 60, kWrite | kNext, 1);
         d.frame_to_card();
       }},
      {area, "loop-behind-good-frames", "Three good frames, then a loop, in one notification",
       Reaction::kNeedsReset, "error_chain_too_long", "VQS-R-008",
       [](Driver& d) {
         for (uint16_t i = 0; i < 3; ++i) {
           d.desc(d.tx, i, frame_buffer(d), 72);
           d.give(d.tx, i);
         }
         d.desc(d.tx, 3, frame_buffer(d), 72, kNext, 3);
         d.give(d.tx, 3);
         d.kick(d.tx);
       }},
      {area, "next-is-the-queue-size", "`next` one beyond the table", Reaction::kNeedsReset,
       "error_next_out_of_range", "VQS-R-005",
       [](Driver& d) { d.post(d.tx, frame_buffer(d), 60, kNext, d.tx.size); }},
      {area, "next-is-65535", "`next` far beyond the table", Reaction::kNeedsReset,
       "error_next_out_of_range", "VQS-R-005",
       [](Driver& d) { d.post(d.tx, frame_buffer(d), 60, kNext, 65535); }},
      {area, "zero-length", "A readable descriptor of 0 bytes", Reaction::kNeedsReset,
       "error_zero_length", "", [](Driver& d) { d.post(d.tx, frame_buffer(d), 0); }},
      {area, "zero-length-writable", "A writable descriptor of 0 bytes", Reaction::kNeedsReset,
       "error_zero_length", "",
       [](Driver& d) {
         d.post(d.rx, d.writable(64), 0, kWrite);
         d.frame_to_card();
       }},
      {area, "lengths-wrap-readable", "Readable lengths whose sum is beyond 2^32",
       Reaction::kNeedsReset, "error_chain_too_large", "VQS-R-004",
       [](Driver& d) {
         d.desc(d.tx, 1, frame_buffer(d), 0xFFFF'FFFF);
         d.post(d.tx, frame_buffer(d), 0xFFFF'FFFF, kNext, 1);
       }},
      {area, "lengths-wrap-writable", "Writable lengths whose sum is beyond 2^32",
       Reaction::kNeedsReset, "error_chain_too_large", "VQS-R-004",
       [](Driver& d) {
         d.desc(d.rx, 1, d.writable(64), 0x8000'0000, kWrite | kNext, 2);
         d.desc(d.rx, 2, d.writable(64), 0x8000'0000, kWrite);
         d.post(d.rx, d.writable(64), 0x8000'0000, kWrite | kNext, 1);
         d.frame_to_card();
       }},
      {area, "readable-after-writable", "A readable descriptor behind a writable one",
       Reaction::kNeedsReset, "error_readable_after_writable", "VQS-R-002",
       [](Driver& d) {
         d.desc(d.tx, 1, frame_buffer(d), 60);
         d.post(d.tx, d.writable(60), 60, kWrite | kNext, 1);
       }},
      {area, "transmit-without-readable", "A transmit buffer that is writable",
       Reaction::kNeedsReset, "error_no_usable_buffer", "VQS-D-004",
       [](Driver& d) { d.post(d.tx, d.writable(72), 72, kWrite); }},
      {area, "receive-without-writable", "A receive buffer that is readable", Reaction::kNeedsReset,
       "error_no_usable_buffer", "VQS-D-003",
       [](Driver& d) {
         d.post(d.rx, frame_buffer(d), 1600);
         d.frame_to_card();
       }},
      {area, "receive-with-readable-first", "A receive buffer with a readable part in front",
       Reaction::kServed, "rx_frames", "VQS-D-003",
       [](Driver& d) {
         d.desc(d.rx, 1, d.writable(1600), 1600, kWrite);
         d.post(d.rx, frame_buffer(d), 100, kNext, 1);
         d.frame_to_card();
       }},
      {area, "transmit-with-writable-behind", "A transmit buffer with a writable part behind",
       Reaction::kServed, "tx_frames", "VQS-D-004",
       [](Driver& d) {
         d.desc(d.tx, 1, d.writable(64), 64, kWrite);
         d.post(d.tx, frame_buffer(d), 72, kNext, 1);
       }},
      {area, "unknown-flags", "Descriptor flags that have no meaning", Reaction::kServed,
       "tx_frames", "", [](Driver& d) { d.post(d.tx, frame_buffer(d), 72, 0xFFF8, 65535); }},
      {area, "header-too-short", "A transmit buffer of 11 bytes", Reaction::kDropped,
       "tx_drop_short", "NTX-R-001", [](Driver& d) { d.post(d.tx, frame_buffer(d), 11); }},
      {area, "header-alone", "A transmit buffer of a header and nothing", Reaction::kDropped,
       "tx_drop_short", "NTX-R-001", [](Driver& d) { d.post(d.tx, frame_buffer(d), 12); }},
      {area, "runt", "A frame of 13 bytes", Reaction::kDropped, "tx_drop_short", "",
       [](Driver& d) { d.post(d.tx, frame_buffer(d), 25); }},
      {area, "giant", "A frame longer than the MTU allows", Reaction::kDropped, "tx_drop_long",
       "NCF-D-006", [](Driver& d) { d.post(d.tx, frame_buffer(d), 12 + 1519); }},
      {area, "giant-of-4-gib", "A frame of 2^32 - 1 bytes, beyond all memory", Reaction::kDropped,
       "tx_drop_long", "NCF-D-006", [](Driver& d) { d.post(d.tx, frame_buffer(d), 0xFFFF'FFFF); }},
      {area, "header-of-nonsense", "A `virtio_net_hdr` of all ones", Reaction::kServed, "tx_frames",
       "NTX-D-001, NTX-D-002",
       [](Driver& d) {
         const uint64_t buffer = frame_buffer(d);
         for (unsigned i = 0; i < 12; ++i) d.host.store<uint8_t>(buffer + i, 0xFF);
         d.post(d.tx, buffer, 72);
       }},
      {area, "receive-buffer-shorter-than-header", "A receive buffer of 8 bytes",
       Reaction::kDropped, "rx_drop_no_fit", "NRB-R-003",
       [](Driver& d) {
         d.post(d.rx, d.writable(8), 8, kWrite);
         d.frame_to_card();
       }},
      {area, "receive-buffer-too-short", "A receive buffer shorter than the frame that comes",
       Reaction::kDropped, "rx_drop_no_fit", "NRB-R-002",
       [](Driver& d) {
         d.post(d.rx, d.writable(64), 64, kWrite);
         d.frame_to_card(400);
       }},
      {area, "mergeable-buffers-never-enough",
       "A whole ring of mergeable buffers that together are shorter than the frame",
       Reaction::kDropped, "rx_drop_no_fit", "NRB-R-003",
       [](Driver& d) {
         for (uint16_t i = 0; i < d.rx.size; ++i) {
           d.desc(d.rx, i, d.writable(20), 20, kWrite);
           d.give(d.rx, i);
         }
         d.kick(d.rx);
         d.frame_to_card(1000);
       },
       kMergeFeature},
      {area, "receive-buffer-of-4-gib", "A writable buffer that reaches beyond all memory",
       Reaction::kServed, "rx_frames", "",
       [](Driver& d) {
         d.post(d.rx, d.writable(1600), 0xFFFF'FFFF, kWrite);
         d.frame_to_card();
       }},
  };
}

std::vector<Attack> tables() {
  const std::string_view area = "Indirect tables";
  return {
      {area, "indirect-not-negotiated", "INDIRECT without the feature", Reaction::kNeedsReset,
       "error_indirect_not_negotiated", "VQS-R-006",
       [](Driver& d) { indirect(d, d.allocate(64), 32); }},
      {area, "indirect-with-next", "INDIRECT and NEXT in one descriptor", Reaction::kNeedsReset,
       "error_indirect_with_next", "VQS-R-009",
       [](Driver& d) { d.post(d.tx, d.allocate(64), 32, kIndirect | kNext, 1); }, kIndirectFeature},
      {area, "indirect-nested", "INDIRECT inside a table", Reaction::kNeedsReset,
       "error_indirect_nested", "VQS-R-007",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, table, 32, kIndirect);
         indirect(d, table, 32);
       },
       kIndirectFeature},
      {area, "indirect-nested-later", "INDIRECT in the second entry of a table",
       Reaction::kNeedsReset, "error_indirect_nested", "VQS-R-007",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, frame_buffer(d), 72, kNext, 1);
         d.table(table, 1, table, 32, kIndirect);
         indirect(d, table, 32);
       },
       kIndirectFeature},
      {area, "indirect-of-0-bytes", "A table of 0 bytes", Reaction::kNeedsReset,
       "error_indirect_size", "", [](Driver& d) { indirect(d, d.allocate(64), 0); },
       kIndirectFeature},
      {area, "indirect-of-15-bytes", "A table shorter than a descriptor", Reaction::kNeedsReset,
       "error_indirect_size", "", [](Driver& d) { indirect(d, d.allocate(64), 15); },
       kIndirectFeature},
      {area, "indirect-of-17-bytes", "A table of one descriptor and a byte", Reaction::kNeedsReset,
       "error_indirect_size", "", [](Driver& d) { indirect(d, d.allocate(64), 17); },
       kIndirectFeature},
      {area, "indirect-too-large", "A table of 1025 descriptors", Reaction::kNeedsReset,
       "error_indirect_size", "VQS-D-002, VQS-R-003",
       [](Driver& d) { indirect(d, d.allocate(64), 16 * 1025); }, kIndirectFeature},
      {area, "indirect-of-4-gib", "A table of 2^32 - 16 bytes", Reaction::kNeedsReset,
       "error_indirect_size", "VQS-D-002",
       [](Driver& d) { indirect(d, d.allocate(64), 0xFFFF'FFF0); }, kIndirectFeature},
      {area, "indirect-loops", "A loop inside a table", Reaction::kNeedsReset,
       "error_chain_too_long", "VQS-R-004",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, frame_buffer(d), 16, kNext, 1);
         d.table(table, 1, frame_buffer(d), 16, kNext, 0);
         indirect(d, table, 32);
       },
       kIndirectFeature},
      {area, "indirect-next-beyond-table", "`next` beyond the table", Reaction::kNeedsReset,
       "error_next_out_of_range", "VQS-R-010",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, frame_buffer(d), 16, kNext, 2);
         indirect(d, table, 32);
       },
       kIndirectFeature},
      {area, "indirect-zero-length", "A descriptor of 0 bytes inside a table",
       Reaction::kNeedsReset, "error_zero_length", "",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, frame_buffer(d), 0);
         indirect(d, table, 16);
       },
       kIndirectFeature},
      {area, "indirect-readable-after-writable", "The wrong order inside a table",
       Reaction::kNeedsReset, "error_readable_after_writable", "VQS-R-002",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, d.writable(64), 64, kWrite | kNext, 1);
         d.table(table, 1, frame_buffer(d), 72);
         indirect(d, table, 32);
       },
       kIndirectFeature},
      {area, "indirect-out-of-order", "A table whose chain goes backwards", Reaction::kServed,
       "tx_frames", "VQS-R-010",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, frame_buffer(d), 12, kNext, 2);
         d.table(table, 2, frame_buffer(d), 40, kNext, 1);
         d.table(table, 1, frame_buffer(d), 40);
         indirect(d, table, 48);
       },
       kIndirectFeature},
      {area, "indirect-marked-writable", "WRITE on the descriptor of a table", Reaction::kServed,
       "tx_frames", "VQS-D-007",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, frame_buffer(d), 72);
         d.post(d.tx, table, 16, kIndirect | kWrite);
       },
       kIndirectFeature},
      {area, "chain-that-ends-in-a-table", "Direct descriptors, then a table", Reaction::kServed,
       "tx_frames", "VQS-D-008",
       [](Driver& d) {
         const uint64_t table = d.allocate(64);
         d.table(table, 0, frame_buffer(d), 60);
         d.desc(d.tx, 1, table, 16, kIndirect);
         d.post(d.tx, frame_buffer(d), 12, kNext, 1);
       },
       kIndirectFeature},
      {area, "indirect-outside-memory", "A table where no memory is", Reaction::kNeedsReset,
       "error_dma_read", "STS-D-002", [](Driver& d) { indirect(d, kNowhere, 32); },
       kIndirectFeature},
      {area, "indirect-across-the-end", "A table across the end of memory", Reaction::kNeedsReset,
       "error_dma_read", "STS-D-002", [](Driver& d) { indirect(d, d.host.memory_end() - 16, 32); },
       kIndirectFeature},
      {area, "indirect-wraps", "A table across the end of the address space", Reaction::kNeedsReset,
       "error_address_wraps", "", [](Driver& d) { indirect(d, kTop - 15, 32); }, kIndirectFeature},
  };
}

std::vector<Attack> addresses() {
  const std::string_view area = "Addresses";
  return {
      {area, "read-outside-memory", "A frame where no memory is", Reaction::kNeedsReset,
       "error_dma_read", "STS-D-002, STS-D-003", [](Driver& d) { d.post(d.tx, kNowhere, 72); }},
      {area, "read-across-the-end", "A frame across the end of memory", Reaction::kNeedsReset,
       "error_dma_read", "STS-D-002",
       [](Driver& d) { d.post(d.tx, d.host.memory_end() - 40, 72); }},
      {area, "read-at-the-top", "A frame in the last bytes of the address space",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) { d.post(d.tx, kTop - 71, 72); }},
      {area, "read-wraps", "A frame across the end of the address space", Reaction::kNeedsReset,
       "error_address_wraps", "", [](Driver& d) { d.post(d.tx, kTop - 70, 72); }},
      {area, "read-own-bar", "A frame in the card's own registers", Reaction::kNeedsReset,
       "error_dma_read", "STS-D-002", [](Driver& d) { d.post(d.tx, d.host.bar(), 72); }},
      {area, "read-msi-window", "A frame in the interrupt window", Reaction::kNeedsReset,
       "error_dma_read", "STS-D-002", [](Driver& d) { d.post(d.tx, RawHost::kMsiWindow, 72); }},
      {area, "one-good-one-bad-piece", "A frame of which one piece is where no memory is",
       Reaction::kNeedsReset, "error_dma_read", "STS-D-002",
       [](Driver& d) {
         d.desc(d.tx, 1, kNowhere, 40, kNext, 2);
         d.desc(d.tx, 2, frame_buffer(d), 40);
         d.post(d.tx, frame_buffer(d), 12, kNext, 1);
       }},
      {area, "write-outside-memory", "A receive buffer where no memory is", Reaction::kNeedsReset,
       "error_dma_write", "STS-D-002, STS-D-003",
       [](Driver& d) {
         d.post(d.rx, kNowhere, 1600, kWrite);
         d.frame_to_card();
       },
       0, Stage::kRunning, true},
      {area, "write-across-the-end", "A receive buffer across the end of memory",
       Reaction::kNeedsReset, "error_dma_write", "STS-D-002",
       [](Driver& d) {
         d.host.guard.allow(d.host.memory_end() - 40, 40);
         d.post(d.rx, d.host.memory_end() - 40, 1600, kWrite);
         d.frame_to_card();
       },
       0, Stage::kRunning, true},
      {area, "write-at-the-top", "A receive buffer in the last bytes of the address space",
       Reaction::kNeedsReset, "error_dma_write", "STS-D-002",
       [](Driver& d) {
         d.post(d.rx, kTop - 1599, 1600, kWrite);
         d.frame_to_card();
       },
       0, Stage::kRunning, true},
      {area, "write-wraps", "A receive buffer across the end of the address space",
       Reaction::kNeedsReset, "error_address_wraps", "",
       [](Driver& d) {
         d.post(d.rx, kTop - 100, 1600, kWrite);
         d.frame_to_card();
       }},
      {area, "write-own-bar", "A receive buffer in the card's own registers", Reaction::kNeedsReset,
       "error_dma_write", "STS-D-002",
       [](Driver& d) {
         d.post(d.rx, d.host.bar(), 1600, kWrite);
         d.frame_to_card();
       },
       0, Stage::kRunning, true},
      {area, "write-msi-window", "A receive buffer of 4-byte pieces in the interrupt window",
       Reaction::kServed, "rx_frames", "",
       [](Driver& d) {
         const uint64_t before = d.host.messages[0];
         for (uint16_t i = 1; i < 3; ++i) {
           d.desc(d.rx, i, RawHost::kMsiWindow, 4, kWrite | kNext, static_cast<uint16_t>(i + 1));
         }
         d.desc(d.rx, 3, d.writable(1600), 1600, kWrite);
         d.post(d.rx, RawHost::kMsiWindow, 4, kWrite | kNext, 1);
         d.frame_to_card();
         d.host.settle();
         // The header's words are messages of the driver's own making.
         d.expect(d.host.messages[0] > before, "the words of the header arrive as messages");
       }},
      {area, "buffer-is-read-only-data", "A receive buffer that is also the frame being sent",
       Reaction::kServed, "tx_frames", "",
       [](Driver& d) {
         const uint64_t both = d.writable(1600);
         d.post(d.rx, both, 1600, kWrite);
         d.post(d.tx, both, 72);
         d.frame_to_card();
       }},
  };
}

}  // namespace

std::vector<Attack> descriptor_attacks() {
  std::vector<Attack> all = chains();
  for (const auto& more : {tables(), addresses()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace ringside::hostile
