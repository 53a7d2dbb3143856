// SPDX-License-Identifier: Apache-2.0
// See outside_check.h.
#include "testbench/scenario/outside_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "testbench/scenario/address.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

void check_linked(const Scenario& scenario, Diagnostics& d, const LinkEnd& end,
                  const std::string& path) {
  if (!d.ok()) return;  // perhaps because the link to it has an error
  const auto ends_there = [&](const Link& link) {
    return std::find(link.parts.begin(), link.parts.end(), end) != link.parts.end();
  };
  if (std::any_of(scenario.links.begin(), scenario.links.end(), ends_there)) return;
  d.add(path, fmt::format("{} is at the end of no link; expected a [link.NAME] to it", path));
}

void check_kernel_address(const Scenario& scenario, Diagnostics& d, const Tap& tap, const char* key,
                          const std::optional<IpInterface>& address) {
  if (!address) return;
  const std::string path = fmt::format("tap.{}.{}", tap.name, key);
  if (!tap.create) {
    d.add(path, fmt::format("{0} for an interface that exists; expected tap.{1}.create = true, or "
                            "no {2}: the interface has the addresses that it was given",
                            path, tap.name, key));
  }
  for (const Host& host : scenario.hosts) {
    for (const auto* own : {&host.address, &host.address6}) {
      if (!*own || (*own)->address != address->address) continue;
      d.add(path, fmt::format("{} = \"{}\" is that of host '{}' too; expected an address of its "
                              "own",
                              path, to_string(address->address), host.name));
    }
  }
}

}  // namespace

bool is_peer_address(const IpAddress& address) {
  const uint8_t bits = address.version == IpVersion::kV4 ? 32 : 128;
  return is_host_address({address, bits});
}

void check_outside(Scenario& scenario, Diagnostics& d) {
  if (!scenario.pace) scenario.pace = scenario.taps.empty() ? RunPace::kDemand : RunPace::kWall;
  std::map<std::string, std::string> interfaces;
  for (std::size_t i = 0; i < scenario.taps.size(); ++i) {
    const Tap& tap = scenario.taps[i];
    const std::string path = "tap." + tap.name;
    const auto [other, fresh] = interfaces.emplace(tap.interface, tap.name);
    if (!fresh) {
      d.add(path + ".interface",
            fmt::format("{}.interface = \"{}\" is that of tap '{}' too; expected one of its own",
                        path, printable(tap.interface), other->second));
    }
    check_linked(scenario, d, {EndKind::kTap, i}, path);
    check_kernel_address(scenario, d, tap, "address", tap.address);
    check_kernel_address(scenario, d, tap, "address6", tap.address6);
  }
  for (std::size_t i = 0; i < scenario.pcaps.size(); ++i) {
    const std::string path = "pcap." + scenario.pcaps[i].name;
    check_linked(scenario, d, {EndKind::kPcap, i}, path);
    if (scenario.pcaps[i].start_ps >= scenario.duration_ps) {
      d.add(path + ".start",
            fmt::format("{}.start is not before the end; expected less than duration", path));
    }
  }
}

bool Scenario::open_ended() const {
  return !has_traffic() &&
         std::all_of(pcaps.begin(), pcaps.end(), [](const Pcap& pcap) { return pcap.repeat == 0; });
}

}  // namespace ringside::tb
