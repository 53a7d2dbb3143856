// SPDX-License-Identifier: Apache-2.0
// What must hold of rx_engine at all times.
module rx_engine_checks
  import nic_pkg::*;
#(
  parameter int unsigned Own = 0,
  parameter int unsigned Rows = RxPartRows,
  localparam int unsigned RowW = $clog2(Rows)
) (
  input logic                    clk,
  input logic                    rst_n,
  input logic                    frame_valid,
  input logic                    write_valid,
  input logic                    write_ready,
  input write_op_t               write_op,
  input logic                    taking,
  input logic                    start,
  input logic                    flush,
  /* verilator lint_off UNUSED */  // of the other queues
  input logic     [Queues-1:0]   rewind,
  /* verilator lint_on UNUSED */
  input logic                    busy,
  input logic                    idle,
  input logic     [RowW:0]     rows_free,
  input logic     [RowW:0]     frames_waiting,
  input logic                    give_back,
  input logic     [6:0]          popped,
  input logic     [6:0]          counted,
  input logic     [6:0]          begun,
  input logic     [6:0]          emitted
);

  logic stalled;
  write_op_t held;
  always_ff @(posedge clk) begin
    stalled <= rst_n && write_valid && !write_ready;
    if (write_valid && !write_ready && !stalled) held <= write_op;
  end

  always_ff @(posedge clk) if (rst_n) begin
    // Offered until accepted.
    if (stalled) stable: assert (write_valid && write_op == held)
      else $error("rx_engine: a write changed before it was accepted");

    if (write_valid) part: assert (write_op.length != 0)
      else $error("rx_engine: a write of nothing");
    rows: assert (rows_free <= (RowW + 1)'(Rows))
      else $error("rx_engine: more rows are free than there are");
    rows_held: assert (frames_waiting <= (RowW + 1)'(Rows) - rows_free)
      else $error("rx_engine: a frame waits without a row");
    order: assert (7'(popped - emitted) <= 7'd64 && 7'(popped - counted) <= 7'(popped - begun) &&
                   7'(popped - begun) <= 7'(popped - emitted))
      else $error("rx_engine: chains out of order");
    if (start) allowed: assert (taking)
      else $error("rx_engine: a frame was started that may not be");
    // host_slave's side of the bargain.
    if (flush || rewind[Own]) settled_first: assert (!busy)
      else $error("rx_engine: forgets chains that are begun");
    if (idle) idle_is_quiet: assert (!frame_valid && !start && !give_back)
      else $error("rx_engine: idle while something happens");
  end

endmodule

bind rx_engine rx_engine_checks #(.Own(Own), .Rows(Rows)) checks (.*);
