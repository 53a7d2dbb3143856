// SPDX-License-Identifier: Apache-2.0
// The TCP header with options (RFC 9293, section 3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "formats/byte_order.h"
#include "formats/option_cursor.h"
#include "formats/units.h"

namespace ringside::formats {

enum TcpFlag : uint8_t {
  kTcpFin = 0x01,
  kTcpSyn = 0x02,
  kTcpRst = 0x04,
  kTcpPsh = 0x08,
  kTcpAck = 0x10,
  kTcpUrg = 0x20,
  kTcpEce = 0x40,
  kTcpCwr = 0x80,
};

/// Option kinds: RFC 9293 section 3.2, RFC 7323, RFC 2018.
enum TcpOptionKind : uint8_t {
  kTcpOptionMss = 2,
  kTcpOptionWindowScale = 3,
  kTcpOptionSackPermitted = 4,
  kTcpOptionSack = 5,
  kTcpOptionTimestamps = 8,
};

/// A header that is whole, options included.
class TcpView {
 public:
  static constexpr std::size_t kMinBytes = 20;
  static constexpr std::size_t kChecksumOffset = 16;

  /// Nothing if the data offset is below 5 words or beyond the bytes.
  static std::optional<TcpView> parse(ByteView segment) {
    if (segment.size() < kMinBytes) return std::nullopt;
    const TcpView view(segment);
    if (view.header_bytes() < kMinBytes || view.header_bytes() > segment.size())
      return std::nullopt;
    return view;
  }
  uint16_t source_port() const { return load_be<uint16_t>(bytes_.data()); }
  uint16_t destination_port() const { return load_be<uint16_t>(bytes_.data() + 2); }
  uint32_t sequence() const { return load_be<uint32_t>(bytes_.data() + 4); }
  uint32_t acknowledgment() const { return load_be<uint32_t>(bytes_.data() + 8); }
  std::size_t header_bytes() const { return (std::size_t{load_u8(bytes_.data() + 12)} >> 4) * 4; }
  /// Bits of TcpFlag.
  uint8_t flags() const { return load_u8(bytes_.data() + 13); }
  uint16_t window() const { return load_be<uint16_t>(bytes_.data() + 14); }
  uint16_t checksum() const { return load_be<uint16_t>(bytes_.data() + kChecksumOffset); }
  uint16_t urgent_pointer() const { return load_be<uint16_t>(bytes_.data() + 18); }
  OptionCursor options() const {
    return OptionCursor(bytes_.subspan(kMinBytes, header_bytes() - kMinBytes));
  }
  /// The first option of `kind`, if it comes before any malformed one.
  std::optional<Option> option(uint8_t kind) const {
    OptionCursor cursor = options();
    for (Option option; cursor.next(option);) {
      if (option.kind == kind) return option;
    }
    return std::nullopt;
  }
  ByteView payload() const { return bytes_.subspan(header_bytes()); }

 private:
  explicit TcpView(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace ringside::formats
