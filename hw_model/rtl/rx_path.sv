// SPDX-License-Identifier: Apache-2.0
// Receive: stores whole frames, drops what may not be delivered, and scatters each over as many
// chains as it takes (virtio 1.4, "Processing of Incoming Packets").
module rx_path
  import nic_pkg::*;
(
  input  logic                         clk,
  input  logic                         rst_n,
  input  card_state_t                  state,
  input  queue_context_t [Queues-1:0]  context_of,
  input  logic                         flush,  // drops what waits
  // from the MAC; never held back
  input  logic                         frame_valid,
  input  beat_t                        frame_beat,
  // chains of the receive queues; the others' bits mean nothing
  input  logic     [Queues-1:0]        chain_valid,
  output logic     [Queues-1:0]        chain_ready,
  input  chain_t   [Queues-1:0]        chain,
  input  logic     [Queues-1:0]        segment_valid,
  output logic     [Queues-1:0]        segment_ready,
  input  segment_t [Queues-1:0]        segment,
  input  logic     [Queues-1:0]        window_full,
  input  logic     [Queues-1:0]        rewind,  // the queue resumes: forget chains not begun
  output logic                         write_valid,
  input  logic                         write_ready,
  output write_op_t                    write_op,
  // the posted writer reads the buffer
  input  logic                         buffer_read,
  input  logic [RxRowW+LaneW-1:0]      buffer_address,
  output logic [DataBits-1:0]          buffer_data,
  input  logic                         buffer_release,
  output logic     [Queues-1:0]        used_valid,
  output used_t    [Queues-1:0]        used,
  output logic     [Queues-1:0]        settled,
  output rx_counters_t                 counters,
  output logic                         trace_valid,  // decisions of the scheduler
  output trace_t                       trace,
  output logic                         arrival_trace_valid,  // frames taken and dropped
  output trace_t                       arrival_trace,
  output logic                         busy,
  output logic                         idle
);
endmodule
