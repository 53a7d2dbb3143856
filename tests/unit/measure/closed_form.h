// SPDX-License-Identifier: Apache-2.0
// Effective bandwidth of a PCIe link by formula, from the specification's numbers: the rate left by
// the data link layer, divided among the bytes that a transfer takes in each direction. Shares
// nothing with the model.
#pragma once

#include <algorithm>
#include <cmath>

namespace ringside::test {

/// Rates in Gb/s.
struct ClosedForm {
  double raw;
  double tlp;
  double write;
  double read;
  double read_write;
};

/// The recommended ACK latency limit as the specification derives its tables (3.5.2.2):
/// (MPS + overhead) * AckFactor / width + internal delay, whole symbol times.
inline double ack_limit(int generation, int lanes, int mps) {
  double factor = 1.0;
  if (mps >= 512) {
    factor = lanes == 16 ? 2.0 : 1.0;
  } else if (lanes == 16) {
    factor = 3.0;
  } else if (lanes == 8) {
    factor = 2.5;
  } else {
    factor = 1.4;
  }
  const double delay = generation == 1 ? 19 : generation == 2 ? 70 : 115;
  return std::floor((mps + 28) * factor / lanes + delay + 1e-9);
}

inline int ceil_div(int a, int b) { return (a + b - 1) / b; }

/// Transfers that begin at a page and are cut at MPS (writes, completions) and MRRS (requests).
inline ClosedForm closed_form(int generation, int lanes, int mps, int mrrs, int size) {
  const double giga_transfers[] = {2.5, 5, 8, 16, 32};
  const double coding = generation <= 2 ? 8.0 / 10 : 128.0 / 130;
  ClosedForm form{};
  form.raw = giga_transfers[generation - 1] * coding * lanes;
  const double limit = ack_limit(generation, lanes, mps);
  form.tlp = form.raw * (1 - 4.0 / 1538 - 8 / limit - 8 / limit);
  // Framing 2, sequence number 2, LCRC 4; header of four double words, completions three.
  const int writes = size + (8 + 16) * ceil_div(size, mps);
  const int requests = (8 + 16) * ceil_div(size, mrrs);
  int completions = size;
  for (int left = size; left > 0; left -= mrrs) {
    completions += (8 + 12) * ceil_div(std::min(left, mrrs), mps);
  }
  form.write = form.tlp * size / writes;
  form.read = form.tlp * size / std::max(requests, completions);
  form.read_write = form.tlp * size / std::max(writes + requests, completions);
  return form;
}

}  // namespace ringside::test
