// SPDX-License-Identifier: Apache-2.0
// What the user probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringside::tb {

/// " (did you mean 'x'?)" with the candidate that is nearest in edits (insertion, deletion,
/// substitution, exchange of neighbours), or nothing if none is near. Earlier ones win ties.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// "a, b and c"; "or" in place of "and" if so asked.
std::string join_words(std::span<const std::string> words, std::string_view last = "and");

/// Text from a file or a command line, fit for a message of one line: control characters escaped,
/// shortened beyond `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 80);

}  // namespace ringside::tb
