// SPDX-License-Identifier: Apache-2.0
// See monitor.h.
#include "testbench/run/monitor.h"

#include <array>
#include <deque>
#include <systemc>

#include "formats/frame_parser.h"

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;

uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }

template <typename T>
ByteView bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

std::string said_of(const hw::Frame& frame) {
  if (!frame.altered) return {};
  return "altered on the way: bit " + std::to_string(frame.altered_bit % 8) + " of byte " +
         std::to_string(frame.altered_bit / 8) + " flipped, FCS made good";
}

/// What cannot be written is known when the capture is closed.
void write_arrived(formats::PcapngWriter& capture, uint32_t interface, uint64_t time_ps,
                   ByteView bytes, bool fcs_ok, const std::string& comment) {
  formats::PcapngPacketOptions options;
  options.direction = formats::PacketDirection::kInbound;
  options.fcs_wrong = !fcs_ok;
  options.comment = comment;
  capture.write_packet(interface, time_ps / kPsPerNs, bytes, options);
}

}  // namespace

/// A link's frames: each once, as it arrives, on the interface of the card that receives it.
class Monitor::LinkWatch : public hw::LinkObserver {
 public:
  LinkWatch(Monitor& monitor, uint32_t first_source, const std::string& link,
            const WatchedEnd (&ends)[2], uint64_t rate_bps)
      : monitor_(monitor), first_source_(first_source), link_(link), rate_bps_(rate_bps) {
    ends_[0] = ends[0];
    ends_[1] = ends[1];
  }
  /// Of the capture of the whole run.
  void add_interfaces() { interfaces_ = add_interfaces(monitor_.capture_); }
  /// By end.
  std::array<uint32_t, 2> add_interfaces(formats::PcapngWriter& capture) const {
    std::array<uint32_t, 2> interfaces{};
    for (unsigned end = 0; end < 2; ++end) {
      formats::PcapngInterface interface;
      interface.name = ends_[end].name;
      interface.description = "frames that " + ends_[end].name + " receives from " + link_;
      interface.speed_bps = rate_bps_;
      interfaces[end] = capture.add_interface(interface);
    }
    return interfaces;
  }
  /// These are complete after settle().
  const formats::RunDigest& digest(unsigned end) const { return digests_[end]; }
  uint64_t data_frames() const { return data_frames_[0] + data_frames_[1]; }
  /// Of those, they that arrived where they went.
  uint64_t data_frames_at_home() const {
    return (ends_[0].forwards ? 0 : data_frames_[0]) + (ends_[1].forwards ? 0 : data_frames_[1]);
  }
  void frame_arrived(unsigned end, const hw::Frame& frame, hw::TimePs, hw::TimePs) override {
    const uint64_t now = now_ps();
    if (ends_[end].forwards) {
      put_off(end, frame, now);
    } else {
      const Passage passage = monitor_.passage_of(frame);
      if (passage.watch != nullptr && passage.frame_id == frame.id) {
        passage.watch->settle(passage.end, frame.id);
      }
      record(end, frame, now);
    }
    if (monitor_.capture_.is_open()) {
      write_arrived(monitor_.capture_, interfaces_[end], now, frame.bytes, frame.fcs_ok,
                    said_of(frame));
    }
    if (monitor_.kept_) {
      KeptFrame& kept = monitor_.kept_->add();
      kept.source = first_source_ + end;
      kept.time_ps = now;
      kept.fcs_ok = frame.fcs_ok;
      kept.comment = said_of(frame);
      kept.bytes = frame.bytes;
    }
  }

  /// Records what was put off.
  void settle() {
    for (unsigned end = 0; end < 2; ++end) settle(end, 0);
  }

 private:
  /// A frame that arrived at a switch.
  struct Passing {
    hw::FramePtr frame;
    uint64_t time_ps;
  };
  /// So many frames at one end are as many as pass a switch at the same time, and a few beside.
  static constexpr std::size_t kMostPassing = 256;

  void record(unsigned end, const hw::Frame& frame, uint64_t time_ps) {
    const formats::ParsedFrame parsed = formats::parse_frame(frame.bytes);
    if (parsed.payload_end != parsed.payload_offset) {
      ++data_frames_[end];
    }
    digests_[end].record(time_ps, static_cast<uint8_t>(Kind::kFrame), first_source_ + end,
                         frame.bytes);
  }
  /// A frame that is on its way through a switch is recorded when it comes out at a host, where its
  /// bytes are read and copied anyway: with many hosts they have left the caches in between.
  void put_off(unsigned end, const hw::Frame& frame, uint64_t time_ps) {
    if (passing_[end].size() == kMostPassing) settle(end, 0);
    // A reference only: nothing is written through it.
    passing_[end].push_back({hw::FramePtr(const_cast<hw::Frame*>(&frame)), time_ps});
    monitor_.passage_of(frame) = {frame.id, this, end};
  }
  /// Records in the order of arrival, up to the first frame `last_id`; all if there is none.
  void settle(unsigned end, uint64_t last_id) {
    std::deque<Passing>& passing = passing_[end];
    for (uint64_t id = 0; !passing.empty() && (id == 0 || id != last_id); passing.pop_front()) {
      const Passing& first = passing.front();
      record(end, *first.frame, first.time_ps);
      id = first.frame->id;
    }
  }

