// SPDX-License-Identifier: Apache-2.0
// A host for the functional core without SystemC: memory as a byte array, firmware called at once
// or held back, DMA answered at once or by hand, and everything that the card did, in order.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "firmware/control_plane.h"
#include "formats/virtio.h"
#include "hw_model/core/nic_core.h"
#include "hw_model/diff/card_tap.h"
#include "hw_model/management/management_block.h"
#include "tests/support/gtest.h"

namespace ringside::test {

using formats::CommonCfg;
using hw::ActionKind;
using hw::BarLayout;
using hw::Counter;
using hw::DeviceError;
using hw::Event;
using hw::EventKind;

/// One thing that the card did to the host, in the order in which it did it.
struct Deed {
  ActionKind kind;
  uint64_t address = 0;
  uint32_t size = 0;
  uint64_t value = 0;
  uint32_t tag = 0;
};

class CoreHarness : private hw::CommandSink {
 public:
  static constexpr uint64_t kBase = 0x10000;
  static constexpr uint64_t kBar = 0x40'0000'0000;

  hw::FramePool pool;  // first, because it must outlive the frames

  /// `tap`, if it is not null, sees what passes the card's pins, and its trace.
  explicit CoreHarness(const hw::CoreConfig& config = {}, hw::CardTap* tap = nullptr)
      : core(config, pool), tap_(tap) {
    memory.resize(1 << 20);
    if (tap != nullptr) core.trace(&records_);
    take(Event::carrier(true, 10000));
    take(Event{EventKind::kPowerOn});
  }

  // -- events
  /// Refused events return why; legal ones are carried out.
  std::string_view take(const Event& event) {
    hw::ActionList actions;
    if (tap_ != nullptr) tap_->at(++steps_ * kStepPs);
    if (tap_ != nullptr) show(event);
    const std::string_view refused = core.step(event, actions);
    carry_out(actions);
    return refused;
  }
  std::string_view choose(EventKind kind, unsigned queue, unsigned count = 0) {
    return take(Event::choice(kind, static_cast<uint16_t>(queue), static_cast<uint16_t>(count)));
  }

  // -- host memory
  std::byte* at(uint64_t address, uint64_t size) {
    if (address < kBase || size > memory.size() || address - kBase > memory.size() - size) {
      return nullptr;
    }
    return memory.data() + (address - kBase);
  }
  template <typename T>
  T load(uint64_t address) {
    T value;
    std::memcpy(&value, at(address, sizeof value), sizeof value);
    return value;
  }
  template <typename T>
  void store(uint64_t address, T value) {
    std::memcpy(at(address, sizeof value), &value, sizeof value);
  }
  uint64_t allocate(uint64_t size, uint64_t align = 16) {
    next_ = (next_ + align - 1) / align * align;
    const uint64_t address = next_;
    next_ += size;
    return address;
  }

  // -- registers
  uint64_t read(EventKind kind, uint64_t address, unsigned width) {
    reply_done = false;
    take(Event::read(kind, address, static_cast<uint8_t>(width), 77));
    return reply_value;
  }
  uint64_t config(uint32_t offset, unsigned width) {
    return read(EventKind::kConfigRead, offset, width);
  }
  void set_config(uint32_t offset, unsigned width, uint64_t value) {
    take(Event::write(EventKind::kConfigWrite, offset, static_cast<uint8_t>(width), value));
  }
  uint64_t bar(uint32_t offset, unsigned width) {
    return read(EventKind::kMemoryRead, offset, width);
  }
  void set_bar(uint32_t offset, unsigned width, uint64_t value) {
    take(Event::write(EventKind::kMemoryWrite, offset, static_cast<uint8_t>(width), value));
  }
  uint8_t status() { return static_cast<uint8_t>(bar(CommonCfg::kDeviceStatus, 1)); }
  void set_status(uint8_t value) { set_bar(CommonCfg::kDeviceStatus, 1, value); }
  uint64_t offered() {
    uint64_t features = 0;
    for (unsigned word = 0; word < 2; ++word) {
      set_bar(CommonCfg::kDeviceFeatureSelect, 4, word);
      features |= bar(CommonCfg::kDeviceFeature, 4) << (32 * word);
    }
    return features;
  }
  void accept(uint64_t features) {
    for (unsigned word = 0; word < 2; ++word) {
      set_bar(CommonCfg::kDriverFeatureSelect, 4, word);
      set_bar(CommonCfg::kDriverFeature, 4, (features >> (32 * word)) & 0xFFFFFFFF);
    }
  }
  /// Bus mastering, memory space and (if `msix`) MSI-X; vector v sends 0x40 + v.
  void enable_pci(bool msix = true) {
    set_config(hw::PciConfig::kBar0, 4, 0);
    set_config(hw::PciConfig::kBar0 + 4, 4, kBar >> 32);
    set_config(hw::PciConfig::kCommand, 2, 0x6);
    if (!msix) return;
    const uint64_t last = config(hw::PciConfig::kMsixCap + 2, 2) & 0x7FF;
    for (unsigned vector = 0; vector <= last; ++vector) {
      const uint32_t entry = BarLayout::kMsixTable + 16 * vector;
      set_bar(entry, 4, 0xFEE00000);
      set_bar(entry + 8, 4, 0x40 + vector);
      set_bar(entry + 12, 4, 0);
    }
    set_config(hw::PciConfig::kMsixCap + 2, 2, 0x8000);
  }
  /// Up to FEATURES_OK.
  uint8_t negotiate(uint64_t features) {
    set_status(0);
    set_status(1);
    set_status(3);
    accept(features);
    set_status(11);
    return status();
  }

