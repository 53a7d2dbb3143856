// SPDX-License-Identifier: Apache-2.0
// Posted writes to host memory, in one order for all: cut at Max_Payload_Size and 4 KiB (PCI
// Express Base Specification 4.0, 2.2.7, 2.4.1).
module dma_write
  import nic_pkg::*;
(
  input  logic                             clk,
  input  logic                             rst_n,
  input  card_state_t                      state,
  // operations, by client; those of one client in order
  input  logic      [WriteClients-1:0]     op_valid,
  output logic      [WriteClients-1:0]     op_ready,
  input  write_op_t [WriteClients-1:0]     op,
  // an operation with `notify` has left, last beat accepted
  output logic      [WriteClients-1:0]     written,
  // the receive buffer: a cycle later, each byte in lane A mod DataBytes
  output logic                             buffer_read,
  output logic      [RxRowW+LaneW-1:0]     buffer_address,
  input  logic      [DataBits-1:0]         buffer_data,
  // the rows of the oldest frame are free
  output logic                             buffer_release,
  // to the host
  output logic                             posted_valid,
  input  logic                             posted_ready,
  output posted_t                          posted,
  output beat_t                            posted_beat,
  output write_counters_t                  counters,
  output logic                             trace_valid,
  output trace_t                           trace,
  // nothing that was accepted is still to leave
  output logic                             empty,
  output logic                             idle
);
endmodule
