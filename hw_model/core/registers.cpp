// SPDX-License-Identifier: Apache-2.0
// Registers in configuration space and in the BAR: common configuration, notification, ISR, device
// configuration, MSI-X (virtio 1.4, "PCI Device Layout").
#include <algorithm>
#include <cstring>

#include "hw_model/core/nic_core.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

using formats::CommonCfg;

namespace {

/// True if the `width` bytes at `offset` touch those of a field of `bytes` at `field`.
bool touches(uint32_t offset, unsigned width, uint32_t field, unsigned bytes) {
  return offset < field + bytes && field < offset + width;
}

template <typename T>
void put(std::array<uint8_t, BarLayout::kCommonBytes>& image, uint32_t at, T value) {
  std::memcpy(image.data() + at, &value, sizeof value);
}

uint64_t extract(const uint8_t* bytes, unsigned width) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, width);
  return value;
}

uint32_t feature_word(uint64_t features, uint32_t select) {
  if (rs_mutant(RS_MUTANT_FEATURE_SELECT_WRAPS)) select %= 2;
  return select < 2 ? static_cast<uint32_t>(features >> (32 * select)) : 0;
}

/// Of the 64-bit fields of the common configuration.
bool is_high_half(uint32_t offset) {
  return offset >= CommonCfg::kQueueDesc && offset < CommonCfg::kQueueNotifConfigData &&
         offset % 8 == 4;
}

/// Whether a fault hides these bytes of the device configuration.
bool hidden_by_mutant(uint32_t offset, unsigned width, uint8_t status, uint64_t negotiated) {
  return (rs_mutant(RS_MUTANT_CONFIG_HIDDEN_EARLY) && (status & VIRTIO_STATUS_FEATURES_OK) == 0) ||
         (rs_mutant(RS_MUTANT_CONFIG_BYTES_HIDDEN) && width == 1) ||
         (rs_mutant(RS_MUTANT_CONFIG_OPTIONAL_HIDDEN) && offset == 10 &&
          (negotiated & formats::feature_bit(VIRTIO_NET_F_MTU)) == 0);
}

bool register_access(uint32_t offset, unsigned width) {
  return (width == 1 || width == 2 || width == 4 || width == 8) && offset % width == 0 &&
         offset <= BarLayout::kSize - width;
}

}  // namespace

void NicCore::reply(uint32_t tag, uint64_t value, ActionList& actions) {
  Action& action = actions.add(ActionKind::kReadReply);
  action.tag = tag;
  action.value = value;
}

void NicCore::register_reply(const HeldRead& read, uint64_t value, ActionList& actions) {
  if (tracing()) note_register(TraceKind::kRegisterRead, read.offset, read.width, value);
  reply(read.tag, value, actions);
}

void NicCore::config_read(const Event& event, ActionList& actions) {
  const auto offset = static_cast<uint32_t>(event.address);
  const uint32_t in_window = offset - PciConfig::kPciCfgData;
  if (in_window >= 4) {
    reply(event.tag, pci_.read(offset, event.width), actions);
    return;
  }
  // PCA-D-003: the read of the data field reads the BAR.
  const uint32_t length = pci_.window_length();
  const bool usable =
      pci_.window_bar() == 0 && length <= 4 && register_access(pci_.window_offset(), length);
  if (!usable || in_window != 0) {
    reply(event.tag, 0, actions);
    return;
  }
  if (rs_mutant(RS_MUTANT_WINDOW_READS_ITSELF)) {
    reply(event.tag, pci_.read(offset, event.width), actions);
    return;
  }
  register_read(pci_.window_offset(), static_cast<uint8_t>(length), event.tag, actions);
}