  // -- what the card did
  std::vector<Deed> deeds;
  std::vector<hw::FramePtr> frames;
  std::deque<Deed> reads;  ///< unanswered, with manual_dma
  bool manual_dma = false;
  bool manual_firmware = false;
  bool intx = false;
  bool reply_done = false;
  uint64_t reply_value = 0;

  unsigned interrupts(uint64_t data) const {
    return static_cast<unsigned>(std::count_if(deeds.begin(), deeds.end(), [&](const Deed& deed) {
      return deed.kind == ActionKind::kMsix && deed.value == data;
    }));
  }
  unsigned count(ActionKind kind) const {
    return static_cast<unsigned>(std::count_if(
        deeds.begin(), deeds.end(), [&](const Deed& deed) { return deed.kind == kind; }));
  }
  void answer_read(std::size_t index = 0) {
    const Deed read = reads[index];
    reads.erase(reads.begin() + static_cast<std::ptrdiff_t>(index));
    const std::byte* data = at(read.address, read.size);
    take(data != nullptr ? Event::dma_done(read.tag, {data, read.size})
                         : Event::dma_failed(read.tag));
  }
  void answer_event() {
    const rs_bus bus = hw::firmware_bus(firmware_side_);
    EXPECT_EQ(rs_control_plane_step(&firmware, &bus), 1);
  }

  hw::NicCore core;
  rs_control_plane firmware{};
  std::vector<std::byte> memory;
  hw::ManagementBlock management{*this};
  const std::deque<rs_event>& events = management.events();  ///< unanswered

 private:
  class Records final : public hw::TraceSink {
   public:
    explicit Records(CoreHarness& host) : host_(host) {}
    void record(const hw::TraceRecord& record) override { host_.tap_->record(record); }

   private:
    CoreHarness& host_;
  };
  /// What firmware does at the registers, for the tap.
  class FirmwareSide final : public hw::ManagementBus {
   public:
    explicit FirmwareSide(CoreHarness& host) : host_(host) {}
    uint32_t read(uint32_t offset) override {
      const uint32_t value = host_.management.read(offset);
      if (host_.tap_ != nullptr) host_.tap_->management_read(offset, value);
      return value;
    }
    void write(uint32_t offset, uint32_t value) override {
      const bool pops = offset == hw::ManagementRegs::kEventPop;
      if (pops && host_.tap_ != nullptr) host_.tap_->event_popped();
      host_.management.write(offset, value);
    }

