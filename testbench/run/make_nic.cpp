// SPDX-License-Identifier: Apache-2.0
// See make_nic.h.
#include "testbench/run/make_nic.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "firmware/native.h"
#include "hw_model/rtl_bridge/loaded_card.h"
#include "hw_model/rtl_bridge/rtl_nic.h"
#include "hw_model/tlm/at_nic.h"
#include "hw_model/tlm/lt_nic.h"
#include "testbench/run/rtl_sizes.h"
#include "testbench/run/user_app.h"

namespace ringside::tb {

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

std::string module_of(const std::string& name) { return "nic_" + name; }

std::unique_ptr<hw::ControlPlane> make_firmware(const std::string& name,
                                                const hw::NicConfig& config) {
  return hw::make_native_control_plane(("firmware_" + name).c_str(), *rs_firmware_native(),
                                       config.management_latency_ps);
}

/// `followed`: by the core.
Status load_own_card(const Nic& nic, bool followed, std::unique_ptr<hw::VerilatedCard>* card) {
  const std::string key = "nic." + nic.name + ".card: ";
  if (Status status = hw::load_card(nic.card, card); !status.ok()) {
    return Status::failure(key + status.error);
  }
  if (followed && !(*card)->has_trace()) {
    return Status::failure(key + nic.card +
                           " has no trace_valid and trace_record, so that the core cannot follow "
                           "it; expected another model than diff");
  }
  return Status::success();
}

/// Firmware works at the management bus, if the card has one.
Status make_own_card(const Nic& nic, bool followed, const hw::NicConfig& config,
                     hw::FramePool& frames, const HardwareOptions& hardware,
                     std::unique_ptr<hw::NicModel>* made) {
  std::unique_ptr<hw::VerilatedCard> card;
  if (Status status = load_own_card(nic, followed, &card); !status.ok()) return status;
  auto control = card->has_management() ? make_firmware(nic.name, config) : nullptr;
  *made = hw::make_rtl_nic(module_of(nic.name).c_str(), config,
                           {.clock = clock_mode(hardware.clock), .followed = followed},
                           std::move(card), std::move(control), frames);
  return Status::success();
}

}  // namespace

Status make_nic_of(const Nic& nic, ModelKind model, const hw::NicConfig& config,
                   hw::FramePool& frames, const HardwareOptions& hardware,
                   std::unique_ptr<hw::NicModel>* made) {
  if (!nic.card.empty()) {
    return make_own_card(nic, model == ModelKind::kDiff, config, frames, hardware, made);
  }
  *made = make_nic(model, nic.name, config, frames, hardware);
  if (*made != nullptr) return Status::success();
  return Status::failure(std::string("model: this build has no model ") + name_of(model));
}

Status check_libraries(const Scenario& scenario) {
  for (const Nic& nic : scenario.nics) {
    if (nic.card.empty()) continue;
    std::unique_ptr<hw::VerilatedCard> card;
    const bool followed = scenario.model == ModelKind::kDiff;
    if (Status status = load_own_card(nic, followed, &card); !status.ok()) return status;
  }
  for (const App& app : scenario.apps) {
    std::unique_ptr<TrafficTask> task;
    if (Status status = make_user_app(app, &task); !status.ok()) return status;
  }
  return Status::success();
}

std::vector<std::string> shortfall_lines(
    const std::vector<std::pair<std::string, const hw::NicModel*>>& nics) {
  std::vector<std::pair<std::string, std::string>> found;  // what, of whom
  for (const auto& [name, nic] : nics) {
    for (const std::string& what : nic->shortfalls()) {
      const auto same = std::find_if(found.begin(), found.end(),
                                     [&](const auto& entry) { return entry.first == what; });
      if (same == found.end()) {
        found.emplace_back(what, name);
      } else {
        same->second.append(", ").append(name);
      }
    }
  }
  std::vector<std::string> lines;
  lines.reserve(found.size());
  for (const auto& [what, names] : found) lines.push_back(fmt::format("{}: {}", names, what));
  return lines;
}

const char* model_of(const Nic& nic, ModelKind model) {
  return nic.card.empty() ? name_of(model) : "own";
}

std::optional<RtlSizes> rtl_sizes() {
#if RINGSIDE_HAVE_RTL
  const auto card = hw::make_verilated_card({});
  card->eval();
  const hw::CardPins& pins = card->pins();
  return RtlSizes{*pins.build_data_bits, *pins.build_queue_pairs, *pins.build_ring_limit};
#else
  return std::nullopt;
#endif
}

std::unique_ptr<hw::NicModel> make_nic(ModelKind model, const std::string& name,
                                       const hw::NicConfig& config, hw::FramePool& frames,
                                       [[maybe_unused]] const HardwareOptions& hardware) {
  const std::string module = module_of(name);
  auto control = make_firmware(name, config);
  switch (model) {
    case ModelKind::kLt:
      return hw::make_lt_nic(module.c_str(), config, std::move(control), frames);
    case ModelKind::kAt:
      return hw::make_at_nic(module.c_str(), config, std::move(control), frames);
    case ModelKind::kRtl:
    case ModelKind::kDiff:
#if RINGSIDE_HAVE_RTL
      return hw::make_rtl_nic(module.c_str(), config,
                              {.clock = clock_mode(hardware.clock),
                               .followed = model == ModelKind::kDiff,
                               .pairs_option = "-DRINGSIDE_RTL_QUEUE_PAIRS="},
                              hw::make_verilated_card({hardware.waves}), std::move(control),
                              frames);
#endif
      break;
  }
  return nullptr;
}

}  // namespace ringside::tb
