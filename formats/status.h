// SPDX-License-Identifier: Apache-2.0
// Success, or an error with a message that a user can act on: how calls that may fail report.
#pragma once

#include <string>
#include <utility>

namespace ringside {

/// Empty `error` is success. The message names the thing (file, key, queue) and what is wrong.
struct Status {
  std::string error;
  bool ok() const { return error.empty(); }
  static Status success() { return {}; }
  static Status failure(std::string message) { return {std::move(message)}; }
};

}  // namespace ringside
