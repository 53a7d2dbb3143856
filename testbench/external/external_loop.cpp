// SPDX-License-Identifier: Apache-2.0
// See external_loop.h.
#include "testbench/external/external_loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <stdexcept>
#include <systemc>
#include <utility>
#include <vector>

namespace ringside::tb {

namespace {

using sc_core::sc_time;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kPsPerNs = 1000;
/// Wall time between looks at descriptors while the simulation is busy: a look costs about 0.1 us,
/// a hundredth of this, and this is what a kick may wait.
constexpr uint64_t kLookEveryNs = 10'000;
/// A slice's length in virtual time is fitted to take about as much wall time as lies between two
/// looks; the bounds keep a change of load from making one slice much too long.
constexpr uint64_t kMinSlicePs = 1'000;
constexpr uint64_t kMaxSlicePs = 10'000'000;
/// From here on a time without events is a long wait.
constexpr uint64_t kLongWaitPs = 1'000'000'000;
/// How far the simulation may be behind the wall clock and still catch up.
constexpr uint64_t kMaxLagPs = 1'000'000'000;
/// Waits that are shorter than a sleep takes are not slept.
constexpr uint64_t kShortestSleepNs = 5'000;
/// Descriptors that one look returns at most; the rest comes with the next.
constexpr int kReadyAtOnce = 64;
/// The watch number of the timer that ends sleeps.
constexpr uint64_t kAlarm = 0;

uint64_t virtual_ps() { return sc_core::sc_time_stamp().value(); }

/// Until the next event; call only with pending activity.
uint64_t next_event_in_ps() {
  return sc_core::sc_time_to_pending_activity(sc_core::sc_get_curr_simcontext()).value();
}

bool has_work() { return sc_core::sc_pending_activity(); }

/// Runs events before now + `ps`; time ends there, or at the last event if `ps` is beyond it and
/// `stand` is set.
void advance(uint64_t ps, bool stand) {
  sc_core::sc_start(sc_time::from_value(ps),
                    stand ? sc_core::SC_EXIT_ON_STARVATION : sc_core::SC_RUN_TO_TIME);
}

}  // namespace

struct ExternalLoop::Impl {
  explicit Impl(Pace pace);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool over() const;
  void run();
  void run_slice(uint64_t ps, bool stand);
  bool step_on_demand();
  bool step_by_wall_clock();
  void look(int timeout_ms);
  void sleep_until_due();
  void run_posted();
  /// Virtual time that the wall clock allows by now.
  uint64_t allowed_ps() const;
  /// What has been due since `since_ps` catches up with a millisecond at most: sets the clocks so,
  /// and returns what is allowed then.
  uint64_t give_up_lag(uint64_t since_ps);
  /// Puts virtual time and wall clock together as they are now.
  void match_clocks();

  Pace pace;
  int epoll = -1;
  int alarm = -1;                   ///< kWallClock: ends sleeps
  std::map<int, uint64_t> watches;  ///< number of the watch of a descriptor; each has a new one
  std::map<uint64_t, std::shared_ptr<std::function<void()>>> callbacks;  ///< by number
  uint64_t last_watch = kAlarm;
  std::vector<std::function<void()>> posted;
  std::function<void()> long_wait;
  bool stopping = false;
  bool elaborated = false;
  uint64_t until_ps = UINT64_MAX;
  uint64_t slice_ps = kMinSlicePs;
  uint64_t looks = 0;
  Clock::time_point last_look;
  Clock::time_point origin;  ///< the wall clock ...
  uint64_t origin_ps = 0;    ///< ... at this virtual time
};

ExternalLoop::Impl::Impl(Pace pace) : pace(pace), epoll(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll < 0) throw std::runtime_error("epoll_create1 failed: too many open files?");
  if (pace != Pace::kWallClock) return;
  alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // never read: setting it anew is what clears it
  event.data.u64 = kAlarm;
  if (alarm < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, alarm, &event) != 0) {
    close(epoll);
    throw std::runtime_error("timerfd_create failed: too many open files?");
  }
}

