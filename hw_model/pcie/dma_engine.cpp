// SPDX-License-Identifier: Apache-2.0
// Requests out, completions in.
#include "hw_model/pcie/dma_engine.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringside::hw {

namespace {

constexpr uint64_t kPage = 4096;

/// So long after a read's first request its requests so far are delivered: a root complex that is
/// told of them later than it takes to answer would look slower than it is.
constexpr TimePs kRequestBurstPs = 5'000;

/// Bytes of [address, address + size) that go into the first TLP: the Length field counts the whole
/// double word that the first byte is in (2.2.7), and no request crosses 4 KiB.
uint32_t first_piece(uint64_t address, uint32_t size, uint32_t most) {
  const auto unaligned = static_cast<uint32_t>(address & 3);
  const auto to_page = static_cast<uint32_t>(kPage - (address & (kPage - 1)));
  return std::min({size, most - unaligned, to_page});
}

}  // namespace

DmaEngine::DmaEngine(const DmaEngineConfig& config, const PcieLinkConfig& link, TlpChannel& up,
                     PayloadPool& pool, DmaClient& client, PcieLedger& ledger)
    : config_(config),
      link_mps_(link.mps),
      link_mrrs_(link.mrrs),
      mps_(link.mps),
      whole_dwords_(link.whole_dwords),
      up_(up),
      pool_(pool),
      client_(client),
      ledger_(ledger) {
  // A tag has 10 bits, and a request that does not fit into the buffer would never leave.
  config_.tags = std::clamp(config.tags, 1U, 1024U);
  config_.operations = std::max(config.operations, 1U);
  config_.reassembly_bytes = std::max(config.reassembly_bytes, 16U);
  set_sizes(link.mps, link.mrrs);
  tags_.resize(config_.tags);
  for (unsigned tag = 0; tag < config_.tags; ++tag) free_tags_.push(static_cast<uint16_t>(tag));
}

void DmaEngine::set_sizes(uint32_t max_payload, uint32_t max_read_request) {
  mps_ = std::min(link_mps_, max_payload);
  request_max_ = std::min({link_mrrs_, max_read_request, config_.reassembly_bytes});
}

void DmaEngine::set_bus_master(bool on, TimePs now_ps) {
  if (bus_master_ && !on) recall(now_ps);
  bus_master_ = on;
  issue(now_ps);
}

/// Requests that wait for credits were not asked for after all: those of reads that go on will be
/// asked for again, first of all.
void DmaEngine::recall(TimePs now_ps) {
  up_.recall(recalled_);
  if (recalled_.empty()) return;
  const bool bus_master = std::exchange(bus_master_, false);  // none is asked for again by the way
  std::vector<uint32_t> again;                                // last first
  std::vector<uint16_t> over;
  while (!recalled_.empty()) {
    const Tlp& tlp = recalled_.back();
    ledger_.take_back(BusDirection::kUp, tlp.purpose, 0, link_bytes(tlp, whole_dwords_));
    --counters_.read_requests;
    const Request& request = tags_[tlp.tag];
    Operation& operation = *operations_[request.operation];
    if (request.state == TagState::kRetired) {
      free_tag(retired_, tlp.tag);  // it timed out, and no completion will come
    } else if (operation.failed) {
      over.push_back(tlp.tag);
    } else {
      if (operation.asked == operation.size) again.push_back(request.operation);
      operation.asked -= request.size;
      operation.held -= request.size;
      held_bytes_ -= request.size;
      bytes_in_flight_ -= request.size;
      --operation.requests;
      free_tag(in_flight_, tlp.tag);
    }
    recalled_.pop_back();
  }
  if (!again.empty()) turn_ = client_of(*operations_[again.back()]);
  std::array<Fifo<uint32_t>, 2> waiting;
  for (; !again.empty(); again.pop_back()) {
    waiting[client_of(*operations_[again.back()])].push(again.back());
  }
  for (unsigned client = 0; client < waiting.size(); ++client) {
    Fifo<uint32_t>& rest = waiting_[client];
    for (; !rest.empty(); rest.pop()) waiting[client].push(rest.front());
  }
  waiting_ = std::move(waiting);
  for (const uint16_t tag : over) end_request(tag, TagState::kFree, {}, now_ps);
  bus_master_ = bus_master;
}

