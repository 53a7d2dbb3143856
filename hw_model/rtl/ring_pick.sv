// SPDX-License-Identifier: Apache-2.0
// Round robin: of those that want a turn the first behind the one that had the last.
module ring_pick #(
  parameter int unsigned Width = 3,
  localparam int unsigned IndexW = $clog2(Width)
) (
  input  logic [Width-1:0]  want,
  input  logic [IndexW-1:0] last,
  output logic              any,
  output logic [IndexW-1:0] index  // 0 if none wants
);
  if (Width < 2) $error("Width must be at least 2");

  always_comb begin
    any = |want;
    index = '0;
    for (int i = int'(Width) - 1; i >= 0; i--) if (want[i]) index = IndexW'(i);
    for (int i = int'(Width) - 1; i > 0; i--) begin
      if (want[i] && IndexW'(i) > last) index = IndexW'(i);
    end
  end
endmodule
