// SPDX-License-Identifier: Apache-2.0
// The driver's side of a split virtqueue (virtio 1.4, "Split Virtqueues").
//
// The descriptor table, available ring and indirect tables have private shadows; shared memory is
// written from them and never read back. Of what the device writes only the used index, used
// entries, flags and avail_event are read, each checked against the shadow. Not locked: the owner
// serialises all calls.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/virtio.h"
#include "host_driver/mutants.h"
#include "host_driver/net_device.h"
#include "host_driver/pci_access.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

/// One element of a buffer: a range of memory by bus address.
struct BufferElement {
  BusAddress address;
  uint32_t size;
};

class SplitVirtqueue {
 public:
  struct Config {
    uint16_t size = 0;                ///< entries, a power of two up to 32768 (VQS, PCC-R-003)
    bool event_idx = false;           ///< VIRTIO_F_EVENT_IDX negotiated
    uint16_t indirect_elements = 0;   ///< entries of each indirect table; 0: none
    uint16_t indirect_threshold = 1;  ///< buffers of at least this many elements use a table
  };

  /// A buffer that the device has used.
  struct Used {
    uint16_t head;  ///< as add() returned it
    uint32_t size;  ///< bytes that the device says it wrote; not checked against the buffer
  };

  enum class Next : uint8_t { kNone, kUsed, kBroken };

  explicit SplitVirtqueue(PciAccess& pci) : pci_(pci) {}
  SplitVirtqueue(const SplitVirtqueue&) = delete;
  SplitVirtqueue& operator=(const SplitVirtqueue&) = delete;
  ~SplitVirtqueue() { free_memory(); }

  /// Gets zeroed rings and empties the shadow. The device must not be live (CLN-R-002).
  Status allocate(const Config& config);
  /// Gives the rings back. The device must not be live.
  void free_memory();

  BusAddress descriptor_area() const { return rings_.bus; }
  BusAddress driver_area() const { return rings_.bus + avail_offset_; }
  BusAddress device_area() const { return rings_.bus + used_offset_; }
  uint16_t size() const { return config_.size; }
  uint16_t avail_idx() const { return published_; }
  /// Buffers added and not yet exposed.
  uint16_t unpublished() const { return static_cast<uint16_t>(avail_idx_ - published_); }
  /// Buffers exposed or about to be, and not taken back by next_used().
  uint16_t outstanding() const { return static_cast<uint16_t>(avail_idx_ - last_used_); }
  uint16_t free_descriptors() const { return free_count_; }
  /// Whether the device had used every exposed buffer at one of the looks since the last call.
  bool ran_dry() { return std::exchange(ran_dry_, false); }
  /// Whether the device says that there are buffers for next_used().
  bool used_pending() { return pci_.load16(used(formats::SplitRing::kUsedIdx)) != last_used_; }
  bool broken() const { return !fault_.empty(); }
  /// What the device did wrong; empty while it is well.
  std::string_view fault() const { return fault_; }

  /// The owner found the device breaking the rules: next_used() says kBroken from now on. `what` is
  /// a literal. Returns kBroken.
  Next mark_broken(std::string_view what) {
    fault_ = what;
    return Next::kBroken;
  }
  /// Whether the buffer that add() named `head` was not taken back yet.
  bool is_outstanding(uint16_t head) const { return chain_length_[head] != 0; }
  /// Calls f(head) for every such buffer and forgets it. The device must have been reset
  /// (CLN-R-002); allocate() comes before the next use.
  template <typename F>
  void take_all(F&& f) {
    for (unsigned head = 0; head < chain_length_.size(); ++head) {
      if (chain_length_[head] == 0) continue;
      chain_length_[head] = 0;
      f(static_cast<uint16_t>(head));
    }
  }

  /// Descriptors that a buffer of `elements` elements takes from the table.
  unsigned descriptors_for(unsigned elements) const {
    return uses_indirect(elements) ? 1 : elements;
  }
  /// The head that the next add() will return; only with free descriptors.
  uint16_t next_head() const { return free_ids_[free_begin_ & mask_]; }

