// SPDX-License-Identifier: Apache-2.0
// Walks descriptor chains in ring order, descriptor by descriptor as they land, and validates each
// copy that was read; no descriptor table is believed (virtio 1.4, "The Virtqueue Descriptor
// Table", "Indirect Descriptors"). Errors and their order are those of hw_model/core/chain_walk.cpp.
//
// What follows in the ring's table is read in runs: from the descriptor that is needed on, as many
// as the longest run of the queue's last chains had. The walk goes on in a run as long as each
// descriptor names the one behind it; the rest is discarded. A run that fails is no error of the
// driver's: the one descriptor that is needed is read by itself then.
module chain_walker
  import nic_pkg::*;
  import nic_faults_pkg::*;
#(
  parameter int unsigned Buffers = 16,  // of one queue, for what is read ahead
  localparam int unsigned BufferW = $clog2(Buffers),
  localparam int unsigned SlotW = $clog2(Window),
  localparam int unsigned CountW = $clog2(FetchBatch + 1),
  localparam int unsigned Piece = 16,  // descriptors of an indirect table in one fetch
  localparam int unsigned PieceW = $clog2(Piece),
  localparam int unsigned LandingBits = QueueW + BufferW + PieceW + 5
) (
  input  logic                         clk,
  input  logic                         rst_n,
  input  logic                         go,  // steps are allowed
  input  logic                         flush,
  input  logic     [Queues-1:0]        rewind,  // gives up what landed; nothing is in flight
  input  logic     [Queues-1:0][31:0]  rewind_position,
  input  logic     [Queues-1:0][3:0]   size_log2,
  input  logic                         indirect,  // VIRTIO_F_INDIRECT_DESC
  // Landing memory of each queue: the heads, one for each place of the window, then the piece that
  // the walk asks for; in the upper half the buffers for what is read ahead.
  input  logic                         write,
  input  logic [LandingBits-1:0]       write_address,
  input  logic [LaneW:0]               write_count,
  input  logic [DataBits-1:0]          write_data,
  input  logic                         heads_landed,
  input  queue_t                       heads_queue,
  input  logic [SlotW-1:0]             heads_slot,  // the first; they do not run over the end
  input  logic [CountW-1:0]            heads_count,
  input  logic                         piece_landed,
  input  logic                         piece_bad,  // a run of which something failed
  input  queue_t                       piece_queue,
  input  logic                         ahead_landed,
  input  logic                         ahead_bad,
  input  queue_t                       ahead_queue,
  input  logic [BufferW-1:0]           ahead_buffer,
  // id of the head at a place of the window
  output queue_t                       id_queue,
  output logic [SlotW-1:0]             id_slot,
  input  logic [15:0]                  id,
  // A step that others must know of: a chain is whole, a read is needed, or an error.
  output logic                         step_valid,
  input  logic                         step_ready,
  output queue_t                       step_queue,
  output logic [31:0]                  step_position,
  output logic                         step_described,
  output chain_t                       step_chain,
  output logic [31:0]                  step_usable,  // bytes of the chain, modulo 2^32
  output logic                         step_error,
  output error_e                       step_code,
  output logic                         step_read,
  output logic                         step_table,  // of an indirect table, else of the ring's
  output logic [63:0]                  step_table_address,
  output logic [19:0]                  step_offset,  // bytes from the start of the table
  output logic [4:0]                   step_count,  // descriptors
  // A read ahead of the walk.
  output logic                         ahead_valid,
  input  logic                         ahead_ready,
  output queue_t                       ahead_step_queue,
  output logic [31:0]                  ahead_position,
  output logic                         ahead_table,
  output logic [63:0]                  ahead_table_address,
  output logic [15:0]                  ahead_next,
  output logic [4:0]                   ahead_count,
  output logic [BufferW-1:0]           ahead_step_buffer,
  // segments, with the step that they come from
  input  logic     [Queues-1:0]        segment_room,
  output logic                         segment_write,
  output queue_t                       segment_queue,
  output segment_t                     segment,
  output logic                         segment_last,
  output logic     [Queues-1:0]        stuck,  // a walk waits for room for segments
  output logic     [Queues-1:0]        quiet,  // nothing that landed is to be walked
  output logic                         working  // the next clock edge takes a step
);
  localparam int unsigned Rows = 2 ** LandingBits / DataBytes;
  localparam logic [4:0] MostRun = 5'(Piece);
  localparam int unsigned TableLimit = 1024;  // or the ring's size, if that is more. VQS-D-002

  localparam int unsigned PlaceW = LandingBits - QueueW - 4;  // names a descriptor of a queue

  if (Piece != 16) $error("the landing memory has room for 16 descriptors");
  if (Buffers * Piece < Window + Piece) $error("heads and a piece must fit beside the buffers");

  // What is known of a chain between two descriptors.
  typedef struct packed {
    logic [15:0] walked;  // descriptors of the ring's table
    logic [15:0] readable;
    logic [15:0] writable;
    logic [32:0] readable_bytes;
    logic [32:0] writable_bytes;
    logic in_table;
    logic [63:0] table_address;
    logic [15:0] entries;  // of the indirect table
    logic [15:0] seen;  // of them
    logic [11:0] block;  // piece that was fetched
  } walk_t;

  // Of a chain in the ring's table.
  typedef struct packed {
    logic [15:0] index;  // of the next descriptor, in the ring's table
    logic [3:0] left;  // behind it in the run that was fetched
    logic [4:0] streak;  // descriptors behind each other, up to it; at most MostRun
    logic [4:0] longest;
  } run_t;

  typedef struct packed {
    logic [15:0] next;
    logic [12:0] reserved_flags;
    logic is_indirect;
    logic is_writable;
    logic has_next;
    logic [31:0] length;
    logic [63:0] address;
  } descriptor_t;

  // -- chains by queue
  logic [Queues-1:0][31:0] position;  // of the chain that is walked, or comes next
  logic [Queues-1:0] begun;
  logic [Queues-1:0] have;  // begun, and its next descriptor is in the queue's piece
  logic [Queues-1:0] ahead;  // begun, and its next descriptor is among those read ahead
  logic [PieceW-1:0] place[Queues];  // where
  logic [Queues-1:0] in_pipe;
  logic [Queues-1:0] again;  // have, but it failed: to be read by itself
  logic [Queues-1:0][4:0] run;  // descriptors to ask for
  walk_t walks[2**QueueW];
  run_t runs[2**QueueW];

  // -- heads, looked at before
  logic look_valid, look_ready, has_followers;
  queue_t look_queue;
  logic [SlotW-1:0] look_slot;
  logic [Queues-1:0] head_seen, follows, follows_here, heads_done, look_quiet;
  logic [Queues-1:0][BufferW-1:0] buffer;
  logic [Queues-1:0] follows_bad;
  logic [Queues-1:0][3:0] follows_more;
  logic look_works;

  logic [Queues-1:0] ready_to_go, want;
  logic pick_any;
  queue_t pick, last;

  assign ready_to_go = ~in_pipe & ((begun & (have | (ahead & follows_here))) |
                                   (~begun & head_seen));
  assign stuck = ready_to_go & ~segment_room;
  assign quiet = look_quiet & (stuck | (~in_pipe & ~begun & heads_done & ~head_seen));
  assign want = ready_to_go & segment_room & {Queues{go}};
  ring_pick #(.Width(Queues)) turn (.want, .last, .any(pick_any), .index(pick));

  // -- fetch: descriptor from the landing memory
  logic fetch, fetch_moves;
  logic [PlaceW-1:0] fetch_place;
  logic read;
  logic [LandingBits-5:0] read_place;  // in descriptors
  logic [DataBits-1:0] row;
  logic row_valid;
  queue_t row_queue;
  logic row_head, row_again;
  descriptor_t row_descriptor;
  // of the walk behind it
  logic valid, moves, described;
  queue_t queue;

  assign fetch = pick_any && fetch_moves;
  always_comb begin
    fetch_place = PlaceW'(position[pick][SlotW-1:0]);
    if (begun[pick]) fetch_place = PlaceW'(Window) + PlaceW'(place[pick]);
    if (begun[pick] && ahead[pick]) fetch_place = {1'b1, buffer[pick], place[pick]};
  end
  // The row of a walk that is held up stays at the memory's output.
  assign look_ready = !fetch && (!row_valid || !valid || moves);
  assign read = fetch || (look_valid && look_ready);
  assign read_place = fetch ? {pick, fetch_place} : {look_queue, PlaceW'(look_slot)};
  logic writes;
  assign writes = write && !(fault(StaleDescriptor) && write_count == (LaneW + 1)'(16) &&
      write_address[LandingBits-QueueW-1:4] == PlaceW'(Window - 1));
  if (DataBytes == 16) begin : g_narrow
    lane_ram #(.Rows(Rows)) landing (
      .clk, .write(writes), .write_address, .write_count, .write_data,
      .read, .read_address({read_place, 4'd0}), .read_data(row)
    );
    assign row_descriptor = row;
  end else begin : g_wide
    logic [LaneW-5:0] row_lane;
    lane_ram #(.Rows(Rows)) landing (
      .clk, .write(writes), .write_address, .write_count, .write_data,
      .read, .read_address({read_place[LandingBits-5:LaneW-4], LaneW'(0)}),
      .read_data(row)
    );
    always_ff @(posedge clk) if (read) row_lane <= read_place[LaneW-5:0];
    assign row_descriptor = row[128*row_lane+:128];
  end

  chain_lookahead #(.Buffers(Buffers)) lookahead (
    .clk, .rst_n, .go, .flush, .rewind, .rewind_position, .size_log2, .indirect, .run,
    .heads_landed, .heads_queue, .heads_slot, .heads_count,
    .look_valid, .look_ready, .look_queue, .look_slot,
    .has_next(row_descriptor.has_next), .is_indirect(row_descriptor.is_indirect),
    .next(fault(NextIgnored) ? 16'd0 : row_descriptor.next), .length(row_descriptor.length),
    .address(row_descriptor.address),
    .step_valid(ahead_valid), .step_ready(ahead_ready), .step_queue(ahead_step_queue),
    .step_position(ahead_position), .step_table(ahead_table),
    .step_table_address(ahead_table_address), .step_next(ahead_next), .step_count(ahead_count),
    .step_buffer(ahead_step_buffer),
    .landed(ahead_landed), .landed_bad(ahead_bad), .landed_queue(ahead_queue),
    .landed_buffer(ahead_buffer),
    .position, .seen(head_seen), .owns(follows), .have(follows_here), .bad(follows_bad),
    .more(follows_more), .buffer,
    .finished(moves && described), .finished_queue(queue),
    .empty(heads_done), .quiet(look_quiet), .working(look_works)
  );

  // -- walk: checks, and what follows
  logic [31:0] at;
  logic [15:0] head;
  // Flags without meaning are not looked at.
  /* verilator lint_off UNUSEDSIGNAL */
  descriptor_t descriptor;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [31:0] length_less_1;
  walk_t walk, next;
  run_t in, next_in;
  logic read_again;  // nothing came: the descriptor is to be read by itself

  assign id_queue = row_queue;
  assign id_slot = position[row_queue][SlotW-1:0];
  assign fetch_moves = !row_valid || !valid || moves;

  logic [15:0] size, limit;
  logic main, first, segment_good, wraps, too_large, to_table, same_block;
  logic [33:0] bytes;
  logic [32:0] usable;
  logic failed, continues;
  error_e code;
  logic [11:0] block, last_block;
  logic goes_on, behind_it, in_run;
  logic [4:0] run_count, least_run;
  logic [15:0] to_end;

  assign size = 16'd1 << size_log2[queue];
  assign limit = size > 16'(TableLimit) ? size : 16'(TableLimit);
  assign main = !walk.in_table;
  assign first = main && walk.walked == '0;
  assign wraps = descriptor.address > ~{32'd0, length_less_1};
  assign bytes = {1'b0, walk.readable_bytes} + {1'b0, walk.writable_bytes} +
                 {2'b00, descriptor.length};
  assign too_large = bytes > 34'h1_0000_0000;  // VQS-R-004
  assign last_block = 12'((next.entries - 16'd1) >> PieceW);
  assign block = to_table ? 12'd0 : 12'(descriptor.next >> PieceW);
  assign same_block = block == walk.block;

  // Faults.
  logic cuts_short, takes_empty, any_order;
  assign cuts_short = fault(ChainCutShort) && walk.walked == 16'd2;
  assign takes_empty = fault(ZeroLengthAccepted);
  assign any_order = fault(ReadableBehindWritable);

  always_comb begin
    failed = 1'b0;
    code = ErrorZeroLength;
    to_table = 1'b0;
    segment_good = 1'b0;
    described = 1'b0;
    if (read_again) begin
      segment_good = 1'b0;
    end else if (main && walk.walked >= size) begin  // VQS-R-008; a loop
      failed = 1'b1;
      code = ErrorChainTooLong;
    end else if (descriptor.is_indirect) begin  // WRITE is ignored. VQS-D-007, VQS-D-008
      failed = 1'b1;
      if (!main) code = ErrorIndirectNested;  // VQS-R-007
      else if (!indirect) code = ErrorIndirectNotNegotiated;
      else if (descriptor.has_next) code = ErrorIndirectWithNext;  // VQS-R-009
      else if (descriptor.length == '0 || descriptor.length[3:0] != '0 ||
               descriptor.length[31:4] > {12'd0, limit}) code = ErrorIndirectSize;
      else if (wraps) code = ErrorAddressWraps;
      else begin
        failed = 1'b0;
        to_table = 1'b1;
      end
    end else if (descriptor.length == '0 && !takes_empty) begin
      failed = 1'b1;
    end else if (wraps) begin
      failed = 1'b1;
      code = ErrorAddressWraps;
    end else if (!descriptor.is_writable && walk.writable != '0 && !any_order) begin  // VQS-R-002
      failed = 1'b1;
      code = ErrorReadableAfterWritable;
    end else if (too_large) begin
      failed = 1'b1;
      code = ErrorChainTooLarge;
    end else begin
      segment_good = 1'b1;
      if (!descriptor.has_next || cuts_short) begin
        described = usable != '0;
        failed = !described;
        code = ErrorNoUsableBuffer;
      end else if (descriptor.next >= (main ? size : walk.entries)) begin
        failed = 1'b1;
        code = ErrorNextOutOfRange;
      end else if (!main && walk.seen + 16'd1 == walk.entries) begin
        failed = 1'b1;
        code = ErrorChainTooLong;
      end
    end
  end
  // A queue asks for as many as its longest run had, and for one less with each chain that had less.
  assign least_run = run[queue] == 5'd1 ? 5'd1 : run[queue] - 5'd1;

  // Its next descriptor is here, or was asked for before.
  assign has_followers = first && follows[queue] && !failed && !described;
  assign goes_on = segment_good && !failed && !described;
  assign behind_it = !first && descriptor.next == in.index + 16'd1;
  assign in_run = main && goes_on && (behind_it || (fault(RunLeftOver) && !first)) &&
                  in.left != '0;
  assign continues = has_followers || in_run || (!main && goes_on && same_block);

  assign to_end = size - descriptor.next;
  assign run_count = to_end < 16'(run[queue]) ? to_end[4:0] : run[queue];

  always_comb begin
    next = walk;
    if (main && !read_again) next.walked = walk.walked + 16'd1;
    else next.seen = walk.seen + 16'd1;
    if (segment_good && descriptor.is_writable) begin
      next.writable = walk.writable + 16'd1;
      next.writable_bytes = walk.writable_bytes + {1'b0, descriptor.length};
    end
    if (segment_good && !descriptor.is_writable) begin
      next.readable = walk.readable + 16'd1;
      next.readable_bytes = walk.readable_bytes + {1'b0, descriptor.length};
    end
    if (to_table) begin
      next.in_table = 1'b1;
      next.table_address = descriptor.address;
      next.entries = descriptor.length[19:4];
      next.seen = '0;
    end
    next.block = block;
  end

  always_comb begin
    next_in = in;
    if (read_again) begin
      next_in.left = '0;
    end else if (main && goes_on) begin
      next_in.index = descriptor.next;
      next_in.left = has_followers ? follows_more[queue] : in_run ? in.left - 4'd1 :
                     4'(run_count - 5'd1);
      next_in.streak = !behind_it ? 5'd1 : in.streak == MostRun ? MostRun : in.streak + 5'd1;
      if (next_in.streak > in.longest) next_in.longest = next_in.streak;
    end
  end

  assign step_valid = valid && !continues;
  assign step_queue = queue;
  assign step_position = at;
  assign step_described = described;
  assign step_chain = '{position: at, id: head, readable: next.readable, writable: next.writable,
                        readable_bytes: next.readable_bytes, writable_bytes: next.writable_bytes};
  // A control command without room for its ack cannot be answered: its usable bytes are writable.
  assign usable = queue[0] && queue != queue_t'(ControlQueue) ? next.readable_bytes
                                                               : next.writable_bytes;
  assign step_usable = usable[31:0];
  assign step_error = failed;
  assign step_code = code;
  assign step_read = !failed && !described;
  assign step_table = next.in_table;
  assign step_table_address = next.table_address;
  assign step_offset = next.in_table ? 20'({block, 8'd0}) :
                       {read_again ? in.index : descriptor.next, 4'd0};
  always_comb begin
    step_count = read_again ? 5'd1 : run_count;
    if (next.in_table) begin
      step_count = 5'(Piece);
      if (block == last_block) step_count = {1'b0, 4'(next.entries - 16'd1)} + 5'd1;
    end
  end

  assign moves = valid && go && (continues || step_ready);
  assign segment_write = moves && segment_good && !failed;
  assign segment_queue = queue;
  assign segment = '{address: descriptor.address, length: descriptor.length};
  assign segment_last = described;
  assign working = fetch || (row_valid && (!valid || moves)) || moves || look_works;

  always_ff @(posedge clk) begin
    if (moves) walks[queue] <= next;
    if (moves) runs[queue] <= next_in;
  end

  always_ff @(posedge clk) begin
    if (fetch) begin
      row_queue <= pick;
      row_head <= !begun[pick];
      row_again <= begun[pick] && (ahead[pick] ? follows_bad[pick] : again[pick]);
      last <= pick;
    end
    if (row_valid && (!valid || moves)) begin
      queue <= row_queue;
      at <= position[row_queue];
      head <= id;
      descriptor <= row_descriptor;
      length_less_1 <= row_descriptor.length - 32'd1;
      walk <= row_head ? walk_t'(0) : walks[row_queue];
      in <= row_head ? run_t'(0) : runs[row_queue];
      read_again <= row_again && !fault(FailedRunUsed);
    end
    if (fetch_moves) row_valid <= pick_any;
    if (!valid || moves) valid <= row_valid;
    if (!rst_n || flush) begin
      row_valid <= 1'b0;
      valid <= 1'b0;
      last <= '0;
    end
  end

  always_ff @(posedge clk) begin
    for (int q = 0; q < int'(Queues); q++) begin
      if (fetch && pick == queue_t'(q)) begin
        in_pipe[q] <= 1'b1;
        begun[q] <= 1'b1;
        have[q] <= 1'b0;
      end
      if (moves && queue == queue_t'(q)) begin
        in_pipe[q] <= 1'b0;
        begun[q] <= !described;
        have[q] <= continues && !has_followers && !ahead[q];
        ahead[q] <= has_followers || (continues && ahead[q]);
        place[q] <= next.in_table ? descriptor.next[PieceW-1:0] :
                    in_run ? place[q] + 1'b1 : '0;
        if (to_table) place[q] <= '0;
        if (described) begin
          position[q] <= position[q] + 32'd1;
          run[q] <= in.longest > least_run ? in.longest : least_run;
        end
      end
      if (piece_landed && piece_queue == queue_t'(q)) begin
        have[q] <= 1'b1;
        again[q] <= piece_bad;
      end
      if (!rst_n || flush || rewind[q]) begin
        in_pipe[q] <= 1'b0;
        begun[q] <= 1'b0;
        have[q] <= 1'b0;
        ahead[q] <= 1'b0;
        again[q] <= 1'b0;
        run[q] <= 5'd1;
        position[q] <= rewind_position[q];
      end
      if (!rst_n || flush) position[q] <= '0;
    end
  end
endmodule
