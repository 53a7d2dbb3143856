// SPDX-License-Identifier: Apache-2.0
// A rig whose register accesses are written down, and a life of the driver from open to stop.
#pragma once

#include <vector>

#include "tests/unit/driver/rig.h"

namespace ringside::test {

/// One access to the device's BAR.
struct Access {
  bool write = false;
  uint64_t offset = 0;
  unsigned width = 0;
  uint64_t value = 0;
  uint8_t status = 0;  ///< device_status before it

  bool to_common(uint32_t field) const { return offset == FakeDevice::kCommon + field; }
  bool to_config() const { return offset >= FakeDevice::kConfig && offset < FakeDevice::kNotify; }
  bool to_doorbell() const { return offset >= FakeDevice::kNotify; }
};

class LoggedRig : public Rig {
 public:
  LoggedRig() {
    device.on_read = [this](uint64_t offset, unsigned width, uint64_t* value) {
      log.push_back({false, offset, width, *value, device.status});
    };
    device.on_write = [this](uint64_t offset, unsigned width, uint64_t value) {
      log.push_back({true, offset, width, value, device.status});
      return false;
    };
  }
  /// Opens, sends and receives, sees the link change, recovers from an error, stops.
  void live() {
    must_open();
    traffic();
    device.set_link(false);
    run_us(2000);
    device.set_link(true);
    run_us(2000);
    device.set_needs_reset();
    run_us(200'000);
    EXPECT_EQ(counter("recoveries"), 1u);
    traffic();
    client.stopping = true;
    driver->stop();
    client.stopping = false;
    EXPECT_EQ(device.status, 0);
    expect_clean();
  }
  void traffic() {
    const uint64_t sent = device.transmitted.size(), received = client.received;
    for (unsigned i = 0; i < 40; ++i) {
      ASSERT_EQ(send(60 + 30 * i, 1 + i % 8), TxResult::kOk);
      ASSERT_TRUE(device.receive(frame(60 + 30 * i, static_cast<uint8_t>(i))));
      run_us(20);
    }
    run_us(500);
    EXPECT_EQ(device.transmitted.size(), sent + 40);
    EXPECT_EQ(client.received, received + 40);
  }
  std::vector<Access> log;
};

}  // namespace ringside::test
