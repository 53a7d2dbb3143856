// SPDX-License-Identifier: Apache-2.0
// The control virtqueue: gathers a command for firmware and writes its answer as the ack byte
// (virtio 1.4, "Control Virtqueue").
module control_path
  import nic_pkg::*;
#(
  parameter int unsigned CommandBytes = 64  // of a command that firmware sees
) (
  input  logic                        clk,
  input  logic                        rst_n,
  input  card_state_t                 state,
  input  queue_context_t              context_of,
  input  logic                        flush,
  input  logic                        chain_valid,
  output logic                        chain_ready,
  input  chain_t                      chain,
  input  logic                        segment_valid,
  output logic                        segment_ready,
  input  segment_t                    segment,
  output logic                        read_valid,
  input  logic                        read_ready,
  output read_op_t                    read_op,
  input  logic                        landing_valid,
  input  landing_t                    landing,
  input  logic                        done_valid,
  input  read_done_t                  done,
  output logic                        write_valid,  // the ack byte
  input  logic                        write_ready,
  output write_op_t                   write_op,
  output logic                        used_valid,
  output used_t                       used,
  // to firmware: the command waits until it is taken, then for the reply
  output logic                        command_valid,
  input  logic                        command_ready,
  output logic [31:0]                 command_length,
  output logic [8*CommandBytes-1:0]   command,  // byte k in bits 8k+7:8k; zeros behind a short one
  input  logic                        reply_valid,
  input  logic [7:0]                  reply,
  output logic                        settled,
  output logic                        error_valid,
  output error_t                      error,
  output logic                        trace_valid,
  output trace_t                      trace,
  output logic                        busy,
  output logic                        idle
);
endmodule
