// SPDX-License-Identifier: Apache-2.0
// tx_path with its structures taken apart, for tests in C++. Index k is that of the queue pair.
module tx_path_bench
  import nic_pkg::*;
(
  input  logic                                clk,
  input  logic                                rst_n,
  /* verilator lint_off UNUSEDSIGNAL */  // it has no timers
  input  logic [NowW-1:0]                     now,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic                                active,
  input  logic                                counts,
  input  logic                                bus_master,
  input  logic                                link_up,
  input  logic [15:0]                         mtu,
  input  logic                                flush,
  input  logic [QueuePairs-1:0]               suspended,
  input  logic [QueuePairs-1:0]               chain_valid,
  output logic [QueuePairs-1:0]               chain_ready,
  input  logic [QueuePairs-1:0][31:0]         chain_position,
  input  logic [QueuePairs-1:0][15:0]         chain_id,
  input  logic [QueuePairs-1:0][15:0]         chain_readable,
  input  logic [QueuePairs-1:0][15:0]         chain_writable,
  input  logic [QueuePairs-1:0][63:0]         chain_bytes,
  input  logic [QueuePairs-1:0]               segment_valid,
  output logic [QueuePairs-1:0]               segment_ready,
  input  logic [QueuePairs-1:0][63:0]         segment_address,
  input  logic [QueuePairs-1:0][31:0]         segment_length,
  output logic                                read_valid,
  input  logic                                read_ready,
  output logic [7:0]                          read_purpose,
  output logic [7:0]                          read_queue,
  output logic [31:0]                         read_chain,
  output logic [63:0]                         read_address,
  output logic [15:0]                         read_length,
  output logic [31:0]                         read_landing,
  output logic [HandleW-1:0]                  read_handle,
  input  logic                                landing_valid,
  input  logic                                landing_other,  // of another client
  /* verilator lint_off UNUSEDSIGNAL */  // wraps at the end of the buffer
  input  logic [31:0]                         landing_address,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic [LaneW:0]                      landing_count,
  input  logic [DataBits-1:0]                 landing_data,
  input  logic                                done_valid,
  input  logic                                done_ok,
  input  logic [HandleW-1:0]                  done_handle,
  output logic [QueuePairs-1:0]               used_valid,
  output logic [31:0]                         used_position,
  output logic [15:0]                         used_id,
  output logic [31:0]                         used_length,
  output logic                                frame_valid,
  input  logic                                frame_ready,
  output logic                                frame_sop,
  output logic                                frame_eop,
  output logic [7:0]                          frame_bytes,  // of this beat
  output logic [DataBits-1:0]                 frame_data,
  output logic [QueuePairs-1:0]               settled,
  output logic [4:0][63:0]                    counters,  // the structure's last field first
  output logic                                error_valid,
  output logic [7:0]                          error_code,
  output logic [7:0]                          error_queue,
  output logic                                trace_valid,
  output logic [7:0]                          trace_kind,
  output logic [15:0]                         trace_queue,
  output logic [31:0]                         trace_chain,
  output logic [31:0]                         trace_size,
  output logic [31:0]                         trace_frame,
  output logic [63:0]                         trace_value,
  output logic [31:0]                         rows,  // constant
  output logic [31:0]                         row_bytes,
  output logic                                idle,
  output logic [NowW-1:0]                     deadline
);
  card_state_t state;
  queue_context_t [Queues-1:0] context_of;
  logic [Queues-1:0] chains_valid, chains_ready, segments_valid, segments_ready, useds_valid, rest;
  chain_t [Queues-1:0] chains;
  segment_t [Queues-1:0] segments;
  landing_t landing;
  read_done_t done;
  /* verilator lint_off UNUSEDSIGNAL */  // fields without meaning here
  used_t [Queues-1:0] useds;
  read_op_t read_op;
  beat_t beat;
  trace_t trace;
  /* verilator lint_on UNUSEDSIGNAL */
  error_t error;

  always_comb begin
    state = '0;
    state.active = active;
    state.receives = active;
    state.counts = counts;
    state.bus_master = bus_master;
    state.link_up = link_up;
    state.mtu = mtu;
    context_of = '0;
    chains_valid = '1;  // the others' mean nothing
    segments_valid = '1;
    chains = '1;
    segments = '1;
    for (int k = 0; k < int'(QueuePairs); k++) begin
      context_of[2*k+1].enabled = 1'b1;
      context_of[2*k+1].suspended = suspended[k];
      chains_valid[2*k+1] = chain_valid[k];
      chains[2*k+1].position = chain_position[k];
      chains[2*k+1].id = chain_id[k];
      chains[2*k+1].readable = chain_readable[k];
      chains[2*k+1].writable = chain_writable[k];
      chains[2*k+1].readable_bytes = chain_bytes[k][32:0];
      segments_valid[2*k+1] = segment_valid[k];
      segments[2*k+1].address = segment_address[k];
      segments[2*k+1].length = segment_length[k];
      chain_ready[k] = chains_ready[2*k+1];
      segment_ready[k] = segments_ready[2*k+1];
      used_valid[k] = useds_valid[2*k+1];
      settled[k] = rest[2*k+1];
    end
    landing.client = landing_other ? ReadRing : ReadTransmit;
    landing.address = landing_address[LandingW-1:0];
    landing.count = landing_count;
    landing.data = landing_data;
    done.client = ReadTransmit;
    done.handle = done_handle;
    done.ok = done_ok;
    done.head = '0;
    frame_bytes = '0;
    for (int s = 0; s < int'(Segments); s++) begin
      if (beat.valid[s]) frame_bytes = frame_bytes + 8'(SegmentBytes) - 8'(beat.empty[s]);
    end
  end

  tx_path dut (
    .chain_valid(chains_valid), .chain_ready(chains_ready), .chain(chains),
    .segment_valid(segments_valid), .segment_ready(segments_ready), .segment(segments),
    .used_valid(useds_valid), .used(useds), .frame_beat(beat), .settled(rest), .*
  );

  assign read_purpose = 8'(read_op.purpose);
  assign read_queue = 8'(read_op.queue);
  assign read_chain = read_op.chain;
  assign read_address = read_op.address;
  assign read_length = read_op.length;
  assign read_landing = 32'(read_op.landing);
  assign read_handle = read_op.handle;
  assign used_position = useds[1].position;
  assign used_id = useds[1].id;
  assign used_length = useds[1].length;
  assign frame_sop = |beat.sop;
  assign frame_eop = |beat.eop;
  assign frame_data = beat.data;
  assign error_code = 8'(error.code);
  assign error_queue = 8'(error.queue);
  assign trace_kind = trace.kind;
  assign trace_queue = trace.queue;
  assign trace_chain = trace.chain;
  assign trace_size = trace.size;
  assign trace_frame = trace.frame;
  assign trace_value = trace.value;
  assign rows = TxRows;
  assign row_bytes = DataBytes;
  assign deadline = Never;
endmodule
