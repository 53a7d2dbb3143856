// SPDX-License-Identifier: Apache-2.0
// Conversion and checking of single values, driven by the key table.
#include "testbench/scenario/convert.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "formats/address.h"
#include "testbench/scenario/address.h"
#include "testbench/scenario/quantity.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

namespace fs = std::filesystem;

std::optional<Quantity> quantity_of(KeyType type) {
  switch (type) {
    case KeyType::kSize:
      return Quantity::kSize;
    case KeyType::kRate:
      return Quantity::kRate;
    case KeyType::kTime:
      return Quantity::kTime;
    case KeyType::kFrequency:
      return Quantity::kFrequency;
    case KeyType::kProbability:
      return Quantity::kProbability;
    default:
      return std::nullopt;
  }
}

/// A bound or default of the table, which is well formed.
uint64_t table_number(const KeySpec& key, const std::string& text) {
  if (const std::optional<Quantity> quantity = quantity_of(key.type)) {
    return parse_quantity(*quantity, text).value;
  }
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool in_range(const KeySpec& key, uint64_t value) {
  return (key.min.empty() || value >= table_number(key, key.min)) &&
         (key.max.empty() || value <= table_number(key, key.max));
}

std::string range_text(const KeySpec& key) {
  if (!key.min.empty() && key.min == key.max) return key.min;
  std::string text;
  if (!key.min.empty()) text += " from " + key.min;
  if (!key.max.empty()) text += (key.min.empty() ? " up to " : " to ") + key.max;
  return text;
}

Converted fail(std::string what, std::string_view expected, std::string_view hint = {}) {
  return {std::nullopt, fmt::format("{}; expected {}{}", what, expected, hint)};
}

/// "path = value", as the user might have written it.
std::string shown(const std::string& path, const RawValue& raw) {
  const bool quoted = raw.kind == RawValue::Kind::kString;
  return fmt::format("{} = {}{}{}", path, quoted ? "\"" : "", printable(raw.text),
                     quoted ? "\"" : "");
}

Converted convert_number(const KeySpec& key, const RawValue& raw, const std::string& path,
                         uint64_t value) {
  if (!in_range(key, value)) return fail(shown(path, raw), expectation(key));
  if (key.power_of_two && (value & (value - 1)) != 0) {
    return fail(shown(path, raw) + " is not a power of two", expectation(key));
  }
  return {value, {}};
}

Converted convert_quantity(const KeySpec& key, const RawValue& raw, const std::string& path) {
  const Quantity quantity = *quantity_of(key.type);
  const std::string what = shown(path, raw);
  if (raw.kind == RawValue::Kind::kInteger || raw.kind == RawValue::Kind::kFloat) {
    return fail(what + " has no unit", describe(quantity));
  }
  if (raw.kind != RawValue::Kind::kString) return fail(what, describe(quantity));
  const QuantityResult result = parse_quantity(quantity, raw.text);
  switch (result.error) {
    case QuantityError::kNone:
      break;
    case QuantityError::kNotANumber:
      return fail(what, describe(quantity));
    case QuantityError::kNoUnit:
      return fail(what + " has no unit", describe(quantity));
    case QuantityError::kUnknownUnit:
      return fail(what + " has an unknown unit", describe(quantity));
    case QuantityError::kNotWhole:
      return fail(what + " is finer than the smallest unit",
                  quantity == Quantity::kTime          ? "whole picoseconds"
                  : quantity == Quantity::kRate        ? "whole bits per second"
                  : quantity == Quantity::kFrequency   ? "whole hertz"
                  : quantity == Quantity::kProbability ? "whole parts of 1e-18"
                                                       : "whole bytes");
    case QuantityError::kOutOfRange:
      return fail(what + " is too large", expectation(key));
  }
  return convert_number(key, raw, path, result.value);
}

/// Index of a choice, or the error.
Converted convert_choice(const KeySpec& key, const std::string& word, const std::string& path) {
  const std::size_t built = key.built == 0 ? key.choices.size() : key.built;
  const auto found = std::find(key.choices.begin(), key.choices.end(), word);
  if (found == key.choices.end()) {
    return fail(fmt::format("{} '{}' is not known", path, printable(word)), expectation(key),
                suggestion(word, key.choices));
  }
  const auto index = static_cast<uint64_t>(found - key.choices.begin());
  if (index >= built) {
    const std::vector<std::string> there(key.choices.begin(),
                                         key.choices.begin() + static_cast<std::ptrdiff_t>(built));
    return fail(fmt::format("{} '{}' is not in this build", path, word), join_words(there, "or"));
  }
  return {index, {}};
}

Converted convert_list(const KeySpec& key, const RawValue& raw, const std::string& path) {
  if (raw.kind != RawValue::Kind::kStrings) return fail(shown(path, raw), expectation(key));
  std::vector<std::string> seen;
  for (const std::string& word : raw.strings) {
    if (std::find(seen.begin(), seen.end(), word) != seen.end()) {
      return fail(fmt::format("{} has '{}' twice", path, printable(word)), "each name once");
    }
    seen.push_back(word);
    if (key.type != KeyType::kChoices) continue;
    if (Converted choice = convert_choice(key, word, path); !choice.value) return choice;
  }
  return {seen, {}};
}

/// "10ms to 12ms"; rising, none touching the next.
Converted convert_spans(const KeySpec& key, const RawValue& raw, const std::string& path) {
  constexpr std::string_view kTo = " to ";
  if (raw.kind != RawValue::Kind::kStrings) return fail(shown(path, raw), expectation(key));
  std::vector<TimeSpan> spans;
  for (const std::string& text : raw.strings) {
    const std::size_t at = text.find(kTo);
    const bool two = at != std::string::npos;
    const QuantityResult begin =
        parse_quantity(Quantity::kTime, std::string_view(text).substr(0, two ? at : 0));
    const QuantityResult end =
        parse_quantity(Quantity::kTime, two ? std::string_view(text).substr(at + kTo.size()) : "");
    if (begin.error != QuantityError::kNone || end.error != QuantityError::kNone) {
      return fail(fmt::format("{} has \"{}\"", path, printable(text)), expectation(key));
    }
    if (begin.value >= end.value) {
      return fail(
          fmt::format("{} has \"{}\", which does not end after it begins", path, printable(text)),
          expectation(key));
    }
    if (!spans.empty() && begin.value <= spans.back().end_ps) {
      return fail(fmt::format("{} has \"{}\", which does not begin after the one before it ends",
                              path, printable(text)),
                  expectation(key));
    }
    spans.push_back({begin.value, end.value});
  }
  return {spans, {}};
}

std::string resolve(const std::string& text, const std::string& folder) {
  const fs::path path(text);
  if (path.is_absolute() || folder.empty()) return text;
  return (fs::path(folder) / path).lexically_normal().string();
}

/// Empty, or why `file` cannot be read.
std::string unreadable(const std::string& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) return "does not exist";
  if (fs::is_directory(status)) return "is a folder";
  if (!fs::is_regular_file(status)) return "is no regular file";  // opening a pipe would wait
  if (access(file.c_str(), R_OK) != 0) return std::strerror(errno);
  return {};
}

