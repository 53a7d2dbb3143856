// SPDX-License-Identifier: Apache-2.0
// See outside.h.
#include "testbench/run/outside.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "testbench/external/tap_interface.h"

namespace ringside::tb {

namespace {

OutsideResult result_of(const std::string& name, const char* kind, const OutsidePort& port) {
  OutsideResult result;
  result.name = name;
  result.kind = kind;
  for (const hw::NicCounter& counter : port.counters()) {
    result.counters.emplace_back(counter.name, counter.value);
  }
  return result;
}

}  // namespace

Status Outside::build(const Scenario& scenario, ExternalLoop* loop, hw::FramePool& frames,
                      const std::function<void()>& changed) {
  scenario_ = &scenario;
  for (const Tap& config : scenario.taps) {
    int descriptor = -1;
    const TapSetup setup{config.interface, config.create, config.address, config.address6};
    if (const Status status = open_tap(setup, &descriptor); !status.ok()) {
      return Status::failure(fmt::format("tap.{}: {}", config.name, status.error));
    }
    taps_.push_back(
        std::make_unique<TapPort>(config.interface, descriptor, *loop, frames,
                                  [this, changed, name = config.name](const std::string& why) {
                                    if (failure_.empty())
                                      failure_ = fmt::format("tap.{}: {}", name, why);
                                    changed();
                                  }));
  }
  for (const Pcap& config : scenario.pcaps) {
    Status status;
    PcapPlay play;
    play.file = config.file;
    play.repeat = config.repeat;
    play.recorded_gaps = config.spacing == PcapSpacing::kRecorded;
    pcaps_.push_back(PcapSource::open(play, frames, &status));
    if (!status.ok()) return Status::failure(fmt::format("pcap.{}: {}", config.name, status.error));
    PcapSource* pcap = pcaps_.back().get();
    pcap->on_end([this, changed, pcap, name = config.name] {
      if (!pcap->failure().empty() && failure_.empty()) {
        failure_ = fmt::format("pcap.{}: {}", name, pcap->failure());
      }
      changed();
    });
  }
  return Status::success();
}

void Outside::start() {
  for (std::size_t i = 0; i < pcaps_.size(); ++i) pcaps_[i]->start(scenario_->pcaps[i].start_ps);
}

bool Outside::played() const {
  return std::all_of(pcaps_.begin(), pcaps_.end(),
                     [](const auto& pcap) { return pcap->ended() || pcap->frames_total() == 0; });
}

void Outside::collect(std::vector<OutsideResult>& results) const {
  for (std::size_t i = 0; i < taps_.size(); ++i) {
    results.push_back(result_of(scenario_->taps[i].name, "tap", *taps_[i]));
  }
  for (std::size_t i = 0; i < pcaps_.size(); ++i) {
    if (pcaps_[i]) results.push_back(result_of(scenario_->pcaps[i].name, "pcap", *pcaps_[i]));
  }
}

}  // namespace ringside::tb
