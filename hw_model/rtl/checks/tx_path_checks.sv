// SPDX-License-Identifier: Apache-2.0
// What tx_path promises, and what it may expect of its neighbours.
module tx_path_checks
  import nic_pkg::*;
(
  input logic                       clk,
  input logic                       rst_n,
  /* verilator lint_off UNUSEDSIGNAL */  // whether decisions are allowed
  input card_state_t                state,
  /* verilator lint_on UNUSEDSIGNAL */
  input logic                       flush,
  input logic     [Queues-1:0]      chain_ready,
  input logic     [Queues-1:0]      segment_ready,
  input logic                       read_valid,
  input logic                       read_ready,
  input read_op_t                   read_op,
  input logic                       frame_valid,
  input logic                       frame_ready,
  input beat_t                      frame_beat,
  input logic     [Queues-1:0]      used_valid,
  input logic                       take_segment,
  input logic     [31:0]            current_length,
  input logic     [15:0]            current_reads,
  input logic                       makes_whole,
  input logic                       done_counts,
  input logic     [7:0]             begun,
  input logic     [7:0]             gone,
  input logic     [$clog2(TxRows):0] free_rows
);

  logic read_stalled, beat_stalled;
  logic mid_frame;
  read_op_t held_read;
  beat_t held_beat;
  always_ff @(posedge clk) begin
    read_stalled <= rst_n && read_valid && !read_ready && !flush;
    if (read_valid && !read_ready && !read_stalled) held_read <= read_op;
    beat_stalled <= rst_n && frame_valid && !frame_ready;
    if (frame_valid && !frame_ready && !beat_stalled) held_beat <= frame_beat;
    if (!rst_n) mid_frame <= 1'b0;
    else if (frame_valid && frame_ready) mid_frame <= !(|frame_beat.eop);
  end

  always_ff @(posedge clk) if (rst_n) begin
    // Offered until accepted.
    if (read_stalled) read_stays: assert (read_valid && read_op == held_read)
      else $error("a read changed before it was accepted");
    if (beat_stalled) beat_stays: assert (frame_valid && frame_beat == held_beat)
      else $error("a beat changed before it was accepted");

    if (!state.active) no_decision: assert (chain_ready == '0)
      else $error("a chain is taken while the device is not active");
    if (!state.counts) no_late_frame: assert (used_valid == '0)
      else $error("a frame leaves behind an error or in a reset");
    one_chain: assert ($onehot0(chain_ready) && $onehot0(segment_ready) && $onehot0(used_valid))
      else $error("two queues at once");
    if (take_segment) no_empty_segment: assert (current_length != '0)
      else $error("a segment of no bytes");
    if (take_segment && current_reads != '0) segment_fits: assert (current_length[31:16] == '0)
      else $error("a segment of %0d bytes is in no frame", current_length);
    frames_counted: assert (8'(begun - gone) <= 8'd128) else $error("more frames than slots");
    rows_counted: assert (32'(free_rows) <= TxRows) else $error("%0d rows are free", free_rows);
    if (makes_whole) whole_by_a_read: assert (done_counts && begun != gone)
      else $error("a frame that was not begun is whole");
    // Every frame has one first and one last beat.
    if (frame_valid) framed: assert (|frame_beat.valid && (|frame_beat.sop) == !mid_frame)
      else $error("a frame begins within another one, or not at all");
  end

endmodule

bind tx_path tx_path_checks checks (
  .current_reads(current.reads), .current_length(current_segment.length), .*
);
