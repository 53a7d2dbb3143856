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

  completion_stays: assert property (@(posedge clk) disable iff (!rst_n)
    completion_valid && !completion_ready |=> completion_valid && $stable(completion))
    else $error("a completion changed before it was taken");

  write_stays: assert property (@(posedge clk) disable iff (!rst_n)
    write_valid && !write_ready |=> write_valid && $stable(write_op))
    else $error("a message changed before it was taken");

  error_stops: assert property (@(posedge clk) disable iff (!rst_n)
    error_valid && !quiesced |=> !active)
    else $error("the data plane is active behind an error");

  reset_at_rest: assert property (@(posedge clk) disable iff (!rst_n)
    flush |-> !active && !$past(active) && !$past(data_busy))
    else $error("a reset while something was under way");

  one_queue: assert property (@(posedge clk) disable iff (!rst_n)
    $onehot0(doorbell) && $onehot0(enable) && $onehot0(resume))
    else $error("one action meant several virtqueues");

  taken_when_offered: assert property (@(posedge clk) disable iff (!rst_n)
    command_ready |-> command_valid)
    else $error("a control command was taken that was not there");

  idle_is_exact: assert property (@(posedge clk) disable iff (!rst_n)
    idle && now < deadline |=>
    $stable({phase, prepared, work_valid, reply_full, held_late, held_any, held_full, quiet_count,
             last_number, firmware_valid, function_pending, queued_valid, isr, completion_valid,
             write_valid, trace_valid, event_trace_valid, active}))
    else $error("something changed although idle was high");

endmodule

bind host_slave host_slave_checks checks (.active(state.active), .*);
