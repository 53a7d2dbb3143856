// SPDX-License-Identifier: Apache-2.0
// Bring-up of a virtio-net device, step by step in the standard's order (virtio 1.4, "Device
// Initialization", INI-R-001).
#include <algorithm>
#include <string>

#include "host_driver/device_status.h"
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

constexpr uint16_t kLeastQueueSize = 4;
/// Control commands come one by one.
constexpr uint16_t kControlQueueSize = 16;
constexpr uint32_t kLeastMtu = 68;

constexpr uint16_t receive_index(unsigned pair) { return static_cast<uint16_t>(2 * pair); }
constexpr uint16_t transmit_index(unsigned pair) { return static_cast<uint16_t>(2 * pair + 1); }

/// Features whose bits stand for a field of the device configuration, with the field's end.
struct ConfigField {
  unsigned feature;
  uint64_t end;
};
constexpr ConfigField kConfigFields[] = {
    {VIRTIO_NET_F_MAC, 6},  {VIRTIO_NET_F_STATUS, 8},        {VIRTIO_NET_F_MQ, 10},
    {VIRTIO_NET_F_MTU, 12}, {VIRTIO_NET_F_SPEED_DUPLEX, 17},
};

}  // namespace

/// Either the device is live when it returns, or it has FAILED set and does no DMA.
Status VirtioNetDriver::bring_up() {
  // Find the registers: "Virtio Over PCI Bus", PCI Device Discovery.
  if (Status status = device_.discover(); !status.ok()) return status;
  Status status = initialize(options_.queue_pairs);
  while (!status.ok() && pairs_ > 1) {
    // Whatever it is that the device cannot do with so many, it may be usable without: with the
    // pairs before the one that failed, or with one if it was none of them.
    const unsigned fewer = good_pairs_;
    platform_.log(LogLevel::kWarning, "virtio-net: bring-up with " + std::to_string(pairs_) +
                                          " queue pairs failed, " +
                                          (fewer == 1 ? "one is" : std::to_string(fewer) + " are") +
                                          " used: " + status.error);
    take_memory_back();
    status = initialize(fewer);
  }
  if (!status.ok()) {
    if (mutant(Mutant::kNotResetBeforeFree)) queues_enabled_ = false;
    take_memory_back();
    // INI-R-005, INI-R-006.
    if (!mutant(Mutant::kFailedNotSet)) device_.add_status(VIRTIO_STATUS_FAILED);
    features_ = state_ == State::kWaiting ? features_ : 0;
  }
  return status;
}

/// Does `step` for one pair after the other until one fails, which good_pairs_ then tells.
template <typename F>
Status VirtioNetDriver::for_each_pair(F&& step) {
  for (unsigned pair = 0; pair < pairs_; ++pair) {
    good_pairs_ = std::max(pair, 1u);
    if (Status status = step(pair); !status.ok()) return status;
  }
  good_pairs_ = 1;
  return Status::success();
}

