// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/vhost_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "formats/virtio_defs.h"
#include "testbench/vhost/event_fd.h"

namespace ringside::tb {
namespace {

/// No CONFIGURE_MEM_SLOTS: eight regions are enough, and front ends repeat their set-up per queue
/// pair. No CONFIG: configuration space is the front end's own. The rest serves migration.
constexpr uint64_t kProtocolFeatures = kVhostProtocolMq | kVhostProtocolReplyAck |
                                       kVhostProtocolMtu | kVhostProtocolResetDevice |
                                       kVhostProtocolStatus;

/// The smallest MTU that IPv4 works with (RFC 791 3.2).
constexpr uint64_t kMinMtu = 68;

}  // namespace

VhostDevice::VhostDevice(VhostTarget& target, FdWatcher& watcher,
                         std::function<void(const std::string&)> failed)
    : target_(target),
      watcher_(watcher),
      failed_(std::move(failed)),
      lost_pages_(make_event_fd()),
      memory_(lost_pages_.get()),
      vrings_(std::size_t{2} * target.queue_pairs()) {
  if (lost_pages_.valid()) {
    watcher_.watch(lost_pages_.get(), [this] {
      drain_event_fd(lost_pages_);
      failed_("a file that holds shared memory was truncated");
    });
  }
  target_.attach(this);
}

VhostDevice::~VhostDevice() {
  for (Vring& vring : vrings_) drop_kick(vring);
  target_.attach(nullptr);
  if (lost_pages_.valid()) watcher_.unwatch(lost_pages_.get());
}

Status VhostDevice::handle(const VhostMessage& message, std::vector<OwnedFd> descriptors,
                           std::vector<std::byte>& reply) {
  reply.clear();
  Status status = dispatch(message, descriptors, reply);
  // Requests with an answer of their own take no other.
  const bool acknowledge =
      message.need_reply && reply.empty() && (protocol_features_ & kVhostProtocolReplyAck) != 0;
  if (acknowledge) reply = encode_vhost_reply(message.request, uint64_t{status.ok() ? 0U : 1U});
  if (!status.ok()) {
    status.error = fmt::format("{}: {}", vhost_request_name(static_cast<uint32_t>(message.request)),
                               status.error);
  }
  return status;
}

Status VhostDevice::dispatch(const VhostMessage& message, std::vector<OwnedFd>& descriptors,
                             std::vector<std::byte>& answer) {
  const auto answer_with = [&](uint64_t value) {
    answer = encode_vhost_reply(message.request, value);
    return Status::success();
  };
  switch (message.request) {
    case VhostRequest::kGetFeatures:
      return answer_with(target_.features() | kVhostFeatureProtocolFeatures);
    case VhostRequest::kSetFeatures:
      return set_features(message.value);
    case VhostRequest::kGetProtocolFeatures:
      return answer_with(kProtocolFeatures);
    case VhostRequest::kSetProtocolFeatures:
      return set_protocol_features(message.value);
    case VhostRequest::kGetQueueNum:
      return answer_with(target_.queue_pairs());
    case VhostRequest::kGetMaxMemSlots:
      return answer_with(kVhostMaxRegions);
    case VhostRequest::kSetStatus:
      return set_status(message.value);
    case VhostRequest::kGetStatus:
      return answer_with(status_);
    case VhostRequest::kNetSetMtu:
      return set_mtu(message.value);
    case VhostRequest::kResetOwner:
    case VhostRequest::kResetDevice:
      stop_all();
      for (Vring& vring : vrings_) vring.enabled = false;
      status_ = 0;
      return Status::success();
    case VhostRequest::kSetMemTable: {
      PeerMemory next(lost_pages_.get());
      Status status = memory_.with_regions(message.regions, std::move(descriptors), next);
      return status.ok() ? change_memory(std::move(next)) : status;
    }
    case VhostRequest::kAddMemReg: {
      PeerMemory next(lost_pages_.get());
      Status status =
          memory_.with_region(message.regions.front(), std::move(descriptors.front()), next);
      return status.ok() ? change_memory(std::move(next)) : status;
    }
    case VhostRequest::kRemMemReg: {
      PeerMemory next(lost_pages_.get());
      Status status = memory_.without_region(message.regions.front(), next);
      return status.ok() ? change_memory(std::move(next)) : status;
    }
    case VhostRequest::kSetVringNum:
      return set_size(message.state);
    case VhostRequest::kSetVringBase:
      return set_base(message.state);
    case VhostRequest::kSetVringAddr:
      return set_address(message.address);
    case VhostRequest::kSetVringEnable:
      return set_enable(message.state);
    case VhostRequest::kSetVringKick:
      return set_kick(message.value, descriptors);
    case VhostRequest::kSetVringCall:
      return set_call(message.value, descriptors);
    case VhostRequest::kSetVringErr:
      return set_error(message.value, descriptors);
    case VhostRequest::kGetVringBase: {
      Status status = check_index(message.state.index);
      if (!status.ok()) return status;
      stop(message.state.index);
      answer = encode_vhost_reply(
          message.request, VhostVringState{message.state.index, vrings_[message.state.index].base});
      return Status::success();
    }
    default:
      // SET_OWNER has nothing to set: a connection has one owner. SEND_RARP asks for a frame that
      // the guest sends by itself. SET_BACKEND_REQ_FD brings a socket for requests that are never
      // made; it is closed.
      return Status::success();
  }
}

Status VhostDevice::set_features(uint64_t features) {
  const uint64_t offered = target_.features() | kVhostFeatureProtocolFeatures;
  if ((features & ~offered) != 0) {
    return Status::failure(fmt::format("features 0x{:x} were not offered", features & ~offered));
  }
  if (features_ == features) return Status::success();
  if (any_running()) return Status::failure("features change while a queue runs");
  Status status = target_.set_features(features & ~kVhostFeatureProtocolFeatures);
  if (!status.ok()) return status;
  features_ = features;
  return start_ready();
}

Status VhostDevice::set_protocol_features(uint64_t features) {
  if ((features & ~kProtocolFeatures) != 0) {
    return Status::failure(
        fmt::format("protocol features 0x{:x} were not offered", features & ~kProtocolFeatures));
  }
  protocol_features_ = features;
  return Status::success();
}

Status VhostDevice::set_mtu(uint64_t mtu) {
  if (mtu >= kMinMtu && mtu <= target_.mtu()) return Status::success();
  return Status::failure(
      fmt::format("an MTU of {} bytes, possible are {} to {}", mtu, kMinMtu, target_.mtu()));
}

Status VhostDevice::set_status(uint64_t status) {
  if (status > UINT8_MAX) return Status::failure(fmt::format("status 0x{:x}", status));
  if (status == 0) stop_all();
  status_ = status;
  return Status::success();
}

Status VhostDevice::change_memory(PeerMemory next) {
  for (std::size_t i = 0; i < vrings_.size(); ++i) {
    if (!vrings_[i].running) continue;
    VhostQueue moved;
    const Status status = vrings_[i].translate(next, moved);
    if (!status.ok()) {
      return Status::failure(fmt::format("queue {} runs, and its {}", i, status.error));
    }
    const VhostQueue& now = *vrings_[i].running;
    if (moved.descriptors != now.descriptors || moved.available != now.available ||
        moved.used != now.used) {
      return Status::failure(fmt::format("queue {} runs, and its rings move", i));
    }
  }
  Status status = target_.set_memory(next.regions());
  if (!status.ok()) return status;
  memory_ = std::move(next);
  return start_ready();
}

Status VhostDevice::check_index(uint64_t index) const {
  if (index < vrings_.size()) return Status::success();
  return Status::failure(
      fmt::format("queue {} of a card that has {} of them", index, vrings_.size()));
}

Status VhostDevice::check_stopped(uint64_t queue, const char* what) const {
  Status status = check_index(queue);
  if (status.ok() && vrings_[queue].running) {
    return Status::failure(fmt::format("the {} of queue {} changes while it runs", what, queue));
  }
  return status;
}

Status VhostDevice::set_size(const VhostVringState& state) {
  Status status = check_index(state.index);
  if (!status.ok()) return status;
  Vring& vring = vrings_[state.index];
  if (vring.running && vring.size == state.num) return Status::success();
  status = check_stopped(state.index, "size");
  if (!status.ok()) return status;
  if (!std::has_single_bit(state.num) || state.num > target_.queue_size_max()) {
    return Status::failure(fmt::format("size {} of queue {}, possible are powers of two up to {}",
                                       state.num, state.index, target_.queue_size_max()));
  }
  vring.size = static_cast<uint16_t>(state.num);
  return start_ready();
}

Status VhostDevice::set_base(const VhostVringState& state) {
  Status status = check_stopped(state.index, "index");
  if (!status.ok()) return status;
  if (state.num > UINT16_MAX) {
    return Status::failure(fmt::format("index {} of queue {}", state.num, state.index));
  }
  vrings_[state.index].base = static_cast<uint16_t>(state.num);
  return Status::success();
}

Status VhostDevice::set_address(const VhostVringAddress& address) {
  Status status = check_index(address.index);
  if (!status.ok()) return status;
  if (address.flags != 0) {
    return Status::failure(fmt::format("flags 0x{:x} of queue {}: a log was not offered",
                                       address.flags, address.index));
  }
  Vring& vring = vrings_[address.index];
  if (vring.running && vring.address->descriptors == address.descriptors &&
      vring.address->available == address.available && vring.address->used == address.used) {
    return Status::success();
  }
  status = check_stopped(address.index, "address");
  if (!status.ok()) return status;
  vring.address = address;
  return start_ready();
}

Status VhostDevice::set_enable(const VhostVringState& state) {
  Status status = check_index(state.index);
  if (!status.ok()) return status;
  if (state.num > 1) {
    return Status::failure(
        fmt::format("{} for queue {}, possible are 0 and 1", state.num, state.index));
  }
  Vring& vring = vrings_[state.index];
  const bool enabled = state.num == 1;
  if (vring.enabled == enabled) return Status::success();
  const bool was = is_enabled(vring);
  vring.enabled = enabled;
  if (!vring.running || is_enabled(vring) == was) return Status::success();
  target_.enable(state.index, enabled);
  if (enabled) target_.kick(state.index);
  return Status::success();
}

Status VhostDevice::set_kick(uint64_t value, std::vector<OwnedFd>& descriptors) {
  const uint64_t queue = value & kVhostVringIndexMask;
  Status status = check_index(queue);
  if (!status.ok()) return status;
  if (descriptors.empty()) {
    return Status::failure(fmt::format("queue {} is to be polled, which is not done", queue));
  }
  status = prepare_event_fd(descriptors.front());
  if (!status.ok()) return status;
  Vring& vring = vrings_[queue];
  drop_kick(vring);
  vring.kick = std::move(descriptors.front());
  const auto index = static_cast<unsigned>(queue);
  if (!watcher_.watch_event(vring.kick.get(), [this, index] { on_kick(index); })) {
    vring.kick.reset();
    return Status::failure("not an event descriptor");
  }
  return start_ready();
}

Status VhostDevice::set_call(uint64_t value, std::vector<OwnedFd>& descriptors) {
  const uint64_t queue = value & kVhostVringIndexMask;
  Status status = check_index(queue);
  if (!status.ok()) return status;
  Vring& vring = vrings_[queue];
  vring.call.reset();
  if (descriptors.empty()) return Status::success();
  status = prepare_event_fd(descriptors.front());
  if (!status.ok()) return status;
  vring.call = std::move(descriptors.front());
  // What was called while there was another descriptor, or none, may have got lost.
  if (vring.running) signal_event_fd(vring.call);
  return Status::success();
}

Status VhostDevice::set_error(uint64_t value, std::vector<OwnedFd>& descriptors) {
  const uint64_t queue = value & kVhostVringIndexMask;
  Status status = check_index(queue);
  if (!status.ok()) return status;
  vrings_[queue].error.reset();
  if (descriptors.empty()) return Status::success();
  status = prepare_event_fd(descriptors.front());
  if (status.ok()) vrings_[queue].error = std::move(descriptors.front());
  return status;
}

bool VhostDevice::is_enabled(const Vring& vring) const {
  // "Ring states": SET_VRING_ENABLE counts only with this feature.
  return vring.enabled || (features_.value_or(0) & kVhostFeatureProtocolFeatures) == 0;
}

bool VhostDevice::any_running() const {
  return std::any_of(vrings_.begin(), vrings_.end(),
                     [](const Vring& vring) { return vring.running.has_value(); });
}

Status VhostDevice::start_ready() {
  if (!features_ || memory_.empty()) return Status::success();
  for (std::size_t i = 0; i < vrings_.size(); ++i) {
    if (vrings_[i].running || !vrings_[i].ready()) continue;
    const Status status = start(static_cast<unsigned>(i));
    if (!status.ok()) return Status::failure(fmt::format("queue {}: {}", i, status.error));
  }
  return Status::success();
}

Status VhostDevice::start(unsigned queue) {
  Vring& vring = vrings_[queue];
  VhostQueue setup;
  Status status = vring.translate(memory_, setup);
  if (!status.ok()) return status;
  status = target_.start(queue, setup);
  if (!status.ok()) return status;
  vring.running = setup;
  if (is_enabled(vring)) {
    target_.enable(queue, true);
    target_.kick(queue);
  }
  return Status::success();
}

void VhostDevice::stop(unsigned queue) {
  Vring& vring = vrings_[queue];
  drop_kick(vring);
  if (!vring.running) return;
  vring.base = target_.stop(queue);
  vring.running.reset();
}

void VhostDevice::stop_all() {
  for (std::size_t i = 0; i < vrings_.size(); ++i) stop(static_cast<unsigned>(i));
}

void VhostDevice::drop_kick(Vring& vring) {
  if (!vring.kick.valid()) return;
  watcher_.unwatch(vring.kick.get());
  vring.kick.reset();
}

void VhostDevice::on_kick(unsigned queue) {
  Vring& vring = vrings_[queue];
  if (!drain_event_fd(vring.kick)) {
    drop_kick(vring);
    failed_(fmt::format("the kick descriptor of queue {} cannot be read", queue));
    return;
  }
  if (vring.running) target_.kick(queue);
}

void VhostDevice::call(unsigned queue) {
  if (queue < vrings_.size()) signal_event_fd(vrings_[queue].call);
}

void VhostDevice::broken(const std::string& reason) {
  for (const Vring& vring : vrings_) signal_event_fd(vring.error);
  status_ |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
  failed_(reason);
}

}  // namespace ringside::tb
