// SPDX-License-Identifier: Apache-2.0
// VerilatedCard around a class that Verilator made. Included where such a class is named, only.
#pragma once

#include <verilated.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "hw_model/rtl_bridge/line_coverage.h"
#include "hw_model/rtl_bridge/verilated_card.h"
#include "hw_model/rtl_bridge/verilated_context.h"

namespace ringside::hw {

/// `Model` has the ports of nic_pins.sv; `Symbols` is its class of all instances (Model__Syms).
template <typename Model, typename Symbols>
class VerilatedModel : public VerilatedCard {
 public:
  /// With `unknown_seed` what the RTL leaves unknown is random by that seed; else, and always in
  /// classes made without RANDOM_X (cmake/RingsideRtl.cmake), it is 0.
  explicit VerilatedModel(int unknown_seed = 0)
      : model_(&configured(context_, unknown_seed), "TOP"), pins_(pins_of(model_)) {
    // Unknown, too; the card begins in reset.
    *pins_.rst_n = 0;
    *pins_.clk = 0;
  }
  ~VerilatedModel() override {
    Verilated::threadContextp(&context_);
    model_.final();
    keep_line_coverage(context_);
  }

  const CardPins& pins() const override { return pins_; }
  void eval() override {
    prepare_eval(context_, pins_.rst_n);
    model_.eval();
  }
  void image(std::vector<std::byte>* bytes) const override {
    bytes->resize(sizeof(Symbols));
    std::memcpy(bytes->data(), static_cast<const void*>(model_.rootp->vlSymsp), sizeof(Symbols));
  }
  Status record_waves(const std::string& /*path*/) override {
    return Status::failure("this build of the card writes no waves");
  }
  unsigned failed_assertions() const override {
    return static_cast<unsigned>(context_.errorCount());
  }

 protected:
  VerilatedContext context_;
  Model model_;

 private:
  CardPins pins_;
};

}  // namespace ringside::hw
