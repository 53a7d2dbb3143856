// SPDX-License-Identifier: Apache-2.0
// Automatic receive steering alone: which pair a frame's flow belongs to. NMQ-D-007.
#include "hw_model/core/steering.h"

#include <random>

#include "formats/byte_order.h"
#include "tests/support/flow_frame.h"
#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

unsigned pair_of(const TestFlow& flow, unsigned pairs = 8) {
  return hw::steer(flow_frame(flow), pairs);
}

TEST(Steering, FlowsStayTogetherInBothDirections) {
  std::mt19937 random(1);
  for (unsigned i = 0; i < 2000; ++i) {
    TestFlow flow;
    flow.ipv6 = i % 2 != 0;
    flow.protocol = i % 4 < 2 ? 6 : 17;
    flow.source = random();
    flow.destination = random();
    flow.source_port = static_cast<uint16_t>(random());
    flow.destination_port = static_cast<uint16_t>(random());
    const unsigned pairs = 2 + i % 7;
    const unsigned pair = pair_of(flow, pairs);
    EXPECT_LT(pair, pairs);
    EXPECT_EQ(pair_of(flow.reversed(), pairs), pair);
    EXPECT_EQ(hw::steer(flow_frame(flow, true), pairs), pair);  // a VLAN tag is looked behind
    // What differs from packet to packet of a flow does not count.
    std::vector<std::byte> bytes = flow_frame(flow);
    for (const std::size_t at : {0u, 7u, flow.ipv6 ? 21u : 22u, flow.ipv6 ? 15u : 18u}) {
      bytes[at] ^=
          std::byte{0x0F};  // MAC addresses, hop limit or TTL, traffic class or identification
    }
    bytes[bytes.size() - 10] ^= std::byte{0xFF};
    bytes.resize(1514);
    EXPECT_EQ(hw::steer(bytes, pairs), pair);
    EXPECT_EQ(pair_of(flow, 1), 0u);
  }
}

// Populations as they occur: each pair gets its share of each.
TEST(Steering, FlowsSpread) {
  std::mt19937 random(2);
  constexpr unsigned kFlows = 4096;
  const auto share = [&](const char* what, auto make) {
    for (unsigned pairs = 2; pairs <= 8; ++pairs) {
      std::vector<unsigned> count(pairs);
      for (unsigned i = 0; i < kFlows; ++i) {
        TestFlow flow = make(i);
        ++count[pair_of(flow, pairs)];
        flow.ipv6 = true;
        ++count[pair_of(flow, pairs)];
      }
      for (const unsigned n : count) {
        EXPECT_GT(n * pairs, 2 * kFlows * 4 / 5) << what << ", " << pairs;
        EXPECT_LT(n * pairs, 2 * kFlows * 5 / 4) << what << ", " << pairs;
      }
    }
  };
  const auto port = [](unsigned base, unsigned i) { return static_cast<uint16_t>(base + i); };
  share("random", [&](unsigned) {
    return TestFlow{false,
                    6,
                    static_cast<uint32_t>(random()),
                    static_cast<uint32_t>(random()),
                    static_cast<uint16_t>(random()),
                    static_cast<uint16_t>(random())};
  });
  share("client ports",
        [&](unsigned i) { return TestFlow{false, 6, 0x0A000001, 0x0A000002, port(32768, i), 80}; });
  share("both ports move", [&](unsigned i) {
    return TestFlow{false, 17, 0x0A000001, 0x0A000002, port(5000, i), port(5000, i)};
  });
  share("neighbouring clients",
        [&](unsigned i) { return TestFlow{false, 6, 0x0A000000 + i, 0xC0A80001, 40000, 443}; });
  share("without ports",
        [&](unsigned i) { return TestFlow{false, 1, 0x0A000000 + i, 0x0A010000 + i * 3, 0, 0}; });
}

// All packets of a fragmented datagram stay together: the later ones have no ports.
TEST(Steering, FragmentsGoByAddress) {
  for (uint16_t i = 0; i < 100; ++i) {
    TestFlow flow{false, 17, 0x0A000001u + i, 0x0A0000FE, i, 99};
    TestFlow bare = flow;
    bare.protocol = 1;
    const unsigned pair = pair_of(bare);
    for (const unsigned field : {0x2000u, 0x2005u, 0x0005u}) {  // first, middle, last
      std::vector<std::byte> bytes = flow_frame(flow);
      formats::store_be<uint16_t>(bytes.data() + 20, static_cast<uint16_t>(field));
      EXPECT_EQ(hw::steer(bytes, 8), pair);
    }
    flow.ipv6 = bare.ipv6 = true;
    flow.protocol = 44;  // the fragment header stands where the ports would
    EXPECT_EQ(pair_of(flow), pair_of(bare));
  }
}

TEST(Steering, Ipv4OptionsMoveThePorts) {
  for (uint16_t i = 0; i < 50; ++i) {
    TestFlow flow;
    flow.source_port = i;
    std::vector<std::byte> bytes = flow_frame(flow);
    bytes[14] = std::byte{0x46};
    bytes.insert(bytes.begin() + 34, 4, std::byte{1});
    EXPECT_EQ(hw::steer(bytes, 8), pair_of(flow));
  }
}

// Neither a crash nor a read beyond the end (sanitizers watch), always a pair that exists.
TEST(Steering, WhatIsNoIpGoesToTheFirstPair) {
  std::vector<std::byte> arp = flow_frame({});
  arp[13] = std::byte{0x06};
  EXPECT_EQ(hw::steer(arp, 8), 0u);
  std::mt19937 random(3);
  for (unsigned i = 0; i < 200; ++i) {
    TestFlow flow;
    flow.source = random();
    flow.ipv6 = i % 2 != 0;
    const std::vector<std::byte> whole = flow_frame(flow, i % 3 == 0);
    const std::size_t ip = i % 3 == 0 ? 18 : 14;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<std::byte> cut(whole.begin(),
                                       whole.begin() + static_cast<std::ptrdiff_t>(size));
      const unsigned pair = hw::steer(cut, 8);
      EXPECT_LT(pair, 8u);
      EXPECT_TRUE(pair == 0 || size >= ip + (flow.ipv6 ? 40 : 20)) << size;
    }
    std::vector<std::byte> bad = whole;
    bad[ip] = std::byte{0x75};  // no such version
    EXPECT_EQ(hw::steer(bad, 8), 0u);
    if (flow.ipv6) continue;
    bad[ip] = std::byte{0x44};  // a header shorter than a header
    EXPECT_EQ(hw::steer(bad, 8), 0u);
    bad[ip] = std::byte{0x4F};  // a header beyond the frame
    EXPECT_EQ(hw::steer(bad, 8), 0u);
  }
}

}  // namespace
}  // namespace ringside::test
