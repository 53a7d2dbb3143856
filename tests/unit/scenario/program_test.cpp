// SPDX-License-Identifier: Apache-2.0
// The command line as a process: exit status, one line on stderr, folders, signals.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "hw_model/trace/trace_file.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/built.h"
#include "tests/unit/scenario/text.h"

namespace ringside::test {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

/// A folder with two.toml in which the program is run.
class Program : public ::testing::Test {
 protected:
  void SetUp() override { folder_.write("two.toml", kTwoHosts); }

  pid_t start(const std::vector<std::string>& arguments) const {
    const pid_t child = fork();
    if (child != 0) return child;
    std::string program = RINGSIDE_FAKE_PROGRAM;
    std::vector<std::string> words = arguments;
    std::vector<char*> argv = {program.data()};
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int out = open((folder_ / "stdout").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = open((folder_ / "stderr").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(folder_.path().c_str()) != 0) _exit(99);
    execv(argv[0], argv.data());
    _exit(98);
  }

  Outcome finish(pid_t child) const {
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
            read_file(folder_ / "stdout"), read_file(folder_ / "stderr")};
  }

  Outcome run(const std::vector<std::string>& arguments) const { return finish(start(arguments)); }

  void wait_for(const char* file) const {
    const timespec pause = {0, 1'000'000};
    for (int i = 0; i < 20000 && !fs::exists(folder_ / file); ++i) nanosleep(&pause, nullptr);
    ASSERT_TRUE(fs::exists(folder_ / file));
  }

  /// `serve`, which waits for its end.
  pid_t start_serving() const {
    fs::remove_all(folder_ / "served");
    const pid_t child = start({"serve", "--vhost-user", "card", "--out", "served"});
    wait_for("served/started");
    return child;
  }

  /// Status 2, exactly this line, nothing on stdout, and no folder.
  void expect_bad(const std::vector<std::string>& arguments, const std::string& line) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << line;
    EXPECT_EQ(outcome.out, "") << line;
    EXPECT_EQ(outcome.err, line + "\n");
    EXPECT_FALSE(fs::exists(folder_ / "out")) << line;
  }

  nlohmann::json summary(const std::string& out) const {
    return nlohmann::json::parse(read_file(folder_ / out + "/summary.json"));
  }

  TemporaryFolder folder_;
};

TEST_F(Program, BadCommandLinesEndWithStatusTwoAndOneLine) {
  expect_bad({},
             "ringside: no command; expected run, check, explain, list, measure, serve, events or "
             "doctor");
  expect_bad({"rum", "two.toml"},
             "ringside: no command is named 'rum'; expected run, check, explain, list, measure, "
             "serve, events or doctor "
             "(did you mean 'run'?)");
  expect_bad({"--bogus"},
             "ringside: no command is named '--bogus'; expected run, check, explain, list, "
             "measure, serve, events or doctor");
  expect_bad({"run"}, "ringside: SCENARIO is required; expected what 'ringside run --help' shows");
  expect_bad({"run", "two.toml", "--bogus"},
             "ringside: The following argument was not expected: --bogus; expected what 'ringside "
             "run --help' shows");
  expect_bad({"run", "two.toml", "--set"},
             "ringside: --set: 1 required KEY=VALUE missing; expected what 'ringside run --help' "
             "shows");
  expect_bad({"run", "two.toml", "--set", "seed"}, "--set seed: no value; expected KEY=VALUE");
  expect_bad({"run", "two.toml", "--trace", "bogus"},
             "--trace bogus: trace 'bogus' is not known; expected " RINGSIDE_RUN_TRACES);
  expect_bad({"run", "two.toml", "--trace", "pcapng,event"},
             "--trace event: trace 'event' is not known; expected " RINGSIDE_RUN_TRACES
             " (did you mean 'events'?)");
#if RINGSIDE_HAVE_RTL
  expect_bad({"run", "two.toml", "--trace", "waves"},
             "--trace waves: model lt has no signals; expected --model rtl or diff, or a "
             "card of your own");
#endif
  expect_bad({"run", "two.toml", "--wave-window", "1us..2us"},
             "--wave-window without waves; expected --trace waves beside it");
  for (const char* window : {"1us", "1us..", "..2us", "1..2"}) {
    expect_bad({"run", "two.toml", "--wave-window", window},
               std::string("--wave-window ") + window +
                   ": expected two times with units, such as 10us..25us");
  }
  for (const char* window : {"2us..1us", "1us..1us"}) {
    expect_bad({"run", "two.toml", "--wave-window", window},
               std::string("--wave-window ") + window +
                   ": does not end after it begins; expected the earlier time first, such as "
                   "10us..25us");
  }
  expect_bad({"run", "two.toml", "--out", ""}, "--out '': no name; expected that of a new folder");
  expect_bad({"run", "two.toml", "--diff-window", "1us"},
             "--diff-window: model lt has no difference; expected --model diff");
  expect_bad(
      {"run", "two.toml", "--model", "diff", "--diff-window", "1"},
      "--diff-window 1: expected a time with its unit, such as \"2us\" (ps, ns, us, ms or s)");
  expect_bad({"explain", "ringsize"},
             "ringside: no key is named 'ringsize'; expected one that 'ringside explain' lists "
             "(did you mean 'ring_size'?)");
  expect_bad({"list", "modells"},
             "ringside: nothing to list is named 'modells'; expected models, features, examples or "
             "costs (did you mean 'models'?)");
}

