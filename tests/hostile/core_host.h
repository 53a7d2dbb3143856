// SPDX-License-Identifier: Apache-2.0
// The functional core alone as a RawHost: no time; what may happen next is drawn from a seed, or
// from any other source of numbers.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "firmware/control_plane.h"
#include "hw_model/core/nic_core.h"
#include "hw_model/management/management_block.h"
#include "tests/hostile/raw_host.h"

namespace ringside::hostile {

/// Gives a number below its argument, which is not 0.
using Draw = std::function<uint64_t(uint64_t)>;

class CoreHost final : public RawHost, private hw::CommandSink {
 public:
  /// More things than this in one go are a card that does not come to rest.
  static constexpr uint64_t kMostSteps = 2'000'000;

  CoreHost(const hw::CoreConfig& config, std::size_t memory_bytes, Draw draw);

  uint32_t config_read(uint32_t offset, unsigned width) override;
  void config_write(uint32_t offset, unsigned width, uint32_t value) override;
  uint64_t memory_read(uint64_t address, unsigned width) override;
  void memory_write(uint64_t address, unsigned width, uint64_t value) override;
  uint64_t bar() const override { return 0x40'0000'0000; }
  bool settle() override;
  void advance(unsigned amount) override;
  void send_to_card(ByteView frame) override;
  uint64_t counter(std::string_view name) const override;
  /// Whether queries and choices agree, occupancies are within their buffers, and nothing that was
  /// refused changed anything.
  std::string audit() override;

 private:
  struct Read {
    uint32_t tag;
    uint32_t size;
    uint64_t address;
  };
  struct Choice {
    hw::EventKind kind;
    uint16_t queue;
    uint16_t count;
  };
  void command(const rs_command& command) override;
  void take(const hw::Event& event);
  void carry_out(hw::ActionList& actions);
  bool stopped();
  bool write(uint64_t address, ByteView bytes);
  uint64_t read_register(hw::EventKind kind, uint64_t address, unsigned width);
  void answer_read(std::size_t index);
  void answer_event();
  void choices(std::vector<Choice>* out);
  bool step();
  void fault(const std::string& what) {
    if (fault_.empty()) fault_ = what;
  }

  Draw draw_;
  hw::FramePool pool_;  // before what holds frames
  hw::CoreConfig config_;
  hw::NicCore core_;
  rs_control_plane firmware_{};
  std::vector<Read> reads_;
  hw::ManagementBlock management_{*this};
  std::vector<Choice> choices_;
  std::vector<std::unique_ptr<hw::ActionList>> lists_;
  std::size_t depth_ = 0;
  uint64_t leaving_ = 0;  ///< bytes given to the port
  uint64_t refused_ = 0;
  uint64_t errors_forgiven_ = 0;  ///< counted before the last reset
  uint64_t resets_ = 0;
  uint64_t reply_ = 0;
  bool replied_ = false;
  std::string fault_;
};

}  // namespace ringside::hostile
