// SPDX-License-Identifier: Apache-2.0
// A Verilated class as the card of a shared object (ringside_card.h). Included by what
// cmake/card_library.py writes, outside of Ringside; needs Verilator's headers and no others.
#pragma once

#include <verilated.h>

#include <string_view>
#include <vector>

#include "hw_model/rtl_bridge/ringside_card.h"
#include "hw_model/rtl_bridge/verilated_context.h"
#include "hw_model/rtl_bridge/verilated_fst.h"

namespace ringside::hw {

/// `Model` was made with --trace-fst; `Symbols` is its class of all instances (Model__Syms).
template <typename Model, typename Symbols>
class VerilatedLibraryCard {
 public:
  using Pins = std::vector<ringside_card_pin>;

  /// `pins` lists the ports of a model. Owned by the caller's `destroy`.
  static const ringside_card* make(Pins (*pins)(Model&)) {
    return &(new VerilatedLibraryCard(pins))->card_;
  }

 private:
  explicit VerilatedLibraryCard(Pins (*pins)(Model&))
      : model_(traced(context_), "TOP"), pins_(pins(model_)) {
    for (const ringside_card_pin& pin : pins_) {
      if (std::string_view(pin.name) == "rst_n") rst_n_ = static_cast<const uint8_t*>(pin.value);
    }
    card_.self = this;
    card_.pins = pins_.data();
    card_.pin_count = pins_.size();
    card_.image = model_.rootp->vlSymsp;
    card_.image_bytes = sizeof(Symbols);
    card_.eval = [](void* self) { of(self).eval(); };
    card_.failed_assertions = [](void* self) {
      const VerilatedContext& context = of(self).context_;
      return static_cast<unsigned>(context.errorCount()) + (context.gotFinish() ? 1U : 0U);
    };
    card_.record_waves = [](void* self, const char* path) {
      return of(self).file_.record(of(self).model_, path) ? 0 : 1;
    };
    card_.dump_waves = [](void* self, uint64_t time_ps) { of(self).file_.dump(time_ps); };
    card_.finish_waves = [](void* self) { of(self).file_.finish(); };
    card_.destroy = [](void* self) { delete static_cast<VerilatedLibraryCard*>(self); };
  }
  ~VerilatedLibraryCard() {
    file_.finish();
    Verilated::threadContextp(&context_);
    model_.final();
  }

  static VerilatedLibraryCard& of(void* self) { return *static_cast<VerilatedLibraryCard*>(self); }
  static VerilatedContext* traced(VerilatedContext& context) {
    configured(context).traceEverOn(true);
    return &context;
  }
  void eval() {
    // A card that has finished stays as it is.
    if (context_.gotFinish()) return;
    prepare_eval(context_, rst_n_);
    model_.eval();
  }

  VerilatedContext context_;
  Model model_;
  Pins pins_;
  const uint8_t* rst_n_ = nullptr;  ///< null: the card has none
  FstFile file_;
  ringside_card card_{};
};

}  // namespace ringside::hw
