// SPDX-License-Identifier: Apache-2.0
// What host_slave promises: outputs stay until they are taken, the data plane is reset only at
// rest, and `idle` means that nothing changes.
module host_slave_checks
  import nic_pkg::*;
(
  input logic              clk,
  input logic              rst_n,
  input now_t              now,
  input logic              completion_valid,
  input logic              completion_ready,
  input host_completion_t  completion,
  input logic              write_valid,
  input logic              write_ready,
  input write_op_t         write_op,
  input logic              active,
  input logic [Queues-1:0] enable,
  input logic [Queues-1:0] resume,
  input logic [Queues-1:0] doorbell,
  input logic              flush,
  input logic              data_busy,
  input logic              error_valid,
  input logic              quiesced,
  input logic              command_valid,
  input logic              command_ready,
  input logic              idle,
  input now_t              deadline,
  // registers that nothing else stands for
  input logic [2:0]        phase,
  input logic              prepared,
  input logic              work_valid,
  input logic              reply_full,
  input logic              held_late,
  input logic              held_any,
  input logic              held_full,
  input logic [1:0]        quiet_count,
  input logic [31:0]       last_number,
  input logic              firmware_valid,
  input logic              function_pending,
  input logic              queued_valid,
  input logic [1:0]        isr,
  input logic              trace_valid,
  input logic              event_trace_valid
);

  logic completion_stalled, write_stalled, stopped;
  logic was_active, was_busy, rested;
  host_completion_t held_completion;
  write_op_t held_write;
  typedef struct packed {
    logic [2:0]  phase;
    logic        prepared, work_valid, reply_full, held_late, held_any, held_full;
    logic [1:0]  quiet_count;
    logic [31:0] last_number;
    logic        firmware_valid, function_pending, queued_valid;
    logic [1:0]  isr;
    logic        completion_valid, write_valid, trace_valid, event_trace_valid, active;
  } registers_t;
  registers_t registers, rested_with;
  assign registers = '{
    phase: phase, prepared: prepared, work_valid: work_valid, reply_full: reply_full,
    held_late: held_late, held_any: held_any, held_full: held_full, quiet_count: quiet_count,
    last_number: last_number, firmware_valid: firmware_valid, function_pending: function_pending,
    queued_valid: queued_valid, isr: isr, completion_valid: completion_valid,
    write_valid: write_valid, trace_valid: trace_valid, event_trace_valid: event_trace_valid,
    active: active};
  always_ff @(posedge clk) begin
    completion_stalled <= rst_n && completion_valid && !completion_ready;
    if (completion_valid && !completion_ready && !completion_stalled) held_completion <= completion;
    write_stalled <= rst_n && write_valid && !write_ready;
    if (write_valid && !write_ready && !write_stalled) held_write <= write_op;
    stopped <= rst_n && error_valid && !quiesced;
    was_active <= active;
    was_busy <= data_busy;
    rested <= rst_n && idle && now < deadline;
    if (idle && !rested) rested_with <= registers;
  end

  always_ff @(posedge clk) if (rst_n) begin
    if (completion_stalled)
      completion_stays: assert (completion_valid && completion == held_completion)
        else $error("a completion changed before it was taken");
    if (write_stalled) write_stays: assert (write_valid && write_op == held_write)
      else $error("a message changed before it was taken");
    if (stopped) error_stops: assert (!active)
      else $error("the data plane is active behind an error");
    if (flush) reset_at_rest: assert (!active && !was_active && !was_busy)
      else $error("a reset while something was under way");
    one_queue: assert ($onehot0(doorbell) && $onehot0(enable) && $onehot0(resume))
      else $error("one action meant several virtqueues");
    if (command_ready) taken_when_offered: assert (command_valid)
      else $error("a control command was taken that was not there");
    if (rested) idle_is_exact: assert (registers == rested_with)
      else $error("something changed although idle was high");
  end

endmodule

bind host_slave host_slave_checks checks (.active(state.active), .*);
