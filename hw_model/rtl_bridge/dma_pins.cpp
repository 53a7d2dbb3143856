// SPDX-License-Identifier: Apache-2.0
// See dma_pins.h.
#include "hw_model/rtl_bridge/dma_pins.h"

#include <utility>

#include "hw_model/pcie/pcie_payload.h"

namespace ringside::hw {

DmaPins::DmaPins(const CardPins& pins, const Config& config, LinkGate& gate, PayloadPool& payloads,
                 PcieLedger& ledger, const Complain& complain)
    : pins_(pins),
      config_(config),
      width_(*pins.build_data_bits / 8),
      gate_(gate),
      payloads_(payloads),
      ledger_(ledger),
      posted_stable_("posted request", complain),
      read_stable_("read request", complain, true),
      posted_packets_("posted request", width_, complain),
      requests_(config.limits, complain),
      hang_("completion", config.taken_cycles, complain) {}

void DmaPins::receive(Tlp& tlp, TimePs now_ps) {
  ledger_.add(BusDirection::kDown, tlp.purpose, tlp.has_data() ? tlp.length : 0,
              link_bytes(tlp, config_.whole_dwords));
  completions_.push({std::move(tlp), now_ps});
}

void DmaPins::show(const Tlp& tlp) {
  *pins_.completion_tag = tlp.tag;
  *pins_.completion_status = static_cast<uint8_t>(tlp.status);
  *pins_.completion_poisoned = tlp.poisoned ? 1 : 0;
  *pins_.completion_has_data = tlp.has_data() ? 1 : 0;
  *pins_.completion_length = static_cast<uint16_t>(tlp.has_data() ? tlp.length : 0);
  *pins_.completion_byte_count = tlp.byte_count;
  *pins_.completion_lower_address = tlp.lower_address;
}

void DmaPins::drive(const ClockEdge& edge) {
  *pins_.posted_ready = gate_.takes_posted(edge.time_ps) ? 1 : 0;
  *pins_.read_ready = gate_.takes_others(edge.time_ps) ? 1 : 0;
  const bool valid = !completions_.empty() && completions_.front().told_ps < edge.time_ps;
  *pins_.completion_valid = valid ? 1 : 0;
  if (!valid || shown_) {
    shown_ = valid;
    return;
  }
  const Tlp& tlp = completions_.front().tlp;
  if (!begun_) {
    begun_ = true;
    show(tlp);
    cutter_.start(tlp.payload(), tlp.has_data() ? tlp.lower_address & 3U : 0);
  }
  *pins_.completion_sop = cutter_.first() ? 1 : 0;
  *pins_.completion_eop = cutter_.last(width_) ? 1 : 0;
  *pins_.completion_empty = static_cast<uint8_t>(tlp.payload().empty() ? 0 : cutter_.empty(width_));
  cutter_.put(pins_.completion_data, width_);
  shown_ = true;
}

void DmaPins::sample(const ClockEdge& edge) {
  const bool completion_ready = *pins_.completion_ready != 0;
  hang_.look(edge.cycle, shown_, completion_ready);
  if (shown_ && completion_ready) took_completion();

  const bool posted = *pins_.posted_valid != 0;
  const bool posted_ready = *pins_.posted_ready != 0;
  posted_stable_.look(
      edge.cycle, posted, posted_ready,
      [this] {
        return StableCheck::Fields{*pins_.posted_message, *pins_.posted_code,
                                   *pins_.posted_address, *pins_.posted_length,
                                   *pins_.posted_sop,     *pins_.posted_eop,
                                   *pins_.posted_empty,   *pins_.posted_purpose};
      },
      pins_.posted_data, width_ / 4);
  if (posted && posted_ready) took_posted(edge);

  const bool read = *pins_.read_valid != 0;
  const bool read_ready = *pins_.read_ready != 0;
  read_stable_.look(edge.cycle, read, read_ready, [this] {
    return StableCheck::Fields{*pins_.read_address, *pins_.read_length, *pins_.read_tag,
                               *pins_.read_purpose, *pins_.read_queue};
  });
  if (read && read_ready) took_read(edge);
}

void DmaPins::took_completion() {
  ++beats_.completion;
  shown_ = false;
  cutter_.advance(width_);
  if (!cutter_.done()) return;
  const Tlp& tlp = completions_.front().tlp;
  const bool good = tlp.status == CompletionStatus::kSuccess && tlp.has_data();
  const bool last = !good || tlp.byte_count <= tlp.length;
  requests_.completed(tlp.tag, last);
  if (tap_ != nullptr) {
    tap_->read_completion(tlp.tag, tlp.payload(), good && !tlp.poisoned, last);
  }
  completions_.front().tlp = {};
  completions_.pop();
  begun_ = false;
}

void DmaPins::took_posted(const ClockEdge& edge) {
  ++beats_.posted;
  const bool sop = *pins_.posted_sop != 0;
  const bool eop = *pins_.posted_eop != 0;
  if (*pins_.posted_message != 0) {
    requests_.message(edge.cycle, *pins_.posted_code);
    if (tap_ != nullptr) tap_->message(*pins_.posted_code == kMessageAssertIntA);
    Tlp tlp;
    tlp.type = TlpType::kMessage;
    tlp.purpose = Purpose::kInterrupt;
    tlp.message = *pins_.posted_code;
    send(std::move(tlp), edge);
    return;
  }
  const auto lane = static_cast<uint32_t>(*pins_.posted_address & 3);
  posted_packets_.beat(edge.cycle, sop, eop, *pins_.posted_empty, lane + *pins_.posted_length);
  if (sop || !posted_begun_) {
    requests_.write(edge.cycle, *pins_.posted_address, *pins_.posted_length, *pins_.posted_purpose);
    posted_ = {};
    posted_.type = TlpType::kMemWrite;
    posted_.purpose = static_cast<Purpose>(*pins_.posted_purpose);
    posted_.address = *pins_.posted_address;
    posted_.data = payloads_.make();
    posted_begun_ = true;
  }
  const ByteView bytes =
      beat_bytes(pins_.posted_data, width_, sop ? lane : 0, eop ? *pins_.posted_empty : 0);
  posted_.data->bytes.insert(posted_.data->bytes.end(), bytes.begin(), bytes.end());
  if (!eop) return;
  posted_.length = static_cast<uint32_t>(posted_.data->bytes.size());
  // As DmaEngine's caller does: nobody may look at anything else before an index or an interrupt.
  posted_.more = posted_.purpose != Purpose::kUsedIndex && posted_.purpose != Purpose::kInterrupt;
  posted_begun_ = false;
  if (tap_ != nullptr) {
    tap_->posted(posted_.purpose, *pins_.posted_queue, posted_.address, posted_.payload());
  }
  send(std::move(posted_), edge);
}

void DmaPins::took_read(const ClockEdge& edge) {
  requests_.read(edge.cycle, *pins_.read_address, *pins_.read_length, *pins_.read_tag,
                 *pins_.read_purpose);
  if (tap_ != nullptr) {
    tap_->read_request(*pins_.read_tag, static_cast<Purpose>(*pins_.read_purpose),
                       *pins_.read_queue, *pins_.read_address, *pins_.read_length);
  }
  Tlp tlp;
  tlp.type = TlpType::kMemRead;
  tlp.purpose = static_cast<Purpose>(*pins_.read_purpose);
  tlp.tag = *pins_.read_tag;
  tlp.address = *pins_.read_address;
  tlp.length = *pins_.read_length;
  send(std::move(tlp), edge);
}

void DmaPins::send(Tlp&& tlp, const ClockEdge& edge) {
  ledger_.add(BusDirection::kUp, tlp.purpose, tlp.has_data() ? tlp.length : 0,
              link_bytes(tlp, config_.whole_dwords));
  gate_.send(std::move(tlp), edge.time_ps);
}

}  // namespace ringside::hw
