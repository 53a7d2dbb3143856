// SPDX-License-Identifier: Apache-2.0
// Every check of the pins fires for a card that drives them wrongly, and only then.
#include "hw_model/rtl_bridge/pin_checks.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "hw_model/pcie/pcie_payload.h"
#include "hw_model/rtl_bridge/dma_pins.h"
#include "hw_model/rtl_bridge/ethernet_pins.h"
#include "hw_model/rtl_bridge/host_pins.h"
#include "hw_model/rtl_bridge/management_pins.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

/// Pins without hardware: the test drives the outputs.
struct FakeCard {
  using Words = std::array<uint32_t, 128>;
#define PIN(type, name) type name{};
#define WIDE(name) Words name{};
#include "hw_model/rtl_bridge/card_pins.def"
#undef PIN
#undef WIDE
};

struct FakeLink : hw::TlpChannel {
  void attach(hw::TlpReceiver&) override {}
  void send(hw::Tlp&& tlp, hw::TimePs) override { sent.push_back(std::move(tlp)); }
  hw::TimePs free_at() const override { return 0; }
  std::size_t waiting() const override { return 0; }
  std::size_t posted_waiting() const override { return 0; }
  void recall(std::vector<hw::Tlp>&) override {}
  void on_ready(std::function<void()>) override {}
  std::vector<hw::Tlp> sent;
};

struct FakePort : hw::EthernetPort {
  void attach(hw::EthernetReceiver&) override {}
  hw::TimePs transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) override {
    sent.push_back(frame->bytes);
    return earliest_ps;
  }
  hw::TimePs free_at() const override { return 0; }
  hw::TimePs wire_time(uint64_t) const override { return 1; }
  uint64_t rate_bps() const override { return 1; }
  bool carrier() const override { return true; }
  std::vector<std::vector<std::byte>> sent;
};

class PinChecks : public ::testing::Test {
 protected:
  static constexpr uint64_t kAnswer = 100, kTaken = 50, kTimeout = 40;
  PinChecks() {
    card_.build_data_bits = 512;
    host_ = std::make_unique<hw::HostPins>(pins_, hw::HostPins::Config{true, kAnswer, kTaken},
                                           gate_, payloads_, ledger_, complain_);
    dma_ = std::make_unique<hw::DmaPins>(pins_,
                                         hw::DmaPins::Config{true, kTaken, {256, 512, 4, kTimeout}},
                                         gate_, payloads_, ledger_, complain_);
    host_->on_bus_master([this](bool on) { dma_->bus_master(on); });
    ethernet_ = std::make_unique<hw::EthernetPins>(pins_, numbers_, complain_);
    ethernet_->connect(port_);
    management_ = std::make_unique<hw::ManagementPins>(
        pins_, [] {}, kTaken, complain_);
  }
  /// A clock edge with the outputs as they are.
  void edge() {
    const hw::ClockEdge edge{++cycle_, cycle_ * 4000};
    host_->drive(edge);
    dma_->drive(edge);
    ethernet_->drive(edge);
    management_->drive(edge);
    if (closed_) {
      card_.posted_ready = card_.read_ready = card_.host_completion_ready = card_.tx_ready = 0;
    }
    host_->sample(edge);
    dma_->sample(edge);
    ethernet_->sample(edge);
    management_->sample(edge);
  }
  void edges(unsigned count) {
    for (unsigned i = 0; i < count; ++i) edge();
  }
  /// The card must have been told off once since the last call, with `what` in the line.
  void expect(const std::string& what) {
    ASSERT_EQ(said_.size(), 1u) << what << (said_.empty() ? "" : ": " + said_.back());
    EXPECT_NE(said_[0].find(what), std::string::npos) << said_[0];
    EXPECT_EQ(said_[0].find('\n'), std::string::npos);
    said_.clear();
  }
  void expect_nothing() {
    EXPECT_TRUE(said_.empty()) << said_[0];
    said_.clear();
  }

