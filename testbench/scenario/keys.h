// SPDX-License-Identifier: Apache-2.0
// The table of all keys of a scenario. Parsing, defaults, messages, `ringside explain` and
// docs/scenario.md come from it, so that they cannot differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "testbench/scenario/scenario.h"

namespace ringside::tb {

enum class KeyType : uint8_t {
  kString,
  kInteger,
  kSize,
  kRate,
  kTime,
  kFrequency,
  kProbability,
  kMac,
  kInterface4,  ///< IPv4 address with prefix length
  kInterface6,
  kAddress4,
  kAddress6,
  kAddress,    ///< of either version
  kFlag,       ///< true or false
  kReadFile,   ///< a regular file that can be read
  kWriteFile,  ///< a file that can be created or replaced
  kSymbol,     ///< "lib.so:entry"
  kChoice,     ///< one of `choices`
  kName,       ///< the name of something else in the scenario
  kNames,      ///< a list of such names
  kChoices,    ///< a list out of `choices`
  kSpans,      ///< a list of spans of time, "10ms to 12ms"
};

/// A converted value: integers, flags, quantities and the index of a choice are uint64_t.
using Value = std::variant<uint64_t, std::string, std::vector<std::string>, MacAddress, IpInterface,
                           IpAddress, std::vector<TimeSpan>>;

struct KeySpec {
  /// "", "host", "host.costs": names left out.
  std::string section = {};
  std::string name = {};
  KeyType type = KeyType::kString;
  /// One sentence without its full stop.
  std::string doc = {};
  /// As written in TOML without quotes; empty: none.
  std::string default_text = {};
  /// What holds when it is absent and there is no default_text; for people.
  std::string absent = {};
  bool required = false;
  /// Inclusive, as written; empty: no limit of our own.
  std::string min = {};
  std::string max = {};
  bool power_of_two = false;
  std::vector<std::string> choices = {};
  /// How many of the choices, from the first, are in this build; 0: all.
  std::size_t built = 0;
  /// What a kName or kNames names: "host", "nics".
  std::string of = {};
  /// Which models heed it; none: all.
  std::vector<ModelKind> models = {};
  /// An integer of which the card in RTL takes no more; 0: it has no limit of its own.
  uint64_t rtl_most = 0;
  /// A value that could be given, where its type alone does not tell; empty: it does.
  std::string example = {};
  /// Writes a value of the right alternative into the section's structure.
  std::function<void(void* section, const Value& value)> store = nullptr;
};

struct SectionSpec {
  /// "", "host", "host.costs", "app.args".
  std::string name;
  /// "the scenario", "a host".
  std::string noun;
  std::string doc;
  /// Keys are the user's own and their values strings ("app.args").
  bool free_keys = false;
};

std::span<const SectionSpec> sections();
std::span<const KeySpec> keys();

/// Null if there is none.
const SectionSpec* find_section(std::string_view name);
const KeySpec* find_key(std::string_view section, std::string_view name);
/// Names of a section's keys, in the table's order.
std::vector<std::string> key_names(std::string_view section);
/// Sections that have names: "host", "nic", ...
std::vector<std::string> named_sections();

/// "all", or "at, rtl and diff (rtl and diff: at most 8)".
std::string models_text(const KeySpec& key);
/// Why `value`, which is right for `key`, is not what `model` works with; empty: it is.
std::string without_effect(const KeySpec& key, const Value& value, ModelKind model);

/// "nic.NAME.ring_size".
std::string display_path(const KeySpec& key);

}  // namespace ringside::tb
