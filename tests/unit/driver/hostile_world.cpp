// SPDX-License-Identifier: Apache-2.0
// See hostile_world.h.
#include "tests/unit/driver/hostile_world.h"

#include <algorithm>
#include <cstring>

#include "host_driver/virtio_net_driver.h"

namespace ringside::test {
namespace {

using driver::TxResult;

constexpr uint32_t kFrameBytes = 2048;
/// The longest that open() and stop() may take, and a device that behaves again may stay away, ns.
constexpr uint64_t kBoundNs = 40'000'000, kAwayNs = 2'000'000'000;
constexpr unsigned kMostAttempts = 6;
constexpr unsigned kFinalFrames = 24;

constexpr uint64_t kRegisters[] = {
    formats::kDeviceFeature,   formats::kConfigMsixVector, formats::kNumQueues,
    formats::kDeviceStatus,    formats::kConfigGeneration, formats::kQueueSize,
    formats::kQueueMsixVector, formats::kQueueEnable,      formats::kQueueNotifyOff,
    FakeDevice::kIsr,          FakeDevice::kConfig,        FakeDevice::kConfig + 6,
    FakeDevice::kConfig + 8,   FakeDevice::kConfig + 10};

}  // namespace

uint64_t InputChoices::below(uint64_t bound) {
  if (bound <= 1) return 0;
  uint64_t value = 0;
  for (uint64_t left = bound - 1; left != 0 && !input_.empty(); left >>= 8) {
    value = value << 8 | input_.front();
    input_ = input_.subspan(1);
  }
  return value % bound;
}

/// A transmitted frame's memory.
struct HostileWorld::Frame {
  std::byte* data = nullptr;
  std::vector<driver::TxFragment> fragments;
  bool in_flight = false;
};

/// Checks the contract of NetDeviceClient at every call.
class HostileWorld::Client final : public driver::NetDeviceClient {
 public:
  Client(FakePlatform& platform, FakePci& pci) : platform_(platform), pci_(pci) {}

  void receive(std::span<const driver::RxSegment> segments) override {
    in_softirq("receive");
    ++received;
    Bytes bytes;
    for (const driver::RxSegment& segment : segments) {
      pci_.lend(segment.data, segment.size);
      held.push_back(segment);
      if (!pci_.open(segment.data, segment.size)) {
        violation("a segment outside its buffer");
        continue;
      }
      const auto* from = reinterpret_cast<const uint8_t*>(segment.data);
      bytes.insert(bytes.end(), from, from + segment.size);
    }
    if (bytes.size() < 14) violation("a frame without a header");
    if (keep) frames.push_back(std::move(bytes));
    if (!hoard) release();
  }
  void receive_done() override { in_softirq("receive_done"); }
  void transmit_complete(void* cookie) override {
    if (!stopping) in_softirq("transmit_complete");
    if (platform_.locks_held() != 0) violation("a completion with a lock held");
    auto* frame = static_cast<Frame*>(cookie);
    if (!frame->in_flight) return violation("a frame was completed twice");
    frame->in_flight = false;
    ++completed;
    if (!pci_.open(frame->data, kFrameBytes)) return violation("a completed frame is still mapped");
    std::memset(frame->data, 0xEE, kFrameBytes);
  }
  void transmit_wake() override {
    in_softirq("transmit_wake");
    ++wakes;
    busy = false;
  }
  void link_change(bool) override { in_softirq("link_change"); }

  void release() {
    for (const driver::RxSegment& segment : held) {
      pci_.take_back(segment.data, segment.size);
      device->release(segment.buffer);
    }
    held.clear();
  }

  driver::NetDevice* device = nullptr;
  bool stopping = false, hoard = false, keep = false;
  bool busy = false;  ///< told kBusy, and not woken since
  uint64_t received = 0, completed = 0, wakes = 0;
  std::vector<driver::RxSegment> held;
  std::vector<Bytes> frames;
  std::string wrong;

