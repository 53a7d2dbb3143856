// SPDX-License-Identifier: Apache-2.0
// nic_trace of model `lt`: simulation time in every record, and when frames leave.
#include "hw_model/tlm/trace_stamp.h"
#include "tests/support/gtest.h"
#include "tests/unit/lt/lt_host.h"

namespace ringside::test {
namespace {

using hw::TraceKind;
using hw::TraceRecord;

class Recorder : public hw::TraceSink {
 public:
  void record(const TraceRecord& record) override { records.push_back(record); }
  TraceRecord of(TraceKind kind, unsigned nth = 0) const {
    for (const TraceRecord& record : records) {
      if (record.kind == kind && nth-- == 0) return record;
    }
    return {.queue = 999};
  }
  std::vector<TraceRecord> records;
};

TEST(LtTrace, TimesOfAFrame) {
  hw::LinkConfig wire;
  wire.rate_bps = 1'000'000'000;  // 8 ns a byte
  wire.delay_ps = 500'000;
  LtPair pair({}, wire);
  Recorder alice, bob;
  ASSERT_TRUE(pair.run([&] {
    for (LtHost* host : {&pair.alice, &pair.bob}) {
      host->enable_pci(false);
      EXPECT_EQ(host->negotiate(kBasic), 11);
    }
    TestQueue tx = pair.alice.make_queue(1, 16, 72, 0xFFFF);
    TestQueue rx = pair.bob.make_queue(0, 16, 1600, 0xFFFF);
    pair.alice.set_status(15);
    pair.bob.set_status(15);
    EXPECT_EQ(pair.alice.status(), 15);
    EXPECT_EQ(pair.bob.status(), 15);
    pair.bob.make_available(rx, 4);
    pair.bob.notify(rx);
    sc_core::wait(1, sc_core::SC_US);
    pair.alice.nic->trace(&alice);
    pair.bob.nic->trace(&bob);
    const hw::TimePs start = sc_core::sc_time_stamp().value();
    pair.alice.make_available(tx, 2);
    pair.alice.notify(tx);
    sc_core::wait(20, sc_core::SC_US);
    EXPECT_EQ(alice.of(TraceKind::kDoorbell).time_ps, start);
    EXPECT_EQ(alice.of(TraceKind::kFrameOut).time_ps, start);
    // 8 bytes of preamble, 60 of frame and 4 of FCS; then 12 of gap.
    for (unsigned i = 0; i < 2; ++i) {
      const TraceRecord sent = alice.of(TraceKind::kFrameSent, i);
      EXPECT_EQ(sent.queue, 1);
      EXPECT_EQ(sent.size, 60u);
      EXPECT_EQ(sent.frame, alice.of(TraceKind::kFrameOut, i).frame);
      EXPECT_EQ(sent.value, start + hw::TimePs{i} * 84 * 8000);
      EXPECT_EQ(sent.time_ps, sent.value + hw::TimePs{72} * 8000);
      const TraceRecord in = bob.of(TraceKind::kFrameIn, i);
      EXPECT_EQ(in.frame, sent.frame);
      EXPECT_EQ(in.time_ps, sent.time_ps + 500'000);
    }
    const std::size_t seen = alice.records.size();
    pair.alice.nic->trace(nullptr);
    pair.alice.make_available(tx, 1);
    pair.alice.notify(tx);
    sc_core::wait(5, sc_core::SC_US);
    EXPECT_EQ(alice.records.size(), seen);
  }));
}

TEST(LtTrace, StampGivesTheTimeThatItsOwnerSets) {
  Recorder recorder;
  hw::TraceStamp stamp;
  stamp.record({});  // nowhere to go
  EXPECT_FALSE(stamp.on());
  stamp.forward_to(&recorder);
  stamp.at(1234);
  stamp.record({});
  stamp.record({.time_ps = 77});
  stamp.now();
  stamp.record({});
  ASSERT_EQ(recorder.records.size(), 3u);
  EXPECT_EQ(recorder.records[0].time_ps, 1234u);
  EXPECT_EQ(recorder.records[1].time_ps, 77u);
  EXPECT_EQ(recorder.records[2].time_ps, 0u);
}

}  // namespace
}  // namespace ringside::test
