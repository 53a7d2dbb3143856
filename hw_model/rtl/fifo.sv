// SPDX-License-Identifier: Apache-2.0
// First-in first-out queue of one clock; a word written to an empty one can be read a cycle later.
module fifo #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 4  // a power of two
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             clear,  // forgets what it holds
  input  logic             in_valid,
  output logic             in_ready,  // depends on the state alone
  input  logic [Width-1:0] in_data,
  output logic             out_valid,
  input  logic             out_ready,
  output logic [Width-1:0] out_data
);
endmodule
