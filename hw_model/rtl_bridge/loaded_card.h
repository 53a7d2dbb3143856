// SPDX-License-Identifier: Apache-2.0
// A card of the user's own, from a shared object (ringside_card.h).
#pragma once

#include <memory>
#include <string>

#include "formats/status.h"
#include "hw_model/rtl_bridge/ringside_card.h"
#include "hw_model/rtl_bridge/verilated_card.h"

namespace ringside::hw {

/// Makes another card of those in the file `library`, which stays loaded. An error names the file
/// and the pin that is not as it must be.
Status load_card(const std::string& library, std::unique_ptr<VerilatedCard>* card);

/// The same of what the library gave; `name` is for errors. Takes `given`.
Status adopt_card(const std::string& name, const ringside_card* given,
                  std::unique_ptr<VerilatedCard>* card);

}  // namespace ringside::hw
