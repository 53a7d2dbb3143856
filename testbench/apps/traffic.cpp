// SPDX-License-Identifier: Apache-2.0
// See traffic.h.
#include "testbench/apps/traffic.h"

#include <algorithm>
#include <cstring>

namespace ringside::tb {

namespace {

constexpr uint64_t kNsPerS = 1'000'000'000;

}  // namespace

void TrafficTask::serve(unsigned, Application&, const std::function<void()>&) {}

stack::IpAddress stack_address(const IpAddress& address) {
  return {address.version == IpVersion::kV4 ? stack::Family::kIpv4 : stack::Family::kIpv6,
          address.bytes};
}

stack::IpAddress target_of(const Traffic& traffic, const Application& app) {
  if (traffic.to_address) return stack_address(*traffic.to_address);
  return *app.address_of(traffic.to_name, family_of(traffic.ip));
}

uint64_t goodput_bps(uint64_t bytes, uint64_t begin_ns, uint64_t end_ns) {
  if (end_ns <= begin_ns) return 0;
  const uint64_t taken = end_ns - begin_ns;
  return bytes <= UINT64_MAX / (8 * kNsPerS) ? bytes * 8 * kNsPerS / taken
                                             : bytes / taken * 8 * kNsPerS;
}

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
