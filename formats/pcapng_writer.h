// SPDX-License-Identifier: Apache-2.0
// Writes captures as pcapng (draft-ietf-opsawg-pcapng): several interfaces, nanoseconds, comments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/output_file.h"
#include "formats/status.h"
#include "formats/units.h"

namespace ringside::formats {

/// What the section header says; empty texts are left out.
struct PcapngSection {
  std::string hardware = {};
  std::string os = {};
  std::string application = {};
  std::string comment = {};
  /// Bytes kept of each packet; 0 keeps all. One number for the file, because libpcap refuses a
  /// file whose interfaces differ in it.
  uint32_t snap_length = 0;
};

/// One interface of a capture; empty texts are left out. Frames are Ethernet (LINKTYPE_ETHERNET).
struct PcapngInterface {
  std::string name = {};
  std::string description = {};
  std::string comment = {};
  /// Bits per second; 0 is unknown.
  uint64_t speed_bps = 0;
  std::optional<MacAddress> mac = std::nullopt;
};

enum class PacketDirection : uint8_t { kUnknown = 0, kInbound = 1, kOutbound = 2 };

/// Optional facts about one packet.
struct PcapngPacketOptions {
  std::string_view comment = {};
  PacketDirection direction = PacketDirection::kUnknown;
  /// The frame check sequence did not fit.
  bool fcs_wrong = false;
};

/// A pcapng file being written. Bytes reach the file in whole blocks only, so that it is valid
/// whenever the process ends; after an error (a full disk) the file is cut back to its last whole
/// block and the writer takes nothing more. Errors name the file.
class PcapngWriter {
 public:
  /// Creates or empties `path`. The section header is on disk when it returns.
  Status open(const std::string& path, const PcapngSection& section);
  /// As of OutputFile.
  void on_error(std::function<void(const std::string& line)> told) {
    file_.on_error(std::move(told));
  }
  /// The id of the new interface: 0, 1, ... in the order of calls. At any time before its packets.
  uint32_t add_interface(const PcapngInterface& interface);
  /// Appends a packet of `frame`, cut to the snap length; `time_ns` counts from 1970 or from the
  /// start of a simulation. An interface that does not exist is an error.
  Status write_packet(uint32_t interface, uint64_t time_ns, ByteView frame,
                      const PcapngPacketOptions& options = {});
  /// Hands everything so far to the operating system.
  Status flush() { return file_.flush(); }
  /// Flushes and closes; the first error of the file's life. Harmless if not open. The destructor
  /// closes too, but its error is lost.
  Status close() { return file_.close(); }

  bool is_open() const { return file_.is_open(); }
  /// The first error so far.
  const Status& status() const { return file_.status(); }
  uint64_t packets() const { return packets_; }

 private:
  class Block;

  OutputFile file_;
  std::string path_;
  uint64_t packets_ = 0;
  uint32_t interfaces_ = 0;
  uint32_t snap_length_ = 0;
};

}  // namespace ringside::formats
