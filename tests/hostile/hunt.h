// SPDX-License-Identifier: Apache-2.0
// Random lives of a driver, proper and hostile moves mixed, over any model of the card; and what
// must hold after every step.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/hostile/driver.h"

namespace ringside::hostile {

/// What a hunt went through, so that nobody takes silence for a test.
struct HuntTotals {
  uint64_t steps = 0;
  uint64_t lives = 0;       ///< times that the driver set the card up
  uint64_t errors = 0;      ///< that the card counted
  uint64_t frames = 0;      ///< that the card sent or received whole
  uint64_t writes = 0;      ///< DMA writes that were judged
  uint64_t recoveries = 0;  ///< resets behind which a frame went each way
};

/// Two numbers below a bound come from one source: every choice of the driver's. Steps end early
/// when `over` says so (a source that is used up).
class Hunt {
 public:
  Hunt(RawHost& host, std::function<uint64_t(uint64_t)> draw, std::function<bool()> over);
  ~Hunt();
  Hunt(const Hunt&) = delete;
  Hunt& operator=(const Hunt&) = delete;

  /// The first thing that is wrong, or nothing.
  std::string run(uint64_t steps);
  const HuntTotals& totals() const { return totals_; }

 private:
  static constexpr unsigned kQueues = 5;  ///< two pairs and the control queue
  static constexpr uint64_t kRegion = 0x20'0000'0000;
  static constexpr std::size_t kRegionBytes = 16384;

  /// A ring that is on, and what its driver told the card.
  struct Live {
    Ring ring;
    uint16_t used = 0;            ///< index last written
    std::vector<bool> published;  ///< available indices, by value
  };

  uint64_t below(uint64_t bound) { return draw_(bound); }
  bool chance(uint64_t in) { return draw_(in) == 0; }
  void fault(const std::string& what) {
    if (fault_.empty()) fault_ = what;
  }
  void judge(uint64_t address, ByteView bytes);
  void step();
  // -- life
  void come_up();
  void down();
  void reset();
  void function_reset();
  void recover();
  // -- moves
  void proper_transmit();
  void proper_receive();
  void proper_command();
  void bad_descriptor();
  void bad_available();
  void notify();
  void frame_in();
  void write_register();
  void read_register();
  void configuration();
  void window();
  void msix();
  void region();
  void suspend();

  Live* any_ring();
  void publish(Live& live, uint16_t index);
  void give(Live& live, uint16_t head);
  uint64_t readable_place();
  uint64_t writable_place();
  formats::VirtqDesc any_descriptor(const Live& live);
  uint64_t any_value();
  uint32_t any_offset();
  void look_at_status();

  RawHost& host_;
  std::function<uint64_t(uint64_t)> draw_;
  std::function<bool()> over_;
  Driver driver_;
  std::array<std::optional<Live>, kQueues> rings_;
  std::vector<std::byte> region_bytes_;
  bool region_there_ = false;
  bool overlapping_ = false;  ///< rings lie over each other: what is in them means nothing
  uint64_t features_ = 0;
  uint64_t readable_ = 0, writable_ = 0, tables_ = 0;
  uint64_t sent_to_card_ = 0;
  HuntTotals totals_;
  std::string fault_;
};

}  // namespace ringside::hostile