void DmaEngine::cancel_waiting(TimePs now_ps) {
  recall(now_ps);
  while (reads_waiting() != 0) {
    const uint32_t index = next_client().front();
    Operation& operation = *operations_[index];
    ++counters_.cancelled_reads;
    operation.last_ps = std::max(operation.last_ps, now_ps);
    fail(index);
    // Else it ends with what is in flight of it.
    if (operation.requests == 0) finish(index, {});
  }
}

void DmaEngine::read(uint32_t handle, Purpose purpose, uint64_t address, uint32_t size,
                     TimePs earliest_ps) {
  if (free_operations_.empty()) {
    free_operations_.push_back(static_cast<uint32_t>(operations_.size()));
    operations_.push_back(std::make_unique<Operation>());
  }
  const uint32_t index = free_operations_.back();
  free_operations_.pop_back();
  Operation& operation = *operations_[index];
  operation.handle = handle;
  operation.purpose = purpose;
  operation.failed = false;
  operation.address = address;
  operation.size = size;
  operation.asked = 0;
  operation.held = 0;
  operation.requests = 0;
  operation.earliest_ps = earliest_ps;
  operation.last_ps = earliest_ps;
  waiting_[client_of(operation)].push(index);
  if (reads_waiting() == 1) issue(earliest_ps);
}

/// Whose turn it is of those that wait, of whom there are some.
Fifo<uint32_t>& DmaEngine::next_client() {
  if (waiting_[turn_].empty()) turn_ ^= 1;
  return waiting_[turn_];
}

uint32_t DmaEngine::next_size(const Operation& operation) const {
  return first_piece(operation.address + operation.asked, operation.size - operation.asked,
                     request_max_);
}

/// The next request of the operation, which is the first of those that wait.
bool DmaEngine::may_ask(const Operation& operation) const {
  const std::size_t begun = operations_.size() - free_operations_.size() - reads_waiting();
  return !free_tags_.empty() && (operation.asked != 0 || begun < config_.operations) &&
         next_size(operation) <= config_.reassembly_bytes - held_bytes_;
}

/// Sends what waits and can be sent.
void DmaEngine::issue(TimePs now_ps) {
  while (retired_.oldest != kNone && tags_[retired_.oldest].deadline_ps <= now_ps) {
    free_tag(retired_, retired_.oldest);
  }
  while (bus_master_ && reads_waiting() != 0) {
    const uint32_t index = next_client().front();
    const Operation& operation = *operations_[index];
    const TimePs earliest_ps = std::max(now_ps, operation.earliest_ps);
    TimePs burst_ps = std::max(up_.free_at(), earliest_ps);
    while (operation.asked != operation.size) {
      if (!may_ask(operation)) return;
      ask(index, earliest_ps, &burst_ps);
    }
    waiting_[turn_].pop();
    turn_ ^= 1;
  }
}

/// Sends the next request of an operation. `burst_ps`: when those began that are delivered
/// together.
void DmaEngine::ask(uint32_t index, TimePs earliest_ps, TimePs* burst_ps) {
  Operation& operation = *operations_[index];
  const uint32_t size = next_size(operation);
  const uint16_t tag = free_tags_.front();
  free_tags_.pop();
  ++tags_in_use_;
  Request& request = tags_[tag];
  request.address = operation.address + operation.asked;
  request.operation = index;
  request.offset = operation.asked;
  request.size = size;
  request.received = 0;
  request.state = TagState::kInFlight;
  operation.asked += size;
  operation.held += size;
  ++operation.requests;
  held_bytes_ += size;
  bytes_in_flight_ += size;

  const TimePs leaves_ps = std::max(up_.free_at(), earliest_ps);
  last_deadline_ps_ = std::max(last_deadline_ps_, leaves_ps + config_.completion_timeout_ps);
  request.deadline_ps = last_deadline_ps_;
  link_in(in_flight_, tag);

  Tlp tlp;
  tlp.type = TlpType::kMemRead;
  tlp.purpose = operation.purpose;
  tlp.tag = tag;
  tlp.address = request.address;
  tlp.length = size;
  tlp.more = operation.asked != operation.size && may_ask(operation) &&
             leaves_ps - *burst_ps < kRequestBurstPs;
  if (!tlp.more) *burst_ps = leaves_ps;
  ++counters_.read_requests;
  send_request(std::move(tlp), earliest_ps);
}

