// SPDX-License-Identifier: Apache-2.0
// rx_path with the fields of its structures as ports of their own; of the queues the receive queue.
module rx_path_bench
  import nic_pkg::*;
(
  input  logic                clk,
  input  logic                rst_n,
  input  logic                active,
  input  logic                receives,
  input  logic                mrg_rxbuf,
  input  logic [15:0]         mtu,
  input  logic                enabled,
  input  logic                suspended,
  input  logic [3:0]          size_log2,
  input  logic                flush,
  input  logic                window_full,
  input  logic                rewind,
  input  logic                frame_valid,
  input  logic                frame_sop,
  input  logic                frame_eop,
  input  logic                frame_err,
  input  logic [SegmentLaneW-1:0] frame_empty,
  input  logic [DataBits-1:0] frame_data,
  input  logic                chain_valid,
  output logic                chain_ready,
  input  logic [31:0]         chain_position,
  input  logic [15:0]         chain_id,
  input  logic [15:0]         chain_readable,
  input  logic [15:0]         chain_writable,
  input  logic [32:0]         chain_writable_bytes,
  input  logic                segment_valid,
  output logic                segment_ready,
  input  logic [63:0]         segment_address,
  input  logic [31:0]         segment_length,
  output logic                write_valid,
  input  logic                write_ready,
  output logic [31:0]         write_chain,
  output logic [63:0]         write_address,
  output logic [15:0]         write_length,
  output logic [15:0]         write_row,
  output logic [15:0]         write_offset,
  output logic [15:0]         write_num_buffers,
  output logic                write_last,
  output logic                write_fixed,  // what does not depend on the frame is right
  input  logic                buffer_read,
  input  logic [RxRowW+LaneW-1:0] buffer_address,
  output logic [DataBits-1:0] buffer_data,
  input  logic                buffer_release,
  output logic                used_valid,
  output logic [31:0]         used_position,
  output logic [15:0]         used_id,
  output logic [31:0]         used_length,
  output logic                used_frame_end,
  output logic                settled,
  output logic [10:0][63:0]   counts,  // rx_counters_t, last field first
  output logic                trace_valid,
  output logic [7:0]          trace_kind,
  output logic [31:0]         trace_chain,
  output logic [31:0]         trace_size,
  output logic [31:0]         trace_frame,
  output logic [63:0]         trace_value,
  output logic                arrival_trace_valid,
  output logic [7:0]          arrival_kind,
  output logic [31:0]         arrival_size,
  output logic [31:0]         arrival_frame,
  output logic [63:0]         arrival_value,
  output logic                busy,
  output logic                idle
);

  card_state_t state;
  queue_context_t [Queues-1:0] context_of;
  beat_t frame_beat;
  chain_t [Queues-1:0] chain;
  segment_t [Queues-1:0] segment;
  write_op_t write_op;
  /* verilator lint_off UNUSED */  // other queues, and fields that stay zero
  logic [Queues-1:0] all_chain_ready, all_segment_ready, all_used_valid, all_settled;
  used_t [Queues-1:0] used;
  trace_t trace, arrival_trace;
  /* verilator lint_on UNUSED */

  always_comb begin
    state = '0;
    state.active = active;
    state.receives = receives;
    state.mrg_rxbuf = mrg_rxbuf;
    state.mtu = mtu;
    state.pairs = 4'd1;
    context_of = '0;
    context_of[0].enabled = enabled;
    context_of[0].suspended = suspended;
    context_of[0].size_log2 = size_log2;
    frame_beat = '{
      valid: frame_valid,
      sop: frame_sop,
      eop: frame_eop,
      err: frame_err,
      empty: frame_empty,
      data: frame_data
    };
    chain = '0;
    chain[0] = '{
      position: chain_position,
      id: chain_id,
      readable: chain_readable,
      writable: chain_writable,
      readable_bytes: '0,
      writable_bytes: chain_writable_bytes
    };
    segment = '0;
    segment[0] = '{address: segment_address, length: segment_length};
  end

  assign chain_ready = all_chain_ready[0];
  assign segment_ready = all_segment_ready[0];
  assign write_chain = write_op.chain;
  assign write_address = write_op.address;
  assign write_length = write_op.length;
  assign write_row = 16'(write_op.row);
  assign write_offset = write_op.offset;
  assign write_num_buffers = write_op.num_buffers;
  assign write_last = write_op.last;
  assign write_fixed = write_op.source == WriteReceived && write_op.purpose == PurposePayload &&
      write_op.queue == '0 && write_op.data == '0 && !write_op.notify;
  assign used_valid = all_used_valid[0];
  assign used_position = used[0].position;
  assign used_id = used[0].id;
  assign used_length = used[0].length;
  assign used_frame_end = used[0].frame_end;
  assign settled = all_settled[0];
  assign trace_kind = trace.kind;
  assign trace_chain = trace.chain;
  assign trace_size = trace.size;
  assign trace_frame = trace.frame;
  assign trace_value = trace.value;
  assign arrival_kind = arrival_trace.kind;
  assign arrival_size = arrival_trace.size;
  assign arrival_frame = arrival_trace.frame;
  assign arrival_value = arrival_trace.value;

  rx_path dut (
    .*,
    .buffer_queue('0),
    .release_queue('0),
    .rewind(Queues'(rewind)),
    .chain_valid(Queues'(chain_valid)),
    .chain_ready(all_chain_ready),
    .segment_valid(Queues'(segment_valid)),
    .segment_ready(all_segment_ready),
    .window_full(Queues'(window_full)),
    .used_valid(all_used_valid),
    .settled(all_settled),
    .counters(counts)
  );

endmodule
