// SPDX-License-Identifier: Apache-2.0
// See open_loop_rig.h.
#include "testbench/measure/open_loop_rig.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "hw_model/core/bar_layout.h"
#include "hw_model/core/pci_config.h"
#include "hw_model/core/steering.h"
#include "hw_model/wire/wire_size.h"
#include "testbench/run/make_nic.h"

namespace ringside::tb {

namespace {

using formats::CommonCfg;
using formats::SplitRing;
using hw::BarLayout;

constexpr std::size_t kStackBytes = 1 << 18;
/// Until the card holds descriptors.
constexpr hw::TimePs kPrefetchPs = 5'000'000;
/// Where a frame carries its mark: behind the Ethernet header, or behind IPv4 and UDP.
constexpr std::size_t kMarkAt = 14, kMarkBehindUdp = 42, kMarkBytes = sizeof(uint64_t);
constexpr uint32_t kHeader = sizeof(formats::VirtioNetHdr);
constexpr uint64_t kPsPerS = 1'000'000'000'000;
constexpr uint64_t kFeatures =
    formats::feature_bit(VIRTIO_F_VERSION_1) | formats::feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
    formats::feature_bit(VIRTIO_F_ORDER_PLATFORM) | formats::feature_bit(VIRTIO_NET_F_MRG_RXBUF) |
    formats::feature_bit(VIRTIO_F_EVENT_IDX);
constexpr uint64_t kFeaturesOfPairs =
    kFeatures | formats::feature_bit(VIRTIO_NET_F_CTRL_VQ) | formats::feature_bit(VIRTIO_NET_F_MQ);

std::size_t memory_bytes(const OpenLoopPoint& point) {
  const std::size_t buffers = 2 * std::size_t{point.ring_size} * (point.frame_bytes + 128);
  return (std::size_t{1} << 20) + std::size_t{2} * point.pairs * buffers;
}

void put16(std::byte* at, unsigned value) {
  at[0] = static_cast<std::byte>(value >> 8);
  at[1] = static_cast<std::byte>(value);
}

/// An IPv4 and UDP header behind the Ethernet header, of a flow that the card steers to `pair` of
/// `pairs`.
void make_flow(std::vector<std::byte>& frame, unsigned pair, unsigned pairs) {
  constexpr std::size_t kIp = 14, kIpBytes = 20, kUdp = kIp + kIpBytes;
  constexpr uint8_t kUdpProtocol = 17;
  put16(&frame[12], 0x0800);
  std::fill_n(&frame[kIp], kIpBytes + 8, std::byte{0});
  frame[kIp] = std::byte{0x45};
  put16(&frame[kIp + 2], static_cast<unsigned>(frame.size() - kIp));
  frame[kIp + 8] = std::byte{64};
  frame[kIp + 9] = std::byte{kUdpProtocol};
  put16(&frame[kIp + 12], 0x0A00);
  put16(&frame[kIp + 14], 1);
  put16(&frame[kIp + 16], 0x0A00);
  put16(&frame[kIp + 18], 2);
  put16(&frame[kUdp + 2], 9);
  put16(&frame[kUdp + 4], static_cast<unsigned>(frame.size() - kUdp));
  unsigned port = 1024;
  do {
    put16(&frame[kUdp], ++port);
  } while (hw::steer(frame, pairs) != pair);
}

}  // namespace

OpenLoopRig::OpenLoopRig(const sc_core::sc_module_name& name, const OpenLoopPoint& point)
    : sc_module(name),
      point_(point),
      memory_(memory_bytes(point)),
      port_("port", 0, memory_, *this),
      mark_at_(point.pairs == 1 ? kMarkAt : kMarkBehindUdp),
      pairs_(point.pairs) {
  nic_ = make_nic(point_.model, "card", point_.nic, pool_);
  port_.down.bind(nic_->pcie_target());
  nic_->pcie_initiator().bind(port_.up);
  port_.set_sizes(nic_->link_config().mps, nic_->link_config().mrrs);
  nic_->connect(*this);
  nic_->on_fault([this] { fail(nic_->fault()); });
  memory_.observe(this);
  make_patterns();

  const auto thread = [this](void (OpenLoopRig::*body)(), const char* thread_name) {
    sc_core::sc_spawn_options options;
    options.set_stack_size(static_cast<int>(kStackBytes));
    sc_core::sc_spawn([this, body] { (this->*body)(); }, thread_name, &options);
  };
  thread(&OpenLoopRig::live, "life");
  thread(&OpenLoopRig::ring_doorbells, "doorbells");
  const auto method = [this](void (OpenLoopRig::*body)(), const char* method_name,
                             sc_core::sc_event& event) {
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.set_sensitivity(&event);
    options.dont_initialize();
    sc_core::sc_spawn([this, body] { (this->*body)(); }, method_name, &options);
  };
  method(&OpenLoopRig::arrive, "arrivals", arrival_event_);
  method(&OpenLoopRig::offer, "offers", offer_event_);
  method(&OpenLoopRig::measure, "measurement", measure_event_);
}

void OpenLoopRig::make_patterns() {
  for (std::size_t index = 0; index < pairs_.size(); ++index) {
    hw::FramePtr& pattern = pairs_[index].pattern;
    pattern = pool_.make();
    pattern->bytes.resize(point_.frame_bytes);
    for (std::size_t i = 0; i < pattern->bytes.size(); ++i) {
      pattern->bytes[i] = static_cast<std::byte>(i * 7 + (i >> 8));
    }
    put16(&pattern->bytes[12], 0x88B5);  // no VLAN tag
    if (point_.pairs == 1) continue;
    make_flow(pattern->bytes, static_cast<unsigned>(index), point_.pairs);
  }
}

std::string OpenLoopRig::shortfall() const {
  const std::vector<std::string> lines = nic_->shortfalls();
  return lines.empty() ? std::string() : lines.front();
}

void OpenLoopRig::start(hw::TimePs at_ps) {
  start_event_.notify(sc_core::sc_time::from_value(at_ps) - sc_core::sc_time_stamp());
}

void OpenLoopRig::fail(std::string what) {
  if (!error_.empty()) return;
  error_ = std::move(what);
  finish();
}

void OpenLoopRig::finish() {
  done_ = true;
  arrival_event_.cancel();
  offer_event_.cancel();
  measure_event_.cancel();
  for (Pair& pair : pairs_) pair.rx.running = pair.tx.running = false;
  done_event_.notify(sc_core::SC_ZERO_TIME);
  if (sc_core::sc_get_status() == sc_core::SC_RUNNING) sc_core::sc_pause();
}

void OpenLoopRig::live() {
  sc_core::wait(start_event_);
  bring_up();
  if (!done_) sc_core::wait(done_event_);
  set(CommonCfg::kDeviceStatus, 1, 0);
}

// -- host memory and registers

template <typename T>
T OpenLoopRig::load(uint64_t address) const {
  T value;
  std::memcpy(&value, memory_.translate(address, sizeof value), sizeof value);
  return value;
}

template <typename T>
void OpenLoopRig::store(uint64_t address, T value) {
  std::memcpy(memory_.translate(address, sizeof value), &value, sizeof value);
}

uint64_t OpenLoopRig::allocate(uint64_t size) {
  next_ = (next_ + 63) / 64 * 64;
  const uint64_t address = next_;
  next_ += size;
  return address;
}

uint64_t OpenLoopRig::get(uint32_t offset, unsigned width) {
  return port_.memory_read(port_.bar_address(0) + offset, width);
}

void OpenLoopRig::set(uint32_t offset, unsigned width, uint64_t value) {
  port_.memory_write(port_.bar_address(0) + offset, width, value);
}

// -- bring-up (virtio 1.4, "Device Initialization")

OpenLoopRig::Ring OpenLoopRig::make_ring(unsigned index, uint32_t buffer_bytes, uint16_t chain) {
  Ring ring;
  ring.index = index;
  ring.chain = chain;
  set(CommonCfg::kQueueSelect, 2, index);
  ring.size = std::min(point_.ring_size, static_cast<uint16_t>(get(CommonCfg::kQueueSize, 2)));
  if (ring.size == 0) {
    fail(fmt::format("the card has no queue {}", index));
    return ring;
  }
  ring.chains = ring.size / chain;
  if (ring.chains == 0) {
    fail(fmt::format("a chain of {} descriptors is longer than queue {}, which has {}", chain,
                     index, ring.size));
    return ring;
  }
  ring.desc = allocate(SplitRing::desc_bytes(ring.size));
  ring.avail = allocate(SplitRing::avail_bytes(ring.size));
  ring.used = allocate(SplitRing::used_bytes(ring.size));
  const uint32_t stride = (buffer_bytes + 63) / 64 * 64;
  ring.buffers = allocate(uint64_t{stride} * ring.chains);
  for (unsigned i = 0; i < ring.chains; ++i) {
    const uint64_t buffer = ring.buffers + uint64_t{stride} * i;
    for (unsigned part = 0; part < chain; ++part) {
      const uint32_t from = buffer_bytes * part / chain;
      const uint32_t bytes = buffer_bytes * (part + 1) / chain - from;
      const unsigned at = i * chain + part;
      const unsigned flags =
          (sends(ring) ? 0 : VIRTQ_DESC_F_WRITE) | (part + 1 < chain ? VIRTQ_DESC_F_NEXT : 0);
      store(ring.desc + uint64_t{16} * at,
            formats::VirtqDesc{buffer + from, bytes, static_cast<uint16_t>(flags),
                               static_cast<uint16_t>(part + 1 < chain ? at + 1 : 0)});
    }
    if (!sends(ring)) continue;
    const auto& bytes = pairs_[index / 2].pattern->bytes;
    std::memcpy(memory_.translate(buffer + kHeader, bytes.size()), bytes.data(), bytes.size());
  }
  store<uint16_t>(ring.avail + SplitRing::used_event(ring.size), 0x7FFF);
  set(CommonCfg::kQueueSize, 2, ring.size);
  set(CommonCfg::kQueueMsixVector, 2, 0xFFFF);
  set(CommonCfg::kQueueDesc, 8, ring.desc);
  set(CommonCfg::kQueueDriver, 8, ring.avail);
  set(CommonCfg::kQueueDevice, 8, ring.used);
  set(CommonCfg::kQueueEnable, 2, 1);
  if (get(CommonCfg::kQueueEnable, 2) != 1) fail(fmt::format("queue {} is not enabled", index));
  return ring;
}

/// The control virtqueue, behind the queues of `most` pairs, and its only command (virtio 1.4,
/// "Automatic receive steering in multiqueue mode").
void OpenLoopRig::switch_pairs_on(unsigned most) {
  constexpr uint32_t kCommandBytes = 4;
  Ring ring = make_ring(2 * most, 64, 1);
  if (!error_.empty()) return;
  const uint64_t command = ring.buffers, ack = command + kCommandBytes;
  store(command, static_cast<uint8_t>(VIRTIO_NET_CTRL_MQ));
  store(command + 1, static_cast<uint8_t>(VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET));
  store(command + 2, point_.pairs);
  store(ack, uint8_t{0xFF});
  store(ring.desc, formats::VirtqDesc{command, kCommandBytes, VIRTQ_DESC_F_NEXT, 1});
  store(ring.desc + 16, formats::VirtqDesc{ack, 1, VIRTQ_DESC_F_WRITE, 0});
  make_available(ring, 0);
  store(ring.avail + SplitRing::kAvailIdx, ring.avail_idx);
  set(BarLayout::kNotify + BarLayout::kNotifyMultiplier * ring.index, 2, ring.index);
  for (unsigned i = 0; i < 1000 && load<uint16_t>(ring.used + SplitRing::kUsedIdx) == 0; ++i) {
    sc_core::wait(1, sc_core::SC_US);
  }
  if (load<uint8_t>(ack) != VIRTIO_NET_OK) fail("the card does not switch its queue pairs on");
}

void OpenLoopRig::bring_up() {
  port_.enumerate();
  port_.config_write(hw::PciConfig::kCommand, 2, 0x6);
  set(CommonCfg::kDeviceStatus, 1, 0);
  if (get(CommonCfg::kDeviceStatus, 1) != 0) return fail("the card does not leave reset");
  set(CommonCfg::kDeviceStatus, 1, VIRTIO_STATUS_ACKNOWLEDGE);
  set(CommonCfg::kDeviceStatus, 1, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
  const uint64_t features = point_.pairs == 1 ? kFeatures : kFeaturesOfPairs;
  for (unsigned word = 0; word < 2; ++word) {
    set(CommonCfg::kDriverFeatureSelect, 4, word);
    set(CommonCfg::kDriverFeature, 4, (features >> (32 * word)) & 0xFFFFFFFF);
  }
  const uint8_t features_ok =
      VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK;
  set(CommonCfg::kDeviceStatus, 1, features_ok);
  if (get(CommonCfg::kDeviceStatus, 1) != features_ok) return fail("features are refused");
  constexpr uint32_t kPairsOfDevice = 8;
  const auto most =
      static_cast<unsigned>(point_.pairs == 1 ? 1 : get(BarLayout::kDevice + kPairsOfDevice, 2));
  if (most < point_.pairs) {
    return fail(fmt::format("the card has {} queue pair(s), not {}", most, point_.pairs));
  }
  for (unsigned index = 0; index < point_.pairs && error_.empty(); ++index) {
    pairs_[index].rx = make_ring(2 * index, point_.frame_bytes + kHeader, point_.chain);
    pairs_[index].tx = make_ring(2 * index + 1, point_.frame_bytes + kHeader, point_.chain);
  }
  if (!error_.empty()) return;
  set(CommonCfg::kDeviceStatus, 1, features_ok | VIRTIO_STATUS_DRIVER_OK);
  if (get(CommonCfg::kDeviceStatus, 1) != (features_ok | VIRTIO_STATUS_DRIVER_OK)) {
    return fail("the card does not begin");
  }
  if (point_.pairs > 1) switch_pairs_on(most);
  if (!error_.empty()) return;
  for (Pair& pair : pairs_) {
    pair.rx.running = receives();
    pair.tx.running = transmits();
    if (receives()) {
      for (unsigned i = 0; i < pair.rx.chains; ++i) make_available(pair.rx, head_of(pair.rx, i));
      publish(pair.rx);
    }
    if (transmits() && point_.frames_per_s == 0) {
      for (unsigned i = 0; i < pair.tx.chains; ++i) give(pair, head_of(pair.tx, i));
      publish(pair.tx);
    }
  }
  // Frames come when the card holds descriptors.
  if (receives()) arrival_event_.notify(sc_core::sc_time::from_value(kPrefetchPs));
  if (transmits() && point_.frames_per_s != 0) {
    offer_event_.notify(sc_core::sc_time::from_value(kPrefetchPs));
  }
  counts_from_ps_ = sc_core::sc_time_stamp().value() + point_.warm_up_ps;
  measure_event_.notify(sc_core::sc_time::from_value(point_.warm_up_ps));
}

// -- rings

void OpenLoopRig::make_available(Ring& ring, uint16_t head) {
  store(ring.avail + SplitRing::avail_entry(ring.avail_idx % ring.size), head);
  ++ring.avail_idx;
}

uint64_t OpenLoopRig::next_mark(const Pair& pair, const Flow& flow) const {
  return (flow.next + flow.begun.size()) * pairs_.size() +
         static_cast<std::size_t>(&pair - pairs_.data());
}

/// A frame more to send, in the buffer that begins with descriptor `head`.
void OpenLoopRig::give(Pair& pair, uint16_t head) {
  const auto desc = load<formats::VirtqDesc>(pair.tx.desc + uint64_t{16} * head);
  store(desc.addr + kHeader + mark_at_, next_mark(pair, pair.transmit));
  pair.transmit.begun.push_back(sc_core::sc_time_stamp().value());
  make_available(pair.tx, head);
}

/// Frame by frame in order; a number that is left out was dropped. False if it is not as it was
/// given, or another pair's.
bool OpenLoopRig::came_out(Pair& pair, Flow& flow, const std::byte* frame, std::size_t size,
                           hw::TimePs at_ps) {
  const std::byte* wanted = pair.pattern->bytes.data();
  const std::size_t behind = mark_at_ + kMarkBytes;
  uint64_t mark = 0;
  if (size != pair.pattern->bytes.size() || std::memcmp(frame, wanted, mark_at_) != 0 ||
      std::memcmp(frame + behind, wanted + behind, size - behind) != 0) {
    return false;
  }
  std::memcpy(&mark, frame + mark_at_, kMarkBytes);
  const uint64_t number = mark / pairs_.size();
  if (&pairs_[mark % pairs_.size()] != &pair || number < flow.next ||
      number - flow.next >= flow.begun.size()) {
    return false;
  }
  for (; flow.next != number; ++flow.next) {
    flow.begun.pop_front();
    if (counts(at_ps)) ++flow.dropped;
  }
  if (counts(at_ps)) {
    ++flow.done;
    flow.latencies.push_back(at_ps - std::min(at_ps, flow.begun.front()));
  }
  flow.begun.pop_front();
  ++flow.next;
  return true;
}

/// Shows what was made available, and notifies if the card asked for it.
void OpenLoopRig::publish(Ring& ring) {
  const auto before = load<uint16_t>(ring.avail + SplitRing::kAvailIdx);
  store(ring.avail + SplitRing::kAvailIdx, ring.avail_idx);
  const auto event = load<uint16_t>(ring.used + SplitRing::avail_event(ring.size));
  if (!formats::need_event(event, ring.avail_idx, before)) return;
  ring.doorbell = true;
  doorbell_event_.notify(sc_core::SC_ZERO_TIME);
}

void OpenLoopRig::ring_doorbells() {
  for (;;) {
    sc_core::wait(doorbell_event_);
    for (Pair& pair : pairs_) {
      for (Ring* ring : {&pair.rx, &pair.tx}) {
        if (!ring->doorbell) continue;
        ring->doorbell = false;
        set(BarLayout::kNotify + BarLayout::kNotifyMultiplier * ring->index, 2, ring->index);
      }
    }
  }
}

void OpenLoopRig::device_write(uint64_t bus, const std::byte*, ByteView bytes) {
  if (bytes.size() != sizeof(uint16_t)) return;
  for (Pair& pair : pairs_) {
    for (Ring* ring : {&pair.rx, &pair.tx}) {
      if (!ring->running || bus != ring->used + SplitRing::kUsedIdx) continue;
      uint16_t index = 0;
      std::memcpy(&index, bytes.data(), sizeof index);
      used_index_written(pair, *ring, index);
    }
  }
}

void OpenLoopRig::used_index_written(Pair& pair, Ring& ring, uint16_t index) {
  const hw::TimePs now = sc_core::sc_time_stamp().value();
  const auto count = static_cast<uint16_t>(index - ring.used_seen);
  if (count > ring.chains) return fail(fmt::format("queue {}: the used index jumps", ring.index));
  const bool receive = !sends(ring);
  for (; ring.used_seen != index; ++ring.used_seen) {
    const auto entry =
        load<formats::VirtqUsedElem>(ring.used + SplitRing::used_entry(ring.used_seen % ring.size));
    if (entry.id >= ring.size || entry.id % ring.chain != 0)
      return fail(fmt::format("queue {}: a bad used id", ring.index));
    if (receive) {
      const auto desc = load<formats::VirtqDesc>(ring.desc + uint64_t{16} * entry.id);
      const std::byte* frame = memory_.translate(desc.addr + kHeader, point_.frame_bytes);
      if (entry.len != kHeader + point_.frame_bytes ||
          !came_out(pair, pair.receive, frame, point_.frame_bytes, now)) {
        return fail("a received frame is not what was sent");
      }
      make_available(ring, static_cast<uint16_t>(entry.id));
    } else if (point_.frames_per_s == 0) {
      give(pair, static_cast<uint16_t>(entry.id));
    }
  }
  // Never reached: no interrupts.
  store<uint16_t>(ring.avail + SplitRing::used_event(ring.size),
                  static_cast<uint16_t>(ring.used_seen + 0x7FFF));
  if (receive || point_.frames_per_s == 0) publish(ring);
}

// -- the wire

hw::TimePs OpenLoopRig::wire_time(uint64_t bytes) const {
  return 8 * hw::wire_bytes(bytes) * kPsPerS / point_.wire_bps;
}

hw::TimePs OpenLoopRig::interval_ps() const {
  const hw::TimePs least = wire_time(point_.frame_bytes);
  if (point_.frames_per_s == 0) return least;
  return std::max(least,
                  static_cast<hw::TimePs>(static_cast<double>(kPsPerS) / point_.frames_per_s));
}

/// A frame's last bit.
void OpenLoopRig::arrive() {
  const hw::TimePs now = sc_core::sc_time_stamp().value();
  Pair& pair = pairs_[arriving_];
  arriving_ = (arriving_ + 1) % pairs_.size();
  const hw::FramePtr frame = pool_.make();
  frame->bytes = pair.pattern->bytes;
  const uint64_t mark = next_mark(pair, pair.receive);
  std::memcpy(frame->bytes.data() + mark_at_, &mark, kMarkBytes);
  pair.receive.begun.push_back(now);
  receiver_->receive_frame(frame, now - wire_time(point_.frame_bytes), now);
  arrival_event_.notify(sc_core::sc_time::from_value(interval_ps()));
}

/// A frame more to send.
void OpenLoopRig::offer() {
  Pair& pair = pairs_[offering_];
  offering_ = (offering_ + 1) % pairs_.size();
  const auto in_use = static_cast<uint16_t>(pair.tx.avail_idx - pair.tx.used_seen);
  if (in_use < pair.tx.chains) {
    give(pair, head_of(pair.tx, pair.tx.offered));
    pair.tx.offered = static_cast<uint16_t>((pair.tx.offered + 1) % pair.tx.chains);
    publish(pair.tx);
  }
  offer_event_.notify(sc_core::sc_time::from_value(interval_ps()));
}

hw::TimePs OpenLoopRig::transmit(const hw::FramePtr& frame, hw::TimePs earliest_ps) {
  const hw::TimePs now = sc_core::sc_time_stamp().value();
  const hw::TimePs start = std::max({wire_free_ps_, earliest_ps, now});
  wire_free_ps_ = start + wire_time(frame->bytes.size());
  uint64_t mark = 0;
  if (frame->bytes.size() == point_.frame_bytes) {
    std::memcpy(&mark, frame->bytes.data() + mark_at_, kMarkBytes);
  }
  Pair& pair = pairs_[mark % pairs_.size()];
  if (!came_out(pair, pair.transmit, frame->bytes.data(), frame->bytes.size(), start)) {
    fail("a sent frame is not what was given to send");
  }
  return wire_free_ps_;
}

// -- measurement

void OpenLoopRig::measure() {
  if (!measuring_) {
    measuring_ = true;
    busy_before_ = nic_->resources();
    measure_event_.notify(sc_core::sc_time::from_value(point_.measure_ps));
    return;
  }
  measuring_ = false;
  const std::vector<hw::NicResource> busy = nic_->resources();
  for (std::size_t i = 0; i < busy.size() && i < busy_before_.size(); ++i) {
    const hw::TimePs in_it = busy[i].busy_ps - busy_before_[i].busy_ps;
    const double share = static_cast<double>(in_it) / static_cast<double>(point_.measure_ps);
    if (share <= limit_busy_) continue;
    limit_busy_ = share;
    limit_ = busy[i].name;
  }
  finish();
}

/// Of all pairs.
OpenLoopFlow OpenLoopRig::sum(Flow Pair::*flow) const {
  OpenLoopFlow result;
  std::vector<hw::TimePs> sorted;
  for (const Pair& pair : pairs_) {
    const Flow& one = pair.*flow;
    result.frames += one.done;
    result.dropped += one.dropped;
    sorted.insert(sorted.end(), one.latencies.begin(), one.latencies.end());
  }
  result.frames_per_s = static_cast<double>(result.frames) * static_cast<double>(kPsPerS) /
                        static_cast<double>(point_.measure_ps);
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) return result;
  result.latency_p50_ps = sorted[sorted.size() / 2];
  result.latency_p99_ps = sorted[sorted.size() * 99 / 100];
  return result;
}

OpenLoopResult OpenLoopRig::result() const {
  OpenLoopResult result;
  result.point = point_;
  result.receive = sum(&Pair::receive);
  result.transmit = sum(&Pair::transmit);
  result.limit = limit_;
  result.limit_busy = limit_busy_;
  result.counters = nic_->counters();
  return result;
}

}  // namespace ringside::tb
