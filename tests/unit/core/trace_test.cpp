// SPDX-License-Identifier: Apache-2.0
// nic_trace from the functional core: which records, in which order, with which fields.
#include "formats/digest.h"
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

using hw::TraceKind;
using hw::TraceRecord;

class Recorder : public hw::TraceSink {
 public:
  void record(const TraceRecord& record) override { records.push_back(record); }
  std::vector<TraceKind> kinds() const {
    std::vector<TraceKind> result;
    for (const TraceRecord& record : records) result.push_back(record.kind);
    return result;
  }
  /// The `nth` record of `kind`; one with queue 999 if there is none.
  TraceRecord of(TraceKind kind, unsigned nth = 0) const {
    for (const TraceRecord& record : records) {
      if (record.kind == kind && nth-- == 0) return record;
    }
    return {.queue = 999};
  }
  std::vector<TraceRecord> records;
};

TEST(Trace, TransmitFromDoorbellToInterrupt) {
  RunningCard card;
  Recorder trace;
  card.core.trace(&trace);
  card.put_transmit(3, {72});
  card.tx.notify();
  card.serve(1);
  EXPECT_EQ(trace.kinds(), (std::vector<TraceKind>{TraceKind::kDoorbell,
                                                   TraceKind::kSampleAvail,
                                                   TraceKind::kDmaRead,
                                                   TraceKind::kDmaReadDone,
                                                   TraceKind::kAvailSampled,
                                                   TraceKind::kFetchIds,
                                                   TraceKind::kDmaRead,
                                                   TraceKind::kDmaReadDone,
                                                   TraceKind::kIdsFetched,
                                                   TraceKind::kFetchDescriptors,
                                                   TraceKind::kDmaRead,
                                                   TraceKind::kDmaReadDone,
                                                   TraceKind::kDescribed,
                                                   TraceKind::kStartTransmit,
                                                   TraceKind::kDmaRead,
                                                   TraceKind::kDmaReadDone,
                                                   TraceKind::kFrameOut,
                                                   TraceKind::kReturnUsed,
                                                   TraceKind::kDmaWrite,
                                                   TraceKind::kDmaWrite,
                                                   TraceKind::kReadSuppression,
                                                   TraceKind::kDmaRead,
                                                   TraceKind::kDmaReadDone,
                                                   TraceKind::kInterruptDecision,
                                                   TraceKind::kMsix}));
  for (const TraceRecord& record : trace.records) {
    EXPECT_EQ(record.queue, 1);
    EXPECT_EQ(record.time_ps, 0u);
    EXPECT_EQ(record.chain, 0u);
  }
  EXPECT_EQ(trace.of(TraceKind::kAvailSampled).value, 1u);
  EXPECT_EQ(trace.of(TraceKind::kAvailSampled).size, 1u);
  EXPECT_EQ(trace.of(TraceKind::kFetchIds).size, 1u);
  EXPECT_EQ(trace.of(TraceKind::kDescribed).size, 72u);
  EXPECT_EQ(trace.of(TraceKind::kStartTransmit).size, 60u);
  EXPECT_EQ(trace.of(TraceKind::kStartTransmit).frame, card.frames[0]->id);
  EXPECT_EQ(trace.of(TraceKind::kFrameOut).frame, card.frames[0]->id);
  EXPECT_EQ(trace.of(TraceKind::kFrameOut).size, 60u);
  const TraceRecord heads = trace.of(TraceKind::kDmaRead, 2);
  EXPECT_EQ(heads.purpose, hw::Purpose::kDescriptors);
  EXPECT_EQ(heads.address, card.tx.desc + 48);
  EXPECT_EQ(heads.size, 16u);
  EXPECT_EQ(trace.of(TraceKind::kDmaRead, 3).purpose, hw::Purpose::kPayload);
  EXPECT_EQ(trace.of(TraceKind::kDmaRead, 3).size, 72u);
  EXPECT_EQ(trace.of(TraceKind::kDmaReadDone, 3).id, trace.of(TraceKind::kDmaRead, 3).id);
  EXPECT_EQ(trace.of(TraceKind::kDmaReadDone, 3).value, 1u);
  EXPECT_EQ(trace.of(TraceKind::kReturnUsed).size, 1u);
  EXPECT_EQ(trace.of(TraceKind::kReturnUsed).value, 1u);
  const TraceRecord entry = trace.of(TraceKind::kDmaWrite);
  EXPECT_EQ(entry.purpose, hw::Purpose::kUsedEntries);
  EXPECT_EQ(entry.size, 8u);
  EXPECT_EQ(entry.value, formats::hash64({card.at(entry.address, 8), 8}));
  EXPECT_EQ(trace.of(TraceKind::kDmaWrite, 1).purpose, hw::Purpose::kUsedIndex);
  EXPECT_EQ(trace.of(TraceKind::kInterruptDecision).value, 1u);
  EXPECT_EQ(trace.of(TraceKind::kMsix).value, 2u);
}

