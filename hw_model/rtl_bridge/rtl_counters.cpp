// SPDX-License-Identifier: Apache-2.0
// See rtl_counters.h. The last field of a packed structure is in its lowest bits.
#include "hw_model/rtl_bridge/rtl_counters.h"

namespace ringside::hw {

namespace {

/// Field `index` of a structure of `fields` counters of 64 bits.
uint64_t field(const uint32_t* words, unsigned fields, unsigned index) {
  const uint32_t* at = words + std::size_t{2} * (fields - 1 - index);
  return static_cast<uint64_t>(at[1]) << 32 | at[0];
}

constexpr unsigned kTxFields = 5, kRxFields = 11, kReadFields = 8, kWriteFields = 3;
constexpr unsigned kHostScalars = 7;
constexpr unsigned kErrors = static_cast<unsigned>(DeviceError::kCount);
constexpr unsigned kHostFields = kHostScalars + kErrors;

}  // namespace

Counters core_counters_of(const CardPins& pins) {
  Counters counters;
  constexpr Counter kTx[kTxFields] = {Counter::kTxFrames, Counter::kTxBytes, Counter::kTxDropShort,
                                      Counter::kTxDropLong, Counter::kTxDropLinkDown};
  constexpr Counter kRx[kRxFields] = {
      Counter::kRxFrames,         Counter::kRxBytes,       Counter::kRxDropFcs,
      Counter::kRxDropShort,      Counter::kRxDropLong,    Counter::kRxDropNotReady,
      Counter::kRxDropBufferFull, Counter::kRxDropNoFit,   Counter::kRxDropChosen,
      Counter::kRxDropReset,      Counter::kRxDropInactive};
  constexpr Counter kHost[] = {Counter::kDoorbells,      Counter::kMsixMessages,
                               Counter::kIntxAsserts,    Counter::kDeviceResets,
                               Counter::kFunctionResets, Counter::kHoldsExpired};
  for (unsigned i = 0; i < kTxFields; ++i) counters[kTx[i]] = field(pins.tx_counters, kTxFields, i);
  for (unsigned i = 0; i < kRxFields; ++i) counters[kRx[i]] = field(pins.rx_counters, kRxFields, i);
  unsigned i = 0;
  for (const Counter counter : kHost)
    counters[counter] = field(pins.host_counters, kHostFields, i++);
  counters[Counter::kDmaReads] = field(pins.read_counters, kReadFields, 0);
  counters[Counter::kDmaReadBytes] = field(pins.read_counters, kReadFields, 1);
  counters[Counter::kDmaWrites] = field(pins.write_counters, kWriteFields, 0);
  counters[Counter::kDmaWriteBytes] = field(pins.write_counters, kWriteFields, 1);
  counters[Counter::kUsedIndexWrites] = *pins.used_index_writes;
  // errors is a packed array: the first is lowest, and the whole is the structure's last field.
  for (unsigned error = 0; error < kErrors; ++error) {
    const uint64_t count = field(pins.host_counters, kHostFields, kHostFields - 1 - error);
    counters[static_cast<DeviceError>(error)] = count;
    counters[Counter::kDeviceErrors] += count;
  }
  return counters;
}

DmaEngineCounters dma_counters_of(const CardPins& pins) {
  const auto read = [&pins](unsigned index) {
    return field(pins.read_counters, kReadFields, index);
  };
  DmaEngineCounters counters;
  counters.read_requests = read(2);
  counters.unexpected_completions = read(3);
  counters.failed_reads = read(4);
  counters.poisoned = read(5) + field(pins.host_counters, kHostFields, kHostScalars - 1);
  counters.timeouts = read(6);
  counters.cancelled_reads = read(7);
  counters.write_requests = field(pins.write_counters, kWriteFields, 2);
  return counters;
}

}  // namespace ringside::hw
