// SPDX-License-Identifier: Apache-2.0
// Checks between the parts of a scenario.
#include "testbench/scenario/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "formats/address.h"
#include "hw_model/pcie/credit_account.h"
#include "testbench/scenario/address.h"
#include "testbench/scenario/features.h"
#include "testbench/scenario/outside_check.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

// Ports that are assigned (RFC 862, RFC 959) come first, so that a capture is read as what it is
// and not by what random bytes look like.
constexpr uint32_t kEchoPort = 7;
constexpr uint32_t kFileTransferPort = 20;
constexpr uint32_t kFirstAutomaticPort = 5001;
constexpr uint32_t kLastPort = 65535;
constexpr uint64_t kPsPerMs = 1'000'000'000;
// lwIP knows no other (RFC 4291, 2.5.1).
constexpr uint8_t kIpv6PrefixLength = 64;
constexpr uint16_t kIpv6MinimumMtu = 1280;  // RFC 8200, 5.

template <typename Part>
std::vector<std::string> names_of(const std::vector<Part>& parts) {
  std::vector<std::string> names;
  names.reserve(parts.size());
  for (const Part& part : parts) names.push_back(part.name);
  return names;
}

class Checker {
 public:
  Checker(Scenario& scenario, Diagnostics& diagnostics) : s_(scenario), d_(diagnostics) {}

  void run(bool needs_traffic) {
    fill_macs();
    check_hosts();
    check_nics();
    check_links();
    check_switches();
    check_impairments();
    check_outside(s_, d_);
    check_addresses();
    check_traffic_names();
    check_all_traffic();
    check_apps();
    if (s_.hosts.empty()) d_.add("", "no host; expected at least one [host.NAME]");
    if (needs_traffic && !s_.has_traffic() && s_.taps.empty() && s_.pcaps.empty()) {
      d_.add("", "nothing to run; expected at least one flow, ping, udp_echo, tcp_echo or app");
    }
  }

