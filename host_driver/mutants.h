// SPDX-License-Identifier: Apache-2.0
// Deliberate driver faults. A checker that is worth having finds each of them; the normal library
// is compiled without any, at no cost.
#pragma once

#include <cstdint>

#ifdef RINGSIDE_DRIVER_MUTANTS
#define RINGSIDE_DRIVER_BUILD mutated
#else
#define RINGSIDE_DRIVER_BUILD standard
#endif

namespace ringside::driver {

/// One fault each. The clause that forbids it is that of the code that asks mutant().
enum class Mutant : uint8_t {
  kNone,
  kNoWriteBarrierBeforeAvailIdx,  ///< descriptors and ring entries may appear after the index
  kNoFullBarrierBeforeEventRead,  ///< avail_event or flags may be read before the index is visible
  kNoReadBarrierAfterUsedIdx,     ///< used entries and payload may be read before the used index
  kNoFullBarrierAfterRearm,       ///< the re-check may be read before the re-arm is visible
  kNoRecheckAfterRearm,           ///< an entry used just before the re-arm waits for the next one
  kNoRecheckAfterStop,            ///< a queue that stops just as the device ends is never woken
  kUsedIndexModuloRing,           ///< used entries counted modulo the ring: a full ring looks empty
  kEventWindowWrongAtWrap,        ///< the event index is compared without modulo 2^16
  kAvailIdxBeforeEntries,         ///< the available index is published before its entries
  kKickLostAfterMore,             ///< frames queued with `more` get no doorbell
  kTransmitCompletedEarly,        ///< transmit memory given back while the device may still read it
  kReceiveBufferRepostedEarly,    ///< a receive buffer posted again while the client still holds it
  kStaleNumBuffers,               ///< num_buffers of the frame before
  kUsedLengthIgnored,             ///< frame length taken from the buffer, not from the used element
  kFreeListLosesChain,            ///< only the head of a chain goes back to the free list
  kFreeListReusesHead,            ///< the head of a chain goes back to the free list twice
  kIndirectTableShared,           ///< all indirect frames write one table
  kWakeLostOverReset,             ///< a client that found the queue busy is forgotten by a reset
  kDoorbellOfFirstPair,           ///< every transmit queue rings the first one's doorbell
  kTransmitQueuePerFrame,         ///< the transmit queue goes round with the frames, not the flows
  kMoreForgottenOverQueues,       ///< a queue left with `more` for another one gets no doorbell
  kControlAckNotAwaited,          ///< queue pairs are used before the device agreed to them
  kCount
};

/// Short name for reports and command lines, e.g. "no-recheck-after-stop".
const char* mutant_name(Mutant mutant);

inline namespace RINGSIDE_DRIVER_BUILD {
#ifdef RINGSIDE_DRIVER_MUTANTS
/// The fault that is switched on in this process.
inline Mutant selected_mutant = Mutant::kNone;
inline bool mutant(Mutant which) { return selected_mutant == which; }
#else
constexpr bool mutant(Mutant) { return false; }
#endif
}  // namespace RINGSIDE_DRIVER_BUILD

}  // namespace ringside::driver
