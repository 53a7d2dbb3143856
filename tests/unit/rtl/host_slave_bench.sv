// SPDX-License-Identifier: Apache-2.0
// host_slave with a port for each field, and used indices that follow as used_ring's do.
/* verilator lint_off UNUSED */  // ports are as wide for any number of queues; not all is checked
module host_slave_bench
  import nic_pkg::*;
(
  input  logic         clk,
  input  logic         rst_n,
  input  now_t         now,
  input  logic [63:0]  strap_features,
  input  logic [47:0]  strap_mac,
  input  logic [15:0]  strap_mtu,
  input  logic [15:0]  strap_queue_size_max,
  input  logic [2:0]   strap_max_payload,
  input  logic [31:0]  strap_hold_bound,
  input  logic         request_valid,
  output logic         request_ready,
  input  logic [1:0]   request_kind,
  input  logic [63:0]  request_address,
  input  logic [12:0]  request_length,
  input  logic [9:0]   request_tag,
  input  logic         request_poisoned,
  input  logic [63:0]  request_data,
  output logic         completion_valid,
  input  logic         completion_ready,
  output logic [9:0]   completion_tag,
  output logic [2:0]   completion_status,
  output logic         completion_has_data,
  output logic [3:0]   completion_length,
  output logic [6:0]   completion_lower_address,
  output logic [63:0]  completion_data,
  output logic         completion_configuration,
  input  logic         management_read,
  input  logic         management_write,
  input  logic [11:0]  management_address,
  input  logic [31:0]  management_write_data,
  output logic [31:0]  management_read_data,
  output logic         management_ready,
  output logic         management_interrupt,
  input  logic         carrier,
  input  logic [31:0]  speed_mbps,
  output logic         active,
  output logic         receives,
  output logic         bus_master,
  output logic         link_up,
  output logic [2:0]   negotiated,  // mrg_rxbuf, event_idx, indirect
  output logic [15:0]  mtu,
  output logic [2:0]   max_payload,
  output logic [2:0]   max_read_request,
  input  logic [4:0]   context_place,
  output logic         context_enabled,
  output logic         context_suspended,
  output logic [3:0]   context_size_log2,
  output logic [63:0]  context_desc,
  output logic [63:0]  context_driver,
  output logic [63:0]  context_device,
  output logic [15:0]  context_index,
  output logic         context_resumed,
  output logic [31:0]  enable,
  output logic [31:0]  resume,
  output logic [31:0]  doorbell,
  output logic         flush,
  input  logic [31:0]  settled,
  input  logic [31:0]  returned,  // one more used entry
  input  logic         data_busy,
  input  logic         error_valid,
  input  logic [4:0]   error_code,
  input  logic [4:0]   error_place,
  input  logic         interrupt_valid,
  output logic         interrupt_ready,
  input  logic [4:0]   interrupt_place,
  input  logic         command_valid,
  output logic         command_ready,
  input  logic [31:0]  command_length,
  input  logic [63:0]  command_start,  // the rest is zeros
  output logic         reply_valid,
  output logic [7:0]   reply,
  output logic         write_valid,
  input  logic         write_ready,
  input  logic         written,
  output logic         write_notify,
  output logic [1:0]   write_source,
  output logic [63:0]  write_address,
  output logic [15:0]  write_length,
  output logic [31:0]  write_data,
  output logic [63:0]  doorbells,
  output logic [63:0]  msix_messages,
  output logic [63:0]  intx_asserts,
  output logic [63:0]  device_resets,
  output logic [63:0]  function_resets,
  output logic [63:0]  holds_expired,
  output logic [63:0]  poisoned_writes,
  input  logic [4:0]   counted_error,
  output logic [63:0]  errors,
  output logic         trace_valid,
  output logic [7:0]   trace_kind,
  output logic [7:0]   trace_purpose,
  output logic [15:0]  trace_queue,
  output logic [31:0]  trace_id,
  output logic [31:0]  trace_size,
  output logic [31:0]  trace_frame,
  output logic [63:0]  trace_address,
  output logic [63:0]  trace_value,
  output logic         event_trace_valid,
  output logic [7:0]   event_trace_kind,
  output logic [15:0]  event_trace_queue,
  output logic [31:0]  event_trace_id,
  output logic [31:0]  event_trace_chain,
  output logic [31:0]  event_trace_size,
  output logic [63:0]  event_trace_value,
  output logic         idle,
  output now_t         deadline
);
  straps_t straps;
  host_request_t request;
  host_completion_t completion;
  card_state_t state;
  queue_context_t [Queues-1:0] context_of;
  logic [Queues-1:0] enable_of, resume_of, doorbell_of;
  logic [Queues-1:0][15:0] used_index;
  write_op_t write_op;
  host_counters_t counters;
  logic statistics_sample, statistics_lower, error_counted;
  logic [8:3] statistics_index;
  logic [63:0] statistics_data;
  trace_t trace, event_trace;

  always_comb begin
    straps = '0;
    straps.features = strap_features;
    straps.mac = strap_mac;
    straps.mtu = strap_mtu;
    straps.queue_size_max = strap_queue_size_max;
    straps.max_payload = strap_max_payload;
    straps.hold_bound = strap_hold_bound;
    request = '{
      kind: host_kind_e'(request_kind), address: request_address, length: request_length,
      tag: request_tag, poisoned: request_poisoned, data: request_data};
  end
  assign {completion_tag, completion_status, completion_has_data, completion_length,
          completion_lower_address, completion_data, completion_configuration} = completion;
  assign active = state.active;
  assign receives = state.receives;
  assign bus_master = state.bus_master;
  assign link_up = state.link_up;
  assign negotiated = {state.mrg_rxbuf, state.event_idx, state.indirect};
  assign mtu = state.mtu;
  assign max_payload = state.max_payload;
  assign max_read_request = state.max_read_request;
  assign {context_enabled, context_suspended, context_size_log2, context_desc, context_driver,
          context_device, context_index, context_resumed} = context_of[QueueW'(context_place)];
  assign enable = 32'(enable_of);
  assign resume = 32'(resume_of);
  assign doorbell = 32'(doorbell_of);
  assign write_source = write_op.source;
  assign write_notify = write_op.notify;
  assign write_address = write_op.address;
  assign write_length = write_op.length;
  assign write_data = write_op.data[31:0];
  assign doorbells = counters.doorbells;
  assign msix_messages = counters.msix_messages;
  assign intx_asserts = counters.intx_asserts;
  assign device_resets = counters.device_resets;
  assign function_resets = counters.function_resets;
  assign holds_expired = counters.holds_expired;
  assign poisoned_writes = counters.poisoned_writes;
  assign errors = counters.errors[counted_error];
  assign trace_kind = trace.kind;
  assign trace_purpose = trace.purpose;
  assign trace_queue = trace.queue;
  assign trace_id = trace.id;
  assign trace_size = trace.size;
  assign trace_frame = trace.frame;
  assign trace_address = trace.address;
  assign trace_value = trace.value;
  assign event_trace_kind = event_trace.kind;
  assign event_trace_queue = event_trace.queue;
  assign event_trace_id = event_trace.id;
  assign event_trace_chain = event_trace.chain;
  assign event_trace_size = event_trace.size;
  assign event_trace_value = event_trace.value;

  for (genvar q = 0; q < int'(Queues); ++q) begin : g_queue
    always_ff @(posedge clk) begin
      if (!rst_n || flush) used_index[q] <= '0;
      else if (enable_of[q]) used_index[q] <= context_of[q].index;
      else if (returned[q]) used_index[q] <= used_index[q] + 16'd1;
    end
  end

  statistics statistics (
    .clk, .rst_n, .sample(statistics_sample), .lower(statistics_lower), .index(statistics_index),
    .value(statistics_data), .tx('0), .rx('0), .read('0), .write('0), .host(counters),
    .used_index_writes('0), .error_counted
  );

  host_slave host_slave (
    .clk, .rst_n, .now, .straps, .request_valid, .request_ready, .request,
    .completion_valid, .completion_ready, .completion,
    .management_read, .management_write, .management_address, .management_write_data,
    .management_read_data, .management_ready, .management_interrupt,
    .carrier, .speed_mbps, .state, .context_of, .enable(enable_of), .resume(resume_of),
    .doorbell(doorbell_of), .flush, .queue_settled(settled[Queues-1:0]), .used_index, .data_busy,
    .error_valid, .error('{code: error_e'(error_code), queue: QueueW'(error_place)}),
    .interrupt_valid, .interrupt_ready, .interrupt_queue(QueueW'(interrupt_place)),
    .command_valid, .command_ready, .command_length, .command(512'(command_start)),
    .reply_valid, .reply, .write_valid, .write_ready, .write_op, .written,
    .counters, .statistics_sample, .statistics_lower, .statistics_index, .statistics_data,
    .error_counted,
    .trace_valid, .trace, .event_trace_valid, .event_trace, .idle, .deadline
  );
endmodule
/* verilator lint_on UNUSED */
