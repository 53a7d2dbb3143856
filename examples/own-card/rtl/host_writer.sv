// SPDX-License-Identifier: Apache-2.0
// Everything that the card posts to the host, in order: writes of memory, whose bytes it asks for one
// by one, cut as reads are; and the messages that raise and lower INTA (PCI Express Base
// Specification 4.0, 2.2.8.1).
module host_writer #(
  parameter int unsigned Cut = 128  // bytes, a power of two
) (
  input  logic        clk,
  input  logic        rst_n,
  // the client's: a write begins with start and taken, a byte is taken in each cycle with
  // byte_ready, it ends
  input  logic        start,
  output logic        taken,
  input  logic [63:0] start_address,
  input  logic [10:0] start_length,  // bytes, not 0
  input  logic [3:0]  start_purpose,
  output logic        byte_ready,
  input  logic [7:0]  byte_data,
  output logic        done,  // one cycle: the last beat was taken
  output logic        idle,
  // the interrupt line as it is to be, and that the host has been told so
  input  logic        line,
  output logic        line_told,
  // pins
  output logic        posted_valid,
  input  logic        posted_ready,
  output logic        posted_message,
  output logic [7:0]  posted_code,
  output logic [63:0] posted_address,
  output logic [12:0] posted_length,
  output logic [3:0]  posted_purpose,
  output logic        posted_sop,
  output logic        posted_eop,
  output logic [1:0]  posted_empty,
  output logic [31:0] posted_data
);
  if (Cut < 4 || Cut > 4096 || (Cut & (Cut - 1)) != 0) $error("Cut is a power of two up to 4096");
  localparam logic [7:0] AssertIntA = 8'h20, DeassertIntA = 8'h24;

  typedef enum logic [2:0] {Rest, Cutting, Gather, Beat, Message, End} state_e;
  state_e state;
  logic [63:0] address;
  logic [10:0] left;  // behind the chunk
  logic [12:0] chunk_left;
  logic [1:0] lane;
  logic line_sent;

  logic [12:0] to_cut, chunk;
  assign to_cut = 13'(Cut) - (address[12:0] & 13'(Cut - 1));
  assign chunk = 13'(left) < to_cut ? 13'(left) : to_cut;

  assign taken = state == Rest && line_told;
  assign idle = taken;
  assign line_told = line == line_sent;
  assign done = state == End;
  assign byte_ready = state == Gather;
  assign posted_valid = state == Beat || state == Message;
  assign posted_message = state == Message;
  assign posted_code = line_sent ? DeassertIntA : AssertIntA;

  always_ff @(posedge clk) begin
    unique case (state)
      Rest: begin
        if (!line_told) state <= Message;
        else if (start) begin
          state <= Cutting;
          address <= start_address;
          left <= start_length;
          posted_purpose <= start_purpose;
        end
      end
      Cutting: begin
        state <= Gather;
        posted_address <= address;
        posted_length <= chunk;
        posted_sop <= 1'b1;
        chunk_left <= chunk;
        lane <= address[1:0];
        address <= address + 64'(chunk);
        left <= left - 11'(chunk);
      end
      Gather: begin
        posted_data[8*lane +: 8] <= byte_data;
        lane <= lane + 2'd1;
        chunk_left <= chunk_left - 13'd1;
        posted_eop <= chunk_left == 13'd1;
        posted_empty <= 2'd3 - lane;
        if (lane == 2'd3 || chunk_left == 13'd1) state <= Beat;
      end
      Beat: if (posted_ready) begin
        posted_sop <= 1'b0;
        if (!posted_eop) state <= Gather;
        else state <= left == 11'd0 ? End : Cutting;
      end
      Message: if (posted_ready) begin
        state <= Rest;
        line_sent <= !line_sent;
      end
      default: state <= Rest;
    endcase
    if (!rst_n) begin
      state <= Rest;
      line_sent <= 1'b0;
    end
  end
endmodule