TEST_F(Program, BadServeLinesEndWithStatusTwoAndLeaveNothing) {
  expect_bad({"serve"},
             "ringside: --vhost-user is required; expected what 'ringside serve --help' shows");
  const auto bad = [this](std::vector<std::string> arguments, const std::string& line) {
    arguments.insert(arguments.begin(), {"serve", "--vhost-user", "s0"});
    expect_bad(arguments, line);
  };
  bad({"--tap", "tap0", "--loopback"},
      "--tap and --loopback beside each other; expected one of --tap, --pcap and --loopback");
  bad({"--repeat", "3"}, "--repeat without --pcap; expected --pcap FILE beside it");
  bad({"--back-to-back"}, "--back-to-back without --pcap; expected --pcap FILE beside it");
  bad({"--vhost-user", "s0"},
      "--vhost-user s0: named twice; expected a socket of its own for every card");
  bad({"--model", "dif"},
      "--model dif: model 'dif' is not known; expected one of lt, at, rtl or diff (did you mean "
      "'diff'?)");
  bad({"--queues", "9"}, "--queues 9: nic.card0.queue_pairs = 9; expected an integer from 1 to 8");
  bad({"--mac", "01:00:00:00:00:01"},
      "--mac 01:00:00:00:00:01: nic.card0.mac = \"01:00:00:00:00:01\" is not a unicast address; "
      "expected a unicast MAC address such as \"02:00:00:00:00:01\"");
  bad({"--set", "nic.mtuu=9000"},
      "--set nic.mtuu=9000: unknown key 'mtuu' in a nic; expected one of those that `ringside "
      "explain nic` lists (did you mean 'mtu'?)");
  bad({"--set", "nic.mtu"}, "--set nic.mtu: no value; expected KEY=VALUE");
  bad({"--trace", "waves"},
      "--trace waves: serve records none; expected pcapng, events or perfetto");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(Program, BadScenariosEndWithStatusTwoAndLeaveNothing) {
  for (const char* verb : {"run", "check"}) {
    expect_bad({verb, "none.toml"},
               "none.toml: No such file or directory; expected a scenario file, such as one of "
               "examples/");
    expect_bad({verb, "two.toml", "--firmware", "rv32"},
               "--firmware rv32: firmware 'rv32' is not in this build; expected native");
    expect_bad({verb, "two.toml", "--firmware", "rv23"},
               "--firmware rv23: firmware 'rv23' is not known; expected one of native or rv32 (did "
               "you mean 'rv32'?)");
    expect_bad({verb, "two.toml", "--seed", "one"},
               "--seed one: seed = \"one\"; expected an integer from 0 to 9223372036854775807");
    expect_bad({verb, "--set", "nic.*.ring_size=300", "two.toml"},
               "--set nic.*.ring_size=300: nic.alice0.ring_size = 300 is not a power of two; "
               "expected a power of two from 4 to 32768");
  }
  // What only the simulation finds out.
  expect_bad({"run", "two.toml", "--seed", "4", "--out", "new"},
             "two.toml: app.probe: 'libprobe.so' has no entry 'main'; expected an extern \"C\" "
             "one");
  EXPECT_FALSE(fs::exists(folder_ / "new"));
  // A check loads libraries, too, and says where they were named.
  expect_bad({"check", "two.toml", "--seed", "4"}, "two.toml: nic.alice0.card: no card");
  expect_bad({"check", "two.toml", "--seed", "4", "--set", "nic.*.card=two.toml"},
             "--set nic.*.card=two.toml: nic.alice0.card: no card");
}

TEST_F(Program, ChecksExplainsAndLists) {
  EXPECT_EQ(run({"check", "two.toml"}).out,
            "two.toml: good; hosts 2, nics 2, links 1, flows and others 1\n");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  EXPECT_EQ(run({"explain", "--markdown"}).out, read_file(RINGSIDE_SCENARIO_PAGE));
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--version"},
                                             {"--help"},
                                             {"run", "--help"},
                                             {"events", "--help"},
                                             {"explain"},
                                             {"explain", "mtu"},
                                             {"list"},
                                             {"list", "models"},
                                             {"list", "features"},
                                             {"list", "examples"},
                                             {"list", "costs"},
                                             {"doctor"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 0) << arguments[0];
    EXPECT_NE(outcome.out, "") << arguments[0];
    EXPECT_EQ(outcome.err, "") << arguments[0];
  }
  EXPECT_TRUE(run({"--version"}).out.starts_with("ringside "));
  const std::string examples = run({"list", "examples"}).out;
  EXPECT_NE(examples.find("/udp-echo.toml\n    "), std::string::npos) << examples;
  EXPECT_NE(examples.find("/own-card/\n    A card of your own: "), std::string::npos) << examples;
  EXPECT_NE(examples.find("/extend/README.md\n"), std::string::npos) << examples;
  EXPECT_TRUE(run({"list", "models"}).out.starts_with("lt "));
  EXPECT_NE(run({"list", "costs"}).out.find("napi_poll"), std::string::npos);
  EXPECT_NE(run({"list", "features"}).out.find("event_idx          bit 29"), std::string::npos);
}

