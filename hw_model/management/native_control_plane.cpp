// SPDX-License-Identifier: Apache-2.0
// Firmware that was compiled for the host, behind a fixed latency.
#include <cstddef>
#include <deque>
#include <systemc>
#include <vector>

#include "hw_model/management/control_plane.h"

namespace ringside::hw {

namespace {

class NativeControlPlane final : public sc_core::sc_module, public ControlPlane {
 public:
  SC_HAS_PROCESS(NativeControlPlane);
  NativeControlPlane(const sc_core::sc_module_name& name, const rs_firmware_ops& ops,
                     TimePs latency_ps)
      : sc_module(name),
        ops_(ops),
        latency_(sc_core::sc_time::from_value(latency_ps)),
        state_(ops.state_bytes / sizeof(std::max_align_t) + 1) {}
  void attach(ManagementBus& bus) override {
    bus_ = firmware_bus(bus);
    takes_time_ = bus.takes_time();
  }
  void interrupt() override {
    due_.push_back(sc_core::sc_time_stamp() + latency_);
    if (due_.size() == 1) wake_in(latency_);
  }
  // When a command comes over a bus that takes time is the bus's to know.
  void report_to(Horizon& horizon) override {
    if (takes_time_) {
      horizon.unbound();
    } else {
      due_time_ = horizon.add_source();
    }
  }

 private:
  static constexpr std::size_t kStackBytes = std::size_t{1} << 18;

  // Only a bus that takes time is worth a thread.
  void before_end_of_elaboration() override {
    if (bus_.context == nullptr) return;
    if (takes_time_) {
      SC_THREAD(run_for_ever);
      set_stack_size(kStackBytes);
    } else {
      SC_METHOD(run);
      sensitive << wake_;
      dont_initialize();
    }
  }
  void wake_in(const sc_core::sc_time& delay) {
    wake_.notify(delay);
    due_time_.at((sc_core::sc_time_stamp() + delay).value());
  }
  void run_for_ever() {
    for (;;) {
      wait(wake_);
      run();
    }
  }
  // Interrupts may come while a step waits for the bus; what was notified then nobody has heard.
  void run() {
    due_time_.never();
    while (!due_.empty() && due_.front() <= sc_core::sc_time_stamp()) {
      due_.pop_front();
      while (ops_.step(state_.data(), &bus_) != 0 && due_.empty()) {
      }
    }
    if (!due_.empty()) wake_in(due_.front() - sc_core::sc_time_stamp());
  }

  const rs_firmware_ops& ops_;
  sc_core::sc_time latency_;
  std::vector<std::max_align_t> state_;
  rs_bus bus_{};
  bool takes_time_ = false;
  std::deque<sc_core::sc_time> due_;  ///< one for each interrupt that was not dealt with
  sc_core::sc_event wake_;
  DueTime due_time_;  ///< of wake_
};

}  // namespace

std::unique_ptr<ControlPlane> make_native_control_plane(const char* name,
                                                        const rs_firmware_ops& ops,
                                                        TimePs latency_ps) {
  return std::make_unique<NativeControlPlane>(name, ops, latency_ps);
}

}  // namespace ringside::hw
