// SPDX-License-Identifier: Apache-2.0
// The FST file of a Verilated class that was made with --trace-fst. Included where such a class is
// named, only; needs Verilator's headers and no others.
#pragma once

#include <verilated_fst_c.h>

#include <cstdint>
#include <utility>

namespace ringside::hw {

/// Closed by finish() at the latest, which is to come before the model ends.
class FstFile {
 public:
  /// All levels of `model`, from now on. Whether the file could be made.
  template <typename Model>
  bool record(Model& model, const char* path) {
    model.trace(&file_, kAllLevels);
    file_.open(path);
    open_ = file_.isOpen();
    return open_;
  }
  void dump(uint64_t time_ps) {
    if (open_) file_.dump(time_ps);
  }
  void finish() {
    if (std::exchange(open_, false)) file_.close();
  }

 private:
  static constexpr int kAllLevels = 99;
  VerilatedFstC file_;
  bool open_ = false;
};

}  // namespace ringside::hw
