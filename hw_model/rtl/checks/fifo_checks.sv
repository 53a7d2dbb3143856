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

  stays: assert property (@(posedge clk) disable iff (!rst_n)
    out_valid && !out_ready && !clear |=> out_valid && $stable(out_data))
    else $error("a word changed before it was taken");

  bounded: assert property (@(posedge clk) disable iff (!rst_n)
    32'(($clog2(Depth) + 1)'(written - taken)) <= Depth)
    else $error("more than %0d words", Depth);

endmodule

bind fifo fifo_checks #(.Width(Width), .Depth(Depth)) checks (.*);
