// SPDX-License-Identifier: Apache-2.0
// Transmit: gathers chains into the transmit buffer, sends whole frames to the MAC in the order in
// which they were begun (virtio 1.4, "Packet Transmission").
module tx_path
  import nic_pkg::*;
  import nic_faults_pkg::*;
(
  input  logic                        clk,
  input  logic                        rst_n,
  /* verilator lint_off UNUSEDSIGNAL */  // each module takes what it needs of these
  input  card_state_t                 state,
  input  queue_context_t [Queues-1:0] context_of,
  input  logic                        flush,  // forgets frames that are not whole
  // chains of the transmit queues; the others' bits mean nothing
  input  logic     [Queues-1:0]       chain_valid,
  output logic     [Queues-1:0]       chain_ready,
  input  chain_t   [Queues-1:0]       chain,
  input  logic     [Queues-1:0]       segment_valid,
  output logic     [Queues-1:0]       segment_ready,
  input  segment_t [Queues-1:0]       segment,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic                        read_valid,
  input  logic                        read_ready,
  output read_op_t                    read_op,
  input  logic                        landing_valid,
  input  landing_t                    landing,
  input  logic                        done_valid,
  /* verilator lint_off UNUSEDSIGNAL */  // the bytes are in the buffer
  input  read_done_t                  done,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic     [Queues-1:0]       used_valid,
  output used_t    [Queues-1:0]       used,
  // to the MAC
  output logic                        frame_valid,
  input  logic                        frame_ready,
  output beat_t                       frame_beat,
  // nothing of the queue is begun and not given to the used ring
  output logic     [Queues-1:0]       settled,
  output tx_counters_t                counters,
  output logic                        error_valid,
  output error_t                      error,
  // Of the start of a frame it depends on chain_valid of the same cycle.
  output logic                        trace_valid,
  output trace_t                      trace,
  output logic                        idle  // depends on inputs of the same cycle
);

  localparam int unsigned Frames = 128;  // begun, and not on their way to the MAC
  localparam int unsigned SlotW = $clog2(Frames);
  localparam int unsigned RowW = $clog2(TxRows);
  localparam int unsigned LeastFrame = 14;  // Ethernet header
  localparam int unsigned MostOverMtu = 14 + 4;  // Ethernet header and VLAN tag
  // As hw_model/core/counters.h numbers them.
  localparam logic [2:0] DropShort = 3'd2;
  localparam logic [2:0] DropLong = 3'd3;
  localparam logic [2:0] DropLinkDown = 3'd4;

  if (1 << RowW != TxRows || TxRows < 4) $error("TxBufferBytes must be a power of two of rows");
  if (SlotW > HandleW) $error("a handle cannot name each frame");
  if (HeaderBytes > DataBytes) $error("the header must fit in a row");

  typedef logic [PairW-1:0] pair_t;
  typedef logic [SlotW-1:0] slot_t;
  typedef logic [RowW-1:0] row_t;
  typedef logic [RowW:0] row_count_t;
  typedef logic [16:0] frame_bytes_t;  // Ethernet header to the last byte

  typedef struct packed {
    pair_t pair;
    logic [31:0] position;
    logic [15:0] id;
    logic [31:0] number;  // among sent frames
    logic [15:0] reads;
    frame_bytes_t bytes;
    row_t row;  // the header's
    logic dropped;
  } frame_t;

  function automatic row_count_t rows_of(input frame_bytes_t bytes);
    return row_count_t'((32'(bytes) + DataBytes - 1) >> LaneW) + 1'b1;
  endfunction

  frame_t frames[Frames];
  logic [15:0] ended_reads[Frames];
  // Of each frame: every byte is in the buffer, or it is dropped; no read has ended; it was given to
  // the used ring and goes to the MAC; it was forgotten.
  logic [Frames-1:0] whole;
  logic [Frames-1:0] untouched;
  logic [Frames-1:0] handed;
  logic [Frames-1:0] dead;

  // -- which chain is next: its numbers are looked at a cycle before it is taken
  logic [QueuePairs-1:0] pair_valid;
  logic [QueuePairs-1:0] pair_may;
  logic pair_any;
  pair_t pair_next;
  pair_t last_pair;
  logic pick_load;
  logic pick_valid;
  logic pick_gone;
  pair_t pick_pair;
  logic [31:0] pick_position;
  logic [15:0] pick_id;
  logic [15:0] pick_readable;
  logic [16:0] pick_segments;
  logic [31:0] pick_bytes;
  logic pick_short;
  logic pick_long;
  logic pick_dropped;
  logic [2:0] pick_reason;
  row_count_t pick_rows;
  queue_t pick_queue;

  logic [SlotW:0] begun;  // modulo 2 * Frames
  logic [SlotW:0] gone;
  row_t next_row;
  row_count_t free_rows;
  logic may_start;
  logic start;
  logic start_frame;  // it is to be sent
  logic [31:0] next_number;
  logic [31:0] handed_number;
  logic note_drop;
  logic gather_ready;

  for (genvar p = 0; p < int'(QueuePairs); p++) begin : g_pairs
    assign pair_valid[p] = chain_valid[2*p+1];
    assign pair_may[p] = chain_valid[2*p+1] && !context_of[2*p+1].suspended;
  end

  function automatic queue_t queue_of(input pair_t pair);
    return queue_t'({pair, 1'b1});
  endfunction

  always_comb begin
    pair_any = |pair_may;
    pair_next = '0;
    for (int p = int'(QueuePairs) - 1; p >= 0; p--) begin
      if (pair_may[p]) pair_next = pair_t'(p);
    end
    for (int p = int'(QueuePairs) - 1; p >= 0; p--) begin
      if (pair_may[p] && pair_t'(p) > last_pair) pair_next = pair_t'(p);
    end
  end

  assign pick_queue = queue_of(pick_pair);
  assign pick_load = !pick_valid && state.active && pair_any;
  assign pick_gone = pick_valid && (!state.active || !pair_may[pick_pair]);

  assign pick_dropped = pick_short || pick_long || !state.link_up;
  assign pick_reason = pick_short ? DropShort : pick_long ? DropLong : DropLinkDown;
  assign pick_rows = rows_of(frame_bytes_t'(pick_bytes));
  assign may_start = pick_valid && state.active && !context_of[pick_queue].suspended &&
                     (pick_dropped || pick_rows <= free_rows) &&
                     begun - gone != (SlotW + 1)'(Frames) && gather_ready && !note_drop;
  assign start = may_start && pair_valid[pick_pair];
  assign start_frame = start && !pick_dropped;
  assign chain_ready = may_start ? Queues'(1) << pick_queue : '0;

  always_ff @(posedge clk) begin
    if (!rst_n || flush || start || pick_gone) pick_valid <= 1'b0;
    else if (pick_load) pick_valid <= 1'b1;
    if (!rst_n) last_pair <= '0;
    else if (start) last_pair <= pick_pair;
    if (pick_load) begin
      /* verilator lint_off UNUSEDSIGNAL */  // what the card may write does not count here
      automatic chain_t next_chain = chain[queue_of(pair_next)];
      /* verilator lint_on UNUSEDSIGNAL */
      pick_pair <= pair_next;
      pick_position <= next_chain.position;
      pick_id <= next_chain.id;
      pick_readable <= next_chain.readable;
      pick_segments <= 17'(next_chain.readable) + 17'(next_chain.writable);
      pick_short <= next_chain.readable_bytes < 33'(HeaderBytes + LeastFrame);
      pick_long <= next_chain.readable_bytes > 33'(state.mtu) + 33'(HeaderBytes + MostOverMtu);
      pick_bytes <= next_chain.readable_bytes < 33'(HeaderBytes)
                    ? '0 : next_chain.readable_bytes[31:0] - 32'(HeaderBytes) +
                         32'(fault(FrameLong));
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      begun <= '0;
      next_row <= '0;
      next_number <= '0;
      note_drop <= 1'b0;
    end else begin
      if (start) begun <= begun + 1'b1;
      if (start_frame) next_row <= next_row + row_t'(pick_rows);
      if (flush) next_number <= handed_number;
      else if (start_frame) next_number <= next_number + 1'b1;
      note_drop <= start && pick_dropped;
    end
    if (start) begin
      frames[begun[SlotW-1:0]] <= '{
        pair: pick_pair,
        position: pick_position,
        id: pick_id,
        number: next_number,
        reads: pick_readable,
        bytes: frame_bytes_t'(pick_bytes),
        row: next_row,
        dropped: pick_dropped
      };
    end
  end

  // -- the segments of begun chains: a read for each that the card may read
  typedef struct packed {
    pair_t pair;
    slot_t slot;
    logic [31:0] position;
    logic [15:0] reads;  // 0 for a dropped frame
    logic [16:0] segments;
    logic [LandingW-1:0] landing;
  } gather_t;

  gather_t gather_in;
  gather_t gather_next;
  logic gather_valid;
  logic gather_taken;
  gather_t current;
  logic current_valid;
  queue_t current_queue;
  segment_t current_segment;
  logic take_segment;
  logic take_last;
  logic op_push;
  logic op_room;
  read_op_t op_in;

  assign gather_in = '{
    pair: pick_pair,
    slot: begun[SlotW-1:0],
    position: pick_position,
    reads: pick_dropped ? '0 : pick_readable,
    segments: pick_segments,
    // The header is in the last bytes of its row, so that the frame begins with the next one.
    landing: {next_row + row_t'(1), LaneW'(0)} - LandingW'(HeaderBytes)
  };

  fifo #(.Width($bits(gather_t)), .Depth(4)) gather (
    .clk, .rst_n, .clear(flush),
    .in_valid(start), .in_ready(gather_ready), .in_data(gather_in),
    .out_valid(gather_valid), .out_ready(gather_taken), .out_data(gather_next)
  );

  assign current_queue = queue_of(current.pair);
  assign current_segment = segment[current_queue];
  assign segment_ready = current_valid && op_room ? Queues'(1) << current_queue : '0;
  assign take_segment = current_valid && op_room && segment_valid[current_queue];
  assign take_last = take_segment && current.segments == 17'd1;
  assign gather_taken = !current_valid || take_last;
  assign op_push = take_segment && current.reads != '0 && !flush;
  assign op_in = '{
    purpose: PurposePayload,
    queue: current_queue,
    chain: current.position,
    address: current_segment.address,
    length: current_segment.length[15:0],
    landing: current.landing,
    handle: HandleW'(current.slot)
  };

  fifo #(.Width($bits(read_op_t)), .Depth(2)) reads (
    .clk, .rst_n, .clear(flush),
    .in_valid(op_push), .in_ready(op_room), .in_data(op_in),
    .out_valid(read_valid), .out_ready(read_ready), .out_data(read_op)
  );

  always_ff @(posedge clk) begin
    if (!rst_n || flush) current_valid <= 1'b0;
    else if (gather_taken) current_valid <= gather_valid;
    if (gather_taken) begin
      if (gather_valid) current <= gather_next;
    end else if (take_segment) begin
      current.segments <= current.segments - 1'b1;
      if (current.reads != '0) begin
        current.reads <= current.reads - 1'b1;
        current.landing <= current.landing + current_segment.length[LandingW-1:0];
      end
    end
  end

  // -- reads end. Without Bus Master Enable alone they count; what comes behind an error or in a
  // reset does not.
  logic done_here;
  logic done_counts;
  logic broken;  // a read failed
  slot_t done_slot;
  logic [15:0] ended;
  logic makes_whole;
  logic fails;

  assign done_here = done_valid && done.client == ReadTransmit;
  assign done_counts = done_here && !broken && state.counts;
  assign done_slot = done.handle[SlotW-1:0];
  assign ended = (untouched[done_slot] ? '0 : ended_reads[done_slot]) + 1'b1;
  assign makes_whole = done_counts && done.ok && ended == frames[done_slot].reads;
  assign fails = done_counts && !done.ok;

  always_ff @(posedge clk) begin
    if (!rst_n || flush) broken <= 1'b0;
    else if (fails) broken <= 1'b1;
    error_valid <= rst_n && fails;
    if (fails) error <= '{code: ErrorDmaRead, queue: queue_of(frames[done_slot].pair)};
    if (done_counts) begin
      ended_reads[done_slot] <= ended;
      untouched[done_slot] <= 1'b0;
    end
    if (makes_whole) whole[done_slot] <= 1'b1;
    if (start) begin
      untouched[begun[SlotW-1:0]] <= 1'b1;
      whole[begun[SlotW-1:0]] <= pick_dropped;
    end
  end

  // -- whole frames go to the used ring and to the MAC, those of each queue in order
  logic [QueuePairs-1:0] first_valid;
  logic [QueuePairs-1:0][SlotW-1:0] first_slot;
  logic [QueuePairs-1:0] first_whole;
  logic [QueuePairs-1:0] first_taken;
  logic hand_load;
  pair_t hand_next;
  slot_t hand_next_slot;
  logic hand_valid;
  logic hand_fire;
  slot_t hand_slot;
  queue_t hand_queue;
  /* verilator lint_off UNUSEDSIGNAL */  // where its bytes are does not count here
  frame_t hand_frame;
  /* verilator lint_on UNUSEDSIGNAL */

  for (genvar p = 0; p < int'(QueuePairs); p++) begin : g_order
    fifo #(.Width(SlotW), .Depth(Frames)) order (
      .clk, .rst_n, .clear(flush),
      .in_valid(start && pick_pair == pair_t'(p)),
      /* verilator lint_off PINCONNECTEMPTY */  // there is room for all
      .in_ready(),
      /* verilator lint_on PINCONNECTEMPTY */
      .in_data(begun[SlotW-1:0]),
      .out_valid(first_valid[p]), .out_ready(first_taken[p]), .out_data(first_slot[p])
    );
    assign first_whole[p] = first_valid[p] && whole[first_slot[p]];
    assign first_taken[p] = hand_load && hand_next == pair_t'(p);
    assign settled[2*p] = 1'b1;
    assign settled[2*p+1] = !first_valid[p] && !(hand_valid && hand_queue == queue_t'(2 * p + 1)) &&
                            !gather_valid && !(current_valid && current.pair == pair_t'(p));
  end
  assign settled[ControlQueue] = 1'b1;

  always_comb begin
    hand_next = '0;
    for (int p = int'(QueuePairs) - 1; p >= 0; p--) begin
      if (first_whole[p]) hand_next = pair_t'(p);
    end
    for (int p = int'(QueuePairs) - 1; p >= 0; p--) begin
      if (first_whole[p] && queue_of(pair_t'(p)) > hand_queue) hand_next = pair_t'(p);
    end
  end
  assign hand_next_slot = first_slot[hand_next];
  assign hand_load = |first_whole && (!hand_valid || hand_fire);
  // One record a cycle. What is not handed over before an error or a reset never leaves.
  assign hand_fire = hand_valid && state.counts && !may_start && !note_drop;

  always_ff @(posedge clk) begin
    if (!rst_n || flush) hand_valid <= 1'b0;
    else if (hand_load) hand_valid <= 1'b1;
    else if (hand_fire) hand_valid <= 1'b0;
    if (!rst_n) hand_queue <= '0;
    else if (hand_load) hand_queue <= queue_of(hand_next);
    if (hand_load) begin
      hand_slot <= hand_next_slot;
      hand_frame <= frames[hand_next_slot];
    end
  end

  always_comb begin
    used_valid = hand_fire ? Queues'(1) << hand_queue : '0;
    for (int q = 0; q < int'(Queues); q++) begin
      used[q].position = hand_frame.position;
      used[q].id = hand_frame.id ^ 16'(fault(WrongUsedId));
      used[q].length = '0;
      used[q].frame_end = 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) handed_number <= '0;
    else if (hand_fire && !hand_frame.dropped) handed_number <= handed_number + 1'b1;
    if (flush) dead <= ~handed;
    if (hand_fire) begin
      handed[hand_slot] <= 1'b1;
      dead[hand_slot] <= 1'b0;
    end
    if (start) begin
      handed[begun[SlotW-1:0]] <= 1'b0;
      dead[begun[SlotW-1:0]] <= 1'b0;
    end
  end

  // -- to the MAC, in the order in which they were begun
  slot_t oldest;
  logic oldest_valid;
  /* verilator lint_off UNUSEDSIGNAL */  // what it was is known elsewhere
  frame_t oldest_frame;
  /* verilator lint_on UNUSEDSIGNAL */
  logic oldest_skips;
  logic oldest_dies;
  logic oldest_leaves;
  logic leaving;  // rows of a frame are to be read
  logic leaving_first;
  row_t leaving_row;
  frame_bytes_t leaving_bytes;  // still to be read
  row_count_t leaving_rows;  // that it takes
  logic read_row;
  logic read_last;
  logic beat_valid;
  logic beat_first;
  logic beat_last;
  logic [LaneW-1:0] beat_end;  // its last byte's lane
  row_count_t beat_rows;
  logic rows_freed;
  row_count_t freed_rows;
  logic [DataBits-1:0] row_data;

  assign oldest = gone[SlotW-1:0];
  assign oldest_valid = begun != gone;
  logic swaps;  // a fault's
  assign swaps = fault(FrameOrderSwapped) && begun - gone > (SlotW + 1)'(1);
  assign oldest_frame = frames[swaps ? oldest ^ slot_t'(1) : oldest];
  // Rows are freed in the order in which they were given: not before those of older frames.
  assign oldest_dies = oldest_valid && dead[oldest] && !leaving && !beat_valid;
  assign oldest_skips = oldest_valid && handed[oldest] && oldest_frame.dropped;
  assign oldest_leaves = oldest_valid && handed[oldest] && !oldest_frame.dropped &&
                         (!leaving || read_last);
  assign read_row = leaving && (!beat_valid || frame_ready);
  assign read_last = read_row && leaving_bytes <= frame_bytes_t'(DataBytes);
  assign rows_freed = (beat_valid && frame_ready && beat_last) ||
                      (oldest_dies && !oldest_frame.dropped);
  assign freed_rows = oldest_dies ? rows_of(oldest_frame.bytes) : beat_rows;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      gone <= '0;
      leaving <= 1'b0;
      beat_valid <= 1'b0;
      free_rows <= row_count_t'(TxRows);
    end else begin
      if (oldest_dies || oldest_skips || oldest_leaves) gone <= gone + 1'b1;
      if (oldest_leaves) leaving <= 1'b1;
      else if (read_last) leaving <= 1'b0;
      if (read_row) beat_valid <= 1'b1;
      else if (frame_ready) beat_valid <= 1'b0;
      if (start_frame || rows_freed) begin
        free_rows <= free_rows + (rows_freed ? freed_rows : '0) - (start_frame ? pick_rows : '0);
      end
    end
    if (oldest_leaves) begin
      leaving_first <= 1'b1;
      leaving_row <= oldest_frame.row + row_t'(1);
      leaving_bytes <= oldest_frame.bytes;
      leaving_rows <= rows_of(oldest_frame.bytes);
    end else if (read_row) begin
      leaving_first <= 1'b0;
      leaving_row <= leaving_row + row_t'(1);
      leaving_bytes <= leaving_bytes - frame_bytes_t'(DataBytes);
    end
    if (read_row) begin
      beat_first <= leaving_first;
      beat_last <= read_last;
      beat_end <= read_last ? leaving_bytes[LaneW-1:0] - 1'b1 : '1;
      beat_rows <= leaving_rows;
    end
  end

  lane_ram #(.Rows(TxRows)) buffer (
    .clk,
    .write(landing_valid && landing.client == ReadTransmit), .write_address(landing.address),
    .write_count(landing.count), .write_data(landing.data),
    .read(read_row), .read_address({leaving_row, LaneW'(0)}), .read_data(row_data)
  );

  assign frame_valid = beat_valid;
  always_comb begin
    frame_beat.data = row_data;
    frame_beat.err = '0;
    for (int s = 0; s < int'(Segments); s++) begin
      frame_beat.valid[s] = 32'(beat_end) >= 32'(s) * SegmentBytes;
      frame_beat.sop[s] = beat_first && s == 0;
      frame_beat.eop[s] = beat_last && 32'(beat_end) >> SegmentLaneW == 32'(s);
      frame_beat.empty[s] = frame_beat.eop[s] ? ~beat_end[SegmentLaneW-1:0] : '0;
    end
  end

  // -- records and counters
  logic [2:0] dropped_reason;
  logic [31:0] dropped_bytes;
  logic [31:0] dropped_position;
  queue_t dropped_queue;

  always_ff @(posedge clk) begin
    if (start && pick_dropped) begin
      dropped_reason <= pick_reason;
      dropped_bytes <= pick_bytes;
      dropped_position <= pick_position;
      dropped_queue <= pick_queue;
    end
  end

  assign trace_valid = start || note_drop || (hand_fire && !hand_frame.dropped);
  always_comb begin
    trace = '0;
    if (note_drop) begin
      trace.kind = TraceFrameDropped;
      trace.queue = 16'(dropped_queue);
      trace.chain = dropped_position;
      trace.size = dropped_bytes;
      trace.value = 64'(dropped_reason);
    end else if (hand_fire) begin
      trace.kind = TraceFrameOut;
      trace.queue = 16'(hand_queue);
      trace.chain = hand_frame.position;
      trace.size = 32'(hand_frame.bytes);
      trace.frame = hand_frame.number;
    end else begin
      trace.kind = TraceStartTransmit;
      trace.queue = 16'(pick_queue);
      trace.chain = pick_position;
      trace.size = pick_bytes;
      trace.frame = pick_dropped ? '1 : next_number;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      counters <= '0;
    end else begin
      if (hand_fire && !hand_frame.dropped) begin
        counters.frames <= counters.frames + 1'b1;
        counters.bytes <= counters.bytes + 64'(hand_frame.bytes);
      end
      if (start && pick_dropped) begin
        unique case (pick_reason)
          DropShort: counters.drop_short <= counters.drop_short + 1'b1;
          DropLong: counters.drop_long <= counters.drop_long + 1'b1;
          default: counters.drop_link_down <= counters.drop_link_down + 1'b1;
        endcase
      end
    end
  end

  assign idle = !(flush || pick_load || pick_gone || may_start || note_drop ||
                  (gather_valid && gather_taken) || take_segment || (read_valid && read_ready) ||
                  (landing_valid && landing.client == ReadTransmit) || done_here || error_valid ||
                  hand_load || (hand_valid && state.counts) || oldest_dies || oldest_skips || oldest_leaves ||
                  read_row || (beat_valid && frame_ready));

endmodule
