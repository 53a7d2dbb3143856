// SPDX-License-Identifier: Apache-2.0
// Accounts for frames that a link altered silently: what the flipped bit hit, and whether the
// host's checksums caught it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/units.h"
#include "hw_model/wire/link.h"
#include "testbench/run/runner.h"

namespace ringside::tb {

/// What of a frame a flipped bit hit, by what must become of the frame.
enum class AlteredPart : uint8_t {
  kAddresses,    ///< Ethernet addresses: nothing checks them, the datagram inside is whole
  kPadding,      ///< behind the packet: nothing reads it
  kUnprotected,  ///< IPv6 traffic class, flow label, hop limit; ARP: no checksum covers it
  kEtherType,    ///< no protocol has the new one: dropped
  kIpHeader,     ///< IPv4's checksum, or IPv6's version, length, next header: dropped
  kTransport,    ///< TCP or UDP with checksum, whole datagrams: dropped for it
  /// Fragments (one sum for all), ICMP (answers are compared by who asked), IPv6 addresses (the sum
  /// fails, or nobody has the address): dropped, but not always for a checksum.
  kOther,
  kCount
};
std::string_view name_of(AlteredPart part);

/// `frame` as it arrived, with `bit` flipped.
AlteredPart altered_part(ByteView frame, uint32_t bit);

/// What a host's stack dropped because something in it was wrong.
struct CaughtFrames {
  uint64_t ether_type = 0;
  uint64_t ip_header = 0;
  uint64_t transport = 0;
  /// Frames that the card or the stack dropped before anybody looked at them.
  uint64_t unread = 0;
};

class AlteredFrames {
 public:
  AlteredFrames();
  ~AlteredFrames();
  /// End `end` of `link` is a card of host number `host`, whose station address is `mac`.
  void watch(hw::Link& link, unsigned end, std::size_t host, const MacAddress& mac);
  /// Compares with what the hosts' stacks caught, by host.
  CheckResult check(const std::vector<std::string>& hosts,
                    const std::vector<CaughtFrames>& caught) const;

 private:
  class Watch;
  using Parts = std::array<uint64_t, static_cast<std::size_t>(AlteredPart::kCount)>;
  struct Arrived {
    Parts parts{};           ///< for this host
    uint64_t elsewhere = 0;  ///< flooded frames for other stations
    uint64_t damaged = 0;    ///< with a wrong FCS besides: the card drops them
  };
  Arrived& arrived(std::size_t host);

  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<Arrived> arrived_;
};

}  // namespace ringside::tb
