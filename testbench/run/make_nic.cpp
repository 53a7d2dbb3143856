// SPDX-License-Identifier: Apache-2.0
// See make_nic.h.
#include "testbench/run/make_nic.h"

#include <utility>

#include "firmware/native.h"
#if RINGSIDE_HAVE_RTL
#include "hw_model/rtl_bridge/rtl_nic.h"
#endif
#include "hw_model/tlm/at_nic.h"
#include "hw_model/tlm/lt_nic.h"

namespace ringside::tb {

#if RINGSIDE_HAVE_RTL
namespace {

hw::ClockMode clock_mode(RtlClock clock) {
  switch (clock) {
    case RtlClock::kAlways:
      return hw::ClockMode::kAlways;
    case RtlClock::kProven:
      return hw::ClockMode::kProven;
    default:
      return hw::ClockMode::kStopped;
  }
}

}  // namespace
#endif

std::unique_ptr<hw::NicModel> make_nic(ModelKind model, const std::string& name,
                                       const hw::NicConfig& config, hw::FramePool& frames,
                                       [[maybe_unused]] const HardwareOptions& hardware) {
  const std::string module = "nic_" + name;
  auto control = hw::make_native_control_plane(("firmware_" + name).c_str(), *rs_firmware_native(),
                                               config.management_latency_ps);
  switch (model) {
    case ModelKind::kLt:
      return hw::make_lt_nic(module.c_str(), config, std::move(control), frames);
    case ModelKind::kAt:
      return hw::make_at_nic(module.c_str(), config, std::move(control), frames);
    case ModelKind::kRtl:
    case ModelKind::kDiff:
#if RINGSIDE_HAVE_RTL
      return hw::make_rtl_nic(
          module.c_str(), config,
          {.clock = clock_mode(hardware.clock), .followed = model == ModelKind::kDiff},
          hw::make_verilated_card({hardware.waves}), std::move(control), frames);
#endif
      break;
  }
  return nullptr;
}

}  // namespace ringside::tb
