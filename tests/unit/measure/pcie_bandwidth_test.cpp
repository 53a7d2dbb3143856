// SPDX-License-Identifier: Apache-2.0
// The running link against the closed form. One simulation a process: run by CTest.
#include "testbench/measure/pcie_bandwidth.h"

#include "formats/random.h"
#include "tests/support/gtest.h"
#include "tests/unit/measure/closed_form.h"

namespace ringside::test {
namespace {

using tb::PcieBandwidth;
using tb::PciePoint;

PciePoint point(unsigned generation, unsigned lanes, uint32_t mps, uint32_t mrrs, uint32_t size) {
  PciePoint point;
  point.link.generation = generation;
  point.link.lanes = lanes;
  point.link.mps = mps;
  point.link.mrrs = mrrs;
  point.link.whole_dwords = false;
  point.transfer_bytes = size;
  return point;
}

ClosedForm expected(const PciePoint& point) {
  return closed_form(static_cast<int>(point.link.generation), static_cast<int>(point.link.lanes),
                     static_cast<int>(point.link.mps), static_cast<int>(point.link.mrrs),
                     static_cast<int>(point.transfer_bytes));
}

void compare(const std::vector<PciePoint>& points) {
  std::vector<PcieBandwidth> results;
  ASSERT_EQ(tb::measure_pcie(points, &results).error, "");
  ASSERT_EQ(results.size(), points.size());
  double worst = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const hw::PcieLinkConfig& link = points[i].link;
    SCOPED_TRACE(testing::Message()
                 << "gen" << link.generation << " x" << link.lanes << " MPS " << link.mps
                 << " MRRS " << link.mrrs << ", " << points[i].transfer_bytes << " bytes");
    const ClosedForm form = expected(points[i]);
    const auto near = [&](const char* what, double measured, double formula) {
      EXPECT_NEAR(1000 * measured, formula, 0.01 * formula) << what;
      worst = std::max(worst, std::abs(1000 * measured / formula - 1));
    };
    near("raw", results[i].raw, form.raw);
    near("TLPs", results[i].tlp, form.tlp);
    near("writes", results[i].write, form.write);
    near("reads", results[i].read, form.read);
    near("reads and writes", results[i].read_write, form.read_write);
  }
  // What quantisation leaves; the bound of 1 % is what is promised.
  EXPECT_LT(worst, 0.003);
}

TEST(PcieBandwidth, EveryGenerationAndWidth) {
  std::vector<PciePoint> points;
  for (unsigned generation = 1; generation <= 5; ++generation) {
    for (const unsigned lanes : {1U, 2U, 4U, 8U, 16U}) {
      for (const uint32_t size : {1U, 64U, 257U, 4096U}) {
        points.push_back(point(generation, lanes, 256, 512, size));
      }
    }
  }
  compare(points);
}

TEST(PcieBandwidth, EveryPayloadAndRequestSize) {
  std::vector<PciePoint> points;
  for (uint32_t mps = 128; mps <= 4096; mps *= 2) {
    for (uint32_t mrrs = 128; mrrs <= 4096; mrrs *= 2) {
      for (const uint32_t size : {63U, 4095U, 9018U}) {
        points.push_back(point(3, 8, mps, mrrs, size));
      }
    }
  }
  compare(points);
}

TEST(PcieBandwidth, RandomPoints) {
  constexpr uint64_t kSeed = 11;
  SplitMix64 random(kSeed);
  std::vector<PciePoint> points;
  for (int i = 0; i < 100; ++i) {
    PciePoint next = point(1 + static_cast<unsigned>(random.below(5)), 1U << random.below(5),
                           128U << random.below(6), 128U << random.below(6),
                           1 + static_cast<uint32_t>(random.below(20'000)));
    next.link.rcb = 64U << random.below(2);
    points.push_back(next);
  }
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  compare(points);
}

TEST(PcieBandwidth, PaddingCostsWhatItTakes) {
  PciePoint bytes = point(4, 8, 256, 512, 61);
  PciePoint dwords = bytes;
  dwords.link.whole_dwords = true;
  std::vector<PcieBandwidth> results;
  ASSERT_EQ(tb::measure_pcie({bytes, dwords}, &results).error, "");
  // 61 bytes take 64; a header and framing of 24.
  EXPECT_NEAR(results[1].write / results[0].write, (61.0 + 24) / (64 + 24), 1e-3);
  EXPECT_NEAR(results[1].read / results[0].read, (61.0 + 20) / (64 + 20), 1e-3);
}

TEST(PcieBandwidth, FewTagsShowTheLatency) {
  PciePoint one = point(3, 8, 256, 512, 512);
  one.tags = 1;
  std::vector<PcieBandwidth> results;
  ASSERT_EQ(tb::measure_pcie({one}, &results).error, "");
  // One request of 512 bytes a round trip: two ways through the link, the host, and the bytes.
  const double wire_ps = (24 + 2 * (256 + 20)) * 8 / results[0].raw;
  EXPECT_NEAR(results[0].read, 512 * 8 / (2 * 75'000 + 200'000 + wire_ps), 0.01 * results[0].read);
  EXPECT_NEAR(1000 * results[0].write, expected(one).write, 0.01 * expected(one).write);
}

TEST(PcieBandwidth, RefusesWhatNoLinkHas) {
  std::vector<PcieBandwidth> results;
  PciePoint bad = point(6, 8, 256, 512, 64);
  EXPECT_EQ(tb::measure_pcie({bad}, &results).error, "generation 6; expected 1 to 5");
  bad = point(3, 12, 256, 512, 64);
  EXPECT_EQ(tb::measure_pcie({bad}, &results).error, "12 lanes; expected 1, 2, 4, 8 or 16");
  bad = point(3, 8, 200, 512, 64);
  EXPECT_EQ(tb::measure_pcie({bad}, &results).error,
            "MPS is 200 bytes; expected a power of two from 128 to 4096");
  bad = point(3, 8, 256, 64, 64);
  EXPECT_EQ(tb::measure_pcie({bad}, &results).error,
            "MRRS is 64 bytes; expected a power of two from 128 to 4096");
  bad = point(3, 8, 256, 512, 64);
  bad.link.rcb = 32;
  EXPECT_EQ(tb::measure_pcie({bad}, &results).error, "RCB is 32 bytes; expected 64 or 128");
  bad = point(3, 8, 256, 512, 0);
  EXPECT_EQ(tb::measure_pcie({bad}, &results).error, "transfers of 0 bytes; expected 1 to 262144");
  bad = point(3, 8, 256, 512, 64);
  bad.tags = 0;
  EXPECT_EQ(tb::measure_pcie({bad}, &results).error, "0 tags; expected 1 to 1024");
  EXPECT_TRUE(results.empty());
}

}  // namespace
}  // namespace ringside::test
