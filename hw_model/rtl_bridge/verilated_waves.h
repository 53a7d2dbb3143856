// SPDX-License-Identifier: Apache-2.0
// VerilatedModel whose class was made with --trace-fst. Included where such a class is named, only.
#pragma once

#include <verilated_fst_c.h>

#include <string>

#include "hw_model/rtl_bridge/verilated_model.h"
#include "hw_model/rtl_bridge/wave_view.h"

namespace ringside::hw {

/// Signals on the run's timebase, in picoseconds.
template <typename Model, typename Symbols>
class VerilatedWaves final : public VerilatedModel<Model, Symbols> {
 public:
  VerilatedWaves() { this->context_.traceEverOn(true); }
  ~VerilatedWaves() override { finish_waves(); }

  Status record_waves(const std::string& path) override {
    this->model_.trace(&file_, kAllLevels);
    file_.open(path.c_str());
    open_ = file_.isOpen();
    return open_ ? write_wave_view(path, *this->pins().build_data_bits)
                 : Status::failure(path + ": cannot be written");
  }
  void finish_waves() override {
    if (open_) file_.close();
    open_ = false;
  }
  void dump_waves(TimePs time_ps) override {
    if (open_) file_.dump(time_ps);
  }

 private:
  static constexpr int kAllLevels = 99;
  VerilatedFstC file_;
  bool open_ = false;
};

}  // namespace ringside::hw