TEST(Trace, ReceiveIntoTwoBuffers) {
  RunningCard card(kBasic | kMergeable);
  Recorder trace;
  card.core.trace(&trace);
  card.put_receive(0, 40);
  card.put_receive(1, 100);
  card.fetch(0);
  trace.records.clear();
  const hw::FramePtr frame = card.make_frame(60);
  card.take(Event::frame_in(frame));
  card.rx.set_flags(VIRTQ_AVAIL_F_NO_INTERRUPT);
  card.start_frames(0);
  card.finish(0);
  EXPECT_EQ(trace.kinds(),
            (std::vector<TraceKind>{
                TraceKind::kFrameIn, TraceKind::kStartReceive, TraceKind::kDmaWrite,
                TraceKind::kDmaWrite, TraceKind::kReturnUsed, TraceKind::kDmaWrite,
                TraceKind::kDmaWrite, TraceKind::kReadSuppression, TraceKind::kDmaRead,
                TraceKind::kDmaReadDone, TraceKind::kInterruptDecision}));
  for (const TraceRecord& record : trace.records) EXPECT_EQ(record.queue, 0);
  const TraceRecord start = trace.of(TraceKind::kStartReceive);
  EXPECT_EQ(start.frame, frame->id);
  EXPECT_EQ(start.size, 60u);
  EXPECT_EQ(start.value, 2u);
  for (unsigned i = 0; i < 2; ++i) {
    const TraceRecord write = trace.of(TraceKind::kDmaWrite, i);
    EXPECT_EQ(write.purpose, hw::Purpose::kPayload);
    EXPECT_EQ(write.chain, i);
    EXPECT_EQ(write.size, i == 0 ? 40u : 32u);
    EXPECT_EQ(write.value, formats::hash64({card.at(write.address, write.size), write.size}));
  }
  EXPECT_EQ(trace.of(TraceKind::kReturnUsed).size, 2u);
  EXPECT_EQ(trace.of(TraceKind::kInterruptDecision).value, 0u);
}

TEST(Trace, DropsSayWhichFrameAndWhy) {
  RunningCard card;
  Recorder trace;
  card.core.trace(&trace);
  const hw::FramePtr bad = card.make_frame(60);
  bad->fcs_ok = false;
  card.take(Event::frame_in(bad));
  const hw::FramePtr chosen = card.make_frame(61);
  card.take(Event::frame_in(chosen));
  card.choose(EventKind::kDropFrame, 0);
  const hw::FramePtr waits = card.make_frame(62);
  card.take(Event::frame_in(waits));
  card.put_transmit(0, {20});
  card.serve(1);
  card.set_status(0);
  const auto drop = [&](unsigned nth) { return trace.of(TraceKind::kFrameDropped, nth); };
  EXPECT_EQ(drop(0).frame, bad->id);
  EXPECT_EQ(drop(0).value, static_cast<uint64_t>(Counter::kRxDropFcs));
  EXPECT_EQ(drop(1).frame, chosen->id);
  EXPECT_EQ(drop(1).size, 61u);
  EXPECT_EQ(drop(1).value, static_cast<uint64_t>(Counter::kRxDropChosen));
  EXPECT_EQ(trace.of(TraceKind::kStartTransmit).frame, 0u);
  EXPECT_EQ(drop(2).frame, 0u);
  EXPECT_EQ(drop(2).queue, 1);
  EXPECT_EQ(drop(2).size, 8u);
  EXPECT_EQ(drop(2).value, static_cast<uint64_t>(Counter::kTxDropShort));
  EXPECT_EQ(drop(3).frame, waits->id);
  EXPECT_EQ(drop(3).value, static_cast<uint64_t>(Counter::kRxDropReset));
}

