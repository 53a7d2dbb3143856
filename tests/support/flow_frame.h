// SPDX-License-Identifier: Apache-2.0
// Frames of given flows, for tests of steering.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringside::test {

/// A flow in one direction; addresses of IPv6 are 2001:db8:: and the 32 bits.
struct TestFlow {
  bool ipv6 = false;
  uint8_t protocol = 6;
  uint32_t source = 0x0A000001, destination = 0x0A000002;
  uint16_t source_port = 1, destination_port = 2;
  TestFlow reversed() const {
    return {ipv6, protocol, destination, source, destination_port, source_port};
  }
};

/// Headers of a frame of `flow` and 20 bytes behind the IP header, of which the first are ports.
inline std::vector<std::byte> flow_frame(const TestFlow& flow, bool vlan = false) {
  std::vector<std::byte> bytes(12);
  const auto put16 = [&](unsigned value) {
    bytes.push_back(static_cast<std::byte>(value >> 8));
    bytes.push_back(static_cast<std::byte>(value));
  };
  const auto put32 = [&](uint32_t value) {
    put16(value >> 16);
    put16(value & 0xFFFF);
  };
  if (vlan) {
    put16(0x8100);
    put16(0x0123);
  }
  put16(flow.ipv6 ? 0x86DD : 0x0800);
  if (flow.ipv6) {
    put32(0x60000000);
    put16(20);
    put16(flow.protocol << 8 | 64u);
    for (const uint32_t address : {flow.source, flow.destination}) {
      put32(0x20010DB8);
      put32(0);
      put32(0);
      put32(address);
    }
  } else {
    put16(0x4500);
    put16(40);
    put32(0);
    put16(64u << 8 | flow.protocol);
    put16(0);
    put32(flow.source);
    put32(flow.destination);
  }
  put16(flow.source_port);
  put16(flow.destination_port);
  bytes.resize(bytes.size() + 16);
  return bytes;
}

}  // namespace ringside::test
