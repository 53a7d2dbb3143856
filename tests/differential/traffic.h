// SPDX-License-Identifier: Apache-2.0
// Everything that a host and a wire may do with a card, and some of what they may not, from a seed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/lt/lt_host.h"

namespace ringside::test {

/// The card's end of a wire that takes what is sent, at 100 Gbit/s.
class Wire : public hw::EthernetPort {
 public:
  explicit Wire(hw::FramePool& pool) : pool_(pool) {}
  /// The card gets a frame, now.
  void deliver(std::vector<std::byte> bytes, bool fcs_ok);
  uint64_t sent() const { return sent_; }  ///< frames of the card

  void attach(hw::EthernetReceiver& receiver) override { receiver_ = &receiver; }
  hw::TimePs transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) override;
  hw::TimePs free_at() const override { return free_ps_; }
  hw::TimePs wire_time(uint64_t bytes) const override { return (bytes + 24) * 80; }
  uint64_t rate_bps() const override { return 100'000'000'000; }
  bool carrier() const override { return true; }

 private:
  hw::FramePool& pool_;
  hw::EthernetReceiver* receiver_ = nullptr;
  hw::TimePs free_ps_ = 0;
  uint64_t sent_ = 0;
};

/// Lives of one device, each from reset to reset: features, ring sizes, interrupts, chains, frames,
/// register reads and how it ends are drawn. Nothing that arrives is looked at. run() is for an
/// SC_THREAD.
class Traffic {
 public:
  Traffic(LtHost& host, Wire& wire, uint64_t seed) : host_(host), wire_(wire), random_(seed) {}
  /// Lives until `stop` says so, at most `lives`. `stop` is asked where everything is at rest.
  void run(unsigned lives, const std::function<bool()>& stop);
  uint64_t frames() const { return to_card_ + wire_.sent(); }
  unsigned lives() const { return lives_; }

 private:
  struct Queue {
    unsigned index = 0;
    uint16_t size = 0, per_chain = 1, avail_idx = 0;
    uint16_t entries = 0;  ///< of its table, those that lie in memory
    uint64_t table = 0, desc = 0, avail = 0, used = 0, buffers = 0, tables = 0;
  };

  static constexpr unsigned kSizeMost = 64;
  static constexpr unsigned kPart = 2304;  ///< bytes of memory for a descriptor's buffer

  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  void wait_ns(uint32_t ns) { sc_core::wait(ns, sc_core::SC_NS); }
  void begin_life();
  void make_queue(Queue& queue, unsigned index, uint16_t vector, bool torn);
  void step();
  void put(Queue& queue, const std::vector<formats::VirtqDesc>& parts);
  unsigned room(const Queue& queue);
  /// Of the next chain's descriptors; their buffers' memory begins there too.
  static unsigned first_of_next(const Queue& queue) {
    return queue.avail_idx % (unsigned{queue.entries} / queue.per_chain) * queue.per_chain;
  }
  void put_transmit(unsigned count);
  void put_receive(unsigned count);
  void publish(Queue& queue);
  void frames_in();
  void look();
  void mask(unsigned vector, bool masked);
  void do_wrong();
  std::vector<uint32_t> cut(uint32_t bytes, unsigned parts);
  std::vector<std::byte> noise(std::size_t bytes);

  LtHost& host_;
  Wire& wire_;
  std::mt19937_64 random_;
  Queue rx_, tx_;
  bool indirect_ = false, msix_ = true, merging_ = false, enumerated_ = false;
  uint64_t to_card_ = 0;
  unsigned lives_ = 0;
};

}  // namespace ringside::test
