// SPDX-License-Identifier: Apache-2.0
// Handles of the reads in flight of one client, and what it noted with each.
module read_handles #(
  parameter int unsigned Handles = 128,  // a power of two
  parameter int unsigned Width = 8,  // bits noted
  localparam int unsigned IndexW = $clog2(Handles)
) (
  input  logic              clk,
  input  logic              rst_n,
  input  logic              clear,  // no read is in flight any more
  // a new read; `available` depends on the state alone
  output logic              available,
  output logic [IndexW-1:0] next,
  input  logic              take,
  input  logic [Width-1:0]  note,
  // the end of one
  input  logic              give_back,
  input  logic [IndexW-1:0] ended,
  output logic [Width-1:0]  ended_note  // in the same cycle
);
  if (Handles < 2 || Handles != 2 ** IndexW) $error("Handles must be a power of two");

  logic [Width-1:0] notes[Handles];
  logic [IndexW-1:0] returned[Handles];  // first in, first out
  logic [IndexW:0] fresh;  // handles below it were in use
  logic [IndexW:0] in_at, out_at;

  assign available = !fresh[IndexW] || in_at != out_at;
  assign next = fresh[IndexW] ? returned[out_at[IndexW-1:0]] : fresh[IndexW-1:0];
  assign ended_note = notes[ended];

  always_ff @(posedge clk) begin
    if (take) notes[next] <= note;
  end
  always_ff @(posedge clk) begin
    if (give_back) returned[in_at[IndexW-1:0]] <= ended;
  end

  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      fresh <= '0;
      in_at <= '0;
      out_at <= '0;
    end else begin
      if (take && !fresh[IndexW]) fresh <= fresh + 1'b1;
      if (take && fresh[IndexW]) out_at <= out_at + 1'b1;
      if (give_back) in_at <= in_at + 1'b1;
    end
  end
endmodule
