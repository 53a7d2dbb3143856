// SPDX-License-Identifier: Apache-2.0
// Numbers and layouts of the vhost-user protocol, from the specification that QEMU publishes
// ("Vhost-user Protocol"), in the byte order of the machine.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace ringside::tb {

static_assert(std::endian::native == std::endian::little);

/// "Front-end message types".
enum class VhostRequest : uint32_t {
  kGetFeatures = 1,
  kSetFeatures = 2,
  kSetOwner = 3,
  kResetOwner = 4,
  kSetMemTable = 5,
  kSetLogBase = 6,
  kSetLogFd = 7,
  kSetVringNum = 8,
  kSetVringAddr = 9,
  kSetVringBase = 10,
  kGetVringBase = 11,
  kSetVringKick = 12,
  kSetVringCall = 13,
  kSetVringErr = 14,
  kGetProtocolFeatures = 15,
  kSetProtocolFeatures = 16,
  kGetQueueNum = 17,
  kSetVringEnable = 18,
  kSendRarp = 19,
  kNetSetMtu = 20,
  kSetBackendReqFd = 21,
  kIotlbMsg = 22,
  kSetVringEndian = 23,
  kGetConfig = 24,
  kSetConfig = 25,
  kCreateCryptoSession = 26,
  kCloseCryptoSession = 27,
  kPostcopyAdvise = 28,
  kPostcopyListen = 29,
  kPostcopyEnd = 30,
  kGetInflightFd = 31,
  kSetInflightFd = 32,
  kGpuSetSocket = 33,
  kResetDevice = 34,
  kVringKick = 35,
  kGetMaxMemSlots = 36,
  kAddMemReg = 37,
  kRemMemReg = 38,
  kSetStatus = 39,
  kGetStatus = 40,
  kGetSharedObject = 41,
  kSetDeviceStateFd = 42,
  kCheckDeviceState = 43,
};

/// "Protocol features", as bits.
enum VhostProtocolFeature : uint64_t {
  kVhostProtocolMq = uint64_t{1} << 0,
  kVhostProtocolReplyAck = uint64_t{1} << 3,
  kVhostProtocolMtu = uint64_t{1} << 4,
  kVhostProtocolResetDevice = uint64_t{1} << 13,
  kVhostProtocolStatus = uint64_t{1} << 16,
};

/// Bits that vhost-user adds to the virtio features.
inline constexpr uint64_t kVhostFeatureLogAll = uint64_t{1} << 26;
inline constexpr uint64_t kVhostFeatureProtocolFeatures = uint64_t{1} << 30;

/// "Header".
struct VhostHeader {
  uint32_t request;
  uint32_t flags;
  uint32_t size;  ///< bytes of payload that follow
};
static_assert(sizeof(VhostHeader) == 12);

inline constexpr uint32_t kVhostVersionMask = 3;
inline constexpr uint32_t kVhostVersion = 1;
inline constexpr uint32_t kVhostFlagReply = 1U << 2;
inline constexpr uint32_t kVhostFlagNeedReply = 1U << 3;

/// A u64 payload of SET_VRING_KICK, _CALL and _ERR: the queue, and that no descriptor comes along.
inline constexpr uint64_t kVhostVringIndexMask = 0xFF;
inline constexpr uint64_t kVhostVringNoFd = uint64_t{1} << 8;

/// "A vring state description".
struct VhostVringState {
  uint32_t index;
  uint32_t num;
};
static_assert(sizeof(VhostVringState) == 8);

/// "A vring address description". Addresses are the front end's own (user addresses).
struct VhostVringAddress {
  uint32_t index;
  uint32_t flags;
  uint64_t descriptors;
  uint64_t used;
  uint64_t available;
  uint64_t log;
};
static_assert(sizeof(VhostVringAddress) == 40 && offsetof(VhostVringAddress, used) == 16 &&
              offsetof(VhostVringAddress, available) == 24);
inline constexpr uint32_t kVhostVringFlagLog = 1;

/// "Memory region description".
struct VhostMemoryRegion {
  uint64_t guest_physical;
  uint64_t size;  ///< bytes
  uint64_t user;  ///< where the front end itself has it
  uint64_t mmap_offset;

  bool operator==(const VhostMemoryRegion&) const = default;
};
static_assert(sizeof(VhostMemoryRegion) == 32);

/// Regions of a SET_MEM_TABLE, and descriptors that a message may bring.
inline constexpr std::size_t kVhostMaxRegions = 8;

/// The longest payload of a message that is answered: a full SET_MEM_TABLE, bytes.
inline constexpr std::size_t kVhostMaxPayload = 8 + kVhostMaxRegions * sizeof(VhostMemoryRegion);

}  // namespace ringside::tb
