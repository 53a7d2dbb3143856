// SPDX-License-Identifier: Apache-2.0
// What ring_engine promises to its neighbours, and what it relies on.
module ring_engine_checks
  import nic_pkg::*;
#(
  localparam int unsigned HeldW = $clog2(Window) + 1
) (
  input logic                     clk,
  input logic                     rst_n,
  /* verilator lint_off UNUSEDSIGNAL */  // fields that nothing is said of
  input card_state_t              state,
  input trace_t                   trace,
  /* verilator lint_on UNUSEDSIGNAL */
  input logic        [Queues-1:0] resume,
  input logic                     flush,
  input logic                     read_valid,
  input logic                     read_ready,
  input read_op_t                 read_op,
  input logic                     write_valid,
  input logic                     write_ready,
  input write_op_t                write_op,
  input logic                     written,
  input logic        [Queues-1:0] chain_valid,
  input logic        [Queues-1:0] chain_ready,
  input chain_t      [Queues-1:0] chain,
  input logic        [Queues-1:0] segment_valid,
  input logic        [Queues-1:0] segment_ready,
  input segment_t    [Queues-1:0] segment,
  input logic        [Queues-1:0] settled,
  input logic                     error_valid,
  input logic                     trace_valid,
  input logic                     busy,
  input logic                     halted,
  input logic                     arm_left,
  input logic                     resample,
  input logic                     op_valid,
  input logic                     op_room,
  input logic                     handle_room,
  input logic        [Queues-1:0] chain_push,
  input logic        [Queues-1:0] chain_room,
  input logic        [Queues-1:0][HeldW-1:0] held,
  input logic        [Queues-1:0][HeldW-1:0] in_flight
);

  // Offered until accepted, or forgotten.
  logic read_stalled, write_stalled, failed;
  logic [Queues-1:0] chain_stalled, segment_stalled;
  read_op_t held_read;
  write_op_t held_write;
  chain_t [Queues-1:0] held_chain;
  segment_t [Queues-1:0] held_segment;
  always_ff @(posedge clk) begin
    read_stalled <= rst_n && read_valid && !read_ready && !flush;
    if (read_valid && !read_ready && !read_stalled) held_read <= read_op;
    write_stalled <= rst_n && write_valid && !write_ready;
    if (write_valid && !write_ready && !write_stalled) held_write <= write_op;
    failed <= rst_n && error_valid;
  end
  for (genvar q = 0; q < int'(Queues); q++) begin : g_held
    always_ff @(posedge clk) begin
      chain_stalled[q] <= rst_n && chain_valid[q] && !chain_ready[q] && !flush && !resume[q];
      if (chain_valid[q] && !chain_ready[q] && !chain_stalled[q]) held_chain[q] <= chain[q];
      segment_stalled[q] <= rst_n && segment_valid[q] && !segment_ready[q] && !flush && !resume[q];
      if (segment_valid[q] && !segment_ready[q] && !segment_stalled[q]) begin
        held_segment[q] <= segment[q];
      end
    end
  end

  always_ff @(posedge clk) if (rst_n) begin
    if (read_stalled) read_stable: assert (read_valid && read_op == held_read)
      else $error("a read changed before it was accepted");
    if (write_stalled) write_stable: assert (write_valid && write_op == held_write)
      else $error("a write changed before it was accepted");
    if (read_valid)
      read_op_sane: assert (read_op.length != '0 && read_op.length <= 16'(16 * FetchBatch))
        else $error("a read of %0d bytes", read_op.length);
    if (op_valid) reads_fit: assert (op_room && handle_room)
      else $error("a read without room for it");
    if (flush) flush_when_done: assert (!busy && !state.active)
      else $error("flushed while active or with a write that is still to leave");
    if (written) written_expected: assert (arm_left || (write_valid && write_ready))
      else $error("a write that was not asked for has left");
    if (trace_valid && !resample) begin
      quiet_after_error: assert (!error_valid && !halted)
        else $error("a decision or result behind an error");
      quiet_inactive: assert (state.active)
        else $error("a decision or result while the card is not active");
    end
    if (failed) one_error: assert (!error_valid)
      else $error("two errors without a flush between them");
    if (trace_valid)
      known_trace: assert (trace.kind inside {TraceSampleAvail, TraceFetchIds,
                                              TraceFetchDescriptors, TraceArmNotify,
                                              TraceAvailSampled, TraceIdsFetched, TraceDescribed,
                                              TraceDmaRead} && trace.queue < 16'(Queues))
        else $error("a trace record of kind %0d", trace.kind);
  end

  for (genvar q = 0; q < int'(Queues); q++) begin : g_queue
    always_ff @(posedge clk) if (rst_n) begin
      if (chain_stalled[q]) chain_stable: assert (chain_valid[q] && chain[q] == held_chain[q])
        else $error("queue %0d: a chain changed before it was taken", q);
      if (segment_stalled[q])
        segment_stable: assert (segment_valid[q] && segment[q] == held_segment[q])
          else $error("queue %0d: a segment changed before it was taken", q);
      if (chain_valid[q]) chain_whole: assert (chain[q].readable != '0 || chain[q].writable != '0)
        else $error("queue %0d: a chain of no segments", q);
      if (chain_push[q]) chain_fits: assert (chain_room[q])
        else $error("queue %0d: more chains than the window", q);
      window: assert (held[q] <= HeldW'(Window))
        else $error("queue %0d: %0d chains in the window", q, held[q]);
      if (resume[q]) resume_at_rest: assert (settled[q])
        else $error("queue %0d: resumed while something of it is under way", q);
      if (settled[q])
        settled_quiet: assert (in_flight[q] == '0 && !(read_valid && read_op.queue == queue_t'(q)))
          else $error("queue %0d: settled with a read under way", q);
    end
  end

endmodule

bind ring_engine ring_engine_checks checks (.*);
