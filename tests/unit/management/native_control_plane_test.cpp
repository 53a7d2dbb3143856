// SPDX-License-Identifier: Apache-2.0
// Firmware on the host: each event is handled a latency after its interrupt, and while one waits.
#include <systemc>
#include <utility>
#include <vector>

#include "firmware/native.h"
#include "formats/virtio_defs.h"
#include "hw_model/management/control_plane.h"
#include "hw_model/management/management_block.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

constexpr hw::TimePs kLatencyPs = 1'000'000;
constexpr hw::TimePs kAccessPs = 4'000;

hw::TimePs now_ps() { return sc_core::sc_time_stamp().value(); }

/// A card's side: posts events at set times and notes when commands came.
class Card : public sc_core::sc_module, public hw::CommandSink, public hw::ManagementBus {
 public:
  struct Command {
    uint32_t kind;
    uint32_t sequence;
    hw::TimePs time_ps;
  };

  SC_HAS_PROCESS(Card);
  /// `access_ps`: what each access takes; 0: accesses are immediate. `level`: interrupts come when
  /// the line rises; else for each event.
  Card(hw::TimePs access_ps, bool level, std::vector<hw::TimePs> posts)
      : sc_module(sc_core::sc_module_name("card")),
        access_ps_(access_ps),
        level_(level),
        posts_(std::move(posts)),
        control_(hw::make_native_control_plane("firmware", *rs_firmware_native(), kLatencyPs)) {
    control_->attach(*this);
    SC_THREAD(post_events);
  }
  uint32_t read(uint32_t offset) override {
    pass();
    return block_.read(offset);
  }
  void write(uint32_t offset, uint32_t value) override {
    pass();
    block_.write(offset, value);
    line_ = !block_.events().empty();
  }
  bool takes_time() const override { return access_ps_ != 0; }
  void command(const rs_command& command) override {
    commands.push_back({command.kind, command.sequence, now_ps()});
    if (command.kind == RS_COMMAND_CONTROL_REPLY && posts_from_replies > 0) {
      --posts_from_replies;
      post();
    }
  }
  void run() { sc_core::sc_start(1, sc_core::SC_MS); }
  /// When event `sequence` got its reply.
  hw::TimePs answered_ps(uint32_t sequence) const {
    for (const Command& command : commands) {
      if (command.kind == RS_COMMAND_CONTROL_REPLY && command.sequence == sequence) {
        return command.time_ps;
      }
    }
    ADD_FAILURE() << "event " << sequence << " has no reply";
    return 0;
  }
  bool idle() const { return block_.events().empty(); }

  std::vector<Command> commands;
  unsigned posts_from_replies = 0;
  unsigned accesses = 0;
  unsigned interrupts = 0;

 private:
  void pass() {
    ++accesses;
    if (access_ps_ != 0) sc_core::wait(sc_core::sc_time::from_value(access_ps_));
  }
  void post() {
    rs_event event{};
    event.kind = RS_EVENT_CONTROL;
    event.sequence = ++sequence_;
    block_.post(event);
    if (!std::exchange(line_, true) || !level_) {
      ++interrupts;
      control_->interrupt();
    }
  }
  void post_events() {
    for (const hw::TimePs time_ps : posts_) {
      sc_core::wait(sc_core::sc_time::from_value(time_ps) - sc_core::sc_time_stamp());
      post();
    }
  }

  const hw::TimePs access_ps_;
  const bool level_;
  const std::vector<hw::TimePs> posts_;
  hw::ManagementBlock block_{*this};
  std::unique_ptr<hw::ControlPlane> control_;
  uint32_t sequence_ = 0;
  bool line_ = false;
};

