// SPDX-License-Identifier: Apache-2.0
// A functional core as the card that a follower follows: what passes its pins can be spoilt.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "hw_model/diff/follower.h"
#include "tests/unit/core/core_harness.h"

namespace ringside::test {

/// Between card and follower; by default nothing is changed.
class Spoiler : public hw::CardTap {
 public:
  explicit Spoiler(hw::CardTap& follower) : follower_(follower) {}
  /// Each is asked before a call is passed on: what it changes arrives changed; false: nothing
  /// arrives.
  std::function<bool(hw::TraceRecord&)> on_record;
  std::function<bool(hw::Purpose&, unsigned&, uint64_t&, std::vector<std::byte>&)> on_posted;
  std::function<bool(hw::Purpose&, uint64_t&, uint32_t&)> on_read;
  std::function<bool(std::vector<std::byte>&)> on_frame_out;
  std::function<bool(bool&)> on_message;

  void at(hw::TimePs time_ps) override { follower_.at(time_ps); }
  void carrier(bool up, uint32_t speed) override { follower_.carrier(up, speed); }
  void frame_in(const hw::FramePtr& frame) override { follower_.frame_in(frame); }
  void read_completion(uint32_t tag, ByteView data, bool ok, bool last) override {
    follower_.read_completion(tag, data, ok, last);
  }
  void command(const rs_command& command) override { follower_.command(command); }
  void management_read(uint32_t offset, uint32_t value) override {
    follower_.management_read(offset, value);
  }
  void event_popped() override { follower_.event_popped(); }
  void record(const hw::TraceRecord& record) override {
    hw::TraceRecord spoilt = record;
    if (!on_record || on_record(spoilt)) follower_.record(spoilt);
  }
  void read_request(uint32_t tag, hw::Purpose purpose, unsigned queue, uint64_t address,
                    uint32_t size) override {
    if (!on_read || on_read(purpose, address, size)) {
      follower_.read_request(tag, purpose, queue, address, size);
    }
  }
  void posted(hw::Purpose purpose, unsigned queue, uint64_t address, ByteView data) override {
    std::vector<std::byte> bytes(data.begin(), data.end());
    if (!on_posted || on_posted(purpose, queue, address, bytes)) {
      follower_.posted(purpose, queue, address, bytes);
    }
  }
  void message(bool asserted) override {
    if (!on_message || on_message(asserted)) follower_.message(asserted);
  }
  void frame_out(ByteView data) override {
    std::vector<std::byte> bytes(data.begin(), data.end());
    if (!on_frame_out || on_frame_out(bytes)) follower_.frame_out(bytes);
  }

 private:
  hw::CardTap& follower_;
};

/// A running card with a follower. Reads are answered when answer() is called, in any order.
class FollowedCard {
 public:
  explicit FollowedCard(uint64_t features, uint16_t size = 16, bool msix = true)
      : follower_(std::make_unique<hw::Follower>(hw::FollowerConfig{})),
        follower(*follower_),
        spoiler(follower),
        card(features, size, hw::CoreConfig{}, msix, &spoiler) {
    card.manual_dma = true;
  }
  ~FollowedCard() { follower_.reset(); }  // it holds frames of the card's pool
  FollowedCard(const FollowedCard&) = delete;
  FollowedCard& operator=(const FollowedCard&) = delete;

 private:
  std::unique_ptr<hw::Follower> follower_;

 public:
  hw::Follower& follower;
  Spoiler spoiler;
  RunningCard card;
};

/// A driver and a scheduler that do anything legal, from a seed.
class RandomTraffic {
 public:
  RandomTraffic(FollowedCard& followed, uint64_t seed) : followed_(followed), random_(seed) {}
  void run(unsigned steps) {
    for (unsigned i = 0; i < steps; ++i) step();
  }
  /// Until nothing is left to do.
  void settle();
  uint64_t frames() const { return frames_; }

