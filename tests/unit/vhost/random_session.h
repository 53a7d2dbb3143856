// SPDX-License-Identifier: Apache-2.0
// Seeded scripts: a front end that does mostly what it should, in mostly the right order.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "formats/random.h"
#include "testbench/vhost/vhost_user.h"
#include "tests/unit/vhost/fake_target.h"
#include "tests/unit/vhost/front_end.h"
#include "tests/unit/vhost/layout.h"
#include "tests/unit/vhost/script.h"

namespace ringside::test {

class RandomSession {
 public:
  explicit RandomSession(uint64_t seed) : random_(seed) {}

  std::vector<uint8_t> make() {
    const uint64_t front_ends = 1 + random_.below(3);
    for (uint64_t i = 0; i < front_ends; ++i) {
      front_end();
      put(VhostStep::kLeave);
    }
    return std::move(script_);
  }

 private:
  using R = tb::VhostRequest;

  void put(uint8_t value) { script_.push_back(value); }
  void put(VhostStep step) { put(static_cast<uint8_t>(step)); }
  bool one_in(uint64_t n) { return random_.below(n) == 0; }

  /// A message, with one thing wrong now and then.
  void say(R request, Bytes payload = {}, VhostFd kind = VhostFd::kEvent0,
           unsigned descriptors = 0) {
    if (one_in(60)) return;  // forgotten
    if (!payload.empty() && one_in(60)) payload[random_.below(payload.size())] ^= std::byte{1};
    if (!payload.empty() && one_in(120)) {
      payload[random_.below(payload.size())] = static_cast<std::byte>(random_.next());
    }
    if (one_in(200)) payload.resize(random_.below(300));
    if (one_in(150)) descriptors = static_cast<unsigned>(random_.below(16));
    if (one_in(150)) kind = static_cast<VhostFd>(random_.below(16));
    auto number = static_cast<uint8_t>(request);
    if (one_in(300)) number = static_cast<uint8_t>(random_.below(48));
    put(VhostStep::kMessage);
    put(number);
    put(one_in(200) ? static_cast<uint8_t>(random_.next()) : one_in(3) ? 9 : 1);
    put(static_cast<uint8_t>(static_cast<unsigned>(kind) << 4 | descriptors));
    put(static_cast<uint8_t>(payload.size()));
    put(static_cast<uint8_t>(payload.size() >> 8));
    for (const std::byte each : payload) put(static_cast<uint8_t>(each));
    aside();
  }

  /// What may happen between any two messages.
  void aside() {
    switch (random_.below(40)) {
      case 0:
      case 1:
      case 2:
      case 3:
        put(VhostStep::kKick);
        put(static_cast<uint8_t>(random_.below(5)));
        break;
      case 4:
        put(VhostStep::kRead);
        break;
      case 5:
        put(one_in(2) ? VhostStep::kSlow : VhostStep::kBatch);
        break;
      case 6:
        put(VhostStep::kTarget);
        put(one_in(4) ? static_cast<uint8_t>(random_.next()) : 1);
        break;
      case 7:
        if (!one_in(4)) break;
        put(VhostStep::kTruncate);
        put(static_cast<uint8_t>(random_.next()));
        put(static_cast<uint8_t>(random_.below(20)));
        break;
      case 8: {
        if (!one_in(8)) break;
        put(VhostStep::kBytes);
        const auto size = static_cast<uint8_t>(random_.below(64));
        put(size);
        put(static_cast<uint8_t>(random_.next()));
        for (unsigned i = 0; i < size; ++i) put(static_cast<uint8_t>(random_.next()));
        break;
      }
      case 9:
        if (one_in(10)) put(VhostStep::kLeave);
        break;
      case 10:
        if (one_in(10)) put(VhostStep::kHalf);
        break;
      default:
        break;
    }
  }

  void memory() {
    const tb::VhostMemoryRegion more{0x1000, 0x10000, 0x5000, 0};
    switch (random_.below(6)) {
      case 0:
        say(R::kAddMemReg, bytes_of(uint64_t{0}, more), VhostFd::kMemoryB, 1);
        break;
      case 1:
        say(R::kAddMemReg, bytes_of(uint64_t{0}, Layout::region()), VhostFd::kMemoryA, 1);
        break;
      case 2:
        say(R::kRemMemReg, bytes_of(uint64_t{0}, one_in(4) ? Layout::region() : more),
            VhostFd::kMemoryB, 1);
        break;
      default:
        say(R::kSetMemTable, Layout::table(), VhostFd::kMemoryA, 1);
    }
  }

  void queue(uint32_t index) {
    const auto event = static_cast<VhostFd>(index);
    say(R::kSetVringCall, bytes_of(uint64_t{index}), VhostFd::kCall, 1);
    say(R::kSetVringNum,
        bytes_of(tb::VhostVringState{index, uint32_t{1} << random_.below(one_in(20) ? 12 : 11)}));
    say(R::kSetVringBase,
        bytes_of(tb::VhostVringState{index, static_cast<uint32_t>(random_.below(0x10001))}));
    say(R::kSetVringAddr, bytes_of(Layout::address(index)));
    if (one_in(4)) say(R::kSetVringErr, bytes_of(uint64_t{index}), VhostFd::kFullEvent, 1);
    say(R::kSetVringKick, bytes_of(uint64_t{index}), event, 1);
    say(R::kSetVringEnable,
        bytes_of(tb::VhostVringState{index, static_cast<uint32_t>(random_.below(2))}));
  }

  void front_end() {
    const uint64_t features =
        FakeTarget::kFeatures | (one_in(4) ? 0 : tb::kVhostFeatureProtocolFeatures);
    say(R::kSetOwner);
    say(R::kGetFeatures);
    say(R::kGetProtocolFeatures);
    say(R::kSetProtocolFeatures, bytes_of(uint64_t{0x12019}));
    say(R::kSetFeatures, bytes_of(features));
    if (!one_in(8)) say(R::kSetMemTable, Layout::table(), VhostFd::kMemoryA, 1);
    for (uint64_t left = random_.below(24); left != 0; --left) {
      const auto index = static_cast<uint32_t>(random_.below(4));
      switch (random_.below(8)) {
        case 0:
          memory();
          break;
        case 1:
          say(R::kGetVringBase, bytes_of(tb::VhostVringState{index, 0}));
          break;
        case 2:
          say(R::kSetStatus, bytes_of(random_.below(16)));
          break;
        case 3:
          say(one_in(2) ? R::kResetOwner : R::kResetDevice);
          break;
        case 4:
          say(R::kSetVringEnable,
              bytes_of(tb::VhostVringState{index, static_cast<uint32_t>(random_.below(2))}));
          break;
        default:
          queue(index);
      }
    }
  }

  SplitMix64 random_;
  std::vector<uint8_t> script_;
};

}  // namespace ringside::test
