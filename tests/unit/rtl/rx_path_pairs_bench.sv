// SPDX-License-Identifier: Apache-2.0
// rx_path with the frames' side as ports of their own; its queues are on and have no chains.
module rx_path_pairs_bench
  import nic_pkg::*;
(
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic [3:0]              pairs,
  input  logic                    frame_valid,
  input  logic                    frame_sop,
  input  logic                    frame_eop,
  input  logic [SegmentLaneW-1:0] frame_empty,
  input  logic [DataBits-1:0]     frame_data,
  output logic [10:0][63:0]       counts,  // rx_counters_t, last field first
  output logic                    trace_valid,
  output logic [7:0]              trace_kind,
  output logic [15:0]             trace_queue,
  output logic [31:0]             trace_size,
  output logic [31:0]             trace_frame,
  output logic [63:0]             trace_value,
  output logic                    arrival_trace_valid,
  output logic [7:0]              arrival_kind,
  output logic [15:0]             arrival_queue,
  output logic [31:0]             arrival_size,
  output logic [31:0]             arrival_frame,
  output logic [63:0]             arrival_value,
  output logic                    write_valid,
  output logic                    idle
);
  card_state_t state;
  queue_context_t [Queues-1:0] context_of;
  beat_t frame_beat;
  /* verilator lint_off UNUSED */  // nothing is started
  logic [Queues-1:0] chain_ready, segment_ready, used_valid, settled;
  used_t [Queues-1:0] used;
  trace_t trace, arrival_trace;
  write_op_t write_op;
  logic [DataBits-1:0] buffer_data;
  logic busy;
  /* verilator lint_on UNUSED */

  always_comb begin
    state = '0;
    state.active = 1'b1;
    state.receives = 1'b1;
    state.mrg_rxbuf = 1'b1;
    state.mtu = 16'd1500;
    state.pairs = pairs;
    context_of = '0;
    for (int q = 0; q < int'(Queues); ++q) begin
      context_of[q].enabled = 1'b1;
      context_of[q].size_log2 = 4'd8;
    end
    frame_beat = '{
      valid: frame_valid, sop: frame_sop, eop: frame_eop, err: 1'b0, empty: frame_empty,
      data: frame_data};
  end
  assign trace_kind = trace.kind;
  assign trace_queue = trace.queue;
  assign trace_size = trace.size;
  assign trace_frame = trace.frame;
  assign trace_value = trace.value;
  assign arrival_kind = arrival_trace.kind;
  assign arrival_queue = arrival_trace.queue;
  assign arrival_size = arrival_trace.size;
  assign arrival_frame = arrival_trace.frame;
  assign arrival_value = arrival_trace.value;

  rx_path dut (
    .clk, .rst_n, .state, .context_of, .flush(1'b0), .frame_valid, .frame_beat,
    .chain_valid('0), .chain_ready, .chain('0), .segment_valid('0), .segment_ready, .segment('0),
    .window_full('0), .rewind('0), .write_valid, .write_ready(1'b1), .write_op,
    .buffer_read(1'b0), .buffer_address('0), .buffer_queue('0), .buffer_release(1'b0),
    .release_queue('0), .buffer_data, .used_valid, .used, .settled, .counters(counts),
    .trace_valid, .trace, .arrival_trace_valid, .arrival_trace, .busy, .idle
  );
endmodule
