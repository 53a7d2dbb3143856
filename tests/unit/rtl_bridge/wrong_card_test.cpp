// SPDX-License-Identifier: Apache-2.0
// What the bridge itself notices: cards that say they are quiescent and are not, assertions of the
// RTL that fail.
#include "hw_model/core/pci_config.h"
#include "tests/unit/rtl_bridge/echo_host.h"

namespace ringside::test {
namespace {

/// The card says that it has nothing to do, and hides what it would offer. It sends a frame back
/// when the whole has come.
class LyingCard final : public EchoHost::Hardware {
 public:
  LyingCard() : shown_(EchoHost::Hardware::pins()) {
    shown_.quiescent = &one_;
    shown_.host_completion_valid = &zero_;
    shown_.tx_valid = &zero_;
    shown_.tx_ready = &ready_;
    shown_.trace_valid = &no_trace_;
  }
  const hw::CardPins& pins() const override { return shown_; }
  void eval() override {
    if (*shown_.rx_valid != 0) came_ = true;
    model_.tx_ready = came_ && *shown_.rx_valid == 0 ? 1 : 0;
    EchoHost::Hardware::eval();
  }

 private:
  hw::CardPins shown_;
  uint8_t one_ = 1, zero_ = 0, ready_ = 0;
  bool came_ = false;
  uint16_t no_trace_ = 0;
};

struct Complaints {
  std::vector<std::string> lines;
  hw::Complain take = [this](uint64_t, const std::string& what) { lines.push_back(what); };
};

TEST(RtlWrongCard, ChangesWhileQuiescentAreFound) {
  Complaints complaints;
  EchoHost host("host", {}, {hw::ClockMode::kProven, complaints.take}, {},
                std::make_unique<LyingCard>());
  ASSERT_TRUE(run_thread([&] {
    wait_us(1);
    EXPECT_TRUE(complaints.lines.empty());
    host.send(pattern(1514, 1));
    wait_us(5);
  }));
  ASSERT_EQ(complaints.lines.size(), 1u);
  EXPECT_EQ(complaints.lines[0].find("the card said it was quiescent and changed at edge 1 behind"),
            0u);
}

TEST(RtlWrongCard, QuiescentWithoutAnAnswerIsFound) {
  Complaints complaints;
  hw::NicConfig config;
  config.root_complex.completion_timeout_ps = 10'000'000;
  EchoHost host("host", config, {hw::ClockMode::kStopped, complaints.take}, {},
                std::make_unique<LyingCard>());
  ASSERT_TRUE(run_thread([&] { EXPECT_EQ(host.get(kScratch), ~uint64_t{0}); }));
  ASSERT_FALSE(complaints.lines.empty());
  EXPECT_EQ(complaints.lines[0],
            "the card is quiescent for ever with a request of the host unanswered");
}

TEST(RtlWrongCard, AFailedAssertionIsTold) {
  Complaints complaints;
  EchoHost host("host", {}, {hw::ClockMode::kStopped, complaints.take});
  EchoHost other("other", {}, {hw::ClockMode::kStopped, {}});
  ASSERT_TRUE(run_thread([&] {
    host.set(kScratch, 0xBAC);
    wait_us(2);
    EXPECT_TRUE(complaints.lines.empty());
    host.set(kScratch, 0xBAD);
    other.set(kScratch, 0xBAC);
    EXPECT_EQ(host.get(kScratch), 0xBADu);
    EXPECT_EQ(other.get(kScratch), 0xBACu);
  }));
  ASSERT_FALSE(complaints.lines.empty());
  EXPECT_NE(complaints.lines[0].find("assertion"), std::string::npos);
}

/// What nobody else takes is a fault of the card, of which the owner is told.
TEST(RtlWrongCard, ACheckIsAFaultOfTheCard) {
  EchoHost host("host", {}, {});
  unsigned told = 0;
  host.nic->on_fault([&] { ++told; });
  ASSERT_TRUE(run_thread([&] {
    host.get(kScratch);
    EXPECT_EQ(host.nic->fault(), "");
    host.set(kScratch, 0xBAD);
    host.get(kScratch);
    host.get(kScratch);
  }));
  EXPECT_EQ(told, 1u);
  const std::string fault = host.nic->fault();
  EXPECT_EQ(fault.substr(0, 12), "clock cycle ");
  EXPECT_NE(fault.find("assertion"), std::string::npos) << fault;
}

/// Max_Read_Request_Size is the link's until the driver writes it.
TEST(RtlWrongCard, ReadsAreAsLongAsTheDriverAllows) {
  EchoHost host("host", {}, {});
  host.nic->on_fault([] {});
  const auto copy = [&host](uint64_t bytes) {
    host.set(kSource, hw::HostMemory::kArenaBase);
    host.set(kTarget, hw::HostMemory::kArenaBase + 8192);
    host.set(kMessage, hw::RootPort::kMsiWindow);
    host.set(kGo, bytes);
    wait_us(10);
  };
  ASSERT_TRUE(run_thread([&] {
    copy(512);
    host.port.config_write(hw::PciConfig::kDeviceControl, 2, 3 << 12);  // 1024
    copy(1024);
    host.port.config_write(hw::PciConfig::kDeviceControl, 2, 0);  // what was cut before may come
    copy(1024);
    host.port.config_write(hw::PciConfig::kDeviceControl, 2, 7 << 12);  // no size
    EXPECT_EQ(host.nic->fault(), "");
    copy(1025);
  }));
  const std::string fault = host.nic->fault();
  EXPECT_NE(fault.find("a read of 1025 bytes"), std::string::npos) << fault;
}

}  // namespace
}  // namespace ringside::test
