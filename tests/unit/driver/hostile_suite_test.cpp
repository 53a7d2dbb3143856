// SPDX-License-Identifier: Apache-2.0
// Every misdeed of hostile_cases.h: reported as the table says, nothing foreign touched, frames
// again afterwards, and an end within bounded time. Then the same at every register access.
#include <memory>

#include "tests/unit/driver/hostile_cases.h"

namespace ringside::test {
namespace {

/// The longest that stop() and open() may take, ns: resets, the command's answer, a full ring.
constexpr uint64_t kBoundNs = 30'000'000;

struct Variant {
  unsigned pairs;
  bool event_idx;
};

std::unique_ptr<Rig> make_rig(const Variant& variant) {
  auto rig = std::make_unique<Rig>();
  rig->options.queue_pairs = variant.pairs;
  if (variant.pairs > 1) rig->device.offer_pairs(kHostilePairs);
  if (!variant.event_idx) rig->device.offered &= ~rig->feature(VIRTIO_F_EVENT_IDX);
  rig->options.reset_timeout_ns = 1'000'000;
  rig->options.control_timeout_ns = 2'000'000;
  rig->options.tx_stall_timeout_ns = 8'000'000;
  return rig;
}

/// Frames move in both directions, whole and in order.
void expect_frames_move(Rig& rig, unsigned frames = 300) {
  rig.device.transmitted.clear();
  rig.client.frames.clear();
  rig.device.errors = 0;
  for (unsigned i = 0; i < frames; ++i) {
    const auto tag = static_cast<uint8_t>(i);
    ASSERT_EQ(rig.send_bytes(Rig::flow_frame(i % 7, 700, tag), 3), TxResult::kOk) << i;
    ASSERT_TRUE(rig.device.receive(Rig::flow_frame(i % 5, 300, tag))) << i;
    rig.run_us(2);
  }
  rig.run_us(2'500);
  ASSERT_EQ(rig.device.transmitted.size(), frames);
  ASSERT_EQ(rig.client.frames.size(), frames);
  for (unsigned i = 0; i < frames; ++i) {
    const auto tag = static_cast<uint8_t>(i);
    ASSERT_TRUE(rig.device.transmitted[i] == Rig::flow_frame(i % 7, 700, tag)) << i;
    ASSERT_TRUE(rig.client.frames[i] == Rig::flow_frame(i % 5, 300, tag)) << i;
  }
  EXPECT_EQ(rig.in_flight(), 0u);
  rig.expect_clean();
}

/// stop() ends, gives everything back, and nothing of the driver is left.
void expect_end(Rig& rig) {
  const uint64_t before_ns = rig.platform.now_ns();
  rig.client.stopping = true;
  rig.driver->stop();
  EXPECT_LE(rig.platform.now_ns() - before_ns, kBoundNs);
  EXPECT_EQ(rig.in_flight(), 0u);
  EXPECT_FALSE(rig.pci.bus_master);
  rig.client.release_all();
  rig.driver.reset();
  EXPECT_EQ(rig.pci.live_maps, 0u);
  EXPECT_EQ(rig.pci.live_coherent, 0u);
  EXPECT_EQ(rig.pci.foreign_touches, 0u) << rig.pci.first_touch;
  EXPECT_EQ(rig.client.violations, 0u);
  EXPECT_FALSE(rig.platform.livelocked());
}

void expect_report(Rig& rig, const HostileCase& one) {
  if (*one.report != 0) {
    EXPECT_TRUE(rig.platform.logged(one.report)) << "no log line with: " << one.report;
  }
  if (*one.counter != 0) {
    EXPECT_GE(rig.counter(one.counter), 1u) << one.counter;
  }
}

/// What the table says of a device that is up.
void expect_answer(Rig& rig, const HostileCase& one) {
  expect_report(rig, one);
  const bool reset = one.answer == HostileAnswer::kReset;
  EXPECT_EQ(rig.counter("faults") != 0, reset);
  EXPECT_EQ(rig.counter("resets") != 0, reset);
  if (one.answer == HostileAnswer::kDropped) {
    EXPECT_EQ(rig.counter("rx_queue_0_drops"), 1u);
  }
  if (one.answer == HostileAnswer::kOnePair) {
    EXPECT_EQ(rig.counter("queue_pairs"), 1u);
  }
}

void leave_frames(Rig& rig) {
  for (unsigned i = 0; i < 5; ++i) ASSERT_EQ(rig.send(600, 1 + i), TxResult::kOk);
}

void run_while_running(const HostileCase& one, const Variant& variant) {
  const auto rig = make_rig(variant);
  if (one.prepare != nullptr) one.prepare(*rig);
  const HonestDevice honest(*rig);
  rig->device.automatic = false;
  rig->must_open();
  leave_frames(*rig);
  one.act(*rig);
  rig->run_us(one.answer == HostileAnswer::kReset ? 15'000 : 3'000);
  expect_answer(*rig, one);
  if (one.answer == HostileAnswer::kReset) {
    EXPECT_EQ(rig->in_flight(), 0u) << "given back although the device never used them";
  }
  honest.restore(*rig);
  for (unsigned queue = 1; queue < 2 * variant.pairs; queue += 2) rig->device.transmit(~0u, queue);
  rig->device.set_link(true);
  rig->run_us(300'000);
  if (one.answer == HostileAnswer::kReset) {
    EXPECT_GE(rig->counter("recoveries"), 1u);
  }
  EXPECT_TRUE(rig->driver->link().up);
  expect_frames_move(*rig);
  expect_end(*rig);
}

/// The misdeed is there from the beginning.
void run_at_open(const HostileCase& one, const Variant& variant) {
  const auto rig = make_rig(variant);
  const HonestDevice honest(*rig);
  if (one.prepare != nullptr) one.prepare(*rig);
  one.act(*rig);
  const uint64_t before_ns = rig->platform.now_ns();
  const driver::Status status = rig->open();
  EXPECT_LE(rig->platform.now_ns() - before_ns, kBoundNs);
  if (one.answer == HostileAnswer::kRefused) {
    EXPECT_NE(status.error.find(one.report), std::string::npos) << status.error;
    EXPECT_FALSE(rig->pci.bus_master);
    EXPECT_EQ(rig->send(), TxResult::kDrop);
    honest.restore(*rig);
    rig->must_open();
    rig->run_us(10);
  } else {
    ASSERT_EQ(status.error, "");
    rig->run_us(10);
    if (one.answer == HostileAnswer::kReset) {
      rig->device.automatic = false;
      rig->send();
      rig->run_us(15'000);
    }
    expect_answer(*rig, one);
    if (one.answer == HostileAnswer::kReset) {
      honest.restore(*rig);
      rig->device.set_needs_reset();  // what it was brought up with is no longer there
      rig->run_us(300'000);
    }
  }
  expect_frames_move(*rig);
  expect_end(*rig);
}

/// The misdeed begins while the device is up, and shows in the next recovery.
void run_in_recovery(const HostileCase& one, const Variant& variant) {
  const auto rig = make_rig(variant);
  if (one.prepare != nullptr) one.prepare(*rig);
  const HonestDevice honest(*rig);
  rig->must_open();
  rig->device.automatic = false;
  leave_frames(*rig);
  one.act(*rig);
  rig->device.set_needs_reset();
  rig->device.interrupt(0);
  rig->run_us(12'000);
  EXPECT_GE(rig->counter("resets"), 1u);
  EXPECT_EQ(rig->in_flight(), 0u);
  if (one.answer == HostileAnswer::kRefused) {
    EXPECT_GE(rig->counter("failed_recoveries"), 1u);
    EXPECT_LE(rig->counter("failed_recoveries"), 4u) << "the pause grows";
    EXPECT_EQ(rig->counter("recoveries"), 0u);
    EXPECT_EQ(rig->send(), TxResult::kBusy);
    EXPECT_TRUE(rig->platform.logged("recovery failed"));
  } else if (one.answer != HostileAnswer::kReset) {
    EXPECT_GE(rig->counter("recoveries"), 1u);
    if (one.answer == HostileAnswer::kOnePair) {
      EXPECT_EQ(rig->counter("queue_pairs"), 1u);
    }
  }
  if (one.answer == HostileAnswer::kReset) rig->send();
  rig->run_us(15'000);
  expect_report(*rig, one);
  const uint64_t wakes = rig->client.wakes;
  honest.restore(*rig);
  if (one.answer == HostileAnswer::kReset) rig->device.set_needs_reset();
  rig->run_us(300'000);
  if (one.answer == HostileAnswer::kRefused) {
    EXPECT_EQ(rig->client.wakes, wakes + 1);
  }
  EXPECT_GE(rig->counter("recoveries"), 1u);
  expect_frames_move(*rig);
  expect_end(*rig);
}

class HostileSuite : public ::testing::TestWithParam<HostileCase> {};

// CLAUSES: VQS-R-016, VQS-R-017, RST-R-001, STS-R-004, CLN-R-002, INI-R-005, NCF-D-001, PMX-R-005
TEST_P(HostileSuite, IsReportedSurvivedAndRepaired) {
  const HostileCase& one = GetParam();
  for (const unsigned pairs : {1u, kHostilePairs}) {
    if (one.only_several_pairs && pairs == 1) continue;
    for (const bool event_idx : {true, false}) {
      const Variant variant{pairs, event_idx};
      SCOPED_TRACE(::testing::Message() << pairs << " pairs, event_idx " << event_idx);
      if (one.moment == HostileMoment::kRunning) {
        run_while_running(one, variant);
      } else {
        if (one.moment == HostileMoment::kAtBringUp) {
          SCOPED_TRACE("open");
          run_at_open(one, variant);
        }
        SCOPED_TRACE("recovery");
        run_in_recovery(one, variant);
      }
      if (HasFatalFailure()) return;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Each, HostileSuite, ::testing::ValuesIn(hostile_cases()),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           for (char& letter : name) letter = letter == '-' ? '_' : letter;
                           return name;
                         });

// -- at every register access

/// What begins at the n-th access.
enum class Turn : uint8_t { kGone, kNeedsReset, kNoise };

/// Counts accesses, and turns the device at one of them.
class TurnAt {
 public:
  TurnAt(Rig& rig, Turn turn, unsigned access) : rig_(rig), turn_(turn), left_(access) {
    rig.device.on_read = [this](uint64_t offset, unsigned, uint64_t* value) {
      count();
      if (!turned_) return;
      if (turn_ == Turn::kGone) *value = ~uint64_t{0};
      if (turn_ == Turn::kNoise) *value = random_.next();
      if (turn_ == Turn::kNeedsReset && offset == formats::kDeviceStatus && *value != 0) {
        *value |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
      }
    };
    rig.device.on_write = [this](uint64_t, unsigned, uint64_t) {
      count();
      return turned_ && turn_ == Turn::kGone;
    };
    rig.device.on_config_read = [this](uint32_t, unsigned, uint32_t* value) {
      count();
      if (turned_ && turn_ == Turn::kGone) *value = ~uint32_t{0};
      if (turned_ && turn_ == Turn::kNoise) *value = static_cast<uint32_t>(random_.next());
    };
  }
  bool turned() const { return turned_; }

 private:
  void count() {
    if (turned_ || left_-- != 0) return;
    turned_ = true;
    rig_.platform.after(0, [this] { rig_.device.configuration_changed(); });
  }
  Rig& rig_;
  Turn turn_;
  unsigned left_;
  bool turned_ = false;
  Random random_{99};
};

class EveryAccess : public ::testing::TestWithParam<Turn> {};

/// From open() to stop() with a recovery between; the device turns at access `at`. False: it was
/// never reached.
bool turn_at(Turn turn, unsigned at, unsigned pairs) {
  const auto rig = make_rig({pairs, true});
  rig->options.reset_attempts = 3;
  rig->options.watchdog_ns = 2'000'000;
  const HonestDevice honest(*rig);
  TurnAt turns(*rig, turn, at);
  const uint64_t before_ns = rig->platform.now_ns();
  const bool open = rig->open().ok();
  EXPECT_LE(rig->platform.now_ns() - before_ns, kBoundNs);
  if (open) {
    rig->run_us(20);
    for (unsigned i = 0; i < 5; ++i) rig->send(600, 1 + i);
    rig->run_us(20);
    if (!turns.turned()) rig->device.set_needs_reset();
    rig->run_us(50'000);
    if (turns.turned() && turn != Turn::kNoise) {
      EXPECT_GE(rig->counter("faults"), 1u);
    }
  }
  // It ends while the device still misbehaves, too.
  const bool reached = turns.turned();
  const uint64_t stop_ns = rig->platform.now_ns();
  rig->client.stopping = true;
  rig->driver->stop();
  EXPECT_LE(rig->platform.now_ns() - stop_ns, kBoundNs);
  rig->client.stopping = false;
  EXPECT_EQ(rig->in_flight(), 0u);
  honest.restore(*rig);
  rig->must_open();
  expect_frames_move(*rig, 20);
  expect_end(*rig);
  return reached;
}

TEST_P(EveryAccess, FromOpenToStop) {
  for (const unsigned pairs : {1u, kHostilePairs}) {
    unsigned at = 0;
    // With more pairs there are several hundred, which are alike.
    for (; turn_at(GetParam(), at, pairs); at += pairs == 1 ? 1 : 3) {
      ASSERT_FALSE(HasFailure()) << "access " << at << ", " << pairs << " pairs";
    }
    EXPECT_GT(at, 100u);
  }
}
INSTANTIATE_TEST_SUITE_P(Of, EveryAccess,
                         ::testing::Values(Turn::kGone, Turn::kNeedsReset, Turn::kNoise));

// -- the checks themselves

TEST(GuardedMemory, APlainAccessToMappedMemoryEndsTheProcess) {
  Rig rig;
  std::byte* buffer = rig.pci.alloc_buffer(2048);
  *buffer = std::byte{1};
  const auto bus = rig.pci.map(buffer, 2048, driver::DmaDirection::kFromDevice);
  EXPECT_DEATH(*static_cast<volatile std::byte*>(buffer) = std::byte{2}, "");
  rig.pci.unmap(bus, 2048, driver::DmaDirection::kFromDevice);
  *buffer = std::byte{3};
  EXPECT_EQ(*buffer, std::byte{3});
  rig.pci.free_buffer(buffer, 2048);
  EXPECT_DEATH(*static_cast<volatile std::byte*>(buffer) = std::byte{4}, "");
  const driver::DmaMemory ring = rig.pci.alloc_coherent(4096, 64);
  EXPECT_DEATH(*static_cast<volatile std::byte*>(ring.data) = std::byte{5}, "");
  rig.pci.free_coherent(ring);
}

TEST(GuardedMemory, AccessorsOutsideTheRingsAreCounted) {
  Rig rig;
  const driver::DmaMemory ring = rig.pci.alloc_coherent(100, 64);
  std::byte* buffer = rig.pci.alloc_buffer(2048);
  rig.pci.store16(ring.data + 98, 7);
  EXPECT_EQ(rig.pci.load16(ring.data + 98), 7);
  EXPECT_EQ(rig.pci.foreign_touches, 0u);
  rig.pci.store16(ring.data + 99, 7);
  rig.pci.load16(buffer);  // not mapped
  rig.pci.map(buffer, 2048, driver::DmaDirection::kToDevice);
  rig.pci.load16(buffer);  // not written by the device
  rig.pci.unmap(FakePci::kBase, 2048, driver::DmaDirection::kToDevice);
  rig.pci.free_coherent(ring);
  rig.pci.load16(ring.data);
  EXPECT_EQ(rig.pci.foreign_touches, 5u) << rig.pci.first_touch;
}

}  // namespace
}  // namespace ringside::test
