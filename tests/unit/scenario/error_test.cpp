// SPDX-License-Identifier: Apache-2.0
// Bad scenarios: the exact line that a user reads, with the line of the file.
#include <string>
#include <vector>

#include "testbench/scenario/load.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/built.h"
#include "tests/unit/scenario/text.h"

namespace ringside::test {
namespace {

TEST(ScenarioError, KeysAndSections) {
  check_errors({
      {"unknown key", replaced("mtu = 1500", "ringsize = 512"),
       "11: unknown key 'ringsize' in [nic.alice0]; expected one of those that `ringside explain "
       "nic` lists (did you mean 'ring_size'?)"},
      {"unknown key at the top", "sed = 3\n" + std::string(kTwoHosts),
       "1: unknown key 'sed' in the scenario; expected version, name, description, seed, duration, "
       "model, firmware, pace, host, nic, switch, tap, pcap, link, impair, flow, ping, udp_echo, "
       "tcp_echo "
       "or "
       "app (did you mean 'seed'?)"},
      {"unknown section", with("[pings.p]\nfrom = \"alice\"\n"),
       "19: unknown section 'pings' in the scenario; expected version, name, description, seed, "
       "duration, model, firmware, pace, host, nic, switch, tap, pcap, link, impair, flow, ping, "
       "udp_echo, "
       "tcp_echo or app (did you mean 'ping'?)"},
      {"unknown cost", with("[host.bob.costs]\nnapi_pol = \"1ns\"\n"),
       "20: unknown key 'napi_pol' in [host.bob.costs]; expected interrupt_entry, softirq_entry, "
       "napi_poll, receive_frame, receive_refill, transmit_frame, transmit_fragment, "
       "transmit_complete, mmio_write, mmio_read, config_access, stack_receive, stack_transmit, "
       "checksum_byte, copy_byte, system_call, wake_up, context_switch or timer (did you mean "
       "'napi_poll'?)"},
      {"no name", with("[ping]\nfrom = \"alice\"\n"),
       "20: [ping] has no name; expected [ping.NAME]"},
      {"array of tables", with("[[ping]]\n"), "19: 'ping' is not a section; expected [ping.NAME]"},
      {"section as a value", "host = 3\nversion = 1\n",
       "1: 'host' is not a section; expected [host.NAME]"},
      {"costs as a value", replaced("mtu = 1500\n", "mtu = 1500\n[host.x]\ncosts = 3\n"),
       "12: nics is missing in [host.x]; expected nics = a list of names of nics"},
      {"bad name", with("[ping.\"a b\"]\n"),
       "19: 'a b' cannot be the name of a ping; expected a letter, then letters, digits, '_' and "
       "'-'"},
      {"line feed in a name", with("[ping.\"a\\nb\"]\n"),
       "19: 'a\\nb' cannot be the name of a ping; expected a letter, then letters, digits, '_' and "
       "'-'"},
      {"missing key", replaced("to = \"bob\"\n", ""),
       "16: to is missing in [flow.upload]; expected to = the name of a host, or to_address = an "
       "IP address of the outside"},
      {"missing version", replaced("version = 1\n", ""),
       "1: version is missing in the scenario; expected version = 1"},
      {"other version", replaced("version = 1", "version = 2"), "1: version = 2; expected 1"},
      {"the first of two errors",
       replaced("mtu = 1500", "mtu = 20\n[link.x]\nbogus = 1\n[nic.y]\nmtu = 1"),
       "11: nic.alice0.mtu = 20; expected an integer from 576 to 9000"},
  });
}

TEST(ScenarioError, BrokenToml) {
  check_errors({
      {"no value", "version = \n",
       "1:11: broken TOML: Error while parsing key-value pair: expected value, saw '\\n'; expected "
       "TOML 1.0"},
      {"open header", "version = 1\n[host.alice\n",
       "2:12: broken TOML: Error while parsing table header: expected ']', saw '\\n'; expected "
       "TOML 1.0"},
      {"not UTF-8", "\xff\xfe\xfd",
       "1:1: broken TOML: Encountered invalid utf-8 sequence; expected TOML 1.0"},
      {"duplicate section", with("[nic.alice0]\n"),
       "19: 'nic.alice0' is defined twice; expected every name once"},
      {"duplicate key", with("to = \"alice\"\n"),
       "19: 'to' is defined twice; expected every name once"},
  });
}

TEST(ScenarioError, ValuesOfTheWrongKind) {
  const std::string nic = "nic.alice0.";
  check_errors({
      {"string for integer", replaced("mtu = 1500", "mtu = \"1500\""),
       "11: nic.alice0.mtu = \"1500\"; expected an integer from 576 to 9000"},
      {"float for integer", replaced("mtu = 1500", "mtu = 1500.0"),
       "11: nic.alice0.mtu = 1500.0; expected an integer from 576 to 9000"},
      {"negative", replaced("mtu = 1500", "mtu = -1"),
       "11: nic.alice0.mtu = -1; expected an integer from 576 to 9000"},
      {"too large", replaced("mtu = 1500", "mtu = 9001"),
       "11: nic.alice0.mtu = 9001; expected an integer from 576 to 9000"},
      {"bool for a time", with("start = true\n"),
       "19: flow.upload.start = true; expected a time with its unit, such as \"2us\" (ps, ns, us, "
       "ms or s)"},
      {"list for a name", replaced("to = \"bob\"", "to = [\"bob\"]"),
       "18: flow.upload.to = [...]; expected the name of a host"},
      {"name for a list", replaced("nics = [\"bob0\"]", "nics = \"bob0\""),
       "7: host.bob.nics = \"bob0\"; expected a list of names of nics"},
      {"numbers in a list", replaced("nics = [\"bob0\"]", "nics = [1]"),
       "7: host.bob.nics = [...]; expected a list of names of nics"},
      {"not a power of two", replaced("mtu = 1500", "ring_size = 300"),
       "11: nic.alice0.ring_size = 300 is not a power of two; expected a power of two from 4 to "
       "32768"},
      {"too many queue pairs", replaced("mtu = 1500", "queue_pairs = 9"),
       "11: nic.alice0.queue_pairs = 9; expected an integer from 1 to 8"},
      {"no queue pairs", replaced("mtu = 1500", "queue_pairs = 0"),
       "11: nic.alice0.queue_pairs = 0; expected an integer from 1 to 8"},
      {"unknown choice", with("ip = \"v5\"\n"),
       "19: flow.upload.ip 'v5' is not known; expected one of v4 or v6 (did you mean 'v4'?)"},
      {"unknown model", replaced("version = 1\n", "version = 1\nmodel = \"rtt\"\n"),
       "2: model 'rtt' is not known; expected one of lt, at, rtl or diff (did you mean 'rtl'?)"},
      {"firmware of another build", replaced("version = 1\n", "version = 1\nfirmware = \"rv32\"\n"),
       "2: firmware 'rv32' is not in this build; expected native"},
      {"unknown feature", replaced("mtu = 1500", "withhold = [\"event_id\"]"),
       "11: nic.alice0.withhold 'event_id' is not known; expected a list of names out of mtu, mac, "
       "mrg_rxbuf, status, ctrl_vq, mq, indirect_desc, event_idx, access_platform, "
       "order_platform, notification_data and speed_duplex (did you mean 'event_idx'?)"},
      {"feature twice", replaced("mtu = 1500", "withhold = [\"mac\", \"mac\"]"),
       "11: nic.alice0.withhold has 'mac' twice; expected each name once"},
      {"control characters", with("ip = \"\\u001b[2J\\n\"\n"),
       "19: flow.upload.ip '\\x1b[2J\\n' is not known; expected one of v4 or v6"},
  });
}

TEST(ScenarioError, Units) {
  check_errors({
      {"no unit", replaced("[flow.upload]", "delay = 2\n[flow.upload]"),
       "16: link.wire.delay = 2 has no unit; expected a time with its unit, such as \"2us\" (ps, "
       "ns, us, ms or s)"},
      {"float without unit", replaced("[flow.upload]", "rate = 2.5\n[flow.upload]"),
       "16: link.wire.rate = 2.5 has no unit; expected a rate with its unit, such as \"100G\" (k, "
       "M, G or T, alone or with bps or bit/s)"},
      {"string without unit", with("size = \"64\"\n"),
       "19: flow.upload.size = \"64\" has no unit; expected a size with its unit, such as "
       "\"64KiB\" (B, KiB, MiB, GiB, TiB, kB, MB, GB or TB)"},
      {"zero without unit", with("start = 0\n"),
       "19: flow.upload.start = 0 has no unit; expected a time with its unit, such as \"2us\" (ps, "
       "ns, us, ms or s)"},
      {"unit of another quantity", replaced("[flow.upload]", "delay = \"2Gbps\"\n[flow.upload]"),
       "16: link.wire.delay = \"2Gbps\" has an unknown unit; expected a time with its unit, such "
       "as \"2us\" (ps, ns, us, ms or s)"},
      {"ambiguous unit", with("size = \"64K\"\n"),
       "19: flow.upload.size = \"64K\" has an unknown unit; expected a size with its unit, such as "
       "\"64KiB\" (B, KiB, MiB, GiB, TiB, kB, MB, GB or TB)"},
      {"too fine", with("start = \"0.5ps\"\n"),
       "19: flow.upload.start = \"0.5ps\" is finer than the smallest unit; expected whole "
       "picoseconds"},
      {"does not fit", with("start = \"99999999999s\"\n"),
       "19: flow.upload.start = \"99999999999s\" is too large; expected a time"},
      {"out of range", replaced("[flow.upload]", "rate = \"1k\"\n[flow.upload]"),
       "16: link.wire.rate = \"1k\"; expected a rate from 1Mbps to 10Tbps"},
      {"half a millisecond", replaced("[host.bob]", "tcp_timer = \"1.5ms\"\n[host.bob]"),
       "6: host.alice.tcp_timer has a part of a millisecond; expected whole milliseconds"},
  });
}

TEST(ScenarioError, Addresses) {
  check_errors({
      {"no prefix", replaced("10.0.0.2/24", "10.0.0.2"),
       "8: host.bob.address = \"10.0.0.2\" has no prefix length; expected an IPv4 host address "
       "with prefix length such as \"10.0.0.1/24\""},
      {"no address", replaced("10.0.0.2/24", "10.0.0.256/24"),
       "8: host.bob.address = \"10.0.0.256/24\"; expected an IPv4 host address with prefix length "
       "such as \"10.0.0.1/24\""},
      {"prefix too long", replaced("10.0.0.2/24", "10.0.0.2/33"),
       "8: host.bob.address = \"10.0.0.2/33\"; expected an IPv4 host address with prefix length "
       "such as \"10.0.0.1/24\""},
      {"network address", replaced("10.0.0.2/24", "10.0.0.0/24"),
       "8: host.bob.address = \"10.0.0.0/24\" is no address that a host can have; expected an IPv4 "
       "host address with prefix length such as \"10.0.0.1/24\""},
      {"multicast", replaced("fd00::2/64", "ff02::1/64"),
       "9: host.bob.address6 = \"ff02::1/64\" is no address that a host can have; expected an IPv6 "
       "host address with prefix length such as \"fd00::1/64\""},
      {"other version", replaced("fd00::2/64", "10.0.0.9/24"),
       "9: host.bob.address6 = \"10.0.0.9/24\"; expected an IPv6 host address with prefix length "
       "such as \"fd00::1/64\""},
      {"same address", replaced("10.0.0.2/24", "10.0.0.1/24"),
       "8: host.bob.address = \"10.0.0.1\" is that of host 'alice' too; expected an address of its "
       "own"},
      {"broken MAC", replaced("mtu = 1500", "mac = \"02:00:00:00:00\""),
       "11: nic.alice0.mac = \"02:00:00:00:00\"; expected a unicast MAC address such as "
       "\"02:00:00:00:00:01\""},
      {"multicast MAC", replaced("mtu = 1500", "mac = \"ff:ff:ff:ff:ff:ff\""),
       "11: nic.alice0.mac = \"ff:ff:ff:ff:ff:ff\" is not a unicast address; expected a unicast "
       "MAC address such as \"02:00:00:00:00:01\""},
      {"MAC of an automatic one", replaced("mtu = 1500", "mac = \"02:00:00:00:00:02\""),
       "12: nic.bob0.mac = \"02:00:00:00:00:02\" is that of nic 'alice0' too; expected a MAC "
       "address of its own"},
      {"gateway elsewhere", replaced("[host.bob]", "gateway = \"10.0.1.1\"\n[host.bob]"),
       "6: host.alice.gateway = \"10.0.1.1\" is no neighbour; expected another address in the "
       "subnet of host.alice.address"},
      {"gateway without address",
       replaced("address = \"10.0.0.1/24\"\n", "gateway = \"10.0.0.1\"\n"),
       "4: host.alice.gateway without an address; expected host.alice.address too"},
      {"IPv6 on a small MTU", replaced("mtu = 1500", "mtu = 1000"),
       "11: nic.alice0.mtu = 1000 is too small for host.alice.address6; expected at least 1280"},
      {"no address of that version", replaced("address = \"10.0.0.2/24\"\n", ""),
       "15: flow.upload uses IP v4, but host 'bob' has no such address; expected "
       "host.bob.address"},
      {"two subnets", replaced("10.0.0.2/24", "10.0.1.2/24"),
       "16: flow.upload: 10.0.1.2 of host 'bob' is outside the subnet of host 'alice'; expected "
       "one subnet, or host.alice.gateway"},
  });
}

TEST(ScenarioError, Switches) {
  const auto cabled = [](std::string_view more) {
    return replaced("\"alice0\", \"bob0\"", "\"alice0\", \"core\"") +
           "[switch.core]\n[link.second]\nends = [\"bob0\", \"core\"]\n" + std::string(more);
  };
  EXPECT_EQ(error_of(cabled("")), "");
  check_errors({
      {"no such end", cabled("[link.x]\nends = [\"coer\", \"bob0\"]\n"),
       "23: link.x.ends: no nic or switch is named 'coer'; expected alice0, bob0 or core (did you "
       "mean 'core'?)"},
      {"name of a nic", cabled("[switch.bob0]\n"),
       "22: switch.bob0 has the name of nic.bob0; expected a name of its own, links end at it"},
      {"no link", with("[switch.core]\n"),
       "19: switch.core is at the end of no link; expected a [link.NAME] to it"},
      {"a second link for a nic", cabled("[link.x]\nends = [\"core\", \"bob0\"]\n"),
       "23: link.x.ends: nic 'bob0' is at the end of link 'second' already; expected one link for "
       "each nic"},
      {"loop of two",
       cabled("[switch.edge]\n[link.x]\nends = [\"core\", \"edge\"]\n"
              "[link.y]\nends = [\"edge\", \"core\"]\n"),
       "25: link.y closes a loop of switches; expected a tree, other links join 'edge' and 'core' "
       "already"},
      {"loop of three",
       cabled("[switch.a]\n[switch.b]\n[link.x]\nends = [\"core\", \"a\"]\n"
              "[link.y]\nends = [\"a\", \"b\"]\n[link.z]\nends = [\"b\", \"core\"]\n"),
       "28: link.z closes a loop of switches; expected a tree, other links join 'b' and 'core' "
       "already"},
      {"two islands",
       replaced("\"alice0\", \"bob0\"", "\"alice0\", \"core\"") +
           "[switch.core]\n[switch.edge]\n[link.x]\n"
           "ends = [\"bob0\", \"edge\"]\n",
       "16: flow.upload: no link joins 'alice' and 'bob'; expected a [link.NAME] between their "
       "nics"},
      {"queue without unit", cabled("[switch.edge]\nqueue = 3\n"),
       "23: switch.edge.queue = 3 has no unit; expected a size with its unit, such as \"64KiB\" "
       "(B, KiB, MiB, GiB, TiB, kB, MB, GB or TB)"},
  });
}

TEST(ScenarioError, FaultsOfTheNetwork) {
  const auto impair = [](std::string_view more) {
    return with("[impair.bad]\nlink = \"wire\"\n" + std::string(more));
  };
  const std::string kProbability =
      "expected a probability with its unit, such as \"0.1%\" or \"1e-4\" (%, ppm, ppb or e-1 to "
      "e-18)";
  const std::string kSpans =
      "expected a list of times such as [\"10ms to 12ms\", \"1s to 1.5s\"], in order";
  EXPECT_EQ(error_of(impair("loss = \"0.1%\"\nfrom = \"bob0\"\n")), "");
  check_errors({
      {"no link", with("[impair.bad]\nloss = \"1%\"\n"),
       "19: link is missing in [impair.bad]; expected link = the name of a link"},
      {"no such link", with("[impair.bad]\nlink = \"wier\"\n"),
       "20: impair.bad.link: no link is named 'wier'; expected wire (did you mean 'wire'?)"},
      {"no such end", impair("from = \"alice\"\n"),
       "21: impair.bad.from: 'alice' is at no end of link 'wire'; expected alice0 or bob0 (did you "
       "mean 'alice0'?)"},
      {"two for one way", impair("from = \"bob0\"\n[impair.more]\nlink = \"wire\"\n"),
       "22: impair.more: impair.bad is for what 'bob0' sends over link 'wire' already; expected "
       "one "
       "for each way"},
      {"probability without unit", impair("loss = \"0.01\"\n"),
       "21: impair.bad.loss = \"0.01\" has no unit; " + kProbability},
      {"probability as a number", impair("loss = 1e-4\n"),
       "21: impair.bad.loss = 0.0001 has no unit; " + kProbability},
      {"probability with another unit", impair("loss = \"1ms\"\n"),
       "21: impair.bad.loss = \"1ms\" has an unknown unit; " + kProbability},
      {"more than certain", impair("loss = \"101%\"\n"),
       "21: impair.bad.loss = \"101%\"; expected a probability up to 100%"},
      {"finer than possible", impair("loss = \"0.5e-18\"\n"),
       "21: impair.bad.loss = \"0.5e-18\" is finer than the smallest unit; expected whole parts "
       "of 1e-18"},
      {"no such corruption", impair("corruption = \"loud\"\n"),
       "21: impair.bad.corruption 'loud' is not known; expected one of fcs or silent"},
      {"one time", replaced("ends =", "down = [\"1ms\"]\nends ="),
       "15: link.wire.down has \"1ms\"; " + kSpans},
      {"no list", replaced("ends =", "down = \"1ms to 2ms\"\nends ="),
       "15: link.wire.down = \"1ms to 2ms\"; " + kSpans},
      {"ends first", replaced("ends =", "down = [\"2ms to 1ms\"]\nends ="),
       "15: link.wire.down has \"2ms to 1ms\", which does not end after it begins; " + kSpans},
      {"overlap", replaced("ends =", "down = [\"1ms to 3ms\", \"2ms to 4ms\"]\nends ="),
       "15: link.wire.down has \"2ms to 4ms\", which does not begin after the one before it "
       "ends; " +
           kSpans},
  });
}

TEST(ScenarioError, PartsThatDoNotFit) {
  check_errors({
      {"no such nic", replaced("nics = [\"bob0\"]", "nics = [\"bob1\"]"),
       "7: host.bob.nics: no nic is named 'bob1'; expected alice0 or bob0 (did you mean 'bob0'?)"},
      {"nic of two hosts", replaced("nics = [\"bob0\"]", "nics = [\"alice0\"]"),
       "7: host.bob.nics: nic 'alice0' is in host 'alice' already; expected one host for each nic"},
      {"nic of no host", with("[nic.spare]\n"),
       "19: nic.spare is in no host; expected it in the nics of one host"},
      {"two nics", replaced("nics = [\"bob0\"]", "nics = [\"bob0\", \"bob1\"]") + "[nic.bob1]\n",
       "7: host.bob.nics has 2 names; expected one, a host has one card in this build"},
      {"ring larger than offered", replaced("mtu = 1500", "ring_size = 2048"),
       "11: nic.alice0.ring_size = 2048 is more than the card offers; expected at most "
       "nic.alice0.queue_size_max, 1024"},
      {"credits for less than a TLP", replaced("mtu = 1500", "pcie_posted_data = 15"),
       "11: nic.alice0.pcie_posted_data = 15 does not hold one TLP of nic.alice0.pcie_mps, 256B; "
       "expected 0 (infinite) or at least 16"},
      {"link to a host", replaced("\"alice0\", \"bob0\"", "\"alice0\", \"bob\""),
       "15: link.wire.ends: no nic is named 'bob'; expected alice0 or bob0 (did you mean 'bob0'?)"},
      {"link with one end", replaced("\"alice0\", \"bob0\"", "\"alice0\""),
       "15: link.wire.ends has 1 name; expected the names of two parts"},
      {"link to itself", replaced("\"alice0\", \"bob0\"", "\"alice0\", \"alice0\""),
       "15: link.wire.ends has 'alice0' twice; expected each name once"},
      {"end used twice", with("[link.second]\nends = [\"bob0\", \"alice0\"]\n"),
       "20: link.second.ends: nic 'bob0' is at the end of link 'wire' already; expected one link "
       "for each nic"},
      {"no such host", replaced("to = \"bob\"", "to = \"bobb\""),
       "18: flow.upload.to: no host is named 'bobb'; expected alice or bob (did you mean 'bob'?)"},
      {"to itself", replaced("to = \"bob\"", "to = \"alice\""),
       "18: flow.upload.to is 'alice' like flow.upload.from; expected another host"},
      {"no link", replaced("[link.wire]\nends = [\"alice0\", \"bob0\"]\n", ""),
       "14: flow.upload: no link joins 'alice' and 'bob'; expected a [link.NAME] between their "
       "nics"},
      {"one name for two", with("[ping.upload]\nfrom = \"alice\"\nto = \"bob\"\n"),
       "19: ping.upload has the name of flow.upload; expected a name of its own, results are "
       "listed by it"},
      {"port taken", with("port = 80\n[tcp_echo.t]\nfrom = \"alice\"\nto = \"bob\"\nport = 80\n"),
       "23: tcp_echo.t.port: 80 is taken by other traffic to that host; expected a free port"},
      {"no room for streams", with("port = 65535\nstreams = 2\n"),
       "19: flow.upload.port = 65535 leaves no room for 2 streams; expected at most 65534"},
      {"begins after the end", with("start = \"60s\"\n"),
       "19: flow.upload.start is not before the end; expected less than duration"},
      {"nothing to run", replaced("[flow.upload]\nfrom = \"alice\"\nto = \"bob\"\n", ""),
       "1: nothing to run; expected at least one flow, ping, udp_echo, tcp_echo or app"},
      {"no host", "version = 1\n", "1: no host; expected at least one [host.NAME]"},
  });
}

TEST(ScenarioError, Files) {
  const TemporaryFolder folder;
  const std::string data = folder.write("data.bin", "x");
  check_errors({
      {"missing file", with("file = \"nope.bin\"\n"),
       "19: flow.upload.file: file 'dir/nope.bin' does not exist; expected the path of a file that "
       "can be read"},
      {"folder as file", with("file = \"" + folder.path() + "\"\n"),
       "19: flow.upload.file: file '" + folder.path() +
           "' is a folder; expected the path of a file that can be read"},
      {"device as file", with("file = \"/dev/null\"\n"),
       "19: flow.upload.file: file '/dev/null' is no regular file; expected the path of a file "
       "that can be read"},
      {"empty path", with("file = \"\"\n"),
       "19: flow.upload.file = \"\"; expected the path of a file that can be read"},
      {"output in no folder", with("output = \"" + folder / "no/copy" + "\"\n"),
       "19: flow.upload.output: folder '" + folder / "no" +
           "' does not exist; expected the path of a file in an existing folder"},
      {"output over input", with("file = \"" + data + "\"\noutput = \"" + data + "\"\n"),
       "20: flow.upload.output is the file that is sent; expected another one"},
      {"no entry point", with("[app.a]\nhost = \"bob\"\napp = \"libx.so\"\n"),
       "21: app.a.app = \"libx.so\"; expected a shared object and its entry point such as "
       "\"build/libmine.so:my_entry\""},
      {"bad entry point", with("[app.a]\nhost = \"bob\"\napp = \"libx.so:a-b\"\n"),
       "21: app.a.app = \"libx.so:a-b\"; expected a shared object and its entry point such as "
       "\"build/libmine.so:my_entry\""},
      {"missing library", with("[app.a]\nhost = \"bob\"\napp = \"libx.so:run\"\n"),
       "21: app.a.app: library 'dir/libx.so' does not exist; expected a shared object and its "
       "entry point such as \"build/libmine.so:my_entry\""},
      {"argument that is no string",
       with("[app.a]\nhost = \"bob\"\napp = \"" + data + ":run\"\n[app.a.args]\nn = 3\n"),
       "23: app.a.args.n is not a string; expected a string"},
  });
}

TEST(ScenarioError, TheScenarioItselfCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(tb::load_scenario(folder / "no.toml").error,
            folder / "no.toml" +
                ": No such file or directory; expected a scenario file, such as one of examples/");
  EXPECT_EQ(tb::load_scenario(folder.path()).error,
            folder.path() + ": is a folder; expected a scenario file, such as one of examples/");
}

// Cut anywhere and with any byte replaced, a scenario either loads or gives one line.
TEST(ScenarioError, DamagedFilesGiveOneLine) {
  const auto one_line = [](const std::string& text) {
    const tb::LoadResult result = parse(text);
    EXPECT_NE(result.scenario.has_value(), !result.error.empty()) << text;
    EXPECT_EQ(result.error.find_first_of("\n\r"), std::string::npos) << text;
    if (!result.error.empty()) {
      EXPECT_TRUE(result.error.starts_with("dir/two.toml:")) << result.error;
    }
  };
  const std::string whole(kTwoHosts);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    one_line(whole.substr(0, i));
    std::string damaged = whole;
    for (const char c : {'\0', '"', '\n', '=', '[', '\xff', '.', '9'}) {
      damaged[i] = c;
      one_line(damaged);
    }
  }
}

}  // namespace
}  // namespace ringside::test
