// SPDX-License-Identifier: Apache-2.0
// Receive: an engine for each receive queue, with a part of the receive buffer of its own; frames
// are spread over those of the pairs that are switched on (virtio 1.4, "Automatic receive steering
// in multiqueue mode"). One engine decides in a cycle, and one write is offered at a time.
module rx_path
  import nic_pkg::*;
(
  input  logic                         clk,
  input  logic                         rst_n,
  input  card_state_t                  state,
  /* verilator lint_off UNUSED */  // of the receive queues, and not their rings
  input  queue_context_t [Queues-1:0]  context_of,
  /* verilator lint_on UNUSED */
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
  // the posted writer reads the part of a queue
  input  logic                         buffer_read,
  /* verilator lint_off UNUSED */  // a part may be less than the buffer, or all of it
  input  logic [RxRowW+LaneW-1:0]      buffer_address,
  input  queue_t                       buffer_queue,
  input  logic                         buffer_release,
  input  queue_t                       release_queue,
  /* verilator lint_on UNUSED */
  output logic [DataBits-1:0]          buffer_data,
  output logic     [Queues-1:0]        used_valid,
  output used_t    [Queues-1:0]        used,
  output logic     [Queues-1:0]        settled,
  output rx_counters_t                 counters,
  output logic                         trace_valid,  // decisions of the scheduler
  output trace_t                       trace,
  output logic                         arrival_trace_valid,  // frames taken and dropped
  output trace_t                       arrival_trace,
  output logic                         busy,
  output logic                         idle  // depends on the inputs of the same cycle
);
  localparam int unsigned PartW = $clog2(RxPartRows);
  localparam int unsigned LeastPart = 16384;  // the largest frames, and others behind them

  if (RxPartRows * DataBytes < LeastPart)
    $error("NIC_RX_BUFFER_BYTES must be larger: each pair's part is at least 16384 bytes");

  // -- frames, their numbers, and their queues
  logic in_valid, steering_idle, retire_none;
  beat_t in_beat;
  logic [PairW-1:0] in_pair, target;
  logic [31:0] in_number;
  queue_t in_queue;
  logic in_taking;

  assign in_queue = queue_t'(2 * 32'(target));
  assign in_taking = context_of[in_queue].enabled && !context_of[in_queue].suspended;

  always_ff @(posedge clk) begin
    if (!rst_n) in_number <= '0;
    else if (in_valid && in_beat.eop) in_number <= in_number + 1'b1;
  end

  // -- the engines' outputs
  /* verilator lint_off UNUSEDSIGNAL */  // one engine may always
  logic [QueuePairs-1:0] wants;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [QueuePairs-1:0] decides, eng_trace_valid, eng_arrival_valid, eng_write_valid,
                         eng_write_ready, eng_busy, eng_idle, retire;
  trace_t [QueuePairs-1:0] eng_trace, eng_arrival;
  write_op_t [QueuePairs-1:0] eng_write;
  logic [QueuePairs-1:0][DataBits-1:0] eng_data;
  logic [QueuePairs-1:0][Queues-1:0] eng_chain_ready, eng_segment_ready, eng_used_valid,
                                     eng_settled;
  used_t [QueuePairs-1:0][Queues-1:0] eng_used;
  rx_counters_t [QueuePairs-1:0] eng_counters;

  for (genvar p = 0; p < int'(QueuePairs); ++p) begin : g_engine
    rx_engine #(.Own(2 * p), .Rows(RxPartRows)) engine (
      .clk, .rst_n, .state, .own_context(context_of[2*p]), .flush, .retire(retire[p]),
      .frame_valid(in_valid && in_pair == PairW'(p)), .frame_beat(in_beat),
      .frame_number(in_number), .frame_queue(in_queue), .frame_taking(in_taking),
      .chain_valid, .chain_ready(eng_chain_ready[p]), .chain,
      .segment_valid, .segment_ready(eng_segment_ready[p]), .segment,
      .window_full, .rewind,
      .write_valid(eng_write_valid[p]), .write_ready(eng_write_ready[p]), .write_op(eng_write[p]),
      .buffer_read(buffer_read && (QueuePairs == 1 || buffer_queue == queue_t'(2 * p))),
      .buffer_address(buffer_address[PartW+LaneW-1:0]), .buffer_data(eng_data[p]),
      .buffer_release(buffer_release && (QueuePairs == 1 || release_queue == queue_t'(2 * p))),
      .used_valid(eng_used_valid[p]), .used(eng_used[p]), .settled(eng_settled[p]),
      .counters(eng_counters[p]),
      .wants(wants[p]), .may_decide(decides[p]),
      .trace_valid(eng_trace_valid[p]), .trace(eng_trace[p]),
      .arrival_trace_valid(eng_arrival_valid[p]), .arrival_trace(eng_arrival[p]),
      .busy(eng_busy[p]), .idle(eng_idle[p])
    );
  end

  assign busy = |eng_busy;
  assign trace_valid = |eng_trace_valid;
  assign arrival_trace_valid = |eng_arrival_valid;
  assign idle = &eng_idle && steering_idle && retire_none && !(in_valid && in_beat.eop);

  if (QueuePairs == 1) begin : g_one
    assign in_valid = frame_valid;
    assign in_beat = frame_beat;
    assign in_pair = '0;
    assign target = '0;
    assign steering_idle = 1'b1;
    assign retire = '0;
    assign retire_none = 1'b1;
    assign decides = '1;
    assign write_valid = eng_write_valid[0];
    assign eng_write_ready[0] = write_ready;
    assign write_op = eng_write[0];
    assign buffer_data = eng_data[0];
    assign trace = eng_trace[0];
    assign arrival_trace = eng_arrival[0];
    assign chain_ready = eng_chain_ready[0];
    assign segment_ready = eng_segment_ready[0];
    assign used_valid = eng_used_valid[0];
    assign used = eng_used[0];
    assign settled = eng_settled[0];
    assign counters = eng_counters[0];
  end else begin : g_several
    // -- a frame stays with the pair that its flow had when it began
    logic [31:0] hash;
    logic [PairW-1:0] begun_pair;

    rx_steering steering (
      .clk, .rst_n, .frame_valid, .frame_beat,
      .out_valid(in_valid), .out_beat(in_beat), .out_hash(hash), .idle(steering_idle)
    );
    // The core's steer(): the hash, scaled.
    /* verilator lint_off UNUSEDSIGNAL */  // the low half
    logic [35:0] scaled;
    /* verilator lint_on UNUSEDSIGNAL */
    assign scaled = 36'(hash) * 36'(state.pairs);
    assign target = scaled[32+:PairW];
    assign in_pair = in_beat.sop ? target : begun_pair;
    always_ff @(posedge clk) if (in_valid && in_beat.sop) begun_pair <= target;

    // -- pairs that are switched off. In the first cycle with the new number the command is told of.
    logic [3:0] pairs_before;
    always_ff @(posedge clk) pairs_before <= rst_n ? state.pairs : 4'd1;
    assign retire_none = pairs_before == state.pairs;
    always_comb begin
      for (int unsigned p = 0; p < QueuePairs; p++) begin
        retire[p] = !flush && !retire_none && p >= 32'(state.pairs);
      end
    end

    // -- one decides
    logic any, any_writes;
    logic [PairW-1:0] pick, last, next_writer, writer, reader;
    ring_pick #(.Width(QueuePairs)) turn (.want(wants), .last, .any, .index(pick));
    assign decides = any ? QueuePairs'(1) << pick : '0;
    assign trace = eng_trace[pick];
    assign arrival_trace = eng_arrival[in_pair];

    // -- one writes; what is offered stays until it is taken
    ring_pick #(.Width(QueuePairs)) writers (
      .want(eng_write_valid), .last(writer), .any(any_writes), .index(next_writer)
    );
    logic offered;
    assign offered = eng_write_valid[writer];
    assign write_valid = offered;
    assign write_op = eng_write[writer];
    assign eng_write_ready = write_ready ? QueuePairs'(1) << writer : '0;

    always_ff @(posedge clk) begin
      if (!rst_n) begin
        last <= '0;
        writer <= '0;
      end else begin
        if (any) last <= pick;
        if (any_writes && (!offered || write_ready)) writer <= next_writer;
      end
    end

    // -- reads of the buffer come a cycle later, and stay
    always_ff @(posedge clk) if (buffer_read) reader <= buffer_queue[1+:PairW];
    assign buffer_data = eng_data[reader];

    always_comb begin
      chain_ready = '0;
      segment_ready = '0;
      used_valid = '0;
      used = '0;
      settled = '1;
      counters = '0;
      for (int unsigned p = 0; p < QueuePairs; p++) begin
        chain_ready[2*p] = eng_chain_ready[p][2*p];
        segment_ready[2*p] = eng_segment_ready[p][2*p];
        used_valid[2*p] = eng_used_valid[p][2*p];
        used[2*p] = eng_used[p][2*p];
        settled[2*p] = eng_settled[p][2*p];
        counters.frames = counters.frames + eng_counters[p].frames;
        counters.bytes = counters.bytes + eng_counters[p].bytes;
        counters.drop_fcs = counters.drop_fcs + eng_counters[p].drop_fcs;
        counters.drop_short = counters.drop_short + eng_counters[p].drop_short;
        counters.drop_long = counters.drop_long + eng_counters[p].drop_long;
        counters.drop_not_ready = counters.drop_not_ready + eng_counters[p].drop_not_ready;
        counters.drop_buffer_full = counters.drop_buffer_full + eng_counters[p].drop_buffer_full;
        counters.drop_no_fit = counters.drop_no_fit + eng_counters[p].drop_no_fit;
        counters.drop_chosen = counters.drop_chosen + eng_counters[p].drop_chosen;
        counters.drop_reset = counters.drop_reset + eng_counters[p].drop_reset;
        counters.drop_inactive = counters.drop_inactive + eng_counters[p].drop_inactive;
      end
    end
  end
endmodule
