// SPDX-License-Identifier: Apache-2.0
// See perfetto_trace.h.
#include "testbench/trace/perfetto_trace.h"

#include <fmt/format.h>

#include <systemc>

namespace ringside::tb {

namespace {

TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

}  // namespace

/// What a core runs, as nested slices; idle time is a gap. Contexts that take no time are left out,
/// so a slice is written when time goes on while it is open.
class PerfettoTrace::CoreTrack final : public CoreObserver {
 public:
  CoreTrack(PerfettoWriter& writer, TraceTrack track) : writer_(writer), track_(track) {}
  void context_begins(Level level, std::string_view process, TimePs time_ps) override {
    write_open(time_ps);
    open_.push_back({level == Level::kInterrupt ? "interrupt"
                     : level == Level::kSoftirq ? "softirq"
                                                : quoted(process),
                     time_ps});
  }
  void context_ends(TimePs time_ps) override {
    if (open_.empty()) return;  // it began before the trace
    write_open(time_ps);
    if (written_ == open_.size()) {
      writer_.end(track_, time_ps);
      --written_;
    }
    open_.pop_back();
  }
  void finish() {
    while (!open_.empty()) context_ends(now_ps());
  }

 private:
  struct Context {
    std::string name;
    TimePs start_ps;
  };
  void write_open(TimePs time_ps) {
    for (; written_ < open_.size() && open_[written_].start_ps < time_ps; ++written_) {
      writer_.begin(track_, open_[written_].name, open_[written_].start_ps);
    }
  }

  PerfettoWriter& writer_;
  TraceTrack track_;
  std::vector<Context> open_;
  std::size_t written_ = 0;
};

class PerfettoTrace::LinkTracks final : public hw::LinkObserver {
 public:
  LinkTracks(PerfettoWriter& writer, FramePaths& paths, unsigned process, const std::string& name,
             const std::string (&names)[2])
      : writer_(writer), paths_(paths), process_(process) {
    writer_.name_process(process, "link " + name);
    for (unsigned end = 0; end < 2; ++end) {
      writer_.name_thread(track(end), fmt::format("{} to {}", names[1 - end], names[end]));
    }
  }
  void frame_arrived(unsigned end, const hw::Frame& frame, TimePs start_ps,
                     TimePs end_ps) override {
    writer_.slice(track(end), "frame", start_ps, end_ps,
                  fmt::format("\"frame\":{},\"bytes\":{}", frame.id, frame.bytes.size()));
    paths_.on_wire(frame.id, track(end), start_ps);
  }

 private:
  TraceTrack track(unsigned end) const { return {process_, end + 1}; }
  PerfettoWriter& writer_;
  FramePaths& paths_;
  unsigned process_;
};

PerfettoTrace::PerfettoTrace() = default;
PerfettoTrace::~PerfettoTrace() = default;

Status PerfettoTrace::open(const std::string& path, const std::string& scenario) {
  return writer_.open(path, scenario);
}

void PerfettoTrace::watch_host(const std::string& name, const std::vector<CpuCore*>& cores) {
  const unsigned process = ++processes_;
  writer_.name_process(process, "host " + name);
  for (std::size_t i = 0; i < cores.size(); ++i) {
    const TraceTrack track{process, static_cast<unsigned>(i) + 1};
    writer_.name_thread(track, fmt::format("core {}", i));
    cores_.push_back(std::make_unique<CoreTrack>(writer_, track));
    cores[i]->observe(*cores_.back());
  }
}

hw::TraceSink& PerfettoTrace::watch_card(const hw::TraceCard& card, hw::NicModel& nic) {
  cards_.push_back(std::make_unique<CardTracks>(writer_, paths_, ++processes_, card, now_ps));
  nic.observe_bus(cards_.back().get());
  return *cards_.back();
}

void PerfettoTrace::watch_link(const std::string& name, const std::string (&names)[2],
                               hw::Link& link) {
  links_.push_back(std::make_unique<LinkTracks>(writer_, paths_, ++processes_, name, names));
  link.observe(links_.back().get());
}

Status PerfettoTrace::close() {
  if (writer_.is_open()) {
    for (auto& core : cores_) core->finish();
    for (auto& card : cards_) card->finish();
  }
  return writer_.close();
}

}  // namespace ringside::tb
