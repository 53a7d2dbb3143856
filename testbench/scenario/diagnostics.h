// SPDX-License-Identifier: Apache-2.0
// Collects what is wrong with a scenario and where, and picks the one line that is reported.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::tb {

/// A place in the scenario's file, or an option of the command line.
struct Location {
  unsigned line = 0;
  unsigned column = 0;
  /// Not empty: the option ("--set host.*.cores=0"), and line and column mean nothing.
  std::string option = {};
};

class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  /// Remembers where `path` ("nic.alice0.mtu", "nic.alice0") was written; a later call replaces.
  void locate(const std::string& path, Location location);
  /// An error about `path`, at its place or at that of the nearest path above it.
  void add(std::string_view path, std::string message);
  void add_at(Location location, std::string message);

  /// Where `path`, or the nearest path above it, was written: "FILE:LINE", or the option.
  std::string place(std::string_view path) const { return place_text(where(path)); }

  bool ok() const { return errors_.empty(); }
  /// One line without its end: errors of options before those of the file, which they may have
  /// caused; then the one that comes first.
  std::string first() const;

 private:
  struct Error {
    Location location;
    std::string message;
  };
  Location where(std::string_view path) const;
  std::string place_text(const Location& location) const;

  std::string file_;
  std::map<std::string, Location, std::less<>> locations_;
  std::vector<Error> errors_;
};

}  // namespace ringside::tb
