// SPDX-License-Identifier: Apache-2.0
// Several queue pairs: negotiation, the control virtqueue and its answers, flows on queues, vectors
// on cores, recovery (virtio 1.4, "Automatic receive steering in multiqueue mode").
#include <set>

#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

struct MultiRig : Rig {
  MultiRig(unsigned wanted, uint16_t offered) {
    options.queue_pairs = wanted;
    options.ring_size = 16;
    device.offer_pairs(offered);
  }
  /// A frame of every flow below `flows`, each of which must be accepted.
  void send_flows(unsigned flows) {
    for (unsigned flow = 0; flow < flows; ++flow) {
      ASSERT_EQ(send_bytes(flow_frame(flow, 100, static_cast<uint8_t>(flow))), TxResult::kOk);
      run_us(20);
    }
  }
  /// Whether traffic goes both ways, on the first pair only.
  void expect_one_pair() { expect_pairs(1); }
  /// Likewise on the first `pairs`, each of which is used.
  void expect_pairs(unsigned pairs) {
    EXPECT_EQ(counter("queue_pairs"), pairs);
    const size_t before = device.transmitted.size();
    send_flows(16);
    ASSERT_EQ(device.transmitted.size(), before + 16);
    std::set<unsigned> used;
    for (size_t i = before; i < before + 16; ++i) used.insert(device.sent_on[i]);
    EXPECT_EQ(used.size(), pairs);
    EXPECT_EQ(*used.rbegin(), 2 * pairs - 1);
    const uint64_t received = client.received;
    EXPECT_TRUE(device.receive(frame(100, 1)));
    run_us(10);
    EXPECT_EQ(client.received, received + 1);
    expect_clean();
  }
  /// A flow that is sent on transmit queue `queue` (of the device's numbers) when all pairs work.
  unsigned flow_on(unsigned queue) {
    for (unsigned flow = 0; flow < 64; ++flow) {
      const size_t before = device.sent_on.size();
      EXPECT_EQ(send_bytes(flow_frame(flow, 100, 0)), TxResult::kOk);
      run_us(50);
      if (device.sent_on.size() == before + 1 && device.sent_on.back() == queue) return flow;
    }
    ADD_FAILURE() << "no flow for queue " << queue;
    return 0;
  }
};

// CLAUSES: INI-R-001
// CLAUSES: NMQ-R-001
TEST(MultiQueue, PairsAreSetUpBeforeTheyAreAskedFor) {
  MultiRig rig(4, 4);
  rig.must_open();
  EXPECT_TRUE(rig.device.has(VIRTIO_NET_F_MQ));
  EXPECT_TRUE(rig.device.has(VIRTIO_NET_F_CTRL_VQ));
  const auto driver_ok = std::find(rig.device.log.begin(), rig.device.log.end(), "DRIVER_OK");
  for (unsigned queue = 0; queue <= 8; ++queue) {
    const std::string enable = "enable " + std::to_string(queue);
    EXPECT_NE(std::find(rig.device.log.begin(), driver_ok, enable), driver_ok) << enable;
  }
  EXPECT_EQ(rig.device.commands, (std::vector<Bytes>{{4, 0, 4, 0}}));
  EXPECT_EQ(rig.counter("queue_pairs"), 4u);
  EXPECT_EQ(rig.counter("control_commands"), 1u);
  rig.expect_clean();
}

// CLAUSES: NMQ-R-002
TEST(MultiQueue, TheDevicesMaximumBoundsThePairs) {
  MultiRig rig(8, 3);
  rig.must_open();
  EXPECT_EQ(rig.device.commands, (std::vector<Bytes>{{4, 0, 3, 0}}));
  EXPECT_EQ(rig.counter("queue_pairs"), 3u);
  EXPECT_EQ(rig.device.queues[6].enable, 1u) << "the control queue";
  EXPECT_EQ(rig.device.queues[7].enable, 0u);
  rig.expect_clean();
}

