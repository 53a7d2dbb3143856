// SPDX-License-Identifier: Apache-2.0
// A Verilated class as the card of a shared object (ringside_card.h). Included by what
// cmake/card_library.py writes, outside of Ringside; needs Verilator's headers and no others.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <string_view>
#include <utility>
#include <vector>

#include "hw_model/rtl_bridge/ringside_card.h"
#include "hw_model/rtl_bridge/verilated_context.h"

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
  static constexpr int kAllLevels = 99;

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
    card_.record_waves = [](void* self, const char* path) { return of(self).record(path); };
    card_.dump_waves = [](void* self, uint64_t time_ps) {
      if (of(self).open_) of(self).file_.dump(time_ps);
    };
    card_.finish_waves = [](void* self) { of(self).finish(); };
    card_.destroy = [](void* self) { delete static_cast<VerilatedLibraryCard*>(self); };
  }
  ~VerilatedLibraryCard() {
    finish();
    Verilated::threadContextp(&context_);
    model_.final();
  }

  static VerilatedLibraryCard& of(void* self) { return *static_cast<VerilatedLibraryCard*>(self); }
  static VerilatedContext* traced(VerilatedContext& context) {
    configured(context).traceEverOn(true);
    return &context;
  }
  void eval() {
    // What the generated code calls asks the thread for its context: another card's, else. A card
    // that has finished stays as it is.
    Verilated::threadContextp(&context_);
    if (context_.gotFinish()) return;
    if (!asserts_ && (rst_n_ == nullptr || *rst_n_ != 0)) {
      asserts_ = true;
      context_.assertOn(true);
    }
    model_.eval();
  }
  int record(const char* path) {
    model_.trace(&file_, kAllLevels);
    file_.open(path);
    open_ = file_.isOpen();
    return open_ ? 0 : 1;
  }
  void finish() {
    if (std::exchange(open_, false)) file_.close();
  }

  VerilatedContext context_;
  Model model_;
  Pins pins_;
  const uint8_t* rst_n_ = nullptr;  ///< null: the card has none
  bool asserts_ = false;
  VerilatedFstC file_;
  bool open_ = false;
  ringside_card card_{};
};

}  // namespace ringside::hw
