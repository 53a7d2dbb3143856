// SPDX-License-Identifier: Apache-2.0
// Places on the link, credits, and the few events that deliver what is due.
#include "hw_model/pcie/pcie_channel.h"

#include <algorithm>
#include <utility>

#include "formats/random.h"

namespace ringside::hw {

namespace {

void notify_in(sc_core::sc_event& event, TimePs delay_ps) {
  event.notify(sc_core::sc_time::from_value(delay_ps));
}

}  // namespace

PcieChannel::PcieChannel(const sc_core::sc_module_name& name, const PcieLinkConfig& config,
                         const ReceiverConfig& receiver, uint64_t seed)
    : sc_core::sc_module(name),
      whole_dwords_(config.whole_dwords),
      latency_ps_(config.latency_ps),
      drain_ps_(receiver.drain_ps),
      drain_jitter_ps_(receiver.drain_jitter_ps),
      seed_(seed),
      direction_(config),
      classes_{Class{CreditAccount(receiver.posted), 0, 0, {}},
               Class{CreditAccount(receiver.non_posted), 0, 0, {}},
               Class{CreditAccount(receiver.completion), 0, 0, {}}} {
  const auto spawn = [](sc_core::sc_event& event, const char* process, auto action) {
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.set_sensitivity(&event);
    options.dont_initialize();
    sc_core::sc_spawn(action, sc_core::sc_gen_unique_name(process), &options);
  };
  spawn(wake_, "deliver", [this] { deliver(); });
  spawn(guard_, "guard", [this] { guard(); });
  spawn(credit_, "pump", [this] { pump(); });
}

void PcieChannel::attach(TlpReceiver& receiver) {
  receiver_ = &receiver;
  for (std::size_t flow = 0; flow < kClasses; ++flow) {
    classes_[flow].tolerance_ps = receiver.tolerance_ps(static_cast<FlowClass>(flow));
  }
}

TimePs PcieChannel::jitter() {
  return drain_jitter_ps_ == 0 ? 0 : splitmix64(seed_, drawn_++) % (drain_jitter_ps_ + 1);
}

void PcieChannel::send(Tlp&& tlp, TimePs earliest_ps) {
  const bool lost = fault_ && !fault_(tlp);
  earliest_ps = std::max(earliest_ps, now_ps());
  const FlowClass flow_class = tlp.flow();
  const bool held = must_wait(flow_class);
  if (!held && place(tlp, lost, earliest_ps)) return;
  put_off(std::move(tlp), lost, earliest_ps);
  if (held) return;  // what holds it has set the event
  Class& flow = classes_[static_cast<std::size_t>(flow_class)];
  const uint32_t data = data_credits(4 * flow.waiting.front().tlp.payload_dwords());
  const TimePs now = now_ps();
  notify_in(credit_, std::max(flow.credits.ready_ps(data), now) - now);
}

bool PcieChannel::must_wait(FlowClass flow) const {
  if (waiting_ == 0) return false;
  // Nothing passes a waiting posted TLP (table 2-40, column 2); order within a class is kept.
  return !classes_[static_cast<std::size_t>(flow)].waiting.empty() ||
         !classes_[static_cast<std::size_t>(FlowClass::kPosted)].waiting.empty();
}

/// Gives `tlp` its place on the link, if the credits are there when it can leave.
[[gnu::always_inline]] inline bool PcieChannel::place(Tlp& tlp, bool lost, TimePs earliest_ps) {
  Class& flow = classes_[static_cast<std::size_t>(tlp.flow())];
  const uint32_t data = data_credits(4 * tlp.payload_dwords());
  flow.credits.settle(std::max(earliest_ps, direction_.free_at_ps()));
  if (!flow.credits.has(data)) return false;

  const uint32_t bytes = link_bytes(tlp, whole_dwords_);
  const auto slot = direction_.reserve(bytes, earliest_ps);
  const TimePs arrival_ps = slot.end_ps + latency_ps_;
  if (observer_ != nullptr) observer_->tlp_sent(observed_as_, tlp, slot.start_ps, slot.end_ps);
  flow.drained_ps = std::max(flow.drained_ps, arrival_ps + drain_ps_ + jitter());
  flow.credits.take(data, flow.drained_ps + latency_ps_);
  ++counters_.tlps;
  counters_.link_bytes += bytes;
  if (tlp.has_data()) counters_.payload_bytes += tlp.length;

  const bool more = tlp.more;
  const TimePs due_ps = arrival_ps + flow.tolerance_ps;
  InFlight& flying = in_flight_.push_slot();
  flying.tlp = std::move(tlp);
  flying.arrival_ps = arrival_ps;
  flying.due_ps = due_ps;
  flying.lost = lost;
  if (!more) {
    wake_at(due_ps);
  } else if (!guarded_) {
    guarded_ = true;
    notify_in(guard_, arrival_ps + kMoreBoundPs - now_ps());
  }
  return true;
}

void PcieChannel::put_off(Tlp&& tlp, bool lost, TimePs earliest_ps) {
  Class& flow = classes_[static_cast<std::size_t>(tlp.flow())];
  ++counters_.credit_stalls;
  if (waiting_++ == 0) stalled_since_ps_ = std::max(earliest_ps, direction_.free_at_ps());
  flow.waiting.push({std::move(tlp), earliest_ps, next_number_++, lost});
  cut_burst();
}

/// What follows the last TLP on the link has to wait: whoever receives it must not.
void PcieChannel::cut_burst() {
  if (in_flight_.empty() || !in_flight_.back().tlp.more) return;
  in_flight_.back().tlp.more = false;
  wake_at(in_flight_.back().due_ps);
}

void PcieChannel::pump() {
  if (waiting_ == 0) return;
  const TimePs now = now_ps();
  const Fifo<Waiting>& posted = classes_[static_cast<std::size_t>(FlowClass::kPosted)].waiting;
  const bool posted_waited = !posted.empty();
  while (waiting_ != 0) {
    // Of those that may go, the one that was sent first.
    Class* next = nullptr;
    TimePs wait_until = ~TimePs{0};
    for (Class& flow : classes_) {
      if (flow.waiting.empty()) continue;
      const Waiting& head = flow.waiting.front();
      if (&flow.waiting != &posted && !posted.empty() && posted.front().number < head.number) {
        continue;
      }
      const TimePs ready_ps = flow.credits.ready_ps(data_credits(4 * head.tlp.payload_dwords()));
      if (ready_ps > std::max({now, head.earliest_ps, direction_.free_at_ps()})) {
        wait_until = std::min(wait_until, ready_ps);
      } else if (next == nullptr || head.number < next->waiting.front().number) {
        next = &flow;
      }
    }
    if (next == nullptr) {
      cut_burst();
      notify_in(credit_, wait_until - now);
      break;
    }
    Waiting head = std::move(next->waiting.front());
    next->waiting.pop();
    const TimePs start_ps = std::max({now, head.earliest_ps, direction_.free_at_ps()});
    place(head.tlp, head.lost, std::max(now, head.earliest_ps));
    if (--waiting_ == 0) end_stall(start_ps);
  }
  if ((waiting_ == 0 || (posted_waited && posted.empty())) && on_ready_) on_ready_();
}

void PcieChannel::recall(std::vector<Tlp>& taken) {
  Fifo<Waiting>& waiting = classes_[static_cast<std::size_t>(FlowClass::kNonPosted)].waiting;
  for (; !waiting.empty(); waiting.pop()) {
    taken.push_back(std::move(waiting.front().tlp));
    if (--waiting_ == 0) end_stall(now_ps());
  }
}

void PcieChannel::end_stall(TimePs at_ps) {
  counters_.stall_ps += at_ps > stalled_since_ps_ ? at_ps - stalled_since_ps_ : 0;
}

void PcieChannel::wake_at(TimePs at_ps) {
  if (woken_ && wake_ps_ <= at_ps) return;
  woken_ = true;
  wake_ps_ = at_ps;
  notify_in(wake_, at_ps - now_ps());
}

void PcieChannel::deliver() {
  woken_ = false;
  const TimePs now = now_ps();
  while (!in_flight_.empty() && in_flight_.front().arrival_ps <= now) {
    // Moved out: what the receiver sends may make the queue move.
    Tlp tlp = std::move(in_flight_.front().tlp);
    const TimePs arrival_ps = in_flight_.front().arrival_ps;
    const bool lost = in_flight_.front().lost;
    in_flight_.pop();
    if (!lost) receiver_->receive_tlp(tlp, arrival_ps);
  }
  TimePs first_ps = ~TimePs{0};
  for (std::size_t i = 0; i < in_flight_.size() && in_flight_[i].arrival_ps < first_ps; ++i) {
    if (!in_flight_[i].tlp.more) first_ps = std::min(first_ps, in_flight_[i].due_ps);
  }
  if (first_ps != ~TimePs{0}) wake_at(first_ps);
}

void PcieChannel::guard() {
  guarded_ = false;
  if (in_flight_.empty()) return;
  const TimePs now = now_ps();
  if (in_flight_.front().arrival_ps + kMoreBoundPs <= now) deliver();
  if (in_flight_.empty() || guarded_) return;
  guarded_ = true;
  notify_in(guard_, in_flight_.front().arrival_ps + kMoreBoundPs - now);
}

PcieDirectionCounters PcieChannel::counters() const {
  PcieDirectionCounters counters = counters_;
  counters.dllp_bytes = direction_.overhead_bytes();
  counters.busy_ps = direction_.busy_ps(now_ps());
  if (waiting_ != 0 && now_ps() > stalled_since_ps_) {
    counters.stall_ps += now_ps() - stalled_since_ps_;
  }
  return counters;
}

CreditState PcieChannel::credits(FlowClass flow) {
  CreditAccount& account = classes_[static_cast<std::size_t>(flow)].credits;
  account.settle(now_ps());
  return account.state();
}

}  // namespace ringside::hw
