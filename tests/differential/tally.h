// SPDX-License-Identifier: Apache-2.0
// What the differential hunt tried: each of these must have happened in a run of many seeds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringside::differential {

enum class Tried : uint8_t {
  kLives,
  kSent,          ///< frames that came out of the card
  kReceived,      ///< frames that the driver got
  kMerged,        ///< of them, in several buffers
  kIndirect,      ///< chains that are one indirect table
  kMixed,         ///< chains of descriptors with a table behind them
  kLongChains,    ///< more than 16 pieces
  kSplitHeaders,  ///< the first piece is less than virtio_net_hdr
  kTxShort,
  kTxLong,
  kTxLinkDown,
  kRxFcs,
  kRxShort,
  kRxLong,
  kRxNotReady,
  kRxNoFit,
  kRxFull,
  kCommands,
  kSuspends,
  kMasks,
  kBusMasterOff,
  kLinkDown,
  kResets,          ///< of the device in the middle of traffic
  kFunctionResets,  ///< likewise
  kRests,           ///< lives that ended at rest, with everything accounted for
  kFailedReads,     ///< reads where no memory is
  kDriverErrors,    ///< other errors of the driver
  kMessages,        ///< MSI-X
  kIntx,            ///< INTx levels
  kQuietPublishes,  ///< the card had asked not to be notified
  kWraps,           ///< a ring's index passed 65535
  kCounters,        ///< read mid-traffic from the statistics window
  kCountersAtRest,  ///< read there with nothing under way, and found right
  kPairSwitches,    ///< the driver chose how many pairs are on; of cards with several
  kSteered,         ///< frames received by another pair than the first; likewise
  kRecords,         ///< of the card's trace, followed
  kFrames,          ///< compared
  kBytes,           ///< compared
  kCount
};

inline constexpr std::string_view kTriedNames[] = {
    "lives",          "frames sent",     "frames received",  "merged",          "indirect",
    "mixed chains",   "long chains",     "split headers",    "sent too short",  "sent too long",
    "sent link down", "bad FCS",         "received short",   "received long",   "not ready",
    "no fit",         "buffer full",     "control commands", "suspends",        "masks",
    "bus master off", "link down",       "device resets",    "function resets", "rests",
    "failed reads",   "driver errors",   "MSI-X messages",   "INTx changes",    "quiet publishes",
    "index wraps",    "counters read",   "counters at rest", "pair switches",   "steered",
    "trace records",  "frames compared", "bytes compared"};
static_assert(std::size(kTriedNames) == static_cast<std::size_t>(Tried::kCount));

struct Tally {
  std::array<uint64_t, static_cast<std::size_t>(Tried::kCount)> counts{};
  uint64_t& operator[](Tried what) { return counts[static_cast<std::size_t>(what)]; }
  void add(const Tally& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  }
};

}  // namespace ringside::differential