TEST_F(Program, TheCardInRtlAndToolsAreListed) {
  const std::string sizes = "256 bits wide, 3 queue pairs, rings of up to 512 entries\n";
  const std::string text = run({"doctor"}).out;
  EXPECT_NE(text.find("ok       card in RTL        " + sizes), std::string::npos) << text;
  for (const char* tool : {"verilator", "python3", "zlib", "gtkwave", "dpdk-testpmd", "cmake",
                           "qemu-system-x86_64", "tshark", "c++"}) {
    EXPECT_NE(text.find(std::string(" ") + tool + " "), std::string::npos) << tool;
  }
  const auto json = nlohmann::json::parse(run({"doctor", "--json"}).out);
  EXPECT_EQ(json["good"], true);
  EXPECT_EQ(json["rtl"],
            nlohmann::json({{"data_bits", 256}, {"queue_pairs", 3}, {"ring_limit", 512}}));
  std::size_t lines = 0;
  for (const auto& finding : json["findings"]) {
    EXPECT_NE(text.find(finding["what"].get<std::string>()), std::string::npos) << finding;
    ++lines;
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), static_cast<std::ptrdiff_t>(lines));
#if RINGSIDE_HAVE_RTL
  EXPECT_NE(run({"list", "models"}).out.find("rtl    the SystemVerilog; " + sizes),
            std::string::npos);
#endif
}

TEST_F(Program, ARunThatHoldsEndsWithStatusZero) {
  const Outcome outcome = run({"run", "two.toml", "--trace", "pcapng", "--set", "nic.*.mtu=9000"});
  EXPECT_EQ(outcome.status, 0);
  // stderr is no terminal: silent.
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("again:  ringside run two.toml --set 'nic.*.mtu=9000' --trace "
                             "pcapng\n"),
            std::string::npos);
  EXPECT_EQ(summary("out/two-001")["files"][0], "wire.pcapng");
  // Every run has a folder of its own.
  EXPECT_EQ(run({"run", "two.toml"}).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "out/two-002/summary.json"));
}

