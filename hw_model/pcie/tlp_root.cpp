// SPDX-License-Identifier: Apache-2.0
// The host's requests as TLPs, the card's as accesses to the host.
#include "hw_model/pcie/tlp_root.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "formats/random.h"

namespace ringside::hw {

namespace {

sc_core::sc_time ps(TimePs time) { return sc_core::sc_time::from_value(time); }

constexpr uint64_t kPage = 4096;

}  // namespace

TlpRoot::TlpRoot(const sc_core::sc_module_name& name, const RootComplexConfig& config,
                 const PcieLinkConfig& link, TlpChannel& down, PayloadPool& pool)
    : sc_core::sc_module(name),
      target("target"),
      initiator("initiator"),
      config_(config),
      link_(link),
      completion_max_(config.completion_bytes_max == 0
                          ? link.mps
                          : std::min(config.completion_bytes_max, link.mps)),
      down_(down),
      pool_(pool),
      reader_(initiator) {
  target.register_b_transport(this, &TlpRoot::transport);
  initiator.register_invalidate_direct_mem_ptr(this, &TlpRoot::invalidate);
  payload_.set_extension(&extension_);
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&ready_);
  options.dont_initialize();
  sc_core::sc_spawn([this] { serve(); }, sc_core::sc_gen_unique_name("serve"), &options);
}

TlpRoot::~TlpRoot() { payload_.clear_extension(&extension_); }

void TlpRoot::invalidate(sc_dt::uint64 first, sc_dt::uint64 last) {
  reader_.invalidate(first, last);
}

void TlpRoot::transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const TimePs earliest_ps = now_ps() + delay.value();
  Tlp tlp = request_of(payload);
  if (tlp.type == TlpType::kMemWrite) {
    down_.send(std::move(tlp), earliest_ps);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return;
  }
  delay = sc_core::SC_ZERO_TIME;
  non_posted(std::move(tlp), payload, earliest_ps);
}

Tlp TlpRoot::request_of(const tlm::tlm_generic_payload& payload) {
  const PcieExtension* extension = payload.get_extension<PcieExtension>();
  const bool config = extension != nullptr && extension->space == PcieSpace::kConfig;
  Tlp tlp;
  tlp.address = payload.get_address();
  tlp.length = payload.get_data_length();
  if (payload.is_write()) {
    tlp.type = config ? TlpType::kConfigWrite : TlpType::kMemWrite;
    const auto* bytes = reinterpret_cast<const std::byte*>(payload.get_data_ptr());
    tlp.data = pool_.make();
    tlp.data->bytes.assign(bytes, bytes + tlp.length);
  } else {
    tlp.type = config ? TlpType::kConfigRead : TlpType::kMemRead;
  }
  // Which writes are doorbells is the card's to say.
  tlp.purpose = config               ? Purpose::kConfig
                : payload.is_write() ? Purpose::kRegisterWrite
                                     : Purpose::kRegisterRead;
  return tlp;
}

/// Tags go round, so that a late completion is the less likely to meet a new request of its tag. A
/// timed-out tag rests for another time-out (2.8 leaves it to the requester when to use it again).
uint16_t TlpRoot::take_tag() {
  for (unsigned tried = 0; tried < kTags; ++tried) {
    const uint16_t tag = next_tag_;
    next_tag_ = static_cast<uint16_t>((next_tag_ + 1) % kTags);
    if (requests_.size() <= tag) requests_.resize(tag + 1U);
    if (requests_[tag] == nullptr) requests_[tag] = std::make_unique<Request>();
    if (!requests_[tag]->pending && requests_[tag]->retired_until_ps <= now_ps()) return tag;
  }
  return kTags;
}

void TlpRoot::non_posted(Tlp&& tlp, tlm::tlm_generic_payload& payload, TimePs earliest_ps) {
  tlp.tag = take_tag();
  if (tlp.tag == kTags) {
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  Request& request = *requests_[tlp.tag];
  request.pending = true;
  request.poisoned = false;
  request.status = CompletionStatus::kSuccess;
  request.data = payload.is_read() ? payload.get_data_ptr() : nullptr;
  request.size = payload.is_read() ? payload.get_data_length() : 0;
  down_.send(std::move(tlp), earliest_ps);
  sc_core::wait(ps(config_.completion_timeout_ps), request.done);
  if (request.pending) {
    request.pending = false;
    request.retired_until_ps = now_ps() + config_.completion_timeout_ps;
    ++counters_.timeouts;
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  switch (request.status) {
    case CompletionStatus::kSuccess:
      payload.set_response_status(request.poisoned ? tlm::TLM_GENERIC_ERROR_RESPONSE
                                                   : tlm::TLM_OK_RESPONSE);
      break;
    case CompletionStatus::kUnsupportedRequest:
      payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
      break;
    default:
      payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
  }
}

void TlpRoot::finish_request(const Tlp& tlp) {
  Request* request = tlp.tag < requests_.size() ? requests_[tlp.tag].get() : nullptr;
  const bool success = tlp.status == CompletionStatus::kSuccess;
  // Registers are read in one piece.
  if (request == nullptr || !request->pending ||
      (success && (tlp.has_data() ? tlp.length : 0) != request->size)) {
    if (request != nullptr && !request->pending) request->retired_until_ps = 0;
    ++counters_.unexpected_completions;
    return;
  }
  request->pending = false;
  request->status = tlp.status;
  request->poisoned = tlp.poisoned;
  if (success && request->size != 0) {
    std::memcpy(request->data, tlp.payload().data(), request->size);
  }
  request->done.notify(sc_core::SC_ZERO_TIME);
}

void TlpRoot::receive_tlp(Tlp& tlp, TimePs arrival_ps) {
  switch (tlp.type) {
    case TlpType::kMemWrite:
      if (tlp.poisoned) {
        ++counters_.poisoned_writes;
      } else if (posted(PcieSpace::kMemory, tlp.address, tlp.payload()) != tlm::TLM_OK_RESPONSE) {
        ++counters_.unsupported_requests;
      }
      break;
    case TlpType::kMessage:
      if (posted(PcieSpace::kMessage, tlp.message, {}) != tlm::TLM_OK_RESPONSE) {
        ++counters_.unsupported_requests;
      }
      break;
    case TlpType::kCompletion:
    case TlpType::kCompletionData:
      finish_request(tlp);
      break;
    default:
      queue_read(tlp, arrival_ps);
  }
}

tlm::tlm_response_status TlpRoot::posted(PcieSpace space, uint64_t address, ByteView bytes) {
  extension_.space = space;
  payload_.set_command(tlm::TLM_WRITE_COMMAND);
  payload_.set_address(address);
  // TLM's pointer is not const; a write leaves the bytes as they are.
  payload_.set_data_ptr(
      reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data())));  // NOLINT
  payload_.set_data_length(static_cast<unsigned>(bytes.size()));
  payload_.set_streaming_width(static_cast<unsigned>(bytes.size()));
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay;
  initiator->b_transport(payload_, delay);
  return payload_.get_response_status();
}