void NicCore::config_write(const Event& event, ActionList& actions) {
  const auto offset = static_cast<uint32_t>(event.address);
  if (offset == PciConfig::kPciCfgData) {  // PCA-D-002
    if (rs_mutant(RS_MUTANT_WINDOW_WRITE_LOST)) return;
    const uint32_t length = pci_.window_length();
    if (pci_.window_bar() == 0 && length <= 4 && length <= event.width &&
        register_access(pci_.window_offset(), length)) {
      const uint64_t mask = length == 4 ? 0xFFFFFFFFu : (1u << (8 * length)) - 1;
      const uint32_t at = pci_.window_offset() & (rs_mutant(RS_MUTANT_WINDOW_IN_WORDS) ? ~3u : ~0u);
      register_write(at, static_cast<uint8_t>(length), event.value & mask, actions);
    }
    return;
  }
  if (pci_.write(offset, event.width, static_cast<uint32_t>(event.value))) {  // FLR
    ++counters_[Counter::kFunctionResets];
    if (intx_level_) send_intx(false, actions);
    intx_level_ = false;
    pci_.reset();
    msix_.reset();
    status_ = 0;
    reset_device();
    power_on(actions);
    release_held(actions);
    return;
  }
  update_active();
  update_intx(actions);
  flush_msix(actions);
  issue_parked(actions);
}

bool NicCore::must_hold(uint32_t offset, unsigned width) const {
  if (offset >= BarLayout::kCommonBytes) return false;
  if (status_pending_ && touches(offset, width, CommonCfg::kDeviceStatus, 1)) return true;
  return queue_select_ < queues() && queues_[queue_select_].enable_pending &&
         touches(offset, width, CommonCfg::kQueueEnable, 2);
}

void NicCore::register_read(uint32_t offset, uint8_t width, uint32_t tag, ActionList& actions) {
  const HeldRead read{tag, offset, width};
  if (!register_access(offset, width)) {
    register_reply(read, ~uint64_t{0}, actions);
  } else if (must_hold(offset, width)) {
    held_.push_back(read);
  } else {
    register_reply(read, read_now(offset, width, actions), actions);
  }
}

void NicCore::release_held(ActionList& actions) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const HeldRead read = held_[i];
    if (must_hold(read.offset, read.width)) {
      held_[kept++] = read;
    } else {
      register_reply(read, read_now(read.offset, read.width, actions), actions);
    }
  }
  held_.resize(kept);
}

// Firmware did not answer in time: hardware shows DEVICE_NEEDS_RESET by itself.
void NicCore::hold_expired(ActionList& actions) {
  if (held_.empty()) return;
  ++counters_[Counter::kHoldsExpired];
  status_ |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
  status_pending_ = false;
  for (Queue& queue : queues_) queue.enable_pending = false;
  device_error(DeviceError::kManagementTimeout, 0, actions);
  release_held(actions);
}

uint64_t NicCore::read_now(uint32_t offset, unsigned width, ActionList& actions) {
  if (rs_mutant(RS_MUTANT_HIGH_HALF_READS_LOW) && width == 4 && is_high_half(offset)) offset -= 4;
  if (offset + width <= BarLayout::kCommonBytes) return extract(&common_image()[offset], width);
  if (offset >= BarLayout::kIsr && offset < BarLayout::kIsr + BarLayout::kIsrBytes) {
    if (offset != BarLayout::kIsr) return 0;
    const uint8_t isr = isr_;
    if (!rs_mutant(RS_MUTANT_ISR_STAYS)) isr_ = 0;  // PIS-D-005
    update_intx(actions);
    return isr;
  }
  if (offset >= BarLayout::kDevice && offset < BarLayout::kDevice + BarLayout::kDeviceBytes) {
    if (hidden_by_mutant(offset - BarLayout::kDevice, width, status_, negotiated_)) return 0;
    return extract(&device_config_[offset - BarLayout::kDevice], width);  // CFG-D-001
  }
  if (offset >= BarLayout::kRingState &&
      offset < BarLayout::kRingState + BarLayout::kRingStateBytes) {
    if (width > 4) return ~uint64_t{0};
    const uint32_t state = ring_state((offset - BarLayout::kRingState) / RingState::kSize);
    const uint32_t at = offset % RingState::kSize;
    return at >= 4 ? 0 : (state >> (8 * at)) & (~uint32_t{0} >> (32 - 8 * width));
  }
  if (offset - BarLayout::kStatistics < BarLayout::kStatisticsBytes) {
    return read_statistics(offset - BarLayout::kStatistics, width);
  }
  const uint32_t word = offset & ~uint32_t{3};
  uint64_t value = 0;
  if (word >= BarLayout::kMsixPending) {
    value = msix_.read_pending(word - BarLayout::kMsixPending);
    if (width == 8) value |= uint64_t{msix_.read_pending(word + 4 - BarLayout::kMsixPending)} << 32;
  } else if (word >= BarLayout::kMsixTable) {
    value = msix_.read_table(word - BarLayout::kMsixTable);
    if (width == 8) value |= uint64_t{msix_.read_table(word + 4 - BarLayout::kMsixTable)} << 32;
  }
  value >>= 8 * (offset & 3);
  return width == 8 ? value : value & ((uint64_t{1} << (8 * width)) - 1);
}