TEST_F(Program, EventsPrintsWhatItsFiltersLetThrough) {
  using hw::TraceKind;
  hw::TraceFileWriter writer;
  fs::create_directory(folder_ / "r");
  ASSERT_TRUE(writer.open(folder_ / "r/events.nictrace", {{"alice0", 1}, {"bob0", 2}}).ok());
  writer.record(0, {.time_ps = 1'000'000, .kind = TraceKind::kDoorbell, .queue = 1});
  writer.record(0, {.time_ps = 2'000'000, .kind = TraceKind::kFrameOut, .queue = 1, .frame = 7});
  writer.record(1, {.time_ps = 3'000'000, .kind = TraceKind::kFrameIn, .queue = 2, .frame = 7});
  writer.record(1, {.time_ps = 4'000'000, .kind = TraceKind::kReset});
  ASSERT_TRUE(writer.close().ok());
  const auto kinds = [this](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"events", "r", "--json"});
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::istringstream lines(outcome.out);
    std::vector<std::string> list;
    for (std::string line; std::getline(lines, line);) {
      list.push_back(nlohmann::json::parse(line)["kind"]);
    }
    return list;
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(kinds({}), (List{"doorbell", "frame_out", "frame_in", "reset"}));
  EXPECT_EQ(kinds({"--nic", "bob0"}), (List{"frame_in", "reset"}));
  EXPECT_EQ(kinds({"--queue", "tx0"}), (List{"doorbell", "frame_out"}));
  EXPECT_EQ(kinds({"--kind", "reset,frame_in"}), (List{"frame_in", "reset"}));
  EXPECT_EQ(kinds({"--frame", "7"}), (List{"frame_out", "frame_in"}));
  EXPECT_EQ(kinds({"--from", "2us", "--to", "3us"}), (List{"frame_out", "frame_in"}));
  EXPECT_EQ(kinds({"--frame", "7", "--queue", "rx0"}), List{});
  EXPECT_EQ(run({"events", "r/events.nictrace", "--kind", "frame_in"}).out,
            "        3.000000 us  bob0    rx1   frame_in            frame 7, 0 bytes\n");
  for (const std::vector<std::string>& none :
       {std::vector<std::string>{"--frame", "999999"}, {"--from", "5us", "--to", "6us"}}) {
    std::vector<std::string> words = {"events", "r"};
    words.insert(words.end(), none.begin(), none.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "ringside: none of the 4 records matches\n");
  }

  expect_bad({"events", "r", "--from", "3us", "--to", "2us"},
             "ringside: --to 2us: is before --from 3us; expected a later time");
  expect_bad({"events"},
             "ringside: FILE is required; expected what 'ringside events --help' shows");
  expect_bad({"events", "two.toml"},
             "ringside: two.toml: is no trace of this program; expected a file of 'ringside run "
             "--trace events'");
  expect_bad({"events", "r", "--nic", "bob"},
             "ringside: --nic bob: no card is named 'bob'; expected alice0 or bob0 (did you mean "
             "'bob0'?)");
  expect_bad({"events", "r", "--queue", "tx2"},
             "ringside: --queue tx2: no queue is named 'tx2'; expected rx0, tx0, ... or ctrl");
  expect_bad({"events", "r", "--frame", "-1"},
             "ringside: --frame -1: expected the number of a frame, from 1 on");
  expect_bad({"events", "r", "--to", "3"},
             "ringside: --to 3: expected a time with its unit, such as \"2us\" (ps, ns, us, ms or "
             "s)");
  const Outcome kind = run({"events", "r", "--kind", "frame"});
  EXPECT_EQ(kind.status, 2);
  EXPECT_TRUE(kind.err.starts_with("ringside: --kind frame: no kind is named 'frame'; expected "));
}

