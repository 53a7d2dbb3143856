// SPDX-License-Identifier: Apache-2.0
// See read_store.h.
#include "hw_model/diff/read_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "hw_model/diff/follower_mutants.h"

namespace ringside::hw {

void ReadStore::decided(Purpose purpose, unsigned queue, uint64_t owner, uint64_t address,
                        uint32_t size, Run run) {
  read_[key(purpose, queue)].decisions.push_back({owner, address, size, run, decided_++});
}

bool ReadStore::is_due(Purpose purpose, unsigned queue, uint64_t owner) const {
  const auto found = read_.find(key(purpose, queue));
  return found != read_.end() &&
         std::ranges::any_of(found->second.decisions, [owner](const Decision& each) {
           return each.owner == owner && each.requested == 0;
         });
}

/// The decision that a request belongs to, which counts it.
ReadStore::Decision ReadStore::decision_of(Pieces& pieces, uint64_t address, uint32_t size) {
  std::deque<Decision>& decisions = pieces.decisions;
  const auto fits = [&](const Decision& each) {
    return each.address + each.requested == address && size <= each.size - each.requested;
  };
  auto found = std::find_if(decisions.begin(), decisions.end(), fits);
  if (found == decisions.end()) {
    if (settle(pieces, address, size)) return decision_of(pieces, address, size);
    return {kNobody, address, size, Run::kNo, kNobody, size};
  }
  if (found->failed) {  // rather one of which something is expected
    const auto good =
        std::find_if(found, decisions.end(), [&](const Decision& each) { return !each.failed; });
    if (good != decisions.end() && fits(*good)) {
      const Decision run = *found;
      const Decision other = book(pieces, good, size);
      pieces.doubt = {run, other};
      return other;
    }
  }
  return book(pieces, found, size);
}

/// Counts a request of `found`. Older ones that are passed over will not be requested any more: a
/// part of them failed.
ReadStore::Decision ReadStore::book(Pieces& pieces, const Place& found, uint32_t size) {
  found->requested += size;
  const Decision decision = *found;
  pieces.decisions.erase(pieces.decisions.begin(),
                         found->requested == found->size ? found + 1 : found);
  if (pieces.doubt) {
    Doubt& doubt = *pieces.doubt;
    doubt.other.requested = decision.requested;
    const bool may_be_the_runs = decision.requested <= doubt.run.size - doubt.run.requested;
    if (decision.number != doubt.other.number || !may_be_the_runs) pieces.doubt.reset();
  }
  return decision;
}

/// A request that fits no decision: it does if what was in doubt was the run's. False if not.
bool ReadStore::settle(Pieces& pieces, uint64_t address, uint32_t size) {
  if (!pieces.doubt) return false;
  auto [run, other] = *pieces.doubt;
  run.requested += other.requested;
  const bool goes_on = address == run.address + run.requested && size <= run.size - run.requested;
  const bool begins = address == other.address && size <= other.size;
  if (!goes_on && !begins) return false;
  pieces.doubt.reset();
  for (Piece& piece : pieces.pieces) {
    if (piece.decision != other.number) continue;
    piece.owner = run.owner;
    piece.decision = run.number;
    piece.run = Run::kYes;
    piece.failed = false;
  }
  discard(pieces, run.number);
  trim(pieces);
  std::deque<Decision>& decisions = pieces.decisions;
  if (!decisions.empty() && decisions.front().number == other.number) decisions.pop_front();
  other.requested = 0;
  other.failed = false;
  decisions.push_front(other);
  if (run.requested != run.size) decisions.push_front(run);
  return true;
}

/// Of a decision: nothing more will be used of what it brought.
void ReadStore::discard(Pieces& pieces, uint64_t decision) {
  for (Piece& piece : pieces.pieces) {
    if (piece.decision != decision) continue;
    piece.given.assign(piece.size, true);
    piece.taken = piece.size;
  }
}

bool ReadStore::request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address,
                        uint32_t size) {
  const Key where = key(purpose, queue);
  Pieces& pieces = read_[where];
  under_way_[tag] = {where, pieces.first + pieces.pieces.size()};
  const Decision decision = decision_of(pieces, address, size);
  Piece piece{decision.owner,
              decision.number,
              decision.requested - size,
              decision.run,
              address,
              size,
              0,
              0,
              false,
              {},
              {}};
  piece.bytes.reserve(size);
  piece.given.resize(size);
  pieces.pieces.push_back(std::move(piece));
  if (decision.failed) discard(pieces, decision.number);
  return decision.owner != kNobody;
}