  /// Puts a buffer of 1 to N elements, all readable or all writable by the device, into the shadow;
  /// publish() exposes it. Needs descriptors_for() free descriptors. Returns the chain's head.
  uint16_t add(std::span<const BufferElement> elements, bool writable) {
    return add_chain(elements, writable ? 0 : elements.size());
  }
  /// The same for a buffer whose first `readable` elements are readable, and the others writable
  /// (VQS-R-002).
  uint16_t add_chain(std::span<const BufferElement> elements, std::size_t readable);

  /// Exposes everything added (VQS-R-026, VQS-R-030).
  void publish();

  /// Whether the device wants a notification for what was published since the last call
  /// (VQS-R-020 to R-025, VQS-R-027).
  bool kick_needed();

  /// Takes the next used buffer. kBroken, from then on for ever, when the used index or entry is
  /// impossible. The buffer's descriptors are free again, but its elements can still be read by
  /// for_each_element() until the next add().
  Next next_used(Used* used);

  /// Calls f(address, size) for every element of the buffer that began at `head`.
  template <typename F>
  void for_each_element(uint16_t head, F&& f) const;

  /// Asks for no more interrupts. They may come all the same (VQS-R-016): with EVENT_IDX nothing is
  /// written, since used_event lies behind already.
  void disable_interrupts() {
    if (!config_.event_idx && !interrupts_off_) {
      interrupts_off_ = true;
      pci_.store16(avail(formats::SplitRing::kAvailFlags), VIRTQ_AVAIL_F_NO_INTERRUPT);
    }
  }

  /// Asks for an interrupt once more than `delay` further buffers are used; without EVENT_IDX, at
  /// every one. True: that many are used already, so poll again (VQS-R-031).
  bool enable_interrupts(uint16_t delay = 0);

 private:
  static constexpr unsigned kCache = 32;

  bool uses_indirect(unsigned elements) const {
    return elements <= config_.indirect_elements && elements >= config_.indirect_threshold;
  }
  std::byte* avail(std::size_t offset) const { return rings_.data + avail_offset_ + offset; }
  std::byte* used(std::size_t offset) const { return rings_.data + used_offset_ + offset; }
  uint16_t take_descriptor();
  void give_descriptor(uint16_t id) { free_ids_[(free_begin_ + free_count_++) & mask_] = id; }
  /// Whether the chain at `head` is in the shadow only, where the device cannot know it.
  bool is_unpublished(uint16_t head) const {
    for (uint16_t i = published_; i != avail_idx_; ++i) {
      if (avail_entries_[i & mask_] == head) return true;
    }
    return false;
  }
  void fill_indirect(uint16_t head, std::span<const BufferElement> elements, std::size_t readable);
  static constexpr uint16_t direction(std::size_t element, std::size_t readable) {
    return element < readable ? 0 : VIRTQ_DESC_F_WRITE;
  }
  void store_descriptors();
  void store_avail_entries();
  Next fetch_used();

  PciAccess& pci_;
  Config config_;
  uint16_t mask_ = 0;
  DmaMemory rings_;
  DmaMemory tables_;
  std::size_t avail_offset_ = 0;
  std::size_t used_offset_ = 0;

  // The shadow.
  std::vector<formats::VirtqDesc> descriptors_;
  std::vector<formats::VirtqDesc> table_entries_;
  std::vector<uint16_t> avail_entries_;
  std::vector<uint16_t> chain_length_;  ///< descriptors of the chain at this head; 0: none
  std::vector<uint16_t> free_ids_;      ///< a queue, so that chains mostly lie in order
  uint16_t free_begin_ = 0;
  uint16_t free_count_ = 0;
  uint16_t avail_idx_ = 0;  ///< free-running, with what is not yet published
  uint16_t published_ = 0;  ///< free-running, as in shared memory
  uint16_t run_begin_ = 0;  ///< descriptors in the shadow that shared memory has not
  uint16_t run_length_ = 0;
  uint32_t unchecked_ = 0;  ///< published since kick_needed()
  bool interrupts_off_ = false;