TEST_F(Program, AFailedCheckEndsWithStatusOne) {
  const Outcome outcome = run({"run", "two.toml", "--seed", "2", "--out", "a/b/"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.out.find("FAILED ping answers: 9 of 10"), std::string::npos);
  EXPECT_EQ(summary("a/b")["checks"][1]["pass"], false);
  const Outcome broken = run({"run", "two.toml", "--seed", "3", "--quiet", "--out", "c"});
  EXPECT_EQ(broken.status, 1);
  EXPECT_EQ(broken.out, "");
  EXPECT_EQ(broken.err, "ringside: host.alice: the context 'upload' has overflowed its stack\n");
  EXPECT_EQ(summary("c")["error"], "host.alice: the context 'upload' has overflowed its stack");
}

TEST_F(Program, ADifferenceLeavesReportsAndASecondRun) {
  const auto differs = [this](const char* seed, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", "two.toml", "--model", "diff", "--seed",
                                          seed,  "--force",  "--out",   "r"};
    fs::create_directory(folder_ / "r");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  Outcome outcome = differs("101");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "");
  const std::string line =
      "\ndifference: 12.000000 us of virtual time, clock cycle 3000 of alice0; "
      "r/difference/difference.txt says where everything is; waves of the last 10us are in "
      "alice0.fst, by a second run that came to the same difference at the same time\n";
  EXPECT_NE(outcome.out.find(line), std::string::npos) << outcome.out;
  EXPECT_EQ(read_file(folder_ / "r/difference/alice0.fst"), "2000000 to 12000000");
  EXPECT_EQ(
      read_file(folder_ / "r/difference/difference.txt"),
      "alice0: a byte is wrong\n"
      "when:   12.000000 us of virtual time, clock cycle 3000 of alice0\n"
      "run:    scenario two, model diff, seed 101\n"
      "again:  ringside run two.toml --model diff --seed 101\n"
      "waves:  waves of the last 10us are in alice0.fst, by a second run that came to the same "
      "difference at the same time\n"
      "files:  history.txt alice0.fst\n"
      "owed by one side to the other:\n"
      "       11.000000 us  a write\n"
      "                  ?  a frame\n"
      "the last of both histories (more in history.txt, with all bytes in history.jsonl):\n"
      "the last line\n");
  auto json = nlohmann::json::parse(read_file(folder_ / "r/difference/difference.json"));
  EXPECT_EQ(json["what"], "a byte is wrong");
  EXPECT_EQ(json["rerun"]["same"], true);
  EXPECT_EQ(json["rerun"]["from_ps"], 2'000'000);
  EXPECT_EQ(json["owed"][0]["since_ps"], 11'000'000);
  EXPECT_EQ(summary("r")["files"],
            nlohmann::json({"difference/history.txt", "difference/difference.txt",
                            "difference/difference.json", "difference/alice0.fst"}));
  EXPECT_EQ(summary("r")["difference"]["rerun"]["same"], true);

  const auto rerun = [this] { return summary("r")["difference"]["rerun"]; };
  EXPECT_EQ(differs("102", {"--diff-window", "1us"}).status, 1);
  EXPECT_EQ(rerun()["same"], false);
  EXPECT_EQ(
      rerun()["detail"],
      "A SECOND RUN DIFFERS FROM THE FIRST: nic alice0 at 12000000 ps: a b (waves of the last "
      "1us are in alice0.fst)");
  EXPECT_EQ(differs("103").status, 1);
  EXPECT_EQ(rerun()["same"], false);
  EXPECT_EQ(rerun()["detail"], "A SECOND RUN CAME TO NO DIFFERENCE");
  EXPECT_EQ(differs("104").status, 1);
  EXPECT_EQ(rerun()["made"], false);
  EXPECT_EQ(rerun()["detail"], "no waves: the second run failed: it ended by a signal: Aborted");
  EXPECT_FALSE(fs::exists(folder_ / "r/difference/alice0.fst"));  // it is not whole
  EXPECT_EQ(differs("106").status, 1);
  EXPECT_EQ(rerun()["made"], false);
  EXPECT_EQ(rerun()["detail"], "no waves: the second run failed: alice0.fst: cannot be written");
  EXPECT_EQ(differs("101", {"--diff-window", "0us"}).status, 1);
  EXPECT_EQ(rerun()["detail"], "no waves: --diff-window 0 makes no second run");
  EXPECT_FALSE(fs::exists(folder_ / "r/difference/alice0.fst"));
  // A run without a difference clears it away.
  EXPECT_EQ(differs("1").status, 0);
  EXPECT_FALSE(fs::exists(folder_ / "r/difference"));
  EXPECT_FALSE(summary("r").contains("difference"));
  // Also that of a run that was killed before it wrote a summary.
  fs::create_directory(folder_ / "r/difference");
  folder_.write("r/difference/history.txt", "x");
  folder_.write("r/difference/history.jsonl.part", "x");
  EXPECT_EQ(differs("1").status, 0);
  EXPECT_FALSE(fs::exists(folder_ / "r/difference"));
}