bool ReadStore::completion(uint32_t tag, ByteView data, bool ok, bool last) {
  const auto found = under_way_.find(tag);
  if (found == under_way_.end()) return false;
  Pieces& pieces = read_[found->second.key];
  const uint64_t number = found->second.number;
  if (last) under_way_.erase(found);
  if (number < pieces.first) return true;  // given up
  Piece& piece = pieces.pieces[number - pieces.first];
  if (!ok && piece.run == Run::kYes && !follower_mutant(FollowerMutant::kReadFailedIsGood)) {
    for (Decision& decision : pieces.decisions) {
      if (decision.number == piece.decision) decision.failed = true;
    }
    discard(pieces, piece.decision);
    trim(pieces);
    return true;
  }
  if (!ok && !follower_mutant(FollowerMutant::kReadFailedIsGood)) piece.failed = true;
  if (!ok && follower_mutant(FollowerMutant::kReadFailedIsGood)) {
    piece.bytes.resize(piece.size);
    piece.received = piece.size;
    return true;
  }
  if (data.size() > piece.size - piece.received) return false;
  piece.bytes.insert(piece.bytes.end(), data.begin(), data.end());
  piece.received += static_cast<uint32_t>(data.size());
  return !last || !ok || piece.received == piece.size;
}

/// The owner's oldest piece whose byte at `address` has come, or failed, and was not given out.
ReadStore::Piece* ReadStore::covering(Pieces& pieces, uint64_t owner, uint64_t address) {
  for (Piece& piece : pieces.pieces) {
    const uint64_t offset = address - piece.address;
    if (piece.owner != owner || offset >= piece.size || piece.given[offset]) continue;
    return piece.failed || offset < piece.received ? &piece : nullptr;
  }
  return nullptr;
}

/// The owner's oldest piece of which something was not given out.
ReadStore::Piece* ReadStore::first_of(Pieces& pieces, uint64_t owner) {
  const auto found = std::ranges::find_if(pieces.pieces, [owner](const Piece& piece) {
    return piece.owner == owner && piece.taken != piece.size;
  });
  return found == pieces.pieces.end() ? nullptr : &*found;
}

void ReadStore::trim(Pieces& pieces) {
  while (!pieces.pieces.empty() && pieces.pieces.front().taken == pieces.pieces.front().size) {
    pieces.pieces.pop_front();
    ++pieces.first;
  }
}

bool ReadStore::has(const Wanted& wanted) const {
  const auto found = read_.find(key(wanted.purpose, wanted.queue));
  if (found == read_.end()) return false;
  Pieces& pieces = const_cast<Pieces&>(found->second);
  for (uint32_t at = 0; at < wanted.size;) {
    const Piece* piece = covering(pieces, wanted.owner, wanted.address + at);
    if (piece == nullptr) return false;
    if (piece->failed) return true;
    const uint64_t end = piece->address + piece->received;
    at += static_cast<uint32_t>(std::min<uint64_t>(end - (wanted.address + at), wanted.size - at));
  }
  return true;
}

bool ReadStore::failed(const Wanted& wanted) const {
  const auto found = read_.find(key(wanted.purpose, wanted.queue));
  if (found == read_.end()) return false;
  return std::ranges::any_of(found->second.pieces, [&](const Piece& piece) {
    const bool overlap =
        piece.address - wanted.address < wanted.size || wanted.address - piece.address < piece.size;
    return piece.failed && piece.owner == wanted.owner && overlap;
  });
}

bool ReadStore::failed(unsigned queue, uint64_t owner) const {
  return std::ranges::any_of(
      std::array{Purpose::kDescriptors, Purpose::kIndirectTable}, [&](Purpose purpose) {
        const auto found = read_.find(key(purpose, queue));
        return found != read_.end() &&
               std::ranges::any_of(found->second.pieces, [owner](const Piece& piece) {
                 return piece.failed && piece.owner == owner;
               });
      });
}