  uint16_t last_used_ = 0;  ///< free-running: entries taken
  uint16_t used_seen_ = 0;  ///< free-running: entries that a read barrier covers
  unsigned cache_begin_ = 0;
  unsigned cache_end_ = 0;
  formats::VirtqUsedElem cache_[kCache];
  bool ran_dry_ = false;
  std::string_view fault_;
};

inline Status SplitVirtqueue::allocate(const Config& config) {
  using formats::SplitRing;
  const std::size_t size = config.size;
  if (rings_.data == nullptr || config.size != config_.size) {
    free_memory();
    // The used ring has cache lines of its own, for only the device writes it. VQS-R-001.
    avail_offset_ = SplitRing::desc_bytes(config.size);
    used_offset_ = (avail_offset_ + SplitRing::avail_bytes(config.size) + 63) & ~std::size_t{63};
    rings_ = pci_.alloc_coherent(used_offset_ + SplitRing::used_bytes(config.size), 64);
    if (!rings_) return Status::failure("no memory for a virtqueue");
  } else {
    const std::vector<std::byte> zeros(rings_.size);
    pci_.store(rings_.data, zeros.data(), zeros.size());
  }
  const std::size_t table_bytes = size * config.indirect_elements * sizeof(formats::VirtqDesc);
  if (tables_ && tables_.size < table_bytes) {
    pci_.free_coherent(tables_);
    tables_ = {};
  }
  if (!tables_ && table_bytes != 0) {
    tables_ = pci_.alloc_coherent(table_bytes, SplitRing::kDescAlign);
    if (!tables_) return Status::failure("no memory for indirect descriptor tables");
  }
  // Nothing from before the device's reset is stored or loaded after this.
  pci_.barrier(Barrier::kFull);
  config_ = config;
  mask_ = static_cast<uint16_t>(size - 1);
  descriptors_.assign(size, {});
  table_entries_.assign(size * config.indirect_elements, {});
  avail_entries_.assign(size, 0);
  chain_length_.assign(size, 0);
  free_ids_.resize(size);
  for (std::size_t i = 0; i < size; ++i) free_ids_[i] = static_cast<uint16_t>(i);
  free_begin_ = 0;
  free_count_ = config.size;
  avail_idx_ = published_ = run_begin_ = run_length_ = 0;
  unchecked_ = 0;
  interrupts_off_ = false;
  last_used_ = used_seen_ = 0;
  cache_begin_ = cache_end_ = 0;
  ran_dry_ = false;
  fault_ = {};
  return Status::success();
}

inline void SplitVirtqueue::free_memory() {
  if (rings_) pci_.free_coherent(rings_);
  if (tables_) pci_.free_coherent(tables_);
  rings_ = {};
  tables_ = {};
}

inline uint16_t SplitVirtqueue::take_descriptor() {
  const uint16_t id = free_ids_[free_begin_++ & mask_];
  --free_count_;
  // Neighbours in the table are stored together.
  if (run_length_ != 0 && id != static_cast<unsigned>(run_begin_) + run_length_) {
    store_descriptors();
  }
  if (run_length_ == 0) run_begin_ = id;
  ++run_length_;
  return id;
}

inline void SplitVirtqueue::store_descriptors() {
  if (run_length_ == 0) return;
  constexpr std::size_t kBytes = sizeof(formats::VirtqDesc);
  pci_.store(rings_.data + run_begin_ * kBytes, &descriptors_[run_begin_], run_length_ * kBytes);
  run_length_ = 0;
}

inline void SplitVirtqueue::fill_indirect(uint16_t head, std::span<const BufferElement> elements,
                                          std::size_t readable) {
  // One level only, and never together with NEXT: VQS-R-007, VQS-R-009.
  const std::size_t slot = mutant(Mutant::kIndirectTableShared) ? 0 : head;
  const std::size_t first = slot * config_.indirect_elements;
  formats::VirtqDesc* table = &table_entries_[first];
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const bool last = i + 1 == elements.size();
    table[i] = {elements[i].address, elements[i].size,
                static_cast<uint16_t>(direction(i, readable) | (last ? 0 : VIRTQ_DESC_F_NEXT)),
                static_cast<uint16_t>(last ? 0 : i + 1)};
  }
  const auto bytes = static_cast<uint32_t>(elements.size() * sizeof(formats::VirtqDesc));
  const std::size_t offset = first * sizeof(formats::VirtqDesc);
  pci_.store(tables_.data + offset, table, bytes);
  descriptors_[head] = {tables_.bus + offset, bytes, VIRTQ_DESC_F_INDIRECT, 0};
}

