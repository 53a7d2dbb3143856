// SPDX-License-Identifier: Apache-2.0
// The mutated build's entry, and the names of the faults.
#include "host_driver/mutant_driver.h"
#include "host_driver/virtio_net_driver.h"

#ifndef RINGSIDE_DRIVER_MUTANTS
#error "part of ringside_driver_mutants only"
#endif

namespace ringside::driver {

const char* mutant_name(Mutant mutant) {
  switch (mutant) {
    case Mutant::kNone:
      return "none";
    case Mutant::kNoWriteBarrierBeforeAvailIdx:
      return "no-write-barrier-before-avail-idx";
    case Mutant::kNoFullBarrierBeforeEventRead:
      return "no-full-barrier-before-event-read";
    case Mutant::kNoReadBarrierAfterUsedIdx:
      return "no-read-barrier-after-used-idx";
    case Mutant::kNoFullBarrierAfterRearm:
      return "no-full-barrier-after-rearm";
    case Mutant::kNoRecheckAfterRearm:
      return "no-recheck-after-rearm";
    case Mutant::kNoRecheckAfterStop:
      return "no-recheck-after-stop";
    case Mutant::kUsedIndexModuloRing:
      return "used-index-modulo-ring";
    case Mutant::kEventWindowWrongAtWrap:
      return "event-window-wrong-at-wrap";
    case Mutant::kAvailIdxBeforeEntries:
      return "avail-idx-before-entries";
    case Mutant::kKickLostAfterMore:
      return "kick-lost-after-more";
    case Mutant::kTransmitCompletedEarly:
      return "transmit-completed-early";
    case Mutant::kReceiveBufferRepostedEarly:
      return "receive-buffer-reposted-early";
    case Mutant::kStaleNumBuffers:
      return "stale-num-buffers";
    case Mutant::kUsedLengthIgnored:
      return "used-length-ignored";
    case Mutant::kFreeListLosesChain:
      return "free-list-loses-chain";
    case Mutant::kFreeListReusesHead:
      return "free-list-reuses-head";
    case Mutant::kIndirectTableShared:
      return "indirect-table-shared";
    case Mutant::kWakeLostOverReset:
      return "wake-lost-over-reset";
    case Mutant::kDoorbellOfFirstPair:
      return "doorbell-of-first-pair";
    case Mutant::kTransmitQueuePerFrame:
      return "transmit-queue-per-frame";
    case Mutant::kMoreForgottenOverQueues:
      return "more-forgotten-over-queues";
    case Mutant::kControlAckNotAwaited:
      return "control-ack-not-awaited";
    case Mutant::kCount:
      break;
  }
  return "?";
}

void select_mutant(Mutant mutant) { selected_mutant = mutant; }

std::unique_ptr<NetDevice> make_mutated_driver(PciAccess& pci, Platform& platform,
                                               const VirtioNetOptions& options) {
  return std::make_unique<VirtioNetDriver>(pci, platform, options);
}

}  // namespace ringside::driver
