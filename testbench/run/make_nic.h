// SPDX-License-Identifier: Apache-2.0
// The one place where a card's model is chosen.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "formats/status.h"
#include "hw_model/tlm/nic_model.h"
#include "hw_model/wire/frame.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// What counts for the card in RTL alone.
struct HardwareOptions {
  bool waves = false;  ///< record_waves() will be asked for
  RtlClock clock = RtlClock::kStopped;
};

/// The card of `nic`: its own if it has one, else of `model`. `config`, `frames` and `hardware` as
/// make_nic()'s. An error names the section and what is wrong.
Status make_nic_of(const Nic& nic, ModelKind model, const hw::NicConfig& config,
                   hw::FramePool& frames, const HardwareOptions& hardware,
                   std::unique_ptr<hw::NicModel>* made);

/// Whether the libraries of cards and applications are what run_scenario() takes. Errors are those
/// of the run.
Status check_libraries(const Scenario& scenario);

/// What the cards' hardware has not and they ask for: one line for all that lack the same, which
/// begins with their names.
std::vector<std::string> shortfall_lines(
    const std::vector<std::pair<std::string, const hw::NicModel*>>& nics);

/// What summaries call the card that make_nic_of() makes: its model, or "own".
const char* model_of(const Nic& nic, ModelKind model);

/// A card with native firmware, as the modules `nic_NAME` and `firmware_NAME`. `frames` must
/// outlive the simulation. Null if this build has no such model.
std::unique_ptr<hw::NicModel> make_nic(ModelKind model, const std::string& name,
                                       const hw::NicConfig& config, hw::FramePool& frames,
                                       const HardwareOptions& hardware = {});

}  // namespace ringside::tb
