// SPDX-License-Identifier: Apache-2.0
// FakeDevice: a driver::NetDevice whose wire is another FakeDevice, with delay, loss, corruption,
// a small ring and late completion.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "host_driver/net_device.h"
#include "tests/unit/stack/fake_platform.h"

namespace ringside::test {

using Bytes = std::vector<std::byte>;

struct FakeDeviceOptions {
  uint32_t mtu = 1500;
  uint64_t delay_ns = 1000;
  uint64_t picoseconds_per_byte = 80;  ///< 100 Gb/s
  uint64_t completion_ns = 2000;       ///< after the frame has left
  uint32_t ring_frames = 256;          ///< frames held; kBusy above
  uint32_t buffer_bytes = 2048;
  uint32_t buffers = 4096;
  uint64_t coalesce_ns = 0;        ///< polls happen at multiples of it
  uint64_t transmit_pause_ns = 0;  ///< a process context sleeps so long inside transmit()
};

class FakeDevice final : public driver::NetDevice {
 public:
  /// Frame number (from 0) and its bytes, which it may change; false loses it.
  using Filter = std::function<bool(uint64_t, Bytes&)>;

  FakeDevice(FakePlatform& platform, const MacAddress& mac, const FakeDeviceOptions& options);
  ~FakeDevice() override;
  static void connect(FakeDevice& a, FakeDevice& b) { a.peer_ = &b, b.peer_ = &a; }

  Filter filter;                      ///< of frames sent from here
  std::function<void(ByteView)> tap;  ///< sees every frame that is sent from here
  std::function<void()> on_open;      ///< called inside open(), when frames may already come in
  std::function<void()> on_release;   ///< called inside release()
  FakeDeviceOptions options;
  uint32_t buffers_held() const { return options.buffers - static_cast<uint32_t>(free_.size()); }
  uint32_t frames_held() const { return held_; }
  uint64_t busy_answers() const { return busy_answers_; }
  uint64_t sent() const { return sent_; }
  /// Frames that found no receive buffer.
  uint64_t lost() const { return lost_; }
  uint64_t doorbells() const { return doorbells_; }
  uint64_t most_fragments() const { return most_fragments_; }
  void set_link(bool up);
  /// Gives `frame` to the client as if it had been received, in softirq.
  void inject(ByteView frame);

  driver::Status open(driver::NetDeviceClient& client) override;
  void stop() override;
  driver::TxResult transmit(const driver::TxFrame& frame, bool more) override;
  void release(driver::RxBufferId buffer) override;
  MacAddress mac() const override { return mac_; }
  uint32_t mtu() const override { return options.mtu; }
  driver::LinkInfo link() const override { return {link_up_, 100000, 1}; }
  uint64_t features() const override { return 0; }
  std::vector<driver::Counter> statistics() const override { return {}; }

 private:
  struct Arrival {
    uint64_t time_ns;
    uint32_t segments;
  };
  struct Completion {
    uint64_t time_ns;
    void* cookie;
  };
  void arrive(uint64_t time_ns, const Bytes& frame);
  void poll();
  void schedule(uint64_t time_ns);

  FakePlatform& platform_;
  const MacAddress mac_;
  FakeDevice* peer_ = nullptr;
  driver::NetDeviceClient* client_ = nullptr;
  std::vector<std::byte> memory_;
  std::vector<driver::RxBufferId> free_;
  std::vector<bool> lent_;
  std::deque<Arrival> arrivals_;
  std::deque<driver::RxSegment> segments_;
  std::deque<Completion> completions_;
  std::unique_ptr<driver::Timer> timer_;
  uint64_t scheduled_ns_ = driver::kForever;
  uint64_t wire_free_ps_ = 0;
  Bytes scratch_;
  std::vector<driver::RxSegment> batch_;
  uint32_t held_ = 0;
  uint64_t sent_ = 0, busy_answers_ = 0, doorbells_ = 0, lost_ = 0, most_fragments_ = 0;
  bool busy_ = false, link_up_ = true;
};

}  // namespace ringside::test
