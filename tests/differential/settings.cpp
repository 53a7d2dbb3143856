// SPDX-License-Identifier: Apache-2.0
// See settings.h.
#include "tests/differential/settings.h"

#include <fmt/format.h>

#include <cstddef>

namespace ringside::differential {

namespace {

template <typename T, std::size_t kCount>
T pick(SplitMix64& random, const T (&values)[kCount]) {
  return values[random.below(kCount)];
}

/// Hardly room for one request, or plenty; emptied fast or slowly.
void draw_receiver(SplitMix64& random, uint32_t mps, hw::ReceiverConfig& receiver) {
  if (random.below(2) == 0) {
    const auto tlps = static_cast<uint32_t>(2 + random.below(6));
    receiver.posted = {tlps, tlps * mps / 16};
    receiver.non_posted = {static_cast<uint32_t>(1 + random.below(4)), 8};
  }
  receiver.drain_ps = 5'000 + random.below(40'000);
  if (random.below(2) == 0) receiver.drain_jitter_ps = random.below(300'000);
}

}  // namespace

Settings draw_settings(SplitMix64& random) {
  Settings settings;
  hw::NicConfig& card = settings.card;
  card.management_latency_ps = pick<uint64_t>(random, {50'000, 300'000, 1'000'000, 10'000'000});
  card.mtu = 1500;
  hw::PcieLinkConfig& link = card.pcie;
  link.generation = static_cast<unsigned>(2 + random.below(4));
  link.lanes = pick(random, {4u, 8u, 16u});
  link.mps = 128u << random.below(3);
  link.mrrs = 128u << random.below(6);
  link.rcb = 64u << random.below(2);
  link.latency_ps = 20'000 + random.below(200'000);
  link.seed = random.next();
  draw_receiver(random, link.mps, link.root);
  draw_receiver(random, link.mps, link.card);
  hw::RootComplexConfig& root = card.root_complex;
  root.read_latency_ps = 50'000 + random.below(800'000);
  if (random.below(3) != 0) root.read_jitter_ps = random.below(1'500'000);
  root.reorder = random.below(2) == 0;
  if (random.below(2) == 0) root.completion_bytes_max = link.rcb << random.below(2);
  root.seed = random.next();
  card.pipeline.used_batch = static_cast<uint32_t>(1 + random.below(8));
  card.pipeline.used_timeout_cycles = static_cast<uint32_t>(8 + random.below(200));
  settings.wire_bps =
      pick<uint64_t>(random, {10'000'000'000, 25'000'000'000, 100'000'000'000, 400'000'000'000});
  settings.lives = static_cast<unsigned>(3 + random.below(4));
  settings.steps = static_cast<unsigned>(40 + random.below(80));
  settings.crooked_tables = random.below(4) == 0;
  return settings;
}

std::string Settings::text() const {
  const hw::PcieLinkConfig& link = card.pcie;
  const hw::RootComplexConfig& root = card.root_complex;
  return fmt::format(
      "gen{} x{}, MPS {}, MRRS {}, RCB {}, completions up to {} bytes, read latency {} + {} ns{}, "
      "posted credits {}/{}, drain {} + {} ns, management {} ns, wire {} Gb/s, used batch {} of {} "
      "cycles",
      link.generation, link.lanes, link.mps, link.mrrs, link.rcb, root.completion_bytes_max,
      root.read_latency_ps / 1000, root.read_jitter_ps / 1000, root.reorder ? ", reordered" : "",
      link.root.posted.headers, link.root.posted.data, link.root.drain_ps / 1000,
      link.root.drain_jitter_ps / 1000, card.management_latency_ps / 1000, wire_bps / 1'000'000'000,
      card.pipeline.used_batch, card.pipeline.used_timeout_cycles);
}

}  // namespace ringside::differential