Converted convert_file(const KeySpec& key, const RawValue& raw, const std::string& path,
                       const std::string& folder) {
  if (raw.kind != RawValue::Kind::kString || raw.text.empty() ||
      raw.text.find('\0') != std::string::npos) {
    return fail(shown(path, raw), expectation(key));
  }
  if (key.type == KeyType::kReadFile) {
    const std::string file = resolve(raw.text, folder);
    if (const std::string why = unreadable(file); !why.empty()) {
      return fail(fmt::format("{}: file '{}' {}", path, printable(file), why), expectation(key));
    }
    return {file, {}};
  }
  if (key.type == KeyType::kWriteFile) {
    const std::string file = resolve(raw.text, folder);
    const fs::path parent = fs::path(file).has_parent_path() ? fs::path(file).parent_path() : ".";
    std::error_code error;
    if (fs::is_directory(file, error)) {
      return fail(fmt::format("{}: '{}' is a folder", path, printable(file)), expectation(key));
    }
    if (!fs::is_directory(parent, error)) {
      return fail(fmt::format("{}: folder '{}' does not exist", path, printable(parent.string())),
                  expectation(key));
    }
    if (access(parent.c_str(), W_OK) != 0) {
      return fail(fmt::format("{}: folder '{}': {}", path, printable(parent.string()),
                              std::strerror(errno)),
                  expectation(key));
    }
    return {file, {}};
  }
  // kSymbol. The entry point is a C identifier, so the last colon is the one that cuts.
  const std::size_t colon = raw.text.rfind(':');
  const std::string entry = colon == std::string::npos ? "" : raw.text.substr(colon + 1);
  const bool identifier = !entry.empty() && !(entry[0] >= '0' && entry[0] <= '9') &&
                          std::all_of(entry.begin(), entry.end(), [](char c) {
                            return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                   (c >= '0' && c <= '9');
                          });
  if (!identifier || colon == 0) return fail(shown(path, raw), expectation(key));
  const std::string library = resolve(raw.text.substr(0, colon), folder);
  if (const std::string why = unreadable(library); !why.empty()) {
    return fail(fmt::format("{}: library '{}' {}", path, printable(library), why),
                expectation(key));
  }
  return {std::vector<std::string>{library, entry}, {}};
}

