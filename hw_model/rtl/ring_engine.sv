// SPDX-License-Identifier: Apache-2.0
// Available rings and descriptor chains of all virtqueues: samples the available index, fetches
// entries and descriptors ahead, walks and validates chains, asks for notifications (virtio 1.4,
// "Split Virtqueues").
module ring_engine
  import nic_pkg::*;
(
  input  logic                             clk,
  input  logic                             rst_n,
  input  card_state_t                      state,
  input  queue_context_t [Queues-1:0]      context_of,
  input  logic           [Queues-1:0]      enable,  // begins with context_of; one cycle
  input  logic           [Queues-1:0]      resume,  // goes on behind the last used buffer
  input  logic           [Queues-1:0]      doorbell,  // one cycle
  input  logic                             flush,
  // of each queue: used index last written, chains returned in this cycle
  input  logic           [Queues-1:0][15:0] used_index,
  input  logic           [Queues-1:0][3:0] returned,
  // fetches
  output logic                             read_valid,
  input  logic                             read_ready,
  output read_op_t                         read_op,
  input  logic                             landing_valid,  // of every client: look at `client`
  input  landing_t                         landing,
  input  logic                             done_valid,
  input  read_done_t                       done,
  // avail_event or flags
  output logic                             write_valid,
  input  logic                             write_ready,
  output write_op_t                        write_op,
  input  logic                             written,
  // whole and valid chains, and their segments: of each queue the oldest
  output logic           [Queues-1:0]      chain_valid,
  input  logic           [Queues-1:0]      chain_ready,
  output chain_t         [Queues-1:0]      chain,
  output logic           [Queues-1:0]      segment_valid,
  input  logic           [Queues-1:0]      segment_ready,
  output segment_t       [Queues-1:0]      segment,
  // for the receive path: a queue can get no further chain before one is consumed
  output logic           [Queues-1:0]      window_full,
  // no read of the queue is under way and none of its chains is half done
  output logic           [Queues-1:0]      settled,
  output logic                             error_valid,
  output error_t                           error,
  output logic                             trace_valid,
  output trace_t                           trace,
  output logic                             busy,  // a decided write has not been handed over
  output logic                             idle
);
endmodule
