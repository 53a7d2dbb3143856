// SPDX-License-Identifier: Apache-2.0
// For the test of the test bench: a register without reset, a counter, and an assertion on it.
module bench_sample (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        load,
  input  logic [31:0] value,
  output logic [31:0] kept,
  output logic [7:0]  count
);
  always_ff @(posedge clk) begin
    if (load) kept <= value;
    if (!rst_n) count <= 8'd0;
    else count <= count + 8'd1;
  end
  count_is_small: assert property (@(posedge clk) disable iff (!rst_n) count < 8'd10)
    else $error("count reached %0d", count);
endmodule
