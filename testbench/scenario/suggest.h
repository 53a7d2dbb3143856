// SPDX-License-Identifier: Apache-2.0
// What the user probably meant, and other text for messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "formats/suggest.h"

namespace ringside::tb {

using formats::suggestion;

/// "a, b and c"; "or" in place of "and" if so asked.
std::string join_words(std::span<const std::string> words, std::string_view last = "and");

/// Text from a file or a command line, fit for a message of one line: control characters escaped,
/// shortened beyond `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 80);

}  // namespace ringside::tb
