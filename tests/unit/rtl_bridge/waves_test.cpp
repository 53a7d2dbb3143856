// SPDX-License-Identifier: Apache-2.0
// Waves of a card in RTL: on the run's timebase, without a change of what happens.
#include <Vecho_card_waves.h>
#include <Vecho_card_waves__Syms.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "hw_model/rtl_bridge/verilated_waves.h"
#include "tests/support/fst_file.h"
#include "tests/unit/rtl_bridge/echo_host.h"

namespace ringside::test {
namespace {

using Waves = hw::VerilatedWaves<Vecho_card_waves, Vecho_card_waves__Syms>;

TEST(RtlWaves, HaveTheRunsTimesAndChangeNothing) {
  const std::string folder = testing::TempDir() + "/waves_" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  EchoHost plain("plain", {}, {});
  EchoHost traced("traced", {}, {}, {}, std::make_unique<Waves>());
  ASSERT_TRUE(traced.nic->record_waves(folder + "/card.fst", {}).ok());
  EXPECT_FALSE(plain.nic->record_waves(folder + "/no.fst", {}).ok());
  hw::TimePs sent_ps = 0;
  ASSERT_TRUE(run_thread([&] {
    wait_us(3);
    sent_ps = sc_core::sc_time_stamp().value();
    for (EchoHost* host : {&plain, &traced}) {
      for (unsigned i = 0; i < 5; ++i) host->send(pattern(60 + 300 * i, i));
      host->set(kScratch, 0x1234);
    }
    wait_us(10);
  }));
  traced.nic->finish_waves();
  EXPECT_EQ(plain.effects, traced.effects);
  EXPECT_EQ(plain.nic->clock_cycles(), traced.nic->clock_cycles());
  ASSERT_EQ(traced.received.size(), 5u);

  const FstFile file(folder + "/card.fst");
  EXPECT_EQ(file.timescale, -12);
  for (const hw::WaveGroup& group : hw::important_waves(512)) {
    for (const std::string& signal : group.signals) {
      EXPECT_TRUE(file.handles.count(signal)) << signal;
    }
  }
  // The first bit of a frame is on the wire for a microsecond, and whole 6.72 ns later.
  const auto& rx_valid = file.changes.at(file.handles.at("TOP.rx_valid"));
  uint64_t first = 0;
  for (const auto& [time, value] : rx_valid) {
    if (value == "1" && first == 0) first = time;
  }
  const hw::TimePs arrival_ps = sent_ps + 1'000'000 + hw::TimePs{72} * 80;
  EXPECT_GT(first, arrival_ps - 4000);
  EXPECT_LE(first, arrival_ps + 4000);
  for (const auto& [time, value] : file.changes.at(file.handles.at("TOP.clk"))) {
    EXPECT_EQ(time % 4000, value == "1" ? 0u : 2000u) << time;
  }

  std::ifstream view(folder + "/card.gtkw");
  std::string line;
  std::getline(view, line);
  EXPECT_EQ(line, "[dumpfile] \"card.fst\"");
  std::filesystem::remove_all(folder);
}

TEST(RtlWaves, OfAPartOfARunAreOfThatPartAlone) {
  const std::string folder = testing::TempDir() + "/waves_part_" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  EchoHost host("host", {}, {}, {}, std::make_unique<Waves>());
  constexpr hw::TimePs kFrom = 4'001'000, kTo = 5'100'000;
  ASSERT_TRUE(host.nic->record_waves(folder + "/card.fst", {kFrom, kTo}).ok());
  ASSERT_TRUE(run_thread([&] {
    for (unsigned i = 0; i < 100; ++i) {
      host.set(kScratch, i);
      host.send(pattern(60, i));
      wait_us(1);
    }
  }));
  host.nic->finish_waves();
  const FstFile file(folder + "/card.fst");
  EXPECT_GE(file.start, kFrom);
  EXPECT_LT(file.start, kFrom + 500'000);
  EXPECT_LE(file.end, kTo);
  EXPECT_GT(file.end, kTo - 100'000);
  // What holds all the time is said at the beginning.
  EXPECT_EQ(file.changes.at(file.handles.at("TOP.rst_n")).front(),
            (std::pair<uint64_t, std::string>(file.start, "1")));
  std::ifstream view(folder + "/card.gtkw");
  const std::string text(std::istreambuf_iterator<char>(view), {});
  EXPECT_NE(text.find("\n[timestart] 4001000\n*-11.000000 5100000 -1 "), std::string::npos) << text;
  std::filesystem::remove_all(folder);
}

/// Counts the states that are for the file.
struct CountedWaves : Waves {
  explicit CountedWaves(unsigned* dumps) : dumps_(dumps) {}
  void dump_waves(hw::TimePs time_ps) override {
    ++*dumps_;
    Waves::dump_waves(time_ps);
  }

 private:
  unsigned* const dumps_;
};

/// The clock runs while virtual time stands still; of a card whose clock never stops the edges
/// before that are due.
TEST(RtlWaves, HaveEveryEdgeOfDebugAccesses) {
  const std::string folder = testing::TempDir() + "/waves_debug_" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  constexpr hw::TimePs kLate = 5'000'500;
  constexpr unsigned kAccesses = 20;
  struct Card {
    hw::ClockMode mode;
    std::string file;
    unsigned dumps = 0;
    std::unique_ptr<EchoHost> host;
  };
  Card cards[] = {{hw::ClockMode::kStopped, folder + "/stopped.fst", 0, nullptr},
                  {hw::ClockMode::kAlways, folder + "/always.fst", 0, nullptr}};
  for (Card& card : cards) {
    const std::string name = "host" + std::to_string(&card - cards);
    card.host =
        std::make_unique<EchoHost>(name, hw::NicConfig{}, hw::RtlOptions{.clock = card.mode},
                                   hw::LinkConfig{}, std::make_unique<CountedWaves>(&card.dumps));
    ASSERT_TRUE(card.host->nic->record_waves(card.file, {}).ok());
  }
  std::cout << std::flush;
  testing::internal::CaptureStdout();
  const bool done = run_thread([&] {
    tlm::tlm_generic_payload payload;
    hw::PcieExtension extension;
    extension.space = hw::PcieSpace::kConfig;
    payload.set_extension(&extension);
    uint32_t value = 0;
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(4);
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    for (const hw::TimePs pause_ps : {hw::TimePs{0}, kLate}) {
      sc_core::wait(sc_core::sc_time::from_value(pause_ps));
      for (value = 0; value < kAccesses; ++value) {
        for (Card& card : cards) {
          payload.set_address(0x20);
          EXPECT_EQ(card.host->port.down->transport_dbg(payload), 4u);
        }
      }
    }
    payload.clear_extension(&extension);
    for (Card& card : cards) card.host->set(kScratch, 1);
    wait_us(2);
  });
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_EQ(said.find("Warning"), std::string::npos) << said;
  ASSERT_TRUE(done);
  for (Card& card : cards) {
    card.host->nic->finish_waves();
    const FstFile file(card.file);
    const auto& clock = file.changes.at(file.handles.at("TOP.clk"));
    // Each state has another level of the clock.
    EXPECT_EQ(clock.size(), card.dumps) << card.file;
    unsigned early = 0, late = 0;
    for (const auto& [time, value] : clock) {
      if (time < 1000) {
        ++early;
      } else if (time >= kLate && time < kLate + 1000) {
        ++late;
      } else {
        EXPECT_EQ(time % 4000, value == "1" ? 0u : 2000u) << card.file << " " << time;
      }
    }
    EXPECT_GE(early, 2 * kAccesses) << card.file;
    EXPECT_GE(late, 2 * kAccesses) << card.file;
  }
  std::filesystem::remove_all(folder);
}

TEST(RtlWaves, SayWhenTheyCannotBeWritten) {
  const auto card = std::make_unique<Waves>();
  EXPECT_EQ(card->record_waves("/nowhere/card.fst", {}).error,
            "/nowhere/card.fst: cannot be written");
}

}  // namespace
}  // namespace ringside::test
