// SPDX-License-Identifier: Apache-2.0
// Random links, root complexes and requesters under random traffic: every transfer ends, nothing is
// lost, every byte is counted once. One simulation a process: run by CTest.
#include <algorithm>
#include <memory>
#include <string>

#include "formats/random.h"
#include "tests/support/gtest.h"
#include "tests/unit/pcie/order_checker.h"
#include "tests/unit/pcie/tlp_rig.h"

namespace ringside::test {
namespace {

using hw::BusDirection;
using hw::FlowClass;
using hw::Purpose;
using hw::Tlp;

/// Configurations in one simulation.
constexpr int kRigs = 100;
constexpr uint64_t kReadRegion = TlpRig::kMemory / 2;

uint32_t power(SplitMix64& random, uint32_t least, unsigned choices) {
  return least << random.below(choices);
}

/// Tiny more often than not; none at all one time in five. `data`: the least that is allowed.
hw::CreditLimit credits(SplitMix64& random, uint32_t data) {
  hw::CreditLimit limit;
  if (random.below(5) != 0) limit.headers = 1 + static_cast<uint32_t>(random.below(4));
  if (random.below(5) != 0) limit.data = data + static_cast<uint32_t>(random.below(2UL * data));
  return limit;
}

hw::ReceiverConfig receiver(SplitMix64& random, uint32_t mps) {
  hw::ReceiverConfig config;
  config.posted = credits(random, mps / 16);
  config.non_posted = credits(random, 1);
  config.completion = credits(random, mps / 16);
  config.drain_ps = random.below(500'000);
  config.drain_jitter_ps = random.below(3) == 0 ? 0 : random.below(2'000'000);
  return config;
}

TlpRigConfig configuration(uint64_t seed) {
  SplitMix64 random(seed);
  TlpRigConfig config;
  config.link.generation = 1 + static_cast<unsigned>(random.below(5));
  config.link.lanes = 1U << random.below(5);
  config.link.mps = power(random, 128, 6);
  config.link.mrrs = power(random, 128, 6);
  config.link.rcb = power(random, 64, 2);
  config.link.latency_ps = random.below(300'000);
  config.link.whole_dwords = random.below(2) == 0;
  config.link.root = receiver(random, config.link.mps);
  config.link.card = receiver(random, config.link.mps);
  config.link.seed = seed;
  config.root.read_latency_ps = random.below(1'000'000);
  config.root.read_jitter_ps = random.below(2) == 0 ? 0 : random.below(3'000'000);
  config.root.reorder = random.below(2) == 0;
  config.root.completion_bytes_max = random.below(2) == 0 ? 0 : power(random, 64, 4);
  config.root.seed = seed;
  config.dma.tags = 1 + static_cast<unsigned>(random.below(random.below(2) == 0 ? 2 : 64));
  config.dma.reassembly_bytes = 128 + static_cast<uint32_t>(random.below(8192));
  return config;
}

/// Told of each TLP before whom it is for.
struct Tap : hw::TlpReceiver {
  Tap(OrderChecker& order, hw::TlpReceiver& next) : checker(order), behind(next) {}
  void receive_tlp(Tlp& tlp, uint64_t arrival_ps) override {
    checker.arrived(tlp);
    behind.receive_tlp(tlp, arrival_ps);
  }
  OrderChecker& checker;
  hw::TlpReceiver& behind;
};

/// Traffic of one seed, and what must come of it.
class RandomRig {
 public:
  explicit RandomRig(uint64_t seed)
      : seed_(seed),
        rig_(configuration(seed), "rig" + std::to_string(seed)),
        root_tap_(up_order_, rig_.root),
        card_tap_(down_order_, rig_) {
    rig_.link.up().attach(root_tap_);
    rig_.link.down().attach(card_tap_);
    rig_.link.up().inject([this](Tlp& tlp) {
      up_order_.sent(tlp);
      return true;
    });
    rig_.link.down().inject([this](Tlp& tlp) {
      down_order_.sent(tlp);
      return true;
    });
    rig_.fill();
    rig_.answer = [this](const Tlp& request, uint64_t) { answer(request); };
    traffic();
  }

  void check() {
    SCOPED_TRACE(testing::Message() << "seed " << seed_);
    EXPECT_EQ(rig_.client.done.size(), read_.size()) << "every read ends";
    for (const ReadDone& done : rig_.client.done) {
      const auto& [address, size] = read_[done.handle];
      EXPECT_TRUE(done.ok);
      EXPECT_EQ(done.data, rig_.bytes_at(address, size));
    }
    EXPECT_EQ(rig_.bytes_at(TlpRig::kBase + kReadRegion, expected_.size()), expected_)
        << "every write is there";
    EXPECT_EQ(host_done_, host_asked_) << "every register access ends";
    EXPECT_EQ(rig_.sink.messages.size(), interrupts_);
    check_engine();
    check_direction(rig_.link.up(), up_order_);
    check_direction(rig_.link.down(), down_order_);
    check_ledger();
  }

 private:
  void traffic() {
    SplitMix64 random(~seed_);
    expected_ = rig_.bytes_at(TlpRig::kBase + kReadRegion, kReadRegion);
    for (int i = 0; i < 60; ++i) {
      const uint64_t when = random.below(30'000'000);
      const uint64_t size = 1 + random.below(random.below(3) == 0 ? 9000 : 300);
      switch (random.below(5)) {
        case 0:
        case 1: {
          const uint64_t address = TlpRig::kBase + random.below(kReadRegion - size);
          const auto handle = static_cast<uint32_t>(read_.size());
          read_.emplace_back(address, size);
          at(when, [this, handle, address, size] {
            rig_.engine.read(handle, Purpose::kPayload, address, static_cast<uint32_t>(size),
                             now_ps());
          });
          break;
        }
        case 2:
        case 3: {
          // Each where no other writes, so that their order does not matter.
          if (written_ + size > kReadRegion) break;
          std::vector<std::byte> bytes(size);
          for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
          std::copy(bytes.begin(), bytes.end(),
                    expected_.begin() + static_cast<std::ptrdiff_t>(written_));
          const uint64_t address = TlpRig::kBase + kReadRegion + written_;
          written_ += size;
          const bool more = random.below(4) == 0;
          const bool interrupt = random.below(3) == 0;
          interrupts_ += interrupt ? 1 : 0;
          at(when, [this, address, bytes, more, interrupt] {
            rig_.engine.write(Purpose::kUsedEntries, address, bytes, now_ps(), more);
            const std::vector<std::byte> message(4);
            if (!interrupt) return;
            rig_.engine.write(Purpose::kInterrupt, hw::RootPort::kMsiWindow, message, now_ps());
          });
          break;
        }
        default: {
          const bool write = random.below(2) == 0;
          ++host_asked_;
          at(when, [this, write] {
            const uint64_t value = write ? 0 : rig_.port.memory_read(0x10, 8);
            if (write) rig_.port.memory_write(0x10, 8, 1);
            EXPECT_EQ(value, write ? 0 : kRegister);
            ++host_done_;
          });
        }
      }
    }
  }

  void answer(const Tlp& request) {
    Tlp tlp = rig_.completion_of(request, std::as_bytes(std::span(&kRegister, 1)));
    host_up_bytes_ += hw::link_bytes(tlp, rig_.link.config().whole_dwords);
    ++host_up_tlps_;
    host_up_payload_ += tlp.length;
    rig_.link.up().send(std::move(tlp), now_ps());
  }

  void check_engine() {
    EXPECT_EQ(rig_.engine.tags_in_use(), 0u);
    EXPECT_EQ(rig_.engine.bytes_in_flight(), 0u);
    EXPECT_EQ(rig_.engine.reads_waiting(), 0u);
    EXPECT_TRUE(rig_.engine.idle());
    EXPECT_EQ(rig_.engine.counters().unexpected_completions, 0u);
    EXPECT_EQ(rig_.engine.counters().completions, rig_.root.counters().completions);
    EXPECT_EQ(rig_.root.counters().unexpected_completions, 0u);
  }

  static void check_direction(hw::PcieChannel& channel, const OrderChecker& order) {
    EXPECT_EQ(order.violations, std::vector<std::string>{});
    EXPECT_EQ(order.missing(), 0u);
    EXPECT_EQ(channel.waiting(), 0u);
    for (const FlowClass flow :
         {FlowClass::kPosted, FlowClass::kNonPosted, FlowClass::kCompletion}) {
      const hw::CreditState state = channel.credits(flow);
      EXPECT_EQ(state.headers_in_use, 0);
      EXPECT_EQ(state.data_in_use, 0);
      EXPECT_GE(state.least_headers, 0);
      EXPECT_GE(state.least_data, 0);
    }
  }

  /// Card's ledger = link = what was asked, in both directions.
  void check_ledger() {
    hw::LedgerEntry up{host_up_tlps_, host_up_payload_, host_up_bytes_};
    hw::LedgerEntry down;
    for (unsigned i = 0; i < static_cast<unsigned>(Purpose::kCount); ++i) {
      const auto purpose = static_cast<Purpose>(i);
      for (auto& [direction, sum] :
           {std::pair<BusDirection, hw::LedgerEntry&>{BusDirection::kUp, up},
            {BusDirection::kDown, down}}) {
        const hw::LedgerEntry& entry = rig_.ledger.at(direction, purpose);
        sum.tlps += entry.tlps;
        sum.payload_bytes += entry.payload_bytes;
        sum.link_bytes += entry.link_bytes;
      }
    }
    for (const Tlp& request : rig_.requests) {
      ++down.tlps;
      down.payload_bytes += request.has_data() ? request.length : 0;
      down.link_bytes += hw::link_bytes(request, rig_.link.config().whole_dwords);
    }
    const auto compare = [](const hw::LedgerEntry& ledger, const hw::PcieDirectionCounters& link) {
      EXPECT_EQ(ledger.tlps, link.tlps);
      EXPECT_EQ(ledger.payload_bytes, link.payload_bytes);
      EXPECT_EQ(ledger.link_bytes, link.link_bytes);
    };
    compare(up, rig_.link.up().counters());
    compare(down, rig_.link.down().counters());
    uint64_t asked = 0;
    for (const auto& read : read_) asked += read.second;
    EXPECT_EQ(rig_.ledger.at(BusDirection::kDown, Purpose::kPayload).payload_bytes, asked);
    EXPECT_EQ(rig_.ledger.at(BusDirection::kUp, Purpose::kUsedEntries).payload_bytes, written_);
  }

  static constexpr uint64_t kRegister = 0x0123'4567'89AB'CDEF;
  uint64_t seed_;
  TlpRig rig_;
  OrderChecker up_order_;
  OrderChecker down_order_;
  Tap root_tap_;
  Tap card_tap_;
  std::vector<std::pair<uint64_t, uint64_t>> read_;  ///< address and size, by handle
  std::vector<std::byte> expected_;                  ///< of the region that is written
  uint64_t written_ = 0;
  std::size_t interrupts_ = 0;
  int host_asked_ = 0;
  int host_done_ = 0;
  uint64_t host_up_tlps_ = 0;
  uint64_t host_up_payload_ = 0;
  uint64_t host_up_bytes_ = 0;
};

/// A hundred seeds from 100 * the parameter on.
class RandomConfigurations : public testing::TestWithParam<uint64_t> {};

TEST_P(RandomConfigurations, EveryTransferEndsAndIsCounted) {
  std::vector<std::unique_ptr<RandomRig>> rigs;
  for (uint64_t i = 0; i < kRigs; ++i) {
    rigs.push_back(std::make_unique<RandomRig>(GetParam() * kRigs + i));
  }
  sc_core::sc_start();
  // Credits come back without an event.
  at(1'000'000'000, [] {});
  sc_core::sc_start();
  for (const auto& rig : rigs) rig->check();
}

INSTANTIATE_TEST_SUITE_P(Hundreds, RandomConfigurations, testing::Range(uint64_t{0}, uint64_t{10}));

}  // namespace
}  // namespace ringside::test
