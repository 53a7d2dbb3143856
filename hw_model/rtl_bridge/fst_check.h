// SPDX-License-Identifier: Apache-2.0
// Whether an FST file came to its end: what writes it does not say that the disk was full.
#pragma once

#include <string>

namespace ringside::hw {

/// The blocks of the file `path` follow one another to its end, none is unfinished, and header,
/// geometry and hierarchy are there, the last whole. Values of signals are not looked at.
bool fst_is_whole(const std::string& path);

}  // namespace ringside::hw