  void write(uint64_t address, uint16_t length, bool sop = true, bool eop = true) {
    card_.posted_valid = 1;
    card_.posted_message = 0;
    card_.posted_address = address;
    card_.posted_length = length;
    card_.posted_purpose = static_cast<uint8_t>(hw::Purpose::kPayload);
    card_.posted_sop = sop;
    card_.posted_eop = eop;
    card_.posted_empty = eop ? static_cast<uint8_t>(63 - ((address & 3) + length - 1) % 64) : 0;
  }
  void read(uint64_t address, uint16_t length, uint16_t tag) {
    card_.read_valid = 1;
    card_.read_address = address;
    card_.read_length = length;
    card_.read_tag = tag;
    card_.read_purpose = 0;
  }
  void quiet() {
    card_.posted_valid = card_.read_valid = card_.host_completion_valid = card_.tx_valid = 0;
  }
  void one(const std::function<void()>& show) {
    quiet();
    show();
    edge();
    quiet();
  }
  /// The host asks, and the card takes it. `first`: the first byte of what it writes.
  void ask(hw::TlpType type, uint16_t tag, uint64_t address, uint32_t length, uint8_t first = 0) {
    hw::Tlp tlp;
    tlp.type = type;
    tlp.tag = tag;
    tlp.address = address;
    tlp.length = length;
    if (tlp.has_data()) {
      tlp.data = payloads_.make();
      tlp.data->bytes.resize(length);
      tlp.data->bytes[0] = static_cast<std::byte>(first);
    }
    host_->receive(tlp, cycle_ * 4000);
    card_.host_request_ready = 1;
    edge();
    card_.host_request_ready = 0;
  }
  void answer(uint16_t tag, bool has_data, uint8_t length, uint8_t lower, bool config,
              uint8_t status = 0) {
    one([&] {
      card_.host_completion_valid = 1;
      card_.host_completion_tag = tag;
      card_.host_completion_status = status;
      card_.host_completion_has_data = has_data;
      card_.host_completion_length = length;
      card_.host_completion_lower_address = lower;
      card_.host_completion_configuration = config;
    });
  }
  void complete(uint16_t tag, uint16_t length, uint16_t byte_count) {
    hw::Tlp tlp;
    tlp.type = hw::TlpType::kCompletionData;
    tlp.tag = tag;
    tlp.length = length;
    tlp.byte_count = byte_count;
    tlp.data = payloads_.make();
    tlp.data->bytes.resize(length);
    dma_->receive(tlp, cycle_ * 4000);
    card_.completion_ready = 1;
    edges((length + 63) / 64);
    card_.completion_ready = 0;
  }
  void frame_beat(bool sop, bool eop, bool err = false) {
    one([&] {
      card_.tx_valid = 1;
      card_.tx_sop = sop;
      card_.tx_eop = eop;
      card_.tx_err = err;
    });
  }

  FakeCard card_;
  hw::CardPins pins_ = hw::pins_of(card_);
  std::vector<std::string> said_;
  hw::Complain complain_ = [this](uint64_t cycle, const std::string& what) {
    EXPECT_EQ(cycle, cycle_);
    said_.push_back(what);
  };
  hw::PayloadPool payloads_;
  FakeLink link_;
  hw::LinkGate gate_{link_, hw::PcieLinkConfig{}};
  hw::PcieLedger ledger_;
  hw::FramePool frames_;
  hw::FrameNumbers numbers_{frames_};
  FakePort port_;
  std::unique_ptr<hw::HostPins> host_;
  std::unique_ptr<hw::DmaPins> dma_;
  std::unique_ptr<hw::EthernetPins> ethernet_;
  std::unique_ptr<hw::ManagementPins> management_;
  uint64_t cycle_ = 0;
  bool closed_ = false;  ///< nothing is taken from the card
};

