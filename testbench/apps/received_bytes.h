// SPDX-License-Identifier: Apache-2.0
// Where the bytes go that a flow receives: into their SHA-256 and, if asked for, into a file.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "testbench/apps/async_sha256.h"

namespace ringside::tb {

class ReceivedBytes {
 public:
  /// The file is created with the first bytes, or empty at the end.
  explicit ReceivedBytes(std::optional<std::string> output) : path_(std::move(output)) {}

  void take(ByteView bytes);
  /// Ends hash and file; no take() after it. Lower-case hex.
  const std::string& sha256();
  /// Why the file is not complete; empty: it is, or there is none.
  const std::string& error() const { return error_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(ByteView bytes);

  std::optional<std::string> path_;
  AsyncSha256 hash_;
  std::optional<std::string> sha256_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::string error_;
  bool empty_ = true;
};

}  // namespace ringside::tb
