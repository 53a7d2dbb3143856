// SPDX-License-Identifier: Apache-2.0
// control_path with the fields of its structures as ports of their own.
module control_path_bench
  import nic_pkg::*;
(
  input  logic                clk,
  input  logic                rst_n,
  input  logic                active,
  input  logic                counts,
  input  logic                bus_master,
  input  logic                enabled,
  input  logic                suspended,
  input  logic                flush,
  input  logic                chain_valid,
  output logic                chain_ready,
  input  logic [31:0]         chain_position,
  input  logic [15:0]         chain_id,
  input  logic [15:0]         chain_readable,
  input  logic [15:0]         chain_writable,
  input  logic [32:0]         chain_readable_bytes,
  input  logic                segment_valid,
  output logic                segment_ready,
  input  logic [63:0]         segment_address,
  input  logic [31:0]         segment_length,
  output logic                read_valid,
  input  logic                read_ready,
  output logic [31:0]         read_chain,
  output logic [63:0]         read_address,
  output logic [15:0]         read_length,
  output logic [31:0]         read_landing,
  output logic                read_fixed,  // what is the same for all reads is right
  input  logic                landing_valid,
  input  logic [1:0]          landing_client,
  input  logic [LandingW-1:0] landing_address,
  input  logic [LaneW:0]      landing_count,
  input  logic [DataBits-1:0] landing_data,
  input  logic                done_valid,
  input  logic [1:0]          done_client,
  input  logic                done_ok,
  output logic                write_valid,
  input  logic                write_ready,
  output logic [31:0]         write_chain,
  output logic [63:0]         write_address,
  output logic [7:0]          write_byte,
  output logic                write_fixed,
  output logic                used_valid,
  output logic [31:0]         used_position,
  output logic [15:0]         used_id,
  output logic [31:0]         used_length,
  output logic                used_frame_end,
  output logic                command_valid,
  input  logic                command_ready,
  output logic [31:0]         command_length,
  output logic [511:0]        command,
  input  logic                reply_valid,
  input  logic [7:0]          reply,
  output logic                settled,
  output logic                error_valid,
  output logic [4:0]          error_code,
  output logic [7:0]          error_queue,
  output logic                trace_valid,
  output logic [7:0]          trace_kind,
  output logic [15:0]         trace_queue,
  output logic [31:0]         trace_chain,
  output logic [31:0]         trace_size,
  output logic                busy,
  output logic                idle
);

  card_state_t state;
  queue_context_t context_of;
  chain_t chain;
  segment_t segment;
  landing_t landing;
  read_done_t done;
  read_op_t read_op;
  error_t error;
  /* verilator lint_off UNUSED */  // fields that stay zero
  write_op_t write_op;
  used_t used;
  trace_t trace;
  /* verilator lint_on UNUSED */

  always_comb begin
    state = '0;
    state.active = active;
    state.receives = active;
    state.counts = counts;
    state.bus_master = bus_master;
    context_of = '0;
    context_of.enabled = enabled;
    context_of.suspended = suspended;
    chain = '0;
    chain.position = chain_position;
    chain.id = chain_id;
    chain.readable = chain_readable;
    chain.writable = chain_writable;
    chain.readable_bytes = chain_readable_bytes;
    segment = '{address: segment_address, length: segment_length};
    landing = '{
      client: read_client_e'(landing_client),
      address: landing_address,
      count: landing_count,
      data: landing_data
    };
    done = '{client: read_client_e'(done_client), handle: '0, ok: done_ok, head: '0};
  end

  assign read_chain = read_op.chain;
  assign read_address = read_op.address;
  assign read_length = read_op.length;
  assign read_landing = 32'(read_op.landing);
  assign read_fixed = read_op.purpose == PurposePayload &&
      read_op.queue == queue_t'(ControlQueue) && read_op.handle == '0;
  assign write_chain = write_op.chain;
  assign write_address = write_op.address;
  assign write_byte = write_op.data[7:0];
  assign write_fixed = write_op.source == WriteImmediate && write_op.purpose == PurposePayload &&
      write_op.queue == queue_t'(ControlQueue) && write_op.length == 16'd1 && !write_op.notify;
  assign used_position = used.position;
  assign used_id = used.id;
  assign used_length = used.length;
  assign used_frame_end = used.frame_end;
  assign error_code = error.code;
  assign error_queue = 8'(error.queue);
  assign trace_kind = trace.kind;
  assign trace_queue = trace.queue;
  assign trace_chain = trace.chain;
  assign trace_size = trace.size;

  control_path dut (.*);

endmodule
