// SPDX-License-Identifier: Apache-2.0
// See make_nic.h.
#include "testbench/run/make_nic.h"

#include <utility>

#include "firmware/native.h"
#include "hw_model/tlm/at_nic.h"
#include "hw_model/tlm/lt_nic.h"

namespace ringside::tb {

std::unique_ptr<hw::NicModel> make_nic(ModelKind model, const std::string& name,
                                       const hw::NicConfig& config, hw::FramePool& frames) {
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
      break;
  }
  return nullptr;
}

}  // namespace ringside::tb
