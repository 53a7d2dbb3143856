// SPDX-License-Identifier: Apache-2.0
// Bytes as what a front end does, for random sessions and for the fuzzer. Any bytes are a script.
//
// A step is an operation and its operands, one byte each unless said otherwise (little-endian):
//   message   request, flags, descriptors, size (u16), payload
//   header    request (u32), flags (u32), size (u32), descriptors      no payload follows
//   bytes     number, descriptors, bytes
//   kick      queue                     truncate  file, size in pages
//   read      all replies               leave     another front end comes
//   target    how the card behaves      slow      from now on byte by byte, or at once again
//   batch     steps until the next one are sent together
//   half      nothing more is sent, but replies are read
//   decode    a header of 12 bytes, descriptors (number), payload: straight to the decoder
// Descriptors: how many in the low four bits, of which kind in the high ones.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ringside::test {

enum class VhostStep : uint8_t {
  kMessage,
  kHeader,
  kBytes,
  kKick,
  kTruncate,
  kRead,
  kLeave,
  kTarget,
  kSlow,
  kBatch,
  kHalf,
  kDecode,
  kCount
};

/// Kinds of descriptors. Memory A has Layout's size, B 64 KiB.
enum class VhostFd : uint8_t {
  kEvent0,
  kEvent1,
  kEvent2,
  kEvent3,
  kCall,
  kMemoryA,
  kMemoryB,
  kFullEvent,
  kPipe,
  kSocket,
  kOwnSocket,
  kEpoll,
  kReadOnlyMemory,
  kDevice,
  kTinyMemory,
  kSparseMemory,
};

/// Plays a script against sessions. What went wrong, as text; empty if every front end ended with
/// one line and a detached card, the last was served, the card was promised nothing false, nothing
/// spins, and no descriptor is left.
std::string play_vhost_script(std::span<const uint8_t> script);

}  // namespace ringside::test