template <typename T>
Converted or_fail(const std::optional<T>& value, const KeySpec& key, const RawValue& raw,
                  const std::string& path) {
  if (!value) return fail(shown(path, raw), expectation(key));
  return {Value(*value), {}};
}

}  // namespace

bool is_list(KeyType type) {
  return type == KeyType::kNames || type == KeyType::kChoices || type == KeyType::kSpans;
}

bool is_text(KeyType type) {
  return type != KeyType::kInteger && type != KeyType::kFlag && !is_list(type);
}

Converted convert(const KeySpec& key, const RawValue& raw, const std::string& path,
                  const std::string& folder) {
  if (quantity_of(key.type)) return convert_quantity(key, raw, path);
  if (key.type == KeyType::kSpans) return convert_spans(key, raw, path);
  if (is_list(key.type)) return convert_list(key, raw, path);
  if (key.type == KeyType::kInteger) {
    if (raw.kind != RawValue::Kind::kInteger || raw.integer < 0) {
      return fail(shown(path, raw), expectation(key));
    }
    return convert_number(key, raw, path, static_cast<uint64_t>(raw.integer));
  }
  if (key.type == KeyType::kFlag) {
    if (raw.kind != RawValue::Kind::kBoolean) return fail(shown(path, raw), expectation(key));
    return {static_cast<uint64_t>(raw.integer), {}};
  }
  if (raw.kind != RawValue::Kind::kString) return fail(shown(path, raw), expectation(key));
  switch (key.type) {
    case KeyType::kMac: {
      const std::optional<MacAddress> mac = formats::parse_mac(raw.text);
      if (mac && (formats::is_multicast(*mac) || *mac == MacAddress{})) {
        return fail(shown(path, raw) + " is not a unicast address", expectation(key));
      }
      return or_fail(mac, key, raw, path);
    }
    case KeyType::kInterface4:
    case KeyType::kInterface6: {
      const auto version = key.type == KeyType::kInterface4 ? IpVersion::kV4 : IpVersion::kV6;
      const std::optional<IpInterface> interface = parse_interface(version, raw.text);
      if (!interface && parse_ip(version, raw.text)) {
        return fail(shown(path, raw) + " has no prefix length", expectation(key));
      }
      if (interface && !is_host_address(*interface)) {
        return fail(shown(path, raw) + " is no address that a host can have", expectation(key));
      }
      return or_fail(interface, key, raw, path);
    }
    case KeyType::kAddress4:
      return or_fail(parse_ip(IpVersion::kV4, raw.text), key, raw, path);
    case KeyType::kAddress6:
      return or_fail(parse_ip(IpVersion::kV6, raw.text), key, raw, path);
    case KeyType::kAddress: {
      const std::optional<IpAddress> v4 = parse_ip(IpVersion::kV4, raw.text);
      return or_fail(v4 ? v4 : parse_ip(IpVersion::kV6, raw.text), key, raw, path);
    }
    case KeyType::kReadFile:
    case KeyType::kWriteFile:
    case KeyType::kSymbol:
      return convert_file(key, raw, path, folder);
    case KeyType::kChoice:
      return convert_choice(key, raw.text, path);
    default:
      return {raw.text, {}};
  }
}

