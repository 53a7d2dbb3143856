// SPDX-License-Identifier: Apache-2.0
// used_ring with the fields of its structures as ports of their own.
module used_ring_bench
  import nic_pkg::*;
(
  input  logic                     clk,
  input  logic                     rst_n,
  input  logic [47:0]              now,
  input  logic [7:0]               used_batch,
  input  logic [15:0]              used_timeout,
  input  logic                     active,
  input  logic                     counts,
  input  logic                     bus_master,
  input  logic                     event_idx,
  input  logic [Queues-1:0]        enabled,
  input  logic [Queues-1:0][3:0]   size_log2,
  input  logic [Queues-1:0][63:0]  driver,
  input  logic [Queues-1:0][63:0]  device,
  input  logic [Queues-1:0][15:0]  index,
  input  logic [Queues-1:0]        enable,
  input  logic                     flush,
  input  logic [Queues-1:0]        used_valid,
  input  logic [Queues-1:0][31:0]  used_position,
  input  logic [Queues-1:0][15:0]  used_id,
  input  logic [Queues-1:0][31:0]  used_length,
  input  logic [Queues-1:0]        used_frame_end,
  input  logic [Queues-1:0]        window_full,
  output logic                     write_valid,
  input  logic                     write_ready,
  output logic                     write_immediate,
  output logic [3:0]               write_purpose,
  output logic [7:0]               write_queue,
  output logic [31:0]              write_chain,
  output logic [63:0]              write_address,
  output logic [15:0]              write_length,
  output logic [511:0]             write_data,
  output logic                     write_notify,
  input  logic                     written,
  output logic                     read_valid,
  input  logic                     read_ready,
  output logic [3:0]               read_purpose,
  output logic [7:0]               read_queue,
  output logic [63:0]              read_address,
  output logic [15:0]              read_length,
  output logic [7:0]               read_handle,
  input  logic                     done_valid,
  input  logic [1:0]               done_client,
  input  logic [7:0]               done_handle,
  input  logic                     done_ok,
  input  logic [15:0]              done_head,
  output logic [Queues-1:0][15:0]  used_index,
  output logic [Queues-1:0][3:0]   returned,
  output logic                     interrupt_valid,
  input  logic                     interrupt_ready,
  output logic [7:0]               interrupt_queue,
  output logic [Queues-1:0]        settled,
  output logic [63:0]              index_writes,
  output logic                     error_valid,
  output logic [4:0]               error_code,
  output logic [7:0]               error_queue,
  output logic                     trace_valid,
  output logic [7:0]               trace_kind,
  output logic [15:0]              trace_queue,
  output logic [31:0]              trace_chain,
  output logic [31:0]              trace_size,
  output logic [63:0]              trace_value,
  output logic                     busy,
  output logic                     idle,
  output logic [47:0]              deadline
);

  straps_t straps;
  card_state_t state;
  queue_context_t [Queues-1:0] context_of;
  used_t [Queues-1:0] used;
  read_done_t done;
  queue_t the_interrupt_queue;
  error_t error;
  /* verilator lint_off UNUSED */  // fields that stay zero
  write_op_t write_op;
  read_op_t read_op;
  trace_t trace;
  /* verilator lint_on UNUSED */

  always_comb begin
    straps = '0;
    straps.used_batch = used_batch;
    straps.used_timeout = used_timeout;
    state = '0;
    state.active = active;
    state.receives = active;
    state.counts = counts;
    state.bus_master = bus_master;
    state.event_idx = event_idx;
    context_of = '0;
    for (int unsigned q = 0; q < Queues; ++q) begin
      context_of[q].enabled = enabled[q];
      context_of[q].size_log2 = size_log2[q];
      context_of[q].driver = driver[q];
      context_of[q].device = device[q];
      context_of[q].index = index[q];
      used[q] = '{
        position: used_position[q],
        id: used_id[q],
        length: used_length[q],
        frame_end: used_frame_end[q]
      };
    end
    done = '{
      client: read_client_e'(done_client),
      handle: done_handle,
      ok: done_ok,
      head: done_head
    };
  end

  assign write_immediate = write_op.source == WriteImmediate;
  assign write_purpose = write_op.purpose;
  assign write_queue = 8'(write_op.queue);
  assign write_chain = write_op.chain;
  assign write_address = write_op.address;
  assign write_length = write_op.length;
  assign write_data = write_op.data;
  assign write_notify = write_op.notify;
  assign read_purpose = read_op.purpose;
  assign read_queue = 8'(read_op.queue);
  assign read_address = read_op.address;
  assign read_length = read_op.length;
  assign read_handle = read_op.handle;
  assign interrupt_queue = 8'(the_interrupt_queue);
  assign error_code = error.code;
  assign error_queue = 8'(error.queue);
  assign trace_kind = trace.kind;
  assign trace_queue = trace.queue;
  assign trace_chain = trace.chain;
  assign trace_size = trace.size;
  assign trace_value = trace.value;

  used_ring dut (.*, .interrupt_queue(the_interrupt_queue));

endmodule