std::array<uint8_t, BarLayout::kCommonBytes> NicCore::common_image() const {
  std::array<uint8_t, BarLayout::kCommonBytes> image{};
  put(image, CommonCfg::kDeviceFeatureSelect, device_feature_select_);
  put(image, CommonCfg::kDeviceFeature, feature_word(offered_, device_feature_select_));
  put(image, CommonCfg::kDriverFeatureSelect, driver_feature_select_);
  put(image, CommonCfg::kDriverFeature,
      rs_mutant(RS_MUTANT_DRIVER_FEATURE_READS_ZERO)
          ? 0
          : feature_word(driver_features_ & offered_, driver_feature_select_));  // PCC-D-004
  put(image, CommonCfg::kConfigMsixVector, config_vector_);
  put(image, CommonCfg::kNumQueues,
      static_cast<uint16_t>(2 * config_.queue_pairs + offers(VIRTIO_NET_F_CTRL_VQ)));
  put(image, CommonCfg::kDeviceStatus, status_);
  put(image, CommonCfg::kConfigGeneration, config_generation_);
  put(image, CommonCfg::kQueueSelect, queue_select_);
  if (queue_select_ >= queues()) {  // PCC-D-014
    if (rs_mutant(RS_MUTANT_NO_QUEUE_HAS_SIZE)) put(image, CommonCfg::kQueueSize, uint16_t{8});
    return image;
  }
  const Queue& queue = queues_[queue_select_];
  put(image, CommonCfg::kQueueSize, queue.size_register);
  put(image, CommonCfg::kQueueMsixVector,
      rs_mutant(RS_MUTANT_VECTOR_READS_ZERO) ? uint16_t{0} : queue.vector);
  put(image, CommonCfg::kQueueEnable, static_cast<uint16_t>(queue.enabled));
  put(image, CommonCfg::kQueueNotifyOff, queue_select_);
  put(image, CommonCfg::kQueueDesc, queue.desc_register);
  put(image, CommonCfg::kQueueDriver, queue.driver_register);
  put(image, CommonCfg::kQueueDevice, queue.device_register);
  put(image, CommonCfg::kQueueNotifConfigData, queue_select_);
  return image;
}

void NicCore::register_write(uint32_t offset, uint8_t width, uint64_t value, ActionList& actions) {
  if (!register_access(offset, width)) return;
  if (offset >= BarLayout::kNotify && offset < BarLayout::kNotify + BarLayout::kNotifyBytes) {
    notify(offset - BarLayout::kNotify);
    return;
  }
  if (tracing()) note_register(TraceKind::kRegisterWrite, offset, width, value);
  if (offset < BarLayout::kCommonBytes) {
    common_write(offset, width, value, actions);
  } else if (offset >= BarLayout::kRingState &&
             offset < BarLayout::kRingState + BarLayout::kRingStateBytes) {
    ring_state_write(offset - BarLayout::kRingState, width, value);
  } else if (offset >= BarLayout::kMsixTable && offset < BarLayout::kMsixPending && width >= 4) {
    const uint32_t at = offset - BarLayout::kMsixTable;
    msix_.write_table(at, static_cast<uint32_t>(value));
    if (width == 8) msix_.write_table(at + 4, static_cast<uint32_t>(value >> 32));
    flush_msix(actions);
  }
}