   private:
    CoreHarness& host_;
  };
  /// What goes in, to the tap.
  void show(const Event& event) {
    const auto config = [&](hw::TraceKind kind, uint64_t value) {
      tap_->record({.kind = kind,
                    .queue = hw::TraceRecord::kNoQueue,
                    .size = event.width,
                    .address = event.address,
                    .value = value});
    };
    switch (event.kind) {
      case EventKind::kCarrier:
        tap_->carrier(event.ok, static_cast<uint32_t>(event.value));
        break;
      case EventKind::kFrameIn:
        tap_->frame_in(*event.frame);
        break;
      case EventKind::kDmaReadDone:
        tap_->read_completion(event.tag, event.data, event.ok, true);
        break;
      case EventKind::kCommand:
        tap_->command(*event.command);
        break;
      case EventKind::kConfigWrite:
        config(hw::TraceKind::kConfigWrite, event.value);
        break;
      default:
        break;
    }
  }
  /// What comes out, to the tap.
  void show(hw::ActionList& actions, const hw::Action& action) {
    const auto value = static_cast<uint32_t>(action.value);
    switch (action.kind) {
      case ActionKind::kDmaRead:
        tap_->read_request(action.tag, action.purpose, action.queue, action.address, action.size);
        break;
      case ActionKind::kDmaWrite:
        tap_->posted(action.purpose, action.queue, action.address, actions.payload(action));
        break;
      case ActionKind::kMsix:
        tap_->posted(hw::Purpose::kInterrupt, 0, action.address,
                     std::as_bytes(std::span(&value, 1)));
        break;
      case ActionKind::kIntx:
        tap_->message(action.value != 0);
        break;
      case ActionKind::kFrameOut:
        tap_->frame_out(actions.frame(action)->bytes);
        break;
      default:
        break;
    }
  }
  void command(const rs_command& command) override {
    EXPECT_EQ(take(Event::from_command(command)), "");
  }
  /// Not from within a step of the firmware: that one is followed by another.
  void answer_events() {
    if (answering_) return;
    answering_ = true;
    while (!manual_firmware && !events.empty()) answer_event();
    answering_ = false;
  }
  void carry_out(hw::ActionList& actions) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const Deed deed{actions[i].kind, actions[i].address, actions[i].size, actions[i].value,
                      actions[i].tag};
      if (tap_ != nullptr) show(actions, actions[i]);
      if (deed.kind != ActionKind::kReadReply && deed.kind != ActionKind::kManagement) {
        deeds.push_back(deed);
      }
      switch (deed.kind) {
        case ActionKind::kDmaRead:
          reads.push_back(deed);
          if (!manual_dma) answer_read();
          break;
        case ActionKind::kDmaWrite:
          if (std::byte* to = at(deed.address, deed.size)) {
            std::memcpy(to, actions.payload(actions[i]).data(), deed.size);
          } else {
            take(Event{EventKind::kDmaWriteFailed});
          }
          break;
        case ActionKind::kIntx:
          intx = deed.value != 0;
          break;
        case ActionKind::kFrameOut:
          frames.push_back(actions.frame(actions[i]));
          break;
        case ActionKind::kReadReply:
          EXPECT_EQ(deed.tag, 77u);
          reply_done = true;
          reply_value = deed.value;
          break;
        case ActionKind::kManagement:
          management.post(actions.management(actions[i]));
          answer_events();
          break;
        default:
          break;
      }
    }
  }
  uint64_t next_ = kBase + 0x1000;
  static constexpr hw::TimePs kStepPs = 4000;  ///< time of the tap
  hw::CardTap* tap_;
  uint64_t steps_ = 0;
  Records records_{*this};
  FirmwareSide firmware_side_{*this};
  bool answering_ = false;
};

/// A driver's side of one split virtqueue, written down entry by entry.
class Ring {
 public:
  Ring(CoreHarness& host, unsigned queue, uint16_t size)
      : host_(host),
        queue_(queue),
        size(size),
        desc(host.allocate(formats::SplitRing::desc_bytes(size), 16)),
        avail(host.allocate(formats::SplitRing::avail_bytes(size), 2)),
        used(host.allocate(formats::SplitRing::used_bytes(size), 4)) {}

  /// Sets the queue's registers and writes queue_enable.
  void enable(uint16_t vector = 0xFFFF) {
    host_.set_bar(CommonCfg::kQueueSelect, 2, queue_);
    host_.set_bar(CommonCfg::kQueueSize, 2, size);
    host_.set_bar(CommonCfg::kQueueMsixVector, 2, vector);
    host_.set_bar(CommonCfg::kQueueDesc, 8, desc);
    host_.set_bar(CommonCfg::kQueueDriver, 4, avail & 0xFFFFFFFF);
    host_.set_bar(CommonCfg::kQueueDriver + 4, 4, avail >> 32);
    host_.set_bar(CommonCfg::kQueueDevice, 8, used);
    host_.set_bar(CommonCfg::kQueueEnable, 2, 1);
  }
  void set_desc(unsigned index, uint64_t address, uint32_t length, uint16_t flags = 0,
                uint16_t next = 0) {
    host_.store(desc + 16 * index, formats::VirtqDesc{address, length, flags, next});
  }
  void make_available(uint16_t head) {
    host_.store(avail + formats::SplitRing::avail_entry(avail_idx % size), head);
    ++avail_idx;
    host_.store(avail + formats::SplitRing::kAvailIdx, avail_idx);
  }
  void notify() {
    host_.set_bar(BarLayout::kNotify + BarLayout::kNotifyMultiplier * queue_, 2, queue_);
  }
  uint16_t used_idx() { return host_.load<uint16_t>(used + formats::SplitRing::kUsedIdx); }
  uint16_t used_flags() { return host_.load<uint16_t>(used); }
  formats::VirtqUsedElem used_elem(unsigned index) {
    return host_.load<formats::VirtqUsedElem>(used + formats::SplitRing::used_entry(index % size));
  }
  uint16_t avail_event() {
    return host_.load<uint16_t>(used + formats::SplitRing::avail_event(size));
  }
  void set_used_event(uint16_t value) {
    host_.store(avail + formats::SplitRing::used_event(size), value);
  }
  void set_flags(uint16_t value) { host_.store(avail, value); }