 private:
  void violation(const char* what) {
    if (wrong.empty()) wrong = what;
  }
  void in_softirq(const char* call) {
    if (platform_.in_softirq() && platform_.locks_held() == 0) return;
    if (wrong.empty()) wrong = std::string(call) + " outside softirq context, or with a lock held";
  }
  FakePlatform& platform_;
  FakePci& pci_;
};

HostileWorld::HostileWorld(Choices& choices, uint64_t lies)
    : choices_(choices), lies_(lies), client_(std::make_unique<Client>(platform_, pci_)) {
  configure();
}

HostileWorld::~HostileWorld() = default;

void HostileWorld::configure() {
  const unsigned pairs = 1 + static_cast<unsigned>(choices_.below(4));
  options_.queue_pairs = pairs;
  options_.ring_size = 8u << choices_.below(4);
  options_.rx_buffer_bytes = choices_.below(2) == 0 ? 2048 : 512;
  options_.napi_budget = choices_.below(2) == 0 ? 64 : 3;
  options_.max_tx_fragments = 4;
  options_.tx_reclaim_timeout_ns = choices_.below(2) == 0 ? 200'000 : 0;
  options_.tx_stall_timeout_ns = 5'000'000;
  options_.watchdog_ns = 2'000'000;
  options_.reset_timeout_ns = 1'000'000;
  options_.control_timeout_ns = 2'000'000;
  options_.reset_backoff_ns = 100'000;
  options_.reset_backoff_max_ns = 3'000'000;
  options_.reset_attempts = kMostAttempts;
  options_.use_msix = choices_.below(4) != 3;
  options_.msix_vectors = 9 - static_cast<unsigned>(choices_.below(9));
  if (pairs > 1) device_.offer_pairs(static_cast<uint16_t>(2 + choices_.below(3)));
  for (const unsigned feature : {VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC, VIRTIO_NET_F_MRG_RXBUF,
                                 VIRTIO_F_NOTIFICATION_DATA}) {
    if (choices_.below(3) == 2) device_.offered &= ~formats::feature_bit(feature);
  }
  device_.keep_history = false;
  // Then the device also acts between the driver's accesses, over weakly ordered memory.
  if (choices_.below(4) == 3) pci_.interleave(1 + choices_.below(1 << 16));
  config_ = device_.config;
  offered_ = device_.offered;
  num_queues_ = device_.num_queues;
  device_.on_read = [this](uint64_t offset, unsigned width, uint64_t* value) {
    on_read(offset, width, value);
  };
  device_.on_write = [this](uint64_t, unsigned, uint64_t) {
    if (gone_left_ != 0) return true;
    if (swallow_left_ == 0) return false;
    --swallow_left_;
    return true;
  };
  device_.on_config_read = [this](uint32_t, unsigned, uint32_t* value) {
    if (gone_left_ != 0) *value = ~uint32_t{0};
    if (config_left_ == 0) return;
    --config_left_;
    *value = static_cast<uint32_t>(choices_.below(uint64_t{1} << 32));
  };
}

void HostileWorld::on_read(uint64_t offset, unsigned width, uint64_t* value) {
  if (gone_left_ != 0) {
    --gone_left_;
    *value = width == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * width)) - 1;
    return;
  }
  if (lies_left_ != 0 && offset == lie_offset_) {
    --lies_left_;
    *value = lie_value_;
  }
  if (lies_ != 0 && choices_.one_in(lies_)) *value = number(*value);
}

/// Mostly a number near to what is likely, or an end of the range.
uint64_t HostileWorld::number(uint64_t likely) {
  switch (choices_.below(8)) {
    case 0:
      return likely;
    case 1:
      return likely + 1;
    case 2:
      return likely - 1;
    case 3:
      return 0;
    case 4:
      return ~uint64_t{0};
    case 5:
      return likely ^ uint64_t { 1 } << choices_.below(32);
    case 6:
      return choices_.below(1 << 16);
    default:
      return choices_.below(uint64_t{1} << 32);
  }
}

/// For used entries.
uint32_t HostileWorld::length() {
  const uint64_t likely[] = {100, options_.rx_buffer_bytes,
                             choices_.below(uint64_t{2} * options_.rx_buffer_bytes)};
  return static_cast<uint32_t>(number(likely[choices_.below(3)]));
}

unsigned HostileWorld::queue() {
  return static_cast<unsigned>(choices_.below(2 * options_.queue_pairs + 1));
}

Bytes HostileWorld::frame() {
  Bytes bytes(42 + choices_.below(1400), static_cast<uint8_t>(choices_.below(256)));
  const uint8_t header[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45};
  std::copy(std::begin(header), std::end(header), bytes.begin());
  bytes[23] = 17;
  bytes[35] = static_cast<uint8_t>(choices_.below(16));
  return bytes;
}

