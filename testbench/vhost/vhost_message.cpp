// SPDX-License-Identifier: Apache-2.0
#include "testbench/vhost/vhost_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace ringside::tb {
namespace {

enum class Payload : uint8_t { kNone, kU64, kState, kAddress, kTable, kRegion, kRefused };

struct Rule {
  VhostRequest request;
  std::string_view name;
  Payload payload;
  uint8_t descriptors_min = 0;
  uint8_t descriptors_max = 0;
};

/// Every request of the specification. Those refused need a feature that is never offered.
constexpr Rule kRules[] = {
    {VhostRequest::kGetFeatures, "GET_FEATURES", Payload::kNone},
    {VhostRequest::kSetFeatures, "SET_FEATURES", Payload::kU64},
    {VhostRequest::kSetOwner, "SET_OWNER", Payload::kNone},
    {VhostRequest::kResetOwner, "RESET_OWNER", Payload::kNone},
    {VhostRequest::kSetMemTable, "SET_MEM_TABLE", Payload::kTable},
    {VhostRequest::kSetLogBase, "SET_LOG_BASE", Payload::kRefused},
    {VhostRequest::kSetLogFd, "SET_LOG_FD", Payload::kRefused},
    {VhostRequest::kSetVringNum, "SET_VRING_NUM", Payload::kState},
    {VhostRequest::kSetVringAddr, "SET_VRING_ADDR", Payload::kAddress},
    {VhostRequest::kSetVringBase, "SET_VRING_BASE", Payload::kState},
    {VhostRequest::kGetVringBase, "GET_VRING_BASE", Payload::kState},
    {VhostRequest::kSetVringKick, "SET_VRING_KICK", Payload::kU64, 0, 1},
    {VhostRequest::kSetVringCall, "SET_VRING_CALL", Payload::kU64, 0, 1},
    {VhostRequest::kSetVringErr, "SET_VRING_ERR", Payload::kU64, 0, 1},
    {VhostRequest::kGetProtocolFeatures, "GET_PROTOCOL_FEATURES", Payload::kNone},
    {VhostRequest::kSetProtocolFeatures, "SET_PROTOCOL_FEATURES", Payload::kU64},
    {VhostRequest::kGetQueueNum, "GET_QUEUE_NUM", Payload::kNone},
    {VhostRequest::kSetVringEnable, "SET_VRING_ENABLE", Payload::kState},
    {VhostRequest::kSendRarp, "SEND_RARP", Payload::kU64},
    {VhostRequest::kNetSetMtu, "NET_SET_MTU", Payload::kU64},
    {VhostRequest::kSetBackendReqFd, "SET_BACKEND_REQ_FD", Payload::kNone, 1, 1},
    {VhostRequest::kIotlbMsg, "IOTLB_MSG", Payload::kRefused},
    {VhostRequest::kSetVringEndian, "SET_VRING_ENDIAN", Payload::kRefused},
    {VhostRequest::kGetConfig, "GET_CONFIG", Payload::kRefused},
    {VhostRequest::kSetConfig, "SET_CONFIG", Payload::kRefused},
    {VhostRequest::kCreateCryptoSession, "CREATE_CRYPTO_SESSION", Payload::kRefused},
    {VhostRequest::kCloseCryptoSession, "CLOSE_CRYPTO_SESSION", Payload::kRefused},
    {VhostRequest::kPostcopyAdvise, "POSTCOPY_ADVISE", Payload::kRefused},
    {VhostRequest::kPostcopyListen, "POSTCOPY_LISTEN", Payload::kRefused},
    {VhostRequest::kPostcopyEnd, "POSTCOPY_END", Payload::kRefused},
    {VhostRequest::kGetInflightFd, "GET_INFLIGHT_FD", Payload::kRefused},
    {VhostRequest::kSetInflightFd, "SET_INFLIGHT_FD", Payload::kRefused},
    {VhostRequest::kGpuSetSocket, "GPU_SET_SOCKET", Payload::kRefused},
    {VhostRequest::kResetDevice, "RESET_DEVICE", Payload::kNone},
    {VhostRequest::kVringKick, "VRING_KICK", Payload::kRefused},
    {VhostRequest::kGetMaxMemSlots, "GET_MAX_MEM_SLOTS", Payload::kNone},
    {VhostRequest::kAddMemReg, "ADD_MEM_REG", Payload::kRegion, 1, 1},
    // Older front ends send a descriptor along, which is closed unread.
    {VhostRequest::kRemMemReg, "REM_MEM_REG", Payload::kRegion, 0, 1},
    {VhostRequest::kSetStatus, "SET_STATUS", Payload::kU64},
    {VhostRequest::kGetStatus, "GET_STATUS", Payload::kNone},
    {VhostRequest::kGetSharedObject, "GET_SHARED_OBJECT", Payload::kRefused},
    {VhostRequest::kSetDeviceStateFd, "SET_DEVICE_STATE_FD", Payload::kRefused},
    {VhostRequest::kCheckDeviceState, "CHECK_DEVICE_STATE", Payload::kRefused},
};

constexpr std::size_t kTableHeader = 8;   ///< number of regions, padding
constexpr std::size_t kRegionHeader = 8;  ///< padding

const Rule* rule_of(uint32_t request) {
  const auto* rule = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& each) {
    return static_cast<uint32_t>(each.request) == request;
  });
  return rule == std::end(kRules) ? nullptr : rule;
}

std::size_t size_of(Payload payload) {
  switch (payload) {
    case Payload::kU64:
      return sizeof(uint64_t);
    case Payload::kState:
      return sizeof(VhostVringState);
    case Payload::kAddress:
      return sizeof(VhostVringAddress);
    case Payload::kRegion:
      return kRegionHeader + sizeof(VhostMemoryRegion);
    default:
      return 0;
  }
}

