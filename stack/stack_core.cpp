// SPDX-License-Identifier: Apache-2.0
// The stack lock with its backlog, frames out and in, timers.
#include "stack/stack_core.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "stack/sockets_core.h"

namespace ringside::stack {
namespace {

using driver::Cost;

/// splitmix64: the next state's output.
uint64_t mix(uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// Hosts of one seed differ by their address.
uint64_t seed_of(uint64_t seed, const MacAddress& mac) {
  uint64_t bits = 0;
  for (const uint8_t byte : mac) bits = bits << 8 | byte;
  uint64_t state = seed;
  const uint64_t first = mix(state);
  state = first ^ bits;
  return mix(state);
}

LwipAddress to_lwip(const IpAddress& ip) {
  LwipAddress address{};
  address.family = static_cast<uint8_t>(ip.family);
  std::memcpy(address.bytes, ip.bytes.data(), ip.bytes.size());
  return address;
}

}  // namespace

NetworkStack::Core::Core(driver::NetDevice& device, driver::Platform& platform,
                         const MemoryCallbacks& memory, const StackConfig& config,
                         std::unique_ptr<LwipInstance> instance)
    : device_(device),
      platform_(platform),
      config_(config),
      pool_(memory),
      instance_(std::move(instance)),
      random_state_(seed_of(config.seed, device.mac())),
      lock_queue_(platform.make_wait_queue()),
      room_queue_(platform.make_wait_queue()) {
  timer_ = platform.make_timer([](void* self) { static_cast<Core*>(self)->on_timer(); }, this);
  shared_.next_deadline_ns = driver::kForever;
  shared_.now_ns = platform_.now_ns();
  const LwipCallbacks table = callbacks(this);
  LwipSettings settings{};
  settings.tcp_window_bytes = config_.tcp_window_bytes;
  settings.tcp_send_bytes = config_.tcp_send_bytes;
  settings.tcp_timer_ms = config_.tcp_timer_ms;
  settings.rx_hold_buffers = config_.rx_hold_buffers;
  settings.time_wait_ms = config_.time_wait_ms;
  settings.seed[0] = mix(random_state_);
  settings.seed[1] = mix(random_state_);
  lwip().init(&table, &settings, &shared_);
  sockets_ = std::make_unique<SocketsCore>(*this);
}

NetworkStack::Core::~Core() {
  timer_->cancel();
  locked_ = true;
  sockets_.reset();
  lwip().fini();
}

Sockets& NetworkStack::Core::sockets() { return *sockets_; }

uint32_t NetworkStack::Core::random() { return static_cast<uint32_t>(mix(random_state_) >> 32); }

LwipCallbacks NetworkStack::Core::callbacks(Core* core) {
  LwipCallbacks table{};
  table.context = core;
  table.alloc = [](void* self, size_t size) {
    return static_cast<Core*>(self)->pool_.allocate(size);
  };
  table.free = [](void* self, void* memory) { static_cast<Core*>(self)->pool_.free(memory); };
  table.random = [](void* self) { return static_cast<Core*>(self)->random(); };
  table.transmit =
      restoring<[](void* self, void* frame, const LwipSlice* fragments, unsigned count) {
        return static_cast<Core*>(self)->transmit(frame, fragments, count);
      }>;
  table.release = restoring<[](void* self, uint32_t buffer) {
    static_cast<Core*>(self)->device_.release(buffer);
  }>;
  table.assertion_failed = [](void* self, const char* message) {
    static_cast<Core*>(self)->platform_.log(driver::LogLevel::kError,
                                            std::string("lwIP: ") + message);
    std::abort();
  };
  SocketsCore::fill(table);
  return table;
}

void NetworkStack::Core::enter() {
  if (locked_) {
    ++lock_waiters_;
    // At least one sleep: a lock that is on its way to an earlier waiter is not for this context.
    do {
      lock_queue_->wait_until(driver::kForever);
    } while (!lock_handed_over_);
    lock_handed_over_ = false;
    --lock_waiters_;
  }
  locked_ = true;
  shared_.now_ns = platform_.now_ns();
}

bool NetworkStack::Core::try_enter() {
  if (locked_) return false;
  locked_ = true;
  shared_.now_ns = platform_.now_ns();
  return true;
}

void NetworkStack::Core::leave(bool send) {
  do {
    lwip().loopback();
    charge_bytes();
    if (send) send_queued();
    send = true;
  } while (drain_backlog());
  arm_timer();
  if (lock_waiters_ > 0) {
    // Handed over, not released: else this context could take it again before the waiter runs.
    lock_handed_over_ = true;
    lock_queue_->wake_one();
  } else {
    locked_ = false;
  }
}

void NetworkStack::Core::charge_bytes() {
  const auto charge_new = [this](Cost cost, uint64_t bytes, uint64_t& charged) {
    if (bytes != charged) platform_.charge(cost, bytes - charged);
    charged = bytes;
  };
  charge_new(Cost::kChecksumByte, shared_.checksum_bytes, checksum_bytes_charged_);
  charge_new(Cost::kCopyByte, shared_.copied_bytes, copied_bytes_charged_);
}

int NetworkStack::Core::transmit(void* frame, const LwipSlice* fragments, unsigned count) {
  if (!opened_ || !link_up_) {
    ++statistics_.tx_device_dropped;
    lwip().frame_free(frame);
    return kLwipOk;
  }
  if (queue_.size() >= config_.txqueue_frames) {
    ++statistics_.tx_queue_dropped;
    refused_ = true;
    return kLwipNoMemory;
  }
  uint32_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) bytes += fragments[i].size;
  TransmitFrame* record = queue_.take();
  record->bytes = bytes;
  if (count <= TransmitFrame::kMaxFragments) {
    record->frame = frame;
    record->copy = nullptr;
    record->fragment_count = count;
    for (unsigned i = 0; i < count; ++i) {
      record->fragments[i] = {static_cast<const std::byte*>(fragments[i].data), fragments[i].size};
    }
  } else {
    void* copy = pool_.allocate(bytes);
    if (copy == nullptr) {
      queue_.give(record);
      return kLwipNoMemory;
    }
    lwip().frame_copy(frame, copy);
    lwip().frame_free(frame);
    ++statistics_.tx_linearized;
    record->frame = nullptr;
    record->copy = copy;
    record->fragment_count = 1;
    record->fragments[0] = {static_cast<const std::byte*>(copy), bytes};
  }
  queue_.push(record);
  statistics_.tx_queue_max = std::max<uint64_t>(statistics_.tx_queue_max, queue_.size());
  platform_.charge(Cost::kStackTransmit);
  return kLwipOk;
}

void NetworkStack::Core::send_queued() {
  for (;;) {
    while (queue_.size() > 0 && !busy_) {
      TransmitFrame* frame = queue_.pop();
      const driver::TxFrame tx{{frame->fragments.data(), frame->fragment_count}, frame};
      const uint32_t bytes = frame->bytes;
      // The driver may give the frame back before it returns; then it waits in completed_.
      const driver::TxResult result = device_.transmit(tx, queue_.size() > 0);
      if (result == driver::TxResult::kOk) {
        ++statistics_.tx_frames;
        statistics_.tx_bytes += bytes;
      } else if (result == driver::TxResult::kBusy) {
        ++statistics_.tx_busy;
        busy_ = true;
        queue_.push_front(frame);
      } else {
        ++statistics_.tx_device_dropped;
        complete(frame);
      }
    }
    if (!refused_ || queue_.size() > config_.txqueue_frames / 2) return;
    refused_ = false;
    lwip().transmit_resume();
    charge_bytes();
    room_queue_->wake_all();
  }
}

void NetworkStack::Core::complete(TransmitFrame* frame) {
  if (frame->frame != nullptr) {
    lwip().frame_free(frame->frame);
  } else {
    pool_.free(frame->copy);
  }
  queue_.give(frame);
}

void NetworkStack::Core::input(std::span<const driver::RxSegment> segments) {
  constexpr std::size_t kMost = 64;
  LwipRxSegment list[kMost];
  platform_.charge(Cost::kStackReceive);
  // The device may receive before open() returns, when there is no interface yet.
  if (segments.size() > kMost || !interface_added_) {
    ++(interface_added_ ? statistics_.rx_memory_dropped : statistics_.rx_early_dropped);
    for (const driver::RxSegment& segment : segments) device_.release(segment.buffer);
    return;
  }
  ++statistics_.rx_frames;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    statistics_.rx_bytes += segments[i].size;
    list[i] = {segments[i].data, segments[i].size, segments[i].buffer};
  }
  lwip().input(list, static_cast<unsigned>(segments.size()));
}

