// SPDX-License-Identifier: Apache-2.0
// Capability discovery and register access (virtio 1.4, "Virtio Structure PCI Capabilities",
// "Common configuration structure layout").
#include "host_driver/virtio_pci.h"

#include <algorithm>
#include <string>

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

constexpr uint32_t kVendorId = 0x00, kDeviceId = 0x02, kCommand = 0x04, kPciStatus = 0x06;
constexpr uint32_t kCapabilities = 0x34;
constexpr uint32_t kCommandMemory = 0x2;
constexpr uint32_t kStatusCapabilityList = 0x10;
constexpr uint32_t kFirstCapability = 0x40, kLastCapability = 0xFC;
constexpr unsigned kMostCapabilities = (kLastCapability - kFirstCapability) / 4 + 1;
constexpr uint8_t kVendorSpecific = 0x09;
constexpr unsigned kBars = 6;
constexpr uint16_t kTransitionalNet = 0x1000;
/// The fields up to queue_device; later ones come with features that the driver does not know.
constexpr uint64_t kCommonBytes = formats::kQueueNotifConfigData;
constexpr uint64_t kFirstPauseNs = 1'000, kLongestPauseNs = 1'000'000;

}  // namespace

Status VirtioPci::discover() {
  common_ = notify_ = isr_ = config_ = {};
  // PDI-R-001, PDI-R-002. Any revision and subsystem (PDI-R-003, PDI-R-004).
  const uint32_t vendor = pci_.config_read(kVendorId, 2);
  const uint32_t device = pci_.config_read(kDeviceId, 2);
  if (vendor != VIRTIO_PCI_VENDOR_ID ||
      (device != VIRTIO_PCI_DEVICE_ID_NET && device != kTransitionalNet)) {
    return Status::failure("the PCI function is not a virtio network device");
  }
  const uint32_t command = pci_.config_read(kCommand, 2);
  if ((command & kCommandMemory) == 0) pci_.config_write(kCommand, 2, command | kCommandMemory);

  // PNT-R-001. The list may be damaged: pointers stay in range, and a loop ends.
  if ((pci_.config_read(kPciStatus, 2) & kStatusCapabilityList) != 0) {
    uint32_t at = pci_.config_read(kCapabilities, 1) & ~3u;
    for (unsigned hops = 0; at >= kFirstCapability && at <= kLastCapability; ++hops) {
      if (hops == kMostCapabilities) return Status::failure("the PCI capability list is a loop");
      if (pci_.config_read(at, 1) == kVendorSpecific) visit_capability(at);
      at = pci_.config_read(at + 1, 1) & ~3u;
    }
  }
  // PNT-R-002.
  if (!common_ && !notify_ && !isr_ && !config_) {
    return Status::failure("a legacy virtio device: it has no virtio capabilities");
  }
  if (!common_) return Status::failure("no usable common configuration capability");
  if (!notify_) return Status::failure("no usable notification capability");
  if (!isr_) return Status::failure("no usable ISR status capability");
  return Status::success();
}

VirtioPci::Structure* VirtioPci::slot_for(uint8_t type, uint64_t* needed, uint64_t* alignment) {
  *alignment = 1;
  *needed = 1;
  switch (type) {
    case VIRTIO_PCI_CAP_COMMON_CFG:
      *needed = kCommonBytes;
      *alignment = 4;
      return &common_;
    case VIRTIO_PCI_CAP_NOTIFY_CFG:
      *needed = 2;
      *alignment = 2;
      return &notify_;
    case VIRTIO_PCI_CAP_ISR_CFG:
      return &isr_;
    case VIRTIO_PCI_CAP_DEVICE_CFG:
      *alignment = 4;
      return &config_;
    default:
      return nullptr;  // PCP-R-001
  }
}

void VirtioPci::visit_capability(uint32_t at) {
  constexpr uint32_t kCapBytes = sizeof(formats::VirtioPciCap);
  const uint32_t cap_len = pci_.config_read(at + 2, 1);
  if (cap_len < kCapBytes || at + kCapBytes > 0x100) return;  // longer is fine: PCP-R-003
  const auto type =
      static_cast<uint8_t>(pci_.config_read(at + offsetof(formats::VirtioPciCap, cfg_type), 1));
  uint64_t needed = 0, alignment = 0;
  Structure* structure = slot_for(type, &needed, &alignment);
  if (structure == nullptr || *structure) return;  // the first usable one: PCP-R-002
  const uint32_t bar = pci_.config_read(at + offsetof(formats::VirtioPciCap, bar), 1);
  if (bar >= kBars) return;  // PCP-R-004
  const uint64_t offset = pci_.config_read(at + offsetof(formats::VirtioPciCap, offset), 4);
  const uint64_t length = pci_.config_read(at + offsetof(formats::VirtioPciCap, length), 4);
  // Larger than expected is fine (PCP-R-006, CFG-R-004); what is used must exist (PCP-R-007).
  if (length < needed || offset % alignment != 0) return;
  if (offset + length > pci_.bar_size(bar)) {
    platform_.log(LogLevel::kWarning, "virtio-net: a virtio capability reaches past its BAR");
    return;
  }
  if (type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
    if (cap_len < kCapBytes + 4 || at + kCapBytes + 4 > 0x100) return;
    notify_multiplier_ = pci_.config_read(at + kCapBytes, 4);
  }
  *structure = {bar, offset, length};
}

