// SPDX-License-Identifier: Apache-2.0
// See control_queue.h.
#include "host_driver/control_queue.h"

#include <algorithm>
#include <cstring>

#include "formats/virtio.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

constexpr std::size_t kHeaderBytes = 2;
constexpr std::size_t kAckOffset = kHeaderBytes + ControlQueue::kMostData;
/// What no answer is: an ack byte that the device did not write.
constexpr std::byte kNoAck{0xA5};
constexpr uint64_t kFirstPauseNs = 1'000, kLongestPauseNs = 1'000'000;
/// From this pause on the answer is late: a device that is well has given it long before.
constexpr uint64_t kLatePauseNs = 100'000;

}  // namespace

ControlQueue::~ControlQueue() {
  if (buffer_) pci_.free_coherent(buffer_);
}

Status ControlQueue::prepare(uint64_t features, uint16_t size) {
  SplitVirtqueue::Config config;
  config.size = size;
  config.event_idx = (features & formats::feature_bit(VIRTIO_F_EVENT_IDX)) != 0;
  if (Status status = queue_.allocate(config); !status.ok()) return status;
  if (!buffer_) buffer_ = pci_.alloc_coherent(kAckOffset + 1, 64);
  if (!buffer_) return Status::failure("no memory for control commands");
  queue_.disable_interrupts();
  return Status::success();
}

ControlQueue::Answer ControlQueue::command(uint8_t command_class, uint8_t number,
                                           std::span<const std::byte> data, uint64_t timeout_ns) {
  ++counters_.commands;
  // A command that was never answered still is the device's: its memory must not change.
  if (queue_.outstanding() != 0) return Answer::kNoAnswer;
  std::byte bytes[kAckOffset + 1] = {std::byte{command_class}, std::byte{number}};
  std::copy(data.begin(), data.end(), bytes + kHeaderBytes);
  bytes[kAckOffset] = kNoAck;
  pci_.store(buffer_.data, bytes, sizeof bytes);
  const BufferElement elements[] = {
      {buffer_.bus, static_cast<uint32_t>(kHeaderBytes + data.size())},
      {buffer_.bus + kAckOffset, 1}};
  queue_.add_chain(elements, 1);
  queue_.publish();
  if (queue_.kick_needed()) notifier_.notify(pci_, queue_.avail_idx());
  if (mutant(Mutant::kControlAckNotAwaited)) return Answer::kOk;
  return wait(timeout_ns);
}

ControlQueue::Answer ControlQueue::wait(uint64_t timeout_ns) {
  const uint64_t deadline_ns = platform_.now_ns() + timeout_ns;
  SplitVirtqueue::Used used;
  auto next = queue_.next_used(&used);
  for (uint64_t pause_ns = kFirstPauseNs; next == SplitVirtqueue::Next::kNone;
       pause_ns = std::min(2 * pause_ns, kLongestPauseNs)) {
    const uint64_t now_ns = platform_.now_ns();
    if (now_ns >= deadline_ns) {
      ++counters_.timeouts;
      return Answer::kNoAnswer;
    }
    if (owner_.hopeless(owner_.context, pause_ns >= kLatePauseNs)) return Answer::kHopeless;
    platform_.sleep_until(now_ns + pause_ns);
    next = queue_.next_used(&used);
  }
  if (next == SplitVirtqueue::Next::kBroken) return Answer::kBroken;
  std::byte ack = kNoAck;
  // What lies past the used length is not the device's (VQS-R-017).
  if (used.size != 0) pci_.load(&ack, buffer_.data + kAckOffset, 1);
  if (ack == std::byte{VIRTIO_NET_OK}) return Answer::kOk;
  if (ack == std::byte{VIRTIO_NET_ERR}) {
    ++counters_.refused;
    return Answer::kRefused;
  }
  ++counters_.bad_acks;
  return Answer::kBadAck;
}

const char* name_of(ControlQueue::Answer answer) {
  switch (answer) {
    case ControlQueue::Answer::kOk:
      return "accepted";
    case ControlQueue::Answer::kRefused:
      return "refused";
    case ControlQueue::Answer::kBadAck:
      return "answered with nonsense";
    case ControlQueue::Answer::kNoAnswer:
      return "not answered";
    case ControlQueue::Answer::kHopeless:
      return "not answered by a device that needs a reset";
    case ControlQueue::Answer::kBroken:
      break;
  }
  return "broken";
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