TxResult HostileWorld::offer(const Bytes& bytes, unsigned fragments, bool more) {
  auto free =
      std::find_if(frames_.begin(), frames_.end(), [](const auto& one) { return !one->in_flight; });
  if (free == frames_.end()) {
    frames_.push_back(std::make_unique<Frame>());
    free = frames_.end() - 1;
    (*free)->data = pci_.alloc_buffer(kFrameBytes);
  }
  Frame& one = **free;
  std::memcpy(one.data, bytes.data(), bytes.size());
  one.fragments.clear();
  std::size_t at = 0;
  for (unsigned i = 0; i < fragments; ++i) {
    const std::size_t part = i + 1 == fragments ? bytes.size() - at : bytes.size() / fragments;
    one.fragments.push_back({one.data + at, static_cast<uint32_t>(part)});
    at += part;
  }
  one.in_flight = true;
  const uint64_t wakes = client_->wakes;
  const TxResult result = driver_->transmit({one.fragments, &one}, more);
  if (result == TxResult::kOk) {
    ++totals_.sent;
  } else {
    one.in_flight = false;
  }
  // The wake may have come before the call returned.
  if (result == TxResult::kBusy && client_->wakes == wakes) client_->busy = true;
  return result;
}

void HostileWorld::send() {
  const bool more = choices_.one_in(4);
  offer(frame(), 1 + static_cast<unsigned>(choices_.below(4)), more);
  // What was announced comes.
  if (more) offer(frame(), 1, false);
}

void HostileWorld::deliver() {
  device_.fragment_receive = choices_.one_in(4);
  for (uint64_t left = 1 + choices_.below(6); left != 0; --left) {
    if (!device_.receive(frame())) break;
  }
}

void HostileWorld::complete() {
  for (unsigned pair = 0; pair < options_.queue_pairs; ++pair) {
    device_.transmit(1 + static_cast<unsigned>(choices_.below(40)), 2 * pair + 1);
  }
}

void HostileWorld::write_rings() {
  const unsigned at = queue();
  FakeDevice::Queue& ring = device_.queues[at];
  switch (choices_.below(7)) {
    case 0: {  // a chain that it has, with any length
      FakeDevice::Chain chain;
      if (device_.take(at, &chain)) {
        device_.put_used(at, chain.head, length());
      }
      break;
    }
    case 1:
      device_.put_used(at, static_cast<uint32_t>(number(choices_.below(ring.size))), length());
      break;
    case 2:
      device_.write_used_idx(at, static_cast<uint16_t>(number(ring.used_idx)));
      break;
    case 3:
      device_.write_used_flags(at, static_cast<uint16_t>(number(0)));
      break;
    case 4:
      device_.write_avail_event(at, static_cast<uint16_t>(number(ring.taken)));
      break;
    case 5:
      device_.receive_cut(frame(), {length(), length()}, static_cast<uint16_t>(number(2)));
      break;
    default:  // as if the driver had made fewer or more available
      ring.taken = static_cast<uint16_t>(number(ring.taken));
  }
  if (choices_.below(2) == 0) device_.interrupt(at);
}

/// DMA where the device may: rings, tables, receive buffers.
void HostileWorld::write_anywhere() {
  const unsigned at = queue();
  const FakeDevice::Queue& ring = device_.queues[at];
  const uint64_t areas[] = {ring.descriptors, ring.driver, ring.device};
  uint64_t bus = areas[choices_.below(3)] + choices_.below(uint64_t{16} * ring.size);
  FakeDevice::Chain chain;
  const uint16_t taken = ring.taken;
  if (choices_.below(2) == 1 && device_.take(at, &chain) && !chain.elements.empty()) {
    bus = chain.elements[0].addr + choices_.below(64);
    device_.queues[at].taken = taken;
  }
  uint8_t noise[16];
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(choices_.below(256));
  pci_.dma_write(bus, noise, 1 + choices_.below(sizeof noise));
}

void HostileWorld::lie_in_registers() {
  lie_offset_ = kRegisters[choices_.below(std::size(kRegisters))];
  uint64_t honest = device_.status;
  if (lie_offset_ == formats::kQueueSize) honest = options_.ring_size;
  lie_value_ = number(honest);
  lies_left_ = 1 + choices_.below(200);
}

