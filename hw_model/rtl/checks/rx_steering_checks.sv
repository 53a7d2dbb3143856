// SPDX-License-Identifier: Apache-2.0
// What must hold of rx_steering at all times.
module rx_steering_checks
  import nic_pkg::*;
(
  input logic         clk,
  input logic         rst_n,
  input logic         frame_valid,
  input logic         out_valid,
  /* verilator lint_off UNUSED */  // its end
  input beat_t        out_beat,
  /* verilator lint_on UNUSED */
  input logic   [5:0] beats_in,
  input logic   [5:0] beats_out,
  input logic   [5:0] hashes_in,
  input logic   [5:0] hashes_out,
  input logic         idle
);

  logic open;
  always_ff @(posedge clk) begin
    if (!rst_n) open <= 1'b0;
    else if (out_valid) open <= !out_beat.eop;
  end

  always_ff @(posedge clk) if (rst_n) begin
    beats_fit: assert (6'(beats_in - beats_out) <= 6'd31)
      else $error("rx_steering: more beats than there is room for");
    hashes_fit: assert (6'(hashes_in - hashes_out) <= 6'(beats_in - beats_out) + 6'(open))
      else $error("rx_steering: a hash without its frame");
    if (out_valid) whole: assert (out_beat.sop == !open)
      else $error("rx_steering: a frame without its beginning or its end");
    if (idle) idle_is_quiet: assert (!frame_valid && !out_valid)
      else $error("rx_steering: idle while something happens");
  end

endmodule

bind rx_steering rx_steering_checks checks (.*);
