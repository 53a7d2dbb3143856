// SPDX-License-Identifier: Apache-2.0
// A link with a port of the outside at end 0 and a listener at end 1.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "formats/pcapng_writer.h"
#include "hw_model/wire/link.h"
#include "testbench/external/outside_port.h"
#include "tests/support/gtest.h"

namespace ringside::test {

struct Arrival {
  std::vector<std::byte> bytes;
  uint64_t start_ps;
  uint64_t end_ps;
};

struct Listener : hw::EthernetReceiver {
  void receive_frame(const hw::FramePtr& frame, uint64_t start_ps, uint64_t end_ps) override {
    arrivals.push_back({frame->bytes, start_ps, end_ps});
    if (heard) heard();
  }
  void carrier_change(bool) override {}
  std::vector<Arrival> arrivals;
  std::function<void()> heard;
};

struct OutsideRig {
  explicit OutsideRig(uint64_t rate_bps = 10'000'000'000, uint64_t delay_ps = 0)
      : link("link", hw::LinkConfig{rate_bps, delay_ps}) {
    link.end(1).attach(listener);
  }
  void plug(tb::OutsidePort& port) { port.connect(link.end(0)); }
  hw::FramePtr frame(std::size_t bytes, uint8_t mark) {
    hw::FramePtr made = pool.make();
    made->bytes = content(bytes, mark);
    return made;
  }
  static std::vector<std::byte> content(std::size_t bytes, uint8_t mark) {
    std::vector<std::byte> made(bytes, static_cast<std::byte>(mark));
    for (std::size_t i = 1; i < bytes; ++i) made[i] = static_cast<std::byte>(i * 7 + mark);
    return made;
  }
  static uint64_t count(const tb::OutsidePort& port, std::string_view name) {
    for (const hw::NicCounter& counter : port.counters()) {
      if (counter.name == name) return counter.value;
    }
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  hw::FramePool pool;
  hw::Link link;
  Listener listener;
};

/// A folder that goes with it.
struct Folder {
  Folder() {
    std::string pattern = ::testing::TempDir() + "/ringside-outside-XXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

}  // namespace ringside::test
