// SPDX-License-Identifier: Apache-2.0
// Exact decimal parsing of quantities with units.
#include "testbench/scenario/quantity.h"

#include <numeric>
#include <span>

namespace ringside::tb {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
  /// Used by format_quantity; the others are only read.
  bool preferred;
};

constexpr uint64_t kKibi = 1024;
constexpr uint64_t kKilo = 1000;

// Each list in falling order of the factor.
constexpr Unit kTimeUnits[] = {
    {"s", 1'000'000'000'000, true}, {"ms", 1'000'000'000, true}, {"us", 1'000'000, true},
    {"\u00B5s", 1'000'000, false},  {"ns", 1'000, true},         {"ps", 1, true},
};
constexpr Unit kRateUnits[] = {
    {"Tbps", kKilo* kKilo* kKilo* kKilo, true},
    {"Tbit/s", kKilo* kKilo* kKilo* kKilo, false},
    {"T", kKilo* kKilo* kKilo* kKilo, false},
    {"Gbps", kKilo* kKilo* kKilo, true},
    {"Gbit/s", kKilo* kKilo* kKilo, false},
    {"G", kKilo* kKilo* kKilo, false},
    {"Mbps", kKilo* kKilo, true},
    {"Mbit/s", kKilo* kKilo, false},
    {"M", kKilo* kKilo, false},
    {"kbps", kKilo, true},
    {"kbit/s", kKilo, false},
    {"k", kKilo, false},
    {"bps", 1, true},
    {"bit/s", 1, false},
};
constexpr Unit kSizeUnits[] = {
    {"TiB", kKibi* kKibi* kKibi* kKibi, true},
    {"TB", kKilo* kKilo* kKilo* kKilo, false},
    {"GiB", kKibi* kKibi* kKibi, true},
    {"GB", kKilo* kKilo* kKilo, false},
    {"MiB", kKibi* kKibi, true},
    {"MB", kKilo* kKilo, false},
    {"KiB", kKibi, true},
    {"kB", kKilo, false},
    {"B", 1, true},
};
constexpr Unit kFrequencyUnits[] = {
    {"GHz", kKilo* kKilo* kKilo, true},
    {"MHz", kKilo* kKilo, true},
    {"kHz", kKilo, true},
    {"Hz", 1, true},
};

// "1e-4" is the number 1 and the unit e-4.
constexpr Unit kProbabilityUnits[] = {
    {"e-1", 100'000'000'000'000'000, false},
    {"e-2", 10'000'000'000'000'000, false},
    {"%", 10'000'000'000'000'000, true},
    {"e-3", 1'000'000'000'000'000, false},
    {"e-4", 100'000'000'000'000, false},
    {"e-5", 10'000'000'000'000, false},
    {"e-6", 1'000'000'000'000, false},
    {"ppm", 1'000'000'000'000, true},
    {"e-7", 100'000'000'000, false},
    {"e-8", 10'000'000'000, false},
    {"e-9", 1'000'000'000, false},
    {"ppb", 1'000'000'000, true},
    {"e-10", 100'000'000, false},
    {"e-11", 10'000'000, false},
    {"e-12", 1'000'000, false},
    {"e-13", 100'000, false},
    {"e-14", 10'000, false},
    {"e-15", 1'000, false},
    {"e-16", 100, false},
    {"e-17", 10, false},
    {"e-18", 1, true},
};

std::span<const Unit> units_of(Quantity quantity) {
  switch (quantity) {
    case Quantity::kTime:
      return kTimeUnits;
    case Quantity::kRate:
      return kRateUnits;
    case Quantity::kFrequency:
      return kFrequencyUnits;
    case Quantity::kProbability:
      return kProbabilityUnits;
    case Quantity::kSize:
      break;
  }
  return kSizeUnits;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits at the front of `text`; false if they do not fit.
bool take_digits(std::string_view& text, uint64_t& value) {
  while (!text.empty() && is_digit(text.front())) {
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(text.front() - '0'), &value)) {
      return false;
    }
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

QuantityResult parse_quantity(Quantity quantity, std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return {0, QuantityError::kNotANumber};
  uint64_t whole = 0;
  if (!take_digits(text, whole)) return {0, QuantityError::kOutOfRange};
  uint64_t fraction = 0;
  uint64_t denominator = 1;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    if (text.empty() || !is_digit(text.front())) return {0, QuantityError::kNotANumber};
    const std::size_t before = text.size();
    if (!take_digits(text, fraction)) return {0, QuantityError::kOutOfRange};
    const std::size_t digits = before - text.size();
    if (digits > 18) return {0, QuantityError::kOutOfRange};
    for (std::size_t i = 0; i < digits; ++i) denominator *= 10;
  }
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty()) return {0, QuantityError::kNoUnit};
  for (const Unit& unit : units_of(quantity)) {
    if (unit.name != text) continue;
    const uint64_t common = std::gcd(fraction, denominator);
    fraction /= common;
    denominator /= common;
    if (unit.factor % denominator != 0) return {0, QuantityError::kNotWhole};
    uint64_t value = 0;
    uint64_t part = 0;
    if (__builtin_mul_overflow(whole, unit.factor, &value) ||
        __builtin_mul_overflow(fraction, unit.factor / denominator, &part) ||
        __builtin_add_overflow(value, part, &value)) {
      return {0, QuantityError::kOutOfRange};
    }
    return {value, QuantityError::kNone};
  }
  return {0, QuantityError::kUnknownUnit};
}

std::string_view describe(Quantity quantity) {
  switch (quantity) {
    case Quantity::kTime:
      return "a time with its unit, such as \"2us\" (ps, ns, us, ms or s)";
    case Quantity::kRate:
      return "a rate with its unit, such as \"100G\" (k, M, G or T, alone or with bps or bit/s)";
    case Quantity::kFrequency:
      return "a frequency with its unit, such as \"250MHz\" (Hz, kHz, MHz or GHz)";
    case Quantity::kProbability:
      return "a probability with its unit, such as \"0.1%\" or \"1e-4\" (%, ppm, ppb or e-1 to "
             "e-18)";
    case Quantity::kSize:
      break;
  }
  return "a size with its unit, such as \"64KiB\" (B, KiB, MiB, GiB, TiB, kB, MB, GB or TB)";
}

std::string format_quantity(Quantity quantity, uint64_t value) {
  std::string_view name;
  for (const Unit& unit : units_of(quantity)) {
    if (!unit.preferred) continue;
    name = unit.name;
    if (value != 0 && value % unit.factor == 0) {
      return std::to_string(value / unit.factor).append(name);
    }
  }
  return std::to_string(value).append(name);
}

}  // namespace ringside::tb
