// SPDX-License-Identifier: Apache-2.0
// Waves of a card in RTL: on the run's timebase, without a change of what happens.
#include <Vecho_card_waves.h>
#include <Vecho_card_waves__Syms.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include "hw_model/rtl_bridge/fst_check.h"
#include "hw_model/rtl_bridge/verilated_waves.h"
#include "hw_model/rtl_bridge/wave_view.h"
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
  testing::internal::CaptureStderr();
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
  const std::string said = testing::internal::GetCapturedStderr();
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
  EXPECT_EQ(card->record_waves("/nowhere/card.fst").error, "cannot be written");
}

/// A card with waves whose traffic is always the same; what finish_waves() says of them.
std::string write_waves(const std::string& path) {
  EchoHost host("host", {}, {}, {}, std::make_unique<Waves>());
  if (Status status = host.nic->record_waves(path, {}); !status.ok()) return status.error;
  run_thread([&] {
    for (unsigned i = 0; i < 5; ++i) host.send(pattern(60 + 300 * i, i));
    wait_us(10);
  });
  return host.nic->finish_waves().error;
}

/// In a process of its own, whose files may have `most` bytes: as on a full disk no file grows
/// beyond, and pages behind a file's end cannot be had. 0: whole; 1: said not to be, as it should.
int write_limited_waves(const std::string& path, uint64_t most) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {most, most};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(3);
    const std::string error = write_waves(path);
    if (error.empty()) _exit(0);
    _exit(error == path +
                       ": cannot write the waves: no room left on the disk, or on that of "
                       "temporary files; what came before is in " +
                       path + ".part"
              ? 1
              : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What stands in `path` but for the date.
std::string without_date(const std::string& path) {
  constexpr std::size_t kDateAt = 202, kDateSize = 119;
  return read_file(path).replace(kDateAt, kDateSize, kDateSize, ' ');
}

TEST(RtlWaves, AFullDiskIsTold) {
  const std::string folder = testing::TempDir() + "/waves_full_" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/card.fst";
  ASSERT_EQ(write_limited_waves(path, uint64_t{1} << 30), 0);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  EXPECT_FALSE(std::filesystem::exists(path + ".part.hier"));
  const std::string whole = without_date(path);
  unsigned cut = 0;
  // Pages, as on a disk; from where the view has room.
  for (uint64_t most = 4096; most < 2 * whole.size(); most += 4096) {
    std::filesystem::remove(path);
    const int status = write_limited_waves(path, most);
    ASSERT_LE(status, 1) << most;
    EXPECT_EQ(std::filesystem::exists(path), status == 0) << most;
    if (status == 0) {
      EXPECT_EQ(without_date(path), whole) << most;
    } else {
      ++cut;
      EXPECT_TRUE(std::filesystem::exists(path + ".part")) << most;
    }
  }
  EXPECT_GE(cut, 2u);
  std::filesystem::remove_all(folder);
}

TEST(RtlWaves, AreNotTakenForWholeIfTheyAreCut) {
  const std::string folder = testing::TempDir() + "/waves_cut_" + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/card.fst", cut = folder + "/cut.fst";
  ASSERT_EQ(write_waves(path), "");
  ASSERT_TRUE(hw::fst_is_whole(path));
  const std::string whole = read_file(path);
  const auto judged = [&](const std::string& bytes) {
    std::ofstream(cut, std::ios::binary) << bytes;
    return hw::fst_is_whole(cut);
  };
  EXPECT_TRUE(judged(whole));
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 64) {
    EXPECT_FALSE(judged(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(judged(whole.substr(0, whole.size() - 1)));
  EXPECT_FALSE(judged(whole + '\0'));
  // A block that is not finished; a hierarchy cut short whose length agrees.
  const auto number = [&](std::size_t at) {
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value = value << 8 | static_cast<uint8_t>(whole[at + i]);
    return value;
  };
  std::size_t at = 0, last = 0;
  for (; at < whole.size(); at += 1 + number(at + 1)) {
    std::string open = whole;
    open[at] = '\xff';
    EXPECT_FALSE(judged(open)) << at;
    last = at;
  }
  std::string shorter = whole.substr(0, whole.size() - 100);
  const uint64_t length = number(last + 1) - 100;
  for (unsigned i = 0; i < 8; ++i) {
    shorter[last + 1 + i] = static_cast<char>(length >> (56 - 8 * i) & 0xFF);
  }
  EXPECT_FALSE(judged(shorter));
  EXPECT_FALSE(hw::fst_is_whole(folder + "/none.fst"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ringside::test
