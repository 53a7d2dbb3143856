// SPDX-License-Identifier: Apache-2.0
// Transmit: gathers chains into the transmit buffer, sends whole frames to the MAC in the order in
// which they were begun (virtio 1.4, "Packet Transmission").
module tx_path
  import nic_pkg::*;
(
  input  logic                        clk,
  input  logic                        rst_n,
  input  card_state_t                 state,
  input  queue_context_t [Queues-1:0] context_of,
  input  logic                        flush,  // forgets frames that are not whole
  // chains of the transmit queues; the others' bits mean nothing
  input  logic     [Queues-1:0]       chain_valid,
  output logic     [Queues-1:0]       chain_ready,
  input  chain_t   [Queues-1:0]       chain,
  input  logic     [Queues-1:0]       segment_valid,
  output logic     [Queues-1:0]       segment_ready,
  input  segment_t [Queues-1:0]       segment,
  output logic                        read_valid,
  input  logic                        read_ready,
  output read_op_t                    read_op,
  input  logic                        landing_valid,
  input  landing_t                    landing,
  input  logic                        done_valid,
  input  read_done_t                  done,
  output logic     [Queues-1:0]       used_valid,
  output used_t    [Queues-1:0]       used,
  // to the MAC
  output logic                        frame_valid,
  input  logic                        frame_ready,
  output beat_t                       frame_beat,
  // nothing of the queue is begun and not given to the used ring
  output logic     [Queues-1:0]       settled,
  output tx_counters_t                counters,
  output logic                        error_valid,
  output error_t                      error,
  output logic                        trace_valid,
  output trace_t                      trace,
  output logic                        idle
);
endmodule
