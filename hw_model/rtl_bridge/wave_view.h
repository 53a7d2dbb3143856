// SPDX-License-Identifier: Apache-2.0
// A view for GTKWave of a card's important signals.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "formats/status.h"
#include "hw_model/tlm/wave_window.h"

namespace ringside::hw {

/// Signals under one heading, by their full names with the range of vectors.
struct WaveGroup {
  std::string heading;
  std::vector<std::string> signals;
};

/// Those of the card's pins that say what goes on; `data_bits` is the width of the datapath.
std::vector<WaveGroup> important_waves(unsigned data_bits);

/// Writes the view for the FST file `waves` beside it: NAME.gtkw for NAME.fst. `has` says which
/// pins the card has; null: all.
Status write_wave_view(const std::string& waves, unsigned data_bits, const WaveWindow& window,
                       const std::function<bool(const std::string& pin)>& has = nullptr);

}  // namespace ringside::hw
