// SPDX-License-Identifier: Apache-2.0
// See diagnostics.h.
#include "testbench/scenario/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "testbench/scenario/suggest.h"

namespace ringside::tb {

namespace {
constexpr std::size_t kLongestFileName = 4096;
constexpr std::size_t kLongestOption = 200;
}  // namespace

void Diagnostics::locate(const std::string& path, Location location) {
  locations_.insert_or_assign(path, std::move(location));
}

void Diagnostics::add(std::string_view path, std::string message) {
  errors_.push_back({where(path), std::move(message)});
}

void Diagnostics::add_at(Location location, std::string message) {
  errors_.push_back({std::move(location), std::move(message)});
}

std::string Diagnostics::first() const {
  if (errors_.empty()) return {};
  const auto order = [](const Error& error) {
    const Location& at = error.location;
    return std::tuple(at.option.empty(), at.option.empty() ? at.line : 0U,
                      at.option.empty() ? at.column : 0U);
  };
  const Error& error =
      *std::min_element(errors_.begin(), errors_.end(),
                        [&](const Error& a, const Error& b) { return order(a) < order(b); });
  return fmt::format("{}: {}", place_text(error.location), error.message);
}

std::string Diagnostics::place_text(const Location& location) const {
  if (!location.option.empty()) return printable(location.option, kLongestOption);
  return fmt::format("{}:{}", printable(file_, kLongestFileName), std::max(location.line, 1U));
}

Location Diagnostics::where(std::string_view path) const {
  for (;;) {
    if (const auto found = locations_.find(path); found != locations_.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos) return {1, 1};
    path = path.substr(0, dot);
  }
}

}  // namespace ringside::tb
