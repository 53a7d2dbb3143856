// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/rtl/descriptor_chains.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ringside::test {

using formats::VirtqDesc;
using hw::DeviceError;

namespace {

template <typename T>
void shuffle(std::vector<T>& values, SplitMix64& random) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.below(i)]);
}

/// The error of a segment that would be added to `chain`, or none.
std::optional<DeviceError> segment_error(const WalkedChain& chain, const VirtqDesc& descriptor) {
  if (descriptor.len == 0) return DeviceError::kZeroLength;
  if (descriptor.addr + (descriptor.len - 1) < descriptor.addr) return DeviceError::kAddressWraps;
  const bool writable = (descriptor.flags & VIRTQ_DESC_F_WRITE) != 0;
  if (!writable && chain.segments.size() > chain.readable) {
    return DeviceError::kReadableAfterWritable;
  }
  const uint64_t bytes = chain.readable_bytes + chain.writable_bytes + descriptor.len;
  if (bytes > uint64_t{0x1'0000'0000}) return DeviceError::kChainTooLarge;
  return std::nullopt;
}

std::optional<DeviceError> table_error(const RingPlace& ring, const VirtqDesc& descriptor) {
  if (!ring.indirect) return DeviceError::kIndirectNotNegotiated;
  if ((descriptor.flags & VIRTQ_DESC_F_NEXT) != 0) return DeviceError::kIndirectWithNext;
  const uint32_t most = 16 * std::max(ring.size(), 1024u);
  if (descriptor.len == 0 || descriptor.len % 16 != 0 || descriptor.len > most) {
    return DeviceError::kIndirectSize;
  }
  if (descriptor.addr + (descriptor.len - 1) < descriptor.addr) return DeviceError::kAddressWraps;
  return std::nullopt;
}

}  // namespace