// The address names the queue; the data (with NOTIFICATION_DATA: how far the driver is) is a hint
// that is not needed, because the card reads the available index itself. VQS-D-022.
void NicCore::notify(uint32_t offset) {
  const uint32_t queue = offset / BarLayout::kNotifyMultiplier;
  if (queue >= queues()) return;
  ++counters_[Counter::kDoorbells];
  if (tracing()) note(TraceKind::kDoorbell, queue);
  kicked_ |= 1u << queue;
}

void NicCore::common_write(uint32_t offset, unsigned width, uint64_t value, ActionList& actions) {
  if (rs_mutant(RS_MUTANT_HIGH_HALF_LOST) && width == 4 && is_high_half(offset)) return;
  if (rs_mutant(RS_MUTANT_LOW_HALF_CLEARS_HIGH) && is_high_half(offset + 4)) width = 8;
  // Fields see whole values: bytes that the write does not cover keep theirs. PLY-D-001.
  auto image = common_image();
  std::memcpy(image.data() + offset, &value, width);
  const auto written = [&](uint32_t field, unsigned bytes) {
    return touches(offset, width, field, bytes);
  };
  const auto field = [&](uint32_t at, unsigned bytes) { return extract(&image[at], bytes); };
  if (written(CommonCfg::kDeviceFeatureSelect, 4)) {
    device_feature_select_ = static_cast<uint32_t>(field(CommonCfg::kDeviceFeatureSelect, 4));
  }
  if (written(CommonCfg::kDriverFeatureSelect, 4)) {
    driver_feature_select_ = static_cast<uint32_t>(field(CommonCfg::kDriverFeatureSelect, 4));
  }
  if (written(CommonCfg::kDriverFeature, 4)) {
    const uint64_t word = field(CommonCfg::kDriverFeature, 4);
    if (driver_feature_select_ < 2) {
      const unsigned shift = 32 * driver_feature_select_;
      driver_features_ = (driver_features_ & ~(uint64_t{0xFFFFFFFF} << shift)) | (word << shift);
    } else {
      features_beyond_ = features_beyond_ || word != 0;
    }
  }
  if (written(CommonCfg::kConfigMsixVector, 2)) {
    const uint16_t vector = valid_vector(field(CommonCfg::kConfigMsixVector, 2));
    const bool kept = rs_mutant(RS_MUTANT_UNMAP_IGNORED) && vector == kNoVector;
    if (!kept) config_vector_ = vector;
  }
  if (written(CommonCfg::kDeviceStatus, 1)) {
    status_write(static_cast<uint8_t>(field(CommonCfg::kDeviceStatus, 1)), actions);
  }
  if (written(CommonCfg::kQueueSelect, 2)) {
    queue_select_ = static_cast<uint16_t>(field(CommonCfg::kQueueSelect, 2));
  }
  for (const auto& [at, bytes] : {std::pair{CommonCfg::kQueueSize, 2u},
                                  {CommonCfg::kQueueMsixVector, 2u},
                                  {CommonCfg::kQueueDesc, 8u},
                                  {CommonCfg::kQueueDriver, 8u},
                                  {CommonCfg::kQueueDevice, 8u},
                                  {CommonCfg::kQueueEnable, 2u}}) {
    if (written(at, bytes)) queue_write(at, field(at, bytes), actions);
  }
}

void NicCore::status_write(uint8_t value, ActionList& actions) {
  rs_event event{};
  event.kind = RS_EVENT_STATUS_WRITE;
  event.value = value;
  event.driver_features = driver_features_;
  event.features_beyond = features_beyond_;
  status_sequence_ = post(event, actions);
  status_pending_ = true;
  if (value != 0) return;
  reset_sequence_ = status_sequence_;  // nothing may happen behind the reset: stop now
  quiesced_ = true;
  update_active();
}