void DmaEngine::write(Purpose purpose, uint64_t address, ByteView bytes, TimePs earliest_ps,
                      bool more) {
  if (bytes.empty()) return;
  const PayloadPtr data = pool_.make();
  data->bytes.assign(bytes.data(), bytes.data() + bytes.size());
  const auto size = static_cast<uint32_t>(bytes.size());
  for (uint32_t done = 0; done != size;) {
    Tlp tlp;
    tlp.type = TlpType::kMemWrite;
    tlp.purpose = purpose;
    tlp.address = address + done;
    tlp.length = first_piece(tlp.address, size - done, mps_);
    tlp.data = data;
    tlp.data_offset = done;
    done += tlp.length;
    tlp.more = more || done != size;
    ++counters_.write_requests;
    send_request(std::move(tlp), earliest_ps);
  }
}

void DmaEngine::message(uint8_t code, TimePs earliest_ps) {
  Tlp tlp;
  tlp.type = TlpType::kMessage;
  tlp.purpose = Purpose::kInterrupt;
  tlp.message = code;
  send_request(std::move(tlp), earliest_ps);
}

void DmaEngine::send_request(Tlp&& tlp, TimePs earliest_ps) {
  ledger_.add(BusDirection::kUp, tlp.purpose, tlp.has_data() ? tlp.length : 0,
              link_bytes(tlp, whole_dwords_));
  up_.send(std::move(tlp), earliest_ps);
}

void DmaEngine::completion(Tlp& tlp, TimePs arrival_ps) {
  ledger_.add(BusDirection::kDown, tlp.purpose, tlp.has_data() ? tlp.length : 0,
              link_bytes(tlp, whole_dwords_));
  ++counters_.completions;
  const bool success = tlp.status == CompletionStatus::kSuccess;
  if (tlp.tag >= tags_.size() || tags_[tlp.tag].state != TagState::kInFlight) {
    ++counters_.unexpected_completions;
    // The last one that a timed-out request can have.
    if (tlp.tag < tags_.size() && tags_[tlp.tag].state == TagState::kRetired &&
        (!success || tlp.byte_count <= tlp.length)) {
      free_tag(retired_, tlp.tag);
      issue(arrival_ps);
    }
    return;
  }
  Request& request = tags_[tlp.tag];
  Operation& operation = *operations_[request.operation];
  if (!success) {
    ++counters_.failed_reads;
    operation.last_ps = std::max(operation.last_ps, arrival_ps);
    fail(request.operation);
    end_request(tlp.tag, TagState::kFree, {}, arrival_ps);
    return;
  }
  if (!expected(tlp, request)) {
    ++counters_.unexpected_completions;
    return;
  }
  operation.last_ps = std::max(operation.last_ps, arrival_ps);
  ByteView data = tlp.payload();
  if (tlp.poisoned) {
    ++counters_.poisoned;
    fail(request.operation);
  } else if (tlp.length != operation.size) {
    if (operation.bytes.size() < operation.size) operation.bytes.resize(operation.size);
    std::memcpy(operation.bytes.data() + request.offset + request.received, data.data(),
                data.size());
    data = {operation.bytes.data(), operation.size};
  }
  request.received += tlp.length;
  bytes_in_flight_ -= tlp.length;
  if (request.received == request.size) {
    end_request(tlp.tag, TagState::kFree, data, arrival_ps);
  }
}