/// Does what softirq left; true if there was something.
bool NetworkStack::Core::drain_backlog() {
  const bool any = !backlog_.empty() || completed_ != nullptr || send_pending_ || wake_pending_ ||
                   timer_pending_ || link_pending_;
  if (!any) return false;
  shared_.now_ns = platform_.now_ns();
  while (completed_ != nullptr) {
    TransmitFrame* frame = completed_;
    completed_ = frame->next;
    if (completed_ == nullptr) completed_end_ = &completed_;
    complete(frame);
  }
  if (std::exchange(link_pending_, false)) lwip().link_set(link_up_);
  // Input may add to the backlog (a released buffer can let the driver poll), so no iterators.
  std::vector<driver::RxSegment> frame;
  for (std::size_t i = 0; i < backlog_.size(); ++i) {
    frame.push_back(backlog_[i].segment);
    if (!backlog_[i].last) continue;
    --backlog_frames_;
    input(frame);
    frame.clear();
  }
  backlog_.clear();
  if (std::exchange(wake_pending_, false)) busy_ = false;
  if (std::exchange(timer_pending_, false)) run_timers();
  send_pending_ = false;
  return true;
}

void NetworkStack::Core::run_timers() {
  armed_deadline_ns_ = driver::kForever;
  lwip().timers();
}