// The control queue follows all pairs that there could be, not those that are used.
TEST(MultiQueue, FewerPairsThanTheDeviceHas) {
  MultiRig rig(2, 8);
  rig.must_open();
  EXPECT_EQ(rig.device.commands, (std::vector<Bytes>{{4, 0, 2, 0}}));
  for (unsigned queue = 0; queue < FakeDevice::kQueues; ++queue) {
    EXPECT_EQ(rig.device.queues[queue].enable, queue < 4 || queue == 16 ? 1u : 0u) << queue;
  }
  rig.expect_clean();
}

TEST(MultiQueue, OnePairNeedsNoControlQueue) {
  MultiRig rig(1, 4);
  rig.must_open();
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_MQ));
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_CTRL_VQ));
  EXPECT_TRUE(rig.device.commands.empty());
  EXPECT_FALSE(rig.platform.logged("one is used"));
  rig.expect_one_pair();
}

TEST(MultiQueue, OnePairOfADeviceThatHasOne) {
  MultiRig rig(4, 1);
  rig.must_open();
  EXPECT_TRUE(rig.device.commands.empty());
  rig.expect_one_pair();
}

// CLAUSES: FEA-R-002
TEST(MultiQueue, MqNeedsTheControlQueue) {
  MultiRig rig(4, 4);
  rig.device.offered &= ~rig.feature(VIRTIO_NET_F_CTRL_VQ);
  rig.must_open();
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_MQ));
  EXPECT_TRUE(rig.platform.logged("one is used"));
  rig.expect_one_pair();
}

TEST(MultiQueue, NothingIsDoneWithAControlQueueAlone) {
  MultiRig rig(4, 4);
  rig.device.offered &= ~rig.feature(VIRTIO_NET_F_MQ);
  rig.must_open();
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_CTRL_VQ));
  EXPECT_TRUE(rig.platform.logged("one is used"));
  rig.expect_one_pair();
}

// CLAUSES: CFG-R-003
TEST(MultiQueue, NoFieldForTheMaximumNoMq) {
  MultiRig rig(4, 4);
  for (FakeCapability& capability : rig.device.capabilities) {
    if (capability.type == VIRTIO_PCI_CAP_DEVICE_CFG) capability.length = 8;
  }
  rig.device.lay_out();
  rig.must_open();
  EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_MQ));
  rig.expect_one_pair();
}

// CLAUSES: FEA-R-003
TEST(MultiQueue, ImpossibleMaximaAreAsGoodAsNoMq) {
  for (const uint16_t max_pairs : {0, 0x8001, 0xFFFF}) {
    MultiRig rig(4, 4);
    rig.device.config.max_virtqueue_pairs = max_pairs;
    rig.must_open();
    EXPECT_FALSE(rig.device.has(VIRTIO_NET_F_MQ)) << max_pairs;
    EXPECT_TRUE(rig.platform.logged("max_virtqueue_pairs is " + std::to_string(max_pairs)));
    rig.expect_one_pair();
  }
}

TEST(MultiQueue, MaximaThatTheQueuesContradictLeaveOnePair) {
  for (const uint16_t max_pairs : {5, 100, 0x7FFF, 0x8000}) {
    MultiRig rig(4, 4);
    rig.device.config.max_virtqueue_pairs = max_pairs;
    const std::string expected = "fewer than " + std::to_string(2 * max_pairs + 1) + " queues";
    rig.must_open();
    EXPECT_TRUE(rig.platform.logged(expected)) << max_pairs;
    EXPECT_TRUE(rig.platform.logged("one is used")) << max_pairs;
    rig.expect_one_pair();
  }
}

