// SPDX-License-Identifier: Apache-2.0
// A PCI host without a driver: what attacks and generators need of a card, whichever model it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hw_model/pcie/host_memory.h"

namespace ringside::hostile {

/// Sees every DMA write before it is stored, and knows where the driver allows them.
class WriteGuard : public hw::HostMemoryObserver {
 public:
  /// Tells of a write that was allowed, before it is stored.
  std::function<void(uint64_t address, ByteView bytes)> on_write;

  void allow(uint64_t address, uint64_t size) { allowed_.push_back({address, size}); }
  void forget() { allowed_.clear(); }
  std::size_t allowances() const { return allowed_.size(); }
  uint64_t writes() const { return writes_; }
  /// The first write that was not allowed, in words, or nothing.
  const std::string& violation() const { return violation_; }

  void device_write(uint64_t bus, const std::byte*, ByteView bytes) override {
    ++writes_;
    // Ranges may lie side by side: a write is judged by what each of its bytes may be.
    uint64_t at = bus;
    const uint64_t end = bus + bytes.size();
    while (at < end) {
      uint64_t reach = at;
      for (const Range& range : allowed_) {
        if (at >= range.address && at - range.address < range.size) {
          reach = std::max(reach, range.address + range.size);
        }
      }
      if (reach == at) break;
      at = reach;
    }
    if (at < end && violation_.empty()) {
      violation_ = "a write of " + std::to_string(bytes.size()) + " bytes to bus address " +
                   std::to_string(bus) + ", which the driver gave the card for no writing";
    }
    if (on_write) on_write(bus, bytes);
  }

 private:
  struct Range {
    uint64_t address, size;
  };
  std::vector<Range> allowed_;
  std::string violation_;
  uint64_t writes_ = 0;
};

/// A host with one card. What it sends and receives is counted; time passes only where a function
/// says so.
class RawHost {
 public:
  static constexpr unsigned kVectors = 32;
  static constexpr uint64_t kMsiWindow = 0xFEE0'0000, kMsiWindowSize = 0x10'0000;

  explicit RawHost(std::size_t memory_bytes) : memory(memory_bytes) { memory.observe(&guard); }
  virtual ~RawHost() = default;
  RawHost(const RawHost&) = delete;
  RawHost& operator=(const RawHost&) = delete;

  virtual uint32_t config_read(uint32_t offset, unsigned width) = 0;
  virtual void config_write(uint32_t offset, unsigned width, uint32_t value) = 0;
  /// At a bus address; all ones where nothing answers. Any width from 1 to 8.
  virtual uint64_t memory_read(uint64_t address, unsigned width) = 0;
  virtual void memory_write(uint64_t address, unsigned width, uint64_t value) = 0;
  /// Where the host puts BAR 0.
  virtual uint64_t bar() const = 0;
  /// Lets the card work until it rests. False: it did not, within a bound that no honest work
  /// needs.
  virtual bool settle() = 0;
  /// Lets it do about `amount` things: a read answered, a choice made; with a bus, 50 ns each.
  virtual void advance(unsigned amount) = 0;
  /// A frame for the card arrives from the wire, at once or soon.
  virtual void send_to_card(ByteView frame) = 0;
  /// By the name that summaries use; 0 if the model has no such counter.
  virtual uint64_t counter(std::string_view name) const = 0;
  /// What of the model itself is not as it must be, or nothing.
  virtual std::string audit() { return {}; }

  template <typename T>
  T load(uint64_t address) {
    T value{};
    if (const std::byte* from = memory.translate(address, sizeof value)) {
      std::memcpy(&value, from, sizeof value);
    }
    return value;
  }
  template <typename T>
  void store(uint64_t address, const T& value) {
    if (std::byte* to = memory.translate(address, sizeof value)) {
      std::memcpy(to, &value, sizeof value);
    }
  }
  uint64_t memory_end() const { return hw::HostMemory::kArenaBase + memory.arena_size(); }

  hw::HostMemory memory;
  WriteGuard guard;
  uint64_t frames_from_card = 0;
  std::vector<std::byte> last_frame;
  uint64_t messages[kVectors] = {};  ///< MSI-X, by data
  bool intx = false;
  /// Features that the card may have at all: drivers of it leave others out.
  uint64_t card_features = ~uint64_t{0};
};

}  // namespace ringside::hostile
