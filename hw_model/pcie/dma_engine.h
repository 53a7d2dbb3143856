// SPDX-License-Identifier: Apache-2.0
// The card's requester: cuts transfers at MPS, MRRS and 4 KiB, gives tags, puts completions
// together, and times out (PCI Express Base Specification 4.0, 2.2.9, 2.3.1, 2.8).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "formats/units.h"
#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/ledger.h"
#include "hw_model/pcie/link_config.h"
#include "hw_model/pcie/tlp_channel.h"

namespace ringside::hw {

struct DmaEngineConfig {
  unsigned tags = 256;                ///< read requests in flight, 1 to 1024
  unsigned operations = 1024;         ///< reads of the client of which anything has been asked for
  uint32_t reassembly_bytes = 65536;  ///< bytes asked for and not yet given to the client
  /// From a read's last completion until what waited for its place leaves.
  TimePs reuse_ps = 0;
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
  uint64_t cancelled_reads = 0;  ///< given up by cancel_waiting()
  uint64_t missing_bytes = 0;    ///< that the client wanted and that never came
  int64_t beyond_bytes = 0;      ///< read beyond what the client accounts for
};

/// One requester. Time comes from its caller; it sets no timers of its own. Reads that find no
/// place, no tag or no room wait inside; their requests leave as completions free what they need,
/// in turn those of payload and others, each in order.
///
/// A tag whose request timed out is not used again until its last completion has come late, or for
/// another time-out: the specification (2.2.6.2) wants tags unique among outstanding requests,
/// which this one no longer is, but its completions in a new request would be taken for data.
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
  /// The most that a TLP carries or asks for, bytes, as Device Control says (7.5.3.4); never more
  /// than the link's configuration, whose credits are made for that.
  void set_sizes(uint32_t max_payload, uint32_t max_read_request);
  /// Bus Master Enable (7.5.1.1.3): while it is off, no read request leaves, also none that was
  /// waiting for credits. Writes are not stopped here: whoever asks for them knows, and those that
  /// wait for credits leave before the completion that tells the host that it is off.
  void set_bus_master(bool on, TimePs now_ps);
  /// A reset: reads of which nothing, or not all, has left for the link fail without being asked
  /// for.
  void cancel_waiting(TimePs now_ps);
  /// Counts a read of `bytes` that its client had not asked for yet among those.
  void count_cancelled(uint32_t bytes) {
    ++counters_.cancelled_reads;
    counters_.missing_bytes += bytes;
  }
  /// The client asks for so much more than it accounts for, or, negative, has so much without a
  /// read.
  void count_beyond(int64_t bytes) { counters_.beyond_bytes += bytes; }
  /// A read is whole with this completion, if none before it is missing. Others only need to be
  /// given to completion() before it.
  bool ends_read(const Tlp& tlp) const {
    if (tlp.more) return false;
    if (tlp.tag >= tags_.size() || tags_[tlp.tag].state != TagState::kInFlight) return true;
    const Request& request = tags_[tlp.tag];
    return request.offset + request.size == operations_[request.operation]->size;
  }
  /// The card received a completion.
  void completion(Tlp& tlp, TimePs arrival_ps);

  /// Read requests without their last completion, and bytes asked for that have not come.
  unsigned tags_in_use() const { return tags_in_use_; }
  uint32_t bytes_in_flight() const { return bytes_in_flight_; }
  /// Reads that wait for a place, a tag or room; of them those of payload.
  std::size_t reads_waiting() const { return waiting_[0].size() + waiting_[1].size(); }
  std::size_t payload_waiting() const { return waiting_[1].size(); }
  /// No read is under way or waits.
  bool idle() const { return free_operations_.size() == operations_.size(); }
  /// When expire() has something to do; kNoDeadline if it has not.
  static constexpr TimePs kNoDeadline = ~TimePs{0};
  TimePs next_deadline() const;
  /// Gives up requests whose time is over by `now_ps`.
  void expire(TimePs now_ps);
  const DmaEngineCounters& counters() const { return counters_; }

 private:
  static constexpr uint16_t kNone = 0xFFFF;
  enum class TagState : uint8_t { kFree, kInFlight, kRetired };
  /// A read request, by tag.
  struct Request {
    uint64_t address = 0;
    uint32_t operation = 0;
    uint32_t offset = 0;  ///< of its first byte in the operation
    uint32_t size = 0;
    uint32_t received = 0;
    TimePs deadline_ps = 0;
    TagState state = TagState::kFree;
    uint16_t older = kNone;  ///< neighbours in its state's list
    uint16_t newer = kNone;
  };
  /// A read that the client asked for.
  struct Operation {
    uint32_t handle = 0;
    Purpose purpose = Purpose::kPayload;
    bool failed = false;
    uint64_t address = 0;
    uint32_t size = 0;
    uint32_t asked = 0;     ///< bytes that requests were sent for
    uint32_t held = 0;      ///< bytes of the reassembly buffer
    uint32_t requests = 0;  ///< in flight
    TimePs earliest_ps = 0;
    TimePs last_ps = 0;
    std::vector<std::byte> bytes;  ///< grows, never shrinks
  };
  /// Tags in the order in which they got there, which is that of their deadlines.
  struct TagList {
    uint16_t oldest = kNone;
    uint16_t newest = kNone;
  };

  static unsigned client_of(const Operation& operation) {
    return operation.purpose == Purpose::kPayload ? 1 : 0;
  }
  Fifo<uint32_t>& next_client();
  uint32_t next_size(const Operation& operation) const;
  bool may_ask(const Operation& operation) const;
  void issue(TimePs now_ps);
  void recall(TimePs now_ps);
  void ask(uint32_t index, TimePs earliest_ps, TimePs* burst_ps);
  void send_request(Tlp&& tlp, TimePs earliest_ps);
  bool expected(const Tlp& tlp, const Request& request) const;
  void fail(uint32_t index);
  void end_request(uint16_t tag, TagState next, ByteView data, TimePs at_ps);
  void finish(uint32_t index, ByteView data);
  void link_in(TagList& list, uint16_t tag);
  void take_out(TagList& list, uint16_t tag);
  void free_tag(TagList& list, uint16_t tag);

  DmaEngineConfig config_;
  const uint32_t link_mps_;
  const uint32_t link_mrrs_;
  uint32_t mps_;
  uint32_t request_max_;
  bool bus_master_ = true;
  bool whole_dwords_;
  TlpChannel& up_;
  PayloadPool& pool_;
  DmaClient& client_;
  PcieLedger& ledger_;

  std::vector<Request> tags_;
  Fifo<uint16_t> free_tags_;
  TagList in_flight_;
  TagList retired_;
  TimePs last_deadline_ps_ = 0;
  unsigned tags_in_use_ = 0;
  uint32_t bytes_in_flight_ = 0;
  uint32_t held_bytes_ = 0;  ///< of the reassembly buffer

  std::vector<std::unique_ptr<Operation>> operations_;  ///< slots, whose references last
  std::vector<uint32_t> free_operations_;
  /// Of all but payload, and of payload. They take turns; of one that is half asked it is the turn.
  std::array<Fifo<uint32_t>, 2> waiting_;
  unsigned turn_ = 0;
  std::vector<Tlp> recalled_;  ///< empty but in recall()
  DmaEngineCounters counters_;
};

}  // namespace ringside::hw