TEST(NativeControlPlane, EachEventIsHandledALatencyAfterItWasPosted) {
  Card card(0, false, {100, 100, 500'000, 2'000'000});
  card.run();
  EXPECT_EQ(card.answered_ps(1), 100 + kLatencyPs);
  EXPECT_EQ(card.answered_ps(2), 100 + kLatencyPs);
  EXPECT_EQ(card.answered_ps(3), 500'000 + kLatencyPs);
  EXPECT_EQ(card.answered_ps(4), 2'000'000 + kLatencyPs);
  EXPECT_EQ(card.commands.size(), 4u);
  EXPECT_TRUE(card.idle());
}

TEST(NativeControlPlane, EventsThatACommandPostsHaveALatencyToo) {
  Card card(0, false, {100});
  card.posts_from_replies = 3;
  card.run();
  for (uint32_t sequence = 1; sequence <= 4; ++sequence) {
    EXPECT_EQ(card.answered_ps(sequence), 100 + sequence * kLatencyPs);
  }
  EXPECT_EQ(card.commands.size(), 4u);
}

// The line rose once: what came behind is handled when the first is done, one by one.
TEST(NativeControlPlane, OneInterruptForSeveralEvents) {
  Card card(0, true, {100, 200, 300});
  card.run();
  EXPECT_EQ(card.interrupts, 1u);
  for (uint32_t sequence = 1; sequence <= 3; ++sequence) {
    EXPECT_EQ(card.answered_ps(sequence), 100 + kLatencyPs);
  }
}

// Every access waits; none is lost, also of interrupts that come while firmware waits for the bus.
TEST(NativeControlPlane, BusThatTakesTime) {
  Card card(kAccessPs, true, {100, 100, 1'010'000, 1'060'000, 1'900'000, 1'900'100, 5'000'000});
  card.run();
  EXPECT_TRUE(card.idle());
  EXPECT_EQ(card.commands.size(), 7u);
  EXPECT_GT(card.accesses, 7u * 5);
  hw::TimePs last = 0;
  for (uint32_t sequence = 1; sequence <= 7; ++sequence) {
    EXPECT_EQ(card.commands[sequence - 1].sequence, sequence);
    EXPECT_GE(card.answered_ps(sequence), last + 5 * kAccessPs);
    last = card.answered_ps(sequence);
  }
  // Alone: kind, sequence, value, queue, three writes of the reply.
  EXPECT_EQ(card.answered_ps(7), 5'000'000 + kLatencyPs + 7 * kAccessPs);
  EXPECT_EQ(card.answered_ps(1), 100 + kLatencyPs + 7 * kAccessPs);
}

TEST(NativeControlPlane, BusThatTakesTimeAndAnInterruptForEachEvent) {
  std::vector<hw::TimePs> posts;
  for (unsigned i = 0; i < 50; ++i) posts.push_back(100 + i * 21'000);
  Card card(kAccessPs, false, posts);
  card.run();
  EXPECT_TRUE(card.idle());
  ASSERT_EQ(card.commands.size(), 50u);
  for (uint32_t sequence = 1; sequence <= 50; ++sequence) {
    EXPECT_EQ(card.commands[sequence - 1].sequence, sequence);
    EXPECT_GE(card.answered_ps(sequence), posts[sequence - 1] + kLatencyPs);
  }
}

// Firmware that takes no event is asked once for each interrupt, not for ever.
TEST(NativeControlPlane, FirmwareThatDoesNothing) {
  static unsigned steps = 0;
  const rs_firmware_ops ops{0, [](void*, const rs_bus*) {
                              ++steps;
                              return 0;
                            }};
  struct Sink : hw::CommandSink {
    void command(const rs_command&) override { ADD_FAILURE() << "a command"; }
  } sink;
  hw::ManagementBlock block(sink);
  const auto control = hw::make_native_control_plane("firmware", ops, kLatencyPs);
  control->attach(block);
  for (unsigned i = 0; i < 3; ++i) {
    block.post({});
    control->interrupt();
  }
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_EQ(steps, 3u);
}

}  // namespace
}  // namespace ringside::test
