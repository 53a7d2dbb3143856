// SPDX-License-Identifier: Apache-2.0
// The root complex's end of the link: host's accesses as TLPs, card's TLPs as accesses. One
// simulation a process: run by CTest.
#include "tests/support/gtest.h"
#include "tests/unit/pcie/tlp_rig.h"

namespace ringside::test {
namespace {

using hw::Purpose;
using hw::Tlp;
using hw::TlpType;

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

}  // namespace
}  // namespace ringside::test