// The control queue is behind all pairs: without it there is one.
// CLAUSES: CLN-R-002
TEST(MultiQueue, AMissingQueueLeavesThePairsBeforeIt) {
  const std::pair<unsigned, unsigned> cases[] = {{0, 0}, {1, 0}, {3, 1}, {4, 2}, {7, 3}, {8, 1}};
  for (const auto& [missing, left] : cases) {
    SCOPED_TRACE(missing);
    MultiRig rig(4, 4);
    rig.device.queues[missing].max_size = rig.device.queues[missing].size = 0;
    const std::string why = "queue " + std::to_string(missing) + " does not exist";
    if (left == 0) {
      EXPECT_NE(rig.open().error.find(why), std::string::npos);
      continue;
    }
    rig.must_open();
    EXPECT_TRUE(rig.platform.logged(why));
    EXPECT_TRUE(rig.platform.logged(left == 1 ? "failed, one is used"
                                              : "failed, " + std::to_string(left) + " are used"));
    rig.expect_pairs(left);
  }
}

// Each attempt finds another pair that is not there.
TEST(MultiQueue, PairsAreGivenUpUntilItWorks) {
  MultiRig rig(4, 4);
  rig.device.queues[6].max_size = rig.device.queues[6].size = 0;
  rig.device.on_write = [&](uint64_t offset, unsigned, uint64_t) {
    return offset == formats::kQueueEnable && rig.device.queues[3].enable != 0;
  };
  rig.must_open();
  EXPECT_TRUE(rig.platform.logged("with 4 queue pairs failed, 3 are used: queue 6"));
  EXPECT_TRUE(rig.platform.logged("with 3 queue pairs failed, 2 are used: "));
  // The control queue cannot be enabled with two either.
  EXPECT_TRUE(rig.platform.logged("with 2 queue pairs failed, one is used: "));
  rig.expect_one_pair();
}

TEST(MultiQueue, APairThatCannotBeEnabledIsLeftOutAlsoAfterARecovery) {
  MultiRig rig(4, 4);
  rig.must_open();
  uint64_t selected = 0;
  rig.device.on_write = [&](uint64_t offset, unsigned, uint64_t value) {
    if (offset == formats::kQueueSelect) selected = value;
    return offset == formats::kQueueEnable && selected == 4;
  };
  rig.device.set_needs_reset();
  rig.run_us(5000);
  EXPECT_TRUE(rig.platform.logged("the device did not enable queue 4"));
  EXPECT_EQ(rig.counter("recoveries"), 1u);
  rig.expect_pairs(2);
}

