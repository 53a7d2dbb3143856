// SPDX-License-Identifier: Apache-2.0
// Frames from the wire that wait for a buffer of the host: a ring of 4-byte words, and one of
// lengths. What does not fit, is damaged, too long or too short is dropped whole.
module frame_store #(
  parameter int unsigned Words = 16384,  // powers of two
  parameter int unsigned Frames = 256,
  parameter int unsigned MostBytes = 1518
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        clear,
  // from the wire: no way to say no
  input  logic        rx_valid,
  input  logic        rx_sop,
  input  logic        rx_eop,
  input  logic        rx_err,
  input  logic [1:0]  rx_empty,
  input  logic [31:0] rx_data,
  // the oldest frame, byte by byte
  output logic        frame_ready,
  output logic [10:0] frame_bytes,
  input  logic        byte_taken,
  output logic [7:0]  byte_data,
  input  logic        frame_taken,
  output logic [63:0] frames_good,
  output logic [63:0] bytes_good,
  output logic [63:0] drops_full,
  output logic [63:0] drops_damaged
);
  localparam int unsigned WordW = $clog2(Words);
  localparam int unsigned FrameW = $clog2(Frames);
  localparam int unsigned LeastBytes = 14;
  if (Words != 2 ** WordW || Frames != 2 ** FrameW) $error("sizes are powers of two");

  logic [31:0] words[Words];
  logic [10:0] lengths[Frames];
  logic [WordW:0] begins, ends, at;  // of the frame that comes; where it is; where it is read
  logic [FrameW:0] came, went;
  logic [10:0] bytes, offset;
  logic drop, full, skip;

  // At the beat that is there: its place, the frame's bytes with it, whether it can be kept.
  logic [WordW:0] place;
  logic [10:0] sum;
  logic lost;
  assign place = rx_sop ? begins : ends;
  assign sum = (rx_sop ? 11'd0 : bytes) + 11'd4 - (rx_eop ? 11'(rx_empty) : 11'd0);
  assign full = place - at == (WordW + 1)'(Words) || came - went == (FrameW + 1)'(Frames);
  assign lost = full || sum > 11'(MostBytes) || (!rx_sop && drop);
  assign skip = rx_err || sum < 11'(LeastBytes);

  always_ff @(posedge clk) begin
    if (rx_valid) begin
      if (!lost) words[place[WordW-1:0]] <= rx_data;
      ends <= place + 1'b1;
      bytes <= sum;
      drop <= lost;
      if (rx_eop) begin
        if (lost) drops_full <= drops_full + 64'd1;
        else if (skip) drops_damaged <= drops_damaged + 64'd1;
        else begin
          lengths[came[FrameW-1:0]] <= sum;
          came <= came + 1'b1;
          begins <= place + 1'b1;
          frames_good <= frames_good + 64'd1;
          bytes_good <= bytes_good + 64'(sum);
        end
      end
    end
    if (byte_taken) offset <= offset + 11'd1;
    if (frame_taken) begin
      offset <= 11'd0;
      went <= went + 1'b1;
      at <= at + (WordW + 1)'(frame_bytes[10:2]) + (WordW + 1)'(frame_bytes[1:0] != 2'd0);
    end
    if (clear) begin
      // The rest of a frame that is coming goes too.
      drop <= 1'b1;
      begins <= '0;
      ends <= '0;
      at <= '0;
      came <= '0;
      went <= '0;
      offset <= 11'd0;
    end
    if (!rst_n) begin
      frames_good <= 64'd0;
      bytes_good <= 64'd0;
      drops_full <= 64'd0;
      drops_damaged <= 64'd0;
    end
  end

  logic [WordW-1:0] word;
  assign word = at[WordW-1:0] + WordW'(offset[10:2]);
  assign frame_ready = came != went;
  assign frame_bytes = lengths[went[FrameW-1:0]];
  assign byte_data = words[word][8*offset[1:0] +: 8];
endmodule
