// SPDX-License-Identifier: Apache-2.0
// Reads of host memory: cut at Max_Read_Request_Size and 4 KiB, tags, completions in any order and
// split at will, time-outs (PCI Express Base Specification 4.0, 2.2.9, 2.3.1, 2.3.2, 2.8).
module dma_read
  import nic_pkg::*;
(
  input  logic                           clk,
  input  logic                           rst_n,
  input  now_t                           now,
  input  straps_t                        straps,
  input  card_state_t                    state,
  // Forget every operation: what completions still bring is discarded, what was not asked for is
  // not asked for. One cycle.
  input  logic                           flush,
  // operations, by client
  input  logic          [ReadClients-1:0] op_valid,
  output logic          [ReadClients-1:0] op_ready,
  input  read_op_t      [ReadClients-1:0] op,
  // requests to the host
  output logic                           request_valid,
  input  logic                           request_ready,
  output read_request_t                  request,
  // completions from it
  input  logic                           completion_valid,
  output logic                           completion_ready,
  input  completion_t                    completion,
  input  beat_t                          completion_beat,
  // to the clients
  output logic                           landing_valid,
  output landing_t                       landing,
  output logic                           done_valid,
  output read_done_t                     done,
  output read_counters_t                 counters,
  output logic                           trace_valid,
  output trace_t                         trace,
  output logic                           idle,
  output now_t                           deadline
);
endmodule
