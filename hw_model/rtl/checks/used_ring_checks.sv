// SPDX-License-Identifier: Apache-2.0
// What must hold of used_ring at all times.
module used_ring_checks
  import nic_pkg::*;
(
  input logic                            clk,
  input logic                            rst_n,
  input logic                            flush,
  input logic          [Queues-1:0]      used_valid,
  input logic                            write_valid,
  input logic                            write_ready,
  input write_op_t                       write_op,
  input logic                            written,
  input logic                            read_valid,
  input logic                            read_ready,
  input read_op_t                        read_op,
  input logic                            interrupt_valid,
  input logic                            interrupt_ready,
  input queue_t                          interrupt_queue,
  input logic          [Queues-1:0][6:0] given,
  input logic          [Queues-1:0][6:0] taken,
  input logic          [Queues-1:0][3:0] posting,
  input logic                            decides,
  input logic                            reads,
  input logic                            returns,
  input logic          [Queues-1:0]      running,
  input logic                            busy,
  input logic                            idle
);

  logic write_stalled, read_stalled, interrupt_stalled;
  write_op_t held_write;
  read_op_t held_read;
  queue_t held_queue;
  always_ff @(posedge clk) begin
    write_stalled <= rst_n && write_valid && !write_ready && !flush;
    read_stalled <= rst_n && read_valid && !read_ready && !flush;
    interrupt_stalled <= rst_n && interrupt_valid && !interrupt_ready && !flush;
    if (write_valid && !write_ready && !write_stalled) held_write <= write_op;
    if (read_valid && !read_ready && !read_stalled) held_read <= read_op;
    if (interrupt_valid && !interrupt_ready && !interrupt_stalled) held_queue <= interrupt_queue;
  end

  always_ff @(posedge clk) if (rst_n) begin
    // Offered until accepted.
    if (write_stalled) write_stable: assert (write_valid && write_op == held_write)
      else $error("used_ring: a write changed before it was accepted");
    if (read_stalled) read_stable: assert (read_valid && read_op == held_read)
      else $error("used_ring: a read changed before it was accepted");
    if (interrupt_stalled)
      interrupt_stable: assert (interrupt_valid && interrupt_queue == held_queue)
        else $error("used_ring: an interrupt changed before it was accepted");

    if (written && !flush) asked: assert (posting != '0)
      else $error("used_ring: an index left that was not written");
    one: assert ($onehot0({decides, reads, returns}))
      else $error("used_ring: two choices in one cycle");
    if (decides || reads || returns) allowed: assert (running != '0)
      else $error("used_ring: a choice while none is allowed");
    if (flush) effects_first: assert (!busy) else $error("used_ring: forgets what it decided");
    if (idle) idle_is_quiet: assert (!decides && !reads && !returns && used_valid == '0)
      else $error("used_ring: idle while something happens");
  end

  for (genvar q = 0; q < int'(Queues); ++q) begin : g_queue
    always_ff @(posedge clk) if (rst_n) begin
      if (used_valid[q]) room: assert (7'(given[q] - taken[q]) != 7'd64)
        else $error("used_ring: more chains of queue %0d than the window holds", q);
    end
  end

endmodule

bind used_ring used_ring_checks checks (.*);
