// SPDX-License-Identifier: Apache-2.0
// Several queue pairs and the control virtqueue in model `lt`.
#include "tests/unit/lt/multi_queue_cases.h"

namespace ringside::test {
namespace {

TEST(LtMultiQueue, EightPairsCarryTrafficBothWays) {
  LtPair pair(card_with(8));
  eight_pairs_carry_traffic(pair);
}

TEST(LtMultiQueue, TransmitQueuesTakeTurns) {
  LtPair pair(small_transmit_buffer(), slow_wire());
  transmit_queues_take_turns(pair);
}

TEST(LtMultiQueue, AnEmptyReceiveQueueHoldsUpNoOther) {
  LtPair pair(card_with(2));
  an_empty_receive_queue_holds_up_no_other(pair);
}

TEST(LtMultiQueue, AnEmptyReceiveQueueStarvesNoOther) {
  LtPair pair(small_receive_buffer());
  an_empty_receive_queue_starves_no_other(pair);
}

TEST(LtMultiQueue, ResetWhileFirmwareWorks) {
  LtPair pair(card_with(2));
  reset_while_firmware_works(pair);
}

}  // namespace
}  // namespace ringside::test
