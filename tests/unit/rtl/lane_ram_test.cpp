// SPDX-License-Identifier: Apache-2.0
// The memory of rows beside an array of bytes.
#include <Vlane_ram.h>

#include <cstring>
#include <random>
#include <vector>

#include "tests/support/gtest.h"
#include "tests/support/verilated.h"

namespace ringside::test {
namespace {

constexpr uint32_t kRow = sizeof(Vlane_ram::write_data);
constexpr uint32_t kBytes = 8 * kRow;

class LaneRamTest : public ::testing::TestWithParam<int> {
 protected:
  LaneRamTest() : module_(&context_, "") {
    context_.randReset(2);
    context_.randSeed(GetParam());
    module_.write = module_.read = 0;
  }
  ~LaneRamTest() override { module_.final(); }

  void tick() {
    module_.clk = 0;
    module_.eval();
    module_.clk = 1;
    module_.eval();
  }
  /// Writes `count` random bytes; the lanes around them hold other ones.
  void prepare_write(uint32_t address, uint32_t count) {
    auto* lanes = reinterpret_cast<uint8_t*>(&module_.write_data[0]);
    for (uint32_t k = 0; k < kRow; ++k) lanes[k] = static_cast<uint8_t>(random_());
    module_.write = 1;
    module_.write_address = static_cast<uint16_t>(address);
    module_.write_count = static_cast<uint8_t>(count);
    for (uint32_t i = 0; i < count; ++i) {
      bytes_[(address + i) % kBytes] = lanes[(address + i) % kRow];
    }
  }
  uint8_t lane(uint32_t k) const {
    return reinterpret_cast<const uint8_t*>(&module_.read_data[0])[k];
  }
  /// How many lanes differ from the bytes `expected` (of the whole memory) from `address` on.
  uint32_t differing(const std::vector<uint8_t>& expected, uint32_t address) const {
    uint32_t count = 0;
    for (uint32_t a = address; a != address + kRow; ++a) {
      count += lane(a % kRow) != expected[a % kBytes];
    }
    return count;
  }

  VerilatedContext context_;
  Vlane_ram module_;
  std::mt19937 random_{static_cast<unsigned>(GetParam())};
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(kBytes);
};

TEST_P(LaneRamTest, EveryAddressAndCount) {
  for (uint32_t row = 0; row < 8; ++row) {
    prepare_write(row * kRow, kRow);
    tick();
  }
  for (uint32_t address = 0; address < kBytes; ++address) {
    for (uint32_t count = 1; count <= kRow; count += 1 + random_() % 7) {
      prepare_write(address, count);
      module_.read = 0;
      tick();
      module_.write = 0;
      module_.read = 1;
      const uint32_t at = (address + count + kBytes - random_() % kBytes) % kBytes;
      module_.read_address = static_cast<uint16_t>(at);
      tick();
      ASSERT_EQ(differing(bytes_, at), 0u) << address << " + " << count << ", read at " << at;
    }
  }
}

TEST_P(LaneRamTest, ReadsAndWritesTogether) {
  for (uint32_t row = 0; row < 8; ++row) {
    prepare_write(row * kRow, kRow);
    tick();
  }
  std::vector<uint8_t> seen = bytes_;
  uint32_t at = 0;
  module_.write = 0;
  module_.read = 1;
  module_.read_address = 0;
  tick();
  for (unsigned cycle = 0; cycle < 20000; ++cycle) {
    // What is read is what was there before this cycle's write; without a read it stays.
    module_.read = random_() % 4 != 0;
    if (module_.read) {
      at = random_() % kBytes;
      module_.read_address = static_cast<uint16_t>(at);
      seen = bytes_;
    }
    module_.write = 0;
    if (random_() % 4 != 0) prepare_write(random_() % kBytes, 1 + random_() % kRow);
    tick();
    ASSERT_EQ(differing(seen, at), 0u) << "cycle " << cycle;
  }
}

TEST_P(LaneRamTest, AWriteOfNothingIsNoticed) {
  context_.fatalOnError(false);
  prepare_write(0, 1);
  tick();
  EXPECT_EQ(context_.errorCount(), 0);
  module_.write_count = 0;
  tick();
  EXPECT_EQ(context_.errorCount(), 1);
  module_.write_count = kRow + 1;
  tick();
  EXPECT_EQ(context_.errorCount(), 2);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LaneRamTest, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace ringside::test
