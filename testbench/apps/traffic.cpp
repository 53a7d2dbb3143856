// SPDX-License-Identifier: Apache-2.0
// See traffic.h.
#include "testbench/apps/traffic.h"

#include <algorithm>
#include <cstring>

namespace ringside::tb {

void TrafficTask::serve(unsigned, Application&, const std::function<void()>&) {}

std::string errno_text(int64_t result) {
  const int error = static_cast<int>(-result);
  const char* name = strerrorname_np(error);
  const char* description = strerrordesc_np(error);
  if (name == nullptr || description == nullptr) return "error " + std::to_string(error);
  return std::string(name) + " (" + description + ")";
}

stack::Family family_of(IpVersion version) {
  return version == IpVersion::kV4 ? stack::Family::kIpv4 : stack::Family::kIpv6;
}

std::optional<LatencyNs> latency_of(std::vector<uint64_t> samples) {
  if (samples.empty()) return std::nullopt;
  std::sort(samples.begin(), samples.end());
  // Nearest rank: the smallest sample that at least p percent do not exceed.
  const auto rank = [&](std::size_t percent) {
    const std::size_t place = (samples.size() * percent + 99) / 100;
    return samples[std::max<std::size_t>(place, 1) - 1];
  };
  return LatencyNs{samples.front(), rank(50), rank(99), samples.back()};
}

}  // namespace ringside::tb