TEST_F(PinChecks, StreamsStayUntilTheyAreTaken) {
  struct Stream {
    const char* name;
    std::function<void()> show;
    std::function<void()> change;
    std::function<void()> withdraw;
    bool may_fall = false;
  };
  const std::vector<Stream> streams = {
      {"posted request", [this] { write(64, 64); }, [this] { card_.posted_data[15] ^= 1; },
       [this] { card_.posted_valid = 0; }},
      {"posted request", [this] { write(64, 64); }, [this] { card_.posted_address += 64; },
       [this] { card_.posted_valid = 0; }},
      {"read request", [this] { read(64, 64, 1); }, [this] { card_.read_tag = 2; },
       [this] { card_.read_valid = 0; }, true},
      {"sent frame", [this] { card_.tx_valid = card_.tx_sop = card_.tx_eop = 1; },
       [this] { card_.tx_empty = 1; }, [this] { card_.tx_valid = 0; }},
      {"completion to the host",
       [this] {
         card_.host_completion_valid = 1;
         card_.host_completion_data = 5;
       },
       [this] { card_.host_completion_data = 6; }, [this] { card_.host_completion_valid = 0; }}};
  closed_ = true;
  for (const Stream& stream : streams) {
    stream.show();
    edges(3);
    expect_nothing();
    stream.change();
    edge();
    expect(std::string(stream.name) + ": changed before it was taken");
    stream.withdraw();
    edge();
    if (!stream.may_fall) expect(std::string(stream.name) + ": valid fell before it was taken");
    card_.tx_empty = 0;
    edges(2);
    expect_nothing();
  }
}

TEST_F(PinChecks, AReadThatWaitsMayFallAndBehindAResetAnotherMayCome) {
  closed_ = true;
  read(64, 64, 1);
  edges(3);
  card_.read_valid = 0;
  edges(3);
  card_.read_valid = 1;
  edges(3);
  expect_nothing();
  card_.read_valid = 0;
  edges(3);
  read(128, 64, 1);
  edges(3);
  expect_nothing();
  card_.read_tag = 2;
  edge();
  expect("read request: changed before it was taken");
}

TEST_F(PinChecks, WritesOfTheSizesThatTheLinkHas) {
  one([&] { write(64, 64); });
  one([&] { write(3, 1); });
  one([&] { write(4095, 1); });
  expect_nothing();
  ASSERT_EQ(link_.sent.size(), 3u);
  one([&] { write(4, 256, true, false); });
  for (unsigned i = 0; i < 2; ++i) one([&] { write(4, 256, false, false); });
  one([&] { write(4, 256, false, true); });
  expect_nothing();
  ASSERT_EQ(link_.sent.size(), 4u);
  EXPECT_EQ(link_.sent.back().length, 256u);
  one([&] { write(5, 256, true, false); });
  expect("a write of 256 bytes at 0x5: allowed are 1 to 256");
  for (unsigned i = 0; i < 3; ++i) one([&] { write(5, 256, false, false); });
  one([&] { write(5, 256, false, true); });
  expect_nothing();
  one([&] { write(4090, 7); });
  expect("crosses 4 KiB");
  one([&] {
    write(64, 64);
    card_.posted_purpose = 14;
  });
  expect("purpose 14");
}

TEST_F(PinChecks, PostedPacketsAreWhole) {
  one([&] { write(64, 64, false, true); });
  expect("posted request: a beat without a start");
  one([&] { write(64, 128, true, false); });
  one([&] { write(64, 128, true, false); });
  expect("posted request: a packet starts within one");
  one([&] { write(64, 128, false, true); });
  expect_nothing();
  one([&] { write(64, 128, true, true); });
  expect("posted request: 64 of 128 bytes, counted from lane 0, at the end");
  one([&] {
    write(65, 30);
    card_.posted_empty -= 1;
  });
  expect("posted request: 32 of 31 bytes");
  one([&] { write(64, 64, true, false); });
  expect("at a beat that is not the end");
}

TEST_F(PinChecks, MessagesThatThereAre) {
  for (const uint8_t code : {uint8_t{hw::kMessageAssertIntA}, uint8_t{hw::kMessageDeassertIntA}}) {
    one([&] {
      card_.posted_valid = card_.posted_message = 1;
      card_.posted_code = code;
    });
  }
  expect_nothing();
  one([&] {
    card_.posted_valid = card_.posted_message = 1;
    card_.posted_code = 0x21;
  });
  expect("a message of code 0x21");
}