Status VirtioNetDriver::initialize(unsigned most_pairs) {
  pairs_ = good_pairs_ = 1;
  // 1. Reset the device, and wait until it says that it is (RST-R-001, PCC-R-005).
  if (!device_.reset(options_.reset_timeout_ns)) {
    return Status::failure("device_status does not read 0 after a reset: it is " +
                           status_text(device_.status()));
  }
  queues_enabled_ = false;
  // 2. ACKNOWLEDGE: the guest has noticed the device (STS-R-001).
  device_.add_status(VIRTIO_STATUS_ACKNOWLEDGE);
  // 3. DRIVER: it knows how to drive it.
  if (!mutant(Mutant::kDriverStepLeftOut)) device_.add_status(VIRTIO_STATUS_DRIVER);
  // 4. Read the features that the device offers and write those that the driver accepts.
  if (Status status = negotiate(most_pairs); !status.ok()) return status;
  // 5. FEATURES_OK: no feature is accepted after it (INI-R-004).
  device_.add_status(VIRTIO_STATUS_FEATURES_OK);
  if (mutant(Mutant::kFeaturesAfterFeaturesOk)) device_.accept_features(features_);
  // 6. Read it back: without the bit the device does not support the subset.
  if (const uint8_t read = device_.status();
      (read & VIRTIO_STATUS_FEATURES_OK) == 0 && !mutant(Mutant::kRefusalIgnored)) {
    return Status::failure("the device did not accept the features: device_status is " +
                           status_text(read));
  }
  // 7. Device-specific setup: configuration, interrupts, virtqueues, receive buffers.
  if (Status status = read_address(); !status.ok()) return status;
  if (Status status = read_link(); !status.ok()) return status;
  Notifiers notifiers;
  pci_.set_bus_master(true);
  if (Status status = set_up_queues(&notifiers); !status.ok()) return status;
  const Status filled = for_each_pair([&](unsigned pair) {
    Status status = receive_[pair]->fill();
    if (mutant(Mutant::kNotifiedBeforeDriverOk)) notifiers.receive[pair].notify(pci_, 0);
    return status;
  });
  if (!filled.ok()) return filled;
  // 8. DRIVER_OK: the device is live.
  device_.add_status(VIRTIO_STATUS_DRIVER_OK);
  const uint8_t status = device_.status();
  if ((status & VIRTIO_STATUS_DRIVER_OK) == 0 || (status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0) {
    return Status::failure("the device did not start: device_status is " + status_text(status));
  }
  state_ = State::kRunning;
  running_since_ns_ = platform_.now_ns();
  arm_watchdog();
  // Only now may it be notified (INI-R-007).
  start_queues(notifiers);
  return Status::success();
}

/// Frames are accepted when it is clear which queues there are: the command that decides it is
/// answered, or will not be.
void VirtioNetDriver::start_queues(const Notifiers& notifiers) {
  receive_[0]->start(notifiers.receive[0], *client_);
  const unsigned active = enable_pairs(notifiers.control);
  // What came before the command is on the first queue, and goes before what is on the others, or
  // frames of one flow would change places.
  if (pairs_ > 1 && state_ == State::kRunning) {
    receive_[0]->catch_up(platform_.now_ns() + options_.control_timeout_ns);
  }
  for (unsigned pair = 1; pair < pairs_; ++pair) {
    receive_[pair]->start(notifiers.receive[pair], *client_);
  }
  active_pairs_ = active;
  for (unsigned pair = 0; pair < active; ++pair) {
    const unsigned rings = mutant(Mutant::kDoorbellOfFirstPair) ? 0 : pair;
    transmit_[pair]->start(notifiers.transmit[rings], *client_);
  }
  if (active == transmit_.size()) return;
  for (std::size_t pair = active; pair < transmit_.size(); ++pair) {
    transmit_[pair]->pause(TransmitQueue::Gate::kClosed);
  }
  // A client that one of them told kBusy before a reset is woken, and offers its frame to another.
  events_.schedule();
}

/// The queue pairs that may be transmitted on. All are configured by now (NMQ-R-001). The device
/// uses the first one until it has executed the command; if it does not, that one is enough. A
/// device that executes it too late to say so is none the worse: all receive queues are polled.
unsigned VirtioNetDriver::enable_pairs(const Notifier& notifier) {
  if (pairs_ == 1) return 1;  // NMQ-R-003
  control_.start(notifier);
  // NMQ-R-002.
  const std::byte pairs[2] = {static_cast<std::byte>(pairs_), static_cast<std::byte>(pairs_ >> 8)};
  const ControlQueue::Answer answer = control_.command(
      VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, pairs, options_.control_timeout_ns);
  if (answer == ControlQueue::Answer::kOk) return pairs_;
  if (answer == ControlQueue::Answer::kBroken) {
    queue_fault(control_.fault());
  } else if (answer == ControlQueue::Answer::kHopeless) {
    // Said already; a reset follows.
  } else {
    platform_.log(LogLevel::kWarning, "virtio-net: the request for " + std::to_string(pairs_) +
                                          " queue pairs was " + name_of(answer) + ": one is used");
  }
  return 1;
}

/// Features whose configuration field the device really has; the others are as good as not offered
/// (CFG-R-003, CFG-R-005, FEA-R-006).
uint64_t VirtioNetDriver::readable_features() const {
  uint64_t features = ~uint64_t{0};
  for (const ConfigField& field : kConfigFields) {
    if (device_.config_bytes() < field.end) features &= ~formats::feature_bit(field.feature);
  }
  return features;
}

Status VirtioNetDriver::negotiate(unsigned most_pairs) {
  const uint64_t offered = device_.offered_features();
  // What the driver does not know it ignores (FEA-R-004, FEA-R-005, FEA-R-008); it accepts nothing
  // that was not offered (FEA-R-001).
  uint64_t accepted = offered & options_.features & kSupportedFeatures & readable_features();
  // RSV-R-001, RSV-R-002; FEA-R-007.
  if ((accepted & formats::feature_bit(VIRTIO_F_VERSION_1)) == 0) {
    return Status::failure((offered & formats::feature_bit(VIRTIO_F_VERSION_1)) == 0
                               ? "the device does not offer VIRTIO_F_VERSION_1"
                               : "the features option leaves out VIRTIO_F_VERSION_1");
  }
  uint32_t mtu = 1500;
  if ((accepted & formats::feature_bit(VIRTIO_NET_F_MTU)) != 0) {
    // INI-R-002. An impossible MTU is as good as none (FEA-R-003).
    if (!read_mtu(&mtu)) return Status::failure("the configuration generation never settles");
    if (mtu < kLeastMtu) {
      platform_.log(LogLevel::kWarning, "virtio-net: the device's MTU is below 68: ignored");
      accepted &= ~formats::feature_bit(VIRTIO_NET_F_MTU);
      mtu = 1500;
    }
  }
  // MQ needs CTRL_VQ (FEA-R-002), and the driver has no other use for CTRL_VQ.
  constexpr uint64_t kMultiQueue =
      formats::feature_bit(VIRTIO_NET_F_MQ) | formats::feature_bit(VIRTIO_NET_F_CTRL_VQ);
  uint32_t max_pairs = 1;
  if (most_pairs == 1) {
    accepted &= ~kMultiQueue;
  } else if ((accepted & kMultiQueue) != kMultiQueue) {
    accepted &= ~kMultiQueue;
    platform_.log(LogLevel::kWarning,
                  "virtio-net: several queue pairs need VIRTIO_NET_F_MQ and VIRTIO_NET_F_CTRL_VQ, "
                  "of which not both are there: one is used");
  } else {
    if (!read_max_pairs(&max_pairs)) {
      return Status::failure("the configuration generation never settles");
    }
    if (max_pairs < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN ||
        max_pairs > VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX) {  // NCF-D-001: as good as no MQ (FEA-R-003)
      platform_.log(LogLevel::kWarning, "virtio-net: the device's max_virtqueue_pairs is " +
                                            std::to_string(max_pairs) + ": one pair is used");
      accepted &= ~kMultiQueue;
      max_pairs = 1;
    }
  }
  // After a recovery the client still works with the first negotiation's result, of which the
  // number of queue pairs is no part.
  if (state_ == State::kWaiting && (((accepted ^ features_) & ~kMultiQueue) != 0 || mtu != mtu_)) {
    return Status::failure("the device came back from a reset with other features");
  }
  if (mutant(Mutant::kUnofferedAccepted)) {
    accepted |= formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF);
  }
  device_.accept_features(accepted);
  features_ = accepted;
  mtu_ = mtu;
  max_pairs_ = max_pairs;
  pairs_ = std::min<uint32_t>(max_pairs, most_pairs);
  return Status::success();
}

