// SPDX-License-Identifier: Apache-2.0
// See write_check.h.
#include "hw_model/diff/write_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "hw_model/diff/follower_mutants.h"

namespace ringside::hw {

namespace {

std::string say(Purpose purpose, unsigned queue, uint64_t address, std::size_t size) {
  return fmt::format("a write of {} bytes of {} of queue {} at {:#x}", size, name_of(purpose),
                     queue, address);
}

}  // namespace

WriteCheck::Lane WriteCheck::lane_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::kPayload:
      return Lane::kPayload;
    case Purpose::kUsedEntries:
    case Purpose::kUsedIndex:
      return Lane::kUsed;
    default:
      return Lane::kNotify;
  }
}

void WriteCheck::expect(TimePs time_ps, Purpose purpose, unsigned queue, uint64_t address,
                        ByteView bytes, uint32_t chain) {
  Expected expected{time_ps, purpose, chain, address, 0, {}};
  expected.bytes.assign(bytes.begin(), bytes.end());
  lanes_[{queue, lane_of(purpose)}].waiting.push_back(std::move(expected));
}

std::string WriteCheck::posted(Purpose purpose, unsigned queue, uint64_t address, ByteView bytes) {
  LaneState& state = lanes_[{queue, lane_of(purpose)}];
  std::deque<Expected>& lane = state.waiting;
  while (!bytes.empty()) {
    if (lane.empty()) {
      if (follower_mutant(FollowerMutant::kWriteUnasked)) return {};
      return say(purpose, queue, address, bytes.size()) + ", for which there is no reason";
    }
    Expected& next = lane.front();
    const uint64_t at = next.address + next.done;
    const std::size_t left = next.bytes.size() - next.done;
    if ((address != at && !follower_mutant(FollowerMutant::kWriteAddress)) ||
        purpose != next.purpose) {
      return fmt::format("{}; expected: {}", say(purpose, queue, address, bytes.size()),
                         say(next.purpose, queue, at, left));
    }
    if (purpose == Purpose::kUsedEntries && !follower_mutant(FollowerMutant::kUsedBeforePayload)) {
      const auto& payload = lanes_[{queue, Lane::kPayload}].waiting;
      const std::size_t written = std::min(left, bytes.size());
      const auto behind =
          static_cast<uint32_t>(next.chain + (next.done + written + 7) / 8);  // 8 bytes a chain
      if (!payload.empty() && static_cast<int32_t>(payload.front().chain - behind) < 0) {
        return fmt::format("the used entry of chain {} of queue {} before its payload",
                           payload.front().chain, queue);
      }
    }
    const std::size_t part = std::min(left, bytes.size());
    const auto wanted = next.bytes.begin() + static_cast<std::ptrdiff_t>(next.done);
    const ByteView now = bytes.first(part);
    const auto [wrong, right] = std::mismatch(now.begin(), now.end(), wanted);
    if (wrong != now.end() && !follower_mutant(FollowerMutant::kWriteBytes)) {
      const auto offset = static_cast<std::size_t>(wrong - now.begin());
      return fmt::format(
          "{}: the byte at {:#x} (byte {} of {} of what is written at {:#x}, "
          "chain {}) is {:#04x}, expected {:#04x}",
          say(purpose, queue, address, bytes.size()), address + offset, next.done + offset,
          next.bytes.size(), next.address, next.chain, std::to_integer<unsigned>(*wrong),
          std::to_integer<unsigned>(*right));
    }
    next.done += part;
    address += part;
    bytes = bytes.subspan(part);
    if (next.done != next.bytes.size()) continue;
    lane.pop_front();
    ++state.written;
  }
  return {};
}

const WriteCheck::LaneState* WriteCheck::find(Purpose purpose, unsigned queue) const {
  const auto found = lanes_.find({queue, lane_of(purpose)});
  return found == lanes_.end() ? nullptr : &found->second;
}

bool WriteCheck::done(Purpose purpose, unsigned queue) const {
  const LaneState* lane = find(purpose, queue);
  return lane == nullptr || lane->waiting.empty();
}

uint64_t WriteCheck::written(Purpose purpose, unsigned queue) const {
  const LaneState* lane = find(purpose, queue);
  return lane == nullptr ? 0 : lane->written;
}

uint64_t WriteCheck::expected(Purpose purpose, unsigned queue) const {
  const LaneState* lane = find(purpose, queue);
  return lane == nullptr ? 0 : lane->written + lane->waiting.size();
}

std::string WriteCheck::overdue(TimePs before_ps) const {
  const Expected* oldest = nullptr;
  unsigned queue = 0;
  for (const auto& [key, state] : lanes_) {
    const std::deque<Expected>& lane = state.waiting;
    if (lane.empty() || lane.front().time_ps >= before_ps) continue;
    if (oldest != nullptr && oldest->time_ps <= lane.front().time_ps) continue;
    oldest = &lane.front();
    queue = key.first;
  }
  if (oldest == nullptr || follower_mutant(FollowerMutant::kWriteMissing)) return {};
  return say(oldest->purpose, queue, oldest->address + oldest->done,
             oldest->bytes.size() - oldest->done) +
         " does not come";
}

std::vector<std::pair<TimePs, std::string>> WriteCheck::missing() const {
  std::vector<std::pair<TimePs, std::string>> list;
  for (const auto& [key, state] : lanes_) {
    for (const Expected& next : state.waiting) {
      list.emplace_back(next.time_ps, say(next.purpose, key.first, next.address + next.done,
                                          next.bytes.size() - next.done));
    }
  }
  return list;
}

}  // namespace ringside::hw
