// SPDX-License-Identifier: Apache-2.0
// The card as the host sees it: configuration space, virtio structures, MSI-X table, interrupts,
// and the management block through which firmware answers (virtio 1.4, "Virtio Over PCI Bus").
module host_slave
  import nic_pkg::*;
(
  input  logic                           clk,
  input  logic                           rst_n,
  input  now_t                           now,
  input  straps_t                        straps,
  // requests of the host, and their completions
  input  logic                           request_valid,
  output logic                           request_ready,
  input  host_request_t                  request,
  output logic                           completion_valid,
  input  logic                           completion_ready,
  output host_completion_t               completion,
  // the management bus: read data a cycle after `read`; held while `ready` is low
  input  logic                           management_read,
  input  logic                           management_write,
  input  logic [11:0]                    management_address,  // bytes
  input  logic [31:0]                    management_write_data,
  output logic [31:0]                    management_read_data,
  output logic                           management_ready,
  output logic                           management_interrupt,
  // the MAC
  input  logic                           carrier,
  input  logic [31:0]                    speed_mbps,
  // to the data plane
  output card_state_t                    state,
  output queue_context_t [Queues-1:0]    context_of,
  output logic           [Queues-1:0]    enable,
  output logic           [Queues-1:0]    resume,
  output logic           [Queues-1:0]    doorbell,
  output logic                           flush,
  // from it
  input  logic           [Queues-1:0]    queue_settled,
  input  logic           [Queues-1:0][15:0] used_index,
  input  logic                           data_busy,  // decided effects are still to leave
  input  logic                           error_valid,
  input  error_t                         error,
  input  logic                           interrupt_valid,
  output logic                           interrupt_ready,
  input  queue_t                         interrupt_queue,
  input  logic                           command_valid,
  output logic                           command_ready,
  input  logic [31:0]                    command_length,
  input  logic [511:0]                   command,
  output logic                           reply_valid,
  output logic [7:0]                     reply,
  // MSI-X writes and INTx messages
  output logic                           write_valid,
  input  logic                           write_ready,
  output write_op_t                      write_op,
  output host_counters_t                 counters,
  output logic                           trace_valid,  // registers, doorbells
  output trace_t                         trace,
  output logic                           event_trace_valid,  // management, errors, interrupts
  output trace_t                         event_trace,
  output logic                           idle,
  output now_t                           deadline
);
endmodule