/// Completions of one request come in the order of their addresses (2.3.1.1).
bool DmaEngine::expected(const Tlp& tlp, const Request& request) const {
  return tlp.type == TlpType::kCompletionData && tlp.length != 0 &&
         tlp.byte_count == request.size - request.received && tlp.length <= tlp.byte_count &&
         tlp.lower_address == ((request.address + request.received) & 0x7F);
}

/// Sends no further request of the operation, which ends with those in flight.
void DmaEngine::fail(uint32_t index) {
  Operation& operation = *operations_[index];
  operation.failed = true;
  if (operation.asked == operation.size) return;
  counters_.missing_bytes += operation.size - operation.asked;
  // Operations are asked for one after another: only the first can be half asked.
  waiting_[client_of(operation)].pop();
  operation.asked = operation.size;
}

void DmaEngine::end_request(uint16_t tag, TagState next, ByteView data, TimePs at_ps) {
  Request& request = tags_[tag];
  const uint32_t index = request.operation;
  Operation& operation = *operations_[index];
  bytes_in_flight_ -= request.size - request.received;
  counters_.missing_bytes += request.size - request.received;
  if (operation.size > config_.reassembly_bytes) {
    // No buffer holds it: the client gets it in pieces, of which this model shows the whole.
    operation.held -= request.size;
    held_bytes_ -= request.size;
  }
  if (next == TagState::kFree) {
    free_tag(in_flight_, tag);
  } else {
    take_out(in_flight_, tag);
    request.state = TagState::kRetired;
    request.deadline_ps = at_ps + config_.completion_timeout_ps;
    link_in(retired_, tag);
  }
  if (--operation.requests == 0 && operation.asked == operation.size) finish(index, data);
  issue(at_ps + config_.reuse_ps);
}

void DmaEngine::finish(uint32_t index, ByteView data) {
  Operation& operation = *operations_[index];
  held_bytes_ -= operation.held;
  client_.dma_read_done(operation.handle, operation.failed ? ByteView{} : data, !operation.failed,
                        operation.last_ps);
  // Only now: the client may have asked for more, and `data` lies in the slot.
  free_operations_.push_back(index);
}

TimePs DmaEngine::next_deadline() const {
  TimePs deadline_ps = kNoDeadline;
  if (in_flight_.oldest != kNone) deadline_ps = tags_[in_flight_.oldest].deadline_ps;
  if (reads_waiting() != 0 && retired_.oldest != kNone) {
    deadline_ps = std::min(deadline_ps, tags_[retired_.oldest].deadline_ps);
  }
  return deadline_ps;
}

void DmaEngine::expire(TimePs now_ps) {
  while (in_flight_.oldest != kNone && tags_[in_flight_.oldest].deadline_ps <= now_ps) {
    const uint16_t tag = in_flight_.oldest;
    const uint32_t index = tags_[tag].operation;
    ++counters_.timeouts;
    operations_[index]->last_ps = now_ps;
    fail(index);
    end_request(tag, TagState::kRetired, {}, now_ps);
  }
  issue(now_ps);
}

void DmaEngine::link_in(TagList& list, uint16_t tag) {
  tags_[tag].older = list.newest;
  tags_[tag].newer = kNone;
  (list.newest == kNone ? list.oldest : tags_[list.newest].newer) = tag;
  list.newest = tag;
}

void DmaEngine::take_out(TagList& list, uint16_t tag) {
  const Request& request = tags_[tag];
  (request.older == kNone ? list.oldest : tags_[request.older].newer) = request.newer;
  (request.newer == kNone ? list.newest : tags_[request.newer].older) = request.older;
}

void DmaEngine::free_tag(TagList& list, uint16_t tag) {
  take_out(list, tag);
  tags_[tag].state = TagState::kFree;
  free_tags_.push(tag);
  --tags_in_use_;
}

}  // namespace ringside::hw
