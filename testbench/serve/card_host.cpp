// SPDX-License-Identifier: Apache-2.0
// See card_host.h.
#include "testbench/serve/card_host.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/virtio.h"
#include "hw_model/core/bar_layout.h"

namespace ringside::tb {

namespace {

using driver::InterruptMode;
using formats::feature_bit;
using formats::SplitRing;
using hw::RingState;

constexpr uint64_t kNsPerMs = 1'000'000;
/// What a card may take to come to rest or to answer.
constexpr uint64_t kPatienceNs = 1000 * kNsPerMs;
constexpr uint64_t kPollNs = 1'000;
constexpr uint16_t kControlQueueSize = 16;
constexpr std::size_t kMemoryBytes = std::size_t{1} << 20;

/// What the bridge sees to itself: the host's view of the function, and what a front end gets from
/// its own side. ACCESS_PLATFORM would mean an IOTLB over vhost-user.
constexpr uint64_t kHostFeatures =
    feature_bit(VIRTIO_F_ACCESS_PLATFORM) | feature_bit(VIRTIO_F_ORDER_PLATFORM) |
    feature_bit(VIRTIO_F_NOTIFICATION_DATA) | feature_bit(VIRTIO_NET_F_MAC) |
    feature_bit(VIRTIO_NET_F_STATUS) | feature_bit(VIRTIO_NET_F_MTU) |
    feature_bit(VIRTIO_NET_F_SPEED_DUPLEX) | feature_bit(VIRTIO_NET_F_CTRL_VQ);

bool overlaps(const VhostRegion& region, uint64_t bus, uint64_t size) {
  return region.bus < bus + size && bus < region.bus + region.size;
}

}  // namespace

CardHost::CardHost(const sc_core::sc_module_name& name, const CardHostConfig& config,
                   hw::NicModel& nic, Settle settle)
    : sc_core::sc_module(name),
      nic_(nic),
      settle_(std::move(settle)),
      host_([&] {
        SimHostConfig host;
        host.name = config.name;
        host.costs = zero_costs();
        host.memory_bytes = kMemoryBytes;
        host.memory_base = kArenaBase;
        return std::make_unique<SimHost>("host", host, config.log);
      }()),
      pci_(host_->pci(0)),
      platform_(host_->platform()),
      virtio_(pci_, platform_) {
  host_->plug(0, nic_);
  worker_ = platform_.make_work(
      driver::WorkContext::kProcess, [](void* self) { static_cast<CardHost*>(self)->run_jobs(); },
      this);
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&job_event_);
  options.dont_initialize();
  sc_core::sc_spawn([this] { worker_->schedule(); }, "begin_job", &options);
}

CardHost::~CardHost() = default;

// -- jobs

void CardHost::post(std::function<void()> job) {
  jobs_.push_back(std::move(job));
  job_event_.notify(sc_core::SC_ZERO_TIME);
}

bool CardHost::perform(const std::function<void()>& job) {
  enum class State : uint8_t { kWaiting, kDone, kGivenUp };
  const auto state = std::make_shared<State>(State::kWaiting);
  post([job, state] {
    if (*state == State::kGivenUp) return;  // what `job` refers to may be gone
    job();
    *state = State::kDone;
  });
  const bool done = settle_([state] { return *state == State::kDone; });
  if (!done) *state = State::kGivenUp;
  return done;
}

void CardHost::run_jobs() {
  while (!jobs_.empty()) {
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
  }
}

void CardHost::fail(const std::string& reason) {
  live_ = false;
  if (std::exchange(failed_, true) || peer_ == nullptr) return;
  peer_->broken(reason);
}

// -- the card

Status CardHost::boot() {
  Status status = Status::failure("the card does not answer");
  perform([this, &status] { status = discover(); });
  return status;
}