TEST_F(Program, NoSecondRunWhereTheOutsideTookPart) {
  folder_.write("tap.toml",
                "version = 1\nseed = 101\n[host.alice]\nnics = [\"alice0\"]\naddress = "
                "\"10.0.0.2/24\"\n[nic.alice0]\n[tap.kernel]\ninterface = \"tap0\"\n"
                "[link.wire]\nends = [\"alice0\", \"kernel\"]\nrate = \"10G\"\n");
  const Outcome outcome = run({"run", "tap.toml", "--model", "diff", "--out", "r"});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  const auto rerun = summary("r")["difference"]["rerun"];
  EXPECT_EQ(rerun["made"], false);
  EXPECT_EQ(rerun["detail"], "no waves: the outside took part, which no second run repeats");
  EXPECT_TRUE(fs::exists(folder_ / "r/difference/history.txt"));
  EXPECT_TRUE(fs::exists(folder_ / "r/difference/difference.json"));
}

TEST_F(Program, AnInterruptedSecondRunLeavesTheRest) {
  const pid_t child = start({"run", "two.toml", "--model", "diff", "--seed", "105", "--out", "r"});
  const timespec pause = {0, 5'000'000};
  const fs::path started = folder_ / "r/difference/started";
  for (int i = 0; i < 4000 && !fs::exists(started); ++i) nanosleep(&pause, nullptr);
  EXPECT_NE(read_file(folder_ / "r/difference/difference.txt").find("has not come to its end"),
            std::string::npos);
  EXPECT_EQ(kill(child, SIGINT), 0);
  EXPECT_EQ(finish(child).status, 1);
  EXPECT_EQ(summary("r")["difference"]["rerun"]["detail"],
            "no waves: the second run was interrupted");
  EXPECT_FALSE(fs::exists(folder_ / "r/difference/alice0.fst"));
}

