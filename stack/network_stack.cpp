// SPDX-License-Identifier: Apache-2.0
// NetworkStack: checks the configuration, loads the instance, forwards the driver's calls.
#include "stack/network_stack.h"

#include "stack/sockets.h"
#include "stack/stack_core.h"

namespace ringside::stack {
namespace {

constexpr uint32_t kMinMtu = 576, kMaxMtu = 9000, kMaxTcpBytes = 4 << 20, kMinTcpBytes = 32 << 10;
constexpr unsigned kV6PrefixBits = 64;  // lwIP knows no other
constexpr std::size_t kMaxV6Addresses = 3;

std::string check(const StackConfig& config) {
  if (config.ipv4 && (config.ipv4->ip.family != Family::kIpv4 || config.ipv4->prefix_bits > 32 ||
                      config.ipv4->prefix_bits == 0)) {
    return "stack: ipv4 needs an IPv4 address with a prefix of 1 to 32 bits";
  }
  if (config.ipv6.size() > kMaxV6Addresses) return "stack: at most 3 IPv6 addresses";
  for (const InterfaceAddress& address : config.ipv6) {
    if (address.ip.family != Family::kIpv6 || address.prefix_bits != kV6PrefixBits) {
      return "stack: ipv6 needs IPv6 addresses with a prefix of 64 bits";
    }
  }
  if (config.gateway_v4.family == Family::kIpv6 || config.gateway_v6.family == Family::kIpv4) {
    return "stack: a gateway is of the wrong family";
  }
  if (config.mtu != 0 && (config.mtu < kMinMtu || config.mtu > kMaxMtu)) {
    return "stack: mtu must be 576 to 9000 bytes";
  }
  if (!config.ipv6.empty() && config.mtu != 0 && config.mtu < 1280) {
    return "stack: IPv6 needs an mtu of at least 1280 bytes";
  }
  if (config.tcp_window_bytes < kMinTcpBytes || config.tcp_window_bytes > kMaxTcpBytes ||
      config.tcp_send_bytes < kMinTcpBytes || config.tcp_send_bytes > kMaxTcpBytes) {
    return "stack: tcp_window_bytes and tcp_send_bytes must be 32 KiB to 4 MiB";
  }
  if (config.tcp_timer_ms < 1 || config.tcp_timer_ms > 250) {
    return "stack: tcp_timer_ms must be 1 to 250";
  }
  if (config.txqueue_frames == 0 || config.backlog_frames == 0) {
    return "stack: txqueue_frames and backlog_frames must be at least 1";
  }
  return {};
}

}  // namespace

std::unique_ptr<NetworkStack> NetworkStack::create(driver::NetDevice& device,
                                                   driver::Platform& platform,
                                                   const MemoryCallbacks& memory,
                                                   const StackConfig& config, std::string* error) {
  *error = check(config);
  if (!error->empty()) return nullptr;
  std::unique_ptr<LwipInstance> instance = LwipInstance::load(error);
  if (instance == nullptr) return nullptr;
  return std::unique_ptr<NetworkStack>(new NetworkStack(
      std::make_unique<Core>(device, platform, memory, config, std::move(instance))));
}

NetworkStack::NetworkStack(std::unique_ptr<Core> core) : core_(std::move(core)) {}
NetworkStack::~NetworkStack() = default;

driver::Status NetworkStack::start() { return core_->start(*this); }
void NetworkStack::stop() { core_->stop(); }
Sockets& NetworkStack::sockets() { return core_->sockets(); }
StackStatistics NetworkStack::statistics() const { return core_->statistics(); }
const StackConfig& NetworkStack::config() const { return core_->config(); }
IpAddress NetworkStack::link_local() const { return core_->link_local(); }

void NetworkStack::receive(std::span<const driver::RxSegment> segments) {
  core_->receive(segments);
}
void NetworkStack::receive_done() { core_->receive_done(); }
void NetworkStack::transmit_complete(void* cookie) {
  core_->transmit_complete(static_cast<TransmitFrame*>(cookie));
}
void NetworkStack::transmit_wake() { core_->transmit_wake(); }
void NetworkStack::link_change(bool up) { core_->link_change(up); }

}  // namespace ringside::stack
