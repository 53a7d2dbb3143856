// SPDX-License-Identifier: Apache-2.0
// dma_write with the fields of its structures as ports of their own.
module dma_write_bench
  import nic_pkg::*;
(
  input  logic                             clk,
  input  logic                             rst_n,
  input  logic [2:0]                       max_payload,
  input  logic [WriteClients-1:0]          op_valid,
  output logic [WriteClients-1:0]          op_ready,
  input  logic [WriteClients-1:0][1:0]     op_source,
  input  logic [WriteClients-1:0][3:0]     op_purpose,
  input  logic [WriteClients-1:0]          op_queue,
  input  logic [WriteClients-1:0][31:0]    op_chain,
  input  logic [WriteClients-1:0][63:0]    op_address,
  input  logic [WriteClients-1:0][15:0]    op_length,
  input  logic [WriteClients-1:0][511:0]   op_data,
  input  logic [WriteClients-1:0][15:0]    op_row,
  input  logic [WriteClients-1:0][15:0]    op_offset,
  input  logic [WriteClients-1:0][15:0]    op_num_buffers,
  input  logic [WriteClients-1:0]          op_last,
  input  logic [WriteClients-1:0]          op_notify,
  output logic [WriteClients-1:0]          written,
  output logic                             buffer_read,
  output logic [31:0]                      buffer_address,
  input  logic [DataBits-1:0]              buffer_data,
  output logic                             buffer_release,
  output logic                             posted_valid,
  input  logic                             posted_ready,
  output logic                             posted_message,
  output logic [7:0]                       posted_code,
  output logic [63:0]                      posted_address,
  output logic [15:0]                      posted_length,
  output logic [3:0]                       posted_purpose,
  output logic [7:0]                       posted_queue,
  output logic                             beat_sop,
  output logic                             beat_eop,
  output logic [7:0]                       beat_empty,
  output logic [DataBits-1:0]              beat_data,
  output logic [63:0]                      writes,
  output logic [63:0]                      write_bytes,
  output logic [63:0]                      requests,
  output logic                             trace_valid,
  output logic [7:0]                       trace_kind,
  output logic [7:0]                       trace_purpose,
  output logic [15:0]                      trace_queue,
  output logic [31:0]                      trace_chain,
  output logic [31:0]                      trace_size,
  output logic [63:0]                      trace_address,
  output logic                             empty,
  output logic                             idle
);

  card_state_t state;
  write_op_t [WriteClients-1:0] op;
  posted_t posted;
  beat_t posted_beat;
  write_counters_t counters;
  /* verilator lint_off UNUSED */  // fields that stay zero
  trace_t trace;
  logic unused_beat;
  /* verilator lint_on UNUSED */

  always_comb begin
    state = '0;
    state.max_payload = max_payload;
    for (int unsigned c = 0; c < WriteClients; ++c) begin
      op[c] = '{
        source: write_source_e'(op_source[c]),
        purpose: purpose_e'(op_purpose[c]),
        queue: queue_t'(op_queue[c]),
        chain: op_chain[c],
        address: op_address[c],
        length: op_length[c],
        data: op_data[c],
        row: RxRowW'(op_row[c]),
        offset: op_offset[c],
        num_buffers: op_num_buffers[c],
        last: op_last[c],
        notify: op_notify[c]
      };
    end
  end

  logic [RxRowW+LaneW-1:0] address;
  assign buffer_address = 32'(address);
  assign posted_message = posted.message;
  assign posted_code = posted.code;
  assign posted_address = posted.address;
  assign posted_length = 16'(posted.length);
  assign posted_purpose = posted.purpose;
  assign posted_queue = 8'(posted.queue);
  assign beat_sop = posted_beat.sop;
  assign beat_eop = posted_beat.eop;
  assign beat_empty = 8'(posted_beat.empty);
  assign beat_data = posted_beat.data;
  assign unused_beat = &{posted_beat.valid, posted_beat.err};
  assign writes = counters.writes;
  assign write_bytes = counters.write_bytes;
  assign requests = counters.requests;
  assign trace_kind = trace.kind;
  assign trace_purpose = trace.purpose;
  assign trace_queue = trace.queue;
  assign trace_chain = trace.chain;
  assign trace_size = trace.size;
  assign trace_address = trace.address;

  /* verilator lint_off UNUSEDSIGNAL */  // the buffer has one part here
  queue_t buffer_queue, release_queue;
  /* verilator lint_on UNUSEDSIGNAL */
  dma_write dut (.*, .buffer_address(address));

endmodule