TEST_F(Program, JsonIsTheSummaryAndNothingElse) {
  const Outcome outcome = run({"run", "two.toml", "--json", "--out", "r"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, read_file(folder_ / "r/summary.json"));
  EXPECT_EQ(summary("r")["digest"], "00112233445566778899aabbccddeeff");
}

TEST_F(Program, AnExistingFolderIsNotTouchedWithoutForce) {
  fs::create_directory(folder_ / "old");
  folder_.write("old/mine.txt", "mine");
  expect_bad({"run", "two.toml", "--out", "old"},
             "--out old: 'old' exists; expected a new folder, or --force");
  EXPECT_FALSE(fs::exists(folder_ / "old/summary.json"));
  expect_bad({"run", "two.toml", "--out", "two.toml", "--force"},
             "--out two.toml: 'two.toml' is not a folder; expected one");
  EXPECT_EQ(run({"run", "two.toml", "--out", "old", "--force", "--trace", "pcapng"}).status, 0);
  EXPECT_TRUE(fs::exists(folder_ / "old/wire.pcapng"));
  // A run that cannot be built costs nothing.
  expect_bad(
      {"run", "two.toml", "--seed", "4", "--out", "old", "--force"},
      "two.toml: app.probe: 'libprobe.so' has no entry 'main'; expected an extern \"C\" one");
  EXPECT_TRUE(fs::exists(folder_ / "old/wire.pcapng"));
  // Results of the earlier run go; what it did not write stays.
  EXPECT_EQ(run({"run", "two.toml", "--out", "old", "--force"}).status, 0);
  EXPECT_FALSE(fs::exists(folder_ / "old/wire.pcapng"));
  EXPECT_EQ(read_file(folder_ / "old/mine.txt"), "mine");
}

TEST_F(Program, ForceClearsAwayWhatAKilledRunLeft) {
  fs::create_directories(folder_ / "old/trace.perfetto.json.part");
  for (const char* name : {"capture.pcapng.part", "events.nictrace.part", "alice0.fst.part",
                           "alice0.fst.part.hier", "mine.part", "capture"}) {
    folder_.write(std::string("old/") + name, "x");
  }
  EXPECT_EQ(run({"run", "two.toml", "--out", "old", "--force"}).status, 0);
  EXPECT_FALSE(fs::exists(folder_ / "old/capture.pcapng.part"));
  EXPECT_FALSE(fs::exists(folder_ / "old/events.nictrace.part"));
  EXPECT_FALSE(fs::exists(folder_ / "old/alice0.fst.part"));
  EXPECT_FALSE(fs::exists(folder_ / "old/alice0.fst.part.hier"));
  EXPECT_TRUE(fs::exists(folder_ / "old/mine.part"));
  EXPECT_TRUE(fs::exists(folder_ / "old/capture"));
  EXPECT_TRUE(fs::is_directory(folder_ / "old/trace.perfetto.json.part"));
}

TEST_F(Program, AFullDiskIsToldWhenItHappensAndOnce) {
  const pid_t child = start({"run", "two.toml", "--seed", "6", "--out", "r"});
  const timespec pause = {0, 5'000'000};
  for (int i = 0; i < 4000 && !fs::exists(folder_ / "r/started"); ++i) nanosleep(&pause, nullptr);
  const std::string line = "ringside: capture.pcapng: the disk is full\n";
  EXPECT_EQ(read_file(folder_ / "stderr"), line);  // while it runs
  EXPECT_EQ(kill(child, SIGINT), 0);
  const Outcome outcome = finish(child);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, line);
  EXPECT_EQ(summary("r")["files_cut"], nlohmann::json({"capture.pcapng.part"}));
}

TEST_F(Program, AnOldSummaryCannotPointOutOfItsFolder) {
  folder_.write("precious", "x");
  fs::create_directories(folder_ / "old/sub");
  folder_.write("old/summary.json",
                R"({"files": ["../precious", "sub", ".", "..", "", 3, "/etc/hostname"]})");
  EXPECT_EQ(run({"run", "two.toml", "--out", "old", "--force"}).status, 0);
  EXPECT_EQ(read_file(folder_ / "precious"), "x");
  EXPECT_TRUE(fs::is_directory(folder_ / "old/sub"));
}

TEST_F(Program, AnInterruptLeavesASummaryThatSaysSo) {
  const pid_t child = start({"run", "two.toml", "--seed", "5", "--out", "r"});
  const timespec pause = {0, 5'000'000};
  for (int i = 0; i < 4000 && !fs::exists(folder_ / "r/started"); ++i) nanosleep(&pause, nullptr);
  ASSERT_TRUE(fs::exists(folder_ / "r/started"));
  EXPECT_EQ(kill(child, SIGINT), 0);
  const Outcome outcome = finish(child);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(summary("r")["incomplete"], true);
  EXPECT_NE(outcome.out.find("incomplete: ended before it was done\n"), std::string::npos);
}

TEST_F(Program, KeysThatTheModelDoesNotHeedAreToldOnce) {
  const auto told = [this](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"check", "two.toml"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.status, 0);
    return outcome.err;
  };
  EXPECT_EQ(told({}), "");
  EXPECT_EQ(told({"--model", "at", "--set", "nic.*.pcie_gen=3", "--set", "nic.*.prefetch=4"}), "");
  EXPECT_EQ(told({"--set", "nic.*.pcie_gen=3"}),
            "--set nic.*.pcie_gen=3: nic.alice0.pcie_gen: no effect with model lt; models that "
            "heed it: at, rtl and diff\n");
  EXPECT_EQ(told({"--model", "at", "--set", "nic.bob0.rtl_clock=always"}),
            "--set nic.bob0.rtl_clock=always: nic.bob0.rtl_clock: no effect with model at; models "
            "that heed it: rtl and diff\n");
