// SPDX-License-Identifier: Apache-2.0
// Control commands of every malformed kind.
#include "tests/hostile/attack.h"

namespace ringside::hostile {

namespace {

constexpr uint8_t kMq = VIRTIO_NET_CTRL_MQ, kPairsSet = VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET;

/// Posts `bytes` in one readable descriptor that claims `length`, and an ack byte; the ack.
uint8_t command(Driver& d, const std::vector<uint8_t>& bytes, uint32_t length,
                uint32_t ack_bytes = 1) {
  const uint64_t data = d.allocate(length < 70000 ? length + 8 : 4096);
  for (std::size_t i = 0; i < bytes.size(); ++i) d.host.store(data + i, bytes[i]);
  const uint64_t ack = d.allocate(ack_bytes + 8);
  d.host.guard.allow(ack, 1);
  d.host.store<uint16_t>(ack, 0xEEEE);
  if (length != 0) {
    d.desc(d.control, 1, ack, ack_bytes, kWrite);
    d.post(d.control, data, length, kNext, 1);
  } else {
    d.post(d.control, ack, ack_bytes, kWrite);
  }
  d.host.settle();
  d.expect_equal(d.used_idx(d.control), d.control.avail_idx, "used index of the control queue");
  d.expect_equal(d.host.load<uint8_t>(ack + 1), 0xEE, "the byte behind the ack");
  return d.host.load<uint8_t>(ack);
}

/// What VQ_PAIRS_SET with a good number gets: a card of one pair has no such command.
uint8_t good_answer(const Driver& d) {
  const bool pairs = (d.features & kMultiQueueFeatures) == kMultiQueueFeatures;
  return pairs ? VIRTIO_NET_OK : VIRTIO_NET_ERR;
}

void expect_error(Driver& d, const std::vector<uint8_t>& bytes, uint32_t length) {
  d.expect_equal(command(d, bytes, length), VIRTIO_NET_ERR, "ack");
  d.expect_equal(command(d, {kMq, kPairsSet, 1, 0}, 4), good_answer(d), "ack of a good command");
}

Attack answered(std::string_view name, std::string_view what, std::string_view clause,
                void (*run)(Driver&), uint64_t features = kMultiQueueFeatures) {
  return {"Control commands", name, what, Reaction::kAnswered, "", clause, run, features};
}

}  // namespace

std::vector<Attack> control_attacks() {
  const std::string_view area = "Control commands";
  return {
      answered("command-of-0-bytes", "An ack byte and nothing else", "",
               [](Driver& d) { expect_error(d, {}, 0); }),
      answered("command-of-1-byte", "A class without a command", "",
               [](Driver& d) { expect_error(d, {kMq}, 1); }),
      answered("command-without-data", "VQ_PAIRS_SET without its number", "",
               [](Driver& d) {
                 expect_error(d, {kMq, kPairsSet}, 2);
               }),
      answered("command-too-long", "VQ_PAIRS_SET with three bytes of data", "",
               [](Driver& d) {
                 expect_error(d, {kMq, kPairsSet, 1, 0, 0}, 5);
               }),
      answered("command-of-64-kib", "A good command followed by 64 KiB", "",
               [](Driver& d) {
                 expect_error(d, {kMq, kPairsSet, 1, 0}, 65536);
               }),
      answered("command-of-4-gib", "A command of 2^32 - 1 bytes", "",
               [](Driver& d) {
                 expect_error(d, {kMq, kPairsSet, 1, 0}, 0xFFFF'FFFE);
               }),
      answered("unknown-class", "Every class that is unknown", "",
               [](Driver& d) {
                 for (unsigned i = 0; i < 256; i += 5) {
                   if (i != kMq) expect_error(d, {static_cast<uint8_t>(i), 0, 1, 0}, 4);
                 }
               }),
      answered("unknown-command", "Commands of MQ that are unknown", "",
               [](Driver& d) {
                 for (unsigned i = 1; i < 256; i += 25) {
                   expect_error(d, {kMq, static_cast<uint8_t>(i), 1, 0}, 4);
                 }
               }),
      answered("no-pairs", "VQ_PAIRS_SET 0", "NMQ-R-002",
               [](Driver& d) {
                 expect_error(d, {kMq, kPairsSet, 0, 0}, 4);
               }),
      answered("too-many-pairs", "VQ_PAIRS_SET beyond what the card has, up to 65535", "NMQ-R-002",
               [](Driver& d) {
                 expect_error(d, {kMq, kPairsSet, 3, 0}, 4);
                 expect_error(d, {kMq, kPairsSet, 0, 1}, 4);
                 expect_error(d, {kMq, kPairsSet, 255, 255}, 4);
               }),
      answered(
          "pairs-not-negotiated", "VQ_PAIRS_SET without MQ", "FEA-R-001",
          [](Driver& d) {
            expect_error(d, {kMq, kPairsSet, 1, 0}, 4);
          },
          kControlFeature),
      {area, "pairs-that-are-not-set-up", "VQ_PAIRS_SET 2 with the second pair off",
       Reaction::kServed, "", "NMQ-R-001",
       [](Driver& d) {
         d.expect_equal(command(d, {kMq, kPairsSet, 2, 0}, 4), good_answer(d), "ack");
         for (unsigned i = 0; i < 20; ++i) d.frame_to_card(100 + i);
       },
       kMultiQueueFeatures},
      {area, "no-ack-byte", "A command without a writable byte", Reaction::kNeedsReset,
       "error_no_usable_buffer", "",
       [](Driver& d) {
         const uint64_t data = d.allocate(16);
         d.host.store<uint32_t>(data, kMq | 1 << 16);
         d.post(d.control, data, 4);
       },
       kMultiQueueFeatures},
      {area, "ack-of-4-kib", "An ack buffer of 4 KiB: one byte of it is written", Reaction::kServed,
       "", "VQS-D-016",
       [](Driver& d) {
         d.expect_equal(command(d, {kMq, kPairsSet, 1, 0}, 4, 4096), good_answer(d), "ack");
       },
       kMultiQueueFeatures},
      {area, "command-in-single-bytes", "A command of one byte a descriptor", Reaction::kServed, "",
       "VQS-D-001",
       [](Driver& d) {
         const uint64_t data = d.allocate(16);
         d.host.store<uint32_t>(data, kMq | 1 << 16);
         for (uint16_t i = 1; i < 4; ++i) {
           d.desc(d.control, i, data + i, 1, kNext, static_cast<uint16_t>(i + 1));
         }
         const uint64_t ack = d.writable(1);
         d.host.store<uint8_t>(ack, 0xEE);
         d.desc(d.control, 4, ack, 1, kWrite);
         d.post(d.control, data, 1, kNext, 1);
         d.host.settle();
         d.expect_equal(d.host.load<uint8_t>(ack), good_answer(d), "ack");
       },
       kMultiQueueFeatures},
      {area, "command-outside-memory", "A command where no memory is", Reaction::kNeedsReset,
       "error_dma_read", "STS-D-002",
       [](Driver& d) {
         d.desc(d.control, 1, d.writable(1), 1, kWrite);
         d.post(d.control, kNowhere, 4, kNext, 1);
       },
       kMultiQueueFeatures},
      {area, "ack-outside-memory", "An ack byte where no memory is", Reaction::kNeedsReset,
       "error_dma_write", "STS-D-002",
       [](Driver& d) {
         const uint64_t data = d.allocate(16);
         d.host.store<uint32_t>(data, kMq | 1 << 16);
         d.desc(d.control, 1, kNowhere, 1, kWrite);
         d.post(d.control, data, 4, kNext, 1);
       },
       kMultiQueueFeatures, Stage::kRunning, true},
      {area, "eight-commands-at-once", "A ring full of commands, good and bad", Reaction::kServed,
       "", "",
       [](Driver& d) {
         const uint64_t data = d.allocate(64);
         const uint64_t acks = d.writable(8);
         for (uint16_t i = 0; i < 8; ++i) {
           d.host.store<uint32_t>(data + uint64_t{4} * i, kMq | (i % 2 == 0 ? 1u << 16 : 7u << 16));
           d.host.store<uint8_t>(acks + i, 0xEE);
           d.desc(d.control, 2u * i, data + uint64_t{4} * i, 4, kNext,
                  static_cast<uint16_t>(2 * i + 1));
           d.desc(d.control, 2u * i + 1, acks + i, 1, kWrite);
           d.give(d.control, static_cast<uint16_t>(2 * i));
         }
         d.kick(d.control);
         d.host.settle();
         for (uint16_t i = 0; i < 8; ++i) {
           d.expect_equal(d.host.load<uint8_t>(acks + i),
                          i % 2 == 0 ? good_answer(d) : uint8_t{VIRTIO_NET_ERR}, "ack");
         }
       },
       kMultiQueueFeatures},
  };
}

}  // namespace ringside::hostile
