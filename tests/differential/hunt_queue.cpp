// SPDX-License-Identifier: Apache-2.0
// See hunt_queue.h.
#include "tests/differential/hunt_queue.h"

#include <algorithm>
#include <set>
#include <utility>

namespace ringside::differential {

using formats::SplitRing;
using formats::VirtqDesc;

namespace {

/// `bytes` in `count` parts of at least one.
std::vector<uint32_t> cut(SplitMix64& random, uint32_t bytes, unsigned count) {
  std::set<uint32_t> cuts{bytes};
  while (cuts.size() < std::min<uint64_t>(count, bytes)) {
    cuts.insert(static_cast<uint32_t>(1 + random.below(bytes)));
  }
  std::vector<uint32_t> parts;
  uint32_t before = 0;
  for (const uint32_t end : cuts) {
    parts.push_back(end - before);
    before = end;
  }
  return parts;
}

unsigned draw_count(SplitMix64& random, unsigned most) {
  static constexpr unsigned kMost[] = {1, 1, 2, 3, 8, 60};
  return std::min(most, static_cast<unsigned>(1 + random.below(kMost[random.below(6)])));
}

}  // namespace

HuntQueue::HuntQueue(hw::HostMemory& memory, SplitMix64& random, Tally& tally, unsigned number,
                     uint16_t entries, unsigned slots, uint16_t start, uint64_t* next)
    : index(number),
      size(entries),
      avail_idx(start),
      published(start),
      used_seen(start),
      memory_(memory),
      random_(random),
      tally_(tally),
      order_(static_cast<unsigned>(random.below(3))) {
  const auto allocate = [next, &random](uint64_t bytes, uint64_t align) {
    *next = (*next + align - 1) / align * align + align * random.below(64);
    const uint64_t address = *next;
    *next += bytes;
    return address;
  };
  const uint64_t from = *next;
  desc = allocate(SplitRing::desc_bytes(size), SplitRing::kDescAlign);
  avail = allocate(SplitRing::avail_bytes(size), SplitRing::kAvailAlign);
  used = allocate(SplitRing::used_bytes(size), SplitRing::kUsedAlign);
  std::memset(memory_.translate(from, *next - from), 0, *next - from);
  store(avail + SplitRing::kAvailIdx, start);
  store(used + SplitRing::kUsedIdx, start);
  store(used + SplitRing::avail_event(size), start);
  slots_at_ = allocate(uint64_t{kSlotStride} * slots, 1);
  for (unsigned slot = 0; slot < slots; ++slot) slots_.push_back(slot);
  for (uint16_t i = 0; i < size; ++i) free_.push_back(i);
}

uint16_t HuntQueue::take_descriptor() {
  const std::size_t which = order_ == 0   ? 0
                            : order_ == 1 ? free_.size() - 1
                                          : random_.below(free_.size());
  const uint16_t taken = free_[which];
  free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(which));
  return taken;
}

std::optional<GivenChain> HuntQueue::lay_out(uint32_t readable, uint32_t writable,
                                             unsigned pieces_max) {
  if (slots_.empty()) return std::nullopt;
  const std::size_t which = random_.below(slots_.size());
  GivenChain chain;
  chain.slot = slots_[which];
  slots_[which] = slots_.back();
  slots_.pop_back();
  for (const bool write : {false, true}) {
    const uint32_t bytes = write ? writable : readable;
    if (bytes == 0) continue;
    const std::vector<uint32_t> parts = cut(random_, bytes, draw_count(random_, pieces_max));
    for (const uint32_t part : parts) chain.pieces.push_back({0, part, write});
  }
  // Where they lie has no order.
  std::vector<std::size_t> order(chain.pieces.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (random_.below(2) == 0) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.below(i)]);
  }
  const uint64_t slot = slot_address(chain.slot);
  const uint32_t room = kSlotBytes - readable - writable;
  const auto gap = static_cast<uint32_t>(random_.below(room / (2 * order.size()) + 1));
  uint64_t at = slot + random_.below(room / 2);
  for (const std::size_t piece : order) {
    chain.pieces[piece].address = at;
    at += chain.pieces[piece].size + (gap == 0 ? 0 : random_.below(gap));
  }
  std::fill_n(this->at(slot, kSlotBytes), kSlotBytes, kUntouched);
  return chain;
}