inline uint16_t SplitVirtqueue::add_chain(std::span<const BufferElement> elements,
                                          std::size_t readable) {
  const uint16_t head = take_descriptor();
  uint16_t count = 1;
  if (uses_indirect(static_cast<unsigned>(elements.size()))) {
    fill_indirect(head, elements, readable);
  } else {
    descriptors_[head] = {elements[0].address, elements[0].size, direction(0, readable), 0};
    uint16_t previous = head;
    // As many as there are free descriptors at most.
    const auto total = static_cast<uint16_t>(elements.size());
    for (; count < total; ++count) {
      // Filled in before the next take_descriptor() may store the run that holds it.
      const uint16_t id = next_head();
      descriptors_[previous].flags |= VIRTQ_DESC_F_NEXT;
      descriptors_[previous].next = id;
      descriptors_[id] = {elements[count].address, elements[count].size, direction(count, readable),
                          0};
      take_descriptor();
      previous = id;
    }
  }
  chain_length_[head] = count;
  avail_entries_[avail_idx_++ & mask_] = head;
  return head;
}

inline void SplitVirtqueue::store_avail_entries() {
  uint16_t begin = published_;
  while (begin != avail_idx_) {
    const unsigned slot = begin & mask_;
    const unsigned count =
        std::min<unsigned>(static_cast<uint16_t>(avail_idx_ - begin), config_.size - slot);
    std::byte* to = avail(formats::SplitRing::avail_entry(slot));
    if (count == 1) {
      pci_.store16(to, avail_entries_[slot]);
    } else {
      pci_.store(to, &avail_entries_[slot], count * sizeof(uint16_t));
    }
    begin = static_cast<uint16_t>(begin + count);
  }
}

inline void SplitVirtqueue::publish() {
  if (published_ == avail_idx_) return;
  const auto store_idx = [this] { pci_.store16(avail(formats::SplitRing::kAvailIdx), avail_idx_); };
  if (mutant(Mutant::kExposedDescriptorChanged) && published_ != 0) {
    const std::size_t head = avail_entries_[(published_ - 1) & mask_];
    const std::size_t length = offsetof(formats::VirtqDesc, len);
    pci_.store32(rings_.data + head * sizeof(formats::VirtqDesc) + length, 1);
  }
  if (mutant(Mutant::kAvailIdxBeforeEntries)) store_idx();
  store_descriptors();
  store_avail_entries();
  if (!mutant(Mutant::kNoWriteBarrierBeforeAvailIdx)) pci_.barrier(Barrier::kWrite);  // VQS-R-026
  if (!mutant(Mutant::kAvailIdxBeforeEntries)) store_idx();
  unchecked_ += static_cast<uint16_t>(avail_idx_ - published_);
  published_ = avail_idx_;
}

inline bool SplitVirtqueue::kick_needed() {
  using formats::SplitRing;
  if (unchecked_ == 0) return false;
  // VQS-R-027; it also orders the index before the doorbell.
  if (!mutant(Mutant::kNoFullBarrierBeforeEventRead)) pci_.barrier(Barrier::kFull);
  const uint32_t added = unchecked_;
  unchecked_ = 0;
  if (!config_.event_idx) {
    return (pci_.load16(used(SplitRing::kUsedFlags)) & VIRTQ_USED_F_NO_NOTIFY) == 0;
  }
  // 16 bits cannot tell whether the index passed the event once or not at all.
  if (added >= 0xFFFF) return true;
  const uint16_t event = pci_.load16(used(SplitRing::avail_event(config_.size)));
  const auto old_idx = static_cast<uint16_t>(published_ - added);
  if (mutant(Mutant::kEventWindowWrongAtWrap)) return event >= old_idx && event < published_;
  return formats::need_event(event, published_, old_idx);
}

