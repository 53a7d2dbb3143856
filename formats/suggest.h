// SPDX-License-Identifier: Apache-2.0
// What the user probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringside::formats {

/// " (did you mean 'x'?)" with the candidate that is nearest in edits (insertion, deletion,
/// substitution, exchange of neighbours), or nothing if none is near. Earlier ones win ties.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

}  // namespace ringside::formats