void TlpRoot::queue_read(const Tlp& tlp, TimePs arrival_ps) {
  ++counters_.read_requests;
  Read read;
  read.address = tlp.address;
  // A configuration request that comes up is nobody's: no bytes, which answer() refuses.
  read.length = tlp.type == TlpType::kMemRead ? tlp.length : 0;
  read.tag = tlp.tag;
  read.purpose = tlp.purpose;
  read.ready_ps = arrival_ps + config_.read_latency_ps;
  if (config_.read_jitter_ps != 0) {
    read.ready_ps += splitmix64(config_.seed, drawn_++) % (config_.read_jitter_ps + 1);
  }
  if (!config_.reorder && !reads_.empty()) {
    read.ready_ps = std::max(read.ready_ps, reads_.back().ready_ps);
  }
  reads_.push(read);
  // Behind those that are ready as early; without jitter it is in its place already.
  std::size_t place = reads_.size() - 1;
  for (; place > 0 && reads_[place - 1].ready_ps > read.ready_ps; --place) {
    std::swap(reads_[place], reads_[place - 1]);
  }
  if (place == 0) {
    const TimePs now = now_ps();
    ready_.notify(ps(std::max(read.ready_ps, now) - now));
  }
}

void TlpRoot::serve() {
  const TimePs now = now_ps();
  while (!reads_.empty() && reads_.front().ready_ps <= now + kServeSlackPs) {
    const Read read = reads_.front();
    reads_.pop();
    answer(read);
  }
  if (!reads_.empty()) ready_.notify(ps(reads_.front().ready_ps - now));
}

void TlpRoot::answer(const Read& read) {
  if (read.length == 0) return refuse(read, CompletionStatus::kUnsupportedRequest);
  if ((read.address & (kPage - 1)) + read.length > kPage) {
    return refuse(read, CompletionStatus::kCompleterAbort);
  }
  ByteView bytes;
  if (!reader_.read(read.address, read.length, &bytes)) {
    return refuse(read, CompletionStatus::kUnsupportedRequest);
  }
  const PayloadPtr data = pool_.make();
  data->bytes.assign(bytes.data(), bytes.data() + bytes.size());
  const uint64_t end = read.address + read.length;
  for (uint64_t at = read.address; at != end;) {
    // All but the last end at the boundary (2.3.1.1).
    const uint64_t boundary =
        std::max((at + completion_max_) & ~uint64_t{link_.rcb - 1}, (at | (link_.rcb - 1)) + 1);
    const uint64_t next = std::min(end, boundary);
    Tlp tlp;
    tlp.type = TlpType::kCompletionData;
    tlp.tag = read.tag;
    tlp.purpose = read.purpose;
    tlp.lower_address = static_cast<uint8_t>(at & 0x7F);
    tlp.byte_count = static_cast<uint16_t>(end - at);
    tlp.length = static_cast<uint32_t>(next - at);
    tlp.data = data;
    tlp.data_offset = at - read.address;
    tlp.more = next != end;
    ++counters_.completions;
    down_.send(std::move(tlp), read.ready_ps);
    at = next;
  }
}

void TlpRoot::refuse(const Read& read, CompletionStatus status) {
  ++(status == CompletionStatus::kUnsupportedRequest ? counters_.unsupported_requests
                                                     : counters_.completer_aborts);
  Tlp tlp;
  tlp.type = TlpType::kCompletion;
  tlp.status = status;
  tlp.tag = read.tag;
  tlp.purpose = read.purpose;
  tlp.lower_address = static_cast<uint8_t>(read.address & 0x7F);
  tlp.byte_count = static_cast<uint16_t>(read.length);
  ++counters_.completions;
  down_.send(std::move(tlp), read.ready_ps);
}

}  // namespace ringside::hw
