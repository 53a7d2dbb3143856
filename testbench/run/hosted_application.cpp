// SPDX-License-Identifier: Apache-2.0
// See hosted_application.h.
#include "testbench/run/hosted_application.h"

#include <utility>

#include "testbench/apps/traffic.h"

namespace ringside::tb {

HostedApplication::HostedApplication(const Scenario& scenario, const Host& host,
                                     stack::NetworkStack& stack, SimPlatform& platform,
                                     Monitor& monitor, std::string name, std::string content_name,
                                     const std::vector<AppArgument>* arguments)
    : scenario_(scenario),
      host_(host),
      stack_(stack),
      platform_(platform),
      monitor_(monitor),
      name_(std::move(name)),
      content_name_(std::move(content_name)),
      arguments_(arguments) {}

std::optional<std::string> HostedApplication::argument(std::string_view key) const {
  if (arguments_ != nullptr) {
    for (const AppArgument& argument : *arguments_) {
      if (argument.key == key) return argument.value;
    }
  }
  return std::nullopt;
}

std::optional<stack::IpAddress> HostedApplication::address_of(std::string_view host,
                                                              stack::Family family) const {
  for (const Host& candidate : scenario_.hosts) {
    if (candidate.name != host) continue;
    const auto& interface = family == stack::Family::kIpv4 ? candidate.address : candidate.address6;
    if (interface) return stack_address(interface->address);
  }
  return std::nullopt;
}

void HostedApplication::work_ns(uint64_t ns) {
  CpuCore& core = *CpuCore::running();
  core.charge_ps(ns * 1000);
  core.sync();
}

void HostedApplication::received(ByteView bytes) {
  monitor_.application_bytes(content_name_, bytes, CpuCore::running()->local_time_ps());
}

void HostedApplication::check(std::string_view name, bool pass, std::string_view detail) {
  checks_.push_back({"app." + name_ + "." + std::string(name), pass, std::string(detail)});
}

}  // namespace ringside::tb
