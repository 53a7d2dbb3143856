// SPDX-License-Identifier: Apache-2.0
// A scripted virtio network device that works on rings in memory at the level of bytes. Tests let
// it behave, make it refuse, or write what they like into the rings.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "formats/virtio.h"
#include "tests/unit/driver/fake_pci.h"

namespace ringside::test {

using Bytes = std::vector<uint8_t>;

/// A capability of the device's configuration space.
struct FakeCapability {
  uint8_t type;
  uint8_t bar;
  uint32_t offset;
  uint32_t length;
  uint8_t cap_len = 16;
  uint8_t vendor = 0x09;
};

/// What the device does with a control command.
enum class ControlManner : uint8_t {
  kObey,       ///< executes it, or refuses it where the standard has it refused
  kRefuse,     ///< VIRTIO_NET_ERR
  kSilent,     ///< never returns it
  kNonsense,   ///< an ack byte that is neither OK nor ERR
  kNoAck,      ///< returns it with nothing written
  kStrangeId,  ///< returns a buffer that it was never given
  kLongAck,    ///< obeys, and says that it has written 4 GiB
};

class FakeDevice final : public FakeFunction {
 public:
  static constexpr unsigned kBar = 4;
  static constexpr uint32_t kCommon = 0, kIsr = 0x1000, kConfig = 0x2000, kNotify = 0x3000;
  static constexpr uint32_t kBarBytes = 0x4000;
  static constexpr uint32_t kMultiplier = 4;
  static constexpr unsigned kQueues = 17;  ///< there are num_queues of them

  struct Chain {
    uint16_t head = 0;
    std::vector<formats::VirtqDesc> elements;
  };

  struct Queue {
    uint16_t max_size = 256, size = 256, vector = 0xFFFF, enable = 0;
    uint16_t notify_off = 0;
    uint64_t descriptors = 0, driver = 0, device = 0;
    uint16_t taken = 0;      ///< available entries taken
    uint16_t used_idx = 0;   ///< as last written
    uint16_t signalled = 0;  ///< used index at the last look at used_event
    bool awake = false;
    unsigned phase = 0;  ///< of going to sleep
    uint64_t notifications = 0;
    uint64_t last_notification = 0;
    unsigned last_notification_width = 0;
  };

  FakeDevice(FakePlatform& platform, FakePci& pci);

  // -- FakeFunction
  uint32_t config_read(uint32_t offset, unsigned width) override;
  void config_write(uint32_t offset, unsigned width, uint32_t value) override;
  uint64_t bar_size(unsigned bar) override { return bar == kBar ? bar_bytes : 0; }
  uint64_t bar_read(unsigned bar, uint64_t offset, unsigned width) override {
    uint64_t value = honest_read(bar, offset, width);
    if (on_read) on_read(offset, width, &value);
    return value;
  }
  void bar_write(unsigned bar, uint64_t offset, unsigned width, uint64_t value) override;
  void function_reset() override { reset(); }
  void step() override;

  // -- lies, told after and instead of the truth
  /// May change what a register read answers.
  std::function<void(uint64_t offset, unsigned width, uint64_t* value)> on_read;
  /// True: the write never happened.
  std::function<bool(uint64_t offset, unsigned width, uint64_t value)> on_write;
  /// May change what a read of configuration space answers.
  std::function<void(uint32_t offset, unsigned width, uint32_t* value)> on_config_read;

  // -- behaviour
  std::vector<FakeCapability> capabilities;  ///< written to configuration space by lay_out()
  void lay_out();
  std::array<uint8_t, 256> space{};
  uint32_t bar_bytes = kBarBytes;
  uint64_t offered = 0;
  uint16_t num_queues = 2;
  uint16_t msix_table = 32;  ///< vectors that events can be mapped to
  bool refuse_features = false;
  bool start_needs_reset = false;  ///< DEVICE_NEEDS_RESET, with its interrupt, at DRIVER_OK
  unsigned busy_resets = 0;        ///< status reads after a reset that are not 0 yet
  bool reset_hangs = false;
  unsigned torn_reads = 0;  ///< generation changes under that many more readings
  formats::VirtioNetConfig config{};
  ControlManner control = ControlManner::kObey;
  std::function<unsigned(const Bytes&)> steer;    ///< receive queue of a frame; empty: the first
  bool automatic = true;                          ///< transmit is processed upon a notification
  std::function<void(unsigned queue)> on_notify;  ///< instead of `automatic`, at once
  bool echo = false;                              ///< transmitted frames come back
  uint64_t latency_ns = 500;
  bool fragment_receive = false;  ///< each receive buffer gets a few bytes only