std::optional<Value> default_value(const KeySpec& key) {
  if (key.default_text.empty()) return std::nullopt;
  RawValue raw;
  raw.kind = RawValue::Kind::kString;
  raw.text = key.default_text;
  if (key.type == KeyType::kInteger) {
    raw.kind = RawValue::Kind::kInteger;
    raw.integer = static_cast<int64_t>(table_number(key, key.default_text));
  } else if (key.type == KeyType::kFlag) {
    raw.kind = RawValue::Kind::kBoolean;
    raw.integer = key.default_text == "true" ? 1 : 0;
  }
  return convert(key, raw, key.name, {}).value;
}

std::string expectation(const KeySpec& key) {
  switch (key.type) {
    case KeyType::kString:
      return "a string";
    case KeyType::kInteger:
      if (key.min == key.max && !key.min.empty()) return key.min;
      return (key.power_of_two ? "a power of two" : "an integer") + range_text(key);
    case KeyType::kSize:
    case KeyType::kRate:
    case KeyType::kTime:
    case KeyType::kFrequency:
    case KeyType::kProbability: {
      constexpr std::string_view kNouns[] = {"a time", "a rate", "a size", "a frequency",
                                             "a probability"};
      return std::string(kNouns[static_cast<std::size_t>(*quantity_of(key.type))]) +
             (key.power_of_two ? " that is a power of two" : "") + range_text(key);
    }
    case KeyType::kMac:
      return "a unicast MAC address such as \"02:00:00:00:00:01\"";
    case KeyType::kInterface4:
      return "an IPv4 host address with prefix length such as \"10.0.0.1/24\"";
    case KeyType::kInterface6:
      return "an IPv6 host address with prefix length such as \"fd00::1/64\"";
    case KeyType::kAddress4:
      return "an IPv4 address such as \"10.0.0.254\"";
    case KeyType::kAddress6:
      return "an IPv6 address such as \"fd00::fe\"";
    case KeyType::kAddress:
      return "an IP address such as \"10.0.0.254\" or \"fd00::fe\"";
    case KeyType::kFlag:
      return "true or false";
    case KeyType::kReadFile:
      return "the path of a file that can be read";
    case KeyType::kWriteFile:
      return "the path of a file in an existing folder";
    case KeyType::kSymbol:
      return "a shared object and its entry point such as \"build/libmine.so:my_entry\"";
    case KeyType::kChoice:
      return key.choices.size() == 1 ? key.choices[0] : "one of " + join_words(key.choices, "or");
    case KeyType::kName:
      return "the name of a " + (key.of.empty() ? "host" : key.of);
    case KeyType::kNames:
      return "a list of names of " + (key.of.empty() ? "nics" : key.of);
    case KeyType::kSpans:
      return "a list of times such as [\"10ms to 12ms\", \"1s to 1.5s\"], in order";
    case KeyType::kChoices:
      break;
  }
  return "a list of names out of " + join_words(key.choices);
}

}  // namespace ringside::tb
