// SPDX-License-Identifier: Apache-2.0
// Scenario: what a run is made of, typed, checked, with every default filled in.
//
// Comes from a TOML file through load_scenario() (scenario/load.h), which alone fills it: the
// defaults are in the key table (scenario/keys.h) and nowhere else, but for those of the card's bus
// and pipeline, which the table takes from the models. Times are picoseconds, rates bits per
// second, sizes bytes. Knows no SystemC.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/units.h"
#include "host_driver/cost.h"
#include "hw_model/pcie/link_config.h"
#include "hw_model/tlm/pipeline_config.h"
#include "hw_model/wire/impairment.h"

namespace ringside::tb {

/// How the clock of a card in RTL treats quiescence: it stops; it goes on; it stops, and each time
/// that nothing would change is tried.
enum class RtlClock : uint8_t { kStopped, kAlways, kProven };
enum class ModelKind : uint8_t { kLt, kAt, kRtl, kDiff };
enum class FirmwareKind : uint8_t { kNative, kRv32 };
enum class CostProfile : uint8_t { kDefault, kZero };
enum class Interleave : uint8_t { kNone, kSeeded };
enum class Interrupts : uint8_t { kMsix, kIntx };
enum class IpVersion : uint8_t { kV4, kV6 };
enum class FlowProtocol : uint8_t { kTcp };
/// Virtual time goes on with the wall clock, or as fast as there is work.
enum class RunPace : uint8_t { kWall, kDemand };
enum class PcapSpacing : uint8_t { kRecorded, kNone };

/// An IPv4 address (the first four bytes) or an IPv6 address, in network order.
struct IpAddress {
  IpVersion version = IpVersion::kV4;
  std::array<uint8_t, 16> bytes{};
  bool operator==(const IpAddress&) const = default;
};

/// A host's address and the length of its subnet's prefix, in bits.
struct IpInterface {
  IpAddress address;
  uint8_t prefix_length = 0;
  bool operator==(const IpInterface&) const = default;
};

/// From the moment at which traffic begins, ps.
struct TimeSpan {
  uint64_t begin_ps = 0;
  uint64_t end_ps = 0;
  bool operator==(const TimeSpan&) const = default;
};

/// `[host.NAME]`.
struct Host {
  std::string name;
  /// Names of its cards; exactly one for now.
  std::vector<std::string> nics;
  std::optional<IpInterface> address;
  std::optional<IpInterface> address6;
  std::optional<IpAddress> gateway;
  std::optional<IpAddress> gateway6;
  uint32_t cores;
  CostProfile cost;
  Interleave interleave;
  uint64_t memory_bytes;
  /// Of one host context (a SystemC thread).
  uint64_t stack_size_bytes;
  /// lwIP's fast timer; its slow timer is twice as long.
  uint64_t tcp_timer_ps;
  /// Between netif and driver, frames.
  uint32_t txqueue_frames;
  /// When none of its cores does anything.
  std::vector<TimeSpan> pauses;
  /// `[host.NAME.costs]`: replaces single costs of the profile, by driver::Cost.
  std::array<std::optional<uint64_t>, static_cast<std::size_t>(driver::Cost::kCount)> costs_ps;
};

/// `[nic.NAME]`: the card, and what its driver is told.
struct Nic {
  std::string name;
  /// The host that has it, an index into Scenario::hosts.
  std::size_t host = 0;
  /// Shared object with a card of the user's own (hw_model/rtl_bridge/ringside_card.h), in place of
  /// the model; complete and readable. Empty: none.
  std::string card;
  /// Where that was set, for messages: "FILE:LINE" or an option.
  std::string card_place;
  MacAddress mac;
  uint16_t mtu_bytes;
  /// Asked for by the driver; a power of two.
  uint32_t ring_size;
  /// Offered by the card; a power of two.
  uint32_t queue_size_max;
  /// Of receive and transmit queues.
  uint32_t queue_pairs;
  Interrupts interrupts;
  /// Names as in `ringside list features`.
  std::vector<std::string> withhold;
  /// The same as bits that the card does not offer.
  uint64_t withhold_features = 0;
  uint64_t tx_buffer_bytes;
  uint64_t rx_buffer_bytes;
  uint64_t management_latency_ps;
  /// Of one of the driver's receive buffers, with the virtio-net header.
  uint64_t rx_buffer_size_bytes;
  uint32_t napi_budget;
  uint64_t tx_reclaim_timeout_ps;
  /// Bus and pipeline of models that have them.
  hw::PcieLinkConfig pcie;
  hw::RootComplexConfig root_complex;
  hw::PipelineConfig pipeline;
  RtlClock rtl_clock;
};

/// What can be at the end of a link.
enum class EndKind : uint8_t { kNic, kSwitch, kTap, kPcap };

/// One end of a link: the part that is there, an index into Scenario's vector of its kind.
struct LinkEnd {
  EndKind kind = EndKind::kNic;
  std::size_t index = 0;
  bool operator==(const LinkEnd&) const = default;
};

/// `[switch.NAME]`: a learning switch with a port for each link that ends at it.
struct Switch {
  std::string name;
  uint64_t latency_ps;
  /// Of each port.
  uint64_t queue_bytes;
  uint32_t table_entries;
  /// 0: never.
  uint64_t ageing_ps;
};

/// `[tap.NAME]`: the Linux kernel, through a TAP interface.
struct Tap {
  std::string name;
  std::string interface;
  /// Made for the run, with the kernel's addresses below.
  bool create;
  std::optional<IpInterface> address;
  std::optional<IpInterface> address6;
};

/// `[pcap.NAME]`: a capture that is played.
struct Pcap {
  std::string name;
  std::string file;
  /// 0: for ever.
  uint64_t repeat;
  PcapSpacing spacing;
  uint64_t start_ps;
};

/// `[link.NAME]`: a cable between two parts.
struct Link {
  std::string name;
  /// Names of two parts, and what they name.
  std::vector<std::string> ends;
  std::array<LinkEnd, 2> parts{};
  uint64_t rate_bps;
  uint64_t delay_ps;
  /// When it has no carrier.
  std::vector<TimeSpan> down;
  /// Flaps at seeded times, if not 0.
  uint64_t flap_period_ps;
  uint64_t flap_length_ps;
};

/// `[impair.NAME]`: what a link does to frames.
struct Impair {
  std::string name;
  std::string link_name;
  /// An end of the link: only what that end sends. Absent: both ways.
  std::optional<std::string> from;
  /// The same as an index into Scenario::links, and the ends that it is for.
  std::size_t link = 0;
  std::array<bool, 2> senders{};
  /// But for the seed.
  hw::ImpairmentConfig config;
};

/// What every kind of traffic has: two hosts, an IP version and a time to start. One of the two may
/// be an address of the outside instead, whose version counts then.
struct Traffic {
  std::string name;
  std::string from_name;
  std::string to_name;
  /// The same as indices into Scenario::hosts.
  std::size_t from = 0;
  std::size_t to = 0;
  std::optional<IpAddress> from_address;
  std::optional<IpAddress> to_address;
  IpVersion ip;
  uint64_t start_ps;
};

/// `[flow.NAME]`: bytes from one host to another, compared by SHA-256. From the outside: compared
/// with `file`, if there is one, and with nothing else.
struct Flow : Traffic {
  FlowProtocol protocol;
  /// The bytes' file, readable when the scenario was loaded; else `size_bytes` seeded bytes.
  std::optional<std::string> file;
  uint64_t size_bytes;
  /// Of the first connection; connection k uses port + k. Never 0 after loading.
  uint16_t port;
  /// Connections that carry consecutive parts of the bytes, equal but for the last.
  uint32_t streams;
  /// Bytes given to one send().
  uint64_t chunk_bytes;
  /// Where the received bytes are written, if anywhere.
  std::optional<std::string> output;
};

/// `[ping.NAME]`: ICMP echo. `size_bytes` of payload.
struct Ping : Traffic {
  uint32_t count;
  uint64_t size_bytes;
  uint64_t interval_ps;
};

/// `[udp_echo.NAME]`: datagrams with `size_bytes` of payload that come back.
struct UdpEcho : Traffic {
  uint32_t count;
  uint64_t size_bytes;
  uint64_t interval_ps;
  uint16_t port;
};

/// `[tcp_echo.NAME]`: messages of `size_bytes` over one connection, each sent when the last is
/// back.
struct TcpEcho : Traffic {
  uint32_t count;
  uint64_t size_bytes;
  uint16_t port;
};

struct AppArgument {
  std::string key;
  std::string value;
};

/// `[app.NAME]`: the user's own application, from a shared object.
struct App {
  std::string name;
  std::string host_name;
  /// The same as an index into Scenario::hosts.
  std::size_t host = 0;
  /// `app = "lib.so:entry"`, cut in two; the library's path is complete and readable.
  std::string library;
  std::string entry;
  /// Where that was set, as Nic::card_place.
  std::string library_place;
  uint64_t start_ps;
  /// Sorted by key.
  std::vector<AppArgument> args;
};

/// Every vector is in the order of the file.
struct Scenario {
  /// The file it came from, as given, and what stands for it in names: `name`, or the file's stem.
  std::string path;
  std::string name;
  std::string description;
  uint64_t seed;
  /// Virtual time after which a run that is not done ends as failed.
  uint64_t duration_ps;
  ModelKind model;
  FirmwareKind firmware;
  /// There is one after loading.
  std::optional<RunPace> pace;
  std::vector<Host> hosts;
  std::vector<Nic> nics;
  std::vector<Switch> switches;
  std::vector<Tap> taps;
  std::vector<Pcap> pcaps;
  std::vector<Link> links;
  std::vector<Impair> impairs;
  std::vector<Flow> flows;
  std::vector<Ping> pings;
  std::vector<UdpEcho> udp_echoes;
  std::vector<TcpEcho> tcp_echoes;
  std::vector<App> apps;

  /// What happens depends on more than the scenario: a second run is another one.
  bool repeatable() const { return taps.empty(); }
  bool has_traffic() const {
    return !flows.empty() || !pings.empty() || !udp_echoes.empty() || !tcp_echoes.empty() ||
           !apps.empty();
  }
  /// No part of it ends by itself: it is there for the outside, until `duration` or ^C.
  bool open_ended() const;
  /// Whether the card `nic` is hardware, whose signals can be recorded.
  bool has_signals(const Nic& nic) const {
    return model == ModelKind::kRtl || model == ModelKind::kDiff || !nic.card.empty();
  }
};

/// As written in scenarios: "lt", "native".
const char* name_of(ModelKind model);
const char* name_of(FirmwareKind firmware);
/// "10.0.0.1", "fd00::1" (RFC 5952).
std::string to_string(const IpAddress& address);

}  // namespace ringside::tb