inline SplitVirtqueue::Next SplitVirtqueue::fetch_used() {
  using formats::SplitRing;
  if (broken()) return Next::kBroken;
  if (used_seen_ == last_used_) {
    const uint16_t idx = pci_.load16(used(SplitRing::kUsedIdx));
    auto pending = static_cast<uint16_t>(idx - last_used_);
    if (mutant(Mutant::kUsedIndexModuloRing)) pending &= mask_;
    if (pending == 0) return Next::kNone;
    const auto exposed = static_cast<uint16_t>(published_ - last_used_);
    if (pending > exposed) {
      return mark_broken("the used index passed the buffers that the device was given");
    }
    ran_dry_ |= pending == exposed;
    if (!mutant(Mutant::kNoReadBarrierAfterUsedIdx)) pci_.barrier(Barrier::kRead);
    used_seen_ = static_cast<uint16_t>(last_used_ + pending);
  }
  const unsigned slot = last_used_ & mask_;
  const unsigned pending = static_cast<uint16_t>(used_seen_ - last_used_);
  const unsigned count = std::min({pending, kCache, config_.size - slot});
  const std::byte* from = used(SplitRing::used_entry(slot));
  pci_.load(cache_, from, count * sizeof(formats::VirtqUsedElem));
  cache_begin_ = 0;
  cache_end_ = count;
  return Next::kUsed;
}

inline SplitVirtqueue::Next SplitVirtqueue::next_used(Used* used) {
  if (cache_begin_ == cache_end_) {
    const Next next = fetch_used();
    if (next != Next::kUsed) return next;
  } else if (broken()) {
    return Next::kBroken;
  }
  const formats::VirtqUsedElem element = cache_[cache_begin_++];
  if (element.id >= config_.size) return mark_broken("a used id lies outside the descriptor table");
  const auto head = static_cast<uint16_t>(element.id);
  if (chain_length_[head] == 0 || is_unpublished(head)) {
    return mark_broken("a used id names no outstanding buffer");
  }
  ++last_used_;
  uint16_t id = head;
  uint16_t count = chain_length_[head];
  chain_length_[head] = 0;
  if (mutant(Mutant::kFreeListLosesChain)) count = 1;
  for (uint16_t i = 0; i < count; ++i) {
    give_descriptor(mutant(Mutant::kFreeListReusesHead) ? head : id);
    id = descriptors_[id].next;
  }
  *used = {head, element.len};
  return Next::kUsed;
}

template <typename F>
void SplitVirtqueue::for_each_element(uint16_t head, F&& f) const {
  const formats::VirtqDesc* descriptor = &descriptors_[head];
  if ((descriptor->flags & VIRTQ_DESC_F_INDIRECT) != 0) {
    const unsigned count = descriptor->len / sizeof(formats::VirtqDesc);
    descriptor = &table_entries_[std::size_t{head} * config_.indirect_elements];
    for (unsigned i = 0; i < count; ++i) f(descriptor[i].addr, descriptor[i].len);
    return;
  }
  for (;;) {
    f(descriptor->addr, descriptor->len);
    if ((descriptor->flags & VIRTQ_DESC_F_NEXT) == 0) return;
    descriptor = &descriptors_[descriptor->next];
  }
}

inline bool SplitVirtqueue::enable_interrupts(uint16_t delay) {
  using formats::SplitRing;
  if (config_.event_idx) {
    // VQS-R-014, VQS-R-015: the flags stay 0.
    pci_.store16(avail(SplitRing::used_event(config_.size)),
                 static_cast<uint16_t>(last_used_ + delay));
  } else {
    delay = 0;
    // Stored even if it seems to be there: an interrupt handler on another core may be about to
    // store the opposite, and then the poll that it scheduled comes here again.
    interrupts_off_ = false;
    pci_.store16(avail(SplitRing::kAvailFlags), 0);
  }
  if (!mutant(Mutant::kNoFullBarrierAfterRearm)) pci_.barrier(Barrier::kFull);
  const uint16_t idx = pci_.load16(used(SplitRing::kUsedIdx));
  return static_cast<uint16_t>(idx - last_used_) > delay;
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
