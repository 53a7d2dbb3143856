// SPDX-License-Identifier: Apache-2.0
// ring_engine with its structures taken apart, for a test bench in C++.

// Ports have the widths that are handy in C++; fields that no test looks at stay unused.
/* verilator lint_off UNUSEDSIGNAL */
module ring_engine_bench
  import nic_pkg::*;
(
  input  logic                          clk,
  input  logic                          rst_n,
  input  logic                          active,
  input  logic                          indirect,
  input  logic                          event_idx,
  input  logic     [Queues-1:0]         enabled,
  input  logic     [Queues-1:0]         suspended,
  input  logic     [Queues-1:0][31:0]   size_log2,
  input  logic     [Queues-1:0][63:0]   desc,
  input  logic     [Queues-1:0][63:0]   driver,
  input  logic     [Queues-1:0][63:0]   device,
  input  logic     [Queues-1:0][31:0]   index,
  input  logic     [Queues-1:0]         resumed,
  input  logic     [Queues-1:0]         enable,
  input  logic     [Queues-1:0]         resume,
  input  logic     [Queues-1:0]         doorbell,
  input  logic                          flush,
  input  logic     [Queues-1:0][31:0]   used_index,
  input  logic     [Queues-1:0][31:0]   returned,
  output logic                          read_valid,
  input  logic                          read_ready,
  output logic     [7:0]                read_purpose,
  output logic     [7:0]                read_queue,
  output logic     [31:0]               read_chain,
  output logic     [63:0]               read_address,
  output logic     [15:0]               read_length,
  output logic     [31:0]               read_landing,
  output logic     [7:0]                read_handle,
  input  logic                          landing_valid,
  input  logic     [7:0]                landing_client,
  input  logic     [31:0]               landing_address,
  input  logic     [7:0]                landing_count,
  input  logic     [DataBits-1:0]       landing_data,
  input  logic                          done_valid,
  input  logic     [7:0]                done_client,
  input  logic     [7:0]                done_handle,
  input  logic                          done_ok,
  input  logic     [15:0]               done_head,
  output logic                          write_valid,
  input  logic                          write_ready,
  output logic     [7:0]                write_queue,
  output logic     [63:0]               write_address,
  output logic     [15:0]               write_length,
  output logic     [15:0]               write_data,
  output logic                          write_notify,
  input  logic                          written,
  output logic     [Queues-1:0]         chain_valid,
  input  logic     [Queues-1:0]         chain_ready,
  output logic     [Queues-1:0][31:0]   chain_position,
  output logic     [Queues-1:0][31:0]   chain_id,
  output logic     [Queues-1:0][31:0]   chain_readable,
  output logic     [Queues-1:0][31:0]   chain_writable,
  output logic     [Queues-1:0][63:0]   chain_readable_bytes,
  output logic     [Queues-1:0][63:0]   chain_writable_bytes,
  output logic     [Queues-1:0]         segment_valid,
  input  logic     [Queues-1:0]         segment_ready,
  output logic     [Queues-1:0][63:0]   segment_address,
  output logic     [Queues-1:0][31:0]   segment_length,
  output logic     [Queues-1:0]         window_full,
  output logic     [Queues-1:0]         settled,
  output logic                          error_valid,
  output logic     [7:0]                error_code,
  output logic     [7:0]                error_queue,
  output logic                          trace_valid,
  output logic     [7:0]                trace_kind,
  output logic     [7:0]                trace_purpose,
  output logic     [15:0]               trace_queue,
  output logic     [31:0]               trace_chain,
  output logic     [31:0]               trace_size,
  output logic     [63:0]               trace_address,
  output logic     [63:0]               trace_value,
  output logic                          busy,
  output logic                          idle
);
  card_state_t state;
  queue_context_t [Queues-1:0] context_of;
  logic [Queues-1:0][15:0] used;
  logic [Queues-1:0][3:0] back;
  read_op_t read_op;
  landing_t landing;
  read_done_t done;
  write_op_t write_op;
  chain_t [Queues-1:0] chain;
  segment_t [Queues-1:0] segment;
  error_t error;
  trace_t trace;

  always_comb begin
    state = '0;
    state.active = active;
    state.indirect = indirect;
    state.event_idx = event_idx;
    for (int q = 0; q < int'(Queues); q++) begin
      context_of[q] = '{enabled: enabled[q], suspended: suspended[q],
                        size_log2: size_log2[q][3:0], desc: desc[q], driver: driver[q],
                        device: device[q], index: index[q][15:0], resumed: resumed[q]};
      used[q] = used_index[q][15:0];
      back[q] = returned[q][3:0];
      chain_position[q] = chain[q].position;
      chain_id[q] = {16'd0, chain[q].id};
      chain_readable[q] = {16'd0, chain[q].readable};
      chain_writable[q] = {16'd0, chain[q].writable};
      chain_readable_bytes[q] = {31'd0, chain[q].readable_bytes};
      chain_writable_bytes[q] = {31'd0, chain[q].writable_bytes};
      segment_address[q] = segment[q].address;
      segment_length[q] = segment[q].length;
    end
  end
  assign landing = '{client: read_client_e'(landing_client[1:0]),
                     address: landing_address[LandingW-1:0], count: landing_count[LaneW:0],
                     data: landing_data};
  assign done = '{client: read_client_e'(done_client[1:0]), handle: HandleW'(done_handle),
                  ok: done_ok, head: done_head};
  assign read_purpose = 8'(read_op.purpose);
  assign read_queue = 8'(read_op.queue);
  assign read_chain = read_op.chain;
  assign read_address = read_op.address;
  assign read_length = read_op.length;
  assign read_landing = 32'(read_op.landing);
  assign read_handle = 8'(read_op.handle);
  assign write_queue = 8'(write_op.queue);
  assign write_address = write_op.address;
  assign write_length = write_op.length;
  assign write_data = write_op.data[15:0];
  assign write_notify = write_op.notify;
  assign error_code = 8'(error.code);
  assign error_queue = 8'(error.queue);
  assign trace_kind = trace.kind;
  assign trace_purpose = trace.purpose;
  assign trace_queue = trace.queue;
  assign trace_chain = trace.chain;
  assign trace_size = trace.size;
  assign trace_address = trace.address;
  assign trace_value = trace.value;

  ring_engine engine (
    .clk, .rst_n, .state, .context_of, .enable, .resume, .doorbell, .flush,
    .used_index(used), .returned(back), .read_valid, .read_ready, .read_op, .landing_valid,
    .landing, .done_valid, .done, .write_valid, .write_ready, .write_op, .written, .chain_valid,
    .chain_ready, .chain, .segment_valid, .segment_ready, .segment, .window_full, .settled,
    .error_valid, .error, .trace_valid, .trace, .busy, .idle
  );
endmodule
