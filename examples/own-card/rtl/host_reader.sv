// SPDX-License-Identifier: Apache-2.0
// Reads host memory for one client, byte by byte: one read request at a time, cut at multiples of
// 128 bytes, so that none crosses 4 KiB or is larger than any host allows (PCI Express Base
// Specification 4.0, 2.2.7).
module host_reader #(
  parameter int unsigned Cut = 128,  // bytes, a power of two
  parameter int unsigned Tags = 8
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        bus_master,
  input  logic        give_up,  // if the bus may not be used
  input  logic [31:0] timeout,  // cycles
  // the client's: a read begins, its bytes come one a cycle, it ends
  input  logic        start,
  input  logic [63:0] start_address,
  input  logic [10:0] start_length,  // bytes, not 0
  input  logic [3:0]  start_purpose,
  output logic        byte_valid,
  output logic [7:0]  byte_data,
  output logic        done,  // one cycle, behind the last byte
  output logic        failed,  // with done
  output logic        idle,
  // pins
  output logic        read_valid,
  input  logic        read_ready,
  output logic [63:0] read_address,
  output logic [12:0] read_length,
  output logic [9:0]  read_tag,
  output logic [3:0]  read_purpose,
  input  logic        completion_valid,
  output logic        completion_ready,
  input  logic [9:0]  completion_tag,
  input  logic [2:0]  completion_status,
  input  logic        completion_poisoned,
  input  logic        completion_has_data,
  input  logic [12:0] completion_length,
  input  logic [12:0] completion_byte_count,
  /* verilator lint_off UNUSEDSIGNAL */  // only the lane counts
  input  logic [6:0]  completion_lower_address,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic        completion_sop,
  input  logic        completion_eop,
  input  logic [1:0]  completion_empty,
  input  logic [31:0] completion_data
);
  if (Cut < 4 || Cut > 4096 || (Cut & (Cut - 1)) != 0) $error("Cut is a power of two up to 4096");
  localparam int unsigned TagW = $clog2(Tags);

  typedef enum logic [1:0] {Rest, Ask, Take, End} state_e;
  state_e state;
  logic [63:0] address;
  logic [10:0] left;
  logic [12:0] chunk;
  logic [TagW-1:0] tag;  // of the request: an answer that comes too late has an older one
  logic [31:0] waited;
  // a beat whose bytes go out, and whether the request has its last byte in it
  logic full, last;
  logic [31:0] beat;
  logic [1:0] lane, end_lane;

  logic [12:0] to_cut;
  assign to_cut = 13'(Cut) - (address[12:0] & 13'(Cut - 1));
  assign chunk = 13'(left) < to_cut ? 13'(left) : to_cut;

  assign idle = state == Rest && !full;
  assign read_valid = state == Ask && bus_master;
  assign read_address = address;
  assign read_length = chunk;
  assign read_tag = 10'(tag);
  assign completion_ready = !full;
  assign byte_valid = full;
  assign byte_data = beat[8*lane +: 8];
  assign done = state == End;

  logic mine, bad;
  assign mine = completion_valid && completion_ready && state == Take && completion_tag == 10'(tag);
  assign bad = completion_status != 3'd0 || completion_poisoned || !completion_has_data;

  always_ff @(posedge clk) begin
    unique case (state)
      Rest: if (start) begin
        state <= Ask;
        address <= start_address;
        left <= start_length;
        read_purpose <= start_purpose;
        failed <= 1'b0;
      end
      Ask: if (read_valid && read_ready) begin
        state <= Take;
        waited <= 32'd0;
        address <= address + 64'(chunk);
        left <= left - 11'(chunk);
      end else if (give_up && !bus_master) begin
        state <= End;
        failed <= 1'b1;
      end
      Take: begin
        waited <= waited + 32'd1;
        if ((mine && bad) || waited == timeout) begin
          state <= End;
          failed <= 1'b1;
          tag <= tag + 1'b1;
        end else if (full && last && lane == end_lane) begin
          state <= left == 11'd0 ? End : Ask;
          tag <= tag + 1'b1;
        end
      end
      default: state <= Rest;
    endcase

    if (full && lane == end_lane) full <= 1'b0;
    else if (full) lane <= lane + 2'd1;
    if (mine && !bad) begin
      full <= 1'b1;
      beat <= completion_data;
      lane <= completion_sop ? completion_lower_address[1:0] : 2'd0;
      end_lane <= completion_eop ? 2'd3 - completion_empty : 2'd3;
      last <= completion_eop && completion_byte_count == completion_length;
    end
    if (!rst_n) begin
      state <= Rest;
      full <= 1'b0;
      tag <= '0;
    end
  end
endmodule
