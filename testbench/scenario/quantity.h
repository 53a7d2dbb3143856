// SPDX-License-Identifier: Apache-2.0
// Quantities with units, to and from text, in integers only: "2.5us" is 2500000 ps, exactly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::tb {

enum class Quantity : uint8_t {
  kTime,         ///< ps
  kRate,         ///< bit/s
  kSize,         ///< bytes
  kFrequency,    ///< Hz
  kProbability,  ///< parts of 10^18
};

enum class QuantityError : uint8_t {
  kNone,
  kNotANumber,   ///< does not begin with a decimal number
  kNoUnit,       ///< a number and nothing behind it
  kUnknownUnit,  ///< a number and something that is no unit of this quantity
  kNotWhole,     ///< not a whole number of ps, bit/s, bytes, Hz or parts
  kOutOfRange,   ///< more than 2^64 - 1, or more than 18 digits behind the point
};

struct QuantityResult {
  uint64_t value = 0;
  QuantityError error = QuantityError::kNone;
};

/// Reads a decimal number, at most one space, and a unit.
QuantityResult parse_quantity(Quantity quantity, std::string_view text);

/// "a time with its unit, such as \"2us\" (ps, ns, us, ms or s)".
std::string_view describe(Quantity quantity);

/// The shortest exact text: "2500ns", "100Gbps", "64KiB". parse_quantity reads it back.
std::string format_quantity(Quantity quantity, uint64_t value);

}  // namespace ringside::tb
