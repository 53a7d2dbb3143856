// SPDX-License-Identifier: Apache-2.0
// See pin_checks.h.
#include "hw_model/rtl_bridge/pin_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "hw_model/pcie/pcie_payload.h"
#include "hw_model/pcie/purpose.h"

namespace ringside::hw {

namespace {

constexpr uint64_t kPage = 4096;

}  // namespace

void StableCheck::look_closely(uint64_t cycle, bool valid, bool ready, const Fields& fields,
                               const uint32_t* data, unsigned words) {
  if (stalled_ && !valid && !may_fall_)
    complain_(cycle, stream_ + ": valid fell before it was taken");
  if (stalled_ && valid && (fields != fields_ || !std::equal(data, data + words, data_.begin()))) {
    complain_(cycle, stream_ + ": changed before it was taken");
  }
  stalled_ = valid && !ready;
  if (!stalled_) return;
  fields_ = fields;
  std::copy(data, data + words, data_.begin());
}

void PacketCheck::beat(uint64_t cycle, bool sop, bool eop, uint32_t empty, uint64_t lanes) {
  if (sop == inside_) {
    complain_(cycle, stream_ + (sop ? ": a packet starts within one" : ": a beat without a start"));
  }
  if (sop) seen_ = 0;
  seen_ += beat_bytes_;
  const uint64_t end = eop ? seen_ - empty : seen_;
  if (lanes != 0 && (eop ? end != lanes : end >= lanes)) {
    complain_(cycle, fmt::format("{}: {} of {} bytes, counted from lane 0, at {}", stream_, end,
                                 lanes, eop ? "the end" : "a beat that is not the end"));
  }
  inside_ = !eop;
}

RequestCheck::RequestCheck(const Limits& limits, Complain complain)
    : limits_(limits), complain_(std::move(complain)), asked_(limits.tags, kFree) {}

void RequestCheck::size(uint64_t cycle, const char* what, uint64_t address, uint32_t length,
                        uint32_t most, unsigned purpose) {
  // The Length field counts whole double words (2.2.7).
  if (length == 0 || (address & 3) + length > most) {
    complain_(cycle, fmt::format("{} of {} bytes at {:#x}: allowed are 1 to {}", what, length,
                                 address, most));
  }
  if ((address & (kPage - 1)) + length > kPage) {
    complain_(cycle, fmt::format("{} of {} bytes at {:#x} crosses 4 KiB", what, length, address));
  }
  if (!bus_master_) {
    complain_(cycle, fmt::format("{} of {} bytes at {:#x}: Bus Master Enable is off", what, length,
                                 address));
  }
  if (purpose >= static_cast<unsigned>(Purpose::kCount)) {
    complain_(cycle, fmt::format("{} for purpose {}, which there is not", what, purpose));
  }
}

void RequestCheck::write(uint64_t cycle, uint64_t address, uint32_t length, unsigned purpose) {
  size(cycle, "a write", address, length, limits_.max_payload, purpose);
}

void RequestCheck::message(uint64_t cycle, unsigned code) {
  if (code == kMessageAssertIntA || code == kMessageDeassertIntA) return;
  complain_(cycle, fmt::format("a message of code {:#x}", code));
}

void RequestCheck::read(uint64_t cycle, uint64_t address, uint32_t length, unsigned tag,
                        unsigned purpose) {
  size(cycle, "a read", address, length, limits_.max_read_request, purpose);
  if (tag >= asked_.size()) {
    complain_(cycle, fmt::format("a read with tag {} of {}", tag, asked_.size()));
    return;
  }
  if (asked_[tag] == kFree) {
    ++in_flight_;
  } else if (cycle - asked_[tag] < limits_.timeout_cycles) {
    complain_(cycle, fmt::format("a read with tag {}, whose read of cycle {} is not answered", tag,
                                 asked_[tag]));
  }
  asked_[tag] = cycle;
}

void RequestCheck::completed(unsigned tag, bool last) {
  if (!last || tag >= asked_.size() || asked_[tag] == kFree) return;
  asked_[tag] = kFree;
  --in_flight_;
}

void CompletionCheck::request(uint64_t cycle, unsigned tag, const Request& request) {
  open_.push_back({tag, cycle, request, false});
}

void CompletionCheck::completion(uint64_t cycle, const Completion& completion) {
  const auto open = std::find_if(open_.begin(), open_.end(),
                                 [&](const Open& each) { return each.tag == completion.tag; });
  if (open == open_.end()) {
    complain_(cycle, fmt::format("a completion for tag {}, which waits for none", completion.tag));
    return;
  }
  const Request request = open->request;
  open_.erase(open);
  const auto wrong = [&](const char* what) {
    complain_(cycle, fmt::format("a completion for tag {}, {} of {} bytes at {:#x}: {}",
                                 completion.tag, request.read ? "a read" : "a write",
                                 request.length, request.address, what));
  };
  if (completion.configuration != request.configuration) wrong("of the wrong space");
  if (completion.status != 0) {
    if (completion.has_data) wrong("data with an error");
    return;
  }
  if (completion.has_data != request.read) wrong(request.read ? "no data" : "data");
  if (!completion.has_data || !request.read) return;
  if (completion.length != request.length) wrong("another length");
  const unsigned lower = request.configuration ? 0 : request.address & 0x7F;
  if (completion.lower_address != lower) wrong("another lower address");
}

void CompletionCheck::look(uint64_t cycle) {
  if (open_.empty() || open_.front().told || cycle - open_.front().cycle < bound_cycles_) return;
  Open& open = open_.front();
  open.told = true;
  complain_(cycle, fmt::format("{} of {} bytes at {:#x}, tag {}, is not answered since cycle {}",
                               open.request.read ? "a read" : "a write", open.request.length,
                               open.request.address, open.tag, open.cycle));
}

}  // namespace ringside::hw
