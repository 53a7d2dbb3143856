// SPDX-License-Identifier: Apache-2.0
// dma_read with its structures taken apart, for tests in C++.
module dma_read_bench
  import nic_pkg::*;
(
  input  logic                                  clk,
  input  logic                                  rst_n,
  input  logic [NowW-1:0]                       now,
  input  logic [31:0]                           completion_timeout,
  input  logic                                  bus_master,
  input  logic [2:0]                            max_read_request,
  input  logic                                  flush,
  input  logic [ReadClients-1:0]                op_valid,
  output logic [ReadClients-1:0]                op_ready,
  input  logic [ReadClients-1:0][63:0]          op_address,
  input  logic [ReadClients-1:0][15:0]          op_length,
  input  logic [ReadClients-1:0][LandingW-1:0]  op_landing,
  input  logic [ReadClients-1:0][HandleW-1:0]   op_handle,
  output logic                                  request_valid,
  input  logic                                  request_ready,
  output logic [63:0]                           request_address,
  output logic [12:0]                           request_length,
  output logic [9:0]                            request_tag,
  output logic [3:0]                            request_purpose,
  output logic [7:0]                            request_queue,
  input  logic                                  completion_valid,
  output logic                                  completion_ready,
  input  logic [9:0]                            completion_tag,
  input  logic [2:0]                            completion_status,
  input  logic                                  completion_poisoned,
  input  logic                                  completion_has_data,
  input  logic [12:0]                           completion_length,
  input  logic [12:0]                           completion_byte_count,
  input  logic [6:0]                            completion_lower_address,
  input  logic                                  completion_eop,
  input  logic [DataBits-1:0]                   completion_data,
  output logic                                  landing_valid,
  output logic [1:0]                            landing_client,
  output logic [LandingW-1:0]                   landing_address,
  output logic [LaneW:0]                        landing_count,
  output logic [DataBits-1:0]                   landing_data,
  output logic                                  done_valid,
  output logic [1:0]                            done_client,
  output logic [HandleW-1:0]                    done_handle,
  output logic                                  done_ok,
  output logic [15:0]                           done_head,
  output logic [7:0][63:0]                      counters,  // the structure's last field first
  output logic                                  trace_valid,
  output logic [7:0]                            trace_kind,
  output logic [7:0]                            trace_purpose,
  output logic [15:0]                           trace_queue,
  output logic [31:0]                           trace_chain,
  output logic [31:0]                           trace_size,
  output logic [63:0]                           trace_value,
  output logic [31:0]                           read_tags,  // constant
  output logic                                  idle,
  output logic [NowW-1:0]                       deadline
);
  straps_t straps;
  card_state_t state;
  read_op_t [ReadClients-1:0] op;
  read_request_t request;
  completion_t completion;
  beat_t completion_beat;
  landing_t landing;
  read_done_t done;
  /* verilator lint_off UNUSEDSIGNAL */  // fields that these records do not use
  trace_t trace;
  /* verilator lint_on UNUSEDSIGNAL */

  always_comb begin
    straps = '0;
    straps.completion_timeout = completion_timeout;
    state = '0;
    state.bus_master = bus_master;
    state.max_read_request = max_read_request;
    for (int k = 0; k < int'(ReadClients); k++) begin
      op[k].purpose = purpose_e'(4'(k + 1));
      op[k].queue = queue_t'(k % 3);
      op[k].chain = 32'(op_handle[k]) + 1000 * k;
      op[k].address = op_address[k];
      op[k].length = op_length[k];
      op[k].landing = op_landing[k];
      op[k].handle = op_handle[k];
    end
    completion.tag = completion_tag;
    completion.status = completion_status;
    completion.poisoned = completion_poisoned;
    completion.has_data = completion_has_data;
    completion.length = completion_length;
    completion.byte_count = completion_byte_count;
    completion.lower_address = completion_lower_address;
    completion_beat = '0;
    completion_beat.valid[0] = 1'b1;
    completion_beat.eop[0] = completion_eop;
    completion_beat.data = completion_data;
  end

  dma_read dut (.*);

  assign read_tags = ReadTags;
  assign request_address = request.address;
  assign request_length = request.length;
  assign request_tag = request.tag;
  assign request_purpose = request.purpose;
  assign request_queue = 8'(request.queue);
  assign landing_client = landing.client;
  assign landing_address = landing.address;
  assign landing_count = landing.count;
  assign landing_data = landing.data;
  assign done_client = done.client;
  assign done_handle = done.handle;
  assign done_ok = done.ok;
  assign done_head = done.head;
  assign trace_kind = trace.kind;
  assign trace_purpose = trace.purpose;
  assign trace_queue = trace.queue;
  assign trace_chain = trace.chain;
  assign trace_size = trace.size;
  assign trace_value = trace.value;
endmodule
