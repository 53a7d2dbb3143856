// SPDX-License-Identifier: Apache-2.0
// Taps, captures, and traffic with addresses of the outside: defaults and what is refused.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testbench/report/summary.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/pretend.h"
#include "tests/unit/scenario/text.h"

namespace ringside::tb {
namespace {

using test::check_errors;
using test::error_of;

/// Lines 1 to 11: a host on a tap.
constexpr std::string_view kTap =
    "version = 1\n"                      // 1
    "[host.alice]\n"                     // 2
    "nics = [\"alice0\"]\n"              // 3
    "address = \"10.0.0.2/24\"\n"        // 4
    "address6 = \"fd00::2/64\"\n"        // 5
    "[nic.alice0]\n"                     // 6
    "[tap.kernel]\n"                     // 7
    "interface = \"tap0\"\n"             // 8
    "[link.wire]\n"                      // 9
    "ends = [\"alice0\", \"kernel\"]\n"  // 10
    "rate = \"10G\"\n";                  // 11

std::string on_tap(std::string_view more) { return std::string(kTap).append(more); }

TEST(OutsideScenario, FillsInDefaults) {
  const Scenario s = test::parse(kTap).scenario.value();
  ASSERT_EQ(s.taps.size(), 1u);
  EXPECT_EQ(s.taps[0].interface, "tap0");
  EXPECT_FALSE(s.taps[0].create);
  EXPECT_FALSE(s.taps[0].address.has_value());
  EXPECT_EQ(s.links[0].parts[1], (LinkEnd{EndKind::kTap, 0}));
  EXPECT_EQ(s.pace, RunPace::kWall);
  EXPECT_FALSE(s.repeatable());
  EXPECT_TRUE(s.open_ended());
  EXPECT_EQ(test::parse(kTap, {"pace=demand"}).scenario->pace, RunPace::kDemand);

  const Scenario two = test::parse(test::kTwoHosts).scenario.value();
  EXPECT_EQ(two.pace, RunPace::kDemand);
  EXPECT_TRUE(two.repeatable());
  EXPECT_FALSE(two.open_ended());
}

TEST(OutsideScenario, ReadsAnInterfaceThatIsMade) {
  const Scenario s = test::parse(kTap, {"tap.kernel.create=true", "tap.kernel.address=10.0.0.1/24",
                                        "tap.kernel.address6=fd00::1/64"})
                         .scenario.value();
  EXPECT_TRUE(s.taps[0].create);
  EXPECT_EQ(to_string(s.taps[0].address->address), "10.0.0.1");
  EXPECT_EQ(s.taps[0].address->prefix_length, 24);
  EXPECT_EQ(to_string(s.taps[0].address6->address), "fd00::1");
}

TEST(OutsideScenario, ReadsCaptures) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("a.pcap", "looked at when it is played");
  const std::string text =
      "version = 1\n[host.alice]\nnics = [\"alice0\"]\n[nic.alice0]\n"
      "[link.wire]\nends = [\"replay\", \"alice0\"]\n[pcap.replay]\n"
      "file = \"" +
      file + "\"\n";
  const Scenario s = test::parse(text).scenario.value();
  ASSERT_EQ(s.pcaps.size(), 1u);
  EXPECT_EQ(s.pcaps[0].file, file);
  EXPECT_EQ(s.pcaps[0].repeat, 1u);
  EXPECT_EQ(s.pcaps[0].spacing, PcapSpacing::kRecorded);
  EXPECT_EQ(s.pcaps[0].start_ps, 0u);
  EXPECT_EQ(s.links[0].parts[0], (LinkEnd{EndKind::kPcap, 0}));
  EXPECT_EQ(s.pace, RunPace::kDemand);
  EXPECT_TRUE(s.repeatable());
  EXPECT_FALSE(s.open_ended());
  const Scenario endless =
      test::parse(text, {"pcap.*.repeat=0", "pcap.*.spacing=none"}).scenario.value();
  EXPECT_TRUE(endless.open_ended());
  EXPECT_EQ(endless.pcaps[0].spacing, PcapSpacing::kNone);
  EXPECT_EQ(error_of(text, {"pcap.replay.start=60s"}),
            "--set pcap.replay.start=60s: pcap.replay.start is not before the end; expected less "
            "than duration");
}

TEST(OutsideScenario, TrafficMayBeginOrEndOutside) {
  const Scenario s =
      test::parse(on_tap("[ping.p]\nfrom = \"alice\"\nto_address = \"fd00::1\"\n"
                         "[flow.up]\nfrom = \"alice\"\nto_address = \"10.0.0.1\"\n"
                         "[flow.down]\nfrom_address = \"10.0.0.1\"\nto = \"alice\"\n"
                         "[udp_echo.u]\nfrom = \"alice\"\nto_address = \"10.0.0.9\"\n"))
          .scenario.value();
  EXPECT_EQ(s.pings[0].ip, IpVersion::kV6);  // as the address
  EXPECT_EQ(to_string(*s.pings[0].to_address), "fd00::1");
  EXPECT_EQ(s.flows[0].ip, IpVersion::kV4);
  // Each has the ports of another machine to itself.
  EXPECT_EQ(s.flows[0].port, 20);
  EXPECT_EQ(s.flows[1].port, 20);
  EXPECT_EQ(s.udp_echoes[0].port, 7);
  EXPECT_FALSE(s.open_ended());
}

TEST(OutsideScenario, RefusesPartsThatDoNotFit) {
  const auto replaced = [](std::string_view from, std::string_view to) {
    std::string text(kTap);
    return text.replace(text.find(from), from.size(), to);
  };
  check_errors({
      {"no interface", replaced("interface = \"tap0\"\n", ""),
       "7: interface is missing in [tap.kernel]; expected interface = a string"},
      {"no boolean", replaced("[link", "create = \"yes\"\n[link"),
       "9: tap.kernel.create = \"yes\"; expected true or false"},
      {"address of an interface that exists", replaced("[link", "address = \"10.0.0.1/24\"\n[link"),
       "9: tap.kernel.address for an interface that exists; expected tap.kernel.create = true, or "
       "no address: the interface has the addresses that it was given"},
      {"address of the host", replaced("[link", "create = true\naddress6 = \"fd00::2/64\"\n[link"),
       "10: tap.kernel.address6 = \"fd00::2\" is that of host 'alice' too; expected an address of "
       "its own"},
      {"one interface twice",
       on_tap("[tap.b]\ninterface = \"tap0\"\n[switch.s]\n[link.c]\nends = [\"b\", \"s\"]\n"),
       "13: tap.b.interface = \"tap0\" is that of tap 'kernel' too; expected one of its own"},
      {"tap without a link", on_tap("[tap.b]\ninterface = \"tap1\"\n"),
       "12: tap.b is at the end of no link; expected a [link.NAME] to it"},
      {"tap with two links", on_tap("[switch.s]\n[link.b]\nends = [\"s\", \"kernel\"]\n"),
       "14: link.b.ends: tap 'kernel' is at the end of link 'wire' already; expected one link for "
       "each tap"},
      {"name of a nic", on_tap("[tap.alice0]\ninterface = \"tap1\"\n"),
       "12: tap.alice0 has the name of nic.alice0; expected a name of its own, links end at it"},
      {"no such end", replaced("\"kernel\"", "\"kernal\""),
       "10: link.wire.ends: no nic or tap is named 'kernal'; expected alice0 or kernel (did you "
       "mean 'kernel'?)"},
  });
}

TEST(OutsideScenario, RefusesTrafficThatCannotGetThere) {
  const std::string ping = "[ping.p]\nfrom = \"alice\"\nto_address = ";
  const test::TemporaryFolder folder;
  const std::string outside = "expected that of a host behind a tap";
  check_errors({
      {"host and address", on_tap(ping + "\"10.0.0.1\"\nto = \"alice\"\n"),
       "14: ping.p.to_address beside ping.p.to; expected one of them"},
      {"neither", on_tap("[flow.f]\nto = \"alice\"\n"),
       "12: from is missing in [flow.f]; expected from = the name of a host, or from_address = an "
       "IP address of the outside"},
      {"no address", on_tap(ping + "\"10.0.0\"\n"),
       "14: ping.p.to_address = \"10.0.0\"; expected an IP address such as \"10.0.0.254\" or "
       "\"fd00::fe\""},
      {"both outside", on_tap("[flow.f]\nfrom_address = \"10.0.0.1\"\nto_address = \"10.0.0.3\"\n"),
       "12: flow.f begins and ends outside; expected a host at one end"},
      {"group", on_tap(ping + "\"224.0.0.1\"\n"),
       "14: ping.p.to_address = \"224.0.0.1\" is no address that a host can have; " + outside},
      {"own address", on_tap(ping + "\"10.0.0.2\"\n"),
       "14: ping.p.to_address = \"10.0.0.2\" is that of host 'alice'; expected one of the outside"},
      {"other subnet", on_tap(ping + "\"10.0.1.2\"\n"),
       "14: ping.p.to_address = \"10.0.1.2\" is outside the subnet of host 'alice'; expected one "
       "subnet, or host.alice.gateway"},
      {"no tap", test::with(ping + "\"10.0.0.9\"\n"),
       "19: ping.p: no link joins 'alice' and a tap; expected a [tap.NAME], and a [link.NAME] to "
       "it"},
      {"several streams",
       on_tap("[flow.f]\nfrom = \"alice\"\nto_address = \"10.0.0.1\"\nstreams = 2\n"),
       "15: flow.f.streams = 2 with an address of the outside; expected 1"},
      {"output that others receive",
       on_tap("[flow.f]\nfrom = \"alice\"\nto_address = \"10.0.0.1\"\noutput = \"" + folder / "x" +
              "\"\n"),
       "15: flow.f.output of what the outside receives; expected no output with to_address"},
  });
  std::string no_address(kTap);
  no_address.erase(no_address.find("address6"), 24);
  EXPECT_EQ(error_of(no_address + ping + "\"fd00::1\"\n"),
            "dir/two.toml:11: ping.p uses IP v6, but host 'alice' has no such address; expected "
            "host.alice.address6");
  // Through a switch, and through a gateway.
  EXPECT_EQ(error_of(on_tap(ping + "\"10.0.1.2\"\n"), {"host.alice.gateway=10.0.0.1"}), "");
  std::string through(kTap);
  through.replace(through.find("\"kernel\"]"), 9, "\"s\"]");
  EXPECT_EQ(error_of(through + "[switch.s]\n[link.b]\nends = [\"kernel\", \"s\"]\n" + ping +
                     "\"10.0.0.1\"\n"),
            "");
}

TEST(OutsideSummary, SaysThatTheRunCannotBeRepeated) {
  const Scenario s = test::parse(kTap).scenario.value();
  RunResult result = test::pretend_run(s, {});
  result.flows[0].compared = false;
  result.outside.push_back({"kernel", "tap", {{"tx_frames", 3}, {"rx_drop_refused", 2}}});
  const std::string text = summary_text(s, result, {});
  EXPECT_NE(text.find("digest: 00112233445566778899aabbccddeeff (of this run alone: the outside "
                      "took part)\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("drops:  tap kernel: rx_drop_refused 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  complete, not compared\n"), std::string::npos) << text;
  const auto json = nlohmann::ordered_json::parse(summary_json(s, result, {}));
  EXPECT_EQ(json["repeatable"], false);
  EXPECT_EQ(json["flows"][0]["compared"], false);
  EXPECT_FALSE(json["flows"][1].contains("compared"));
  EXPECT_EQ(json["outside"], nlohmann::ordered_json::parse(
                                 R"([{"name": "kernel", "kind": "tap",
                                      "counters": {"tx_frames": 3, "rx_drop_refused": 2}}])"));
  result.flows[0].intact = false;
  EXPECT_NE(summary_text(s, result, {}).find("  NOT COMPLETE\n"), std::string::npos);
}

}  // namespace
}  // namespace ringside::tb