TEST(Trace, RegistersManagementResetAndErrors) {
  CoreHarness card;
  Recorder trace;
  card.core.trace(&trace);
  card.set_bar(CommonCfg::kQueueSelect, 2, 1);
  EXPECT_EQ(trace.of(TraceKind::kRegisterWrite).address, uint64_t{CommonCfg::kQueueSelect});
  EXPECT_EQ(trace.of(TraceKind::kRegisterWrite).size, 2u);
  EXPECT_EQ(trace.of(TraceKind::kRegisterWrite).value, 1u);
  EXPECT_EQ(trace.of(TraceKind::kRegisterWrite).queue, TraceRecord::kNoQueue);
  // A held read is recorded when it is answered, behind the command that releases it.
  trace.records.clear();
  card.manual_firmware = true;
  card.set_status(0);
  card.status();
  EXPECT_EQ(trace.of(TraceKind::kRegisterRead).queue, 999);
  card.answer_event();
  EXPECT_EQ(trace.kinds(),
            (std::vector<TraceKind>{TraceKind::kRegisterWrite, TraceKind::kManagementEvent,
                                    TraceKind::kManagementCommand, TraceKind::kReset,
                                    TraceKind::kManagementCommand, TraceKind::kManagementCommand,
                                    TraceKind::kRegisterRead}));
  const TraceRecord event = trace.of(TraceKind::kManagementEvent);
  EXPECT_EQ(event.value, uint64_t{RS_EVENT_STATUS_WRITE});
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(trace.of(TraceKind::kManagementCommand, i).id, event.id);
  }
  EXPECT_EQ(trace.of(TraceKind::kManagementCommand, 2).value, uint64_t{RS_COMMAND_STATUS});

  RunningCard running;
  running.core.trace(&trace);
  trace.records.clear();
  running.tx.make_available(99);
  running.fetch(1);
  EXPECT_EQ(trace.of(TraceKind::kDeviceError).queue, 1);
  EXPECT_EQ(trace.of(TraceKind::kDeviceError).value,
            static_cast<uint64_t>(DeviceError::kHeadOutOfRange));
  // The configuration change notification belongs to no queue.
  EXPECT_EQ(trace.of(TraceKind::kMsix).queue, TraceRecord::kNoQueue);
}

TEST(Trace, ReadsAskedForBeforeAResetAreStillAccountedFor) {
  RunningCard card;
  Recorder trace;
  card.core.trace(&trace);
  card.manual_dma = true;
  card.choose(EventKind::kSampleAvail, 1);
  card.set_status(0);
  card.answer_read();
  EXPECT_EQ(trace.of(TraceKind::kDmaReadDone).purpose, hw::Purpose::kAvailIndex);
  EXPECT_EQ(trace.of(TraceKind::kAvailSampled).queue, 999);
  EXPECT_EQ(trace.records.back().kind, TraceKind::kDmaReadDone);
}

TEST(Trace, ArmingAndSuppressing) {
  RunningCard card(kBasic | kEventIdx);
  Recorder trace;
  card.core.trace(&trace);
  card.put_transmit(0, {72});
  card.fetch(1);
  card.choose(EventKind::kArmNotify, 1);
  EXPECT_EQ(trace.of(TraceKind::kArmNotify).value, 1u);
  RunningCard other;
  other.core.trace(&trace);
  other.choose(EventKind::kSuppressNotify, 1);
  EXPECT_EQ(trace.of(TraceKind::kSuppressNotify).queue, 1);
  EXPECT_EQ(trace.records.back().purpose, hw::Purpose::kAvailEvent);
}

}  // namespace
}  // namespace ringside::test
