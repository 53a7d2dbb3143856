// SPDX-License-Identifier: Apache-2.0
// See device_status.h.
#include "host_driver/device_status.h"

#include "formats/virtio.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {
namespace {

struct Bit {
  uint8_t bit;
  const char* name;
};
constexpr Bit kBits[] = {
    {VIRTIO_STATUS_ACKNOWLEDGE, "ACKNOWLEDGE"},
    {VIRTIO_STATUS_DRIVER, "DRIVER"},
    {VIRTIO_STATUS_DRIVER_OK, "DRIVER_OK"},
    {VIRTIO_STATUS_FEATURES_OK, "FEATURES_OK"},
    {VIRTIO_STATUS_DEVICE_NEEDS_RESET, "DEVICE_NEEDS_RESET"},
    {VIRTIO_STATUS_FAILED, "FAILED"},
};

}  // namespace

std::string status_text(uint8_t status) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = {'0', 'x', kDigits[status >> 4], kDigits[status & 0xF]};
  if (status == kNoDeviceStatus) return text + " (no device answers)";
  const char* separator = " (";
  for (const Bit& bit : kBits) {
    if ((status & bit.bit) == 0) continue;
    text += separator;
    text += bit.name;
    separator = ", ";
  }
  return separator[0] == ',' ? text + ")" : text;
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