void HostileWorld::break_configuration() {
  switch (choices_.below(7)) {
    case 0:
      device_.set_link(choices_.below(2) == 0);
      break;
    case 1:
      device_.torn_reads = static_cast<unsigned>(choices_.below(400));
      device_.configuration_changed();
      break;
    case 2:
      reinterpret_cast<uint8_t*>(&device_.config)[choices_.below(sizeof device_.config)] =
          static_cast<uint8_t>(choices_.below(256));
      device_.configuration_changed();
      break;
    case 3:
      device_.offered ^= uint64_t{1} << choices_.below(64);
      break;
    case 4:
      device_.space[choices_.below(device_.space.size())] =
          static_cast<uint8_t>(choices_.below(256));
      break;
    case 5:
      config_left_ = 1 + choices_.below(30);
      break;
    default:
      device_.num_queues = static_cast<uint16_t>(number(device_.num_queues));
  }
}

void HostileWorld::raise_interrupts() {
  const uint64_t vectors = std::max<uint64_t>(pci_.vector_count(), 1);
  for (uint64_t left = 1 + choices_.below(20); left != 0; --left) {
    pci_.raise(static_cast<unsigned>(choices_.below(vectors)));
  }
}

void HostileWorld::misdeed() {
  ++totals_.misdeeds;
  switch (choices_.below(14)) {
    case 0:
    case 1:
    case 2:
      return write_rings();
    case 3:
      return write_anywhere();
    case 4:
      return lie_in_registers();
    case 5:
      return raise_interrupts();
    case 6:
      pci_.lose_interrupts = choices_.below(2) == 0;
      return;
    case 7:
      return break_configuration();
    case 8:
      device_.status = static_cast<uint8_t>(number(device_.status));
      if (choices_.below(2) == 0) device_.configuration_changed();
      return;
    case 9:
      device_.set_needs_reset();
      return;
    case 10:
      gone_left_ = 1 + choices_.below(100);
      return;
    case 11:
      device_.control = static_cast<ControlManner>(choices_.below(7));
      return;
    case 12:
      device_.reset_hangs = choices_.below(2) == 0;
      device_.refuse_features = choices_.one_in(3);
      device_.start_needs_reset = choices_.one_in(3);
      device_.busy_resets = static_cast<unsigned>(choices_.below(8));
      device_.msix_table = static_cast<uint16_t>(choices_.below(10));
      return;
    default:
      swallow_left_ = 1 + choices_.below(30);
  }
}

void HostileWorld::make_driver() {
  driver_ = std::make_unique<driver::VirtioNetDriver>(pci_, platform_, options_);
  client_->device = driver_.get();
}

void HostileWorld::open() {
  const uint64_t before_ns = platform_.now_ns();
  client_->stopping = false;
  client_->busy = false;
  open_ = driver_->open(*client_).ok();
  ++(open_ ? totals_.opens : totals_.failed_opens);
  if (platform_.now_ns() - before_ns > kBoundNs) fault_ = "open() took too long";
}

void HostileWorld::stop() {
  const uint64_t before_ns = platform_.now_ns();
  client_->stopping = true;
  driver_->stop();
  open_ = false;
  if (platform_.now_ns() - before_ns > kBoundNs) fault_ = "stop() took too long";
  for (const auto& one : frames_) {
    if (one->in_flight) fault_ = "stop() did not give a frame back";
  }
  client_->stopping = false;
  client_->busy = false;
}

void HostileWorld::step() {
  ++totals_.steps;
  switch (choices_.below(16)) {
    case 0:
    case 1:
    case 2:
      platform_.run_for(choices_.below(1u << (4 + choices_.below(16))));
      return;
    case 3:
    case 4:
    case 5:
      return send();
    case 6:
    case 7:
      return deliver();
    case 8:
      return complete();
    case 9:
      client_->hoard = choices_.below(2) == 1;
      return client_->release();
    case 10:
      device_.automatic = choices_.below(4) != 3;
      return;
    case 11:
      if (choices_.one_in(3)) {
        heal();
        platform_.run_for(choices_.below(20'000'000));
      }
      return;
    case 12:
      if (!open_ || choices_.one_in(16)) {
        stop();
        add_up();
        if (choices_.one_in(4)) {
          end_driver();
          make_driver();
        }
        // Else hardly anything but bring-ups would be tried.
        if (choices_.below(4) != 3) heal();
        open();
      }
      return;
    default:
      return misdeed();
  }
}

void HostileWorld::heal() {
  lies_left_ = gone_left_ = swallow_left_ = config_left_ = 0;
  device_.lay_out();
  device_.config = config_;
  device_.offered = offered_;
  device_.num_queues = num_queues_;
  device_.torn_reads = device_.busy_resets = 0;
  device_.reset_hangs = device_.refuse_features = device_.start_needs_reset = false;
  device_.msix_table = 32;
  device_.control = ControlManner::kObey;
  device_.automatic = true;
  device_.fragment_receive = false;
  pci_.lose_interrupts = false;
  client_->hoard = false;
  client_->release();
}