ExternalLoop::Impl::~Impl() {
  if (alarm >= 0) close(alarm);
  close(epoll);
}

bool ExternalLoop::Impl::over() const {
  const sc_core::sc_status status = sc_core::sc_get_status();
  return stopping || virtual_ps() >= until_ps || status == sc_core::SC_STOPPED ||
         status == sc_core::SC_END_OF_SIMULATION;
}

uint64_t ExternalLoop::Impl::allowed_ps() const {
  const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - origin);
  return origin_ps + static_cast<uint64_t>(passed.count()) * kPsPerNs;
}

uint64_t ExternalLoop::Impl::give_up_lag(uint64_t since_ps) {
  const uint64_t allowed = allowed_ps();
  if (since_ps + kMaxLagPs >= allowed) return allowed;
  origin += std::chrono::nanoseconds((allowed - kMaxLagPs - since_ps) / kPsPerNs);
  return since_ps + kMaxLagPs;
}

void ExternalLoop::Impl::match_clocks() {
  origin = Clock::now();
  origin_ps = virtual_ps();
}

void ExternalLoop::Impl::run() {
  if (!elaborated) {
    elaborated = true;
    if (sc_core::sc_get_status() < sc_core::SC_RUNNING) sc_core::sc_start(sc_core::SC_ZERO_TIME);
    match_clocks();
  }
  while (!over()) {
    run_posted();
    if (over()) break;
    const bool worked = pace == Pace::kDemand ? step_on_demand() : step_by_wall_clock();
    if (over()) break;
    if (!worked && posted.empty()) {
      const bool waits = pace == Pace::kWallClock && until_ps != UINT64_MAX;
      if (watches.empty() && !has_work() && !waits) break;  // nothing will ever happen
      sleep_until_due();
    } else if (Clock::now() - last_look >= std::chrono::nanoseconds(kLookEveryNs)) {
      look(0);
    }
  }
  stopping = false;
}

/// Runs one slice; false if there is no work.
bool ExternalLoop::Impl::step_on_demand() {
  if (has_work() && long_wait && next_event_in_ps() >= kLongWaitPs) long_wait();
  if (!has_work()) return false;
  const uint64_t left = until_ps - virtual_ps();
  // Time without events costs nothing: a slice starts at the first.
  const uint64_t next = next_event_in_ps();
  if (next >= left) {
    advance(left, false);
  } else {
    run_slice(std::min(next + slice_ps, left), true);
  }
  return true;
}

/// Runs one slice of what is due; false if nothing is.
bool ExternalLoop::Impl::step_by_wall_clock() {
  const uint64_t now = virtual_ps();
  if (!has_work()) {
    const uint64_t allowed = std::min(allowed_ps(), until_ps);
    if (allowed > now) advance(allowed - now, false);
    return false;
  }
  const uint64_t next = now + next_event_in_ps();
  const uint64_t allowed = std::min(give_up_lag(next), until_ps);  // woken late
  if (allowed <= now) return false;
  const bool due = next < allowed;
  run_slice(std::min(allowed - now, next - now + slice_ps), false);
  give_up_lag(virtual_ps());  // took long
  return due;
}

void ExternalLoop::Impl::run_slice(uint64_t ps, bool stand) {
  const auto before = Clock::now();
  advance(ps, stand);
  const auto taken = static_cast<uint64_t>((Clock::now() - before).count());
  // Shrinks at once, grows by and by.
  if (taken > 2 * kLookEveryNs) {
    slice_ps = std::max(kMinSlicePs, slice_ps * kLookEveryNs / taken);
  } else if (taken < kLookEveryNs / 2) {
    slice_ps = std::min(kMaxSlicePs, slice_ps * 2);
  }
}