Status VirtioNetDriver::queue_size(uint16_t index, uint16_t* size) {
  const uint16_t most = device_.queue_max_size(index);
  const std::string name = "queue " + std::to_string(index);
  if (most == 0) return Status::failure(name + " does not exist");
  if (most > VIRTQ_MAX_SIZE || (most & (most - 1)) != 0) {
    return Status::failure(name + " has an impossible size of " + std::to_string(most));
  }
  *size = static_cast<uint16_t>(std::min<uint32_t>(most, options_.ring_size));
  if (*size < kLeastQueueSize) {
    return Status::failure(name + " has fewer than 4 entries");
  }
  return Status::success();
}

Status VirtioNetDriver::prepare_queue(uint16_t index, const SplitVirtqueue& queue,
                                      Notifier* notifier) {
  notifier->queue_index = index;
  notifier->notification_data = has(VIRTIO_F_NOTIFICATION_DATA);
  const unsigned width = notifier->notification_data ? 4 : 2;
  if (Status status = device_.doorbell(index, width, &notifier->doorbell); !status.ok()) {
    return status;
  }
  return device_.enable_queue(index, queue.size(), queue.descriptor_area(), queue.driver_area(),
                              queue.device_area());
}

Status VirtioNetDriver::prepare_rings() {
  Status status = for_each_pair([this](unsigned pair) {
    uint16_t receive = 0, transmit = 0;
    Status done = queue_size(receive_index(pair), &receive);
    if (done.ok()) done = queue_size(transmit_index(pair), &transmit);
    if (done.ok()) done = receive_[pair]->prepare(features_, receive, mtu_);
    if (done.ok()) done = transmit_[pair]->prepare(features_, transmit, mtu_);
    return done;
  });
  if (!status.ok() || pairs_ == 1) return status;
  uint16_t size = 0;
  status = queue_size(control_index(), &size);
  if (!status.ok()) return status;
  return control_.prepare(features_, std::min(size, kControlQueueSize));
}

Status VirtioNetDriver::set_up_queues(Notifiers* notifiers) {
  // With MQ the control queue follows all the pairs that the device could have.
  const uint32_t needed = pairs_ == 1 ? 2 : 2 * max_pairs_ + 1;
  if (device_.num_queues() < needed) {
    return Status::failure("the device has fewer than " + std::to_string(needed) + " queues");
  }
  if (Status status = prepare_rings(); !status.ok()) return status;
  // Vectors come before queue_enable (PCC-R-004).
  if (Status status = set_up_interrupts(); !status.ok()) return status;
  queues_enabled_ = true;
  Status status = for_each_pair([&](unsigned pair) {
    Status done =
        prepare_queue(receive_index(pair), receive_[pair]->queue(), &notifiers->receive[pair]);
    if (!done.ok()) return done;
    return prepare_queue(transmit_index(pair), transmit_[pair]->queue(),
                         &notifiers->transmit[pair]);
  });
  if (!status.ok() || pairs_ == 1) return status;
  return prepare_queue(control_index(), control_.queue(), &notifiers->control);
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