uint64_t HostileWorld::counter(std::string_view name) const {
  for (const driver::Counter& one : driver_->statistics()) {
    if (one.name == name) return one.value;
  }
  return 0;
}

/// Counters of a driver that is about to be opened again or to go.
void HostileWorld::add_up() {
  totals_.resets += counter("resets");  // open() begins them anew
}

void HostileWorld::end_driver() {
  totals_.faults += counter("faults");
  totals_.recoveries += counter("recoveries");
  totals_.failed_recoveries += counter("failed_recoveries");
  totals_.given_up += counter("given_up");
  client_->release();
  driver_.reset();
}

std::string HostileWorld::broken() const {
  if (!fault_.empty()) return fault_;
  if (!client_->wrong.empty()) return client_->wrong;
  if (pci_.foreign_touches != 0) return "memory that is not the driver's: " + pci_.first_touch;
  if (platform_.works_cut_off != 0) return "work of a driver that is gone";
  if (platform_.livelocked()) return "softirq work without end";
  return {};
}

/// The device behaves: the driver comes back by itself, or has said that it gave up.
std::string HostileWorld::become_well() {
  heal();
  pci_.calm();
  lies_ = 0;
  const uint64_t deadline_ns = platform_.now_ns() + kAwayNs;
  // It may not know yet what became of the device.
  if (open_) device_.set_needs_reset();
  for (;;) {
    platform_.run_for(10'000'000);
    if (!open_) {
      open();
      if (!open_) return "open() fails with an honest device";
    }
    const TxResult result = offer(Bytes(60, 1), 1, false);
    if (result == TxResult::kOk) break;
    if (result == TxResult::kDrop) {
      if (client_->busy) return "a client that was told to wait was not woken at giving up";
      if (!platform_.logged("given up")) return "given up without a word";
      stop();
      add_up();
      continue;
    }
    if (platform_.now_ns() > deadline_ns) return "the driver does not come back";
  }
  platform_.run_for(20'000'000);
  if (client_->busy) return "a client that was told to wait was not woken";
  return {};
}

std::string HostileWorld::move_frames() {
  std::vector<Bytes> sent, given;
  device_.keep_history = true;
  device_.transmitted.clear();
  client_->frames.clear();
  client_->keep = true;
  for (unsigned i = 0; i < kFinalFrames; ++i) {
    Bytes bytes(60 + 50 * i, static_cast<uint8_t>(i));
    std::fill_n(bytes.begin(), 60, uint8_t{0x5A});
    bytes[59] = static_cast<uint8_t>(i);
    bytes[12] = 0x08;
    bytes[13] = 0x00;
    bytes[35] = static_cast<uint8_t>(i);
    if (offer(bytes, 1 + i % 4, false) != TxResult::kOk) return "an honest device's queue is busy";
    sent.push_back(bytes);
    if (!device_.receive(bytes)) return "an honest device finds no receive buffers";
    given.push_back(bytes);
    platform_.run_for(20'000);
  }
  platform_.run_for(5'000'000);
  if (device_.transmitted != sent) return "an honest device got other frames";
  if (client_->frames != given) return "the client of an honest device got other frames";
  for (const auto& one : frames_) {
    if (one->in_flight) return "a frame was not given back";
  }
  return {};
}

std::string HostileWorld::end() {
  totals_.received = client_->received;
  totals_.completed = client_->completed;
  totals_.wakes = client_->wakes;
  stop();
  add_up();
  end_driver();
  platform_.run_for(100'000'000);
  for (const auto& one : frames_) pci_.free_buffer(one->data, kFrameBytes);
  if (pci_.live_buffers != 0) return "receive buffers were not freed";
  if (pci_.live_maps != 0) return "mappings were left";
  if (pci_.live_coherent != 0) return "rings were not freed";
  return broken();
}

std::string HostileWorld::run(uint64_t steps) {
  make_driver();
  open();
  for (uint64_t i = 0; i < steps && !choices_.exhausted(); ++i) {
    step();
    if (std::string wrong = broken(); !wrong.empty()) return wrong;
  }
  std::string wrong = become_well();
  if (wrong.empty()) wrong = broken();
  if (wrong.empty()) wrong = move_frames();
  if (wrong.empty()) wrong = end();
  return wrong;
}

}  // namespace ringside::test
