// SPDX-License-Identifier: Apache-2.0
// A driver, its client and a device that works honestly and misbehaves by turns, as a source of
// choices says: seeded numbers (the hunt) or the bytes of an input (the fuzz target). Whatever
// happened before, the device becomes honest in the end, and then frames must move.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host_driver/net_device.h"
#include "host_driver/virtio_net_options.h"
#include "tests/unit/driver/fake_device.h"
#include "tests/unit/driver/fake_pci.h"
#include "tests/unit/driver/fake_platform.h"

namespace ringside::test {

/// 0 is the honest, harmless choice everywhere.
class Choices {
 public:
  virtual ~Choices() = default;
  /// 0 to bound - 1; always 0 when nothing is left to choose from.
  virtual uint64_t below(uint64_t bound) = 0;
  virtual bool exhausted() const { return false; }
  bool one_in(uint64_t n) { return below(n) == n - 1; }
};

class SeededChoices final : public Choices {
 public:
  explicit SeededChoices(uint64_t seed) : random_(seed) {}
  uint64_t below(uint64_t bound) override { return random_.below(bound); }

 private:
  Random random_;
};

class InputChoices final : public Choices {
 public:
  explicit InputChoices(std::span<const uint8_t> input) : input_(input) {}
  uint64_t below(uint64_t bound) override;
  bool exhausted() const override { return input_.empty(); }

 private:
  std::span<const uint8_t> input_;
};

/// What came about, so that nobody takes silence for a test.
struct HostileTotals {
  uint64_t steps = 0, sent = 0, completed = 0, received = 0, misdeeds = 0, faults = 0, resets = 0,
           recoveries = 0, failed_recoveries = 0, given_up = 0, opens = 0, failed_opens = 0,
           wakes = 0;
};

class HostileWorld {
 public:
  /// `lies`: one register read in so many is a lie, besides the misdeeds; 0: none.
  HostileWorld(Choices& choices, uint64_t lies);
  ~HostileWorld();

  /// At most `steps` steps, fewer when the choices run out, and the honest end. Returns what is
  /// wrong.
  std::string run(uint64_t steps);
  const HostileTotals& totals() const { return totals_; }

 private:
  class Client;
  struct Frame;

  void configure();
  void make_driver();
  void step();
  void send();
  void deliver();
  void complete();
  void misdeed();
  void lie_in_registers();
  void write_rings();
  void write_anywhere();
  void break_configuration();
  void raise_interrupts();
  void on_read(uint64_t offset, unsigned width, uint64_t* value);
  void open();
  void stop();
  void heal();
  std::string become_well();
  std::string move_frames();
  std::string end();
  std::string broken() const;
  uint64_t counter(std::string_view name) const;
  void add_up();
  void end_driver();
  unsigned queue();
  uint32_t length();
  uint64_t number(uint64_t likely);
  Bytes frame();
  driver::TxResult offer(const Bytes& bytes, unsigned fragments, bool more);

  Choices& choices_;
  uint64_t lies_;
  FakePlatform platform_;
  FakePci pci_{platform_, 16u << 20};
  FakeDevice device_{platform_, pci_};
  driver::VirtioNetOptions options_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<driver::NetDevice> driver_;
  bool open_ = false;
  std::vector<std::unique_ptr<Frame>> frames_;
  HostileTotals totals_;
  std::string fault_;

  // What an honest device is.
  formats::VirtioNetConfig config_{};
  uint64_t offered_ = 0;
  uint16_t num_queues_ = 0;
  // Lies that are being told.
  uint64_t lie_offset_ = 0, lie_value_ = 0, lies_left_ = 0, gone_left_ = 0, swallow_left_ = 0,
           config_left_ = 0;
};

}  // namespace ringside::test
