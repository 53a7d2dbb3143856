// SPDX-License-Identifier: Apache-2.0
// Work in a child process: a crash or a hang must not end a whole search.
#pragma once

#include <functional>
#include <string>

namespace ringside::test {

/// What `work` returns, or how the child ended: by a signal, or because `seconds` of real time were
/// over. `ok` says which.
std::string in_child(unsigned seconds, const std::function<std::string()>& work, bool* ok);

}  // namespace ringside::test