void NetworkStack::Core::arm_timer() {
  const uint64_t deadline = shared_.next_deadline_ns;
  if (deadline == armed_deadline_ns_ || timer_pending_) return;
  armed_deadline_ns_ = deadline;
  if (deadline == driver::kForever) {
    timer_->cancel();
  } else {
    timer_->arm(deadline);
  }
}

void NetworkStack::Core::on_timer() {
  if (!try_enter()) {
    timer_pending_ = true;
    return;
  }
  run_timers();
  leave(true);
}

driver::Status NetworkStack::Core::start(driver::NetDeviceClient& client) {
  if (driver::Status status = device_.open(client); !status.ok()) return status;
  Entry entry(*this);
  opened_ = true;
  link_up_ = device_.link().up;
  if (!interface_added_) {
    LwipInterface interface {};
    const MacAddress mac = device_.mac();
    std::copy(mac.begin(), mac.end(), interface.mac);
    interface.mtu = static_cast<uint16_t>(config_.mtu != 0 ? std::min(config_.mtu, device_.mtu())
                                                           : std::min(device_.mtu(), 9000u));
    if (config_.ipv4) {
      interface.v4 = to_lwip(config_.ipv4->ip);
      interface.v4_prefix_bits = config_.ipv4->prefix_bits;
    }
    interface.v4_gateway = to_lwip(config_.gateway_v4);
    interface.v6_gateway = to_lwip(config_.gateway_v6);
    for (std::size_t i = 0; i < config_.ipv6.size(); ++i) {
      interface.v6[i] = to_lwip(config_.ipv6[i].ip);
      interface.v6_prefix_bits[i] = config_.ipv6[i].prefix_bits;
    }
    interface.hostname = config_.hostname.c_str();
    lwip().interface_add(&interface);
    interface_added_ = true;
  }
  lwip().interface_set_up(1, link_up_);
  return driver::Status::success();
}

void NetworkStack::Core::stop() {
  {
    Entry entry(*this);
    if (!opened_) return;
    lwip().interface_set_up(0, 0);
    opened_ = false;
    busy_ = false;
    while (queue_.size() > 0) complete(queue_.pop());
  }
  device_.stop();
}

void NetworkStack::Core::receive(std::span<const driver::RxSegment> segments) {
  if (!try_enter()) {
    if (backlog_frames_ >= config_.backlog_frames) {
      ++statistics_.rx_backlog_dropped;
      for (const driver::RxSegment& segment : segments) device_.release(segment.buffer);
      return;
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
      backlog_.push_back({segments[i], i + 1 == segments.size()});
    }
    if (!segments.empty()) ++backlog_frames_;
    statistics_.backlog_max = std::max<uint64_t>(statistics_.backlog_max, backlog_frames_);
    return;
  }
  input(segments);
  leave(false);
}

void NetworkStack::Core::receive_done() {
  if (!try_enter()) {
    send_pending_ = true;
    return;
  }
  leave(true);
}

void NetworkStack::Core::transmit_complete(TransmitFrame* frame) {
  if (!try_enter()) {
    frame->next = nullptr;
    *completed_end_ = frame;
    completed_end_ = &frame->next;
    return;
  }
  complete(frame);
  leave(false);
}

void NetworkStack::Core::transmit_wake() {
  if (!try_enter()) {
    wake_pending_ = true;
    return;
  }
  busy_ = false;
  leave(true);
}

void NetworkStack::Core::link_change(bool up) {
  if (!try_enter()) {
    link_up_ = up;
    link_pending_ = true;
    return;
  }
  link_up_ = up;
  lwip().link_set(up);
  leave(true);
}

StackStatistics NetworkStack::Core::statistics() const {
  StackStatistics statistics = statistics_;
  LwipCounters counters{};
  lwip().counters(&counters);
  statistics.rx_memory_dropped += shared_.header_failures;
  statistics.rx_copied_bytes = shared_.copied_bytes;
  statistics.rx_protocol_dropped = counters.dropped;
  statistics.rx_checksum_errors = counters.checksum_errors;
  static_assert(static_cast<std::size_t>(Layer::kCount) == kLwipProtocols);
  for (std::size_t i = 0; i < statistics.malformed.size(); ++i) {
    const LwipMalformed& from = counters.malformed[i];
    statistics.malformed[i] = {from.checksum, from.length, from.protocol, from.other};
  }
  statistics.tcp_fast_retransmits = counters.fast_retransmits;
  statistics.tcp_timeouts = counters.timeouts;
  statistics.tx_queue_frames = queue_.size();
  statistics.backlog_frames = backlog_frames_;
  statistics.memory_bytes = pool_.taken_bytes();
  return statistics;
}

IpAddress NetworkStack::Core::link_local() const {
  LwipAddress address{};
  lwip().link_local(&address);
  IpAddress ip{Family::kIpv6, {}};
  std::copy(std::begin(address.bytes), std::end(address.bytes), ip.bytes.begin());
  return ip;
}

const char* name_of(Layer layer) {
  constexpr const char* kNames[] = {"ethernet", "ipv4", "icmpv4", "ipv6", "icmpv6", "udp", "tcp"};
  return kNames[static_cast<std::size_t>(layer)];
}

}  // namespace ringside::stack
