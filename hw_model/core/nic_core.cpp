// SPDX-License-Identifier: Apache-2.0
// Dispatch of events, device state, reset and errors (virtio 1.4, "Basic Facilities").
#include "hw_model/core/nic_core.h"

#include <algorithm>
#include <bit>

#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

namespace {

CoreConfig sane(CoreConfig config) {
  config.features &= kImplementedFeatures;
  if (rs_mutant(RS_MUTANT_NO_ACCESS_PLATFORM)) {
    config.features &= ~formats::feature_bit(VIRTIO_F_ACCESS_PLATFORM);
  }
  if (rs_mutant(RS_MUTANT_NO_ORDER_PLATFORM)) {
    config.features &= ~formats::feature_bit(VIRTIO_F_ORDER_PLATFORM);
  }
  if (!rs_mutant(RS_MUTANT_MTU_TOO_SMALL))
    config.mtu = std::max<uint16_t>(config.mtu, 68);  // NCF-D-002
  if (rs_mutant(RS_MUTANT_MTU_BELOW_IPV6)) config.mtu = std::min<uint16_t>(config.mtu, 1279);
  config.queue_size_max = std::bit_floor(
      std::clamp<uint16_t>(config.queue_size_max, 1, static_cast<uint16_t>(VIRTQ_MAX_SIZE)));
  config.queue_pairs = std::clamp<uint16_t>(config.queue_pairs, 1, RS_MAX_QUEUE_PAIRS);
  if (config.queue_pairs == 1) config.features &= ~formats::feature_bit(VIRTIO_NET_F_MQ);
  if (config.msix_vectors == 0) {
    config.msix_vectors = static_cast<uint16_t>(2 * config.queue_pairs + 2);
    if (rs_mutant(RS_MUTANT_ONE_VECTOR)) config.msix_vectors = 1;
    if (rs_mutant(RS_MUTANT_VECTORS_GALORE)) config.msix_vectors = BarLayout::kMsixVectorsMax;
  }
  config.msix_vectors = std::min<uint16_t>(config.msix_vectors, BarLayout::kMsixVectorsMax);
  config.max_payload_bytes = std::bit_floor(std::clamp<uint32_t>(
      config.max_payload_bytes, PciConfig::kLeastPayload, PciConfig::kLargestPayload));
  const uint32_t frame = config.mtu + kEthernetHeader + kVlanTag;
  config.tx_buffer_bytes = std::max(config.tx_buffer_bytes, frame);
  config.rx_buffer_bytes = std::max(config.rx_buffer_bytes, frame * config.queue_pairs);
  return config;
}

}  // namespace

NicCore::NicCore(const CoreConfig& config, FramePool& pool)
    : config_(sane(config)),
      pool_(pool),
      pci_(config_.msix_vectors, config_.max_payload_bytes),
      msix_(config_.msix_vectors),
      receive_buffer_(config_.rx_buffer_bytes, frame_limit()) {
  for (Queue& queue : queues_) queue.reset(config_.queue_size_max);
  place_queues();
}

std::string_view NicCore::step(const Event& event, ActionList& actions) {
  switch (event.kind) {
    case EventKind::kPowerOn:
      power_on(actions);
      return {};
    case EventKind::kConfigRead:
      config_read(event, actions);
      return {};
    case EventKind::kConfigWrite:
      resumes_in_place_ = !event.ok;
      config_write(event, actions);
      return {};
    case EventKind::kMemoryRead:
      register_read(static_cast<uint32_t>(event.address), event.width, event.tag, actions);
      return {};
    case EventKind::kMemoryWrite:
      resumes_in_place_ = !event.ok;
      register_write(static_cast<uint32_t>(event.address), event.width, event.value, actions);
      return {};
    case EventKind::kHoldExpired:
      hold_expired(actions);
      return {};
    case EventKind::kDmaReadDone:
      return dma_done(event, actions);
    case EventKind::kDmaWriteFailed:
      device_error(DeviceError::kDmaWrite, event.queue, actions);
      return {};
    case EventKind::kMsixHeld:
      return msix_held(event.tag);
    case EventKind::kFrameIn:
      frame_in(*event.frame, event.ok ? Counter::kCount : static_cast<Counter>(event.value));
      return {};
    case EventKind::kFrameSent:
      if (event.value > tx_leaving_) return "more bytes sent than went to the port";
      tx_leaving_ -= static_cast<uint32_t>(event.value);
      tx_occupancy_ -= static_cast<uint32_t>(event.value);
      return {};
    case EventKind::kCarrier:
      carrier(event, actions);
      return {};
    case EventKind::kCommand:
      return command(*event.command, actions);
    default:
      return dispatch_choice(event, actions);
  }
}

