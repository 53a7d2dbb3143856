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
  std::string_view name;
  VhostRequest request;
  Payload payload;
  uint8_t descriptors_min = 0;
  uint8_t descriptors_max = 0;
};

/// Every request of the specification. Those refused need a feature that is never offered.
constexpr Rule kRules[] = {
    {"GET_FEATURES", VhostRequest::kGetFeatures, Payload::kNone},
    {"SET_FEATURES", VhostRequest::kSetFeatures, Payload::kU64},
    {"SET_OWNER", VhostRequest::kSetOwner, Payload::kNone},
    {"RESET_OWNER", VhostRequest::kResetOwner, Payload::kNone},
    {"SET_MEM_TABLE", VhostRequest::kSetMemTable, Payload::kTable},
    {"SET_LOG_BASE", VhostRequest::kSetLogBase, Payload::kRefused},
    {"SET_LOG_FD", VhostRequest::kSetLogFd, Payload::kRefused},
    {"SET_VRING_NUM", VhostRequest::kSetVringNum, Payload::kState},
    {"SET_VRING_ADDR", VhostRequest::kSetVringAddr, Payload::kAddress},
    {"SET_VRING_BASE", VhostRequest::kSetVringBase, Payload::kState},
    {"GET_VRING_BASE", VhostRequest::kGetVringBase, Payload::kState},
    {"SET_VRING_KICK", VhostRequest::kSetVringKick, Payload::kU64, 0, 1},
    {"SET_VRING_CALL", VhostRequest::kSetVringCall, Payload::kU64, 0, 1},
    {"SET_VRING_ERR", VhostRequest::kSetVringErr, Payload::kU64, 0, 1},
    {"GET_PROTOCOL_FEATURES", VhostRequest::kGetProtocolFeatures, Payload::kNone},
    {"SET_PROTOCOL_FEATURES", VhostRequest::kSetProtocolFeatures, Payload::kU64},
    {"GET_QUEUE_NUM", VhostRequest::kGetQueueNum, Payload::kNone},
    {"SET_VRING_ENABLE", VhostRequest::kSetVringEnable, Payload::kState},
    {"SEND_RARP", VhostRequest::kSendRarp, Payload::kU64},
    {"NET_SET_MTU", VhostRequest::kNetSetMtu, Payload::kU64},
    {"SET_BACKEND_REQ_FD", VhostRequest::kSetBackendReqFd, Payload::kNone, 1, 1},
    {"IOTLB_MSG", VhostRequest::kIotlbMsg, Payload::kRefused},
    {"SET_VRING_ENDIAN", VhostRequest::kSetVringEndian, Payload::kRefused},
    {"GET_CONFIG", VhostRequest::kGetConfig, Payload::kRefused},
    {"SET_CONFIG", VhostRequest::kSetConfig, Payload::kRefused},
    {"CREATE_CRYPTO_SESSION", VhostRequest::kCreateCryptoSession, Payload::kRefused},
    {"CLOSE_CRYPTO_SESSION", VhostRequest::kCloseCryptoSession, Payload::kRefused},
    {"POSTCOPY_ADVISE", VhostRequest::kPostcopyAdvise, Payload::kRefused},
    {"POSTCOPY_LISTEN", VhostRequest::kPostcopyListen, Payload::kRefused},
    {"POSTCOPY_END", VhostRequest::kPostcopyEnd, Payload::kRefused},
    {"GET_INFLIGHT_FD", VhostRequest::kGetInflightFd, Payload::kRefused},
    {"SET_INFLIGHT_FD", VhostRequest::kSetInflightFd, Payload::kRefused},
    {"GPU_SET_SOCKET", VhostRequest::kGpuSetSocket, Payload::kRefused},
    {"RESET_DEVICE", VhostRequest::kResetDevice, Payload::kNone},
    {"VRING_KICK", VhostRequest::kVringKick, Payload::kRefused},
    {"GET_MAX_MEM_SLOTS", VhostRequest::kGetMaxMemSlots, Payload::kNone},
    {"ADD_MEM_REG", VhostRequest::kAddMemReg, Payload::kRegion, 1, 1},
    // Older front ends send a descriptor along, which is closed unread.
    {"REM_MEM_REG", VhostRequest::kRemMemReg, Payload::kRegion, 0, 1},
    {"SET_STATUS", VhostRequest::kSetStatus, Payload::kU64},
    {"GET_STATUS", VhostRequest::kGetStatus, Payload::kNone},
    {"GET_SHARED_OBJECT", VhostRequest::kGetSharedObject, Payload::kRefused},
    {"SET_DEVICE_STATE_FD", VhostRequest::kSetDeviceStateFd, Payload::kRefused},
    {"CHECK_DEVICE_STATE", VhostRequest::kCheckDeviceState, Payload::kRefused},
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