Status CardHost::discover() {
  host_->enumerate();
  Status status = virtio_.discover();
  if (status.ok()) status = find_ring_state();
  if (!status.ok()) return status;
  if (!virtio_.reset(kPatienceNs)) return Status::failure("the card does not end its reset");
  offered_ = virtio_.offered_features();
  pairs_ = (offered_ & feature_bit(VIRTIO_NET_F_MQ)) != 0
               ? virtio_.config_field(offsetof(formats::VirtioNetConfig, max_virtqueue_pairs), 2)
               : 1;
  mtu_ = static_cast<uint16_t>(virtio_.config_field(offsetof(formats::VirtioNetConfig, mtu), 2));
  queue_size_max_ = virtio_.queue_max_size(0);
  rings_.resize(std::size_t{2} * pairs_);
  for (unsigned queue = 0; queue < rings_.size(); ++queue) {
    vectors_.push_back({this, queue});
    status = virtio_.doorbell(static_cast<uint16_t>(queue), 2, &rings_[queue].doorbell);
    if (!status.ok()) return status;
  }
  pci_.set_bus_master(true);
  const auto wanted = static_cast<unsigned>(rings_.size() + 1);
  InterruptMode mode = InterruptMode::kNone;
  if (pci_.interrupts_enable(wanted, &mode) != wanted || mode != InterruptMode::kMsix) {
    return Status::failure("the card has fewer than " + std::to_string(wanted) +
                           " MSI-X vectors: one for each virtqueue and one for its configuration");
  }
  pci_.interrupt_bind(0, config_interrupt, this);
  for (unsigned queue = 0; queue < rings_.size(); ++queue) {
    pci_.interrupt_bind(queue + 1, queue_interrupt, &vectors_[queue]);
  }
  return Status::success();
}

// PVD-R-002.
Status CardHost::find_ring_state() {
  constexpr uint32_t kCapabilities = 0x34;
  constexpr unsigned kMostCapabilities = 48;
  uint32_t at = pci_.config_read(kCapabilities, 1) & ~3u;
  for (unsigned hops = 0; at != 0 && hops < kMostCapabilities; ++hops) {
    if (pci_.config_read(at, 1) == 0x09 &&
        pci_.config_read(at + 3, 1) == VIRTIO_PCI_CAP_VENDOR_CFG &&
        pci_.config_read(at + 4, 2) == RingState::kVendorId &&
        pci_.config_read(at + 6, 2) == RingState::kVersion) {
      ring_state_offset_ = pci_.config_read(at + 8, 4);
      return Status::success();
    }
    at = pci_.config_read(at + 1, 1) & ~3u;
  }
  return Status::failure(
      "the card has no ring state registers, which a front end's queues need; expected a card with "
      "them");
}

uint64_t CardHost::ring_state(unsigned queue, uint32_t field) const {
  return pci_.bar_read(ring_state_bar_,
                       ring_state_offset_ + uint64_t{RingState::kSize} * queue + field, 2);
}

void CardHost::program_if_changed() {
  if (!std::exchange(changed_, false)) return;
  programming_ = true;
  if (Status status = program(); !status.ok()) fail(status.error);
  programming_ = false;
}

