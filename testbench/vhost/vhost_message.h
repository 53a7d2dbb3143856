// SPDX-License-Identifier: Apache-2.0
// Bytes of a front end to a checked message, and replies to bytes. No descriptor is touched and
// nothing is read or written here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "formats/status.h"
#include "testbench/vhost/vhost_user.h"

namespace ringside::tb {

/// A message whose size, flags and number of descriptors are those of its request. Fields that the
/// request does not have are zero.
struct VhostMessage {
  VhostRequest request{};
  bool need_reply = false;
  uint64_t value = 0;                      ///< a u64 payload
  VhostVringState state{};                 ///< SET_VRING_NUM, _BASE, _ENABLE, GET_VRING_BASE
  VhostVringAddress address{};             ///< SET_VRING_ADDR
  std::vector<VhostMemoryRegion> regions;  ///< SET_MEM_TABLE; the one of ADD_ and REM_MEM_REG
};

/// The specification's name without VHOST_USER_, or "request N".
std::string vhost_request_name(uint32_t request);

/// Checks what a header says before its payload is there: version, flags, a request that this back
/// end serves, a size that the request can have (so at most kVhostMaxPayload).
Status check_vhost_header(const VhostHeader& header);

/// A message from a header that passed check_vhost_header, its `header.size` bytes of payload and
/// the number of descriptors that came along.
Status decode_vhost_message(const VhostHeader& header, std::span<const std::byte> payload,
                            std::size_t descriptors, VhostMessage& message);

/// Bytes of an answer to `request`.
std::vector<std::byte> encode_vhost_reply(VhostRequest request, uint64_t value);
std::vector<std::byte> encode_vhost_reply(VhostRequest request, const VhostVringState& state);

}  // namespace ringside::tb
