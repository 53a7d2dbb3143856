// SPDX-License-Identifier: Apache-2.0
// The UDP header (RFC 768).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "formats/byte_order.h"
#include "formats/units.h"

namespace ringside::formats {

/// A whole header. The length is as the datagram says it: payload() cuts it to what is there.
class UdpView {
 public:
  static constexpr std::size_t kBytes = 8;
  static constexpr std::size_t kChecksumOffset = 6;

  static std::optional<UdpView> parse(ByteView datagram) {
    if (datagram.size() < kBytes) return std::nullopt;
    return UdpView(datagram);
  }
  uint16_t source_port() const { return load_be<uint16_t>(bytes_.data()); }
  uint16_t destination_port() const { return load_be<uint16_t>(bytes_.data() + 2); }
  /// Of header and payload; below 8 it is wrong.
  uint16_t length() const { return load_be<uint16_t>(bytes_.data() + 4); }
  /// 0: the sender computed none.
  uint16_t checksum() const { return load_be<uint16_t>(bytes_.data() + kChecksumOffset); }
  ByteView payload() const {
    const std::size_t end = std::min<std::size_t>(length(), bytes_.size());
    return end <= kBytes ? ByteView() : bytes_.subspan(kBytes, end - kBytes);
  }

 private:
  explicit UdpView(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace ringside::formats
