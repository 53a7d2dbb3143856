// SPDX-License-Identifier: Apache-2.0
// Used rings of all virtqueues: entries in batches, the index behind them, then the decision to
// interrupt from used_event or flags as read afresh (virtio 1.4, "The Virtqueue Used Ring", "Used
// Buffer Notification Suppression").
module used_ring
  import nic_pkg::*;
(
  input  logic                              clk,
  input  logic                              rst_n,
  input  now_t                              now,
  input  straps_t                           straps,
  input  card_state_t                       state,
  input  queue_context_t [Queues-1:0]       context_of,
  input  logic           [Queues-1:0]       enable,
  input  logic                              flush,
  // finished chains; room for Window of each queue, so always taken
  input  logic           [Queues-1:0]       used_valid,
  input  used_t          [Queues-1:0]       used,
  // more buffers are announced than the card can hold: do not wait for a full batch
  input  logic           [Queues-1:0]       window_full,
  output logic                              write_valid,
  input  logic                              write_ready,
  output write_op_t                         write_op,
  input  logic                              written,
  output logic                              read_valid,
  input  logic                              read_ready,
  output read_op_t                          read_op,
  input  logic                              done_valid,
  input  read_done_t                        done,
  output logic           [Queues-1:0][15:0] used_index,
  output logic           [Queues-1:0][3:0]  returned,
  // queue interrupts
  output logic                              interrupt_valid,
  input  logic                              interrupt_ready,
  output queue_t                            interrupt_queue,
  // every finished chain is returned and whether the driver is told is decided
  output logic           [Queues-1:0]       settled,
  output logic           [63:0]             index_writes,
  output logic                              error_valid,
  output error_t                            error,
  output logic                              trace_valid,
  output trace_t                            trace,
  output logic                              busy,
  output logic                              idle,
  output now_t                              deadline
);
endmodule
