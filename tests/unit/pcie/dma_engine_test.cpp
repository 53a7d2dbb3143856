// SPDX-License-Identifier: Apache-2.0
// DMA over a link to a root complex and back. One simulation a process: run by CTest.
#include <algorithm>
#include <numeric>

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

}  // namespace
}  // namespace ringside::test
