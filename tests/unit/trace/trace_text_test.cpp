// SPDX-License-Identifier: Apache-2.0
// The lines that people read.
#include "hw_model/trace/trace_text.h"

#include <set>
#include <string>

#include "hw_model/core/counters.h"
#include "hw_model/registers/management_interface.h"
#include "hw_model/trace/trace_fields.h"
#include "tests/support/gtest.h"

namespace ringside::hw {
namespace {

const TraceCard kCard{"alice0", 2};

std::string line(const TraceRecord& record) { return to_line(kCard, record, 6); }

TEST(TraceText, SpellsOutWhatARecordSays) {
  EXPECT_EQ(line({.time_ps = 1'234'567'890'123, .kind = TraceKind::kDoorbell, .queue = 3}),
            "  1234567.890123 us  alice0  tx1   doorbell");
  EXPECT_EQ(
      line({.time_ps = 5,
            .kind = TraceKind::kDmaRead,
            .purpose = Purpose::kPayload,
            .queue = 1,
            .id = 7,
            .chain = 12,
            .size = 1514,
            .address = 0x1000}),
      "        0.000005 us  alice0  tx0   dma_read            payload, read 7, chain 12, 1514 "
      "bytes, at 0x1000");
  EXPECT_EQ(describe({.kind = TraceKind::kDmaReadDone, .size = 1, .value = 0}),
            "payload, read 0, chain 0, 1 byte, failed");
  EXPECT_EQ(describe({.kind = TraceKind::kFrameDropped,
                      .size = 60,
                      .frame = 9,
                      .value = static_cast<uint64_t>(Counter::kRxDropBufferFull)}),
            "chain 0, frame 9, 60 bytes, rx_drop_buffer_full");
  EXPECT_EQ(describe({.kind = TraceKind::kDeviceError,
                      .value = static_cast<uint64_t>(DeviceError::kChainTooLong)}),
            "error_chain_too_long");
  EXPECT_EQ(
      describe({.kind = TraceKind::kManagementEvent, .id = 4, .value = RS_EVENT_QUEUE_ENABLE}),
      "queue_enable, sequence 4");
  EXPECT_EQ(describe({.kind = TraceKind::kManagementCommand, .id = 4, .value = 999}),
            "command 999, sequence 4");
  EXPECT_EQ(describe({.kind = TraceKind::kInterruptDecision, .value = 0}), "suppressed");
  EXPECT_EQ(describe({.kind = TraceKind::kReturnUsed, .chain = 3, .size = 1, .value = 4}),
            "chain 3, 1 entry, index 4");
  EXPECT_EQ(describe({.kind = TraceKind::kFrameSent, .size = 60, .frame = 2, .value = 1'500'000}),
            "frame 2, 60 bytes, first bit 1.500000 us");
}

TEST(TraceText, NamesQueues) {
  const auto name = [](uint16_t queue) {
    return queue_name(kCard, {.kind = TraceKind::kDoorbell, .queue = queue});
  };
  EXPECT_EQ(name(0), "rx0");
  EXPECT_EQ(name(3), "tx1");
  EXPECT_EQ(name(4), "ctrl");
  EXPECT_EQ(name(TraceRecord::kNoQueue), "");
  EXPECT_EQ(queue_name(kCard, {.kind = TraceKind::kReset}), "") << "has no queue";
}

TEST(TraceText, EveryKindHasANameOfItsOwnAndALine) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < static_cast<unsigned>(TraceKind::kCount); ++i) {
    const auto kind = static_cast<TraceKind>(i);
    names.insert(name_of(kind));
    EXPECT_NE(line({.kind = kind}).find(name_of(kind)), std::string::npos);
    EXPECT_NE(line({.kind = kind}).back(), ' ');
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(TraceKind::kCount));
}

TEST(TraceText, ManagementKindsHaveNames) {
  for (uint64_t kind = RS_EVENT_POWER_ON; kind <= RS_EVENT_CONTROL; ++kind) {
    const std::string name = value_name({.kind = TraceKind::kManagementEvent, .value = kind});
    EXPECT_EQ(name.find("event "), std::string::npos) << name;
  }
  for (uint64_t kind = RS_COMMAND_OFFER; kind <= RS_COMMAND_ACTIVE_PAIRS; ++kind) {
    const std::string name = value_name({.kind = TraceKind::kManagementCommand, .value = kind});
    EXPECT_EQ(name.find("command "), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace ringside::hw