std::string_view NicCore::dispatch_choice(const Event& event, ActionList& actions) {
  const unsigned queue = event.queue;
  if (queue >= queues()) return "no such queue";
  if (!queue_active(queue)) return "the queue is not active";
  switch (event.kind) {
    case EventKind::kSampleAvail:
      if (!queue_taking(queue)) return "the queue is suspended";
      if (queues_[queue].sampling) return "the available index is being read";
      sample_avail(queue, actions);
      return {};
    case EventKind::kFetchIds:
      return fetch_ids(queue, event.count, actions);
    case EventKind::kFetchDescriptors:
      if (event.count == 0) return "a fetch of no descriptors";
      if (!descriptors_fetchable(queue)) return "no head is known";
      fetch_descriptors(queue, event.count, actions);
      return {};
    case EventKind::kStartFrame:
      if (!can_start_frame(queue)) return "no frame can start";
      if (is_transmit(queue)) {
        start_transmit(queue, actions);
      } else if (is_control(queue)) {
        start_command(queue, actions);
      } else {
        start_receive(queue, actions);
      }
      return {};
    case EventKind::kReturnUsed:
      return return_used(queue, event.count, actions);
    case EventKind::kReadSuppression:
      if (!suppression_due(queue)) return "no used entry awaits an interrupt decision";
      read_suppression(queue, actions);
      return {};
    case EventKind::kArmNotify:
      if (!can_arm(queue)) return "notifications cannot be armed now";
      arm_notify(queue, actions);
      return {};
    case EventKind::kSuppressNotify:
      if (event_idx_) return "flags stay 0 with EVENT_IDX";  // VQS-D-020
      suppress_notify(queue, actions);
      return {};
    case EventKind::kDropFrame:
      if (is_transmit(queue) || !frame_waiting(queue)) return "no received frame waits";
      drop_received(queue, Counter::kRxDropChosen);
      return {};
    default:
      return "not a choice";
  }
}

uint32_t NicCore::post(rs_event event, ActionList& actions) {
  event.sequence = ++sequence_;
  if (tracing())
    note_management(TraceKind::kManagementEvent, event.kind, event.sequence, event.queue);
  actions.add_management(event);
  return sequence_;
}

void NicCore::power_on(ActionList& actions) {
  quiesced_ = true;
  status_pending_ = true;
  update_active();
  rs_event event{};
  event.kind = RS_EVENT_POWER_ON;
  event.identity.features = config_.features;
  std::copy(config_.mac.begin(), config_.mac.end(), event.identity.mac);
  event.identity.mtu = config_.mtu;
  event.identity.queue_size_max = config_.queue_size_max;
  event.identity.queue_pairs = config_.queue_pairs;
  event.link = {link_speed_, link_up_};
  status_sequence_ = reset_sequence_ = post(event, actions);
}

void NicCore::carrier(const Event& event, ActionList& actions) {
  link_up_ = event.ok;
  link_speed_ = static_cast<uint32_t>(event.value);
  if (sequence_ == 0) return;  // not powered on: the first event will tell
  rs_event link{};
  link.kind = RS_EVENT_LINK;
  link.link = {link_speed_, link_up_};
  post(link, actions);
}

void NicCore::update_active() {
  constexpr uint8_t kNeedsReset = VIRTIO_STATUS_DEVICE_NEEDS_RESET;
  const uint8_t ready = rs_mutant(RS_MUTANT_CONSUMES_BEFORE_DRIVER_OK) ? VIRTIO_STATUS_FEATURES_OK
                                                                       : VIRTIO_STATUS_DRIVER_OK;
  active_ =
      (status_ & (ready | kNeedsReset)) == ready && !broken_ && !quiesced_ && pci_.bus_master();
}

// The control virtqueue lies behind the pairs that the negotiated features make usable. VERSION_1
// is always negotiated, so 0 means that nothing is yet.
void NicCore::place_queues() {
  const bool open = negotiated_ == 0;
  const unsigned pairs = open || has(VIRTIO_NET_F_MQ) ? config_.queue_pairs : 1;
  const bool control = open ? offers(VIRTIO_NET_F_CTRL_VQ) : has(VIRTIO_NET_F_CTRL_VQ);
  queue_count_ = 2 * pairs + (control ? 1 : 0);
  control_queue_ = control ? 2 * pairs : kNone;
}

// NMQ-D-002: nothing that waits may reach a pair that is switched off.
void NicCore::set_active_pairs(unsigned pairs) {
  active_pairs_ = pairs;
  for (unsigned pair = pairs; pair < config_.queue_pairs; ++pair) {
    while (frame_waiting(2 * pair)) drop_received(2 * pair, Counter::kRxDropInactive);
  }
  receive_buffer_.divide(pairs);
  while (receive_buffer_.overcommitted()) {
    drop_received(2 * receive_buffer_.fullest(), Counter::kRxDropInactive);
  }
}

