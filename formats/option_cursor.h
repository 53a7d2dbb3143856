// SPDX-License-Identifier: Apache-2.0
// Walks kind-length-value options as IPv4 (RFC 791, section 3.1) and TCP (RFC 9293, section 3.2)
// write them: kind 0 ends, kind 1 is one byte of padding, every other kind has a length.
#pragma once

#include <cstdint>

#include "formats/byte_order.h"
#include "formats/units.h"

namespace ringside::formats {

struct Option {
  uint8_t kind = 0;
  /// Behind kind and length; empty for padding.
  ByteView data;
};

/// Every call of next() consumes at least one byte, so a walk ends whatever the bytes are.
class OptionCursor {
 public:
  static constexpr uint8_t kEnd = 0, kPadding = 1;

  /// `options` is the area behind the fixed header.
  explicit OptionCursor(ByteView options) : rest_(options) {}

  /// The next option (padding included) into `option`; false at the end or at a malformed option.
  bool next(Option& option) {
    if (rest_.empty()) return false;
    const uint8_t kind = load_u8(rest_.data());
    if (kind == kEnd) {
      rest_ = {};
      return false;
    }
    if (kind == kPadding) {
      option = {kind, {}};
      rest_ = rest_.subspan(1);
      return true;
    }
    const uint8_t length = rest_.size() < 2 ? 0 : load_u8(rest_.data() + 1);
    if (length < 2 || length > rest_.size()) {
      malformed_ = true;
      rest_ = {};
      return false;
    }
    option = {kind, rest_.subspan(2, length - 2u)};
    rest_ = rest_.subspan(length);
    return true;
  }
  /// After next() gave false: the walk stopped at an option whose length is wrong.
  bool malformed() const { return malformed_; }

 private:
  ByteView rest_;
  bool malformed_ = false;
};

}  // namespace ringside::formats
