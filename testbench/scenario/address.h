// SPDX-License-Identifier: Apache-2.0
// IP addresses from text, and the questions that checks ask of them.
#pragma once

#include <optional>
#include <string_view>

#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// Dotted decimal or RFC 4291, of that version only.
std::optional<IpAddress> parse_ip(IpVersion version, std::string_view text);
/// An address, '/', and the prefix length.
std::optional<IpInterface> parse_interface(IpVersion version, std::string_view text);

/// May be the address of a host on a subnet of that prefix: no multicast, loopback, unspecified,
/// network or broadcast address.
bool is_host_address(const IpInterface& interface);
bool same_subnet(const IpInterface& interface, const IpAddress& other);

}  // namespace ringside::tb