 private:
  /// Index of the part called `name`; says what is wrong at `path` if there is none.
  template <typename Part>
  bool find(const std::vector<Part>& parts, const std::string& name, const std::string& path,
            const char* kind, std::size_t& index) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].name == name) {
        index = i;
        return true;
      }
    }
    const std::vector<std::string> names = names_of(parts);
    d_.add(path,
           names.empty()
               ? fmt::format("{}: no {} is named '{}'; expected a [{}.NAME] of that name", path,
                             kind, printable(name), kind)
               : fmt::format("{}: no {} is named '{}'; expected {}{}", path, kind, printable(name),
                             join_words(names, "or"), suggestion(name, names)));
    return false;
  }

  void fill_macs() {
    // 02: locally administered, unicast.
    for (std::size_t i = 0; i < s_.nics.size(); ++i) {
      if (s_.nics[i].mac != MacAddress{}) continue;
      const std::size_t number = i + 1;
      s_.nics[i].mac = {
          0x02, 0, 0, 0, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
    }
  }

  void check_hosts() {
    std::map<std::string, std::string> owner;
    for (std::size_t i = 0; i < s_.hosts.size(); ++i) {
      const Host& host = s_.hosts[i];
      const std::string path = "host." + host.name + ".nics";
      if (host.nics.size() != 1) {
        d_.add(path, fmt::format("{} has {} names; expected one, a host has one card in this build",
                                 path, host.nics.size()));
      }
      for (const std::string& name : host.nics) {
        std::size_t nic = 0;
        if (!find(s_.nics, name, path, "nic", nic)) continue;
        const auto [other, fresh] = owner.emplace(name, host.name);
        if (!fresh) {
          d_.add(path, fmt::format("{}: nic '{}' is in host '{}' already; expected one host for "
                                   "each nic",
                                   path, name, other->second));
          continue;
        }
        s_.nics[nic].host = i;
      }
      if (host.tcp_timer_ps % kPsPerMs != 0) {
        const std::string timer = "host." + host.name + ".tcp_timer";
        d_.add(timer, timer + " has a part of a millisecond; expected whole milliseconds");
      }
      check_gateway(host.name, "gateway", host.gateway, "address", host.address);
      check_gateway(host.name, "gateway6", host.gateway6, "address6", host.address6);
    }
    for (const Nic& nic : s_.nics) {
      if (owner.contains(nic.name)) continue;
      const std::string path = "nic." + nic.name;
      d_.add(path, fmt::format("{} is in no host; expected it in the nics of one host", path));
    }
  }

  void check_gateway(const std::string& host, const char* key,
                     const std::optional<IpAddress>& gateway, const char* address_key,
                     const std::optional<IpInterface>& address) {
    const std::string path = fmt::format("host.{}.{}", host, key);
    if (!gateway) return;
    if (!address) {
      d_.add(path, fmt::format("{} without an address; expected host.{}.{} too", path, host,
                               address_key));
    } else if (!same_subnet(*address, *gateway) || address->address == *gateway) {
      d_.add(path, fmt::format("{} = \"{}\" is no neighbour; expected another address in the "
                               "subnet of host.{}.{}",
                               path, to_string(*gateway), host, address_key));
    }
  }

  void check_nics() {
    std::map<MacAddress, std::string> macs;
    for (Nic& nic : s_.nics) {
      const std::string path = "nic." + nic.name;
      const auto [other, fresh] = macs.emplace(nic.mac, nic.name);
      if (!fresh) {
        d_.add(path + ".mac", fmt::format("{}.mac = \"{}\" is that of nic '{}' too; expected a MAC "
                                          "address of its own",
                                          path, formats::format_mac(nic.mac), other->second));
      }
      if (nic.ring_size > nic.queue_size_max) {
        d_.add(path + ".ring_size",
               fmt::format("{0}.ring_size = {1} is more than the card offers; expected at most "
                           "{0}.queue_size_max, {2}",
                           path, nic.ring_size, nic.queue_size_max));
      }
      const uint32_t least = hw::data_credits(nic.pcie.mps);
      if (const uint32_t data = nic.pcie.root.posted.data; data != 0 && data < least) {
        d_.add(
            path + ".pcie_posted_data",
            fmt::format("{0}.pcie_posted_data = {1} does not hold one TLP of {0}.pcie_mps, {2}B; "
                        "expected 0 (infinite) or at least {3}",
                        path, data, nic.pcie.mps, least));
      }
      nic.withhold_features = 0;
      for (const std::string& name : nic.withhold) {
        for (const Feature& feature : features()) {
          if (feature.name == name) nic.withhold_features |= uint64_t{1} << feature.bit;
        }
      }
    }
  }

  /// What links can join, by name; every kind of LinkEnd is here.
  struct NamedEnd {
    const char* kind;
    std::string name;
    LinkEnd end;
    /// Whether several links may end there.
    bool shared;
  };

  template <typename Part>
  void collect_ends(EndKind end, const char* kind, const std::vector<Part>& parts, bool shared) {
    if (!parts.empty()) end_kinds_.emplace_back(kind);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (const NamedEnd& other : ends_) {
        if (other.name != parts[i].name) continue;
        const std::string path = fmt::format("{}.{}", kind, parts[i].name);
        d_.add(path, fmt::format("{} has the name of {}.{}; expected a name of its own, links end "
                                 "at it",
                                 path, other.kind, other.name));
      }
      ends_.push_back({kind, parts[i].name, {end, i}, shared});
    }
  }

  /// The part called `name` where a link ends; says what is wrong at `path` if there is none.
  const NamedEnd* find_end(const std::string& name, const std::string& path) {
    std::vector<std::string> names;
    for (const NamedEnd& end : ends_) {
      if (end.name == name) return &end;
      names.push_back(end.name);
    }
    const std::string kinds = end_kinds_.empty() ? "nic" : join_words(end_kinds_, "or");
    d_.add(path,
           names.empty()
               ? fmt::format("{}: no nic is named '{}'; expected a [nic.NAME] of that name", path,
                             printable(name))
               : fmt::format("{}: no {} is named '{}'; expected {}{}", path, kinds, printable(name),
                             join_words(names, "or"), suggestion(name, names)));
    return nullptr;
  }

  void check_links() {
    collect_ends(EndKind::kNic, "nic", s_.nics, /*shared=*/false);
    collect_ends(EndKind::kSwitch, "switch", s_.switches, /*shared=*/true);
    collect_ends(EndKind::kTap, "tap", s_.taps, /*shared=*/false);
    collect_ends(EndKind::kPcap, "pcap", s_.pcaps, /*shared=*/false);
    std::map<std::string, std::string> used;
    for (Link& link : s_.links) {
      const std::string path = "link." + link.name + ".ends";
      if (link.ends.size() != 2) {
        d_.add(path, fmt::format("{} has {} {}; expected the names of two parts", path,
                                 link.ends.size(), link.ends.size() == 1 ? "name" : "names"));
      }
      for (std::size_t i = 0; i < link.ends.size(); ++i) {
        const NamedEnd* end = find_end(link.ends[i], path);
        if (end == nullptr) continue;
        if (i < link.parts.size()) link.parts[i] = end->end;
        const auto [other, fresh] = used.emplace(link.ends[i], link.name);
        if (!fresh && !end->shared) {
          d_.add(path, fmt::format("{0}: {1} '{2}' is at the end of link '{3}' already; expected "
                                   "one link for each {1}",
                                   path, end->kind, link.ends[i], other->second));
        }
      }
    }
  }

  /// Frames would go round a loop for ever: there is no spanning tree.
  void check_switches() {
    std::vector<std::size_t> group(s_.switches.size());
    std::iota(group.begin(), group.end(), std::size_t{0});
    std::set<std::size_t> linked;
    for (const Link& link : s_.links) {
      if (link.ends.size() != 2) continue;
      for (const LinkEnd& part : link.parts) {
        if (part.kind == EndKind::kSwitch) linked.insert(part.index);
      }
      if (link.parts[0].kind != EndKind::kSwitch || link.parts[1].kind != EndKind::kSwitch) {
        continue;
      }
      const std::size_t first = group[link.parts[0].index];
      const std::size_t second = group[link.parts[1].index];
      if (first == second) {
        const std::string path = "link." + link.name;
        d_.add(path, fmt::format("{} closes a loop of switches; expected a tree, other links join "
                                 "'{}' and '{}' already",
                                 path, link.ends[0], link.ends[1]));
      }
      std::replace(group.begin(), group.end(), second, first);
    }
    for (std::size_t i = 0; i < s_.switches.size(); ++i) {
      if (linked.contains(i)) continue;
      const std::string path = "switch." + s_.switches[i].name;
      d_.add(path, fmt::format("{} is at the end of no link; expected a [link.NAME] to it", path));
    }
  }

  void check_impairments() {
    std::map<std::pair<std::size_t, unsigned>, std::string> taken;
    for (Impair& impair : s_.impairs) {
      const std::string path = "impair." + impair.name;
      if (!find(s_.links, impair.link_name, path + ".link", "link", impair.link)) continue;
      const Link& link = s_.links[impair.link];
      for (unsigned end = 0; end < link.ends.size() && end < 2; ++end) {
        impair.senders[end] = !impair.from || *impair.from == link.ends[end];
        if (!impair.senders[end]) continue;
        const auto [other, fresh] = taken.emplace(std::pair(impair.link, end), impair.name);
        if (!fresh) {
          d_.add(path, fmt::format("{}: impair.{} is for what '{}' sends over link '{}' already; "
                                   "expected one for each way",
                                   path, other->second, link.ends[end], link.name));
        }
      }
      if (!impair.senders[0] && !impair.senders[1]) {
        d_.add(path + ".from",
               fmt::format("{}.from: '{}' is at no end of link '{}'; expected {}{}", path,
                           printable(*impair.from), link.name, join_words(link.ends, "or"),
                           suggestion(*impair.from, link.ends)));
      }
    }
  }

  void check_addresses() {
    std::map<std::string, std::string> seen;
    for (const Host& host : s_.hosts) {
      for (const auto& [key, interface] :
           {std::pair{"address", &host.address}, std::pair{"address6", &host.address6}}) {
        if (!*interface) continue;
        const std::string path = fmt::format("host.{}.{}", host.name, key);
        const auto [other, fresh] = seen.emplace(to_string((*interface)->address), host.name);
        if (!fresh) {
          d_.add(path, fmt::format("{} = \"{}\" is that of host '{}' too; expected an address of "
                                   "its own",
                                   path, other->first, other->second));
        }
      }
      if (!host.address6) continue;
      if (host.address6->prefix_length != kIpv6PrefixLength) {
        const std::string path = fmt::format("host.{}.address6", host.name);
        d_.add(path, fmt::format("{} has a prefix of {} bits; expected /{}", path,
                                 host.address6->prefix_length, kIpv6PrefixLength));
      }
      for (const Nic& nic : s_.nics) {
        if (std::find(host.nics.begin(), host.nics.end(), nic.name) == host.nics.end() ||
            nic.mtu_bytes >= kIpv6MinimumMtu) {
          continue;
        }
        const std::string path = "nic." + nic.name + ".mtu";
        d_.add(path, fmt::format("{} = {} is too small for host.{}.address6; expected at least {}",
                                 path, nic.mtu_bytes, host.name, kIpv6MinimumMtu));
      }
    }
  }

  void check_traffic_names() {
    std::map<std::string, std::string> seen;
    const auto visit = [&](const auto& parts, const char* kind) {
      for (const auto& part : parts) {
        const auto [other, fresh] = seen.emplace(part.name, kind);
        if (fresh) continue;
        const std::string path = fmt::format("{}.{}", kind, part.name);
        d_.add(path, fmt::format("{} has the name of {}.{}; expected a name of its own, results "
                                 "are listed by it",
                                 path, other->second, part.name));
      }
    };
    visit(s_.flows, "flow");
    visit(s_.pings, "ping");
    visit(s_.udp_echoes, "udp_echo");
    visit(s_.tcp_echoes, "tcp_echo");
    visit(s_.apps, "app");
  }

  /// Whether frames of one part reach the other: over a link, or over several with parts between
  /// them that forward.
  bool joined(const LinkEnd& from, const LinkEnd& to) const {
    std::vector<LinkEnd> reached{from};
    for (std::size_t i = 0; i < reached.size(); ++i) {
      for (const Link& link : s_.links) {
        if (link.ends.size() != 2) continue;
        for (std::size_t end = 0; end < 2; ++end) {
          const LinkEnd& other = link.parts[1 - end];
          if (link.parts[end] != reached[i] || contains(reached, other)) continue;
          if (other == to) return true;
          if (forwards(other)) reached.push_back(other);
        }
      }
    }
    return false;
  }

  static bool contains(const std::vector<LinkEnd>& list, const LinkEnd& end) {
    return std::find(list.begin(), list.end(), end) != list.end();
  }

  /// Whether frames go through it from link to link.
  static bool forwards(const LinkEnd& end) {
    switch (end.kind) {
      case EndKind::kSwitch:
        return true;
      case EndKind::kNic:
      case EndKind::kTap:
      case EndKind::kPcap:
        return false;
    }
    return false;
  }

  bool joined(const Host& from, const Host& to) const {
    for (std::size_t i = 0; i < s_.nics.size(); ++i) {
      if (&s_.hosts[s_.nics[i].host] != &from) continue;
      for (std::size_t k = 0; k < s_.nics.size(); ++k) {
        if (&s_.hosts[s_.nics[k].host] != &to) continue;
        if (joined(LinkEnd{EndKind::kNic, i}, LinkEnd{EndKind::kNic, k})) return true;
      }
    }
    return false;
  }

  /// Whether frames of the outside reach that host.
  bool open_to_outside(const Host& host) const {
    for (std::size_t i = 0; i < s_.nics.size(); ++i) {
      if (&s_.hosts[s_.nics[i].host] != &host) continue;
      for (std::size_t k = 0; k < s_.taps.size(); ++k) {
        if (joined(LinkEnd{EndKind::kNic, i}, LinkEnd{EndKind::kTap, k})) return true;
      }
    }
    return false;
  }

  /// `name` or `address` says who is at one end of some traffic.
  bool check_end(const std::string& path, const char* key, const std::string& name,
                 const std::optional<IpAddress>& address) {
    if (address && !name.empty()) {
      d_.add(fmt::format("{}.{}_address", path, key),
             fmt::format("{0}.{1}_address beside {0}.{1}; expected one of them", path, key));
    } else if (!address && name.empty()) {
      d_.add(path, fmt::format("{0} is missing in [{1}]; expected {0} = the name of a host, or "
                               "{0}_address = an IP address of the outside",
                               key, path));
    } else {
      return true;
    }
    return false;
  }

  /// Traffic between a host and an address behind a tap.
  void check_outside_traffic(Traffic& traffic, const std::string& path) {
    const bool goes_out = traffic.to_address.has_value();
    if (goes_out && traffic.from_address) {
      d_.add(path, path + " begins and ends outside; expected a host at one end");
      return;
    }
    const IpAddress& peer = goes_out ? *traffic.to_address : *traffic.from_address;
    const std::string key = path + (goes_out ? ".to_address" : ".from_address");
    std::size_t& index = goes_out ? traffic.from : traffic.to;
    const std::string& name = goes_out ? traffic.from_name : traffic.to_name;
    traffic.ip = peer.version;
    if (!find(s_.hosts, name, path + (goes_out ? ".from" : ".to"), "host", index)) return;
    const Host& host = s_.hosts[index];
    if (!is_peer_address(peer)) {
      d_.add(key, fmt::format("{} = \"{}\" is no address that a host can have; expected that of a "
                              "host behind a tap",
                              key, to_string(peer)));
      return;
    }
    for (const Host& other : s_.hosts) {
      for (const auto* own : {&other.address, &other.address6}) {
        if (!*own || (*own)->address != peer) continue;
        d_.add(key, fmt::format("{} = \"{}\" is that of host '{}'; expected one of the outside",
                                key, to_string(peer), other.name));
        return;
      }
    }
    if (!open_to_outside(host)) {
      d_.add(path, fmt::format("{}: no link joins '{}' and a tap; expected a [tap.NAME], and a "
                               "[link.NAME] to it",
                               path, host.name));
    }
    const bool v4 = peer.version == IpVersion::kV4;
    const std::optional<IpInterface>& own = v4 ? host.address : host.address6;
    if (!own) {
      add_no_address(path, host, v4);
    } else if (!same_subnet(*own, peer) && !(v4 ? host.gateway : host.gateway6)) {
      d_.add(key,
             fmt::format("{} = \"{}\" is outside the subnet of host '{}'; expected one subnet, "
                         "or host.{}.{}",
                         key, to_string(peer), host.name, host.name, v4 ? "gateway" : "gateway6"));
    }
  }

  void add_no_address(const std::string& path, const Host& host, bool v4) {
    d_.add(path,
           fmt::format("{} uses IP {}, but host '{}' has no such address; expected "
                       "host.{}.{}",
                       path, v4 ? "v4" : "v6", host.name, host.name, v4 ? "address" : "address6"));
  }

  void check_traffic(Traffic& traffic, const std::string& path) {
    check_start(path, traffic.start_ps);
    const bool from_named = check_end(path, "from", traffic.from_name, traffic.from_address);
    const bool to_named = check_end(path, "to", traffic.to_name, traffic.to_address);
    if (!from_named || !to_named) return;
    if (traffic.from_address || traffic.to_address) return check_outside_traffic(traffic, path);
    const bool from = find(s_.hosts, traffic.from_name, path + ".from", "host", traffic.from);
    const bool to = find(s_.hosts, traffic.to_name, path + ".to", "host", traffic.to);
    if (!from || !to) return;
    if (traffic.from == traffic.to) {
      d_.add(path + ".to", fmt::format("{}.to is '{}' like {}.from; expected another host", path,
                                       traffic.to_name, path));
      return;
    }
    const bool v4 = traffic.ip == IpVersion::kV4;
    const Host& a = s_.hosts[traffic.from];
    const Host& b = s_.hosts[traffic.to];
    bool complete = true;
    for (const Host* host : {&a, &b}) {
      if ((v4 ? host->address : host->address6).has_value()) continue;
      add_no_address(path, *host, v4);
      complete = false;
    }
    if (!joined(a, b)) {
      d_.add(path, fmt::format("{}: no link joins '{}' and '{}'; expected a [link.NAME] between "
                               "their nics",
                               path, a.name, b.name));
    } else if (complete) {
      check_route(path, a, b, v4);
      check_route(path, b, a, v4);
    }
  }

  void check_route(const std::string& path, const Host& from, const Host& to, bool v4) {
    const IpInterface& own = v4 ? *from.address : *from.address6;
    const IpInterface& other = v4 ? *to.address : *to.address6;
    if (same_subnet(own, other.address) || (v4 ? from.gateway : from.gateway6)) return;
    d_.add(path, fmt::format("{}: {} of host '{}' is outside the subnet of host '{}'; expected one "
                             "subnet, or host.{}.{}",
                             path, to_string(other.address), to.name, from.name, from.name,
                             v4 ? "gateway" : "gateway6"));
  }

  void check_start(const std::string& path, uint64_t start_ps) {
    if (start_ps < s_.duration_ps) return;
    d_.add(path + ".start",
           fmt::format("{}.start is not before the end; expected less than duration", path));
  }

  using Ports = std::set<uint32_t>;

  /// Takes `count` ports from `port` on, if it is not 0.
  void take_port(const std::string& path, uint16_t port, uint32_t count, Ports& taken) {
    if (port == 0) return;
    if (port + count - 1 > kLastPort) {
      d_.add(path + ".port", fmt::format("{}.port = {} leaves no room for {} streams; expected at "
                                         "most {}",
                                         path, port, count, kLastPort - count + 1));
      return;
    }
    for (uint32_t i = 0; i < count; ++i) {
      if (taken.insert(port + i).second) continue;
      d_.add(path + ".port", fmt::format("{}.port: {} is taken by other traffic to that host; "
                                         "expected a free port",
                                         path, port + i));
      return;
    }
  }

  void choose_port(const std::string& path, uint16_t& port, uint32_t preferred, uint32_t count,
                   Ports& taken) {
    if (port != 0) return;
    if (count == 1 && taken.insert(preferred).second) {
      port = static_cast<uint16_t>(preferred);
      return;
    }
    for (uint32_t first = kFirstAutomaticPort; first + count - 1 <= kLastPort; ++first) {
      const auto busy = taken.lower_bound(first);
      if (busy != taken.end() && *busy < first + count) continue;
      for (uint32_t i = 0; i < count; ++i) taken.insert(first + i);
      port = static_cast<uint16_t>(first);
      return;
    }
    d_.add(path, fmt::format("{}: no free port is left; expected fewer streams", path));
  }

  /// The name of who answers, host or address.
  static std::string responder(const Traffic& traffic) {
    return traffic.to_address ? to_string(*traffic.to_address) : traffic.to_name;
  }

  void check_all_traffic() {
    // By who answers; fixed ports first, so that automatic ones keep clear of them.
    std::map<std::string, Ports> tcp;
    std::map<std::string, Ports> udp;
    std::set<std::string> outputs;
    for (Flow& flow : s_.flows) {
      check_traffic(flow, "flow." + flow.name);
      take_port("flow." + flow.name, flow.port, flow.streams, tcp[responder(flow)]);
      check_output(flow, outputs);
      check_outside_flow(flow);
    }
    for (Ping& ping : s_.pings) check_traffic(ping, "ping." + ping.name);
    for (UdpEcho& echo : s_.udp_echoes) {
      check_traffic(echo, "udp_echo." + echo.name);
      take_port("udp_echo." + echo.name, echo.port, 1, udp[responder(echo)]);
    }
    for (TcpEcho& echo : s_.tcp_echoes) {
      check_traffic(echo, "tcp_echo." + echo.name);
      take_port("tcp_echo." + echo.name, echo.port, 1, tcp[responder(echo)]);
    }
    for (Flow& flow : s_.flows) {
      choose_port("flow." + flow.name, flow.port, kFileTransferPort, flow.streams,
                  tcp[responder(flow)]);
    }
    for (UdpEcho& echo : s_.udp_echoes) {
      choose_port("udp_echo." + echo.name, echo.port, kEchoPort, 1, udp[responder(echo)]);
    }
    for (TcpEcho& echo : s_.tcp_echoes) {
      choose_port("tcp_echo." + echo.name, echo.port, kEchoPort, 1, tcp[responder(echo)]);
    }
  }

  void check_outside_flow(const Flow& flow) {
    const std::string path = "flow." + flow.name;
    if (!flow.from_address && !flow.to_address) return;
    if (flow.streams != 1) {
      d_.add(path + ".streams",
             fmt::format("{}.streams = {} with an address of the outside; expected 1", path,
                         flow.streams));
    }
    if (flow.output && flow.to_address) {
      d_.add(path + ".output", fmt::format("{}.output of what the outside receives; expected no "
                                           "output with to_address",
                                           path));
    }
  }

  void check_output(const Flow& flow, std::set<std::string>& outputs) {
    if (!flow.output) return;
    const std::string path = "flow." + flow.name + ".output";
    std::error_code error;
    if (flow.file && std::filesystem::equivalent(*flow.file, *flow.output, error)) {
      d_.add(path, fmt::format("{} is the file that is sent; expected another one", path));
    }
    if (!outputs.insert(std::filesystem::path(*flow.output).lexically_normal().string()).second) {
      d_.add(path, fmt::format("{}: '{}' is the output of another flow too; expected another one",
                               path, printable(*flow.output)));
    }
  }

  void check_apps() {
    for (App& app : s_.apps) {
      const std::string path = "app." + app.name;
      find(s_.hosts, app.host_name, path + ".host", "host", app.host);
      check_start(path, app.start_ps);
    }
  }

  Scenario& s_;
  Diagnostics& d_;
  std::vector<NamedEnd> ends_;
  std::vector<std::string> end_kinds_;
};

}  // namespace

void check_scenario(Scenario& scenario, Diagnostics& diagnostics, bool needs_traffic) {
  Checker(scenario, diagnostics).run(needs_traffic);
}

}  // namespace ringside::tb