  Monitor& monitor_;
  uint32_t first_source_;
  std::string link_;
  WatchedEnd ends_[2];
  uint64_t rate_bps_;
  formats::RunDigest digests_[2];
  std::array<uint32_t, 2> interfaces_{};
  uint64_t data_frames_[2] = {};
  std::deque<Passing> passing_[2];
};

/// What devices do to one host: writes to its memory and interrupts.
class Monitor::HostWatch : public hw::HostMemoryObserver {
 public:
  explicit HostWatch(uint32_t source) : source_(source) {}
  void device_write(uint64_t bus, const std::byte*, ByteView bytes) override {
    digest_.record(now_ps(), static_cast<uint8_t>(Kind::kMemoryWrite), source_, bytes, bus);
  }
  void interrupt(uint32_t message) {
    digest_.record(now_ps(), static_cast<uint8_t>(Kind::kInterrupt), source_, bytes_of(message));
  }
  const formats::RunDigest& digest() const { return digest_; }

 private:
  uint32_t source_;
  formats::RunDigest digest_;
};

Monitor::Monitor() = default;
Monitor::~Monitor() = default;

void Monitor::watch_link(hw::Link& link, const std::string& name, const WatchedEnd (&ends)[2],
                         uint64_t rate_bps) {
  links_.push_back(std::make_unique<LinkWatch>(*this, static_cast<uint32_t>(2 * links_.size()),
                                               name, ends, rate_bps));
  if (capture_.is_open()) links_.back()->add_interfaces();
  link.observe(links_.back().get());
}

Monitor::Passage& Monitor::passage_of(const hw::Frame& frame) {
  return passages_[frame.id % passages_.size()];
}

void Monitor::settle() const {
  for (const auto& link : links_) link->settle();
}

uint64_t Monitor::data_frames_on_link(std::size_t link) const {
  links_[link]->settle();
  return links_[link]->data_frames();
}

uint64_t Monitor::data_frames() const {
  uint64_t frames = 0;
  for (const auto& link : links_) frames += link->data_frames_at_home();
  return frames;
}

void Monitor::watch_memory(hw::HostMemory& memory) {
  hosts_.push_back(std::make_unique<HostWatch>(static_cast<uint32_t>(hosts_.size())));
  memory.observe(hosts_.back().get());
}

void Monitor::interrupt(uint32_t host, uint32_t message) { hosts_[host]->interrupt(message); }

void Monitor::application_bytes(const std::string& name, ByteView bytes, uint64_t time_ps) {
  Content& content = content_[name];
  // The bytes themselves are hashed once: digest() folds content_digest() in.
  const uint64_t size = bytes.size();
  content.records.record(time_ps, static_cast<uint8_t>(Kind::kApplication), 0, bytes_of(size));
  content.bytes.update(bytes);
}

Status Monitor::open_capture(const std::string& path, const std::string& scenario,
                             std::function<void(const std::string& line)> told) {
  formats::PcapngSection section;
  section.application = "ringside";
  section.comment = "scenario " + scenario;
  Status status = capture_.open(path, section);
  if (status.ok()) capture_.on_error(std::move(told));
  for (auto& link : links_) link->add_interfaces();
  return status;
}

Status Monitor::close_capture() { return capture_.close(); }

Status Monitor::write_kept(const std::string& path, const std::string& scenario,
                           const std::string& card, const std::vector<SentFrame>& sent) const {
  formats::PcapngWriter capture;
  formats::PcapngSection section;
  section.application = "ringside";
  section.comment = "scenario " + scenario + ": the last frames before a difference";
  if (Status status = capture.open(path, section); !status.ok()) return status;
  std::vector<uint32_t> interfaces;  // by source
  for (const auto& link : links_) {
    for (const uint32_t interface : link->add_interfaces(capture)) interfaces.push_back(interface);
  }
  const uint32_t pins = capture.add_interface(
      {.name = card + "-pins", .description = "frames that " + card + " sends"});
  auto next = sent.begin();
  const auto write_sent_before = [&](uint64_t time_ps) {
    for (; next != sent.end() && next->time_ps <= time_ps; ++next) {
      formats::PcapngPacketOptions options;
      options.direction = formats::PacketDirection::kOutbound;
      capture.write_packet(pins, next->time_ps / kPsPerNs, next->bytes, options);
    }
  };
  for (std::size_t i = 0; kept_ && i < kept_->size(); ++i) {
    const KeptFrame& frame = (*kept_)[i];
    write_sent_before(frame.time_ps);
    write_arrived(capture, interfaces[frame.source], frame.time_ps, frame.bytes, frame.fcs_ok,
                  frame.comment);
  }
  write_sent_before(~uint64_t{0});
  return capture.close();
}

std::string Monitor::digest() const {
  settle();
  formats::RunDigest all;
  const auto add = [&all](const std::string& hex) {
    all.record(0, 0, 0, std::as_bytes(std::span(hex)));
  };
  for (const auto& link : links_) {
    for (unsigned end = 0; end < 2; ++end) add(link->digest(end).hex());
  }
  for (const auto& host : hosts_) add(host->digest().hex());
  for (const auto& [name, content] : content_) add(content.records.hex());
  add(content_digest());
  return all.hex();
}

std::string Monitor::content_digest() const {
  formats::RunDigest digest;
  for (const auto& [name, content] : content_) {
    const std::string hex = content.bytes.hex();
    digest.record(0, 0, 0, std::as_bytes(std::span(name)));
    digest.record(0, 0, 0, std::as_bytes(std::span(hex)));
  }
  return digest.hex();
}

}  // namespace ringside::tb
