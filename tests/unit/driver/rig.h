// SPDX-License-Identifier: Apache-2.0
// A driver, a fake host and a scripted device, with a client that checks the contract of
// NetDeviceClient at every call.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host_driver/net_device.h"
#include "host_driver/virtio_net_options.h"
#include "tests/support/gtest.h"
#include "tests/unit/driver/fake_device.h"
#include "tests/unit/driver/fake_pci.h"
#include "tests/unit/driver/fake_platform.h"

namespace ringside::test {

using driver::TxResult;

/// A frame's memory: one buffer cut into fragments.
struct TxBuffer {
  std::byte* data = nullptr;
  std::vector<driver::TxFragment> fragments;
  bool in_flight = false;
  unsigned completions = 0;
};

class TestClient final : public driver::NetDeviceClient {
 public:
  TestClient(FakePlatform& platform, FakePci& pci) : platform_(platform), pci_(pci) {}
  void receive(std::span<const driver::RxSegment> segments) override;
  void receive_done() override {
    in_softirq();
    ++batches;
  }
  void transmit_complete(void* cookie) override;
  void transmit_wake() override;
  void link_change(bool up) override {
    in_softirq();
    links.push_back(up);
  }
  /// Gives back everything that is held.
  void release_all();

  driver::NetDevice* device = nullptr;
  bool release_at_once = true;
  bool keep_frames = true;
  bool stopping = false;  ///< completions in process context are allowed
  std::vector<Bytes> frames;
  std::vector<driver::RxSegment> held;
  std::vector<size_t> segment_counts;
  uint64_t received = 0, completed = 0, wakes = 0, batches = 0, violations = 0;
  std::vector<bool> links;
  std::function<void(const Bytes&)> on_frame;
  std::function<void()> on_wake;

 private:
  void in_softirq() {
    if (!platform_.in_softirq() || platform_.locks_held() != 0) ++violations;
  }
  FakePlatform& platform_;
  FakePci& pci_;
};

class Rig {
 public:
  using Maker = std::unique_ptr<driver::NetDevice> (*)(driver::PciAccess&, driver::Platform&,
                                                       const driver::VirtioNetOptions&);
  explicit Rig(Maker maker = nullptr) : maker_(maker) {}
  ~Rig() {
    client.stopping = true;
    driver.reset();
  }

  driver::Status open();
  /// Opens and expects success.
  void must_open();
  /// Sends a frame of `size` bytes, cut into `fragments`, whose bytes follow from `tag`.
  TxResult send(uint32_t size = 60, unsigned fragments = 1, bool more = false, uint8_t tag = 0);
  TxResult send_bytes(const Bytes& bytes, unsigned fragments = 1, bool more = false);
  static Bytes frame(uint32_t size, uint8_t tag);
  /// The same as a UDP datagram over IPv4 of flow `flow`, below 65536; at least 42 bytes.
  static Bytes flow_frame(unsigned flow, uint32_t size, uint8_t tag);
  static unsigned flow_of(const Bytes& frame) { return frame[34] << 8 | frame[35]; }
  uint64_t counter(std::string_view name) const;
  void run_us(uint64_t us) { platform.run_for(us * 1000); }
  uint64_t feature(unsigned bit) const { return formats::feature_bit(bit); }
  /// Frames accepted and not given back.
  size_t in_flight() const;
  /// No broken rule on any side.
  void expect_clean() const;

  FakePlatform platform;
  FakePci pci{platform};
  FakeDevice device{platform, pci};
  TestClient client{platform, pci};
  driver::VirtioNetOptions options;
  std::unique_ptr<driver::NetDevice> driver;

 private:
  Maker maker_;
  std::vector<std::unique_ptr<TxBuffer>> buffers_;
};

}  // namespace ringside::test
