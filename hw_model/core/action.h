// SPDX-License-Identifier: Apache-2.0
// What comes out of the functional core: DMA, interrupts, frames, register replies, management.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "formats/units.h"
#include "hw_model/pcie/purpose.h"
#include "hw_model/registers/management_interface.h"
#include "hw_model/wire/frame.h"

namespace ringside::hw {

enum class ActionKind : uint8_t {
  kDmaRead,     ///< `address`, `size`; answer with Event kDmaReadDone of `tag`; `value`: first
                ///< chain that it is for
  kDmaWrite,    ///< ActionList::payload() to `address`; posted; `tag`: first chain that it is for
  kMsix,        ///< write the 32-bit `value` to `address`; posted, behind earlier writes
  kIntx,        ///< message: assert if `value`, else deassert; posted, behind earlier writes
  kFrameOut,    ///< ActionList::frame() to the Ethernet port; `size` bytes of transmit buffer
  kReadReply,   ///< the register read `tag` has `value`
  kManagement,  ///< ActionList::management() to the control plane
};

/// One output. Actions are carried out in order.
struct Action {
  ActionKind kind;
  Purpose purpose = Purpose::kInterrupt;  ///< of DMA
  uint16_t queue = 0;
  uint32_t tag = 0;
  uint32_t size = 0;
  uint32_t place = 0;  ///< where the list keeps payload, frame or management event
  uint64_t address = 0;
  uint64_t value = 0;
};
static_assert(std::is_trivially_copyable_v<Action>);  // lists are filled and cleared all the time

/// Actions with the bytes that they carry. Reused: after a few steps it allocates no more.
/// References into it are valid until the next action is added.
class ActionList {
 public:
  bool empty() const { return actions_.empty(); }
  std::size_t size() const { return actions_.size(); }
  Action& operator[](std::size_t index) { return actions_[index]; }
  const Action& operator[](std::size_t index) const { return actions_[index]; }
  /// The bytes of a kDmaWrite.
  ByteView payload(const Action& action) const {
    return {bytes_.get() + action.place, action.size};
  }
  /// The event of a kManagement.
  const rs_event& management(const Action& action) const { return management_[action.place]; }
  /// The frame of a kFrameOut; may be moved from.
  FramePtr& frame(const Action& action) { return frames_[action.place]; }
  void clear() {
    actions_.clear();
    management_.clear();
    frames_.clear();
    used_ = 0;
  }

  Action& add(ActionKind kind) { return actions_.emplace_back(Action{.kind = kind}); }
  void add_management(const rs_event& event) {
    add(ActionKind::kManagement).place = static_cast<uint32_t>(management_.size());
    management_.push_back(event);
  }
  Action& add_frame(FramePtr frame) {
    Action& action = add(ActionKind::kFrameOut);
    action.place = static_cast<uint32_t>(frames_.size());
    frames_.push_back(std::move(frame));
    return action;
  }
  /// Adds a write of `size` bytes whose contents lie at `place` of reserve_bytes().
  /// `chain`: the first that it is for.
  void add_write(uint16_t queue, Purpose purpose, uint64_t address, uint32_t place, uint32_t size,
                 uint32_t chain) {
    Action& action = add(ActionKind::kDmaWrite);
    action.purpose = purpose;
    action.queue = queue;
    action.tag = chain;
    action.address = address;
    action.place = place;
    action.size = size;
  }
  /// Room for `size` bytes of payload, uninitialised; returns its place.
  uint32_t reserve_bytes(uint32_t size) {
    if (used_ + size > capacity_) grow(used_ + size);
    return std::exchange(used_, used_ + size);
  }
  std::byte* bytes(uint32_t place) { return bytes_.get() + place; }

 private:
  void grow(uint32_t wanted) {
    const uint32_t capacity = wanted < 4096 ? 8192 : 2 * wanted;
    auto bytes = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (used_ != 0) std::memcpy(bytes.get(), bytes_.get(), used_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }
  std::vector<Action> actions_;
  std::vector<rs_event> management_;
  std::vector<FramePtr> frames_;
  std::unique_ptr<std::byte[]> bytes_;
  uint32_t used_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace ringside::hw
