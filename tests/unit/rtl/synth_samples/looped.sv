// SPDX-License-Identifier: Apache-2.0
// For the test of the synthesis report: two gates in a ring.
module looped (
  input  logic [1:0] in,
  output logic       out
);

  logic left, right;

  assign left = !(in[0] && right);
  assign right = !(in[1] && left);
  assign out = left;

endmodule
