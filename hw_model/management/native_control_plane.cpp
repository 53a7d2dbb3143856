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
        state_(ops.state_bytes / sizeof(std::max_align_t) + 1) {
    SC_METHOD(run);
    sensitive << due_;
    dont_initialize();
  }
  void attach(CommandSink& sink) override { sink_ = &sink; }
  void post(const rs_event& event) override {
    waiting_.push_back({sc_core::sc_time_stamp() + latency_, event});
    if (waiting_.size() == 1) notify(latency_);
  }
  void report_to(Horizon& horizon) override { due_time_ = horizon.add_source(); }

 private:
  struct Waiting {
    sc_core::sc_time due;
    rs_event event;
  };
  void notify(const sc_core::sc_time& delay) {
    due_.notify(delay);
    due_time_.at((sc_core::sc_time_stamp() + delay).value());
  }
  void run() {
    const sc_core::sc_time& now = sc_core::sc_time_stamp();
    due_time_.never();
    while (!waiting_.empty() && waiting_.front().due <= now) {
      const rs_event event = waiting_.front().event;
      waiting_.pop_front();
      ops_.step(state_.data(), &event, &NativeControlPlane::emit, this);
    }
    if (!waiting_.empty()) notify(waiting_.front().due - now);
  }
  static void emit(void* context, const rs_command* command) {
    static_cast<NativeControlPlane*>(context)->sink_->command(*command);
  }

  const rs_firmware_ops& ops_;
  sc_core::sc_time latency_;
  std::vector<std::max_align_t> state_;
  CommandSink* sink_ = nullptr;
  std::deque<Waiting> waiting_;
  sc_core::sc_event due_;
  DueTime due_time_;
};

}  // namespace

std::unique_ptr<ControlPlane> make_native_control_plane(const char* name,
                                                        const rs_firmware_ops& ops,
                                                        TimePs latency_ps) {
  return std::make_unique<NativeControlPlane>(name, ops, latency_ps);
}

}  // namespace ringside::hw
