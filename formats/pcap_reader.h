// SPDX-License-Identifier: Apache-2.0
// Reads captures (pcap and pcapng) through libpcap, with nanoseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "formats/status.h"
#include "formats/units.h"

struct pcap;

namespace ringside::formats {

/// One packet of a capture.
struct CapturedPacket {
  /// Since 1970, or since the start of a simulation.
  uint64_t time_ns = 0;
  /// Length on the wire; more than `bytes` holds if the capture was cut.
  uint32_t original_bytes = 0;
  /// Valid until the next call of the reader.
  ByteView bytes;
};

/// A capture file, packet by packet. Errors name the file.
class PcapReader {
 public:
  /// LINKTYPE_ETHERNET, as libpcap numbers it.
  static constexpr int kEthernet = 1;

  /// Opens `path`; any link type. An earlier file is closed.
  Status open(const std::string& path);
  /// As open, and an error if the packets are not Ethernet frames.
  Status open_ethernet(const std::string& path);
  /// The next packet; nothing at the end or after an error, which status() tells apart.
  std::optional<CapturedPacket> next();
  /// The first error so far.
  const Status& status() const { return status_; }
  int link_type() const;
  uint64_t packets() const { return packets_; }

 private:
  struct Close {
    void operator()(pcap* handle) const;
  };
  std::unique_ptr<pcap, Close> handle_;
  std::string path_;
  Status status_;
  uint64_t packets_ = 0;
};

}  // namespace ringside::formats
