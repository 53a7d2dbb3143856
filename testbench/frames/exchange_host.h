// SPDX-License-Identifier: Apache-2.0
// One side of a frame exchange: a client of the driver that sends numbered frames and checks those
// of the other side.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "host_driver/net_device.h"
#include "testbench/frames/frame_exchange.h"
#include "testbench/host/sim_host.h"

namespace ringside::tb {

class ExchangeHost : public driver::NetDeviceClient {
 public:
  /// `fault` is shared by both sides: the first writer wins.
  ExchangeHost(const FrameExchangeConfig& config, SimHost& host, driver::NetDevice& device,
               uint64_t seed, std::string& fault);
  ~ExchangeHost() override;

  void set_peer(ExchangeHost& peer) { peer_ = &peer; }
  /// Process context: opens the device.
  void open();
  /// Process contexts that send, each on a core of its own.
  unsigned senders() const { return senders_; }
  /// Process context number `sender`: sends its share of `frames` frames in all; returns when all
  /// have arrived and every buffer is back, or with a fault.
  void send(unsigned sender, uint64_t frames);
  uint64_t sent() const { return sent_; }
  uint64_t received() const { return received_; }

  void receive(std::span<const driver::RxSegment> segments) override;
  void receive_done() override;
  void transmit_complete(void* cookie) override;
  void transmit_wake() override;
  void link_change(bool) override {}

 private:
  struct Slot {
    std::byte* data = nullptr;
    bool busy = false;
  };
  /// A received frame that is kept for a while.
  struct Held {
    std::vector<driver::RxSegment> segments;
    uint64_t sum;
  };
  void fail(const std::string& what);
  template <typename Condition>
  bool wait_for(Condition condition, const char* what);
  void fill(std::byte* data, uint32_t flow, uint64_t number, uint32_t bytes) const;
  std::size_t write_headers(std::byte* data, uint32_t flow, uint32_t bytes) const;
  bool transmit(Slot& slot, uint32_t flow, bool more);
  /// What a sender goes on with: its flow, and whether the driver was told that a frame follows.
  struct Train {
    uint32_t flow = 0;
    bool promised = false;
  };
  bool send_one(unsigned sender, uint64_t frames, Train* train);
  uint32_t pick_flow(unsigned sender);
  bool rest();
  void check_frame(std::span<const driver::RxSegment> segments);
  void release(const Held& held);
  bool all_there() const { return config_.lossy || peer_->received_ == sent_; }
  bool all_back() const { return !config_.await_completion || free_slots_.size() == slots_.size(); }
  /// For one more frame, beside those that were promised.
  bool room() const {
    const bool full = !config_.lossy && sent_ + promised_ - peer_->received_ >= config_.window;
    return !full && free_slots_.size() > promised_;
  }

  const FrameExchangeConfig& config_;
  SimHost& host_;
  driver::NetDevice& device_;
  ExchangeHost* peer_ = nullptr;
  SplitMix64 random_;
  uint64_t pattern_;
  std::string& fault_;
  std::unique_ptr<driver::WaitQueue> changed_;
  std::vector<Slot> slots_;
  std::vector<Slot*> free_slots_;
  std::deque<Held> held_;
  std::vector<std::byte> expected_;
  unsigned senders_;
  std::vector<uint64_t> next_to_send_;     ///< number of a flow's next frame
  std::vector<uint64_t> next_to_receive_;  ///< of the next to arrive, at least
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
  uint64_t wakes_ = 0;
  unsigned promised_ = 0;  ///< frames that the driver was told will follow
  bool resting_ = false;   ///< a burst has ended: nothing new is sent
  uint64_t rests_ = 0;     ///< times that everything was quiet after that
};

}  // namespace ringside::tb
