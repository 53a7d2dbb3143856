// SPDX-License-Identifier: Apache-2.0
// First-in first-out queue of one clock; a word written to an empty one can be read a cycle later.
module fifo #(
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 4  // a power of two, at least 2
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             clear,  // forgets what it holds; a word that comes with it too
  input  logic             in_valid,
  output logic             in_ready,  // depends on the state alone
  input  logic [Width-1:0] in_data,
  output logic             out_valid,
  input  logic             out_ready,
  output logic [Width-1:0] out_data  // means nothing without out_valid
);

  localparam int unsigned IndexW = $clog2(Depth);

  if (Width == 0) $error("a fifo of no bits");
  if (Depth < 2 || 1 << IndexW != Depth) $error("Depth must be a power of two, at least 2");

  typedef logic [IndexW:0] count_t;  // modulo 2 * Depth

  logic [Width-1:0] words[Depth];
  count_t written;
  count_t taken;

  assign in_ready = written - taken != count_t'(Depth);
  assign out_valid = written != taken;
  assign out_data = words[taken[IndexW-1:0]];

  always_ff @(posedge clk) begin
    if (in_valid && in_ready) words[written[IndexW-1:0]] <= in_data;
  end

  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      written <= '0;
      taken <= '0;
    end else begin
      if (in_valid && in_ready) written <= written + 1'b1;
      if (out_valid && out_ready) taken <= taken + 1'b1;
    end
  end

endmodule
