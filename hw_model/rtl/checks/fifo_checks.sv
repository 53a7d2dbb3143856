// SPDX-License-Identifier: Apache-2.0
// What a fifo promises: a word stays until it is taken, and never more than Depth words.
module fifo_checks #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 4
) (
  input logic                   clk,
  input logic                   rst_n,
  input logic                   clear,
  input logic                   out_valid,
  input logic                   out_ready,
  input logic [Width-1:0]       out_data,
  input logic [$clog2(Depth):0] written,
  input logic [$clog2(Depth):0] taken
);

  logic stalled;
  logic [Width-1:0] held;
  always_ff @(posedge clk) begin
    stalled <= rst_n && out_valid && !out_ready && !clear;
    if (out_valid && !out_ready && !stalled) held <= out_data;
  end

  always_ff @(posedge clk) if (rst_n) begin
    if (stalled) stays: assert (out_valid && out_data == held)
      else $error("a word changed before it was taken");
    bounded: assert (32'(($clog2(Depth) + 1)'(written - taken)) <= Depth)
      else $error("more than %0d words", Depth);
  end

endmodule

bind fifo fifo_checks #(.Width(Width), .Depth(Depth)) checks (.*);
