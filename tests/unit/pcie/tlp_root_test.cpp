// SPDX-License-Identifier: Apache-2.0
// The root complex's end of the link: host's accesses as TLPs, card's TLPs as accesses. One
// simulation a process: run by CTest.
#include <algorithm>
#include <span>

#include "formats/random.h"
#include "tests/support/gtest.h"
#include "tests/unit/pcie/tlp_rig.h"

namespace ringside::test {
namespace {

using hw::Purpose;
using hw::Tlp;
using hw::TlpType;

constexpr uint64_t kBase = TlpRig::kBase;

TEST(TlpRoot, RegisterReadWaitsForTheCompletion) {
  TlpRig rig;
  rig.answer = [&](const Tlp& request, uint64_t arrival_ps) {
    const uint32_t value = 0xCAFE0000 + request.length;
    rig.link.up().send(rig.completion_of(request, std::as_bytes(std::span(&value, 1))),
                       arrival_ps + 50'000);
  };
  uint64_t value = 0;
  uint64_t took_ps = 0;
  at(0, [&] {
    rig.port.memory_write(hw::RootPort::kMmioBase + 8, 4, 0x12345678);
    EXPECT_EQ(now_ps(), 0u) << "posted";
    value = rig.port.memory_read(hw::RootPort::kMmioBase + 16, 4);
    took_ps = now_ps();
  });
  sc_core::sc_start();
  EXPECT_EQ(value, 0xCAFE0004u);
  // Both ways through the link, and the card.
  EXPECT_GT(took_ps, 200'000u);
  EXPECT_LT(took_ps, 210'000u);
  ASSERT_EQ(rig.requests.size(), 2u);
  EXPECT_EQ(rig.requests[0].type, TlpType::kMemWrite);
  EXPECT_EQ(rig.requests[0].purpose, Purpose::kRegisterWrite);
  EXPECT_EQ(rig.requests[1].type, TlpType::kMemRead);
  EXPECT_EQ(rig.requests[1].address, hw::RootPort::kMmioBase + 16);
}

TEST(TlpRoot, InterruptsComeBehindEarlierWrites) {
  TlpRig rig;
  const std::vector<std::byte> bytes(4096, std::byte{1});
  at(1000, [&] {
    rig.engine.write(Purpose::kPayload, TlpRig::kBase, bytes, now_ps());
    rig.engine.write(Purpose::kInterrupt, hw::RootPort::kMsiWindow, ByteView(bytes).first(4),
                     now_ps());
    rig.engine.message(0x20, now_ps());
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.observer.writes.size(), 16u);
  ASSERT_EQ(rig.sink.messages.size(), 1u);
  ASSERT_EQ(rig.sink.lines.size(), 1u);
  EXPECT_EQ(rig.sink.messages[0].first, 0x01010101u);
  EXPECT_LE(rig.observer.writes.back().at_ps, rig.sink.messages[0].second);
  EXPECT_LT(rig.sink.messages[0].second, rig.sink.lines[0].second);
}

TEST(TlpRoot, ConfigurationIsReadAndWritten) {
  TlpRig rig;
  rig.answer = [&](const Tlp& request, uint64_t arrival_ps) {
    const uint16_t id = 0x1AF4;
    const ByteView data = std::as_bytes(std::span(&id, 1));
    rig.link.up().send(
        rig.completion_of(request, request.type == TlpType::kConfigRead ? data : ByteView{}),
        arrival_ps);
  };
  uint32_t value = 0;
  uint64_t written_ps = 0;
  at(0, [&] {
    rig.port.config_write(4, 2, 6);
    written_ps = now_ps();
    value = rig.port.config_read(0, 2);
  });
  sc_core::sc_start();
  EXPECT_EQ(value, 0x1AF4u);
  EXPECT_GT(written_ps, 150'000u) << "configuration writes are not posted";
  ASSERT_EQ(rig.requests.size(), 2u);
  EXPECT_EQ(rig.requests[0].type, TlpType::kConfigWrite);
  EXPECT_EQ(rig.requests[0].payload()[0], std::byte{6});
  EXPECT_EQ(rig.requests[1].purpose, Purpose::kConfig);
  EXPECT_EQ(rig.port.counters().unsupported_requests, 0u);
}

TEST(TlpRoot, AnswersFindTheirReaders) {
  TlpRig rig;
  std::vector<Tlp> held;
  rig.answer = [&](const Tlp& request, uint64_t) {
    held.push_back(request);
    if (held.size() < 3) return;
    // Last come, first served.
    for (std::size_t i = held.size(); i-- > 0;) {
      const auto value = static_cast<uint32_t>(held[i].address);
      rig.link.up().send(rig.completion_of(held[i], std::as_bytes(std::span(&value, 1))), now_ps());
    }
  };
  uint64_t values[3] = {};
  for (unsigned i = 0; i < 3; ++i) {
    at(1000UL * i, [&, i] { values[i] = rig.port.memory_read(0x1000 + 4 * i, 4); });
  }
  sc_core::sc_start();
  for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(values[i], 0x1000 + 4 * i);
  EXPECT_EQ(rig.root.counters().unexpected_completions, 0u);
}

TEST(TlpRoot, RefusedAndPoisonedReadsGiveAllOnes) {
  TlpRig rig;
  int count = 0;
  rig.answer = [&](const Tlp& request, uint64_t arrival_ps) {
    const uint32_t value = 5;
    Tlp tlp = rig.completion_of(request, std::as_bytes(std::span(&value, 1)));
    ++count;
    if (count == 1) tlp = rig.completion_of(request, {});
    if (count == 1) tlp.status = hw::CompletionStatus::kUnsupportedRequest;
    if (count == 2) tlp = rig.completion_of(request, {});
    if (count == 2) tlp.status = hw::CompletionStatus::kCompleterAbort;
    if (count == 3) tlp.poisoned = true;
    rig.link.up().send(std::move(tlp), arrival_ps);
  };
  std::vector<uint64_t> values;
  at(0, [&] {
    for (int i = 0; i < 4; ++i) values.push_back(rig.port.memory_read(0x1000, 4));
  });
  sc_core::sc_start();
  EXPECT_EQ(values, (std::vector<uint64_t>{0xFFFF'FFFF, 0xFFFF'FFFF, 0xFFFF'FFFF, 5}));
}

TEST(TlpRoot, AReadThatNobodyAnswersEnds) {
  TlpRigConfig config;
  config.root.completion_timeout_ps = 1'000'000;
  TlpRig rig(config);
  uint64_t value = 0;
  uint64_t took_ps = 0;
  at(0, [&] {
    value = rig.port.memory_read(0x1000, 8);
    took_ps = now_ps();
  });
  // Too late.
  at(5'000'000, [&] {
    const uint64_t late = 1;
    rig.link.up().send(rig.completion_of(rig.requests.at(0), std::as_bytes(std::span(&late, 1))),
                       now_ps());
  });
  sc_core::sc_start();
  EXPECT_EQ(value, ~uint64_t{0});
  EXPECT_EQ(took_ps, 1'000'000u);
  EXPECT_EQ(rig.root.counters().timeouts, 1u);
  EXPECT_EQ(rig.root.counters().unexpected_completions, 1u);
}

TEST(TlpRoot, PostedErrorsAreCountedAndNotAnswered) {
  TlpRig rig;
  const std::vector<std::byte> bytes(64, std::byte{1});
  rig.link.up().inject([count = 0](Tlp& tlp) mutable {
    tlp.poisoned = ++count == 2;
    return true;
  });
  at(0, [&] {
    rig.engine.write(Purpose::kPayload, 0x1000, bytes, now_ps());
    rig.engine.write(Purpose::kPayload, kBase, bytes, now_ps());
    rig.engine.write(Purpose::kPayload, kBase + 64, bytes, now_ps());
  });
  sc_core::sc_start();
  EXPECT_EQ(rig.root.counters().unsupported_requests, 1u);
  EXPECT_EQ(rig.root.counters().poisoned_writes, 1u);
  ASSERT_EQ(rig.observer.writes.size(), 1u);
  EXPECT_EQ(rig.observer.writes[0].bus, kBase + 64);
  EXPECT_TRUE(rig.completions.empty());
}

TEST(TlpRoot, MemoryIsSampledWhenTheAnswerIsDue) {
  TlpRigConfig config;
  config.root.read_latency_ps = 1'000'000;
  TlpRig rig(config);
  at(0, [&] { rig.engine.read(1, Purpose::kAvailIndex, kBase, 2, now_ps()); });
  at(1'000'000, [&] { rig.memory.arena()[0] = std::byte{7}; });
  at(1'080'000, [&] { rig.memory.arena()[1] = std::byte{8}; });  // answered at 1.075 us
  sc_core::sc_start();
  ASSERT_EQ(rig.client.done.size(), 1u);
  EXPECT_EQ(rig.client.done[0].data[0], std::byte{7});
  EXPECT_EQ(rig.client.done[0].data[1], std::byte{0});
  EXPECT_NEAR(static_cast<double>(rig.client.done[0].at_ps), 1'150'000, 2'000);
}

/// Reads of one tag each, and the order in which they are answered.
std::vector<uint32_t> order_of_answers(TlpRigConfig config) {
  TlpRig rig(config);
  at(0, [&] {
    for (uint32_t i = 0; i < 100; ++i) {
      rig.engine.read(i, Purpose::kPayload, kBase + 64UL * i, 64, now_ps());
    }
  });
  sc_core::sc_start();
  std::vector<uint32_t> order;
  for (const ReadDone& read : rig.client.done) order.push_back(read.handle);
  return order;
}

TEST(TlpRoot, AnswersReorderWithJitterWhereAllowed) {
  TlpRigConfig config;
  config.root.reorder = true;
  config.root.read_jitter_ps = 100'000;
  const std::vector<uint32_t> order = order_of_answers(config);
  ASSERT_EQ(order.size(), 100u);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
}

TEST(TlpRoot, AnswersKeepTheOrderOfTheRequestsOtherwise) {
  TlpRigConfig config;
  config.root.read_jitter_ps = 100'000;
  const std::vector<uint32_t> order = order_of_answers(config);
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(TlpRoot, AnswersKeepTheOrderWithoutJitter) {
  TlpRigConfig config;
  config.root.reorder = true;
  const std::vector<uint32_t> order = order_of_answers(config);
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

/// By seed: RCB, MPS and a bound on completions, and reads anywhere within a page.
class ReadCompletions : public testing::TestWithParam<uint64_t> {};

TEST_P(ReadCompletions, EndAtTheBoundary) {
  SplitMix64 random(GetParam());
  TlpRigConfig config;
  const uint64_t rcb = 64U << random.below(2);
  config.link.rcb = static_cast<uint32_t>(rcb);
  config.link.mps = 128U << random.below(4);
  config.link.mrrs = 4096;
  config.root.completion_bytes_max = random.below(2) == 0 ? 0 : 64U << random.below(4);
  config.dma.tags = 1;  // the completions of one read follow those of the one before
  const uint32_t most = config.root.completion_bytes_max == 0
                            ? config.link.mps
                            : std::min(config.link.mps, config.root.completion_bytes_max);
  TlpRig rig(config);
  rig.fill();
  std::vector<std::pair<uint64_t, uint32_t>> reads;
  for (int i = 0; i < 200; ++i) {
    const uint64_t address = kBase + random.below(TlpRig::kMemory);
    const uint64_t to_page = 4096 - (address & 4095);
    reads.emplace_back(address, 1 + random.below(std::min<uint64_t>(to_page, 4093)));
  }
  at(0, [&] {
    for (uint32_t i = 0; i < reads.size(); ++i) {
      rig.engine.read(i, Purpose::kPayload, reads[i].first, reads[i].second, now_ps());
    }
  });
  sc_core::sc_start();
  ASSERT_EQ(rig.client.done.size(), reads.size());
  std::size_t next = 0;
  for (const auto& [address, size] : reads) {
    for (uint64_t from = address; from != address + size; ++next) {
      ASSERT_LT(next, rig.completions.size());
      const TlpRig::Seen& seen = rig.completions[next];
      ASSERT_EQ(seen.lower_address, from & 0x7F);
      ASSERT_EQ(seen.byte_count, address + size - from);
      ASSERT_LE(seen.length, std::max<uint64_t>(most, rcb));
      const uint64_t end = from + seen.length;
      if (end != address + size) {
        ASSERT_EQ(end % rcb, 0u);
        // As much as there may be: one boundary further would be too much.
        ASSERT_GT(end + rcb - (from & ~uint64_t{3}), most);
      }
      from = end;
    }
  }
  EXPECT_EQ(next, rig.completions.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReadCompletions, testing::Range(uint64_t{1}, uint64_t{17}));

}  // namespace
}  // namespace ringside::test
