// SPDX-License-Identifier: Apache-2.0
// The card's requester: cuts transfers at MPS, MRRS and 4 KiB, gives tags, puts completions
// together, and times out (PCI Express Base Specification 4.0, 2.2.9, 2.3.1, 2.8).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "formats/units.h"
#include "hw_model/pcie/ledger.h"
#include "hw_model/pcie/link_config.h"
#include "hw_model/pcie/tlp_channel.h"

namespace ringside::hw {

struct DmaEngineConfig {
  unsigned tags = 256;                ///< read requests in flight, 1 to 1024
  uint32_t reassembly_bytes = 65536;  ///< bytes asked for and not yet given to the client
  TimePs completion_timeout_ps = 50'000'000'000;
};

class DmaClient {
 public:
  virtual ~DmaClient() = default;
  /// The read `handle` is whole (`data` valid during the call), or failed: unsupported request,
  /// completer abort, poisoned or late completion. `at_ps` is when its last completion arrived.
  virtual void dma_read_done(uint32_t handle, ByteView data, bool ok, TimePs at_ps) = 0;
};

struct DmaEngineCounters {
  uint64_t read_requests = 0;   ///< MRd TLPs
  uint64_t write_requests = 0;  ///< MWr TLPs
  uint64_t completions = 0;
  uint64_t unexpected_completions = 0;  ///< of no request: dropped (2.3.2)
  uint64_t failed_reads = 0;            ///< UR, CA
  uint64_t poisoned = 0;
  uint64_t timeouts = 0;
};

/// One requester. Time comes from its caller; it sets no timers of its own. Reads that find no tag
/// or no room wait inside, in order; their requests leave as completions free what they need.
class DmaEngine {
 public:
  /// All references outlive it. `ledger` gets every request sent and every completion received.
  DmaEngine(const DmaEngineConfig& config, const PcieLinkConfig& link, TlpChannel& up,
            PayloadPool& pool, DmaClient& client, PcieLedger& ledger);

  /// Reads `size` bytes (1 to 4 GiB - 1; beyond reassembly_bytes in pieces, one after another) at
  /// `address`; `handle` is the caller's. Not before `earliest_ps`.
  void read(uint32_t handle, Purpose purpose, uint64_t address, uint32_t size, TimePs earliest_ps);
  /// Posted write of `bytes` (copied). `more`: nobody looks for it before another write follows.
  void write(Purpose purpose, uint64_t address, ByteView bytes, TimePs earliest_ps,
             bool more = false);
  /// INTx message, behind earlier writes.
  void message(uint8_t code, TimePs earliest_ps);
  /// The card received a completion.
  void completion(Tlp& tlp, TimePs arrival_ps);

  /// Read requests without their last completion, and bytes asked for that have not come.
  unsigned tags_in_use() const;
  uint32_t bytes_in_flight() const;
  /// Reads that wait for a tag or for room.
  std::size_t reads_waiting() const;
  bool idle() const;
  /// When the oldest request times out; kNoDeadline if none is in flight.
  static constexpr TimePs kNoDeadline = ~TimePs{0};
  TimePs next_deadline() const;
  /// Gives up requests whose time is over by `now_ps`.
  void expire(TimePs now_ps);
  const DmaEngineCounters& counters() const;
};

}  // namespace ringside::hw
