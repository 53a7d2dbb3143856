// SPDX-License-Identifier: Apache-2.0
// VerilatedModel whose class was made with --trace-fst. Included where such a class is named, only.
#pragma once

#include <string>

#include "hw_model/rtl_bridge/verilated_fst.h"
#include "hw_model/rtl_bridge/verilated_model.h"

namespace ringside::hw {

/// Signals on the run's timebase, in picoseconds.
template <typename Model, typename Symbols>
class VerilatedWaves : public VerilatedModel<Model, Symbols> {
 public:
  /// As VerilatedModel's.
  explicit VerilatedWaves(int unknown_seed = 0) : VerilatedModel<Model, Symbols>(unknown_seed) {
    this->context_.traceEverOn(true);
  }
  ~VerilatedWaves() override { finish_waves(); }

  Status record_waves(const std::string& path) override {
    return file_.record(this->model_, path.c_str()) ? Status::success()
                                                    : Status::failure("cannot be written");
  }
  void finish_waves() override { file_.finish(); }
  void dump_waves(TimePs time_ps) override { file_.dump(time_ps); }

 private:
  FstFile file_;
};

}  // namespace ringside::hw
