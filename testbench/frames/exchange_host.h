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
  /// Process context: sends `frames` frames; returns when all have arrived and every buffer is
  /// back, or with a fault.
  void send(uint64_t frames);
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
  void fill(std::byte* data, uint64_t number, uint32_t bytes) const;
  bool transmit(Slot& slot, uint64_t number, bool more);
  void check_frame(std::span<const driver::RxSegment> segments);
  void release(const Held& held);
  bool window_full() const { return !config_.lossy && sent_ - peer_->received_ >= config_.window; }
  bool all_there() const { return config_.lossy || peer_->received_ == sent_; }
  bool all_back() const { return !config_.await_completion || free_slots_.size() == slots_.size(); }

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
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
  uint64_t next_number_ = 0;  ///< of the next frame to arrive, at least
  bool woken_ = false;
};

}  // namespace ringside::tb
