// SPDX-License-Identifier: Apache-2.0
// rx_steering with the fields of its beats as ports of their own.
module rx_steering_bench
  import nic_pkg::*;
(
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic                    frame_valid,
  input  logic                    frame_sop,
  input  logic                    frame_eop,
  input  logic                    frame_err,
  input  logic [SegmentLaneW-1:0] frame_empty,
  input  logic [DataBits-1:0]     frame_data,
  output logic                    out_valid,
  output logic                    out_sop,
  output logic                    out_eop,
  output logic                    out_err,
  output logic [SegmentLaneW-1:0] out_empty,
  output logic [DataBits-1:0]     out_data,
  output logic [31:0]             out_hash,
  output logic                    idle
);
  beat_t frame_beat;
  /* verilator lint_off UNUSEDSIGNAL */  // valid is out_valid
  beat_t out_beat;
  /* verilator lint_on UNUSEDSIGNAL */
  assign frame_beat = '{
    valid: frame_valid, sop: frame_sop, eop: frame_eop, err: frame_err, empty: frame_empty,
    data: frame_data
  };
  assign out_sop = out_beat.sop;
  assign out_eop = out_beat.eop;
  assign out_err = out_beat.err;
  assign out_empty = out_beat.empty;
  assign out_data = out_beat.data;

  rx_steering dut (.*);
endmodule