void NicCore::queue_write(uint32_t field, uint64_t value, ActionList& actions) {
  Queue* queue = selected_queue();
  if (queue == nullptr) return;
  switch (field) {
    case CommonCfg::kQueueMsixVector:
      queue->vector = valid_vector(value);  // PMX-D-006, PMX-D-009
      if (rs_mutant(RS_MUTANT_BAD_VECTOR_KEPT)) queue->vector = static_cast<uint16_t>(value);
      if (rs_mutant(RS_MUTANT_VECTOR_ZERO_REFUSED) && value == 0) queue->vector = kNoVector;
      return;
    case CommonCfg::kQueueEnable: {
      rs_event event{};
      event.kind = RS_EVENT_QUEUE_ENABLE;
      event.value = static_cast<uint32_t>(value);
      event.queue = queue_select_;
      event.context = {queue->desc_register, queue->driver_register, queue->device_register,
                       queue->size_register, queue->index_register,  queue->index_written};
      queue->enable_sequence = post(event, actions);
      queue->enable_pending = true;
      return;
    }
    default:
      break;
  }
  if (queue->enabled || queue->enable_pending) return;  // PCC-R-004: set up before it is enabled
  switch (field) {
    case CommonCfg::kQueueSize:
      if (value != 0 && value <= config_.queue_size_max &&
          ((value & (value - 1)) == 0 || rs_mutant(RS_MUTANT_ANY_QUEUE_SIZE))) {
        queue->size_register = static_cast<uint16_t>(value);  // PCC-D-015
      }
      return;
    case CommonCfg::kQueueDesc:
      queue->desc_register = value;
      return;
    case CommonCfg::kQueueDriver:
      queue->driver_register = value;
      return;
    default:
      queue->device_register = value;
      return;
  }
}

/// Suspended, and nothing of it is under way. Asked for seldom, so that nothing is counted for it.
bool NicCore::at_rest(unsigned queue) const {
  const Queue& q = queues_[queue];
  return q.suspended && q.settled() &&
         std::none_of(reads_.begin(), reads_.end(), [queue](const Read& read) {
           return read.size != 0 && !read.stale && read.queue == queue;
         });
}

// RingState of `queue`: the index in the low half, the state in the high one.
uint32_t NicCore::ring_state(unsigned queue) const {
  if (queue >= queues()) return 0;
  const Queue& q = queues_[queue];
  const uint16_t index = q.enabled ? q.used_next : q.index_register;
  const uint16_t state = !q.suspended     ? RingState::kRunning
                         : at_rest(queue) ? RingState::kSuspended
                                          : RingState::kSuspending;
  return index | uint32_t{state} << 16;
}

void NicCore::ring_state_write(uint32_t offset, unsigned width, uint64_t value) {
  const unsigned queue = offset / RingState::kSize;
  const uint32_t at = offset % RingState::kSize;
  if (queue >= queues() || at >= 4 || width < 2 || width > 4) return;
  if (at == RingState::kIndex) {
    Queue& q = queues_[queue];
    if (!q.enabled && !q.enable_pending) {
      q.index_register = static_cast<uint16_t>(value);
      q.index_written = true;
    }
    if (width == 2) return;
    value >>= 16;
  }
  suspend(queue, (value & 1) != 0);
}

void NicCore::suspend(unsigned queue, bool on) {
  Queue& q = queues_[queue];
  if (q.suspended == on) return;
  // A queue that is not at rest yet goes on where it is.
  const bool rewinds = !on && q.enabled && !resumes_in_place_ && at_rest(queue);
  if (rewinds) {
    q.rewind();
    q.forget_notification(event_idx_);
    kicked_ |= 1u << queue;
  }
  q.suspended = on;
  q.taking = q.enabled && !on;
  if (!tracing()) return;
  if (on) {
    note(TraceKind::kQueueSuspended, queue);
  } else {
    note(TraceKind::kQueueResumed, queue, q.allocated, rewinds ? 1 : 0, q.used_next);
  }
}

}  // namespace ringside::hw
