// SPDX-License-Identifier: Apache-2.0
// What tests of a link have at its ends.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hw_model/wire/link.h"

namespace ringside::test {

struct Arrival {
  std::size_t bytes;
  uint64_t start_ps;
  uint64_t end_ps;
  uint64_t now_ps;
  uint8_t first;
  bool fcs_ok;
};

struct Carrier {
  uint64_t at_ps;
  bool up;
  bool operator==(const Carrier&) const = default;
};

struct Receiver : hw::EthernetReceiver {
  void receive_frame(const hw::FramePtr& frame, uint64_t start_ps, uint64_t end_ps) override {
    arrivals.push_back({frame->bytes.size(), start_ps, end_ps, sc_core::sc_time_stamp().value(),
                        static_cast<uint8_t>(frame->bytes.front()), frame->fcs_ok});
    frames.push_back(frame);
  }
  void carrier_change(bool up) override {
    carriers.push_back({sc_core::sc_time_stamp().value(), up});
  }
  std::vector<Arrival> arrivals;
  std::vector<Carrier> carriers;
  std::vector<hw::FramePtr> frames;
};

struct Observer : hw::LinkObserver {
  void frame_arrived(unsigned end, const hw::Frame& frame, uint64_t, uint64_t end_ps) override {
    seen.push_back(std::to_string(end) + ":" + std::to_string(frame.bytes.size()) + "@" +
                   std::to_string(end_ps));
  }
  std::vector<std::string> seen;
};

/// A rig derives from it, has the link, and calls forget() as it ends.
struct LinkParts {
  hw::FramePtr frame(std::size_t bytes, uint8_t first = 0xAA) {
    hw::FramePtr made = pool.make();
    made->bytes.assign(bytes, static_cast<std::byte>(0x55));
    made->bytes.front() = static_cast<std::byte>(first);
    return made;
  }
  /// Calls `action` at that time.
  void at(uint64_t ps, const std::function<void()>& action) {
    sc_core::sc_spawn([ps, action] {
      sc_core::wait(sc_core::sc_time::from_value(ps));
      action();
    });
  }
  /// Received frames may be the link's own.
  void forget() {
    for (Receiver& receiver : receivers) receiver.frames.clear();
  }
  void run() { sc_core::sc_start(1, sc_core::SC_MS); }

  hw::FramePool pool;
  Receiver receivers[2];
  Observer observer;
};

}  // namespace ringside::test