/// The card with the rings that are started. Those that ran go on where they stood.
Status CardHost::program() {
  std::vector<unsigned> before = running();
  if (live_ && !suspend(before)) {
    return Status::failure("the card does not finish what is under way");
  }
  for (unsigned queue = 0; queue < rings_.size(); ++queue) {
    Ring& ring = rings_[queue];
    if (ring.on_card && live_) {
      ring.setup.base = static_cast<uint16_t>(ring_state(queue, RingState::kIndex));
    }
  }
  reset();
  const bool any =
      std::any_of(rings_.begin(), rings_.end(), [](const Ring& r) { return r.started; });
  if (!any) return Status::success();
  errors_at_start_ = error_counts();
  Status status = negotiate();
  if (!status.ok()) return status;
  if (!virtio_.set_config_vector(0)) return Status::failure("the card refused its MSI-X vector");
  for (unsigned queue = 0; queue < rings_.size(); ++queue) {
    if (!rings_[queue].started) continue;
    status = enable_ring(queue);
    if (!status.ok()) return status;
  }
  if (pairs_ > 1) status = start_control_queue(card_features());
  if (!status.ok()) return status;
  virtio_.add_status(VIRTIO_STATUS_DRIVER_OK);
  if ((virtio_.status() & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0) {
    return Status::failure("the card needs a reset at once" + errors_since_start());
  }
  live_ = true;
  set_pairs();
  for (unsigned queue = 0; queue < rings_.size(); ++queue) {
    if (!rings_[queue].on_card) continue;
    // What the front end announced meanwhile it will not announce again; and what the card
    // returned before the reset it may not have told of.
    pci_.bar_write(rings_[queue].doorbell.bar, rings_[queue].doorbell.offset, 2, queue);
    if (std::find(before.begin(), before.end(), queue) != before.end()) peer_->call(queue);
  }
  if (receive_ready_ && receives()) receive_ready_();
  return Status::success();
}

uint64_t CardHost::card_features() const {
  const uint64_t own = feature_bit(VIRTIO_F_ACCESS_PLATFORM) |
                       feature_bit(VIRTIO_F_ORDER_PLATFORM) | feature_bit(VIRTIO_NET_F_MAC) |
                       feature_bit(VIRTIO_NET_F_MTU);
  const uint64_t several =
      pairs_ > 1 ? feature_bit(VIRTIO_NET_F_CTRL_VQ) | feature_bit(VIRTIO_NET_F_MQ) : 0;
  return (features_ & ~feature_bit(VIRTIO_NET_F_MQ)) | (offered_ & own) | several;
}

Status CardHost::negotiate() {
  virtio_.add_status(VIRTIO_STATUS_ACKNOWLEDGE);
  virtio_.add_status(VIRTIO_STATUS_DRIVER);
  virtio_.accept_features(card_features());
  virtio_.add_status(VIRTIO_STATUS_FEATURES_OK);
  if ((virtio_.status() & VIRTIO_STATUS_FEATURES_OK) == 0) {
    return Status::failure("the card refused the front end's features");
  }
  return Status::success();
}

Status CardHost::enable_ring(unsigned queue) {
  Ring& ring = rings_[queue];
  const auto index = static_cast<uint16_t>(queue);
  if (!virtio_.set_queue_vector(index, static_cast<uint16_t>(queue + 1))) {
    return Status::failure("the card refused an MSI-X vector");
  }
  ring.suspended = !ring.enabled;
  pci_.bar_write(ring_state_bar_, ring_state_offset_ + uint64_t{RingState::kSize} * queue, 4,
                 ring.setup.base | (ring.suspended ? 1u << 16 : 0));
  Status status = virtio_.enable_queue(index, ring.setup.size, ring.setup.descriptors,
                                       ring.setup.available, ring.setup.used);
  ring.on_card = status.ok();
  return status;
}

Status CardHost::start_control_queue(uint64_t features) {
  const auto index = static_cast<uint16_t>(2 * pairs_);
  control_ = std::make_unique<driver::ControlQueue>(
      pci_, platform_,
      driver::ControlQueue::Owner{[](void* card, bool late) {
                                    return late &&
                                           (static_cast<driver::VirtioPci*>(card)->status() &
                                            VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0;
                                  },
                                  &virtio_});
  Status status = control_->prepare(features, kControlQueueSize);
  if (!status.ok()) return status;
  driver::Notifier notifier;
  notifier.queue_index = index;
  status = virtio_.doorbell(index, 2, &notifier.doorbell);
  if (!status.ok()) return status;
  control_->start(notifier);
  const driver::SplitVirtqueue& ring = control_->queue();
  return virtio_.enable_queue(index, ring.size(), ring.descriptor_area(), ring.driver_area(),
                              ring.device_area());
}

/// Received frames go to the pairs up to the last that takes them.
unsigned CardHost::active_pairs() const {
  unsigned pairs = 1;
  for (unsigned pair = 0; pair < pairs_; ++pair) {
    const Ring& ring = rings_[std::size_t{2} * pair];
    if (ring.started && ring.enabled) pairs = pair + 1;
  }
  return pairs;
}

// NMQ-R-001 to NMQ-R-003 have a driver do the same.
void CardHost::set_pairs() {
  if (!live_ || control_ == nullptr || active_pairs() == pairs_set_) return;
  pairs_set_ = active_pairs();
  const std::array<std::byte, 2> data{static_cast<std::byte>(pairs_set_),
                                      static_cast<std::byte>(pairs_set_ >> 8)};
  const auto answer =
      control_->command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, data, kPatienceNs);
  if (answer != driver::ControlQueue::Answer::kOk) {
    fail(std::string("the card's number of queue pairs: ") + name_of(answer));
  }
}

bool CardHost::receives() const {
  if (!live_) return false;
  for (std::size_t queue = 0; queue < rings_.size(); queue += 2) {
    const Ring& ring = rings_[queue];
    if (!ring.on_card || ring.suspended) continue;
    // Another process writes it, and a driver may start the queue long before.
    std::byte* const index =
        host_->memory().translate(ring.setup.available + SplitRing::kAvailIdx, sizeof(uint16_t));
    if (index != nullptr && __atomic_load_n(reinterpret_cast<const uint16_t*>(index),
                                            __ATOMIC_ACQUIRE) != ring.setup.base) {
      return true;
    }
  }
  return false;
}

/// Queues in the card that are not suspended.
std::vector<unsigned> CardHost::running() const {
  std::vector<unsigned> queues;
  for (unsigned queue = 0; queue < rings_.size(); ++queue) {
    if (rings_[queue].on_card && !rings_[queue].suspended) queues.push_back(queue);
  }
  return queues;
}

/// Brings `queues` to rest: everything begun is returned, and nothing of it is under way on the
/// bus. False if the card does not come to rest, as after an error of the front end's.
bool CardHost::suspend(const std::vector<unsigned>& queues) {
  for (const unsigned queue : queues) {
    rings_[queue].suspended = true;
    pci_.bar_write(ring_state_bar_,
                   ring_state_offset_ + uint64_t{RingState::kSize} * queue + RingState::kSuspend, 2,
                   1);
  }
  const uint64_t deadline_ns = platform_.now_ns() + kPatienceNs;
  for (const unsigned queue : queues) {
    while (ring_state(queue, RingState::kSuspend) != RingState::kSuspended) {
      if (!live_ || (virtio_.status() & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0 ||
          platform_.now_ns() >= deadline_ns) {
        return false;
      }
      platform_.sleep_until(platform_.now_ns() + kPollNs);
    }
  }
  return true;
}

void CardHost::resume(unsigned queue) {
  rings_[queue].suspended = false;
  pci_.bar_write(ring_state_bar_,
                 ring_state_offset_ + uint64_t{RingState::kSize} * queue + RingState::kSuspend, 2,
                 0);
}

void CardHost::reset() {
  live_ = false;
  pairs_set_ = 0;
  for (Ring& ring : rings_) ring.on_card = ring.suspended = false;
  virtio_.reset(kPatienceNs);
  control_.reset();
}

void CardHost::check_status() {
  if (!live_ || (virtio_.status() & VIRTIO_STATUS_DEVICE_NEEDS_RESET) == 0) return;
  fail("the card needs a reset" + errors_since_start());
}

bool CardHost::config_interrupt(void* context) {
  auto* self = static_cast<CardHost*>(context);
  self->post([self] { self->check_status(); });
  return true;
}

bool CardHost::queue_interrupt(void* context) {
  const auto* vector = static_cast<const Vector*>(context);
  CardHost& self = *vector->host;
  if (self.peer_ != nullptr && self.live_) self.peer_->call(vector->queue);
  return true;
}

std::vector<uint64_t> CardHost::error_counts() const {
  std::vector<uint64_t> counts;
  for (const hw::NicCounter& counter : nic_.counters()) counts.push_back(counter.value);
  return counts;
}

/// ": error_zero_length", or nothing if no error was counted.
std::string CardHost::errors_since_start() const {
  std::string text;
  const std::vector<hw::NicCounter> counters = nic_.counters();
  for (std::size_t i = 0; i < counters.size() && i < errors_at_start_.size(); ++i) {
    if (!counters[i].name.starts_with("error_") || counters[i].value == errors_at_start_[i])
      continue;
    text += text.empty() ? ": " : ", ";
    text += counters[i].name;
  }
  return text;
}

// -- what the session asks for

uint64_t CardHost::features() const {
  const uint64_t without = kHostFeatures | (pairs_ > 1 ? 0 : feature_bit(VIRTIO_NET_F_MQ));
  return offered_ & ~without;
}

void CardHost::attach(VhostPeer* peer) {
  if (peer == nullptr) {
    peer_ = nullptr;
    changed_ = false;
    perform([this] {
      // What is under way ends before the memory goes; a card that is broken has stopped already.
      if (live_) suspend(running());
      reset();
    });
    set_memory({});
    for (Ring& ring : rings_) {
      const driver::Doorbell doorbell = ring.doorbell;
      ring = {};
      ring.doorbell = doorbell;
    }
    features_ = 0;
  }
  peer_ = peer;
  failed_ = false;
}

Status CardHost::set_memory(const std::vector<VhostRegion>& regions) {
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const VhostRegion& region = regions[i];
    const bool bad = region.size == 0 || region.bus + region.size < region.bus ||
                     overlaps(region, kArenaBase, kMemoryBytes) ||
                     std::any_of(regions.begin(), regions.begin() + static_cast<std::ptrdiff_t>(i),
                                 [&](const VhostRegion& other) {
                                   return overlaps(region, other.bus, other.size);
                                 });
    if (bad) return Status::failure("a memory region overlaps another one, or what no guest has");
  }
  const auto in = [](const std::vector<VhostRegion>& list, const VhostRegion& region) {
    return std::find(list.begin(), list.end(), region) != list.end();
  };
  const bool removes = std::any_of(regions_.begin(), regions_.end(),
                                   [&](const VhostRegion& old) { return !in(regions, old); });
  const auto exchange = [this, &regions, &in] {
    for (const VhostRegion& old : regions_) {
      if (!in(regions, old)) host_->memory().remove_region(old.bus, old.size);
    }
    for (const VhostRegion& region : regions) {
      if (!in(regions_, region)) {
        host_->memory().add_region(region.bus, region.data, region.size);
      }
    }
    regions_ = regions;
  };
  if (!removes || at_rest()) {
    exchange();
    return Status::success();
  }
  const bool done = perform([this, &exchange] {
    const std::vector<unsigned> queues = running();
    if (live_) suspend(queues);
    exchange();
    for (const unsigned queue : queues) resume(queue);
  });
  return done ? Status::success() : Status::failure("the card does not come to rest");
}

Status CardHost::set_features(uint64_t features) {
  if ((features & ~this->features()) != 0) {
    return Status::failure("the front end acknowledged features that were not offered");
  }
  features_ = features;
  return Status::success();
}

Status CardHost::start(unsigned queue, const VhostQueue& setup) {
  if ((features_ & feature_bit(VIRTIO_F_VERSION_1)) == 0) {
    return Status::failure("the front end did not acknowledge VIRTIO_F_VERSION_1");
  }
  rings_[queue].setup = setup;
  rings_[queue].started = true;
  rings_[queue].enabled = false;
  changed_ = true;
  post([this] { program_if_changed(); });
  return Status::success();
}

uint16_t CardHost::stop(unsigned queue) {
  if (queue >= rings_.size()) return 0;
  Ring& ring = rings_[queue];
  const bool stopped = perform([this, queue] {
    Ring& ring = rings_[queue];
    if (!ring.started || !ring.on_card) return;
    if (!ring.suspended) suspend({queue});
    ring.setup.base = static_cast<uint16_t>(ring_state(queue, RingState::kIndex));
    ring.started = false;
    // The others go on: the card keeps a suspended queue and touches nothing of it.
    const bool last =
        std::none_of(rings_.begin(), rings_.end(), [](const Ring& r) { return r.started; });
    if (last) reset();
  });
  ring.started = false;
  if (!stopped) fail("the card does not come to rest");
  return ring.setup.base;
}

void CardHost::enable(unsigned queue, bool enabled) {
  if (queue >= rings_.size() || rings_[queue].enabled == enabled) return;
  rings_[queue].enabled = enabled;
  if (at_rest()) return;
  const auto apply = [this, queue] {
    Ring& ring = rings_[queue];
    if (!live_ || !ring.started || !ring.on_card || ring.suspended != ring.enabled) return;
    if (ring.enabled) {
      resume(queue);
    } else {
      suspend({queue});
    }
    set_pairs();
    if (receive_ready_ && receives()) receive_ready_();
  };
  if (enabled) {
    post(apply);
  } else {
    perform(apply);
  }
}

void CardHost::kick(unsigned queue) {
  // A ring that is not in the card yet is looked at when it is.
  if (queue >= rings_.size() || !live_ || !rings_[queue].on_card) return;
  hw::RootPort& port = host_->port(0);
  const driver::Doorbell& doorbell = rings_[queue].doorbell;
  port.memory_write(port.bar_address(doorbell.bar) + doorbell.offset, 2, queue);
  if (queue % 2 == 0 && receive_ready_ && receives()) receive_ready_();
}

}  // namespace ringside::tb