bool HuntQueue::give(GivenChain chain, bool indirect, bool crooked) {
  const std::size_t pieces = chain.pieces.size();
  std::size_t direct = pieces;
  if (indirect) {
    const uint64_t shape = random_.below(3);
    if (shape == 1) direct = 0;
    if (shape == 2 && pieces > 1) direct = 1 + random_.below(pieces - 1);
  }
  const bool table = direct != pieces;
  const std::size_t needed = direct + (table ? 1 : 0);
  if (needed > free_.size()) {
    free_slot(chain.slot);
    return false;
  }
  const auto flags = [&chain](std::size_t piece, bool last) {
    return static_cast<uint16_t>((chain.pieces[piece].writable ? VIRTQ_DESC_F_WRITE : 0) |
                                 (last ? 0 : VIRTQ_DESC_F_NEXT));
  };
  for (std::size_t i = 0; i < needed; ++i) chain.descriptors.push_back(take_descriptor());
  for (std::size_t i = 0; i < direct; ++i) {
    const bool last = i + 1 == needed;
    store(desc + uint64_t{16} * chain.descriptors[i],
          VirtqDesc{chain.pieces[i].address, chain.pieces[i].size, flags(i, last),
                    last ? static_cast<uint16_t>(random_.next()) : chain.descriptors[i + 1]});
  }
  if (table) {
    const std::size_t inside = pieces - direct;
    const std::size_t entries = inside + random_.below(4);  // some belong to no chain
    uint64_t at = (slot_address(chain.slot) + kSlotBytes + 15) / 16 * 16;
    if (crooked) at += random_.below(16);
    // The first is entry 0; the others are anywhere.
    std::vector<uint16_t> order(entries);
    for (std::size_t i = 0; i < entries; ++i) order[i] = static_cast<uint16_t>(i);
    if (random_.below(2) == 0) {
      for (std::size_t i = entries; i > 2; --i) {
        std::swap(order[i - 1], order[1 + random_.below(i - 1)]);
      }
    }
    for (std::size_t i = 0; i < entries; ++i) {
      VirtqDesc entry{random_.next(), 0, static_cast<uint16_t>(random_.next()), 0};
      if (i < inside) {
        const bool last = i + 1 == inside;
        const Piece& piece = chain.pieces[direct + i];
        entry = {piece.address, piece.size, flags(direct + i, last),
                 last ? static_cast<uint16_t>(0) : order[i + 1]};
      }
      store(at + uint64_t{16} * order[i], entry);
    }
    store(desc + uint64_t{16} * chain.descriptors.back(),
          VirtqDesc{at, static_cast<uint32_t>(16 * entries), VIRTQ_DESC_F_INDIRECT, 0});
    ++tally_[direct == 0 ? Tried::kIndirect : Tried::kMixed];
  }
  if (pieces > 16) ++tally_[Tried::kLongChains];
  const uint16_t head = chain.descriptors[0];
  given_[head] = std::move(chain);
  give_head(head);
  return true;
}

void HuntQueue::give_head(uint16_t head) {
  store(avail + SplitRing::avail_entry(avail_idx % size), head);
  if (++avail_idx == 0) ++tally_[Tried::kWraps];
}

bool HuntQueue::publish(bool event_idx) {
  const uint16_t before = published;
  if (avail_idx == before) return false;
  store(avail + SplitRing::kAvailIdx, avail_idx);
  published = avail_idx;
  const bool wanted =
      event_idx ? formats::need_event(load<uint16_t>(used + SplitRing::avail_event(size)),
                                      avail_idx, before)
                : (load<uint16_t>(used + SplitRing::kUsedFlags) & VIRTQ_USED_F_NO_NOTIFY) == 0;
  if (!wanted) ++tally_[Tried::kQuietPublishes];
  return wanted;
}

std::optional<HuntQueue::Used> HuntQueue::take_used(bool* bad) {
  if (used_idx() == used_seen) return std::nullopt;
  const auto entry = load<formats::VirtqUsedElem>(used + SplitRing::used_entry(used_seen % size));
  const auto found = given_.find(entry.id);
  if (found == given_.end()) {
    *bad = true;
    return std::nullopt;
  }
  ++used_seen;
  Used result{std::move(found->second), entry.len};
  given_.erase(found);
  free_.insert(free_.end(), result.chain.descriptors.begin(), result.chain.descriptors.end());
  return result;
}

}  // namespace ringside::differential
