// SPDX-License-Identifier: Apache-2.0
// The transmit queue of a frame: by flow, whatever way its bytes are cut, for any bytes.
#include "host_driver/flow_hash.h"

#include <cstring>
#include <map>

#include "tests/unit/driver/fake_platform.h"
#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

constexpr unsigned kQueues = 8;

/// `bytes` cut into fragments of random sizes, also empty ones; 0 cuts: one fragment.
unsigned queue_of(const Bytes& bytes, unsigned cuts = 0, uint64_t seed = 1,
                  unsigned queues = kQueues) {
  Random random(seed);
  std::vector<driver::TxFragment> fragments;
  std::size_t at = 0;
  const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
  for (unsigned i = 0; i < cuts; ++i) {
    const std::size_t part = random.below(std::min<std::size_t>(bytes.size() - at, 30) + 1);
    fragments.push_back({data + at, static_cast<uint32_t>(part)});
    at += part;
  }
  fragments.push_back({data + at, static_cast<uint32_t>(bytes.size() - at)});
  return driver::flow_queue({fragments, nullptr}, queues);
}

Bytes ipv4(uint8_t protocol, uint8_t host, uint16_t port, uint16_t fragment = 0,
           unsigned options = 0) {
  Bytes bytes(200);
  bytes[12] = 0x08;
  bytes[14] = static_cast<uint8_t>(0x45 + options);
  bytes[20] = static_cast<uint8_t>(fragment >> 8);
  bytes[21] = static_cast<uint8_t>(fragment);
  bytes[23] = protocol;
  bytes[33] = host;
  const std::size_t transport = 34 + 4 * options;
  bytes[transport] = static_cast<uint8_t>(port >> 8);
  bytes[transport + 1] = static_cast<uint8_t>(port);
  return bytes;
}

Bytes ipv6(uint8_t next, uint8_t host, uint16_t port) {
  Bytes bytes(200);
  bytes[12] = 0x86;
  bytes[13] = 0xDD;
  bytes[14] = 0x60;
  bytes[20] = next;
  bytes[53] = host;
  bytes[54] = static_cast<uint8_t>(port >> 8);
  bytes[55] = static_cast<uint8_t>(port);
  return bytes;
}

Bytes tagged(const Bytes& frame) {
  Bytes bytes(frame.begin(), frame.begin() + 12);
  for (const uint8_t byte : {0x81, 0x00, 0x20, 0x05}) bytes.push_back(byte);
  bytes.insert(bytes.end(), frame.begin() + 12, frame.end());
  return bytes;
}

/// How many of the queues 256 frames use.
template <typename Make>
std::size_t queues_used(Make make) {
  std::map<unsigned, unsigned> counts;
  for (unsigned i = 0; i < 256; ++i) ++counts[queue_of(make(static_cast<uint8_t>(i)))];
  for (const auto& [queue, count] : counts) {
    EXPECT_LT(queue, kQueues);
    if (counts.size() == kQueues) {
      EXPECT_GT(count, 10u) << "queue " << queue;
    }
  }
  return counts.size();
}

TEST(FlowHash, PortsAndAddressesSpread) {
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv4(6, 1, 1000 + i); }), kQueues);
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv4(17, 1, 1000 + i); }), kQueues);
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv4(1, i, 0); }), kQueues);
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv6(6, 1, 1000 + i); }), kQueues);
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv6(58, i, 0); }), kQueues);
  EXPECT_EQ(queues_used([](uint8_t i) { return tagged(ipv4(6, 1, 1000 + i)); }), kQueues);
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv4(6, 1, 1000 + i, 0, 10); }), kQueues);
}

// What only some packets of a flow have does not count.
TEST(FlowHash, FragmentsAndOtherProtocolsGoByAddressAlone) {
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv4(17, 1, i, 0x2000); }), 1u) << "the first";
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv4(17, 1, i, 0x0010); }), 1u) << "a later one";
  EXPECT_EQ(queue_of(ipv4(17, 1, 7, 0x2000)), queue_of(ipv4(17, 1, 9, 0x0010)));
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv4(1, 1, i); }), 1u);
  EXPECT_EQ(queues_used([](uint8_t i) { return ipv6(44, 1, i); }), 1u);
  EXPECT_EQ(queues_used([](uint8_t i) {
              Bytes bytes = ipv4(6, 1, i);
              bytes[14] = 0x44;  // a header that is too short to be one
              return bytes;
            }),
            1u);
}

TEST(FlowHash, TheTagAndTheRestOfTheFrameDoNotCount) {
  const Bytes frame = ipv4(6, 1, 80);
  EXPECT_EQ(queue_of(tagged(frame)), queue_of(frame));
  for (const std::size_t at : {0u, 11u, 15u, 18u, 22u, 24u, 38u, 60u, 199u}) {
    Bytes other = frame;
    other[at] ^= 0xFF;
    EXPECT_EQ(queue_of(other), queue_of(frame)) << at;
  }
}

TEST(FlowHash, OtherFramesGoToTheFirstQueue) {
  EXPECT_EQ(queues_used([](uint8_t i) {
              Bytes bytes(60, i);
              bytes[12] = 0x08;
              bytes[13] = 0x06;  // ARP
              return bytes;
            }),
            1u);
  EXPECT_EQ(queue_of(Bytes(14, 1)), 0u);
  EXPECT_EQ(queue_of(Bytes(13, 1)), 0u);
}

TEST(FlowHash, CutsDoNotCount) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const Bytes frame = seed % 2 == 0 ? ipv4(6, 1, static_cast<uint16_t>(seed))
                                      : ipv6(17, 1, static_cast<uint16_t>(seed));
    EXPECT_EQ(queue_of(frame, 12, seed), queue_of(frame)) << seed;
  }
}

TEST(FlowHash, AnyBytesOfAnyLengthHaveAQueue) {
  Random random(1);
  for (unsigned i = 0; i < 20'000; ++i) {
    Bytes bytes(random.below(90));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
    if (bytes.size() >= 14) {
      constexpr uint8_t kTypes[][2] = {{0x08, 0x00}, {0x86, 0xDD}, {0x81, 0x00}};
      std::memcpy(&bytes[12], kTypes[random.below(3)], 2);
    }
    const auto queues = 1 + static_cast<unsigned>(random.below(kQueues));
    EXPECT_LT(queue_of(bytes, static_cast<unsigned>(random.below(4)), i, queues), queues);
  }
}

}  // namespace
}  // namespace ringside::test