 private:
  CoreHarness& host_;
  unsigned queue_;

 public:
  uint16_t size;
  uint64_t desc, avail, used;
  uint16_t avail_idx = 0;
};

constexpr uint64_t kBasic =
    formats::feature_bit(VIRTIO_F_VERSION_1) | formats::feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
    formats::feature_bit(VIRTIO_F_ORDER_PLATFORM) | formats::feature_bit(VIRTIO_NET_F_MAC) |
    formats::feature_bit(VIRTIO_NET_F_STATUS);
constexpr uint64_t kMergeable = formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF);
constexpr uint64_t kIndirect = formats::feature_bit(VIRTIO_F_INDIRECT_DESC);
constexpr uint64_t kEventIdx = formats::feature_bit(VIRTIO_F_EVENT_IDX);
constexpr uint64_t kControl = formats::feature_bit(VIRTIO_NET_F_CTRL_VQ);
constexpr uint64_t kMultiQueue = kControl | formats::feature_bit(VIRTIO_NET_F_MQ);

/// A card that is up, with one receive and one transmit ring.
class RunningCard : public CoreHarness {
 public:
  explicit RunningCard(uint64_t features = kBasic, uint16_t size = 8,
                       const hw::CoreConfig& config = {}, bool msix = true,
                       hw::CardTap* tap = nullptr)
      : CoreHarness(config, tap), rx(*this, 0, size), tx(*this, 1, size) {
    enable_pci(msix);
    negotiate(features);
    start(msix);
  }
  void start(bool msix = true) {
    if (msix) set_bar(CommonCfg::kConfigMsixVector, 2, 0);
    rx.enable(msix ? 1 : 0xFFFF);
    tx.enable(msix ? 2 : 0xFFFF);
    set_status(15);
    deeds.clear();
  }
  /// A chain of readable descriptors `first`, `first` + 1, ... of the sizes given, filled with
  /// bytes that count from `seed`; the frame starts 12 bytes in.
  void put_transmit(uint16_t first, const std::vector<uint32_t>& sizes, uint8_t seed = 0) {
    uint8_t value = seed;
    for (unsigned i = 0; i < sizes.size(); ++i) {
      const uint64_t address = allocate(sizes[i], 1);
      for (uint32_t j = 0; j < sizes[i]; ++j) store(address + j, value++);
      const bool last = i + 1 == sizes.size();
      tx.set_desc(first + i, address, sizes[i], last ? 0 : VIRTQ_DESC_F_NEXT,
                  static_cast<uint16_t>(last ? 0 : first + i + 1));
    }
    tx.make_available(first);
  }
  /// A receive buffer of one descriptor; returns its address.
  uint64_t put_receive(uint16_t id, uint32_t size) {
    const uint64_t address = allocate(size, 1);
    rx.set_desc(id, address, size, VIRTQ_DESC_F_WRITE);
    rx.make_available(id);
    return address;
  }
  /// Brings all known available entries of `queue` to described chains.
  void fetch(unsigned queue) {
    EXPECT_EQ(choose(EventKind::kSampleAvail, queue), "");
    while (core.ids_fetchable(queue) != 0) {
      EXPECT_EQ(choose(EventKind::kFetchIds, queue, core.ids_fetchable(queue)), "");
    }
    while (core.descriptors_fetchable(queue)) {
      EXPECT_EQ(choose(EventKind::kFetchDescriptors, queue, 32), "");
    }
  }
  void start_frames(unsigned queue) {
    while (core.can_start_frame(queue)) {
      EXPECT_EQ(choose(EventKind::kStartFrame, queue), "");
    }
  }
  void finish(unsigned queue) {
    if (const uint32_t frames = core.used_returnable(queue); frames != 0) {
      EXPECT_EQ(choose(EventKind::kReturnUsed, queue, frames), "");
    }
    if (core.suppression_due(queue)) {
      EXPECT_EQ(choose(EventKind::kReadSuppression, queue), "");
    }
  }
  void serve(unsigned queue) {
    fetch(queue);
    start_frames(queue);
    finish(queue);
  }
  hw::FramePtr make_frame(uint32_t size, uint8_t seed = 0) {
    hw::FramePtr frame = pool.make();
    for (uint32_t i = 0; i < size; ++i) frame->bytes.push_back(static_cast<std::byte>(seed++));
    return frame;
  }
  void receive(uint32_t size, uint8_t seed = 0) { take(Event::frame_in(make_frame(size, seed))); }
  uint64_t errors(DeviceError error) const { return core.counters()[error]; }
  uint64_t counter(Counter counter) const { return core.counters()[counter]; }

  Ring rx, tx;
};

}  // namespace ringside::test
