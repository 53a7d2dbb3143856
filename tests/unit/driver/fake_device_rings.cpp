// SPDX-License-Identifier: Apache-2.0
// The scripted device's side of the rings, byte by byte (virtio 1.4, "Split Virtqueues").
#include <algorithm>
#include <cstring>

#include "tests/unit/driver/fake_device.h"

namespace ringside::test {

using formats::SplitRing;
using formats::VirtqDesc;

uint16_t FakeDevice::read16(BusAddress bus) {
  const std::byte* from = pci_.dma(bus, 2);
  if (from == nullptr) {
    error("a ring lies outside memory");
    return 0;
  }
  uint16_t value = 0;
  std::memcpy(&value, from, 2);
  return value;
}

uint16_t FakeDevice::avail_idx(unsigned queue) {
  return read16(queues[queue].driver + SplitRing::kAvailIdx);
}
uint16_t FakeDevice::avail_flags(unsigned queue) {
  return read16(queues[queue].driver + SplitRing::kAvailFlags);
}
uint16_t FakeDevice::used_event(unsigned queue) {
  return read16(queues[queue].driver + SplitRing::used_event(queues[queue].size));
}

void FakeDevice::write_avail_event(unsigned queue, uint16_t event) {
  pci_.dma_write(queues[queue].device + SplitRing::avail_event(queues[queue].size), &event, 2);
}
void FakeDevice::write_used_flags(unsigned queue, uint16_t flags) {
  pci_.dma_write(queues[queue].device + SplitRing::kUsedFlags, &flags, 2);
}
void FakeDevice::write_used_idx(unsigned queue, uint16_t idx) {
  queues[queue].used_idx = idx;
  pci_.dma_write(queues[queue].device + SplitRing::kUsedIdx, &idx, 2);
}
void FakeDevice::write_used_entry(unsigned queue, uint16_t slot, uint32_t id, uint32_t len) {
  const formats::VirtqUsedElem element{id, len};
  const BusAddress at =
      queues[queue].device + SplitRing::used_entry(slot & (queues[queue].size - 1u));
  pci_.dma_write(at, &element, sizeof element);
}
void FakeDevice::put_used(unsigned queue, uint32_t id, uint32_t len) {
  write_used_entry(queue, queues[queue].used_idx, id, len);
  write_used_idx(queue, static_cast<uint16_t>(queues[queue].used_idx + 1));
}

bool FakeDevice::take(unsigned index, Chain* chain) {
  if (index >= kQueues) return false;
  Queue& queue = queues[index];
  if (queue.enable == 0 || queue.taken == avail_idx(index)) return false;
  chain->head = read16(queue.driver + SplitRing::avail_entry(queue.taken & (queue.size - 1u)));
  chain->elements.clear();
  ++queue.taken;
  BusAddress table = queue.descriptors;
  uint32_t entries = queue.size;
  uint32_t at = chain->head;
  bool indirect = false;
  for (;;) {
    const std::byte* from = at < entries ? pci_.dma(table + at * BusAddress{16}, 16) : nullptr;
    if (from == nullptr || chain->elements.size() > queue.size) {
      error("a descriptor chain leads nowhere");
      return true;
    }
    VirtqDesc descriptor;
    std::memcpy(&descriptor, from, sizeof descriptor);
    if ((descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0) {
      if (indirect || (descriptor.flags & VIRTQ_DESC_F_NEXT) != 0 || !has(VIRTIO_F_INDIRECT_DESC)) {
        error("a forbidden indirect descriptor");  // VQS-R-006, VQS-R-007, VQS-R-009
        return true;
      }
      indirect = true;
      table = descriptor.addr;
      entries = descriptor.len / 16;
      at = 0;
      continue;
    }
    chain->elements.push_back(descriptor);
    const bool writable = (descriptor.flags & VIRTQ_DESC_F_WRITE) != 0;
    if (!is_control(index) && writable != (index % 2 == 0)) {
      error("a buffer of the wrong direction");
    }
    if ((descriptor.flags & VIRTQ_DESC_F_NEXT) == 0) return true;
    at = descriptor.next;
  }
}

void FakeDevice::take_command() {
  if (control == ControlManner::kSilent) return;
  Chain chain;
  while ((status & VIRTIO_STATUS_DRIVER_OK) != 0 && take(control_index(), &chain)) {
    Bytes command;
    BusAddress ack = 0;
    for (const VirtqDesc& element : chain.elements) {
      if ((element.flags & VIRTQ_DESC_F_WRITE) != 0) {
        if (ack == 0) ack = element.addr;
        continue;
      }
      if (ack != 0) error("a readable element behind a writable one");  // VQS-R-002
      const auto* from = reinterpret_cast<const uint8_t*>(pci_.dma(element.addr, element.len));
      if (from != nullptr) command.insert(command.end(), from, from + element.len);
    }
    if (ack == 0) return error("a command without room for its answer");
    uint8_t answer = control == ControlManner::kNonsense ? 0x7F : VIRTIO_NET_ERR;
    if (control == ControlManner::kObey || control == ControlManner::kLongAck) {
      answer = execute(command);
    }
    commands.push_back(std::move(command));
    if (control != ControlManner::kNoAck) pci_.dma_write(ack, &answer, 1);
    const uint32_t id = control == ControlManner::kStrangeId ? chain.head + 1u : chain.head;
    uint32_t length = control == ControlManner::kNoAck ? 0 : 1;
    if (control == ControlManner::kLongAck) length = 0xFFFFFFFF;
    put_used(control_index(), id, length);
    signal(control_index());
  }
}

uint8_t FakeDevice::execute(const Bytes& command) {
  if (command.size() != 4 || command[0] != VIRTIO_NET_CTRL_MQ ||
      command[1] != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET) {
    return VIRTIO_NET_ERR;
  }
  const unsigned pairs = command[2] | command[3] << 8;
  if (pairs == 0 || pairs > config.max_virtqueue_pairs) {
    error("a request for an impossible number of queue pairs");  // NMQ-R-002
    return VIRTIO_NET_ERR;
  }
  for (unsigned queue = 0; queue < std::min(2 * pairs, kQueues); ++queue) {
    if (queues[queue].enable == 0) error("a queue pair is asked for before its set-up");
  }
  active_pairs = std::min(pairs, kQueues / 2);
  return VIRTIO_NET_OK;
}

unsigned FakeDevice::transmit(unsigned most, unsigned queue) {
  unsigned count = 0;
  Chain chain;
  while (count < most && (status & VIRTIO_STATUS_DRIVER_OK) != 0 && take(queue, &chain)) {
    Bytes bytes;
    for (const VirtqDesc& element : chain.elements) {
      const auto* from = reinterpret_cast<const uint8_t*>(pci_.dma(element.addr, element.len));
      if (from == nullptr) {
        error("a transmit element outside memory");
        continue;
      }
      bytes.insert(bytes.end(), from, from + element.len);
    }
    if (bytes.size() < sizeof(formats::VirtioNetHdr)) {
      error("a transmitted buffer without a header");
      bytes.resize(sizeof(formats::VirtioNetHdr));
    }
    Bytes frame(bytes.begin() + sizeof(formats::VirtioNetHdr), bytes.end());
    if (keep_history) {
      headers.emplace_back(bytes.begin(), bytes.begin() + sizeof(formats::VirtioNetHdr));
      chains.push_back(chain);
      sent_on.push_back(queue);
      transmitted.push_back(frame);
    }
    if (echo) waiting.push_back(std::move(frame));
    put_used(queue, chain.head, 0);
    ++count;
  }
  if (has(VIRTIO_F_EVENT_IDX)) write_avail_event(queue, queues[queue].taken);
  if (count != 0) signal(queue);
  while (!waiting.empty() && automatic && receive(waiting.front())) waiting.pop_front();
  return count;
}

bool FakeDevice::scatter(const Chain& chain, const uint8_t* from, uint32_t size) {
  for (const VirtqDesc& element : chain.elements) {
    const uint32_t part = std::min(size, element.len);
    if (!pci_.dma_write(element.addr, from, part)) error("a receive buffer outside memory");
    from += part;
    size -= part;
  }
  return size == 0;
}

bool FakeDevice::receive(const Bytes& frame) {
  const unsigned index = steered(frame);
  Queue& queue = queues[index];
  const auto total = static_cast<uint32_t>(frame.size() + sizeof(formats::VirtioNetHdr));
  if (fragment_receive && has(VIRTIO_NET_F_MRG_RXBUF)) {
    std::vector<uint32_t> cuts;
    uint32_t left = total;
    while (left != 0) {
      const uint32_t part =
          std::min<uint32_t>(left, cuts.empty() ? 20 + static_cast<uint32_t>(random_.below(100))
                                                : 1 + static_cast<uint32_t>(random_.below(600)));
      cuts.push_back(part);
      left -= part;
    }
    return receive_cut(frame, cuts, static_cast<uint16_t>(cuts.size()));
  }
  // Look at the first buffer's size without taking it.
  Chain chain;
  const uint16_t taken = queue.taken;
  if (!take(index, &chain)) return false;
  queue.taken = taken;
  const uint32_t buffer = chain.elements.empty() ? 1 : std::max(chain.elements[0].len, 1u);
  std::vector<uint32_t> cuts(total / buffer, buffer);
  if (total % buffer != 0) cuts.push_back(total % buffer);
  return receive_cut(frame, cuts, static_cast<uint16_t>(cuts.size()));
}

bool FakeDevice::receive_cut(const Bytes& frame, const std::vector<uint32_t>& cuts,
                             uint16_t num_buffers) {
  const unsigned index = steered(frame);
  Queue& queue = queues[index];
  if ((status & VIRTIO_STATUS_DRIVER_OK) == 0) return false;
  if (static_cast<uint16_t>(avail_idx(index) - queue.taken) < cuts.size()) return false;
  formats::VirtioNetHdr header{};
  header.num_buffers = num_buffers;
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  uint16_t idx = queue.used_idx;
  std::size_t done = 0;
  for (const uint32_t cut : cuts) {
    Chain chain;
    if (!take(index, &chain)) return false;
    const auto part = static_cast<uint32_t>(std::min<std::size_t>(cut, bytes.size() - done));
    scatter(chain, bytes.data() + done, part);
    done += part;
    write_used_entry(index, idx++, chain.head, cut);
  }
  write_used_idx(index, idx);  // all buffers of a frame in one step
  signal(index);
  return true;
}

void FakeDevice::signal(unsigned index) {
  Queue& queue = queues[index];
  const uint16_t old = std::exchange(queue.signalled, queue.used_idx);
  if (has(VIRTIO_F_EVENT_IDX) ? formats::need_event(used_event(index), queue.used_idx, old)
                              : (avail_flags(index) & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0) {
    interrupt(index);
  }
}

void FakeDevice::interrupt(unsigned index) {
  isr_ |= VIRTIO_ISR_QUEUE;
  pci_.raise(pci_.msix_on ? queues[index].vector : 0);
}

void FakeDevice::configuration_changed() {
  ++generation_;
  isr_ |= VIRTIO_ISR_CONFIG;
  pci_.raise(pci_.msix_on ? config_vector_ : 0);
}

void FakeDevice::set_link(bool up) {
  config.status = up ? VIRTIO_NET_S_LINK_UP : 0;
  configuration_changed();
}

void FakeDevice::set_needs_reset() {
  status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
  configuration_changed();
}

void FakeDevice::sleep_or_stay(unsigned index) {
  Queue& queue = queues[index];
  // First the event, later the second look, and in between the driver may do anything.
  if (queue.phase == 0) {
    if (has(VIRTIO_F_EVENT_IDX)) {
      write_avail_event(index, queue.taken);
    } else {
      write_used_flags(index, 0);
    }
    queue.phase = 1;
  } else {
    queue.phase = 0;
    if (avail_idx(index) == queue.taken) queue.awake = false;
  }
}

void FakeDevice::step_transmit(unsigned queue) {
  if (avail_idx(queue) != queues[queue].taken) {
    queues[queue].phase = 0;
    transmit(1, queue);
  } else {
    sleep_or_stay(queue);
  }
}

void FakeDevice::step_receive() {
  if (!waiting.empty() && receive(waiting.front())) waiting.pop_front();
}

void FakeDevice::step() {
  if ((status & VIRTIO_STATUS_DRIVER_OK) == 0) return;
  if (random_.one_in(2)) return step_receive();
  const unsigned queue =
      active_pairs == 1 ? 1 : 2 * static_cast<unsigned>(random_.below(active_pairs)) + 1;
  if (queues[queue].awake) step_transmit(queue);
}

}  // namespace ringside::test
