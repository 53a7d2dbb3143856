// SPDX-License-Identifier: Apache-2.0
// See impairment.h.
#include "hw_model/wire/impairment.h"

#include <algorithm>

namespace ringside::hw {

namespace {

constexpr uint64_t kPsPerS = 1'000'000'000'000;
constexpr uint64_t kFlippedMax = 8;

uint64_t seed_of(uint64_t seed, uint64_t stage) { return splitmix64(seed, stage); }

/// 0 to `bound`, without the bias and the limits of a modulus.
uint64_t up_to(SplitMix64& random, uint64_t bound) {
  return static_cast<uint64_t>(
      (static_cast<Wide>(random.next()) * (static_cast<Wide>(bound) + 1)) >> 64);
}

/// Time of `bytes` at a rate, rounded up.
TimePs time_of(uint64_t bytes, uint64_t rate_bps) {
  const Wide bits_ps = static_cast<Wide>(bytes) * 8 * kPsPerS;
  return static_cast<TimePs>((bits_ps + rate_bps - 1) / rate_bps);
}

}  // namespace

Impairment::Impairment(const ImpairmentConfig& config)
    : config_(config),
      loss_(config.loss, seed_of(config.seed, 1)),
      burst_begins_(config.burst, seed_of(config.seed, 2)),
      burst_ends_(kCertain / std::max<uint64_t>(config.burst_frames, 1), seed_of(config.seed, 3)),
      burst_loss_(config.burst_loss, seed_of(config.seed, 4)),
      duplicate_(config.duplicate, seed_of(config.seed, 5)),
      reorder_(config.reorder, seed_of(config.seed, 6)),
      corrupt_(config.corrupt, seed_of(config.seed, 7)),
      delays_(seed_of(config.seed, 8)),
      bits_(seed_of(config.seed, 9)) {}

Fate Impairment::next(uint64_t bytes, TimePs end_ps) {
  Fate fate;
  fate.end_ps = end_ps;
  // All are drawn for every frame, so that none moves the others' choices.
  const bool lost_alone = loss_.draw();
  const bool lost_in_burst = in_burst();
  const bool corrupted = corrupt_.draw();
  fate.held_back = reorder_.draw();
  const bool doubled = duplicate_.draw();
  const TimePs late = config_.jitter_ps == 0 ? 0 : jitter();
  if (lost_alone || lost_in_burst) {
    ++(lost_alone ? counters_.drop_loss : counters_.drop_burst);
    fate.lost = true;
    return fate;
  }
  if (slowed(bytes, fate.end_ps)) {
    ++counters_.drop_rate;
    fate.lost = true;
    return fate;
  }
  if (corrupted) {
    fate.altered = config_.corruption == Corruption::kSilent;
    fate.damaged = !fate.altered;
    ++(fate.altered ? counters_.altered : counters_.damaged);
  }
  if (late != 0) ++counters_.delayed;
  last_end_ps_ = fate.end_ps = std::max(fate.end_ps + late, last_end_ps_);
  if (fate.held_back) ++counters_.reordered;
  if (doubled) {
    ++counters_.duplicated;
    fate.copy_ps = fate.end_ps + config_.duplicate_delay_ps;
  }
  return fate;
}

bool Impairment::in_burst() {
  if (config_.burst == 0) return false;
  const bool begins = burst_begins_.draw();
  if (!in_burst_ && begins) {
    in_burst_ = true;
    ++counters_.bursts;
  }
  const bool lost = burst_loss_.draw();
  const bool ends = burst_ends_.draw();
  if (!in_burst_) return false;
  in_burst_ = !ends;
  return lost;
}

/// Through the slower stretch: true if its queue has no room.
bool Impairment::slowed(uint64_t bytes, TimePs& end_ps) {
  if (config_.rate_bps == 0) return false;
  const TimePs waits = slow_free_ps_ > end_ps ? slow_free_ps_ - end_ps : 0;
  const TimePs room = time_of(config_.rate_queue_bytes, config_.rate_bps);
  const TimePs taken = time_of(bytes, config_.rate_bps);
  if (waits + taken > room) return true;
  end_ps += waits + taken;
  slow_free_ps_ = end_ps;
  return false;
}

TimePs Impairment::jitter() {
  if (config_.jitter_shape == JitterShape::kUniform) return up_to(delays_, config_.jitter_ps);
  const TimePs half = config_.jitter_ps / 2;
  const TimePs first = up_to(delays_, half);
  return first + up_to(delays_, config_.jitter_ps - half);
}

uint32_t Impairment::flip(std::vector<std::byte>& bytes, bool silent) {
  const uint64_t flips = silent ? 1 : 1 + bits_.below(kFlippedMax);
  uint32_t first = 0;
  for (uint64_t i = 0; i < flips; ++i) {
    const auto bit = static_cast<uint32_t>(up_to(bits_, bytes.size() * 8 - 1));
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    if (i == 0) first = bit;
  }
  return first;
}

}  // namespace ringside::hw
