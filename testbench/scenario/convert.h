// SPDX-License-Identifier: Apache-2.0
// From what a TOML file holds to a value of a key's type, or to the words that say why not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "testbench/scenario/keys.h"

namespace ringside::tb {

/// A TOML value, without the TOML library.
struct RawValue {
  enum class Kind : uint8_t { kString, kInteger, kFloat, kBoolean, kStrings, kOther };
  Kind kind = Kind::kOther;
  /// The string itself; for others, what the user wrote or something like it.
  std::string text;
  int64_t integer = 0;
  std::vector<std::string> strings;
};

struct Converted {
  std::optional<Value> value;
  /// "host.alice.cores = 0; expected an integer from 1 to 64".
  std::string error;
};

/// `path` is the key as the user addresses it. `folder` is where relative file names begin; empty
/// is the working directory. Checks all that the table says of one key by itself; files are opened.
Converted convert(const KeySpec& key, const RawValue& raw, const std::string& path,
                  const std::string& folder);

/// The default as a value; nullopt if the key has none.
std::optional<Value> default_value(const KeySpec& key);

/// "an integer from 1 to 64", "one of lt, at, rtl or diff".
std::string expectation(const KeySpec& key);

/// True if a value of this type is written as a TOML string.
bool is_text(KeyType type);
/// True if it is written as a list of strings.
bool is_list(KeyType type);

}  // namespace ringside::tb
