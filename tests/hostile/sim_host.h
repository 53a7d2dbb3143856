// SPDX-License-Identifier: Apache-2.0
// A card of model lt, at, rtl or diff as a RawHost, and two more cards whose traffic nobody may
// disturb.
#pragma once

#include <memory>
#include <string>

#include "formats/digest.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/tlm/nic_model.h"
#include "hw_model/wire/link.h"
#include "tests/hostile/raw_host.h"

namespace ringside::hostile {

enum class Model : uint8_t { kCore, kLt, kAt, kRtl, kDiff };
/// That this build has, as enumerated.
inline constexpr std::string_view kModelNames[] = {"core", "lt", "at",
#if RINGSIDE_HAVE_RTL
                                                   "rtl", "diff"
#endif
};
/// One of kModelNames.
Model model_named(std::string_view name);
/// The hardware is in RTL.
inline bool is_rtl(Model model) { return model == Model::kRtl || model == Model::kDiff; }
/// Queue pairs that a card of this model can have.
inline uint16_t queue_pairs_of(Model model) { return is_rtl(model) ? 1 : 2; }

/// Its functions are called from an SC_THREAD.
class SimHost final : public RawHost, private hw::InterruptSink {
 public:
  /// `wire` is the end of a link that the card gets.
  SimHost(const std::string& name, Model model, const hw::NicConfig& config, hw::EthernetPort& wire,
          hw::FramePool& pool, std::size_t memory_bytes);

  uint32_t config_read(uint32_t offset, unsigned width) override;
  void config_write(uint32_t offset, unsigned width, uint32_t value) override;
  uint64_t memory_read(uint64_t address, unsigned width) override;
  void memory_write(uint64_t address, unsigned width, uint64_t value) override;
  uint64_t bar() const override { return hw::RootPort::kMmioBase; }
  bool settle() override;
  void advance(unsigned amount) override;
  void send_to_card(ByteView frame) override;
  uint64_t counter(std::string_view name) const override;
  std::string audit() override { return nic_->fault(); }

  /// The other end of the link: sends for send_to_card(), and counts what the card sends.
  void attach_peer(hw::EthernetPort& other_end);
  hw::NicModel& nic() { return *nic_; }

 private:
  struct Peer final : hw::EthernetReceiver {
    void receive_frame(const hw::FramePtr& frame, hw::TimePs, hw::TimePs) override {
      ++host->frames_from_card;
      host->last_frame = frame->bytes;
    }
    void carrier_change(bool) override {}
    SimHost* host = nullptr;
    hw::EthernetPort* port = nullptr;
  };
  void msi(unsigned, uint32_t data) override { ++messages[data % kVectors]; }
  void intx(unsigned, bool asserted) override { RawHost::intx = asserted; }
  uint64_t activity() const;

  hw::FramePool& pool_;
  hw::RootPort port_;
  std::unique_ptr<hw::NicModel> nic_;
  Peer peer_;
};

/// Carol and dave, each with a card, exchange frames for some hundred microseconds. The digest is
/// over every write of their cards to memory, with its time.
class Bystanders {
 public:
  Bystanders(Model model, const hw::NicConfig& config, hw::FramePool& pool);
  ~Bystanders();
  bool done() const;
  /// Of the whole exchange; what went wrong if something did.
  std::string digest() const;

 private:
  class Pair;
  std::unique_ptr<Pair> pair_;
};

}  // namespace ringside::hostile
