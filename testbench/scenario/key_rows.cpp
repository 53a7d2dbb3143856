// SPDX-License-Identifier: Apache-2.0
// The rows of the key table.
#include "testbench/scenario/key_rows.h"

#include <fmt/format.h>

#include "testbench/host/cost_table.h"
#include "testbench/scenario/features.h"
#include "testbench/scenario/key_store.h"
#include "testbench/scenario/quantity.h"

namespace ringside::tb {
namespace {

#if RINGSIDE_HAVE_RTL
constexpr std::size_t kModelsBuilt = 4;
#else
constexpr std::size_t kModelsBuilt = 2;
#endif

void add_scenario_keys(std::vector<KeySpec>& table) {
  table.push_back({.section = "",
                   .name = "version",
                   .type = KeyType::kInteger,
                   .doc = "Version of the scenario language",
                   .required = true,
                   .min = "1",
                   .max = "1"});
  table.push_back({.section = "",
                   .name = "name",
                   .doc = "What the run is called in the summary and in the name of its folder",
                   .absent = "the file's name without its ending",
                   .store = into<Scenario>(&Scenario::name)});
  table.push_back({.section = "",
                   .name = "description",
                   .doc = "What the scenario shows",
                   .absent = "empty",
                   .store = into<Scenario>(&Scenario::description)});
  table.push_back({.section = "",
                   .name = "seed",
                   .type = KeyType::kInteger,
                   .doc = "Seed of everything that is random; one seed gives one digest",
                   .default_text = "1",
                   .min = "0",
                   .max = "9223372036854775807",
                   .store = into<Scenario>(&Scenario::seed)});
  table.push_back({.section = "",
                   .name = "duration",
                   .type = KeyType::kTime,
                   .doc = "Virtual time after which a run that is not done has failed",
                   .default_text = "60s",
                   .min = "1ns",
                   .max = "1000000s",
                   .store = into<Scenario>(&Scenario::duration_ps)});
  table.push_back({.section = "",
                   .name = "model",
                   .type = KeyType::kChoice,
                   .doc = "Model of every card",
                   .default_text = "lt",
                   .choices = {"lt", "at", "rtl", "diff"},
                   .built = kModelsBuilt,
                   .store = into<Scenario>(&Scenario::model)});
  table.push_back({.section = "",
                   .name = "firmware",
                   .type = KeyType::kChoice,
                   .doc =
                       "Where every card's control plane runs: compiled for this machine, or for "
                       "the card's own RV32 processor",
                   .default_text = "native",
                   .choices = {"native", "rv32"},
                   .built = 1,
                   .store = into<Scenario>(&Scenario::firmware)});
  table.push_back({.section = "",
                   .name = "pace",
                   .type = KeyType::kChoice,
                   .doc = "Virtual time goes on with the wall clock, but never faster than this "
                          "machine simulates, or as fast as there is work",
                   .absent = "`wall` with a tap, else `demand`",
                   .choices = {"wall", "demand"},
                   .store = into<Scenario>(&Scenario::pace)});
}

void add_host_keys(std::vector<KeySpec>& table) {
  const auto add = [&](KeySpec key) {
    key.section = "host";
    table.push_back(std::move(key));
  };
  add({.name = "nics",
       .type = KeyType::kNames,
       .doc = "The host's cards; one for now",
       .required = true,
       .store = into<Host>(&Host::nics)});
  add({.name = "address",
       .type = KeyType::kInterface4,
       .doc = "IPv4 address with its prefix length",
       .absent = "no IPv4",
       .store = into<Host>(&Host::address)});
  add({.name = "address6",
       .type = KeyType::kInterface6,
       .doc = "IPv6 address with its prefix length",
       .absent = "no IPv6 address but the link-local one",
       .store = into<Host>(&Host::address6)});
  add({.name = "gateway",
       .type = KeyType::kAddress4,
       .doc = "IPv4 router for other subnets",
       .absent = "none",
       .store = into<Host>(&Host::gateway)});
  add({.name = "gateway6",
       .type = KeyType::kAddress6,
       .doc = "IPv6 router for other subnets",
       .absent = "none",
       .store = into<Host>(&Host::gateway6)});
  add({.name = "cores",
       .type = KeyType::kInteger,
       .doc = "CPU cores",
       .default_text = "1",
       .min = "1",
       .max = "64",
       .store = into<Host>(&Host::cores)});
  add({.name = "cost",
       .type = KeyType::kChoice,
       .doc = "What CPU work costs in virtual time: the table of `ringside list costs`, or nothing",
       .default_text = "default",
       .choices = {"default", "zero"},
       .store = into<Host>(&Host::cost)});
  add({.name = "interleave",
       .type = KeyType::kChoice,
       .doc = "At accesses to memory shared with the card: nothing, or seeded delays and a store "
              "buffer that releases stores in any order that barriers allow",
       .default_text = "none",
       .choices = {"none", "seeded"},
       .store = into<Host>(&Host::interleave)});
  add({.name = "memory",
       .type = KeyType::kSize,
       .doc = "Memory that the card can reach",
       .default_text = "256MiB",
       .min = "16MiB",
       .max = "64GiB",
       .store = into<Host>(&Host::memory_bytes)});
  add({.name = "stack_size",
       .type = KeyType::kSize,
       .doc = "Call stack of each context that runs on the host",
       .default_text = "256KiB",
       .min = "64KiB",
       .max = "64MiB",
       .store = into<Host>(&Host::stack_size_bytes)});
  add({.name = "tcp_timer",
       .type = KeyType::kTime,
       .doc =
           "Tick of TCP's timers, whole milliseconds; the retransmission timeout is at least six",
       .default_text = "5ms",
       .min = "1ms",
       .max = "250ms",
       .store = into<Host>(&Host::tcp_timer_ps)});
  add({.name = "txqueue",
       .type = KeyType::kInteger,
       .doc = "Frames that may wait between stack and driver",
       .default_text = "1000",
       .min = "1",
       .max = "100000",
       .store = into<Host>(&Host::txqueue_frames)});
  add({.name = "pause",
       .type = KeyType::kSpans,
       .doc =
           "When all its cores stand still, as a virtual machine or a system management interrupt "
           "makes them; cards and links go on; traffic begins at 0",
       .absent = "never",
       .store = into<Host>(&Host::pauses)});

  for (const CostEntry& entry : cost_entries()) {
    const auto index = static_cast<std::size_t>(entry.cost);
    table.push_back({.section = "host.costs",
                     .name = std::string(entry.name),
                     .type = KeyType::kTime,
                     .doc = fmt::format("Time for one {}", entry.unit),
                     .default_text = {},
                     .absent = fmt::format("{}, or nothing with cost = \"zero\"",
                                           format_quantity(Quantity::kTime, entry.default_ps)),
                     .max = "1s",
                     .store = [index](void* section, const Value& value) {
                       static_cast<Host*>(section)->costs_ps[index] = std::get<uint64_t>(value);
                     }});
  }
}

void add_nic_keys(std::vector<KeySpec>& table) {
  const auto add = [&](KeySpec key) {
    key.section = "nic";
    table.push_back(std::move(key));
  };
  std::vector<std::string> optional_features;
  for (const Feature& feature : features()) {
    if (!feature.mandatory) optional_features.emplace_back(feature.name);
  }
  add({.name = "mac",
       .type = KeyType::kMac,
       .doc = "MAC address",
       .absent = "02:00:00:00:00:01 for the first card of the file, 02 for the second, ...",
       .store = into<Nic>(&Nic::mac)});
  add({.name = "card",
       .type = KeyType::kReadFile,
       .doc = "Shared object with a card of your own in RTL, in place of the model of this card",
       .absent = "the card is one of Ringside's",
       .example = "build/my_card.so",
       .store = into<Nic>(&Nic::card)});
  add({.name = "mtu",
       .type = KeyType::kInteger,
       .doc = "Largest IP packet, bytes; IPv6 needs 1280",
       .default_text = "1500",
       .min = "576",
       .max = "9000",
       .store = into<Nic>(&Nic::mtu_bytes)});
  add({.name = "ring_size",
       .type = KeyType::kInteger,
       .doc = "Descriptors in each ring, as the driver asks for them",
       .default_text = "256",
       .min = "4",
       .max = "32768",
       .power_of_two = true,
       .store = into<Nic>(&Nic::ring_size)});
  add({.name = "queue_size_max",
       .type = KeyType::kInteger,
       .doc = "Largest ring that the card offers",
       .default_text = "1024",
       .min = "4",
       .max = "32768",
       .power_of_two = true,
       .store = into<Nic>(&Nic::queue_size_max)});
  add({.name = "queue_pairs",
       .type = KeyType::kInteger,
       .doc =
           "Receive and transmit queues, in pairs: what the card has and its driver uses; pair k "
           "interrupts core k of the host, modulo its cores",
       .default_text = "1",
       .min = "1",
       .max = "8",
       .store = into<Nic>(&Nic::queue_pairs)});
  add({.name = "interrupts",
       .type = KeyType::kChoice,
       .doc = "How the card interrupts",
       .default_text = "msix",
       .choices = {"msix", "intx"},
       .store = into<Nic>(&Nic::interrupts)});
  add({.name = "withhold",
       .type = KeyType::kChoices,
       .doc = "Virtio features that the card does not offer",
       .absent = "none",
       .choices = optional_features,
       .store = into<Nic>(&Nic::withhold)});
  add({.name = "tx_buffer",
       .type = KeyType::kSize,
       .doc = "The card's memory for frames to send",
       .default_text = "64KiB",
       .min = "16KiB",
       .max = "64MiB",
       .models = {ModelKind::kLt, ModelKind::kAt},
       .store = into<Nic>(&Nic::tx_buffer_bytes)});
  add({.name = "rx_buffer",
       .type = KeyType::kSize,
       .doc = "The card's memory for received frames that wait for buffers; full, it drops. "
              "Several queue pairs share it",
       .default_text = "256KiB",
       .min = "16KiB",
       .max = "64MiB",
       .models = {ModelKind::kLt, ModelKind::kAt},
       .store = into<Nic>(&Nic::rx_buffer_bytes)});
  add({.name = "management_latency",
       .type = KeyType::kTime,
       .doc = "From an event to the answer of the card's control plane",
       .default_text = "1us",
       .max = "10ms",
       .store = into<Nic>(&Nic::management_latency_ps)});
  add({.name = "rx_buffer_size",
       .type = KeyType::kSize,
       .doc = "One of the driver's receive buffers, with the virtio-net header; without mrg_rxbuf "
              "at least a whole frame",
       .default_text = "2KiB",
       .min = "64B",
       .max = "64KiB",
       .store = into<Nic>(&Nic::rx_buffer_size_bytes)});
  add({.name = "napi_budget",
       .type = KeyType::kInteger,
       .doc = "Frames that one poll of the driver may receive",
       .default_text = "64",
       .min = "1",
       .max = "4096",
       .store = into<Nic>(&Nic::napi_budget)});
  add({.name = "tx_reclaim_timeout",
       .type = KeyType::kTime,
       .doc = "A sent frame's memory goes back to the stack at most this long after the card is "
              "done with it; 0s: every completion interrupts",
       .default_text = "200us",
       .max = "1s",
       .store = into<Nic>(&Nic::tx_reclaim_timeout_ps)});
}

void add_switch_keys(std::vector<KeySpec>& table) {
  const auto add = [&](KeySpec key) {
    key.section = "switch";
    table.push_back(std::move(key));
  };
  add({.name = "latency",
       .type = KeyType::kTime,
       .doc = "From a frame's last bit in to its first bit out, if nothing is before it",
       .default_text = "1us",
       .max = "1s",
       .store = into<Switch>(&Switch::latency_ps)});
  add({.name = "queue",
       .type = KeyType::kSize,
       .doc = "Frames that may wait for one port; what exceeds it is dropped",
       .default_text = "512KiB",
       .min = "16KiB",
       .max = "1GiB",
       .store = into<Switch>(&Switch::queue_bytes)});
  add({.name = "table",
       .type = KeyType::kInteger,
       .doc = "Stations that it can remember; frames to others go to every port",
       .default_text = "8192",
       .min = "1",
       .max = "1048576",
       .store = into<Switch>(&Switch::table_entries)});
  add({.name = "ageing",
       .type = KeyType::kTime,
       .doc = "A station that was silent for longer is forgotten; 0s: never",
       .default_text = "300s",
       .max = "1000000s",
       .store = into<Switch>(&Switch::ageing_ps)});
}

void add_link_keys(std::vector<KeySpec>& table) {
  table.push_back({.section = "link",
                   .name = "ends",
                   .type = KeyType::kNames,
                   .doc = "The two parts that it joins",
                   .required = true,
                   .of = "nics, switches, taps or pcaps",
                   .store = into<Link>(&Link::ends)});
  table.push_back({.section = "link",
                   .name = "rate",
                   .type = KeyType::kRate,
                   .doc = "Bits on the wire per second, each way",
                   .default_text = "100Gbps",
                   .min = "1Mbps",
                   .max = "10Tbps",
                   .store = into<Link>(&Link::rate_bps)});
  table.push_back({.section = "link",
                   .name = "delay",
                   .type = KeyType::kTime,
                   .doc = "From one end to the other",
                   .default_text = "1us",
                   .max = "10s",
                   .store = into<Link>(&Link::delay_ps)});
  add_outage_keys(table);
}

/// from, to, to_address, ip, start: what every kind of traffic has.
template <typename Section>
void add_traffic_keys(std::vector<KeySpec>& table, const std::string& section) {
  const bool comes_in = std::is_same_v<Section, Flow>;
  table.push_back({.section = section,
                   .name = "from",
                   .type = KeyType::kName,
                   .doc = "The host that begins",
                   .absent = comes_in ? "`from_address` is there" : "",
                   .required = !comes_in,
                   .store = into<Section>(&Section::from_name)});
  table.push_back({.section = section,
                   .name = "to",
                   .type = KeyType::kName,
                   .doc = "The host that answers",
                   .absent = "`to_address` is there",
                   .store = into<Section>(&Section::to_name)});
  if (comes_in) {
    table.push_back({.section = section,
                     .name = "from_address",
                     .type = KeyType::kAddress,
                     .doc =
                         "In place of `from`: whoever has this address behind a tap connects and "
                         "sends",
                     .absent = "`from` is there",
                     .store = into<Section>(&Section::from_address)});
  }
  table.push_back({.section = section,
                   .name = "to_address",
                   .type = KeyType::kAddress,
                   .doc = "In place of `to`: whoever has this address behind a tap answers",
                   .absent = "`to` is there",
                   .store = into<Section>(&Section::to_address)});
  table.push_back({.section = section,
                   .name = "ip",
                   .type = KeyType::kChoice,
                   .doc = "IP version; an address of the outside decides it by itself",
                   .default_text = "v4",
                   .choices = {"v4", "v6"},
                   .store = into<Section>(&Section::ip)});
  table.push_back({.section = section,
                   .name = "start",
                   .type = KeyType::kTime,
                   .doc = "Virtual time at which it begins; hosts and links are up at 0",
                   .default_text = "0s",
                   .store = into<Section>(&Section::start_ps)});
}

KeySpec port_key(const std::string& section, std::string doc,
                 std::function<void(void*, const Value&)> store) {
  return {.section = section,
          .name = "port",
          .type = KeyType::kInteger,
          .doc = std::move(doc),
          .absent =
              "the protocol's own (7 for echo, 20 for one stream) if it is free, else the first "
              "free one from 5001 upwards",
          .min = "1",
          .max = "65535",
          .store = std::move(store)};
}

template <typename Section>
void add_echo_keys(std::vector<KeySpec>& table, const std::string& section, const char* unit,
                   const char* size, const char* largest) {
  table.push_back({.section = section,
                   .name = "count",
                   .type = KeyType::kInteger,
                   .doc = fmt::format("How many {}", unit),
                   .default_text = "10",
                   .min = "1",
                   .max = "1000000000",
                   .store = into<Section>(&Section::count)});
  table.push_back({.section = section,
                   .name = "size",
                   .type = KeyType::kSize,
                   .doc = fmt::format("Payload of each of the {}", unit),
                   .default_text = size,
                   .min = section == "tcp_echo" ? "1B" : "0B",
                   .max = largest,
                   .store = into<Section>(&Section::size_bytes)});
  if constexpr (requires { &Section::interval_ps; }) {
    table.push_back({.section = section,
                     .name = "interval",
                     .type = KeyType::kTime,
                     .doc = "From the start of one to the start of the next",
                     .default_text = "100us",
                     .max = "1000s",
                     .store = into<Section>(&Section::interval_ps)});
  }
  if constexpr (requires { &Section::port; }) {
    table.push_back(
        port_key(section, "Port of the host that answers", into<Section>(&Section::port)));
  }
}

void add_flow_keys(std::vector<KeySpec>& table) {
  add_traffic_keys<Flow>(table, "flow");
  const auto add = [&](KeySpec key) {
    key.section = "flow";
    table.push_back(std::move(key));
  };
  add({.name = "protocol",
       .type = KeyType::kChoice,
       .doc = "Transport protocol",
       .default_text = "tcp",
       .choices = {"tcp"},
       .store = into<Flow>(&Flow::protocol)});
  add({.name = "file",
       .type = KeyType::kReadFile,
       .doc =
           "The file whose bytes are sent, in place of `size`; from the outside: whose bytes are "
           "expected",
       .absent = "seeded random bytes, as many as `size` says",
       .store = into<Flow>(&Flow::file)});
  add({.name = "size",
       .type = KeyType::kSize,
       .doc = "How many seeded random bytes are sent if there is no `file`",
       .default_text = "64MiB",
       .max = "1TiB",
       .store = into<Flow>(&Flow::size_bytes)});
  table.push_back(port_key("flow", "Port of the receiver; with `streams`, the first of so many",
                           into<Flow>(&Flow::port)));
  add({.name = "streams",
       .type = KeyType::kInteger,
       .doc = "Connections at the same time, each with an equal part of the bytes",
       .default_text = "1",
       .min = "1",
       .max = "1024",
       .store = into<Flow>(&Flow::streams)});
  add({.name = "chunk",
       .type = KeyType::kSize,
       .doc = "Bytes that the sender gives to one send()",
       .default_text = "64KiB",
       .min = "1B",
       .max = "16MiB",
       .store = into<Flow>(&Flow::chunk_bytes)});
  add({.name = "output",
       .type = KeyType::kWriteFile,
       .doc = "Where the received bytes are written",
       .absent = "nowhere",
       .store = into<Flow>(&Flow::output)});
}

void add_app_keys(std::vector<KeySpec>& table) {
  table.push_back({.section = "app",
                   .name = "host",
                   .type = KeyType::kName,
                   .doc = "The host that it runs on",
                   .required = true,
                   .store = into<App>(&App::host_name)});
  table.push_back({.section = "app",
                   .name = "app",
                   .type = KeyType::kSymbol,
                   .doc = "Shared object and the name of its entry point, \"lib.so:entry\"",
                   .required = true,
                   .store = [](void* section, const Value& value) {
                     const auto& parts = std::get<std::vector<std::string>>(value);
                     static_cast<App*>(section)->library = parts[0];
                     static_cast<App*>(section)->entry = parts[1];
                   }});
  table.push_back({.section = "app",
                   .name = "start",
                   .type = KeyType::kTime,
                   .doc = "Virtual time at which it begins",
                   .default_text = "0s",
                   .store = into<App>(&App::start_ps)});
}

}  // namespace

std::vector<KeySpec> make_key_rows() {
  std::vector<KeySpec> table;
  add_scenario_keys(table);
  add_host_keys(table);
  add_nic_keys(table);
  add_bus_keys(table);
  add_pipeline_keys(table);
  add_switch_keys(table);
  add_outside_keys(table);
  add_link_keys(table);
  add_impair_keys(table);
  add_flow_keys(table);
  add_traffic_keys<Ping>(table, "ping");
  add_echo_keys<Ping>(table, "ping", "requests", "56B", "65000B");
  add_traffic_keys<UdpEcho>(table, "udp_echo");
  add_echo_keys<UdpEcho>(table, "udp_echo", "datagrams", "64B", "65000B");
  add_traffic_keys<TcpEcho>(table, "tcp_echo");
  add_echo_keys<TcpEcho>(table, "tcp_echo", "messages", "64B", "1GiB");
  add_app_keys(table);
  return table;
}

}  // namespace ringside::tb