// CLAUSES: STS-R-004
TEST(MultiQueue, ACommandIsNotWaitedForOnceAResetIsNeeded) {
  MultiRig rig(4, 4);
  rig.options.control_timeout_ns = 50'000'000;
  rig.device.control = ControlManner::kSilent;
  rig.platform.after(20'000, [&] { rig.device.set_needs_reset(); });
  const uint64_t before_ns = rig.platform.now_ns();
  EXPECT_EQ(rig.open().error, "");
  EXPECT_LE(rig.platform.now_ns() - before_ns, 200'000u);
  EXPECT_EQ(rig.counter("control_timeouts"), 0u);
  rig.device.control = ControlManner::kObey;
  rig.run_us(5000);
  EXPECT_TRUE(rig.platform.logged("DEVICE_NEEDS_RESET"));
  EXPECT_EQ(rig.counter("recoveries"), 1u);
  EXPECT_EQ(rig.counter("queue_pairs"), 4u);
  rig.expect_clean();
}

// A device that needs a reset and does not say so: it is asked once the answer is late.
// CLAUSES: STS-R-004
TEST(MultiQueue, ADeviceThatNeedsAResetInSilenceIsNotWaitedFor) {
  for (const uint8_t status : {uint8_t{0x4F}, uint8_t{0xFF}}) {
    MultiRig rig(4, 4);
    rig.options.control_timeout_ns = 50'000'000;
    rig.device.control = ControlManner::kSilent;
    rig.platform.after(20'000, [&] { rig.device.status = status; });
    const uint64_t before_ns = rig.platform.now_ns();
    EXPECT_EQ(rig.open().error, "");
    EXPECT_LE(rig.platform.now_ns() - before_ns, 500'000u);
    EXPECT_EQ(rig.counter("control_timeouts"), 0u);
    rig.device.control = ControlManner::kObey;
    rig.run_us(5000);
    EXPECT_EQ(rig.counter("faults"), 1u);
    EXPECT_EQ(rig.counter("recoveries"), 1u);
    EXPECT_EQ(rig.counter("queue_pairs"), 4u);
    rig.expect_clean();
  }
}

// The rings are not looked at while they are on their way up; afterwards they are.
TEST(MultiQueue, TheWatchdogWaitsForACommandThatIsUnderWay) {
  MultiRig rig(4, 4);
  rig.options.watchdog_ns = 1'000'000;
  rig.options.control_timeout_ns = 20'000'000;
  rig.device.control = ControlManner::kSilent;
  rig.pci.lose_interrupts = true;
  rig.platform.after(100'000, [&] { EXPECT_TRUE(rig.device.receive(Rig::frame(60, 1))); });
  const uint64_t before_ns = rig.platform.now_ns();
  rig.must_open();
  EXPECT_GE(rig.platform.now_ns() - before_ns, 20'000'000u);
  EXPECT_EQ(rig.counter("rx_queue_0_missed_interrupts"), 0u);
  EXPECT_TRUE(rig.device.receive(Rig::frame(60, 2)));
  rig.run_us(2'500);
  EXPECT_EQ(rig.client.received, 2u);
  EXPECT_EQ(rig.counter("rx_queue_0_missed_interrupts"), 1u);
  rig.expect_clean();
}

class Answers : public ::testing::TestWithParam<std::pair<ControlManner, const char*>> {};

// The first pair works whatever the device says to the request for more.
// CLAUSES: VQS-R-017
// CLAUSES: NMQ-R-003, NMQ-R-004
TEST_P(Answers, WithoutAConsentOnePairIsUsed) {
  const auto [manner, counter] = GetParam();
  MultiRig rig(4, 4);
  rig.options.control_timeout_ns = 3'000'000;
  rig.device.control = manner;
  const uint64_t before_ns = rig.platform.now_ns();
  rig.must_open();
  EXPECT_LE(rig.platform.now_ns() - before_ns, 5'000'000u);
  EXPECT_TRUE(rig.platform.logged("queue pairs was"));
  EXPECT_EQ(rig.counter(counter), 1u);
  EXPECT_EQ(rig.counter("faults"), 0u);
  rig.expect_one_pair();
}
INSTANTIATE_TEST_SUITE_P(Of, Answers,
                         ::testing::Values(std::pair{ControlManner::kRefuse, "control_refused"},
                                           std::pair{ControlManner::kSilent, "control_timeouts"},
                                           std::pair{ControlManner::kNonsense, "control_bad_acks"},
                                           std::pair{ControlManner::kNoAck, "control_bad_acks"}));

// It may execute the command later than anybody waits: then frames come on all receive queues.
TEST(MultiQueue, ALateConsentDoesNoHarm) {
  MultiRig rig(4, 4);
  rig.options.control_timeout_ns = 1'000'000;
  rig.device.control = ControlManner::kSilent;
  rig.must_open();
  rig.device.control = ControlManner::kObey;
  rig.device.take_command();
  EXPECT_EQ(rig.device.active_pairs, 4u);
  rig.device.steer = [](const Bytes&) { return 3; };
  EXPECT_TRUE(rig.device.receive(Rig::frame(200, 1)));
  rig.run_us(10);
  EXPECT_EQ(rig.client.frames, (std::vector<Bytes>{Rig::frame(200, 1)}));
  rig.device.steer = nullptr;
  rig.expect_one_pair();
}

// While the command is under way a flow may change from the first queue to another.
TEST(MultiQueue, FramesOfTheFirstQueueComeBeforeThoseOfTheOthers) {
  MultiRig rig(4, 4);
  rig.options.control_timeout_ns = 1'000'000;
  rig.options.napi_budget = 1;
  rig.device.control = ControlManner::kSilent;
  std::vector<Bytes> frames;
  for (uint8_t number = 0; number < 6; ++number) frames.push_back(Rig::frame(200, number));
  rig.platform.after(100'000, [&] {
    rig.device.steer = [](const Bytes&) { return 3; };
    EXPECT_TRUE(rig.device.receive(frames[5]));
    rig.device.steer = nullptr;
    for (unsigned number = 0; number < 5; ++number) EXPECT_TRUE(rig.device.receive(frames[number]));
  });
  rig.must_open();
  rig.run_us(10);
  EXPECT_EQ(rig.client.frames, frames);
  rig.expect_clean();
}

// The first queue has no buffers left, so that frames wait in the device, which may put those of
// the same flow on another queue as soon as it has executed the command.
TEST(MultiQueue, FramesThatWaitForBuffersComeBeforeThoseOfTheOtherQueues) {
  MultiRig rig(4, 4);
  rig.options.control_timeout_ns = 1'000'000;
  rig.device.control = ControlManner::kSilent;
  std::vector<Bytes> frames;
  for (uint8_t number = 0; number < 40; ++number) frames.push_back(Rig::frame(200, number));
  std::size_t next = 0;
  const auto deliver = [&] {
    while (next + 1 < frames.size() && rig.device.receive(frames[next])) ++next;
    rig.device.write_avail_event(0, rig.device.queues[0].taken);
  };
  // Just before the driver stops waiting for the answer.
  rig.platform.after(1'015'000, [&] {
    rig.device.steer = [](const Bytes&) { return 3; };
    EXPECT_TRUE(rig.device.receive(frames.back()));
    rig.device.steer = nullptr;
    deliver();
    EXPECT_EQ(next, 16u);
  });
  rig.device.on_notify = [&](unsigned queue) {
    if (queue == 0 && next != 0) rig.platform.after(8'000, deliver);
  };
  rig.must_open();
  rig.run_us(100);
  EXPECT_TRUE(rig.client.frames == frames);
  rig.expect_clean();
}

TEST(MultiQueue, AnAnswerToNoCommandIsAFault) {
  MultiRig rig(4, 4);
  rig.device.control = ControlManner::kStrangeId;
  EXPECT_TRUE(rig.open().ok());
  rig.device.control = ControlManner::kObey;
  rig.run_us(5000);
  EXPECT_EQ(rig.counter("faults"), 1u);
  EXPECT_EQ(rig.counter("resets"), 1u);
  EXPECT_EQ(rig.counter("queue_pairs"), 4u) << "after the recovery";
  rig.send_flows(16);
  EXPECT_EQ(rig.device.transmitted.size(), 16u);
  rig.expect_clean();
}

// CLAUSES: NMQ-R-006, NMQ-R-007
TEST(MultiQueue, AFlowKeepsItsQueueAndAllQueuesAreUsed) {
  MultiRig rig(4, 4);
  rig.must_open();
  std::map<unsigned, std::set<unsigned>> queues;
  for (unsigned round = 0; round < 3; ++round) rig.send_flows(32);
  ASSERT_EQ(rig.device.transmitted.size(), 96u);
  std::set<unsigned> used;
  for (size_t i = 0; i < 96; ++i) {
    queues[Rig::flow_of(rig.device.transmitted[i])].insert(rig.device.sent_on[i]);
    used.insert(rig.device.sent_on[i]);
  }
  for (const auto& [flow, on] : queues) EXPECT_EQ(on.size(), 1u) << flow;
  EXPECT_EQ(used, (std::set<unsigned>{1, 3, 5, 7}));
  uint64_t packets = 0;
  for (const char* name :
       {"tx_queue_0_packets", "tx_queue_1_packets", "tx_queue_2_packets", "tx_queue_3_packets"}) {
    packets += rig.counter(name);
  }
  rig.run_us(1000);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_GT(packets, 0u);
  rig.expect_clean();
}

TEST(MultiQueue, MoreDelaysNoDoorbellOfAnotherQueue) {
  MultiRig rig(2, 2);
  rig.options.tx_reclaim_timeout_ns = 0;  // no timer may hide a lost doorbell
  rig.options.tx_stall_timeout_ns = 0;
  rig.must_open();
  const unsigned first = rig.flow_on(1), second = rig.flow_on(3);
  const size_t before = rig.device.transmitted.size();
  for (const unsigned flow : {first, first, second}) {
    EXPECT_EQ(rig.send_bytes(Rig::flow_frame(flow, 100, 1), 1, flow == first), TxResult::kOk);
  }
  rig.run_us(100);
  EXPECT_EQ(rig.device.transmitted.size(), before + 3);
  // The frame that was announced is refused: what waits for it goes.
  EXPECT_EQ(rig.send_bytes(Rig::flow_frame(first, 100, 2), 1, true), TxResult::kOk);
  EXPECT_EQ(rig.send_bytes(Rig::flow_frame(second, 1900, 2), 1, true), TxResult::kDrop);
  rig.run_us(100);
  EXPECT_EQ(rig.device.transmitted.size(), before + 4);
  rig.expect_clean();
}

TEST(MultiQueue, BusyOnOneQueueEndsWithAWakeOfThatQueue) {
  MultiRig rig(2, 2);
  rig.must_open();
  const unsigned first = rig.flow_on(1), second = rig.flow_on(3);
  rig.device.automatic = false;
  while (rig.send_bytes(Rig::flow_frame(second, 100, 1)) == TxResult::kOk) {
  }
  EXPECT_EQ(rig.send_bytes(Rig::flow_frame(first, 100, 1)), TxResult::kOk) << "it has room";
  rig.device.transmit(~0u, 1);
  rig.run_us(1000);
  EXPECT_EQ(rig.client.wakes, 0u) << "the other queue made room";
  rig.device.transmit(~0u, 3);
  rig.run_us(1000);
  EXPECT_EQ(rig.client.wakes, 1u);
  EXPECT_EQ(rig.send_bytes(Rig::flow_frame(second, 100, 1)), TxResult::kOk);
  rig.expect_clean();
}

TEST(MultiQueue, ARecoveryAsksAgain) {
  MultiRig rig(4, 4);
  rig.must_open();
  const unsigned flow = rig.flow_on(7);
  rig.device.set_needs_reset();
  rig.run_us(5000);
  EXPECT_EQ(rig.device.commands.size(), 2u);
  EXPECT_EQ(rig.counter("queue_pairs"), 4u);
  EXPECT_EQ(rig.send_bytes(Rig::flow_frame(flow, 100, 1)), TxResult::kOk);
  rig.run_us(100);
  EXPECT_EQ(rig.device.sent_on.back(), 7u);
  rig.expect_clean();
}

// A queue that said kBusy may not come back from a reset; the wake comes all the same.
TEST(MultiQueue, AWakeIsNotLostWithItsQueue) {
  MultiRig rig(4, 4);
  rig.must_open();
  const unsigned flow = rig.flow_on(5);
  rig.device.automatic = false;
  while (rig.send_bytes(Rig::flow_frame(flow, 100, 1)) == TxResult::kOk) {
  }
  rig.device.automatic = true;
  rig.device.control = ControlManner::kRefuse;
  rig.device.set_needs_reset();
  rig.run_us(5000);
  EXPECT_EQ(rig.client.wakes, 1u);
  EXPECT_EQ(rig.in_flight(), 0u);
  rig.expect_one_pair();
}

TEST(MultiQueue, EveryReceiveQueueHasBuffersOfItsOwn) {
  MultiRig rig(4, 4);
  rig.client.release_at_once = false;
  rig.must_open();
  unsigned pair = 0;
  rig.device.steer = [&pair](const Bytes&) { return pair; };
  for (unsigned i = 0; i < 40; ++i) {
    pair = i % 4;
    EXPECT_TRUE(rig.device.receive(Rig::frame(100 + i, static_cast<uint8_t>(i))));
    rig.run_us(10);
  }
  ASSERT_EQ(rig.client.frames.size(), 40u);
  std::set<driver::RxBufferId> ids;
  for (const driver::RxSegment& segment : rig.client.held) ids.insert(segment.buffer);
  EXPECT_EQ(ids.size(), 40u) << "the client could not tell them apart";
  rig.client.release_all();
  for (unsigned i = 0; i < 400; ++i) {
    pair = i % 4;
    EXPECT_TRUE(rig.device.receive(Rig::frame(100, static_cast<uint8_t>(i))));
    rig.run_us(10);
    rig.client.release_all();
  }
  EXPECT_EQ(rig.client.received, 440u);
  for (const char* name :
       {"rx_queue_0_packets", "rx_queue_1_packets", "rx_queue_2_packets", "rx_queue_3_packets"}) {
    EXPECT_EQ(rig.counter(name), 110u);
  }
  rig.expect_clean();
}

TEST(MultiQueue, BuffersThatNoQueueGaveOutAreNotTaken) {
  MultiRig rig(2, 2);
  rig.must_open();
  for (const driver::RxBufferId id : {0u, 1u << 28, 2u << 28, 0xFFFFFFFFu, (1u << 28) - 1}) {
    rig.driver->release(id);
  }
  EXPECT_EQ(rig.counter("rx_queue_0_bad_releases") + rig.counter("rx_queue_1_bad_releases"), 5u);
  EXPECT_TRUE(rig.device.receive(Rig::frame(100, 1)));
  rig.run_us(10);
  EXPECT_EQ(rig.client.received, 1u);
}

struct Layout {
  unsigned vectors;                ///< that the function has; 0: INTx
  std::vector<uint16_t> of_queue;  ///< the vector of each data queue of two pairs
};

class PairVectors : public ::testing::TestWithParam<Layout> {};

// CLAUSES: PMX-R-001, PMX-R-004, PMX-R-005
TEST_P(PairVectors, EveryQueueIsServed) {
  MultiRig rig(2, 2);
  rig.options.tx_reclaim_timeout_ns = 0;
  rig.options.tx_stall_timeout_ns = 0;
  rig.pci.msix_vectors = GetParam().vectors;
  rig.device.msix_table = static_cast<uint16_t>(GetParam().vectors);
  rig.must_open();
  for (unsigned queue = 0; queue < 4; ++queue) {
    EXPECT_EQ(rig.device.queues[queue].vector, GetParam().of_queue[queue]) << queue;
  }
  EXPECT_EQ(rig.device.queues[4].vector, 0xFFFF) << "the control queue needs none";
  unsigned pair = 0;
  rig.device.steer = [&pair](const Bytes&) { return pair; };
  for (pair = 0; pair < 2; ++pair) EXPECT_TRUE(rig.device.receive(Rig::frame(100, 1)));
  rig.send_flows(64);
  rig.run_us(100);
  EXPECT_EQ(rig.client.received, 2u);
  EXPECT_EQ(rig.device.transmitted.size(), 64u);
  EXPECT_EQ(rig.in_flight(), 0u);
  rig.device.set_link(false);
  rig.run_us(2000);
  EXPECT_FALSE(rig.driver->link().up);
  rig.expect_clean();
}
constexpr uint16_t kNone = 0xFFFF;
INSTANTIATE_TEST_SUITE_P(Of, PairVectors,
                         ::testing::Values(Layout{0, {kNone, kNone, kNone, kNone}},
                                           Layout{1, {0, 0, 0, 0}}, Layout{2, {1, 1, 1, 1}},
                                           Layout{3, {1, 1, 2, 2}}, Layout{4, {1, 1, 2, 2}},
                                           Layout{5, {1, 2, 3, 4}}, Layout{9, {1, 2, 3, 4}}));

TEST(Cores, PairsGoRoundTheCores) {
  MultiRig rig(4, 4);
  rig.platform.cores = 3;
  rig.must_open();
  std::map<unsigned, unsigned> expected;
  for (unsigned pair = 0; pair < 4; ++pair) {
    expected[1 + 2 * pair] = expected[2 + 2 * pair] = pair % 3;
  }
  EXPECT_EQ(rig.pci.affinity, expected);
  EXPECT_EQ(rig.pci.live_moves, 0u);
}

TEST(Cores, APairsOneVectorGoesToItsCore) {
  MultiRig rig(4, 4);
  rig.platform.cores = 4;
  rig.options.msix_vectors = 5;
  rig.must_open();
  EXPECT_EQ(rig.pci.affinity, (std::map<unsigned, unsigned>{{1, 0}, {2, 1}, {3, 2}, {4, 3}}));
}

TEST(MultiQueue, EverythingIsGivenBack) {
  MultiRig rig(8, 8);
  rig.must_open();
  EXPECT_EQ(rig.counter("queue_pairs"), 8u);
  rig.client.stopping = true;
  rig.driver.reset();
  EXPECT_EQ(rig.pci.live_coherent, 0u);
  EXPECT_EQ(rig.pci.live_buffers, 0u);
  EXPECT_EQ(rig.pci.live_maps, 0u);
}

// A device that writes what it likes into every ring: nothing outside the driver's buffers is
// touched, and nothing hangs.
TEST(MultiQueue, RandomRingsAreSurvived) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    MultiRig rig(4, 4);
    Random random(seed);
    rig.options.reset_attempts = 3;
    rig.options.control_timeout_ns = 100'000;
    rig.device.control = static_cast<ControlManner>(random.below(6));
    if (!rig.open().ok()) continue;
    for (unsigned i = 0; i < 200; ++i) {
      static_cast<void>(rig.send_bytes(
          Rig::flow_frame(static_cast<unsigned>(random.below(16)), 100, 1), 1, random.one_in(2)));
      const auto queue = static_cast<unsigned>(random.below(9));
      if (rig.device.queues[queue].enable != 0 && random.one_in(8)) {
        rig.device.write_used_entry(queue, static_cast<uint16_t>(random.next()),
                                    static_cast<uint32_t>(random.below(32)),
                                    static_cast<uint32_t>(random.next()));
        rig.device.write_used_idx(
            queue, static_cast<uint16_t>(rig.device.queues[queue].used_idx + random.below(20)));
        rig.device.interrupt(queue);
      }
      rig.run_us(10);
    }
    EXPECT_EQ(rig.client.violations, 0u) << "seed " << seed;
    EXPECT_FALSE(rig.platform.livelocked()) << "seed " << seed;
    rig.client.stopping = true;
    rig.driver->stop();
    EXPECT_EQ(rig.in_flight(), 0u) << "seed " << seed;
  }
}

TEST(Options, QueuePairsOutOfRange) {
  for (const unsigned pairs : {0u, 9u, 1000u}) {
    MultiRig rig(pairs, 4);
    EXPECT_EQ(rig.open().error, "queue_pairs must lie between 1 and 8");
    EXPECT_TRUE(rig.device.log.empty());
  }
  MultiRig rig(1, 4);
  rig.options.msix_vectors = 18;
  EXPECT_EQ(rig.open().error, "msix_vectors must lie between 1 and 17");
}

}  // namespace
}  // namespace ringside::test