void ExternalLoop::Impl::sleep_until_due() {
  const uint64_t event = has_work() ? virtual_ps() + next_event_in_ps() : UINT64_MAX;
  const uint64_t next = std::min(event, until_ps);
  if (pace == Pace::kDemand || next == UINT64_MAX) {
    look(-1);
    return;
  }
  const uint64_t wait_ps = next - std::min(next, allowed_ps());
  if (wait_ps < kShortestSleepNs * kPsPerNs) {
    look(0);
    return;
  }
  // One nanosecond more: events at the very end of the time allowed are not run.
  const auto due =
      origin.time_since_epoch() + std::chrono::nanoseconds((next - origin_ps) / kPsPerNs + 1);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(due);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = std::chrono::nanoseconds(due - seconds).count();
  timerfd_settime(alarm, TFD_TIMER_ABSTIME, &when, nullptr);
  look(-1);
}

void ExternalLoop::Impl::look(int timeout_ms) {
  std::array<epoll_event, kReadyAtOnce> ready;
  ++looks;
  const int count = epoll_wait(epoll, ready.data(), kReadyAtOnce, timeout_ms);
  last_look = Clock::now();
  if (count <= 0) return;
  if (pace == Pace::kWallClock && timeout_ms != 0) {
    // What comes in now meets the simulation at the time that it is now.
    step_by_wall_clock();
  }
  for (int i = 0; i < count && !stopping; ++i) {
    const auto found = callbacks.find(ready[static_cast<std::size_t>(i)].data.u64);
    if (found == callbacks.end()) continue;  // the alarm, or a callback has just unwatched it
    const auto callback = found->second;     // it may unwatch itself
    (*callback)();
  }
}

void ExternalLoop::Impl::run_posted() {
  // What these post in turn comes after a look at the simulation.
  for (const auto& call : std::exchange(posted, {})) call();
}

ExternalLoop::ExternalLoop(Pace pace) : impl_(std::make_unique<Impl>(pace)) {}

ExternalLoop::~ExternalLoop() = default;

bool ExternalLoop::watch(int fd, std::function<void()> ready, Wake wake) {
  unwatch(fd);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  if (wake == Wake::kOnWrite) event.events |= EPOLLET;
  event.data.u64 = ++impl_->last_watch;
  if (epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, fd, &event) != 0) return false;
  impl_->watches[fd] = impl_->last_watch;
  impl_->callbacks[impl_->last_watch] = std::make_shared<std::function<void()>>(std::move(ready));
  return true;
}

void ExternalLoop::unwatch(int fd) {
  const auto found = impl_->watches.find(fd);
  if (found == impl_->watches.end()) return;
  impl_->callbacks.erase(found->second);
  impl_->watches.erase(found);
  epoll_ctl(impl_->epoll, EPOLL_CTL_DEL, fd, nullptr);  // fails if it is closed: gone already
}

void ExternalLoop::post(std::function<void()> call) { impl_->posted.push_back(std::move(call)); }

void ExternalLoop::on_long_wait(std::function<void()> call) { impl_->long_wait = std::move(call); }

void ExternalLoop::run(uint64_t until_ps) {
  impl_->until_ps = until_ps;
  impl_->run();
  impl_->until_ps = UINT64_MAX;
}

void ExternalLoop::stop() {
  impl_->stopping = true;
  if (sc_core::sc_get_status() == sc_core::SC_RUNNING) sc_core::sc_pause();
}

bool ExternalLoop::settle(const std::function<bool()>& done) {
  if (!impl_->elaborated && sc_core::sc_get_status() < sc_core::SC_RUNNING) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  bool is_done = done();
  while (!is_done && has_work() && !impl_->over()) {
    // One point in time after the other.
    advance(next_event_in_ps() + 1, true);
    is_done = done();
  }
  impl_->match_clocks();
  return is_done;
}

uint64_t ExternalLoop::looks() const { return impl_->looks; }

}  // namespace ringside::tb