template <typename T>
T read_at(std::span<const std::byte> bytes, std::size_t offset) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// One region for each descriptor.
Status decode_table(std::span<const std::byte> payload, VhostMessage& message) {
  const auto count = read_at<uint32_t>(payload, 0);
  if (count > kVhostMaxRegions) {
    return Status::failure(fmt::format("SET_MEM_TABLE of {} regions, at most {} are possible",
                                       count, kVhostMaxRegions));
  }
  if (payload.size() != kTableHeader + count * sizeof(VhostMemoryRegion)) {
    return Status::failure(
        fmt::format("SET_MEM_TABLE of {} regions with {} bytes of payload", count, payload.size()));
  }
  for (std::size_t i = 0; i < count; ++i) {
    message.regions.push_back(
        read_at<VhostMemoryRegion>(payload, kTableHeader + i * sizeof(VhostMemoryRegion)));
  }
  return Status::success();
}

/// The descriptor that comes along is announced in the payload.
Status check_vring_descriptor(const Rule& rule, uint64_t value, std::size_t descriptors) {
  if ((value & ~(kVhostVringIndexMask | kVhostVringNoFd)) != 0) {
    return Status::failure(fmt::format("{} with unknown bits in 0x{:x}", rule.name, value));
  }
  const std::size_t expected = (value & kVhostVringNoFd) != 0 ? 0 : 1;
  if (descriptors != expected) {
    return Status::failure(fmt::format("{} that announces {} descriptor{} brings {}", rule.name,
                                       expected, expected == 1 ? "" : "s", descriptors));
  }
  return Status::success();
}

Status check_descriptors(const Rule& rule, const VhostMessage& message, std::size_t descriptors) {
  std::size_t least = rule.descriptors_min;
  std::size_t most = rule.descriptors_max;
  if (rule.request == VhostRequest::kSetMemTable) least = most = message.regions.size();
  if (descriptors < least || descriptors > most) {
    return Status::failure(
        fmt::format("{} with {} descriptors, expected {}", rule.name, descriptors, most));
  }
  switch (rule.request) {
    case VhostRequest::kSetVringKick:
    case VhostRequest::kSetVringCall:
    case VhostRequest::kSetVringErr:
      return check_vring_descriptor(rule, message.value, descriptors);
    default:
      return Status::success();
  }
}

template <typename T>
std::vector<std::byte> encode(VhostRequest request, const T& payload) {
  const VhostHeader header{static_cast<uint32_t>(request), kVhostVersion | kVhostFlagReply,
                           sizeof(T)};
  std::vector<std::byte> bytes(sizeof(header) + sizeof(T));
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &payload, sizeof(T));
  return bytes;
}

}  // namespace

std::string vhost_request_name(uint32_t request) {
  const Rule* rule = rule_of(request);
  return rule != nullptr ? std::string(rule->name) : fmt::format("request {}", request);
}

Status check_vhost_header(const VhostHeader& header) {
  const std::string name = vhost_request_name(header.request);
  if ((header.flags & kVhostVersionMask) != kVhostVersion) {
    return Status::failure(fmt::format("{} of protocol version {}, expected {}", name,
                                       header.flags & kVhostVersionMask, kVhostVersion));
  }
  if ((header.flags & ~(kVhostVersionMask | kVhostFlagNeedReply)) != 0) {
    return Status::failure(fmt::format("{} with flags 0x{:x}", name, header.flags));
  }
  const Rule* rule = rule_of(header.request);
  if (rule == nullptr) return Status::failure("unknown " + name);
  if (rule->payload == Payload::kRefused) {
    return Status::failure(name + " needs a feature that was not offered");
  }
  if (rule->payload == Payload::kTable) {
    if (header.size >= kTableHeader && header.size <= kVhostMaxPayload) return Status::success();
    return Status::failure(fmt::format("{} with {} bytes of payload, expected {} to {}", name,
                                       header.size, kTableHeader, kVhostMaxPayload));
  }
  if (header.size != size_of(rule->payload)) {
    return Status::failure(fmt::format("{} with {} bytes of payload, expected {}", name,
                                       header.size, size_of(rule->payload)));
  }
  return Status::success();
}

Status decode_vhost_message(const VhostHeader& header, std::span<const std::byte> payload,
                            std::size_t descriptors, VhostMessage& message) {
  message = VhostMessage{};
  Status status = check_vhost_header(header);
  if (!status.ok()) return status;
  if (payload.size() != header.size) return Status::failure("the payload is not complete");
  const Rule& rule = *rule_of(header.request);
  message.request = rule.request;
  message.need_reply = (header.flags & kVhostFlagNeedReply) != 0;
  switch (rule.payload) {
    case Payload::kU64:
      message.value = read_at<uint64_t>(payload, 0);
      break;
    case Payload::kState:
      message.state = read_at<VhostVringState>(payload, 0);
      break;
    case Payload::kAddress:
      message.address = read_at<VhostVringAddress>(payload, 0);
      break;
    case Payload::kRegion:
      message.regions.push_back(read_at<VhostMemoryRegion>(payload, kRegionHeader));
      break;
    case Payload::kTable:
      status = decode_table(payload, message);
      if (!status.ok()) return status;
      break;
    default:
      break;
  }
  return check_descriptors(rule, message, descriptors);
}

std::vector<std::byte> encode_vhost_reply(VhostRequest request, uint64_t value) {
  return encode(request, value);
}

std::vector<std::byte> encode_vhost_reply(VhostRequest request, const VhostVringState& state) {
  return encode(request, state);
}

}  // namespace ringside::tb