TEST_F(PinChecks, ReadsWithTagsThatAreFree) {
  one([&] { read(0, 512, 0); });
  one([&] { read(512, 1, 1); });
  expect_nothing();
  EXPECT_EQ(dma_->reads_in_flight(), 2u);
  one([&] { read(512, 1, 1); });
  expect("a read with tag 1, whose read of cycle 2 is not answered");
  complete(1, 1, 1);
  EXPECT_EQ(dma_->reads_in_flight(), 1u);
  one([&] { read(512, 1, 1); });
  expect_nothing();
  complete(0, 256, 512);
  EXPECT_EQ(dma_->reads_in_flight(), 2u);
  complete(0, 256, 256);
  EXPECT_EQ(dma_->reads_in_flight(), 1u);
  one([&] { read(0, 1, 4); });
  expect("a read with tag 4 of 4");
  one([&] { read(1, 512, 2); });
  expect("a read of 512 bytes at 0x1: allowed are 1 to 512");
  one([&] { read(4000, 97, 3); });
  expect("crosses 4 KiB");
  // After its time-out a tag may be used again.
  edges(kTimeout);
  one([&] { read(0, 64, 2); });
  expect_nothing();
}

TEST_F(PinChecks, AnswersToWhatWasAsked) {
  ask(hw::TlpType::kMemRead, 7, 0x1084, 4);
  answer(7, true, 4, 4, false);
  expect_nothing();
  ASSERT_EQ(link_.sent.size(), 1u);
  EXPECT_EQ(link_.sent[0].type, hw::TlpType::kCompletionData);
  answer(7, true, 4, 4, false);
  expect("a completion for tag 7, which waits for none");
  ask(hw::TlpType::kMemWrite, 0, 0x1084, 4);
  answer(0, false, 0, 0, false);
  expect("a completion for tag 0, which waits for none");
  ask(hw::TlpType::kConfigWrite, 1, 0x4, 2);
  answer(1, false, 0, 0, true);
  ask(hw::TlpType::kConfigRead, 1, 0x5, 1);
  answer(1, true, 1, 0, true);
  ask(hw::TlpType::kMemRead, 1, 0x5, 1);
  answer(1, false, 0, 0, false, 1);
  expect_nothing();
  ask(hw::TlpType::kMemRead, 2, 0x1084, 4);
  answer(2, true, 8, 4, false);
  expect("a completion for tag 2, a read of 4 bytes at 0x1084: another length");
  ask(hw::TlpType::kMemRead, 2, 0x1084, 4);
  answer(2, true, 4, 5, false);
  expect("another lower address");
  ask(hw::TlpType::kMemRead, 2, 0x1084, 4);
  answer(2, false, 0, 4, false);
  expect("no data");
  ask(hw::TlpType::kConfigWrite, 2, 0x84, 4);
  answer(2, true, 4, 0, true);
  expect("a write of 4 bytes at 0x84: data");
  ask(hw::TlpType::kConfigRead, 2, 0x84, 4);
  answer(2, true, 4, 0, false);
  expect("of the wrong space");
  ask(hw::TlpType::kMemRead, 2, 0x1084, 4);
  answer(2, true, 4, 4, false, 1);
  expect("data with an error");
  EXPECT_EQ(host_->unanswered(), 0u);
}

TEST_F(PinChecks, NoRequestsWithoutBusMasterEnable) {
  constexpr uint64_t kCommand = 4;
  constexpr uint8_t kMemory = 2, kMaster = 4;
  unsigned tag = 0;
  const auto again = [&] {
    one([&] { write(64, 64); });
    one([&] { read(64, 64, static_cast<uint16_t>(tag++)); });
  };
  again();
  ask(hw::TlpType::kConfigWrite, 1, kCommand, 2, kMemory);
  again();  // they may have been under way
  one([&] { write(64, 128, true, false); });
  answer(1, false, 0, 0, true);
  one([&] { write(64, 128, false, true); });
  expect_nothing();
  one([&] { write(64, 64); });
  expect("a write of 64 bytes at 0x40: Bus Master Enable is off");
  one([&] { read(64, 64, 3); });
  expect("a read of 64 bytes at 0x40: Bus Master Enable is off");
  for (const uint8_t code : {uint8_t{hw::kMessageAssertIntA}, uint8_t{hw::kMessageDeassertIntA}}) {
    one([&] {
      card_.posted_valid = card_.posted_message = 1;
      card_.posted_code = code;
    });
  }
  ask(hw::TlpType::kConfigWrite, 2, kCommand + 2, 2, kMaster);  // of Status
  answer(2, false, 0, 0, true);
  expect_nothing();
  one([&] { write(64, 64); });
  expect("Bus Master Enable is off");
  ask(hw::TlpType::kConfigWrite, 3, kCommand, 1, kMemory | kMaster);
  one([&] { write(64, 64); });
  answer(3, false, 0, 0, true);
  one([&] { write(64, 64); });
  expect_nothing();
}