  // -- what happened
  std::vector<std::string> log;    ///< register writes of bring-up, in order
  std::vector<Bytes> transmitted;  ///< frames without header
  std::vector<Bytes> headers;      ///< their headers
  std::vector<Chain> chains;       ///< their descriptors
  std::vector<unsigned> sent_on;   ///< their queues
  std::vector<Bytes> commands;     ///< control commands: class, number, data
  unsigned active_pairs = 1;       ///< as set by the last command
  bool keep_history = true;
  uint8_t status = 0;
  uint64_t accepted = 0;
  uint64_t errors = 0;  ///< things that a driver must not do
  std::string first_error;
  uint64_t isr_reads = 0;
  std::array<Queue, kQueues> queues;

  // -- acts
  /// Offers MQ, and as many queues as that needs.
  void offer_pairs(uint16_t max_pairs);
  /// Gives a frame to the driver. False if there are too few buffers.
  bool receive(const Bytes& frame);
  /// A frame cut into these used lengths, the header with `num_buffers` in the first.
  bool receive_cut(const Bytes& frame, const std::vector<uint32_t>& cuts, uint16_t num_buffers);
  /// Takes and completes transmitted chains of one queue, at most `most`.
  unsigned transmit(unsigned most = ~0u, unsigned queue = 1);
  /// Deals with what waits in the control queue.
  void take_command();
  /// Takes one available chain without using it.
  bool take(unsigned queue, Chain* chain);
  void put_used(unsigned queue, uint32_t id, uint32_t len);
  void write_used_entry(unsigned queue, uint16_t slot, uint32_t id, uint32_t len);
  void write_used_idx(unsigned queue, uint16_t idx);
  /// Interrupts if the driver wants it.
  void signal(unsigned queue);
  /// Interrupts in any case.
  void interrupt(unsigned queue);
  void configuration_changed();
  void set_link(bool up);
  void set_needs_reset();
  void write_avail_event(unsigned queue, uint16_t event);
  void write_used_flags(unsigned queue, uint16_t flags);
  uint16_t avail_idx(unsigned queue);
  uint16_t avail_flags(unsigned queue);
  uint16_t used_event(unsigned queue);
  bool has(unsigned feature) const { return (accepted & formats::feature_bit(feature)) != 0; }
  void error(const std::string& what);
  /// Frames that wait for receive buffers.
  std::deque<Bytes> waiting;

 private:
  void reset();
  uint64_t honest_read(unsigned bar, uint64_t offset, unsigned width);
  uint16_t read16(BusAddress bus);
  uint64_t read_common(uint64_t offset);
  void write_common(uint64_t offset, unsigned width, uint64_t value);
  void notified(unsigned queue, uint64_t value, unsigned width);
  bool scatter(const Chain& chain, const uint8_t* from, uint32_t size);
  unsigned control_index() const {
    return has(VIRTIO_NET_F_MQ) ? 2u * config.max_virtqueue_pairs : 2;
  }
  bool is_control(unsigned queue) const {
    return has(VIRTIO_NET_F_CTRL_VQ) && queue == control_index();
  }
  uint8_t execute(const Bytes& command);
  unsigned steered(const Bytes& frame) const { return steer ? 2 * steer(frame) : 0; }
  void step_transmit(unsigned queue);
  void step_receive();
  void sleep_or_stay(unsigned queue);
  uint16_t maximum(unsigned queue) const { return queues[queue].max_size; }

  FakePlatform& platform_;
  FakePci& pci_;
  uint32_t device_select_ = 0, driver_select_ = 0;
  uint16_t queue_select_ = 0, config_vector_ = 0xFFFF;
  uint8_t generation_ = 0;
  uint8_t isr_ = 0;
  unsigned busy_left_ = 0;
  Random random_{7};
};

}  // namespace ringside::test
