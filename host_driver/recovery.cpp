// SPDX-License-Identifier: Apache-2.0
// Taking a device down, and recovery from one that needs a reset or broke the rules, with a growing
// pause (virtio 1.4, "Device Status Field", "Device Cleanup").
#include <algorithm>
#include <string>

#include "host_driver/device_status.h"
#include "host_driver/virtio_net_driver.h"

namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD {

// Control (open, stop, configuration changes, recovery) is one process context at a time.
void VirtioNetDriver::enter_control() {
  while (control_busy_.exchange(true)) control_queue_->wait_until(kForever);
}

void VirtioNetDriver::leave_control() {
  control_busy_ = false;
  control_queue_->wake_one();
}

/// Returns when no control work runs or will run, not even to find that there is nothing to do;
/// nothing schedules it any more. Not from control work (process context).
void VirtioNetDriver::drain_control() {
  constexpr uint64_t kPauseNs = 1000;
  control_work_->cancel();
  while (control_running_) platform_.sleep_until(platform_.now_ns() + kPauseNs);
}

/// Leaves the device reset, no handler running and no memory exposed, in that order.
void VirtioNetDriver::take_down(TransmitQueue::Gate gate) {
  for (auto& queue : transmit_) queue->pause(gate);
  for (auto& queue : receive_) queue->pause();
  watchdog_->cancel();
  queues_enabled_ = !mutant(Mutant::kNotResetAtStop);
  take_memory_back();
}

/// A device that does not come out of its reset loses its access to memory, and is reset as a PCI
/// function.
void VirtioNetDriver::reset_or_cut_off() {
  if (device_.reset(options_.reset_timeout_ns)) return;
  platform_.log(LogLevel::kError, "virtio-net: the device does not finish its reset");
  pci_.set_bus_master(false);
  pci_.function_level_reset();
}

/// CLN-R-002: the queues must not be live when their buffers are taken back.
void VirtioNetDriver::take_memory_back() {
  if (queues_enabled_) reset_or_cut_off();
  queues_enabled_ = false;
  pci_.set_bus_master(false);
  release_interrupts();
  config_pending_ = false;  // else a shared vector would never look again
  for (auto& queue : receive_) queue->reclaim();
  for (auto& queue : transmit_) queue->reclaim();
}

/// Softirq or process context; only the first fault of a live device counts.
void VirtioNetDriver::queue_fault(std::string_view what) {
  State running = State::kRunning;
  if (!state_.compare_exchange_strong(running, State::kBroken)) return;
  ++counters_.faults;
  platform_.log(LogLevel::kError, "virtio-net: " + std::string(what) + "; the device is reset");
  control_work_->schedule();
}

/// False, and the device is reset, if it is not live or not well (process context).
bool VirtioNetDriver::check_status() {
  const uint8_t status = device_.status();
  if (status == kNoDeviceStatus) {
    queue_fault("the device is gone: device_status is " + status_text(status));
  } else if ((status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0) {
    queue_fault("the device set DEVICE_NEEDS_RESET: device_status is " + status_text(status));
  } else if ((status & VIRTIO_STATUS_DRIVER_OK) == 0) {
    queue_fault("the device is no longer live: device_status is " + status_text(status));
  }
  return state_ == State::kRunning;
}

/// While a command is under way configuration changes wait, of which one may be an error; and a
/// device that needs a reset may not be able to say so.
bool VirtioNetDriver::control_hopeless(bool late) {
  if (state_ != State::kRunning) return true;
  return (late || config_pending_) && !check_status();
}

void VirtioNetDriver::run_control() {
  control_running_ = true;
  enter_control();
  if (state_ == State::kRunning && look_wanted_.exchange(false)) {
    look_for_lost_frames();
    if (check_status()) arm_watchdog();
  }
  if (state_ == State::kRunning && config_pending_.exchange(false)) handle_configuration_change();
  if (state_ == State::kBroken) {
    begin_recovery();
  } else if (state_ == State::kWaiting && platform_.now_ns() >= next_attempt_ns_) {
    finish_recovery();
  }
  leave_control();
  control_running_ = false;
}

void VirtioNetDriver::begin_recovery() {
  ++counters_.resets;
  if (platform_.now_ns() - running_since_ns_ > options_.reset_backoff_max_ns) attempts_ = 0;
  take_down(TransmitQueue::Gate::kPaused);
  // Frames that the device held go back to the client at once, in softirq context.
  events_.schedule();
  schedule_attempt();
}

void VirtioNetDriver::schedule_attempt() {
  if (attempts_ >= options_.reset_attempts) return give_up("too many resets in a row");
  uint64_t pause_ns = std::min(options_.reset_backoff_ns, options_.reset_backoff_max_ns);
  for (unsigned i = 0; i < attempts_ && pause_ns < options_.reset_backoff_max_ns; ++i) {
    pause_ns = std::min(2 * pause_ns, options_.reset_backoff_max_ns);
  }
  ++attempts_;
  state_ = State::kWaiting;
  next_attempt_ns_ = platform_.now_ns() + pause_ns;
  control_timer_->arm(next_attempt_ns_);
}

void VirtioNetDriver::finish_recovery() {
  const Status status = bring_up();
  if (!status.ok()) {
    ++counters_.failed_recoveries;
    platform_.log(LogLevel::kError, "virtio-net: recovery failed: " + status.error);
    return schedule_attempt();
  }
  if (state_ == State::kRunning) {  // else it broke the rules again at once
    ++counters_.recoveries;
    platform_.log(LogLevel::kInfo, "virtio-net: recovered");
  }
  if (link_pending_) events_.schedule();
}

void VirtioNetDriver::give_up(const std::string& why) {
  platform_.log(LogLevel::kError, "virtio-net: given up: " + why);
  ++counters_.given_up;
  state_ = State::kFailed;
  for (auto& queue : transmit_) queue->pause(TransmitQueue::Gate::kClosed);
  link_.up = false;
  link_pending_ = true;
  events_.schedule();
}

/// Softirq context.
void VirtioNetDriver::deliver_events() {
  for (auto& queue : transmit_) queue->settle(*client_, true);
  if (link_pending_.exchange(false)) client_->link_change(link_.up);
}

}  // namespace ringside::driver::inline RINGSIDE_DRIVER_BUILD