void VirtioPci::add_status(uint8_t bits) {
  set_common(formats::kDeviceStatus, 1,
             static_cast<uint8_t>((mutant(Mutant::kStatusRewritten) ? 0 : status()) | bits));
}

bool VirtioPci::reset(uint64_t timeout_ns) {
  if (!common_) return false;  // the last discovery failed: where the register is, is not known
  const uint64_t deadline_ns = platform_.now_ns() + timeout_ns;
  set_common(formats::kDeviceStatus, 1, 0);
  if (mutant(Mutant::kResetNotAwaited)) return true;
  for (uint64_t pause_ns = kFirstPauseNs; status() != 0;
       pause_ns = std::min(2 * pause_ns, kLongestPauseNs)) {
    const uint64_t now_ns = platform_.now_ns();
    if (now_ns >= deadline_ns) return false;
    platform_.sleep_until(now_ns + pause_ns);
  }
  return true;
}

uint64_t VirtioPci::offered_features() {
  uint64_t features = 0;
  for (unsigned word = 0; word < 2; ++word) {
    set_common(formats::kDeviceFeatureSelect, 4, word);
    features |= common(formats::kDeviceFeature, 4) << (32 * word);
  }
  return features;
}

void VirtioPci::accept_features(uint64_t features) {
  for (unsigned word = 0; word < 2; ++word) {
    set_common(formats::kDriverFeatureSelect, 4, word);
    set_common(formats::kDriverFeature, 4, (features >> (32 * word)) & 0xFFFFFFFF);
  }
}

uint16_t VirtioPci::queue_max_size(uint16_t index) {
  set_common(formats::kQueueSelect, 2, index);
  return static_cast<uint16_t>(common(formats::kQueueSize, 2));
}

void VirtioPci::set_common64(uint32_t field, uint64_t value) {
  set_common(field, 4, value & 0xFFFFFFFF);
  set_common(field + 4, 4, value >> 32);
}

Status VirtioPci::enable_queue(uint16_t index, uint16_t size, BusAddress descriptors,
                               BusAddress driver, BusAddress device) {
  set_common(formats::kQueueSelect, 2, index);
  if (common(formats::kQueueEnable, 2) != 0) {
    return Status::failure("queue " + std::to_string(index) + " is enabled after a reset");
  }
  set_common(formats::kQueueSize, 2, size);
  set_common64(formats::kQueueDesc, descriptors);
  set_common64(formats::kQueueDriver, driver);
  set_common64(formats::kQueueDevice, device);
  set_common(formats::kQueueEnable, 2, 1);
  if (common(formats::kQueueEnable, 2) != 1) {
    return Status::failure("the device did not enable queue " + std::to_string(index));
  }
  return Status::success();
}

Status VirtioPci::doorbell(uint16_t index, unsigned width, Doorbell* doorbell) {
  set_common(formats::kQueueSelect, 2, index);
  const uint64_t offset = common(formats::kQueueNotifyOff, 2) * uint64_t{notify_multiplier_};
  if (offset + width > notify_.length || (notify_.offset + offset) % width != 0) {
    return Status::failure("the doorbell of queue " + std::to_string(index) +
                           " lies outside the notification structure or is not aligned");
  }
  *doorbell = {notify_.bar, notify_.offset + offset};
  return Status::success();
}

bool VirtioPci::set_config_vector(uint16_t vector) {
  set_common(formats::kConfigMsixVector, 2, vector);
  return common(formats::kConfigMsixVector, 2) == vector;
}

bool VirtioPci::set_queue_vector(uint16_t index, uint16_t vector) {
  set_common(formats::kQueueSelect, 2, index);
  set_common(formats::kQueueMsixVector, 2, vector);
  return common(formats::kQueueMsixVector, 2) == vector || mutant(Mutant::kVectorNotVerified);
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
