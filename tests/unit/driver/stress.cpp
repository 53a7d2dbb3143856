// SPDX-License-Identifier: Apache-2.0
// The interleaved runs.
#include "tests/unit/driver/stress.h"

#include <algorithm>
#include <exception>

namespace ringside::test {
namespace {

constexpr uint64_t kFrames = 80;
constexpr uint64_t kPatience = 6000;  // ticks without progress
constexpr uint64_t kNever = uint64_t{1} << 50;

class Stress {
 public:
  Stress(Rig::Maker maker, uint64_t seed) : rig_(maker), random_(seed), seed_(seed) {}

  std::string run() {
    configure();
    const driver::Status status = rig_.open();
    if (!status.ok()) return "open: " + status.error;
    rig_.run_us(5);
    rig_.client.on_wake = [this] { busy_ = false; };
    rig_.pci.interleave(seed_);
    std::string wrong = traffic();
    rig_.pci.calm();
    if (wrong.empty()) wrong = compare();
    return wrong;
  }

 private:
  void configure() {
    rig_.device.automatic = false;
    rig_.device.echo = true;
    rig_.device.fragment_receive = random_.one_in(2);
    for (const unsigned feature :
         {VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC, VIRTIO_NET_F_MRG_RXBUF}) {
      if (random_.one_in(3)) rig_.device.offered &= ~rig_.feature(feature);
    }
    rig_.options.ring_size = 8u << random_.below(2);
    rig_.options.rx_buffer_bytes = 1024;
    rig_.options.max_tx_fragments = 1 + static_cast<uint32_t>(random_.below(3));
    rig_.options.napi_budget = 2 + static_cast<uint32_t>(random_.below(8));
    // No timer may hide a lost wake: either none, or one that is never due.
    lazy_ = random_.one_in(2);
    rig_.options.tx_reclaim_timeout_ns = lazy_ ? kNever : 0;
    rig_.options.tx_stall_timeout_ns = 0;
    rig_.client.release_at_once = false;
    if (random_.one_in(2)) configure_pairs();
  }

  /// Frames of flows, on several queue pairs if the device agrees to them.
  void configure_pairs() {
    flows_ = 1 + static_cast<unsigned>(random_.below(12));
    rig_.options.queue_pairs = 2 + static_cast<unsigned>(random_.below(3));
    rig_.options.msix_vectors = 1 + static_cast<unsigned>(random_.below(10));
    rig_.device.offer_pairs(static_cast<uint16_t>(1 + random_.below(5)));
    if (random_.one_in(4)) rig_.device.control = ControlManner::kRefuse;
    rig_.device.steer = [this](const Bytes& frame) {
      return Rig::flow_of(frame) % rig_.device.active_pairs;
    };
  }

  Bytes make_frame() {
    const auto size = 60 + static_cast<uint32_t>(random_.below(1400));
    const auto tag = static_cast<uint8_t>(random_.next());
    if (flows_ == 0) return Rig::frame(size, tag);
    return Rig::flow_frame(static_cast<unsigned>(random_.below(flows_)), size, tag);
  }

  std::string traffic() {
    uint64_t last_progress = 0, progress = 0;
    for (uint64_t tick = 0;; ++tick) {
      if (sent_ < kFrames && !busy_ && random_.one_in(3)) send();
      rig_.pci.tick();
      if (random_.one_in(8)) rig_.platform.run_for(100);
      if (random_.one_in(16) && !release()) return "a frame changed while the client held it";
      if (rig_.counter("faults") != 0) return "the driver saw a fault: " + log();
      if (rig_.platform.livelocked()) return "softirq work without end";
      const uint64_t now = sent_ + rig_.client.received + rig_.client.completed;
      if (now != progress) last_progress = tick;
      progress = now;
      if (sent_ == kFrames && rig_.client.received == kFrames &&
          (lazy_ || rig_.client.completed == kFrames)) {
        return "";
      }
      if (tick - last_progress > kPatience) return "stuck";
    }
  }

  void send() {
    const Bytes frame = make_frame();
    const auto fragments = 1 + static_cast<unsigned>(random_.below(rig_.options.max_tx_fragments));
    const bool more = sent_ + 1 < kFrames && random_.one_in(3);
    // Known before the call, in which the echo may come back already.
    expected_.push_back(frame);
    busy_ = true;
    switch (rig_.send_bytes(frame, fragments, more)) {
      case TxResult::kOk:
        busy_ = false;
        ++sent_;
        // `more` was promised, and is kept.
        if (more) send();
        return;
      case TxResult::kBusy:
      case TxResult::kDrop:
        expected_.pop_back();  // busy_ stays until the wake, which may have come already
        if (rig_.client.wakes != wakes_) busy_ = false;
        wakes_ = rig_.client.wakes;
        return;
    }
  }

  bool release() {
    Bytes held, received;
    for (const driver::RxSegment& segment : rig_.client.held) {
      const auto* from = reinterpret_cast<const uint8_t*>(segment.data);
      held.insert(held.end(), from, from + segment.size);
    }
    for (; released_ < rig_.client.frames.size(); ++released_) {
      const Bytes& frame = rig_.client.frames[released_];
      received.insert(received.end(), frame.begin(), frame.end());
    }
    rig_.client.release_all();
    return held == received;
  }

  std::string compare() {
    if (rig_.device.errors != 0) return "the device saw: " + rig_.device.first_error;
    if (rig_.client.violations != 0) return "the client's contract was broken";
    if (flows_ == 0) {
      return rig_.client.frames == expected_ ? "" : "other frames came back";
    }
    for (unsigned flow = 0; flow < flows_; ++flow) {
      if (of_flow(rig_.client.frames, flow) != of_flow(expected_, flow)) {
        return "other frames of a flow came back, or in another order";
      }
    }
    return "";
  }

  static std::vector<Bytes> of_flow(const std::vector<Bytes>& frames, unsigned flow) {
    std::vector<Bytes> some;
    std::copy_if(frames.begin(), frames.end(), std::back_inserter(some),
                 [flow](const Bytes& frame) { return Rig::flow_of(frame) == flow; });
    return some;
  }

  std::string log() const {
    return rig_.platform.logs().empty() ? "" : rig_.platform.logs().back();
  }

  Rig rig_;
  Random random_;
  uint64_t seed_;
  unsigned flows_ = 0;  ///< 0: frames of no flow, one queue pair
  bool lazy_ = false;
  bool busy_ = false;
  uint64_t sent_ = 0;
  uint64_t wakes_ = 0;
  size_t released_ = 0;
  std::vector<Bytes> expected_;
};

}  // namespace

std::string run_stress(Rig::Maker maker, uint64_t seed) {
  try {
    return Stress(maker, seed).run();
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string run_past_the_wrap(Rig::Maker maker) {
  Rig rig(maker);
  rig.device.keep_history = false;
  if (!rig.open().ok()) return "open failed";
  for (unsigned i = 0; i < 70'000; ++i) {
    if (rig.send() != TxResult::kOk) return "busy";
    rig.run_us(1);
    if (rig.device.queues[1].taken != static_cast<uint16_t>(i + 1)) return "a lost notification";
  }
  return rig.counter("faults") == 0 ? "" : "a fault";
}

std::string run_reset_while_busy(Rig::Maker maker) {
  Rig rig(maker);
  rig.device.automatic = false;
  if (!rig.open().ok()) return "open failed";
  rig.run_us(5);
  while (rig.send() == TxResult::kOk) {
  }
  rig.device.set_needs_reset();
  rig.run_us(2000);
  return rig.client.wakes == 1 ? "" : "the client was not woken";
}

}  // namespace ringside::test
