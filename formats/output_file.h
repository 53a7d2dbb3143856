// SPDX-License-Identifier: Apache-2.0
// A result file that is valid whenever the process ends: bytes reach it in whole pieces only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/status.h"
#include "formats/units.h"

namespace ringside::formats {

/// Gathers bytes in a buffer and hands them to the file in pieces that its user calls whole. After
/// an error (a full disk) the file is cut back to its last whole piece, and takes nothing more.
/// Errors name the file. Until it is closed it is called PATH.part, and after an error for good, so
/// that what a killed process or a full disk leaves does not look whole.
class OutputFile {
 public:
  /// Behind the name of a file that is not whole.
  static constexpr const char* kPartSuffix = ".part";

  OutputFile() = default;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile(OutputFile&& other) noexcept { *this = std::move(other); }
  OutputFile& operator=(OutputFile&& other) noexcept;
  /// Closes; an error is lost, so call close() where it matters.
  ~OutputFile() { (void)close(); }

  /// Begins `path`, which keeps what it had until close(); closes what was open. `what` is what
  /// errors call it: "the capture".
  Status open(const std::string& path, std::string_view what);
  /// From now until open(): told the first error when it happens, which is when the buffer is
  /// handed on.
  void on_error(std::function<void(const std::string& line)> told) { told_ = std::move(told); }
  /// Takes bytes; they reach the file with commit() or later.
  std::vector<std::byte>& buffer() { return buffer_; }
  void append(ByteView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }
  /// What was taken so far is whole: may go to the file now, and does once it is much.
  void commit() {
    if (buffer_.size() >= kFlushBytes) write_out();
  }
  /// Hands everything so far, which is whole, to the operating system.
  Status flush();
  /// Flushes and closes; the first error of the file's life. Harmless if not open.
  Status close();
  /// What makes the file valid where it ends early: written behind the last whole piece after an
  /// error, if there is room for it.
  void set_tail(std::string tail) { tail_ = std::move(tail); }

  bool is_open() const { return descriptor_ >= 0; }
  /// The first error so far.
  const Status& status() const { return status_; }

 private:
  static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
  void write_out();
  void fail(const char* verb, int error);
  /// Gives the file, which is closed and whole, its name.
  void settle();

  int descriptor_ = -1;
  std::string path_;
  std::string part_;  ///< what it is called while it is written; empty: a pipe or a device
  std::string what_;
  std::string tail_;
  Status status_;
  std::function<void(const std::string& line)> told_;
  std::vector<std::byte> buffer_;
  uint64_t bytes_on_disk_ = 0;
};

}  // namespace ringside::formats
