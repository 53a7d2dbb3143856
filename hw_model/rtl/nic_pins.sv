// SPDX-License-Identifier: Apache-2.0
// The card with every structure of its ports taken apart, for simulators that see ports as plain
// vectors. No logic, but for this: inputs are taken as the clock falls, so that what hangs on them
// is evaluated once a cycle and not whenever the simulator is called (9 % of its time). Whoever
// drives the pins sets them while the clock is high.
module nic_pins
  import nic_pkg::*;
#(
  localparam int unsigned TracePorts = 10,
  localparam int unsigned TraceBits = $bits(trace_t)
) (
  input  logic                             clk,
  input  logic                             rst_n,
  input  logic [NowW-1:0]                  now,

  // what the card was built as
  output logic [31:0]                      build_data_bits,
  output logic [31:0]                      build_queue_pairs,
  output logic [31:0]                      build_ring_limit,
  output logic [31:0]                      build_read_tags,
  output logic [31:0]                      build_rx_buffer_bytes,

  input  logic [63:0]                      straps_features,
  input  logic [47:0]                      straps_mac,
  input  logic [15:0]                      straps_mtu,
  input  logic [15:0]                      straps_queue_size_max,
  input  logic [2:0]                       straps_max_payload,
  input  logic [7:0]                       straps_used_batch,
  input  logic [15:0]                      straps_used_timeout,
  input  logic [31:0]                      straps_hold_bound,
  input  logic [31:0]                      straps_completion_timeout,

  input  logic                             host_request_valid,
  output logic                             host_request_ready,
  input  logic [1:0]                       host_request_kind,
  input  logic [63:0]                      host_request_address,
  input  logic [12:0]                      host_request_length,
  input  logic [9:0]                       host_request_tag,
  input  logic                             host_request_poisoned,
  input  logic [63:0]                      host_request_data,

  output logic                             host_completion_valid,
  input  logic                             host_completion_ready,
  output logic [9:0]                       host_completion_tag,
  output logic [2:0]                       host_completion_status,
  output logic                             host_completion_has_data,
  output logic [3:0]                       host_completion_length,
  output logic [6:0]                       host_completion_lower_address,
  output logic [63:0]                      host_completion_data,
  output logic                             host_completion_configuration,

  output logic                             posted_valid,
  input  logic                             posted_ready,
  output logic                             posted_message,
  output logic [7:0]                       posted_code,
  output logic [63:0]                      posted_address,
  output logic [12:0]                      posted_length,
  output logic [3:0]                       posted_purpose,
  output logic [15:0]                      posted_queue,
  output logic [Segments-1:0]              posted_sop,
  output logic [Segments-1:0]              posted_eop,
  output logic [Segments*SegmentLaneW-1:0] posted_empty,
  output logic [DataBits-1:0]              posted_data,

  output logic                             read_valid,
  input  logic                             read_ready,
  output logic [63:0]                      read_address,
  output logic [12:0]                      read_length,
  output logic [9:0]                       read_tag,
  output logic [3:0]                       read_purpose,
  output logic [15:0]                      read_queue,

  // A completion without data is one beat with sop and eop. The fields beside the beat are the same
  // for all beats of a completion.
  input  logic                             completion_valid,
  output logic                             completion_ready,
  input  logic [9:0]                       completion_tag,
  input  logic [2:0]                       completion_status,
  input  logic                             completion_poisoned,
  input  logic                             completion_has_data,
  input  logic [12:0]                      completion_length,
  input  logic [12:0]                      completion_byte_count,
  input  logic [6:0]                       completion_lower_address,
  input  logic [Segments-1:0]              completion_sop,
  input  logic [Segments-1:0]              completion_eop,
  input  logic [Segments*SegmentLaneW-1:0] completion_empty,
  input  logic [DataBits-1:0]              completion_data,

  input  logic                             carrier,
  input  logic [31:0]                      speed_mbps,
  input  logic                             rx_valid,
  input  logic [Segments-1:0]              rx_sop,
  input  logic [Segments-1:0]              rx_eop,
  input  logic [Segments-1:0]              rx_err,
  input  logic [Segments*SegmentLaneW-1:0] rx_empty,
  input  logic [DataBits-1:0]              rx_data,
  output logic                             tx_valid,
  input  logic                             tx_ready,
  output logic [Segments-1:0]              tx_sop,
  output logic [Segments-1:0]              tx_eop,
  output logic [Segments-1:0]              tx_err,
  output logic [Segments*SegmentLaneW-1:0] tx_empty,
  output logic [DataBits-1:0]              tx_data,

  input  logic                             management_read,
  input  logic                             management_write,
  input  logic [11:0]                      management_address,
  input  logic [31:0]                      management_write_data,
  output logic [31:0]                      management_read_data,
  output logic                             management_ready,
  output logic                             management_interrupt,

  // Counters of 64 bits; the last of each structure is in the lowest bits.
  output logic [$bits(tx_counters_t)-1:0]    tx_counters,
  output logic [$bits(rx_counters_t)-1:0]    rx_counters,
  output logic [$bits(read_counters_t)-1:0]  read_counters,
  output logic [$bits(write_counters_t)-1:0] write_counters,
  output logic [$bits(host_counters_t)-1:0]  host_counters,
  output logic [63:0]                        used_index_writes,

  // Records of whole 32-bit words, that of the lowest port in the lowest bits; within one, the last
  // field of trace_t is lowest.
  output logic [TracePorts-1:0]            trace_valid,
  output logic [TracePorts*TraceBits-1:0]  trace_record,

  output logic                             quiescent,
  output logic [NowW-1:0]                  next_deadline
);
  if (TraceBits % 32 != 0) $error("a trace record must be whole words");

  straps_t straps;
  host_request_t host_request;
  host_completion_t host_completion;
  posted_t posted;
  read_request_t read_request;
  completion_t completion;
  /* verilator lint_off UNUSEDSIGNAL */  // valid is that of the stream; err is of frames alone
  beat_t posted_beat;
  /* verilator lint_on UNUSEDSIGNAL */
  beat_t completion_beat, rx_beat;
  /* verilator lint_off UNUSEDSIGNAL */  // valid is that of the stream
  beat_t tx_beat;
  /* verilator lint_on UNUSEDSIGNAL */

  logic [NowW-1:0] now_taken;
  logic host_request_valid_taken, host_completion_ready_taken, posted_ready_taken;
  logic read_ready_taken, completion_valid_taken, carrier_taken, rx_valid_taken, tx_ready_taken;
  logic [31:0] speed_mbps_taken, management_write_data_taken;
  logic management_read_taken, management_write_taken;
  logic [11:0] management_address_taken;
  always_ff @(negedge clk) begin
    now_taken <= now;
    host_request_valid_taken <= host_request_valid;
    host_completion_ready_taken <= host_completion_ready;
    posted_ready_taken <= posted_ready;
    read_ready_taken <= read_ready;
    completion_valid_taken <= completion_valid;
    carrier_taken <= carrier;
    speed_mbps_taken <= speed_mbps;
    rx_valid_taken <= rx_valid;
    tx_ready_taken <= tx_ready;
    management_read_taken <= management_read;
    management_write_taken <= management_write;
    management_address_taken <= management_address;
    management_write_data_taken <= management_write_data;
    host_request <= '{
      kind: host_kind_e'(host_request_kind), address: host_request_address,
      length: host_request_length, tag: host_request_tag, poisoned: host_request_poisoned,
      data: host_request_data
    };
    completion <= '{
      tag: completion_tag, status: completion_status, poisoned: completion_poisoned,
      has_data: completion_has_data, length: completion_length, byte_count: completion_byte_count,
      lower_address: completion_lower_address
    };
    completion_beat <= '{
      valid: {Segments{completion_has_data}}, sop: completion_sop, eop: completion_eop, err: '0,
      empty: completion_empty, data: completion_data
    };
    rx_beat <= '{
      valid: {Segments{rx_valid}}, sop: rx_sop, eop: rx_eop, err: rx_err, empty: rx_empty,
      data: rx_data
    };
  end

  assign build_data_bits = DataBits;
  assign build_queue_pairs = QueuePairs;
  assign build_ring_limit = RingLimit;
  assign build_read_tags = ReadTags;
  assign build_rx_buffer_bytes = RxBufferBytes;

  assign straps = '{
    features: straps_features, mac: straps_mac, mtu: straps_mtu,
    queue_size_max: straps_queue_size_max, max_payload: straps_max_payload,
    used_batch: straps_used_batch, used_timeout: straps_used_timeout,
    hold_bound: straps_hold_bound, completion_timeout: straps_completion_timeout
  };
  assign host_completion_tag = host_completion.tag;
  assign host_completion_status = host_completion.status;
  assign host_completion_has_data = host_completion.has_data;
  assign host_completion_length = host_completion.length;
  assign host_completion_lower_address = host_completion.lower_address;
  assign host_completion_data = host_completion.data;
  assign host_completion_configuration = host_completion.configuration;
  assign posted_message = posted.message;
  assign posted_code = posted.code;
  assign posted_address = posted.address;
  assign posted_length = posted.length;
  assign posted_purpose = posted.purpose;
  assign posted_queue = 16'(posted.queue);
  assign posted_sop = posted_beat.sop;
  assign posted_eop = posted_beat.eop;
  assign posted_empty = posted_beat.empty;
  assign posted_data = posted_beat.data;
  assign read_address = read_request.address;
  assign read_length = read_request.length;
  assign read_tag = read_request.tag;
  assign read_purpose = read_request.purpose;
  assign read_queue = 16'(read_request.queue);
  assign tx_sop = tx_beat.sop;
  assign tx_eop = tx_beat.eop;
  assign tx_err = tx_beat.err;
  assign tx_empty = tx_beat.empty;
  assign tx_data = tx_beat.data;

  nic_card nic_card (
    .clk, .rst_n, .now(now_taken), .straps,
    .host_request_valid(host_request_valid_taken), .host_request_ready, .host_request,
    .host_completion_valid, .host_completion_ready(host_completion_ready_taken), .host_completion,
    .posted_valid, .posted_ready(posted_ready_taken), .posted, .posted_beat,
    .read_valid, .read_ready(read_ready_taken), .read_request,
    .completion_valid(completion_valid_taken), .completion_ready, .completion, .completion_beat,
    .carrier(carrier_taken), .speed_mbps(speed_mbps_taken),
    .rx_valid(rx_valid_taken), .rx_beat, .tx_valid, .tx_ready(tx_ready_taken), .tx_beat,
    .management_read(management_read_taken), .management_write(management_write_taken),
    .management_address(management_address_taken),
    .management_write_data(management_write_data_taken), .management_read_data,
    .management_ready, .management_interrupt,
    .tx_counters, .rx_counters, .read_counters, .write_counters, .host_counters,
    .used_index_writes,
    .trace_valid, .trace(trace_record),
    .quiescent, .next_deadline
  );
endmodule