#if RINGSIDE_HAVE_RTL
  EXPECT_EQ(told({"--model", "rtl", "--set", "nic.*.used_batch=8"}), "");
  EXPECT_EQ(told({"--model", "rtl", "--set", "nic.*.used_batch=64"}),
            "--set nic.*.used_batch=64: nic.alice0.used_batch: model rtl takes at most 8\n");
  EXPECT_EQ(told({"--model", "diff", "--set", "nic.*.tx_buffer=16KiB"}),
            "--set nic.*.tx_buffer=16KiB: nic.alice0.tx_buffer: no effect with model diff; models "
            "that heed it: lt and at\n");
#endif
  // In the file, in both cards.
  std::string text = read_file(folder_ / "two.toml");
  for (const char* nic : {"[nic.alice0]", "[nic.bob0]"}) {
    const std::size_t at = text.find(nic);
    ASSERT_NE(at, std::string::npos);
    text.insert(at + std::string(nic).size(), "\ndatapath_bits = 256");
  }
  folder_.write("two.toml", text);
  const std::string err = told({});
  EXPECT_NE(
      err.find(": nic.alice0.datapath_bits: no effect with model lt; models that heed it: at\n"),
      std::string::npos)
      << err;
  EXPECT_EQ(err.find("two.toml:"), 0U);
  EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1);
  EXPECT_EQ(run({"run", "two.toml", "--quiet", "--out", "r"}).err, "");
  // A card of the user's own is another matter.
  EXPECT_EQ(told({"--set", "nic.*.card=two.toml"}), "");
}

TEST_F(Program, ADifferenceLeavesReportsWhereACardIsServed) {
  const Outcome outcome =
      run({"serve", "--vhost-user", "card", "--model", "diff", "--seed", "101"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "ringside: card0: clock cycle 3000: difference: a byte is wrong\n");
  EXPECT_NE(outcome.out.find("checks: 1 of 1 failed\n  FAILED diff alice0: a byte is wrong\n"
                             "difference: 12.000000 us of virtual time, clock cycle 3000 of "
                             "alice0; out/serve-001/difference/difference.txt says where "),
            std::string::npos)
      << outcome.out;
  const auto json = summary("out/serve-001");
  EXPECT_EQ(json["difference"]["what"], "a byte is wrong");
  EXPECT_EQ(json["checks"][0]["pass"], false);
  EXPECT_EQ(json["files"], nlohmann::json({"difference/history.txt", "difference/difference.txt",
                                           "difference/difference.json"}));
  EXPECT_TRUE(fs::exists(folder_ / "out/serve-001/difference/difference.txt"));
}

TEST_F(Program, ServingEndsInGoodOrderAtASignalThatComesTwice) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    const pid_t child = start_serving();
    EXPECT_EQ(kill(child, signal), 0);
    wait_for("served/ending");
    EXPECT_EQ(kill(child, signal), 0);  // timeout(1) tells its command, and the command's group
    const Outcome outcome = finish(child);
    EXPECT_EQ(outcome.status, 0) << signal;
    EXPECT_NE(outcome.out.find("results in served\n"), std::string::npos) << outcome.out;
    EXPECT_EQ(summary("served")["peers"][0]["served"], 1);
  }
}

TEST_F(Program, ALaterSignalEndsServingAtOnce) {
  const pid_t child = start_serving();
  EXPECT_EQ(kill(child, SIGTERM), 0);
  wait_for("served/ending");
  const timespec longer = {0, 250'000'000};
  nanosleep(&longer, nullptr);
  EXPECT_EQ(kill(child, SIGTERM), 0);
  EXPECT_EQ(finish(child).status, 1000 + SIGTERM);
  EXPECT_FALSE(fs::exists(folder_ / "served/summary.json"));
}

TEST_F(Program, TheCommandThatRepeatsARunDoes) {
  fs::rename(folder_ / "two.toml", folder_ / "it's two.toml");
  const Outcome first = run(
      {"run", "it's two.toml", "--seed", "7", "--set", "description=a $HOME \"x\"", "--out", "r"});
  ASSERT_EQ(first.status, 0);
  const std::string command = summary("r")["command"];
  EXPECT_EQ(command, "ringside run 'it'\\''s two.toml' --seed 7 --set 'description=a $HOME \"x\"'");
}

}  // namespace
}  // namespace ringside::test
