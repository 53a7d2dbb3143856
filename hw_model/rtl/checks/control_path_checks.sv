// SPDX-License-Identifier: Apache-2.0
// What must hold of control_path at all times.
module control_path_checks
  import nic_pkg::*;
#(
  parameter int unsigned CommandBytes = 64
) (
  input logic                      clk,
  input logic                      rst_n,
  input logic                      flush,
  input logic                      chain_valid,
  input logic                      chain_ready,
  input logic                      read_valid,
  input logic                      read_ready,
  input read_op_t                  read_op,
  input logic                      landing_valid,
  /* verilator lint_off UNUSED */  // where bytes go, not which
  input landing_t                  landing,
  /* verilator lint_on UNUSED */
  input logic                      write_valid,
  input logic                      write_ready,
  input write_op_t                 write_op,
  input logic                      used_valid,
  input logic                      command_valid,
  input logic                      command_ready,
  input logic [31:0]               command_length,
  input logic [8*CommandBytes-1:0] command,
  input logic                      ack_known,
  input logic                      start,
  input logic                      taking,
  input logic                      settled,
  input logic                      busy,
  input logic                      idle
);

  logic read_stalled, write_stalled, command_stalled;
  read_op_t held_read;
  write_op_t held_write;
  logic [31:0] held_length;
  logic [8*CommandBytes-1:0] held_command;
  always_ff @(posedge clk) begin
    read_stalled <= rst_n && read_valid && !read_ready && !flush;
    write_stalled <= rst_n && write_valid && !write_ready && !flush;
    command_stalled <= rst_n && command_valid && !command_ready && !flush;
    if (read_valid && !read_ready && !read_stalled) held_read <= read_op;
    if (write_valid && !write_ready && !write_stalled) held_write <= write_op;
    if (command_valid && !command_ready && !command_stalled) begin
      held_length <= command_length;
      held_command <= command;
    end
  end

  always_ff @(posedge clk) if (rst_n) begin
    // Offered until accepted.
    if (read_stalled) read_stable: assert (read_valid && read_op == held_read)
      else $error("control_path: a read changed before it was accepted");
    if (write_stalled) write_stable: assert (write_valid && write_op == held_write)
      else $error("control_path: a write changed before it was accepted");
    if (command_stalled)
      command_stable: assert (command_valid && command_length == held_length &&
                              command == held_command)
        else $error("control_path: a command changed before it was taken");

    if (landing_valid && landing.client == ReadControl)
      within_command: assert (32'(landing.address) + 32'(landing.count) <= CommandBytes)
        else $error("control_path: bytes behind the command");
    if (write_valid || used_valid) acknowledged: assert (ack_known)
      else $error("control_path: an answer without a place for it");
    if (chain_ready && !flush) chain_waits: assert (chain_valid)
      else $error("control_path: the chain that was begun has gone");
    if (start) allowed: assert (taking && settled)
      else $error("control_path: a command was started that may not be");
    if (flush) effects_first: assert (!busy)
      else $error("control_path: forgets what it decided");
    if (idle)
      idle_is_quiet: assert (!start && !used_valid && !(read_valid && read_ready) &&
                             !(write_valid && write_ready))
        else $error("control_path: idle while something happens");
  end

endmodule

bind control_path control_path_checks #(.CommandBytes(CommandBytes)) checks (.*);
