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

  read_stable: assert property (@(posedge clk) disable iff (!rst_n)
    read_valid && !read_ready && !flush |=> read_valid && $stable(read_op))
    else $error("a read changed before it was accepted");

  write_stable: assert property (@(posedge clk) disable iff (!rst_n)
    write_valid && !write_ready |=> write_valid && $stable(write_op))
    else $error("a write changed before it was accepted");

  read_op_sane: assert property (@(posedge clk) disable iff (!rst_n)
    read_valid |-> read_op.length != '0 && read_op.length <= 16'(16 * FetchBatch))
    else $error("a read of %0d bytes", read_op.length);

  reads_fit: assert property (@(posedge clk) disable iff (!rst_n)
    op_valid |-> op_room && handle_room)
    else $error("a read without room for it");

  flush_when_done: assert property (@(posedge clk) disable iff (!rst_n)
    flush |-> !busy && !state.active)
    else $error("flushed while active or with a write that is still to leave");

  written_expected: assert property (@(posedge clk) disable iff (!rst_n)
    written |-> arm_left || (write_valid && write_ready))
    else $error("a write that was not asked for has left");

  quiet_after_error: assert property (@(posedge clk) disable iff (!rst_n)
    error_valid || halted |-> !trace_valid || resample)
    else $error("a decision or result behind an error");

  quiet_inactive: assert property (@(posedge clk) disable iff (!rst_n)
    !state.active |-> !trace_valid || resample)
    else $error("a decision or result while the card is not active");

  one_error: assert property (@(posedge clk) disable iff (!rst_n)
    error_valid |=> !error_valid)
    else $error("two errors without a flush between them");

  known_trace: assert property (@(posedge clk) disable iff (!rst_n)
    trace_valid |-> trace.kind inside {TraceSampleAvail, TraceFetchIds, TraceFetchDescriptors,
                                       TraceArmNotify, TraceAvailSampled, TraceIdsFetched,
                                       TraceDescribed, TraceDmaRead} && trace.queue < 16'(Queues))
    else $error("a trace record of kind %0d", trace.kind);

  for (genvar q = 0; q < int'(Queues); q++) begin : g_queue
    chain_stable: assert property (@(posedge clk) disable iff (!rst_n)
      chain_valid[q] && !chain_ready[q] && !flush && !resume[q] |=>
      chain_valid[q] && $stable(chain[q]))
      else $error("queue %0d: a chain changed before it was taken", q);

    segment_stable: assert property (@(posedge clk) disable iff (!rst_n)
      segment_valid[q] && !segment_ready[q] && !flush && !resume[q] |=>
      segment_valid[q] && $stable(segment[q]))
      else $error("queue %0d: a segment changed before it was taken", q);

    chain_whole: assert property (@(posedge clk) disable iff (!rst_n)
      chain_valid[q] |-> chain[q].readable != '0 || chain[q].writable != '0)
      else $error("queue %0d: a chain of no segments", q);

    chain_fits: assert property (@(posedge clk) disable iff (!rst_n)
      chain_push[q] |-> chain_room[q])
      else $error("queue %0d: more chains than the window", q);

    window: assert property (@(posedge clk) disable iff (!rst_n)
      held[q] <= HeldW'(Window))
      else $error("queue %0d: %0d chains in the window", q, held[q]);

    resume_at_rest: assert property (@(posedge clk) disable iff (!rst_n)
      resume[q] |-> settled[q])
      else $error("queue %0d: resumed while something of it is under way", q);

    settled_quiet: assert property (@(posedge clk) disable iff (!rst_n)
      settled[q] |-> in_flight[q] == '0 && !(read_valid && read_op.queue == queue_t'(q)))
      else $error("queue %0d: settled with a read under way", q);
  end
endmodule

bind ring_engine ring_engine_checks checks (.*);