// RST-D-002, PCC-D-008, PMX-D-007, NMQ-D-001. What DMA still answers is discarded; the transmit
// buffer keeps what is on its way to the wire.
void NicCore::reset_device() {
  ++counters_[Counter::kDeviceResets];
  if (tracing()) note(TraceKind::kReset, TraceRecord::kNoQueue);
  for (Queue& queue : queues_) {
    for (uint32_t at = queue.returned; at != queue.allocated; ++at) {
      if (queue.chain(at).frame) tx_occupancy_ -= queue.chain(at).frame_bytes;
    }
    queue.reset(config_.queue_size_max);
  }
  forget_parked();
  for (Read& read : reads_) read.stale = true;
  for (unsigned pair = 0; pair < config_.queue_pairs; ++pair) {
    while (frame_waiting(2 * pair)) drop_received(2 * pair, Counter::kRxDropReset);
  }
  active_pairs_ = 1;
  receive_buffer_.divide(1);
  kicked_ = 0;
  command_ = {};
  broken_ = false;
  if (!rs_mutant(RS_MUTANT_CONFIG_VECTOR_SURVIVES_RESET)) config_vector_ = kNoVector;
  if (!rs_mutant(RS_MUTANT_ISR_SURVIVES_RESET)) isr_ = 0;
  if (!rs_mutant(RS_MUTANT_PENDING_SURVIVES_RESET)) msix_.clear_pending();
  driver_features_ = 0;
  features_beyond_ = false;
  device_feature_select_ = driver_feature_select_ = 0;
  queue_select_ = 0;
}

// STS-D-002. Hardware stops at once; firmware then shows DEVICE_NEEDS_RESET and notifies.
void NicCore::device_error(DeviceError error, unsigned queue, ActionList& actions) {
  ++counters_[error];
  ++counters_[Counter::kDeviceErrors];
  if (tracing()) note(TraceKind::kDeviceError, queue, 0, 0, static_cast<uint64_t>(error));
  if (broken_) return;
  broken_ = true;
  update_active();
  rs_event event{};
  event.kind = RS_EVENT_DEVICE_ERROR;
  event.value = static_cast<uint32_t>(error);
  event.queue = static_cast<uint16_t>(queue);
  post(event, actions);
}

std::string_view NicCore::command(const rs_command& command, ActionList& actions) {
  if (command.sequence > sequence_) return "an answer to an event that was not sent";
  if (tracing())
    note_management(TraceKind::kManagementCommand, command.kind, command.sequence, command.queue);
  // Overtaken by a reset, which forgets neither what the card offers nor its configuration.
  if (command.sequence < reset_sequence_ && command.kind != RS_COMMAND_OFFER &&
      command.kind != RS_COMMAND_DEVICE_CONFIG) {
    return {};
  }
  switch (command.kind) {
    case RS_COMMAND_OFFER:
      offered_ = command.features & kImplementedFeatures;
      if (rs_mutant(RS_MUTANT_OFFERS_CSUM)) offered_ |= formats::feature_bit(VIRTIO_NET_F_CSUM);
      place_queues();
      return {};
    case RS_COMMAND_NEGOTIATED:
      negotiated_ = command.features;
      event_idx_ = has(VIRTIO_F_EVENT_IDX);
      place_queues();
      return {};
    case RS_COMMAND_DEVICE_CONFIG:
      std::copy(std::begin(command.config), std::end(command.config), device_config_.begin());
      if (!rs_mutant(RS_MUTANT_GENERATION_STUCK)) ++config_generation_;  // PCC-D-006
      return {};
    case RS_COMMAND_RESET:
      reset_device();
      update_active();
      update_intx(actions);
      return {};
    case RS_COMMAND_STATUS:
      if ((command.value & ~status_ & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0 && !broken_) {
        // Firmware found it: the registers of a queue are all that it judges by itself.
        ++counters_[DeviceError::kQueueSetup];
        ++counters_[Counter::kDeviceErrors];
        broken_ = true;
      }
      status_ = static_cast<uint8_t>(command.value);
      if (command.sequence >= status_sequence_) {
        status_pending_ = false;
        quiesced_ = status_ == 0;
      }
      update_active();
      release_held(actions);
      return {};
    case RS_COMMAND_QUEUE_CONTEXT: {
      if (command.queue >= queues()) return "a context for no queue";
      Queue& queue = queues_[command.queue];
      // Enabled again: its registers have not changed since, and it goes on where it is.
      if (!queue.enabled) queue.enable(command.context, event_idx_);
      return {};
    }
    case RS_COMMAND_QUEUE_ACKNOWLEDGE: {
      // The driver may have written before the negotiation that took the queue away.
      if (command.queue >= kQueuesMax) return "an acknowledgement for no queue";
      Queue& queue = queues_[command.queue];
      if (command.sequence >= queue.enable_sequence) queue.enable_pending = false;
      release_held(actions);
      return {};
    }
    case RS_COMMAND_CONFIG_INTERRUPT:
      config_interrupt(actions);
      return {};
    case RS_COMMAND_CONTROL_REPLY:
      return control_reply(command);
    case RS_COMMAND_ACTIVE_PAIRS:
      if (command.value == 0 || command.value > config_.queue_pairs) return "no such queue pairs";
      set_active_pairs(command.value);
      return {};
    default:
      return "an unknown command";
  }
}

bool NicCore::decode(uint64_t address, uint64_t size, uint64_t* offset) const {
  if (!pci_.memory_enabled()) return false;
  const uint64_t bar = pci_.bar();
  if (address < bar || size > BarLayout::kSize || address - bar > BarLayout::kSize - size) {
    return false;
  }
  *offset = address - bar;
  return true;
}

}  // namespace ringside::hw
