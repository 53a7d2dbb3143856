// SPDX-License-Identifier: Apache-2.0
// DMA over a link to a root complex and back. One simulation a process: run by CTest.
#include <algorithm>

#include "tests/support/gtest.h"
#include "tests/unit/pcie/tlp_rig.h"

namespace ringside::test {
namespace {

using hw::Purpose;

constexpr uint64_t kBase = TlpRig::kBase;

TEST(DmaEngine, WritesAreCutAndArriveWhole) {
  TlpRig rig;
  std::vector<std::byte> bytes(5000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
  at(1000, [&] { rig.engine.write(Purpose::kPayload, kBase + 0x1F03, bytes, now_ps()); });
  sc_core::sc_start();
  EXPECT_EQ(rig.bytes_at(kBase + 0x1F03, bytes.size()), bytes);
  uint64_t next = kBase + 0x1F03;
  for (const auto& write : rig.observer.writes) {
    EXPECT_EQ(write.bus, next);
    EXPECT_EQ(write.bus >> 12, (write.bus + write.size - 1) >> 12);
    EXPECT_LE((write.bus & 3) + write.size, 256u);
    next += write.size;
  }
  EXPECT_EQ(next, kBase + 0x1F03 + bytes.size());
}

TEST(DmaEngine, ReadsGiveWhatMemoryHolds) {
  TlpRig rig;
  rig.fill();
  const std::pair<uint64_t, uint32_t> cases[] = {
      {0, 64}, {1, 1}, {63, 2}, {0xFFD, 7}, {0x1000, 4096}, {0x2345, 9018}, {3, 100'000}};
  at(1000, [&] {
    uint32_t handle = 0;
    for (const auto& [offset, size] : cases) {
      rig.engine.read(handle++, Purpose::kPayload, kBase + offset, size, now_ps());
    }
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.client.done.size(), std::size(cases));
  for (const ReadDone& read : rig.client.done) {
    const auto& [offset, size] = cases[read.handle];
    EXPECT_TRUE(read.ok);
    EXPECT_EQ(read.data, rig.bytes_at(kBase + offset, size)) << offset << " " << size;
    EXPECT_EQ(read.at_ps, read.now_ps);
  }
  EXPECT_EQ(rig.engine.tags_in_use(), 0u);
  EXPECT_EQ(rig.engine.bytes_in_flight(), 0u);
  EXPECT_TRUE(rig.engine.idle());
  EXPECT_EQ(rig.engine.counters().unexpected_completions, 0u);
}

TEST(DmaEngine, RequestsAreCut) {
  TlpRig rig;
  std::vector<hw::Tlp> sent;
  rig.link.up().inject([&](hw::Tlp& tlp) {
    sent.push_back(tlp);
    return true;
  });
  at(0, [&] { rig.engine.read(0, Purpose::kPayload, kBase + 0xE01, 5000, now_ps()); });
  sc_core::sc_start();
  // 511 bytes and one before them make 128 double words; then up to 4 KiB; then MRRS at a time.
  ASSERT_GE(sent.size(), 3u);
  EXPECT_EQ(sent[0].length, 511u);
  uint64_t next = kBase + 0xE01;
  unsigned bursts = 0;
  for (const hw::Tlp& tlp : sent) {
    EXPECT_EQ(tlp.address, next);
    EXPECT_LE((tlp.address & 3) + tlp.length, 512u) << "Length is in double words, at most MRRS";
    EXPECT_EQ(tlp.address >> 12, (tlp.address + tlp.length - 1) >> 12) << "4 KiB";
    if (!tlp.more) ++bursts;
    next += tlp.length;
  }
  EXPECT_EQ(next, kBase + 0xE01 + 5000);
  // Twelve take some 9 ns on the link: the root complex is told of them in bursts of 5 ns.
  EXPECT_FALSE(sent.back().more);
  EXPECT_EQ(bursts, 2u);
  EXPECT_EQ(rig.engine.counters().read_requests, sent.size());
}

TEST(DmaEngine, TagsAreNeverUsedTwiceAtATime) {
  TlpRigConfig config;
  config.dma.tags = 3;
  config.root.read_jitter_ps = 1'000'000;
  config.root.reorder = true;
  TlpRig rig(config);
  rig.fill();
  std::vector<int> in_flight(3);
  unsigned most = 0;
  rig.link.up().inject([&](hw::Tlp& tlp) {
    EXPECT_LT(tlp.tag, 3u);
    EXPECT_EQ(++in_flight[tlp.tag], 1);
    most = std::max(most, rig.engine.tags_in_use());
    return true;
  });
  rig.link.down().inject([&](hw::Tlp& tlp) {
    if (tlp.byte_count == tlp.length) --in_flight[tlp.tag];
    return true;
  });
  at(0, [&] {
    for (uint32_t i = 0; i < 20; ++i) {
      rig.engine.read(i, Purpose::kPayload, kBase + 4096UL * i, 1500, now_ps());
    }
    EXPECT_EQ(rig.engine.tags_in_use(), 3u);
    EXPECT_EQ(rig.engine.reads_waiting(), 19u) << "the first is asked for";
  });
  sc_core::sc_start();
  EXPECT_EQ(most, 3u);
  ASSERT_EQ(rig.client.done.size(), 20u);
  for (const ReadDone& read : rig.client.done) {
    EXPECT_EQ(read.data, rig.bytes_at(kBase + 4096UL * read.handle, 1500));
  }
  EXPECT_EQ(rig.engine.tags_in_use(), 0u);
}

// Reads beyond so many wait, whatever tags and room there are; a place is used again as much later
// as the configuration says.
TEST(DmaEngine, OperationsBound) {
  TlpRigConfig config;
  config.dma.operations = 2;
  config.dma.reuse_ps = 30'000;
  TlpRig rig(config);
  rig.fill();
  unsigned most = 0;
  unsigned begun = 0;
  rig.link.up().inject([&](hw::Tlp& tlp) {
    if (tlp.address % 4096 == 0) ++begun;
    most = std::max(most, begun - static_cast<unsigned>(rig.client.done.size()));
    return true;
  });
  at(0, [&] {
    for (uint32_t i = 0; i < 7; ++i) {
      rig.engine.read(i, Purpose::kPayload, kBase + 4096UL * i, 1500, now_ps());
    }
    EXPECT_EQ(rig.engine.reads_waiting(), 5u);
    EXPECT_EQ(begun, 2u);
  });
  sc_core::sc_start();
  EXPECT_EQ(most, 2u);
  ASSERT_EQ(rig.client.done.size(), 7u);
  // The third begins when the first has ended, and takes a round trip from there.
  const hw::TimePs trip = rig.client.done[0].at_ps;
  EXPECT_GE(rig.client.done[2].at_ps, rig.client.done[0].at_ps + trip + config.dma.reuse_ps);
  EXPECT_LT(rig.client.done[2].at_ps, rig.client.done[0].at_ps + trip + 2 * config.dma.reuse_ps);
  for (const ReadDone& read : rig.client.done) EXPECT_TRUE(read.ok);
  EXPECT_TRUE(rig.engine.idle());
}

// However many others came before, every other place is for a read of payload.
TEST(DmaEngine, ReadsOfPayloadAndOthersThatWaitTakeTurns) {
  TlpRigConfig config;
  config.dma.operations = 1;
  TlpRig rig(config);
  rig.fill();
  std::string order;
  rig.link.up().inject([&](hw::Tlp& tlp) {
    order += tlp.purpose == Purpose::kPayload ? 'p' : 'd';
    return true;
  });
  at(0, [&] {
    for (uint32_t i = 0; i < 12; ++i) {
      rig.engine.read(i, i < 8 ? Purpose::kDescriptors : Purpose::kPayload, kBase + 4096UL * i, 16,
                      now_ps());
    }
    EXPECT_EQ(rig.engine.reads_waiting(), 11u);
    EXPECT_EQ(rig.engine.payload_waiting(), 4u);
  });
  sc_core::sc_start();
  EXPECT_EQ(order, "ddpdpdpdpddd") << "the second was granted when nothing else waited";
  EXPECT_EQ(rig.client.done.size(), 12u);
  EXPECT_TRUE(rig.engine.idle());
}

TEST(DmaEngine, TheReassemblyBufferBounds) {
  TlpRigConfig config;
  config.dma.reassembly_bytes = 1024;
  TlpRig rig(config);
  rig.fill();
  uint32_t most = 0;
  rig.link.up().inject([&](hw::Tlp&) {
    most = std::max(most, rig.engine.bytes_in_flight());
    return true;
  });
  at(0, [&] {
    for (uint32_t i = 0; i < 10; ++i) {
      rig.engine.read(i, Purpose::kPayload, kBase + 4096UL * i, 700, now_ps());
    }
    // Larger than the buffer: in pieces.
    rig.engine.read(10, Purpose::kPayload, kBase + 1, 10'000, now_ps());
  });
  sc_core::sc_start();
  EXPECT_LE(most, 1024u);
  EXPECT_GT(most, 1024u - 512);
  ASSERT_EQ(rig.client.done.size(), 11u);
  EXPECT_EQ(rig.client.done[10].data, rig.bytes_at(kBase + 1, 10'000));
  EXPECT_TRUE(rig.engine.idle());
}

TEST(DmaEngine, AClientMayAskForMoreInItsAnswer) {
  TlpRigConfig config;
  config.dma.tags = 2;
  TlpRig rig(config);
  rig.fill();
  rig.client.then = [&](uint32_t handle) {
    if (handle < 10) {
      rig.engine.read(handle + 1, Purpose::kDescriptors, kBase + 64UL * handle + 64, 1000,
                      now_ps());
    }
  };
  at(0, [&] { rig.engine.read(0, Purpose::kDescriptors, kBase, 1000, now_ps()); });
  sc_core::sc_start();
  ASSERT_EQ(rig.client.done.size(), 11u);
  for (const ReadDone& read : rig.client.done) {
    EXPECT_EQ(read.data, rig.bytes_at(kBase + 64UL * read.handle, 1000));
  }
}

/// Reads 2 KiB and then 64 bytes, with something done to TLPs on the way.
struct TwoReads {
  explicit TwoReads(const TlpRigConfig& config = {}) : rig(config) {
    rig.fill();
    at(0, [this] {
      rig.engine.read(1, Purpose::kPayload, kBase + 4096, 2048, now_ps());
      rig.engine.read(2, Purpose::kUsedEvent, kBase, 64, now_ps());
      rig.watch();
    });
  }
  void run() {
    sc_core::sc_start();
    // Each is told of once, whatever happened to it.
    ASSERT_EQ(rig.client.done.size(), 2u);
    std::sort(rig.client.done.begin(), rig.client.done.end(),
              [](const ReadDone& a, const ReadDone& b) { return a.handle < b.handle; });
    EXPECT_TRUE(rig.client.done[1].ok);
    EXPECT_EQ(rig.client.done[1].data, rig.bytes_at(kBase, 64));
    EXPECT_TRUE(rig.engine.idle());
    EXPECT_EQ(rig.engine.bytes_in_flight(), 0u);
  }
  void expect_first_failed() const {
    EXPECT_FALSE(rig.client.done[0].ok);
    EXPECT_TRUE(rig.client.done[0].data.empty());
  }
  TlpRig rig;
};

/// The root complex takes two requests at a time.
TlpRigConfig few_credits() {
  TlpRigConfig config;
  config.link.root.non_posted = {2, 256};
  config.link.root.drain_ps = 500'000;
  return config;
}

// PCI Express Base 4.0, 7.5.1.1.3. Whenever it goes off, and however often: what has not left
// stays, and is asked for once, in order, when it is on again.
TEST(DmaEngine, RequestsThatWaitForCreditsDoNotLeaveWithoutBusMasterEnable) {
  TlpRig rig(few_credits());
  rig.fill();
  uint64_t off_ps = 0;
  struct Sent : hw::BusObserver {
    void tlp_sent(hw::BusDirection, const hw::Tlp& tlp, uint64_t start_ps, uint64_t) override {
      addresses.push_back(tlp.address);
      last_ps = start_ps;
    }
    std::vector<uint64_t> addresses;
    uint64_t last_ps = 0;
  } sent;
  rig.link.up().observe(&sent, hw::BusDirection::kUp);
  at(0, [&] {
    for (uint32_t i = 0; i < 10; ++i) {
      rig.engine.read(i, Purpose::kPayload, kBase + 4096UL * i, 2048, now_ps());
    }
  });
  for (uint64_t round = 0; round < 8; ++round) {
    at(300'000 + 1'370'000 * round, [&] {
      rig.engine.set_bus_master(false, now_ps());
      off_ps = now_ps();
      EXPECT_EQ(rig.link.up().waiting(), 0u);
      EXPECT_GT(rig.engine.reads_waiting(), 0u);
    });
    at(1'000'000 + 1'370'000 * round, [&] {
      EXPECT_LT(sent.last_ps, off_ps + 50'000);
      rig.engine.set_bus_master(true, now_ps());
    });
  }
  sc_core::sc_start();
  EXPECT_GT(rig.link.up().counters().credit_stalls, 0u);
  std::vector<uint64_t> wanted;
  for (uint64_t piece = 0; piece < 40; ++piece) {
    wanted.push_back(kBase + 4096 * (piece / 4) + 512 * (piece % 4));
  }
  EXPECT_EQ(sent.addresses, wanted);
  ASSERT_EQ(rig.client.done.size(), 10u);
  for (const ReadDone& read : rig.client.done) {
    EXPECT_TRUE(read.ok);
    EXPECT_EQ(read.data, rig.bytes_at(kBase + 4096UL * read.handle, 2048)) << read.handle;
  }
  EXPECT_TRUE(rig.engine.idle());
  EXPECT_EQ(rig.engine.tags_in_use(), 0u);
  EXPECT_EQ(rig.engine.counters().read_requests, 40u);
  EXPECT_EQ(rig.ledger.at(hw::BusDirection::kUp, Purpose::kPayload).tlps, 40u);
}

TEST(DmaEngine, CancelledReadsThatWaitForCreditsAreNotAskedFor) {
  TlpRig rig(few_credits());
  at(0, [&] {
    for (uint32_t i = 0; i < 3; ++i) {
      rig.engine.read(i, Purpose::kPayload, kBase + 4096UL * i, 2048, now_ps());
    }
  });
  at(200'000, [&] { rig.engine.cancel_waiting(now_ps()); });
  sc_core::sc_start();
  EXPECT_EQ(rig.engine.counters().read_requests, 2u);
  EXPECT_EQ(rig.engine.counters().cancelled_reads, 3u);
  EXPECT_EQ(rig.engine.counters().missing_bytes, 3 * 2048u - 2 * 512);
  ASSERT_EQ(rig.client.done.size(), 3u);
  for (const ReadDone& read : rig.client.done) EXPECT_FALSE(read.ok);
  EXPECT_TRUE(rig.engine.idle());
}

// A read that failed while others of its requests wait for credits, and requests that timed out
// there.
TEST(DmaEngine, RequestsOfFailedReadsAreForgottenWhenTheyAreTakenBack) {
  TlpRigConfig config = few_credits();
  config.link.root.drain_ps = 5'000'000;
  config.dma.completion_timeout_ps = 3'000'000;
  TlpRig rig(config);
  rig.link.down().inject([](hw::Tlp& tlp) {
    tlp.poisoned = tlp.has_data();
    return true;
  });
  at(0, [&] { rig.engine.read(0, Purpose::kPayload, kBase, 2048, now_ps()); });
  at(1'500'000, [&] {
    EXPECT_EQ(rig.link.up().waiting(), 2u);
    rig.engine.set_bus_master(false, now_ps());
    EXPECT_TRUE(rig.engine.idle());
    rig.engine.set_bus_master(true, now_ps());
    rig.engine.read(1, Purpose::kPayload, kBase, 512, now_ps());
    EXPECT_EQ(rig.link.up().waiting(), 1u);
    rig.watch();
  });
  at(4'900'000, [&] {
    EXPECT_EQ(rig.engine.counters().timeouts, 1u);
    EXPECT_EQ(rig.engine.tags_in_use(), 1u);
    rig.engine.set_bus_master(false, now_ps());
    EXPECT_EQ(rig.engine.tags_in_use(), 0u);
  });
  sc_core::sc_start(20, sc_core::SC_US);
  ASSERT_EQ(rig.client.done.size(), 2u);
  for (const ReadDone& read : rig.client.done) EXPECT_FALSE(read.ok);
  EXPECT_EQ(rig.engine.counters().read_requests, 2u);
}

TEST(DmaEngine, UnsupportedRequestFailsTheRead) {
  TwoReads reads;
  reads.rig.link.up().inject([](hw::Tlp& tlp) {
    if (tlp.address == kBase + 4096 + 512) tlp.address = 0x1000;
    return true;
  });
  reads.run();
  reads.expect_first_failed();
  EXPECT_EQ(reads.rig.engine.counters().failed_reads, 1u);
  EXPECT_EQ(reads.rig.root.counters().unsupported_requests, 1u);
  EXPECT_EQ(reads.rig.engine.tags_in_use(), 0u);
}

TEST(DmaEngine, AFailedReadAsksForNoMore) {
  TlpRigConfig config;
  config.dma.tags = 1;
  TwoReads reads(config);
  unsigned sent = 0;
  reads.rig.link.up().inject([&](hw::Tlp& tlp) {
    if (++sent == 2) tlp.address = 0x1000;
    return true;
  });
  reads.rig.client.then = [&](uint32_t handle) {
    EXPECT_EQ(reads.rig.engine.reads_waiting(), handle == 1 ? 1u : 0u);
  };
  reads.run();
  reads.expect_first_failed();
  EXPECT_EQ(sent, 3u) << "two of four, and the second read's";
  EXPECT_EQ(reads.rig.engine.tags_in_use(), 0u);
}

TEST(DmaEngine, CompleterAbortFailsTheRead) {
  TwoReads reads;
  reads.rig.link.up().inject([](hw::Tlp& tlp) {
    if (tlp.address == kBase + 4096 + 512) tlp.address = kBase + 8192 - 8;
    return true;
  });
  reads.run();
  reads.expect_first_failed();
  EXPECT_EQ(reads.rig.engine.counters().failed_reads, 1u);
  EXPECT_EQ(reads.rig.root.counters().completer_aborts, 1u);
  EXPECT_EQ(reads.rig.engine.tags_in_use(), 0u);
}

TEST(DmaEngine, PoisonFailsTheRead) {
  TwoReads reads;
  reads.rig.link.down().inject([count = 0](hw::Tlp& tlp) mutable {
    tlp.poisoned = ++count == 3;
    return true;
  });
  reads.run();
  reads.expect_first_failed();
  EXPECT_EQ(reads.rig.engine.counters().poisoned, 1u);
  EXPECT_EQ(reads.rig.engine.counters().failed_reads, 0u);
  EXPECT_EQ(reads.rig.engine.tags_in_use(), 0u);
}

TEST(DmaEngine, ALostCompletionTimesOut) {
  TlpRigConfig config;
  config.dma.completion_timeout_ps = 10'000'000;
  TwoReads reads(config);
  reads.rig.link.down().inject([count = 0](hw::Tlp&) mutable { return ++count != 3; });
  reads.run();
  reads.expect_first_failed();
  EXPECT_EQ(reads.rig.engine.counters().timeouts, 1u);
  EXPECT_GE(reads.rig.client.done[0].at_ps, 10'000'000u);
  EXPECT_LT(reads.rig.client.done[0].at_ps, 10'100'000u);
  // What came after the lost one does not fit, and is dropped.
  EXPECT_EQ(reads.rig.engine.counters().unexpected_completions, 1u);
}

TEST(DmaEngine, AnInconsistentCompletionIsDropped) {
  TlpRigConfig config;
  config.dma.completion_timeout_ps = 10'000'000;
  TwoReads reads(config);
  reads.rig.link.down().inject([count = 0](hw::Tlp& tlp) mutable {
    if (++count == 1) tlp.lower_address ^= 4;
    return true;
  });
  reads.run();
  reads.expect_first_failed();
  EXPECT_EQ(reads.rig.engine.counters().timeouts, 1u);
  EXPECT_GE(reads.rig.engine.counters().unexpected_completions, 1u);
}

TEST(DmaEngine, AnUnknownTagIsDropped) {
  TwoReads reads;
  hw::Tlp stray;
  stray.type = hw::TlpType::kCompletion;
  at(0, [&] {
    for (const uint16_t tag : {uint16_t{200}, uint16_t{1023}}) {
      stray.tag = tag;
      reads.rig.link.down().send(hw::Tlp(stray), now_ps());
    }
  });
  reads.run();
  EXPECT_TRUE(reads.rig.client.done[0].ok);
  EXPECT_EQ(reads.rig.engine.counters().unexpected_completions, 2u);
}

TEST(DmaEngine, ATimedOutTagRestsUntilItsCompletionComes) {
  TlpRigConfig config;
  config.dma.tags = 1;
  config.dma.completion_timeout_ps = 300'000;
  config.root.read_latency_ps = 400'000;  // and both ways: too late by 250 ns
  TlpRig rig(config);
  std::vector<uint64_t> sent;
  rig.link.up().inject([&](hw::Tlp&) {
    sent.push_back(now_ps());
    return true;
  });
  at(0, [&] {
    rig.engine.read(1, Purpose::kPayload, kBase, 64, now_ps());
    rig.engine.read(2, Purpose::kPayload, kBase + 64, 64, now_ps());
    rig.watch();
  });
  at(310'000, [&] {
    EXPECT_EQ(rig.client.done.size(), 1u);
    EXPECT_EQ(rig.engine.tags_in_use(), 1u);
    EXPECT_EQ(rig.engine.reads_waiting(), 1u);
  });
  sc_core::sc_start();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_GT(sent[1], 550'000u);
  EXPECT_LT(sent[1], 600'000u);
  ASSERT_EQ(rig.client.done.size(), 2u);
  EXPECT_FALSE(rig.client.done[0].ok);
  EXPECT_FALSE(rig.client.done[1].ok) << "too late as well, and not taken from the first's answer";
  EXPECT_EQ(rig.engine.counters().timeouts, 2u);
  EXPECT_EQ(rig.engine.counters().unexpected_completions, 2u);
  EXPECT_EQ(rig.engine.tags_in_use(), 0u);
}

TEST(DmaEngine, ATimedOutTagRestsForAnotherTimeOutAtMost) {
  TlpRigConfig config;
  config.dma.tags = 1;
  config.dma.completion_timeout_ps = 1'000'000;
  TlpRig rig(config);
  rig.fill();
  rig.link.down().inject([count = 0](hw::Tlp&) mutable { return ++count > 1; });
  at(0, [&] {
    rig.engine.read(1, Purpose::kPayload, kBase, 64, now_ps());
    rig.engine.read(2, Purpose::kPayload, kBase + 64, 64, now_ps());
    rig.watch();
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.client.done.size(), 2u);
  EXPECT_FALSE(rig.client.done[0].ok);
  EXPECT_TRUE(rig.client.done[1].ok);
  EXPECT_EQ(rig.client.done[1].data, rig.bytes_at(kBase + 64, 64));
  EXPECT_GE(rig.client.done[1].at_ps, 2'000'000u);
  EXPECT_LT(rig.client.done[1].at_ps, 2'600'000u);
  EXPECT_EQ(rig.engine.tags_in_use(), 0u);
}

TEST(DmaEngine, WritesAreNotHeldUpByReads) {
  TlpRigConfig config;
  config.dma.tags = 1;
  TlpRig rig(config);
  const std::vector<std::byte> bytes(64, std::byte{7});
  at(0, [&] {
    for (uint32_t i = 0; i < 8; ++i) rig.engine.read(i, Purpose::kPayload, kBase, 64, now_ps());
    rig.engine.write(Purpose::kUsedEntries, kBase + 4096, bytes, now_ps());
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.observer.writes.size(), 1u);
  EXPECT_LT(rig.observer.writes[0].at_ps, rig.client.done[0].at_ps);
}

TEST(DmaEngine, AReadSeesTheWriteBeforeIt) {
  TlpRigConfig config;
  config.link.root.posted = {1, 16};
  config.root.read_latency_ps = 0;
  TlpRig rig(config);
  std::vector<std::byte> bytes(2000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i + 1);
  at(0, [&] {
    rig.engine.write(Purpose::kPayload, kBase, bytes, now_ps(), true);
    rig.engine.read(1, Purpose::kPayload, kBase, 2000, now_ps());
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.client.done.size(), 1u);
  EXPECT_EQ(rig.client.done[0].data, bytes);
}

TEST(DmaEngine, TheLedgerCountsByPurpose) {
  TlpRig rig;
  const std::vector<std::byte> bytes(300);
  at(0, [&] {
    rig.engine.read(1, Purpose::kDescriptors, kBase, 600, now_ps());
    rig.engine.write(Purpose::kUsedEntries, kBase, bytes, now_ps());
    rig.engine.write(Purpose::kInterrupt, hw::RootPort::kMsiWindow, ByteView(bytes).first(4),
                     now_ps());
    rig.engine.message(0x20, now_ps());
  });
  sc_core::sc_start();
  const auto expect = [&](hw::BusDirection direction, Purpose purpose, uint64_t tlps,
                          uint64_t payload, uint64_t link) {
    const hw::LedgerEntry& entry = rig.ledger.at(direction, purpose);
    EXPECT_EQ(entry.tlps, tlps);
    EXPECT_EQ(entry.payload_bytes, payload);
    EXPECT_EQ(entry.link_bytes, link);
  };
  expect(hw::BusDirection::kUp, Purpose::kDescriptors, 2, 0, 48);
  expect(hw::BusDirection::kDown, Purpose::kDescriptors, 3, 600, 600 + 60);
  expect(hw::BusDirection::kUp, Purpose::kUsedEntries, 2, 300, 300 + 48);
  // Below 4 GiB: three double words of header. A message has four.
  expect(hw::BusDirection::kUp, Purpose::kInterrupt, 2, 4, (12 + 4 + 8) + (16 + 8));
}

}  // namespace
}  // namespace ringside::test
