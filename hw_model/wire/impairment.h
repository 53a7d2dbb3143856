// SPDX-License-Identifier: Apache-2.0
// What a bad network does to the frames of one direction of a link: which are lost, doubled, held
// back, late or damaged. Plain C++, seeded, integers only. Probabilities are in parts of 10^18,
// times are simulation time in picoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "formats/random.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Products of two 64-bit numbers.
__extension__ using Wide = unsigned __int128;

inline constexpr uint64_t kCertain = 1'000'000'000'000'000'000;

enum class JitterShape : uint8_t {
  kUniform,     ///< every delay up to the bound is as likely
  kTriangular,  ///< the sum of two uniform ones: half the bound is the likeliest
};

enum class Corruption : uint8_t {
  kFcs,     ///< up to eight bits flipped: the FCS is wrong, and the next MAC drops the frame
  kSilent,  ///< one bit flipped and the FCS made good again, as a bad switch would
};

struct ImpairmentConfig {
  /// Of each frame, independently.
  uint64_t loss = 0;
  /// Gilbert and Elliott's bursts: one begins with a frame with this probability and has a mean
  /// length of `burst_frames`, at least 1; each frame in it is lost with `burst_loss`.
  uint64_t burst = 0;
  uint64_t burst_frames = 10;
  uint64_t burst_loss = kCertain;
  /// A second copy, so much later than the first.
  uint64_t duplicate = 0;
  TimePs duplicate_delay_ps = 1'000'000;
  /// A frame is held back until so many later ones have passed it, but not longer than the delay;
  /// 0: for as long as the delay.
  uint64_t reorder = 0;
  uint32_t reorder_frames = 0;
  TimePs reorder_delay_ps = 10'000'000;
  /// Delays at most this long on top; frames stay in order.
  TimePs jitter_ps = 0;
  JitterShape jitter_shape = JitterShape::kUniform;
  /// A slower stretch on the way with a queue before it, bytes without FCS; 0: there is none.
  uint64_t rate_bps = 0;
  uint64_t rate_queue_bytes = 256 << 10;
  uint64_t corrupt = 0;
  Corruption corruption = Corruption::kFcs;
  uint64_t seed = 0;

  /// Whether it does anything.
  bool active() const {
    return loss != 0 || burst != 0 || duplicate != 0 || reorder != 0 || jitter_ps != 0 ||
           rate_bps != 0 || corrupt != 0;
  }
};

struct ImpairmentCounters {
  uint64_t drop_loss = 0;
  uint64_t drop_burst = 0;
  uint64_t drop_rate = 0;  ///< no room before the slower stretch
  uint64_t bursts = 0;
  uint64_t duplicated = 0;
  uint64_t reordered = 0;  ///< held back
  uint64_t delayed = 0;    ///< by jitter
  uint64_t damaged = 0;    ///< FCS wrong
  uint64_t altered = 0;    ///< silently
};

/// What becomes of one frame.
struct Fate {
  bool lost = false;
  bool damaged = false;
  bool altered = false;
  bool held_back = false;
  /// When its last bit arrives, before what holds it back.
  TimePs end_ps = 0;
  /// When that of its copy arrives, if it has one.
  std::optional<TimePs> copy_ps = std::nullopt;
};

/// Draws with one probability, from numbers of its own.
class Chance {
 public:
  Chance(uint64_t probability, uint64_t seed)
      : threshold_(static_cast<uint64_t>((static_cast<Wide>(probability) << 64) / kCertain)),
        certain_(probability >= kCertain),
        random_(seed) {}
  bool draw() { return certain_ || (threshold_ != 0 && random_.next() < threshold_); }

 private:
  uint64_t threshold_;
  bool certain_;
  SplitMix64 random_;
};

/// Frames are given in the order in which they were sent.
class Impairment {
 public:
  explicit Impairment(const ImpairmentConfig& config);
  /// The next frame: its size without FCS, and when its last bit would arrive otherwise.
  Fate next(uint64_t bytes, TimePs end_ps);
  /// Flips bits of a frame whose fate says so; returns the (first) flipped bit, bit 0 being the
  /// lowest of the first byte.
  uint32_t flip(std::vector<std::byte>& bytes, bool silent);
  const ImpairmentConfig& config() const { return config_; }
  const ImpairmentCounters& counters() const { return counters_; }

 private:
  bool in_burst();
  bool slowed(uint64_t bytes, TimePs& end_ps);
  TimePs jitter();

  ImpairmentConfig config_;
  // Each has numbers of its own, so that switching one on leaves the others' choices.
  Chance loss_, burst_begins_, burst_ends_, burst_loss_, duplicate_, reorder_, corrupt_;
  SplitMix64 delays_, bits_;
  bool in_burst_ = false;
  TimePs slow_free_ps_ = 0;
  TimePs last_end_ps_ = 0;
  ImpairmentCounters counters_;
};

}  // namespace ringside::hw
