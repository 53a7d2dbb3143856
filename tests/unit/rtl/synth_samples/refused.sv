// SPDX-License-Identifier: Apache-2.0
// For the test of the synthesis report: uses a signal before its declaration.
module refused (
  input  logic clk,
  output logic out
);

  assign out = later;
  logic later;
  always_ff @(posedge clk) later <= !later;

endmodule