WalkedChain walk_chain(const HostBytes& memory, const RingPlace& ring, uint16_t head) {
  WalkedChain chain;
  uint64_t table = ring.desc;
  uint32_t entries = ring.size();
  uint32_t left = entries;  // visits before it can only be a loop
  uint32_t index = head;
  while (!chain.error) {
    if (chain.table_entries == 0 && left != ring.size()) chain.links.push_back(index);
    if (left-- == 0) {
      chain.error = DeviceError::kChainTooLong;
      break;
    }
    const auto descriptor = memory.get<VirtqDesc>(table + uint64_t{16} * index);
    if ((descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0) {
      chain.error =
          chain.table_entries != 0 ? DeviceError::kIndirectNested : table_error(ring, descriptor);
      if (chain.error) break;
      chain.table = table = descriptor.addr;
      chain.table_entries = left = entries = descriptor.len / 16;
      index = 0;
      continue;
    }
    chain.error = segment_error(chain, descriptor);
    if (chain.error) break;
    chain.segments.push_back({descriptor.addr, descriptor.len});
    if ((descriptor.flags & VIRTQ_DESC_F_WRITE) != 0) {
      chain.writable_bytes += descriptor.len;
    } else {
      ++chain.readable;
      chain.readable_bytes += descriptor.len;
    }
    if ((descriptor.flags & VIRTQ_DESC_F_NEXT) == 0) {
      if ((ring.transmit ? chain.readable_bytes : chain.writable_bytes) == 0) {
        chain.error = DeviceError::kNoUsableBuffer;
      }
      break;
    }
    index = descriptor.next;
    if (index >= entries) chain.error = DeviceError::kNextOutOfRange;
  }
  return chain;
}

ChainMaker::ChainMaker(HostBytes& memory, const RingPlace& ring, const Style& style, uint64_t seed)
    : memory_(memory), ring_(ring), style_(style), random_(seed), owned_(ring.size()) {
  free_.resize(ring.size());
  std::iota(free_.begin(), free_.end(), uint16_t{0});
}

VirtqDesc ChainMaker::segment(bool writable) {
  VirtqDesc descriptor{};
  descriptor.addr = random_.next();
  descriptor.len = static_cast<uint32_t>(1 + random_.below(random_.below(8) == 0 ? 65536 : 2000));
  descriptor.addr &= ~uint64_t{0} >> 1;  // nothing wraps
  if (writable) descriptor.flags = VIRTQ_DESC_F_WRITE;
  return descriptor;
}

/// A table of `entries` of which `used` are linked, `readable` of them first.
void ChainMaker::make_table(uint64_t address, uint32_t entries, uint32_t used, uint32_t readable) {
  std::vector<uint16_t> order(entries - 1);
  std::iota(order.begin(), order.end(), uint16_t{1});
  if (random_.below(100) >= style_.in_order_percent) shuffle(order, random_);
  order.insert(order.begin(), uint16_t{0});  // where it begins
  for (uint32_t i = 0; i < entries; ++i) {
    VirtqDesc descriptor = segment(i >= readable);
    if (i + 1 < used) {
      descriptor.flags |= VIRTQ_DESC_F_NEXT;
      descriptor.next = order[i + 1];
    }
    memory_.put(address + uint64_t{16} * order[i], descriptor);
  }
}

std::optional<uint16_t> ChainMaker::make() {
  const auto segments = static_cast<uint32_t>(
      style_.segments_min + random_.below(style_.segments_max - style_.segments_min + 1));
  const bool with_table = ring_.indirect && random_.below(100) < style_.indirect_percent;
  const bool table_only = with_table && random_.below(100) < style_.table_only_percent;
  const uint32_t direct = !with_table  ? segments
                          : table_only ? 0
                                       : static_cast<uint32_t>(random_.below(segments));
  const uint32_t taken = direct + (with_table ? 1 : 0);
  if (taken > free_.size()) return std::nullopt;
  if (random_.below(100) >= style_.in_order_percent) shuffle(free_, random_);
  const std::vector<uint16_t> mine(free_.begin(), free_.begin() + taken);
  free_.erase(free_.begin(), free_.begin() + taken);
  const uint16_t head = mine[0];
  owned_[head] = mine;

  // Transmit needs something to read, the others something to write.
  uint32_t readable = static_cast<uint32_t>(random_.below(segments + 1));
  if (random_.below(4) != 0) readable = ring_.transmit ? segments : 0;
  if (ring_.transmit && readable == 0) readable = 1;
  if (!ring_.transmit && readable == segments) --readable;
  for (uint32_t i = 0; i < direct; ++i) {
    VirtqDesc descriptor = segment(i >= readable);
    if (i + 1 < taken) {
      descriptor.flags |= VIRTQ_DESC_F_NEXT;
      descriptor.next = mine[i + 1];
    }
    memory_.put(ring_.desc + uint64_t{16} * mine[i], descriptor);
  }
  if (with_table) {
    const uint32_t inside = segments - direct;
    uint32_t entries = inside + static_cast<uint32_t>(random_.below(inside + 20));
    entries = std::min(entries, ring_.table_entries);
    VirtqDesc descriptor{};
    descriptor.addr =
        ring_.tables + uint64_t{16} * (ring_.table_entries + 1) * mine[direct] + random_.below(16);
    descriptor.len = 16 * entries;
    descriptor.flags = VIRTQ_DESC_F_INDIRECT;
    if (random_.below(4) == 0) descriptor.flags |= VIRTQ_DESC_F_WRITE;  // which is ignored
    memory_.put(ring_.desc + uint64_t{16} * mine[direct], descriptor);
    make_table(descriptor.addr, entries, inside, readable > direct ? readable - direct : 0);
  }
  if (random_.below(100) < style_.damage_percent) damage(head);
  return head;
}

void ChainMaker::damage(VirtqDesc& descriptor, uint16_t near, uint32_t entries) {
  switch (random_.below(12)) {
    case 0:
      descriptor.len = 0;
      break;
    case 1:
      descriptor.len = 0xFFFFFFF0;
      break;
    case 2:
      descriptor.addr = ~uint64_t{0} - random_.below(2 * uint64_t{descriptor.len});
      break;
    case 3:
      descriptor.addr = ~uint64_t{0} - descriptor.len + 1;  // up to the last byte
      break;
    case 4:
      descriptor.flags ^= VIRTQ_DESC_F_NEXT;
      if ((descriptor.flags & VIRTQ_DESC_F_NEXT) != 0) descriptor.next = near;
      break;
    case 5:
      descriptor.flags ^= VIRTQ_DESC_F_WRITE;
      break;
    case 6:
      descriptor.flags ^= VIRTQ_DESC_F_INDIRECT;
      break;
    case 7:
      descriptor.flags |= VIRTQ_DESC_F_NEXT;
      descriptor.next = near;
      break;
    case 8:
      descriptor.flags |= VIRTQ_DESC_F_NEXT;
      descriptor.next = static_cast<uint16_t>(entries + random_.below(3));
      break;
    case 9:
      descriptor.len += static_cast<uint32_t>(1 + random_.below(15));
      break;
    case 10:
      descriptor.len = 16 * 1025;
      break;
    default:
      descriptor.flags |= VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT;
      break;
  }
}

/// One descriptor of the chain, or of its indirect table.
void ChainMaker::damage(uint16_t head) {
  uint64_t at = ring_.desc + uint64_t{16} * owned_[head][random_.below(owned_[head].size())];
  auto descriptor = memory_.get<VirtqDesc>(at);
  uint32_t entries = ring_.size();
  uint16_t near = owned_[head][random_.below(owned_[head].size())];
  if ((descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0 && random_.below(4) != 0) {
    entries = descriptor.len / 16;
    near = static_cast<uint16_t>(random_.below(entries));
    at = descriptor.addr + 16 * random_.below(entries);
    descriptor = memory_.get<VirtqDesc>(at);
  }
  const WalkedChain whole = walk_chain(memory_, ring_, head);
  if (whole.segments.size() > 1 && random_.below(8) == 0) {  // 2^32 bytes, or one too many
    const uint64_t others = whole.readable_bytes + whole.writable_bytes - descriptor.len;
    if ((descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0) return;
    descriptor.len = static_cast<uint32_t>(uint64_t{0x1'0000'0000} - others + random_.below(2));
  } else {
    damage(descriptor, near, entries);
  }
  if (random_.below(6) == 0) {  // the kind that matters to this queue
    for (const uint16_t id : owned_[head]) {
      auto each = memory_.get<VirtqDesc>(ring_.desc + uint64_t{16} * id);
      each.flags ^= VIRTQ_DESC_F_WRITE;
      memory_.put(ring_.desc + uint64_t{16} * id, each);
    }
    return;
  }
  memory_.put(at, descriptor);
}

void ChainMaker::release(uint16_t head) {
  for (const uint16_t id : owned_[head]) free_.push_back(id);
  owned_[head].clear();
}

}  // namespace ringside::test
