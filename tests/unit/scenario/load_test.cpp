// SPDX-License-Identifier: Apache-2.0
// Good scenarios: every value arrives where it belongs, and defaults are those of the table.
#include "testbench/scenario/load.h"

#include <string>

#include "formats/virtio_defs.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/text.h"

namespace ringside::test {
namespace {

using tb::Scenario;

Scenario good(std::string_view text) {
  const tb::LoadResult result = parse(text);
  EXPECT_EQ(result.error, "");
  return result.scenario.value_or(Scenario{});
}

TEST(Load, FillsInDefaults) {
  const Scenario s = good(kTwoHosts);
  EXPECT_EQ(s.path, "dir/two.toml");
  EXPECT_EQ(s.name, "two");
  EXPECT_EQ(s.seed, 1U);
  EXPECT_EQ(s.duration_ps, 60'000'000'000'000U);
  EXPECT_EQ(s.model, tb::ModelKind::kLt);
  EXPECT_EQ(s.firmware, tb::FirmwareKind::kNative);
  ASSERT_EQ(s.hosts.size(), 2U);
  const tb::Host& alice = s.hosts[0];
  EXPECT_EQ(alice.name, "alice");
  EXPECT_EQ(alice.cores, 1U);
  EXPECT_EQ(alice.cost, tb::CostProfile::kDefault);
  EXPECT_EQ(alice.interleave, tb::Interleave::kNone);
  EXPECT_EQ(alice.memory_bytes, 256U << 20);
  EXPECT_EQ(alice.stack_size_bytes, 256U << 10);
  EXPECT_EQ(alice.tcp_timer_ps, 5'000'000'000U);
  EXPECT_FALSE(alice.gateway.has_value());
  for (const auto& cost : alice.costs_ps) EXPECT_FALSE(cost.has_value());
  ASSERT_EQ(s.nics.size(), 2U);
  EXPECT_EQ(s.nics[0].mac, (MacAddress{2, 0, 0, 0, 0, 1}));
  EXPECT_EQ(s.nics[1].mac, (MacAddress{2, 0, 0, 0, 0, 2}));
  EXPECT_EQ(s.nics[1].host, 1U);
  EXPECT_EQ(s.nics[0].ring_size, 256U);
  EXPECT_EQ(s.nics[0].queue_size_max, 1024U);
  EXPECT_EQ(s.nics[0].queue_pairs, 1U);
  EXPECT_EQ(s.nics[0].interrupts, tb::Interrupts::kMsix);
  EXPECT_EQ(s.nics[0].withhold_features, 0U);
  ASSERT_EQ(s.links.size(), 1U);
  EXPECT_EQ(s.links[0].rate_bps, 100'000'000'000U);
  EXPECT_EQ(s.links[0].delay_ps, 1'000'000U);
  EXPECT_EQ(s.links[0].parts[0], (tb::LinkEnd{tb::EndKind::kNic, 0}));
  EXPECT_EQ(s.links[0].parts[1], (tb::LinkEnd{tb::EndKind::kNic, 1}));
  ASSERT_EQ(s.flows.size(), 1U);
  EXPECT_EQ(s.flows[0].from, 0U);
  EXPECT_EQ(s.flows[0].to, 1U);
  EXPECT_EQ(s.flows[0].size_bytes, 64U << 20);
  EXPECT_EQ(s.flows[0].streams, 1U);
  EXPECT_EQ(s.flows[0].chunk_bytes, 64U << 10);
  EXPECT_EQ(s.flows[0].port, 20U);
  EXPECT_EQ(s.flows[0].ip, tb::IpVersion::kV4);
  EXPECT_FALSE(s.flows[0].file.has_value());
  EXPECT_FALSE(s.flows[0].output.has_value());
}

TEST(Load, ReadsEveryKindOfValue) {
  const TemporaryFolder folder;
  const std::string data = folder.write("data.bin", "0123456789");
  const std::string library = folder.write("libmine.so", "");
  const Scenario s = good(R"(version = 1
name = "full"
description = "every kind of value"
seed = 42
duration = "1.5s"
[host.zoe]
nics = ["z0"]
address = "192.168.7.1/24"
gateway = "192.168.7.254"
address6 = "2001:db8::1/64"
gateway6 = "2001:db8::ff"
cores = 4
cost = "zero"
interleave = "seeded"
memory = "1GiB"
stack_size = "1MiB"
tcp_timer = "10ms"
txqueue = 17
pause = ["1us to 2us"]
[host.zoe.costs]
napi_poll = "120ns"
copy_byte = "60ps"
[host.amy]
nics = ["a0"]
address = "10.9.8.7/8"
gateway = "10.0.0.1"
address6 = "2001:db8::2/64"
[nic.z0]
mac = "02:aa:bb:cc:dd:ee"
mtu = 9000
ring_size = 1024
queue_size_max = 32768
queue_pairs = 8
interrupts = "intx"
withhold = ["event_idx", "mrg_rxbuf"]
tx_buffer = "128KiB"
rx_buffer = "1MiB"
management_latency = "500ns"
rx_buffer_size = "4KiB"
napi_budget = 32
tx_reclaim_timeout = "100us"
[nic.a0]
[link.cable]
ends = ["a0", "z0"]
rate = "2.5G"
delay = "0.5us"
[flow.first]
from = "zoe"
to = "amy"
file = ")" + data + R"("
protocol = "tcp"
port = 5001
streams = 3
chunk = "1KiB"
start = "1ms"
output = ")" + folder / "copy.bin" +
                          R"("
[flow.again]
from = "amy"
to = "zoe"
ip = "v6"
size = "0B"
[ping.p]
from = "zoe"
to = "amy"
count = 3
size = "0B"
interval = "1ms"
[udp_echo.u]
from = "zoe"
to = "amy"
count = 4
size = "100B"
interval = "0s"
[tcp_echo.t]
from = "zoe"
to = "amy"
count = 5
size = "1KiB"
[app.mine]
host = "amy"
app = ")" + library + R"(:run_me"
start = "2us"
[app.mine.args]
b = "two"
a = "one"
)");
  EXPECT_EQ(s.name, "full");
  EXPECT_EQ(s.description, "every kind of value");
  EXPECT_EQ(s.seed, 42U);
  EXPECT_EQ(s.duration_ps, 1'500'000'000'000U);
  // In the order of the file, not of names.
  ASSERT_EQ(s.hosts.size(), 2U);
  const tb::Host& zoe = s.hosts[0];
  EXPECT_EQ(zoe.name, "zoe");
  EXPECT_EQ(tb::to_string(zoe.address->address), "192.168.7.1");
  EXPECT_EQ(zoe.address->prefix_length, 24);
  EXPECT_EQ(tb::to_string(*zoe.gateway), "192.168.7.254");
  EXPECT_EQ(tb::to_string(zoe.address6->address), "2001:db8::1");
  EXPECT_EQ(tb::to_string(*zoe.gateway6), "2001:db8::ff");
  EXPECT_EQ(zoe.cores, 4U);
  EXPECT_EQ(zoe.cost, tb::CostProfile::kZero);
  EXPECT_EQ(zoe.interleave, tb::Interleave::kSeeded);
  EXPECT_EQ(zoe.memory_bytes, 1U << 30);
  EXPECT_EQ(zoe.stack_size_bytes, 1U << 20);
  EXPECT_EQ(zoe.tcp_timer_ps, 10'000'000'000U);
  EXPECT_EQ(zoe.txqueue_frames, 17U);
  EXPECT_EQ(zoe.pauses, (std::vector<tb::TimeSpan>{{1'000'000, 2'000'000}}));
  EXPECT_EQ(zoe.costs_ps[static_cast<std::size_t>(driver::Cost::kNapiPoll)], 120'000U);
  EXPECT_EQ(zoe.costs_ps[static_cast<std::size_t>(driver::Cost::kCopyByte)], 60U);
  EXPECT_FALSE(zoe.costs_ps[static_cast<std::size_t>(driver::Cost::kTimer)].has_value());
  const tb::Nic& z0 = s.nics.at(0);
  EXPECT_EQ(z0.mac, (MacAddress{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}));
  EXPECT_EQ(z0.mtu_bytes, 9000U);
  EXPECT_EQ(z0.ring_size, 1024U);
  EXPECT_EQ(z0.queue_size_max, 32768U);
  EXPECT_EQ(z0.queue_pairs, 8U);
  EXPECT_EQ(z0.interrupts, tb::Interrupts::kIntx);
  EXPECT_EQ(z0.withhold_features,
            uint64_t{1} << VIRTIO_F_EVENT_IDX | uint64_t{1} << VIRTIO_NET_F_MRG_RXBUF);
  EXPECT_EQ(z0.tx_buffer_bytes, 128U << 10);
  EXPECT_EQ(z0.rx_buffer_bytes, 1U << 20);
  EXPECT_EQ(z0.management_latency_ps, 500'000U);
  EXPECT_EQ(z0.rx_buffer_size_bytes, 4096U);
  EXPECT_EQ(z0.napi_budget, 32U);
  EXPECT_EQ(z0.tx_reclaim_timeout_ps, 100'000'000U);
  EXPECT_EQ(s.nics.at(1).mac, (MacAddress{2, 0, 0, 0, 0, 2}));
  EXPECT_EQ(s.links.at(0).parts[0], (tb::LinkEnd{tb::EndKind::kNic, 1}));
  EXPECT_EQ(s.links.at(0).parts[1], (tb::LinkEnd{tb::EndKind::kNic, 0}));
  EXPECT_EQ(s.links.at(0).rate_bps, 2'500'000'000U);
  EXPECT_EQ(s.links.at(0).delay_ps, 500'000U);
  const tb::Flow& first = s.flows.at(0);
  EXPECT_EQ(first.name, "first");
  EXPECT_EQ(first.file, data);
  EXPECT_EQ(first.output, folder / "copy.bin");
  EXPECT_EQ(first.streams, 3U);
  EXPECT_EQ(first.chunk_bytes, 1024U);
  EXPECT_EQ(first.start_ps, 1'000'000'000U);
  EXPECT_EQ(s.flows.at(1).ip, tb::IpVersion::kV6);
  EXPECT_EQ(s.flows.at(1).size_bytes, 0U);
  EXPECT_EQ(s.pings.at(0).count, 3U);
  EXPECT_EQ(s.pings.at(0).size_bytes, 0U);
  EXPECT_EQ(s.pings.at(0).interval_ps, 1'000'000'000U);
  EXPECT_EQ(s.udp_echoes.at(0).size_bytes, 100U);
  EXPECT_EQ(s.udp_echoes.at(0).interval_ps, 0U);
  EXPECT_EQ(s.tcp_echoes.at(0).count, 5U);
  const tb::App& app = s.apps.at(0);
  EXPECT_EQ(app.host, 1U);
  EXPECT_EQ(app.library, library);
  EXPECT_EQ(app.entry, "run_me");
  EXPECT_EQ(app.start_ps, 2'000'000U);
  ASSERT_EQ(app.args.size(), 2U);
  EXPECT_EQ(app.args[0].key + "=" + app.args[0].value, "a=one");
  EXPECT_EQ(app.args[1].key + "=" + app.args[1].value, "b=two");
  EXPECT_EQ(s.flows.at(1).port, 20U);
  EXPECT_EQ(s.udp_echoes.at(0).port, 7U);
  EXPECT_EQ(s.tcp_echoes.at(0).port, 7U);
}

TEST(Load, RelativePathsBeginAtTheScenario) {
  const TemporaryFolder folder;
  folder.write("data.bin", "x");
  const std::string path =
      folder.write("s.toml", with("file = \"data.bin\"\noutput = \"copy.bin\"\n"));
  const tb::LoadResult result = tb::load_scenario(path);
  ASSERT_EQ(result.error, "");
  EXPECT_EQ(result.scenario->flows[0].file, folder / "data.bin");
  EXPECT_EQ(result.scenario->flows[0].output, folder / "copy.bin");
}

TEST(Load, TomlMayBeWrittenInOtherWays) {
  const Scenario s = good(
      "version = 1\nhost.alice = {nics = ['alice0'], address = '10.0.0.1/24'}\n"
      "host.bob = {nics = ['bob0'], address = '10.0.0.2/24', costs.timer = '1us'}\n"
      "nic.alice0.mtu = 0x5DC\nnic.bob0.mtu = 1_500\nlink.w.ends = ['alice0', 'bob0']\n"
      "[flow]\nf.from = 'alice'\nf.to = 'bob'\n");
  EXPECT_EQ(s.nics.at(0).mtu_bytes, 1500U);
  EXPECT_EQ(s.nics.at(1).mtu_bytes, 1500U);
  EXPECT_EQ(s.hosts.at(1).costs_ps[static_cast<std::size_t>(driver::Cost::kTimer)], 1'000'000U);
  EXPECT_EQ(s.flows.at(0).name, "f");
}

TEST(Load, RoutersTakeTheHostsOutOfOneSubnet) {
  EXPECT_EQ(error_of(replaced("10.0.0.2/24\"", "10.0.1.2/24\"\ngateway = \"10.0.1.1\"")),
            "dir/two.toml:17: flow.upload: 10.0.1.2 of host 'bob' is outside the subnet of host "
            "'alice'; expected one subnet, or host.alice.gateway");
  EXPECT_EQ(error_of(replaced("10.0.0.2/24\"", "10.0.1.2/24\"\ngateway = \"10.0.1.1\""),
                     {"host.alice.gateway=10.0.0.254"}),
            "");
}

TEST(Load, NamesOfModelsAreThoseOfTheTable) {
  EXPECT_STREQ(name_of(tb::ModelKind::kLt), "lt");
  EXPECT_STREQ(name_of(tb::ModelKind::kAt), "at");
  EXPECT_STREQ(name_of(tb::ModelKind::kRtl), "rtl");
  EXPECT_STREQ(name_of(tb::ModelKind::kDiff), "diff");
  EXPECT_STREQ(name_of(tb::FirmwareKind::kNative), "native");
  EXPECT_STREQ(name_of(tb::FirmwareKind::kRv32), "rv32");
}

TEST(Load, SwitchesFormATreeThatTrafficCrosses) {
  const tb::LoadResult result =
      parse(replaced("\"alice0\", \"bob0\"", "\"alice0\", \"left\"") +
            "[switch.left]\nlatency = \"300ns\"\nqueue = \"64KiB\"\ntable = 16\nageing = \"0s\"\n"
            "[switch.right]\n[link.trunk]\nends = [\"right\", \"left\"]\n"
            "[link.b]\nends = [\"bob0\", \"right\"]\n");
  ASSERT_TRUE(result.scenario) << result.error;
  const tb::Scenario& s = *result.scenario;
  ASSERT_EQ(s.switches.size(), 2U);
  EXPECT_EQ(s.switches[0].name, "left");
  EXPECT_EQ(s.switches[0].latency_ps, 300'000U);
  EXPECT_EQ(s.switches[0].queue_bytes, 64U << 10);
  EXPECT_EQ(s.switches[0].table_entries, 16U);
  EXPECT_EQ(s.switches[0].ageing_ps, 0U);
  EXPECT_EQ(s.switches[1].queue_bytes, 512U << 10);
  EXPECT_EQ(s.links[1].parts[0], (tb::LinkEnd{tb::EndKind::kSwitch, 1}));
  EXPECT_EQ(s.links[1].parts[1], (tb::LinkEnd{tb::EndKind::kSwitch, 0}));
}

TEST(Load, FaultsOfTheNetwork) {
  const tb::LoadResult good =
      parse(replaced("ends =",
                     "down = [\"1ms to 2ms\", \"1s to 1.5s\"]\nflap_period = \"10ms\"\n"
                     "flap_length = \"3us\"\nends =") +
                "[impair.there]\nlink = \"wire\"\nfrom = \"alice0\"\nloss = \"1%\"\n"
                "burst = \"1e-3\"\nburst_frames = 7\nburst_loss = \"50%\"\nrate = \"5G\"\n"
                "rate_queue = \"64KiB\"\ncorrupt = \"20ppm\"\ncorruption = \"silent\"\n"
                "jitter = \"4us\"\njitter_shape = \"triangular\"\nreorder = \"2%\"\n"
                "reorder_frames = 5\nreorder_delay = \"6us\"\nduplicate = \"3%\"\n"
                "duplicate_delay = \"7us\"\n[impair.back]\nlink = \"wire\"\nfrom = \"bob0\"\n",
            {"impair.back.loss=5%", "link.*.flap_period=20ms"});
  ASSERT_TRUE(good.scenario) << good.error;
  const tb::Link& link = good.scenario->links.at(0);
  EXPECT_EQ(link.down, (std::vector<tb::TimeSpan>{{1'000'000'000, 2'000'000'000},
                                                  {1'000'000'000'000, 1'500'000'000'000}}));
  EXPECT_EQ(link.flap_period_ps, 20'000'000'000U);
  EXPECT_EQ(link.flap_length_ps, 3'000'000U);
  ASSERT_EQ(good.scenario->impairs.size(), 2U);
  const tb::Impair& there = good.scenario->impairs[0];
  EXPECT_EQ(there.senders, (std::array<bool, 2>{true, false}));
  const hw::ImpairmentConfig& config = there.config;
  EXPECT_EQ(config.loss, hw::kCertain / 100);
  EXPECT_EQ(config.burst, hw::kCertain / 1000);
  EXPECT_EQ(config.burst_frames, 7U);
  EXPECT_EQ(config.burst_loss, hw::kCertain / 2);
  EXPECT_EQ(config.rate_bps, 5'000'000'000U);
  EXPECT_EQ(config.rate_queue_bytes, 64U << 10);
  EXPECT_EQ(config.corrupt, hw::kCertain / 50'000);
  EXPECT_EQ(config.corruption, hw::Corruption::kSilent);
  EXPECT_EQ(config.jitter_ps, 4'000'000U);
  EXPECT_EQ(config.jitter_shape, hw::JitterShape::kTriangular);
  EXPECT_EQ(config.reorder, hw::kCertain / 50);
  EXPECT_EQ(config.reorder_frames, 5U);
  EXPECT_EQ(config.reorder_delay_ps, 6'000'000U);
  EXPECT_EQ(config.duplicate, 3 * (hw::kCertain / 100));
  EXPECT_EQ(config.duplicate_delay_ps, 7'000'000U);
  const tb::Impair& back = good.scenario->impairs[1];
  EXPECT_EQ(back.senders, (std::array<bool, 2>{false, true}));
  EXPECT_EQ(back.config.loss, hw::kCertain / 20);
  EXPECT_FALSE(parse(with("[impair.i]\nlink = \"wire\"\n")).scenario->impairs[0].config.active());
}

}  // namespace
}  // namespace ringside::test