TEST_F(PinChecks, RefusedWritesLeaveBusMasterEnable) {
  constexpr uint64_t kCommand = 4;
  constexpr uint8_t kMaster = 4, kRefused = 1;
  const auto request = [&] { one([&] { write(64, 64); }); };
  ask(hw::TlpType::kConfigWrite, 1, kCommand, 3, 0);
  answer(1, false, 0, 0, true, kRefused);
  request();
  expect_nothing();
  ask(hw::TlpType::kConfigWrite, 2, kCommand, 2, 0);
  answer(2, false, 0, 0, true);
  request();
  expect("Bus Master Enable is off");
  ask(hw::TlpType::kConfigWrite, 3, kCommand, 3, kMaster);
  request();  // the card may have taken it for good
  expect_nothing();
  answer(3, false, 0, 0, true, kRefused);
  request();
  expect("Bus Master Enable is off");
  // Set behind a write that clears and is not answered: it is on until that is refused.
  ask(hw::TlpType::kConfigWrite, 4, kCommand, 2, kMaster);
  answer(4, false, 0, 0, true);
  ask(hw::TlpType::kConfigWrite, 5, kCommand, 2, 0);
  ask(hw::TlpType::kConfigWrite, 6, kCommand, 3, kMaster);
  answer(5, false, 0, 0, true);
  request();
  expect_nothing();
  answer(6, false, 0, 0, true, kRefused);
  request();
  expect("Bus Master Enable is off");
  // Set for good.
  ask(hw::TlpType::kConfigWrite, 7, kCommand, 2, 0);
  ask(hw::TlpType::kConfigWrite, 8, kCommand, 2, kMaster);
  answer(7, false, 0, 0, true);
  answer(8, false, 0, 0, true);
  request();
  expect_nothing();
}

TEST_F(PinChecks, AnswersInTime) {
  ask(hw::TlpType::kMemRead, 7, 0x1084, 4);
  edges(kAnswer - 1);
  expect_nothing();
  edge();
  expect("a read of 4 bytes at 0x1084, tag 7, is not answered since cycle 1");
  edges(kAnswer);
  expect_nothing();
}

TEST_F(PinChecks, WhatIsOfferedIsTaken) {
  hw::Tlp request;
  request.type = hw::TlpType::kMemRead;
  request.length = 4;
  host_->receive(request, 0);
  edges(kTaken);
  expect_nothing();
  edge();
  expect("request of the host: not taken for 50 cycles");
  card_.host_request_ready = 1;
  edge();
  card_.host_request_ready = 0;
  hw::Tlp completion;
  completion.type = hw::TlpType::kCompletion;
  dma_->receive(completion, cycle_ * 4000);
  edges(kTaken + 1);
  expect("completion: not taken for 50 cycles");
}

TEST_F(PinChecks, FramesAreWhole) {
  frame_beat(true, false);
  frame_beat(false, true);
  expect_nothing();
  ASSERT_EQ(port_.sent.size(), 1u);
  EXPECT_EQ(port_.sent[0].size(), 128u);
  frame_beat(false, true);
  expect("sent frame: a beat without a start");
  frame_beat(true, false);
  frame_beat(true, true);
  expect("sent frame: a packet starts within one");
  frame_beat(true, true, true);
  expect("sent frame: err is set");
}

}  // namespace
}  // namespace ringside::test
