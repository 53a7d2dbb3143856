// SPDX-License-Identifier: Apache-2.0
// See trace_outputs.h.
#include "testbench/run/trace_outputs.h"

#include <filesystem>

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;

uint64_t to_ns(uint64_t ps) { return (ps + kPsPerNs / 2) / kPsPerNs; }

}  // namespace

Status TraceOutputs::open(const Scenario& scenario, const RunOptions& options,
                          std::vector<std::string>* files) {
  for (const Nic& nic : scenario.nics) {
    names_.push_back({nic.name, static_cast<uint16_t>(nic.queue_pairs)});
  }
  const std::filesystem::path folder = options.out_dir;
  if (options.trace_events) {
    if (Status status = events_.open(folder / kEventsName, names_); !status.ok()) return status;
    events_.on_error(options.file_failed);
    files->emplace_back(kEventsName);
    events_on_ = true;
  }
  if (options.trace_perfetto) {
    if (Status status = perfetto_.open(folder / kPerfettoName, scenario.name); !status.ok()) {
      return status;
    }
    perfetto_.on_error(options.file_failed);
    files->emplace_back(kPerfettoName);
    perfetto_on_ = true;
  }
  return Status::success();
}

void TraceOutputs::watch_host(const std::string& name, const std::vector<CpuCore*>& cores) {
  if (perfetto_on_) perfetto_.watch_host(name, cores);
}

void TraceOutputs::watch_card(hw::NicModel& nic) {
  const std::size_t index = cards_.size();
  cards_.push_back(std::make_unique<Card>(events_, static_cast<uint16_t>(index)));
  Card& card = *cards_.back();
  const bool traced = events_on_ || perfetto_on_;
  // Without bus timing stages take next to no time, and following frames would cost a fifth more.
  card.followed = traced || nic.ledger() != nullptr;
  if (!card.followed) return;
  if (!traced) {
    nic.trace(&card.follower);
    return;
  }
  card.tee.add(card.follower);
  if (events_on_) card.tee.add(card.event_sink);
  if (perfetto_on_) card.tee.add(perfetto_.watch_card(names_[index], nic));
  nic.trace(&card.tee);
}

void TraceOutputs::watch_link(const Link& config, hw::Link& link) {
  if (perfetto_on_) perfetto_.watch_link(config.name, {config.ends[0], config.ends[1]}, link);
}

void TraceOutputs::close(
    const std::function<void(const char* file, const Status& status)>& closed) {
  closed(kEventsName, events_.close());
  closed(kPerfettoName, perfetto_.close());
}

void TraceOutputs::collect(std::size_t index, NicResult& result) const {
  if (index >= cards_.size() || !cards_[index]->followed) return;
  for (unsigned i = 0; i < static_cast<unsigned>(FrameStage::kCount); ++i) {
    const auto stage = static_cast<FrameStage>(i);
    const LatencyHistogram& histogram = cards_[index]->latency.histogram(stage);
    (stage < kFirstReceiveStage ? result.tx_stages : result.rx_stages)
        .push_back({std::string(name_of(stage)),
                    histogram.count(),
                    {to_ns(histogram.min()), to_ns(histogram.percentile(50)),
                     to_ns(histogram.percentile(99)), to_ns(histogram.max())}});
  }
}

}  // namespace ringside::tb