ReadStore::Taken ReadStore::take(const Wanted& wanted, std::vector<std::byte>& bytes) {
  if (!has(wanted)) return Taken::kMissing;
  Pieces& pieces = read_[key(wanted.purpose, wanted.queue)];
  bytes.resize(wanted.size);
  bool failed = false;
  for (uint32_t at = 0; at < wanted.size;) {
    Piece* piece = covering(pieces, wanted.owner, wanted.address + at);
    if (piece == nullptr) break;  // behind a failed one
    const auto offset = static_cast<uint32_t>(wanted.address + at - piece->address);
    const uint32_t part = std::min(piece->size - offset, wanted.size - at);
    failed = failed || piece->failed;
    const bool again = follower_mutant(FollowerMutant::kReadTwice);
    if (pieces.doubt && pieces.doubt->other.number == piece->decision) pieces.doubt.reset();
    for (uint32_t i = 0; i < part; ++i) piece->given[offset + i] = !again;
    piece->taken += again ? 0 : part;
    if (!piece->failed) std::memcpy(bytes.data() + at, piece->bytes.data() + offset, part);
    at += part;
  }
  trim(pieces);
  return failed ? Taken::kFailed : Taken::kWhole;
}

ReadStore::Taken ReadStore::take_linked(const Wanted& wanted, std::vector<std::byte>& bytes) {
  Pieces& pieces = read_[key(wanted.purpose, wanted.queue)];
  const Piece* first = first_of(pieces, wanted.owner);
  const bool anywhere = follower_mutant(FollowerMutant::kRunLeftOver);
  if (first != nullptr && first->address + first->taken != wanted.address && !anywhere) {
    // The chain goes on elsewhere than the run.
    linked_end(wanted.queue, wanted.owner);
    first = first_of(pieces, wanted.owner);
    const bool begins = first != nullptr && first->behind == 0 && first->address == wanted.address;
    if (!begins) return Taken::kMissing;
  }
  return take(wanted, bytes);
}

/// A read of which nothing was used is none that is being used.
void ReadStore::linked_end(unsigned queue, uint64_t owner) {
  Pieces& pieces = read_[key(Purpose::kDescriptors, queue)];
  const Piece* first = first_of(pieces, owner);
  if (first == nullptr || first->run == Run::kNo) return;
  const bool begun = first->taken != 0 || first->behind != 0;
  if (!begun && !follower_mutant(FollowerMutant::kRunUnused)) return;
  discard(pieces, first->decision);
  trim(pieces);
}

void ReadStore::give_up(Pieces& pieces) {
  pieces.first += pieces.pieces.size();
  pieces.pieces.clear();
  pieces.decisions.clear();
  pieces.doubt.reset();
}

void ReadStore::give_up(unsigned queue) {
  for (auto& [where, pieces] : read_) {
    if (where >> 8 == queue) give_up(pieces);
  }
}

void ReadStore::give_up_all() {
  if (follower_mutant(FollowerMutant::kReadOverReset)) return;
  for (auto& [where, pieces] : read_) give_up(pieces);
}

std::string ReadStore::say(Key where, const Piece& piece) {
  return fmt::format("{} of queue {} at {:#x}, {} bytes",
                     name_of(static_cast<Purpose>(where & 0xFF)), where >> 8, piece.address,
                     piece.size);
}

std::string ReadStore::left_over() const {
  std::string first;
  if (follower_mutant(FollowerMutant::kReadLeftOver)) return first;
  Key least = ~Key{0};  // not in the order of the map
  for (const auto& [where, pieces] : read_) {
    if (pieces.pieces.empty() || where >= least) continue;
    least = where;
    first = say(where, pieces.pieces.front());
  }
  return first;
}

std::vector<std::string> ReadStore::held() const {
  std::vector<Key> keys;
  for (const auto& [where, pieces] : read_) keys.push_back(where);
  std::sort(keys.begin(), keys.end());
  std::vector<std::string> list;
  for (const Key where : keys) {
    for (const Piece& piece : read_.at(where).pieces) {
      if (piece.taken == piece.size) continue;
      list.push_back(say(where, piece));
      if (piece.failed) {
        list.back() += ", which failed";
      } else if (piece.received != piece.size) {
        list.back() += fmt::format(", of which {} have come", piece.received);
      }
    }
  }
  return list;
}

}  // namespace ringside::hw
