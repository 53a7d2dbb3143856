// SPDX-License-Identifier: Apache-2.0
// One frame that goes to the wire: it is written byte by byte, then sent 4 bytes a beat.
module frame_sender #(
  parameter int unsigned MostBytes = 1518
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        clear,  // forget what was written
  input  logic        byte_valid,
  input  logic [7:0]  byte_data,
  output logic [10:0] frame_bytes,  // so far
  input  logic        send,
  output logic        sending,
  output logic        tx_valid,
  input  logic        tx_ready,
  output logic        tx_sop,
  output logic        tx_eop,
  output logic [1:0]  tx_empty,
  output logic [31:0] tx_data,
  output logic [63:0] frames_sent,
  output logic [63:0] bytes_sent
);
  localparam int unsigned Words = (MostBytes + 3) / 4;
  localparam int unsigned WordW = $clog2(Words);

  logic [31:0] words[Words];
  logic [WordW-1:0] at, last;
  assign last = WordW'((frame_bytes - 11'd1) >> 2);

  assign tx_valid = sending;
  assign tx_sop = at == '0;
  assign tx_eop = at == last;
  assign tx_empty = tx_eop ? 2'(11'd0 - frame_bytes) : 2'd0;
  assign tx_data = words[at];

  always_ff @(posedge clk) begin
    if (byte_valid && frame_bytes < 11'(MostBytes)) begin
      words[WordW'(frame_bytes >> 2)][8*frame_bytes[1:0] +: 8] <= byte_data;
      frame_bytes <= frame_bytes + 11'd1;
    end
    if (send) begin
      sending <= 1'b1;
      at <= '0;
    end
    if (tx_valid && tx_ready) begin
      at <= at + 1'b1;
      if (tx_eop) begin
        sending <= 1'b0;
        frames_sent <= frames_sent + 64'd1;
        bytes_sent <= bytes_sent + 64'(frame_bytes);
      end
    end
    if (clear) frame_bytes <= 11'd0;
    if (!rst_n) begin
      sending <= 1'b0;
      at <= '0;
      frames_sent <= 64'd0;
      bytes_sent <= 64'd0;
    end
  end
endmodule
