// SPDX-License-Identifier: Apache-2.0
// virtio_net_hdr without offloads: what the driver writes there has no meaning, what the card
// writes there is zeros and a count.
#include <random>

#include "tests/support/flow_frame.h"
#include "tests/unit/core/core_harness.h"

namespace ringside::test {
namespace {

constexpr unsigned kRx = 0, kTx = 1;
constexpr uint32_t kHeader = sizeof(formats::VirtioNetHdr);

using Bytes = std::vector<std::byte>;

void set16(Bytes& bytes, std::size_t at, unsigned value) {
  bytes.at(at) = static_cast<std::byte>(value >> 8);
  bytes.at(at + 1) = static_cast<std::byte>(value);
}

/// Frames that a card with offloads would treat in its own way: TCP and UDP of both families with
/// checksums right, wrong, zero and partial, congestion marks, tags, a UDP tunnel, and no IP at
/// all.
std::vector<Bytes> frames() {
  std::vector<Bytes> all;
  for (const bool ipv6 : {false, true}) {
    for (const uint8_t protocol : {uint8_t{6}, uint8_t{17}}) {
      for (const bool vlan : {false, true}) {
        Bytes frame = flow_frame({.ipv6 = ipv6, .protocol = protocol}, vlan);
        all.push_back(frame);
        const std::size_t ip = vlan ? 18 : 14;
        const std::size_t transport = ip + (ipv6 ? 40 : 20);
        const std::size_t checksum = transport + (protocol == 6 ? 16 : 6);
        for (const unsigned value : {0x0001u, 0x1C2Du, 0xFFFFu}) {
          set16(frame, checksum, value);
          if (!ipv6) set16(frame, ip + 10, value);
          all.push_back(frame);
        }
        frame[ip + 1] |= ipv6 ? std::byte{0x30} : std::byte{0x03};   // CE
        if (protocol == 6) frame[transport + 13] = std::byte{0xC2};  // CWR, ECE, SYN
        all.push_back(frame);
      }
    }
  }
  Bytes tunnel = flow_frame({.protocol = 17, .destination_port = 4789});
  const Bytes inner = flow_frame({.ipv6 = true});
  tunnel.insert(tunnel.end(), inner.begin(), inner.end());
  all.push_back(tunnel);
  Bytes plain(60, std::byte{0x5A});
  all.push_back(plain);
  plain.resize(1514, std::byte{0xA5});
  all.push_back(plain);
  return all;
}

/// Headers of any content: each bit of the flags, each type, offsets that point into the frame and
/// beyond it, everything set, random bytes.
std::vector<std::array<uint8_t, kHeader>> headers() {
  std::vector<std::array<uint8_t, kHeader>> all(1);
  for (unsigned i = 0; i < kHeader; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      all.emplace_back()[i] = static_cast<uint8_t>(1u << bit);
    }
  }
  all.emplace_back().fill(0xFF);
  all.push_back({0, 0, 54, 0, 0xDC, 5, 34, 0, 16, 0, 0, 0});     // as for TCP, without NEEDS_CSUM
  all.push_back({1, 1, 54, 0, 0xDC, 5, 34, 0, 16, 0, 0, 0});     // and with it, TCPV4
  all.push_back({8, 0x61, 54, 0, 0xDC, 5, 34, 0, 16, 0, 9, 0});  // both tunnel bits
  std::mt19937 random(1);
  for (unsigned i = 0; i < 20; ++i) {
    for (uint8_t& byte : all.emplace_back()) byte = static_cast<uint8_t>(random());
  }
  return all;
}

// Every frame leaves as it is, whatever its header says and whatever its checksums are.
// CLAUSES: NTX-D-001, NTX-D-002, NTX-D-004, NTX-D-009, NTX-D-012, NTX-D-013
TEST(NetHeader, NothingInItCountsOnTransmit) {
  RunningCard card;
  const uint64_t buffer = card.allocate(2048);
  uint64_t sent = 0;
  for (const Bytes& frame : frames()) {
    for (const auto& header : headers()) {
      for (unsigned i = 0; i < kHeader; ++i) card.store(buffer + i, header[i]);
      std::memcpy(card.at(buffer + kHeader, frame.size()), frame.data(), frame.size());
      card.tx.set_desc(0, buffer, static_cast<uint32_t>(kHeader + frame.size()));
      card.tx.make_available(0);
      card.serve(kTx);
      ASSERT_EQ(card.frames.size(), 1u);
      ASSERT_EQ(card.frames[0]->bytes, frame);
      card.take(Event::frame_sent(frame.size()));
      card.frames.clear();
      card.deeds.clear();
      ++sent;
    }
  }
  EXPECT_EQ(card.counter(Counter::kTxFrames), sent);
  EXPECT_EQ(card.core.device_status(), 15);
}

// No flag, no segmentation, no offset: the frame follows the 12 bytes as it came from the wire, with
// the checksums that it had there.
// CLAUSES: NRB-D-001, NRX-D-001, NRX-D-005, NRX-D-006, NRX-D-007, NRX-D-008, NRX-D-009
// CLAUSES: NRX-D-010, NRX-D-011, NRX-D-012, NRX-D-013, NRX-D-016, NRX-D-021, NRX-D-025
// CLAUSES: NRX-D-026, NRX-D-030
TEST(NetHeader, IsZeroButForTheCountOnReceive) {
  for (const uint64_t features : {kBasic, kBasic | kMergeable}) {
    for (const Bytes& bytes : frames()) {
      RunningCard card(features);
      const uint64_t buffer = card.put_receive(0, 1600);
      std::memset(card.at(buffer, 1600), 0xEE, 1600);
      hw::FramePtr frame = card.pool.make();
      frame->bytes = bytes;
      card.take(Event::frame_in(frame));
      card.serve(kRx);
      ASSERT_EQ(card.rx.used_idx(), 1);
      ASSERT_EQ(card.rx.used_elem(0).len, kHeader + bytes.size());
      for (unsigned i = 0; i < kHeader; ++i) {
        EXPECT_EQ(card.load<uint8_t>(buffer + i), i == 10 ? 1 : 0) << i;  // num_buffers
      }
      EXPECT_EQ(std::memcmp(card.at(buffer + kHeader, 1), bytes.data(), bytes.size()), 0);
    }
  }
}

}  // namespace
}  // namespace ringside::test