 private:
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  void step();
  bool choose();
  bool try_choice(hw::EventKind kind, unsigned queue);
  void put_transmit();
  void put_receive();
  void frame();
  FollowedCard& followed_;
  std::mt19937_64 random_;
  uint64_t frames_ = 0;
  uint16_t next_rx_ = 0, next_tx_ = 0;
};

inline bool RandomTraffic::try_choice(hw::EventKind kind, unsigned queue) {
  hw::NicCore& core = followed_.card.core;
  switch (kind) {
    case EventKind::kSampleAvail:
      return core.can_sample(queue) && core.kicked(queue) &&
             followed_.card.choose(kind, queue).empty();
    case EventKind::kFetchIds: {
      const uint32_t most = core.ids_fetchable(queue);
      return most != 0 && followed_.card.choose(kind, queue, 1 + below(most)).empty();
    }
    case EventKind::kFetchDescriptors:
      return core.descriptors_fetchable(queue) &&
             followed_.card.choose(kind, queue, 1 + below(8)).empty();
    case EventKind::kStartFrame:
      return core.can_start_frame(queue) && followed_.card.choose(kind, queue).empty();
    case EventKind::kReturnUsed: {
      const uint32_t most = core.used_returnable(queue);
      return most != 0 && followed_.card.choose(kind, queue, 1 + below(most)).empty();
    }
    case EventKind::kReadSuppression:
      return core.suppression_due(queue) && followed_.card.choose(kind, queue).empty();
    case EventKind::kArmNotify:
      return core.can_arm(queue) && !core.armed(queue) &&
             followed_.card.choose(kind, queue).empty();
    default:
      return false;
  }
}

inline bool RandomTraffic::choose() {
  constexpr EventKind kKinds[] = {EventKind::kSampleAvail,      EventKind::kFetchIds,
                                  EventKind::kFetchDescriptors, EventKind::kStartFrame,
                                  EventKind::kReturnUsed,       EventKind::kReadSuppression,
                                  EventKind::kArmNotify};
  const uint32_t first = below(2 * std::size(kKinds));
  for (uint32_t i = 0; i < 2 * std::size(kKinds); ++i) {
    const uint32_t at = (first + i) % (2 * std::size(kKinds));
    if (try_choice(kKinds[at / 2], at % 2)) return true;
  }
  return false;
}

inline void RandomTraffic::put_transmit() {
  Ring& ring = followed_.card.tx;
  const uint16_t in_use = static_cast<uint16_t>(ring.avail_idx - ring.used_idx());
  const unsigned parts = 1 + below(3);
  if ((in_use + 1u) * 4 > ring.size) return;  // four descriptors each
  std::vector<uint32_t> sizes;
  for (unsigned i = 0; i < parts; ++i) sizes.push_back(1 + below(600));
  sizes[0] += 30;
  followed_.card.put_transmit(static_cast<uint16_t>(next_tx_ * 4 % ring.size), sizes,
                              static_cast<uint8_t>(random_()));
  ++next_tx_;
  ring.notify();
}

inline void RandomTraffic::put_receive() {
  Ring& ring = followed_.card.rx;
  if (static_cast<uint16_t>(ring.avail_idx - ring.used_idx()) == ring.size) return;
  followed_.card.put_receive(static_cast<uint16_t>(next_rx_++ % ring.size), 100 + below(1500));
  ring.notify();
}

inline void RandomTraffic::frame() {
  hw::FramePtr frame = followed_.card.pool.make();
  frame->bytes.resize(10 + below(1600));
  for (std::byte& byte : frame->bytes) byte = static_cast<std::byte>(random_());
  frame->fcs_ok = below(16) != 0;
  followed_.card.take(Event::frame_in(frame));
  ++frames_;
}

inline void RandomTraffic::step() {
  switch (below(8)) {
    case 0:
      put_transmit();
      return;
    case 1:
      put_receive();
      return;
    case 2:
      if (below(2) == 0) frame();
      for (Ring* ring : {&followed_.card.rx, &followed_.card.tx}) {
        ring->set_used_event(ring->used_idx());
      }
      return;
    case 3:
    case 4:
      if (!followed_.card.reads.empty()) {
        followed_.card.answer_read(below(static_cast<uint32_t>(followed_.card.reads.size())));
      }
      return;
    default:
      choose();
      return;
  }
}

inline void RandomTraffic::settle() {
  for (bool more = true; more;) {
    more = choose();
    while (!followed_.card.reads.empty()) {
      followed_.card.answer_read();
      more = true;
    }
  }
}

}  // namespace ringside::test
