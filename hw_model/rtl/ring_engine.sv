// SPDX-License-Identifier: Apache-2.0
// Available rings and descriptor chains of all virtqueues: samples the available index, fetches
// entries and descriptors ahead, walks and validates chains, asks for notifications (virtio 1.4,
// "Split Virtqueues"). The policy is that of the `at` model (hw_model/tlm/at_scheduler.cpp).
//
// Decisions are made in two cycles: a queue and what to do is picked, and a cycle later it is done,
// unless the queue has been suspended. Of results and decisions one counts in a cycle, so that one
// trace port is enough. trace_valid depends on state.active of the same cycle, and `idle` on all
// inputs. The sample behind a request for notifications is part of that decision: its record comes
// later, whether the card is still active or not.
module ring_engine
  import nic_pkg::*;
  import nic_faults_pkg::*;
(
  input  logic                             clk,
  input  logic                             rst_n,
  input  card_state_t                      state,
  input  queue_context_t [Queues-1:0]      context_of,
  input  logic           [Queues-1:0]      enable,  // begins with context_of; one cycle
  input  logic           [Queues-1:0]      resume,  // goes on behind the last used buffer
  input  logic           [Queues-1:0]      doorbell,  // one cycle
  input  logic                             flush,
  // of each queue: used index last written, chains returned in this cycle
  input  logic           [Queues-1:0][15:0] used_index,
  input  logic           [Queues-1:0][3:0] returned,
  // fetches
  output logic                             read_valid,
  input  logic                             read_ready,
  output read_op_t                         read_op,
  input  logic                             landing_valid,  // of every client: look at `client`
  input  landing_t                         landing,
  input  logic                             done_valid,
  input  read_done_t                       done,
  // avail_event or flags
  output logic                             write_valid,
  input  logic                             write_ready,
  output write_op_t                        write_op,
  input  logic                             written,
  // whole and valid chains, and their segments: of each queue the oldest
  output logic           [Queues-1:0]      chain_valid,
  input  logic           [Queues-1:0]      chain_ready,
  output chain_t         [Queues-1:0]      chain,
  output logic           [Queues-1:0]      segment_valid,
  input  logic           [Queues-1:0]      segment_ready,
  output segment_t       [Queues-1:0]      segment,
  // for the receive path: a queue can get no further chain before one is consumed
  output logic           [Queues-1:0]      window_full,
  // no read of the queue is under way and none of its chains is half done
  output logic           [Queues-1:0]      settled,
  output logic                             error_valid,
  output error_t                           error,
  output logic                             trace_valid,
  output trace_t                           trace,
  output logic                             busy,  // a decided write has not been handed over
  output logic                             idle
);
  localparam int unsigned SlotW = $clog2(Window);
  localparam int unsigned CountW = $clog2(FetchBatch + 1);
  localparam int unsigned Fetches = 4;  // of available-ring entries, in flight for one queue
  localparam int unsigned FetchW = $clog2(Fetches);
  localparam int unsigned Handles = 2 ** (HandleW < 7 ? HandleW : 7);
  localparam int unsigned HandleIndexW = $clog2(Handles);
  // Chains of one queue whose next descriptors are read ahead, as far as landing addresses reach:
  // 13 bits for each queue's part of the landing memory, or 12.
  localparam int unsigned LandBits = QueueW + 13 <= LandingW ? 13 : 12;
  localparam int unsigned BufferW = LandBits - 9;
  localparam int unsigned Buffers = 2 ** BufferW;

  if (QueueW + LandBits > LandingW)
    $error("NIC_TX_BUFFER_BYTES must be larger: landing addresses must reach every queue's memory");
  if (FetchBatch != 32) $error("FetchBatch must be 32: a fetch is clamped by shifts");

  // The even queues but the last, which is the control virtqueue.
  localparam logic [Queues-1:0] Receives = Queues'({QueuePairs{2'b01}});

  typedef logic [CountW-1:0] count_t;
  typedef logic [SlotW:0] held_t;  // up to Window

  // -- what a read was for
  typedef enum logic [2:0] {ForIndex, ForEntries, ForHeads, ForWalk, ForAhead} use_e;
  typedef struct packed {
    use_e use_of;
    queue_t queue;
    logic [SlotW-1:0] slot;  // first place in the window, or number of the fetch or buffer
    count_t count;  // of heads, or of a run in the ring's table
  } note_t;

  // -- by queue
  logic [15:0] avail_seen[Queues];  // available index last sampled
  logic [15:0] avail_next[Queues];  // next entry to fetch
  logic [Queues-1:0][31:0] allocated;  // position of the next chain
  logic [31:0] head[Queues];  // position of the next head to fetch
  held_t [Queues-1:0] held;  // chains between available and used ring
  held_t [Queues-1:0] in_flight;  // reads
  logic [Queues-1:0] kicked, armed, no_notify, sampling;
  logic [Queues-1:0] sampled;  // the answer is there
  logic [15:0] sample[Queues];

  logic [Queues-1:0][3:0] size_log2;
  always_comb begin
    for (int q = 0; q < int'(Queues); q++) size_log2[q] = context_of[q].size_log2;
  end

  logic halted;  // by an error, until a flush
  logic go;
  assign go = state.active && !halted;

  // -- ends of reads
  logic done_came;
  logic ended_ok;
  logic [HandleIndexW-1:0] ended_handle;
  logic [15:0] ended_head;
  note_t note;
  logic failed;
  queue_t failed_queue;
  // A run of which something failed: its chain may not need that.
  logic run_failed;
  assign run_failed = done_came && !ended_ok && note.count > count_t'(1) &&
                      (note.use_of == ForWalk || note.use_of == ForAhead);

  always_ff @(posedge clk) begin
    done_came <= done_valid && done.client == ReadRing && rst_n && !flush;
    if (done_valid && done.client == ReadRing) begin
      ended_ok <= done.ok;
      ended_handle <= done.handle[HandleIndexW-1:0];
      ended_head <= done.head;
    end
    if (done_came && !ended_ok && !run_failed) begin
      failed <= 1'b1;
      failed_queue <= note.queue;
    end
    if (!rst_n || flush) failed <= 1'b0;
  end

  logic come;
  assign come = done_came && (ended_ok || run_failed);

  // -- landing: of each queue the heads at 0, pieces at 1024, entries at 1280; at 1536 what nobody
  // looks at; in the upper half the buffers for what is read ahead
  localparam int unsigned PiecesAt = 16 * Window;
  localparam int unsigned EntriesAt = PiecesAt + 256;
  localparam int unsigned NowhereAt = EntriesAt + 256;
  logic lands, lands_entries, lands_descriptors;
  logic [LandBits-1:0] lands_at;
  queue_t lands_queue;

  assign lands = landing_valid && landing.client == ReadRing;
  assign lands_at = landing.address[LandBits-1:0];
  assign lands_queue = landing.address[LandBits+:QueueW];
  assign lands_descriptors = lands && (lands_at[LandBits-1] || lands_at < LandBits'(EntriesAt));
  assign lands_entries = lands && lands_at >= LandBits'(EntriesAt) &&
                         lands_at < LandBits'(NowhereAt);

  // -- available-ring entries
  logic [Queues-1:0] fetch_room, run_valid, scanner_quiet;
  logic fetch_ids, known_valid, known_ready, known_bad, run_take, scanner_works;
  logic [FetchW-1:0] fetch_number;
  count_t fetch_count, known_count, run_count;
  queue_t known_queue, id_queue;
  logic [31:0] known_position;
  logic [15:0] run_id, id;
  logic [SlotW-1:0] id_slot;

  // -- what is decided
  typedef enum logic [1:0] {FetchHeads, FetchEntries, SampleIndex, Arm} choice_e;
  logic chosen;
  choice_e choice;
  queue_t queue;  // of the choice

  id_scanner scanner (
    .clk, .rst_n, .flush, .rewind(resume), .size_log2,
    .write(lands_entries), .write_address({lands_queue, lands_at[SlotW:0]}),
    .write_count(landing.count), .write_data(landing.data),
    .fetch_room, .fetch(fetch_ids), .fetch_queue(queue), .fetch_count, .fetch_number,
    .landed(come && note.use_of == ForEntries), .landed_queue(note.queue),
    .landed_number(note.slot[FetchW-1:0]),
    .known_valid, .known_ready, .known_queue, .known_position, .known_count, .known_bad,
    .run_valid, .run_queue(queue), .run_id, .run_count, .run_take,
    .id_queue, .id_slot, .id, .quiet(scanner_quiet), .working(scanner_works)
  );

  // -- descriptors
  logic step_valid, step_ready, step_described, step_error, step_read, step_table, walker_works;
  queue_t step_queue, segment_queue;
  logic [31:0] step_position;
  chain_t step_chain;
  logic [31:0] step_usable;
  error_e step_code;
  logic [63:0] step_table_address;
  logic [19:0] step_offset;
  logic [4:0] step_count;
  logic [Queues-1:0] segment_room, stuck, walker_quiet;
  logic segment_write, segment_last, store_works;
  segment_t walked_segment;

  logic ahead_valid, ahead_ready, ahead_table;
  queue_t ahead_queue;
  logic [31:0] ahead_position;
  logic [63:0] ahead_table_address;
  logic [15:0] ahead_next;
  logic [4:0] ahead_count;
  logic [BufferW-1:0] ahead_buffer;

  chain_walker #(.Buffers(Buffers)) walker (
    .clk, .rst_n, .go, .flush, .rewind(resume), .rewind_position(allocated), .size_log2,
    .indirect(state.indirect),
    .write(lands_descriptors), .write_address({lands_queue, lands_at}),
    .write_count(landing.count), .write_data(landing.data),
    .heads_landed(come && note.use_of == ForHeads), .heads_queue(note.queue),
    .heads_slot(note.slot), .heads_count(note.count),
    .piece_landed(come && note.use_of == ForWalk), .piece_bad(run_failed),
    .piece_queue(note.queue),
    .ahead_landed(come && note.use_of == ForAhead), .ahead_bad(run_failed),
    .ahead_queue(note.queue),
    .ahead_buffer(note.slot[BufferW-1:0]),
    .id_queue, .id_slot, .id,
    .step_valid, .step_ready, .step_queue, .step_position, .step_described, .step_chain,
    .step_usable, .step_error, .step_code, .step_read, .step_table, .step_table_address,
    .step_offset, .step_count,
    .ahead_valid, .ahead_ready, .ahead_step_queue(ahead_queue), .ahead_position, .ahead_table,
    .ahead_table_address, .ahead_next, .ahead_count, .ahead_step_buffer(ahead_buffer),
    .segment_room, .segment_write, .segment_queue, .segment(walked_segment), .segment_last,
    .stuck, .quiet(walker_quiet), .working(walker_works)
  );

  segment_store store (
    .clk, .rst_n, .clear(resume | {Queues{flush}}),
    .write(segment_write), .write_queue(segment_queue), .write_segment(walked_segment),
    .write_last(segment_last), .room(segment_room),
    .segment_valid, .segment_ready, .segment, .working(store_works)
  );

  logic [Queues-1:0] chain_push;
  logic [Queues-1:0] chain_room;
  for (genvar q = 0; q < int'(Queues); q++) begin : g_chains
    assign chain_push[q] = step_ready && step_described && step_queue == queue_t'(q);
    fifo #(.Width($bits(chain_t)), .Depth(Window)) chains (
      .clk, .rst_n, .clear(resume[q] || flush), .in_valid(chain_push[q]),
      .in_ready(chain_room[q]), .in_data(step_chain),
      .out_valid(chain_valid[q]), .out_ready(chain_ready[q]), .out_data(chain[q])
    );
  end

  // -- what a queue wants: first descriptors, then entries, then to know of more
  logic arming;  // a write that asks for notifications is under way
  logic [Queues-1:0] know, many, half, full, at_rest, enabled;
  logic [Queues-1:0] take, low, want_heads, want_entries, want_index, want_arm, want, queue_chosen;
  logic pick_any;
  queue_t pick, last;

  always_comb begin
    for (int q = 0; q < int'(Queues); q++) begin
      automatic logic [15:0] unfetched = avail_seen[q] - avail_next[q];
      know[q] = unfetched != '0;
      many[q] = unfetched >= 16'(FetchBatch / 2) && held[q] <= held_t'(Window - FetchBatch / 2);
      half[q] = held[q] < held_t'(Window / 2);
      full[q] = held[q][SlotW];
      at_rest[q] = in_flight[q] == '0;
      enabled[q] = context_of[q].enabled && !context_of[q].suspended;
    end
  end
  assign take = enabled & ~enable & ~resume & {Queues{go}};
  // A receive queue is refilled when half of its chains are gone, or in larger pieces, or when
  // nothing of it is under way: what it has may be too few for the frame that waits.
  assign low = ~Receives | half | (at_rest & scanner_quiet);
  assign want_heads = run_valid;
  assign want_entries = know & fetch_room & ~full & (low | many);
  assign want_index = ~know & low & kicked & ~sampling;
  assign want_arm = ~know & low & ~armed & ~sampling &
                    (no_notify | {Queues{state.event_idx}}) & {Queues{!arming}};
  assign want = take & (want_heads | want_entries | want_index | want_arm) & ~queue_chosen;
  assign queue_chosen = chosen ? Queues'(1) << queue : '0;
  ring_pick #(.Width(Queues)) turn (.want, .last, .any(pick_any), .index(pick));

  // -- how many entries: announced, with room, up to the ring's and the window's end
  logic [15:0] size, known, entry;
  held_t room, wrap;
  count_t known_clamped, room_clamped, to_end, to_wrap, by_ring, by_window;

  function automatic count_t clamped(input logic [16:0] number);
    return number >= 17'(FetchBatch) ? count_t'(FetchBatch) : number[CountW-1:0];
  endfunction

  assign size = 16'd1 << size_log2[queue];
  assign known = avail_seen[queue] - avail_next[queue];
  assign entry = avail_next[queue] & (size - 16'd1);
  assign known_clamped = clamped({1'b0, known});
  assign room = held_t'(Window) - held[queue];
  assign room_clamped = clamped(17'(room));
  assign to_end = clamped({1'b0, size - entry});
  assign wrap = held_t'(Window) - {1'b0, allocated[queue][SlotW-1:0]};
  assign to_wrap = clamped(17'(wrap));
  assign by_ring = known_clamped < to_end || fault(AvailRingEnd) ? known_clamped : to_end;
  assign by_window = room_clamped < to_wrap ? room_clamped : to_wrap;
  assign fetch_count = by_ring < by_window ? by_ring : by_window;

  // -- who has this cycle
  logic op_room, handle_room, read_room;
  logic resample_due, resample, fail, index_any, index_due, step, look, know_now, decide, decidable, dropped;
  queue_t index_queue;

  ring_pick #(.Width(Queues)) answers (
    .want(sampled), .last('0), .any(index_any), .index(index_queue)
  );
  assign read_room = op_room && handle_room;
  assign resample = resample_due && read_room;
  assign fail = go && failed;
  assign index_due = go && !failed && !resample && index_any;
  assign step = go && !failed && !resample && !index_any && step_valid &&
                (!step_read || read_room);
  assign step_ready = step;
  assign look = go && !failed && !resample && !index_any && !step && ahead_valid && read_room;
  assign ahead_ready = look;
  assign know_now = go && !failed && !resample && !index_any && !step && !look && known_valid;
  assign known_ready = know_now;
  // What was picked is still right, since others only add to what a queue may do; but the queue may
  // have been suspended, and another queue may have taken the one place for notifications.
  assign dropped = chosen && (!take[queue] || (choice == Arm && arming));
  assign decidable = !dropped && (choice == Arm || read_room);
  assign decide = go && !failed && !resample && !index_any && !step && !look && !know_now &&
                  chosen && decidable;
  assign fetch_ids = decide && choice == FetchEntries;
  assign run_take = decide && choice == FetchHeads;

  // -- the index that was sampled. A driver has at most the queue's size of buffers with the
  // device; VQS-R-011.
  logic [15:0] moved, outstanding;
  logic jumped;
  assign moved = sample[index_queue] - avail_seen[index_queue];
  assign outstanding = avail_seen[index_queue] - used_index[index_queue];
  assign jumped = !fault(IndexJumpIgnored) &&
                  {1'b0, moved} + {1'b0, outstanding} > (17'd1 << size_log2[index_queue]);

  // -- the read of this cycle
  logic op_valid;
  read_op_t op;
  queue_t op_queue;
  logic [63:0] base;
  logic [19:0] offset;
  note_t op_note;
  logic [HandleW-1:0] handle;
  logic [HandleIndexW-1:0] next_handle;
  logic [63:0] op_desc;
  queue_t arm_queue;

  assign op_valid = resample || (step && step_read) || look || (decide && choice != Arm);
  assign op_queue = resample ? arm_queue : step ? step_queue : look ? ahead_queue : queue;
  assign op_desc = context_of[op_queue].desc;
  assign handle = HandleW'(next_handle);

  always_comb begin
    op = '{purpose: PurposeAvailIndex, queue: op_queue, chain: '0, address: '0, length: 16'd2,
           landing: LandingW'({op_queue, LandBits'(NowhereAt)}), handle: handle};
    op_note = '{use_of: ForIndex, queue: op_queue, slot: '0, count: '0};
    base = context_of[op_queue].driver;
    offset = 20'd2;
    if (step) begin
      base = step_table ? step_table_address : op_desc;
      offset = step_offset;
      op.purpose = step_table ? PurposeIndirectTable : PurposeDescriptors;
      op.chain = step_position;
      op.length = {7'd0, step_count, 4'd0};
      op.landing = LandingW'({op_queue, LandBits'(PiecesAt)});
      op_note.use_of = ForWalk;
      op_note.count = step_table ? '0 : count_t'(step_count);
    end else if (look) begin
      base = ahead_table ? ahead_table_address : op_desc;
      offset = ahead_table ? 20'd0 : {ahead_next, 4'd0};
      op.purpose = ahead_table ? PurposeIndirectTable : PurposeDescriptors;
      op.chain = ahead_position;
      op.length = {7'd0, ahead_count, 4'd0};
      op.landing = LandingW'({op_queue, 1'b1, ahead_buffer, 8'd0});
      op_note.use_of = ForAhead;
      op_note.count = ahead_table ? '0 : count_t'(ahead_count);
      op_note.slot = SlotW'(ahead_buffer);
    end else if (!resample && choice == FetchHeads) begin
      base = op_desc;
      offset = {run_id, 4'd0};
      op.purpose = PurposeDescriptors;
      op.chain = head[queue];
      op.length = 16'({run_count, 4'd0});
      op.landing = LandingW'({op_queue, LandBits'({head[queue][SlotW-1:0], 4'd0})});
      op_note.use_of = ForHeads;
      op_note.slot = head[queue][SlotW-1:0];
      op_note.count = run_count;
    end else if (!resample && choice == FetchEntries) begin
      offset = 20'd4 + {3'd0, entry, 1'b0};
      op.purpose = PurposeAvailEntries;
      op.chain = allocated[queue];
      op.length = 16'({fetch_count, 1'b0});
      op.landing = LandingW'({op_queue, LandBits'(EntriesAt)}) |
                   LandingW'({allocated[queue][SlotW-1:0], 1'b0});
      op_note.use_of = ForEntries;
      op_note.slot = SlotW'(fetch_number);
    end
    op.address = base + 64'(offset);
  end

  fifo #(.Width($bits(read_op_t)), .Depth(4)) ops (
    .clk, .rst_n, .clear(flush), .in_valid(op_valid), .in_ready(op_room), .in_data(op),
    .out_valid(read_valid), .out_ready(read_ready), .out_data(read_op)
  );
  read_handles #(.Handles(Handles), .Width($bits(note_t))) handles (
    .clk, .rst_n, .clear(flush), .available(handle_room), .next(next_handle), .take(op_valid),
    .note(op_note), .give_back(done_came), .ended(ended_handle),
    .ended_note(note)
  );

  // -- asking for notifications: the write, then a fresh look at the index behind it: a buffer made
  // available before the driver saw the request is found there. VQS-D-018 to VQS-D-021.
  logic arm, arm_left;  // the write waits for its port; it was taken
  logic [63:0] arm_address;
  logic [15:0] arm_value;
  logic arm_now;

  assign arm_now = decide && choice == Arm;
  assign arming = arm || arm_left || resample_due;
  assign busy = arming;
  assign write_valid = arm;
  assign write_op = '{source: WriteImmediate, purpose: PurposeAvailEvent, queue: arm_queue,
                      chain: '0, address: arm_address, length: 16'd2,
                      data: (8 * ImmediateBytes)'(arm_value), row: '0, offset: '0,
                      num_buffers: '0, last: 1'b0, notify: 1'b1};

  always_ff @(posedge clk) begin
    if (arm && write_ready) begin
      arm <= 1'b0;
      arm_left <= 1'b1;
    end
    if (written && (arm_left || arm)) begin
      arm_left <= 1'b0;
      resample_due <= !fault(NoFreshSample);
    end
    if (resample) resample_due <= 1'b0;
    if (arm_now) begin
      arm <= 1'b1;
      arm_queue <= queue;
      arm_address <= context_of[queue].device +
                     (state.event_idx ? 64'd4 + {45'd0, size, 3'd0} : 64'd0);
      arm_value <= state.event_idx ? avail_seen[queue] + 16'(fault(AvailEventAhead)) : 16'd0;
    end
    if (!rst_n || flush) begin
      arm <= 1'b0;
      arm_left <= 1'b0;
      resample_due <= 1'b0;
    end
  end

  // -- choice
  always_ff @(posedge clk) begin
    if (decide || dropped) chosen <= 1'b0;
    if (pick_any && (decide || dropped || !chosen)) begin
      chosen <= 1'b1;
      queue <= pick;
      choice <= want_heads[pick] ? FetchHeads :
                want_entries[pick] ? FetchEntries :
                want_index[pick] ? SampleIndex : Arm;
      last <= pick;
    end
    if (!rst_n || flush) begin
      chosen <= 1'b0;
      last <= '0;
    end
  end

  // -- errors
  error_t next_error;
  logic breaks;
  always_comb begin
    breaks = 1'b1;
    next_error = '{code: ErrorDmaRead, queue: failed_queue};
    if (!fail) begin
      if (index_due) begin
        breaks = jumped;
        next_error = '{code: ErrorAvailIndexJump, queue: index_queue};
      end else if (step) begin
        breaks = step_error;
        next_error = '{code: step_code, queue: step_queue};
      end else begin
        breaks = know_now && known_bad;
        next_error = '{code: ErrorHeadOutOfRange, queue: known_queue};
      end
    end
  end
  always_ff @(posedge clk) begin
    error_valid <= breaks;
    if (breaks) begin
      error <= next_error;
      halted <= 1'b1;
    end
    if (!rst_n || flush) begin
      error_valid <= 1'b0;
      halted <= 1'b0;
    end
  end

  // -- state of the queues
  always_ff @(posedge clk) begin
    for (int q = 0; q < int'(Queues); q++) begin
      automatic logic mine = decide && queue == queue_t'(q);
      automatic held_t more = mine && choice == FetchEntries ? held_t'(fetch_count) : '0;
      held[q] <= held[q] + more - held_t'(returned[q]);
      in_flight[q] <= in_flight[q] + held_t'(op_valid && op_queue == queue_t'(q)) -
                      held_t'(done_came && note.queue == queue_t'(q));
      if (mine && choice == FetchEntries) begin
        allocated[q] <= allocated[q] + 32'(fetch_count);
        avail_next[q] <= avail_next[q] + 16'(fetch_count) -
                         16'(fault(EntriesTwice) && fetch_count > count_t'(4));
      end
      if (mine && choice == FetchHeads) head[q] <= head[q] + 32'(run_count);
      if (doorbell[q]) kicked[q] <= 1'b1;
      if (mine && choice == SampleIndex) begin
        sampling[q] <= 1'b1;
        kicked[q] <= 1'b0;
      end
      if (mine && choice == Arm) begin
        sampling[q] <= 1'b1;
        kicked[q] <= 1'b0;
        armed[q] <= 1'b1;
        no_notify[q] <= 1'b0;
      end
      if (fault(NoFreshSample) && written && arm_queue == queue_t'(q)) sampling[q] <= 1'b0;
      if (come && note.use_of == ForIndex && note.queue == queue_t'(q)) begin
        sampled[q] <= 1'b1;
        sample[q] <= ended_head;
      end
      if (index_due && index_queue == queue_t'(q)) begin
        sampled[q] <= 1'b0;
        sampling[q] <= 1'b0;
        if (moved != '0 && !jumped) begin
          avail_seen[q] <= sample[q];
          armed[q] <= !state.event_idx && !no_notify[q];
        end
      end
      if (resume[q]) begin
        held[q] <= '0;
        head[q] <= allocated[q];
        avail_seen[q] <= used_index[q];
        avail_next[q] <= used_index[q];
        kicked[q] <= 1'b1;
        armed[q] <= 1'b0;
        no_notify[q] <= !state.event_idx;
      end
      if (enable[q]) begin
        avail_seen[q] <= context_of[q].index;
        avail_next[q] <= context_of[q].index;
        if (context_of[q].resumed) begin
          armed[q] <= 1'b0;
          no_notify[q] <= !state.event_idx;
        end
      end
      if (!rst_n || flush) begin
        held[q] <= '0;
        in_flight[q] <= '0;
        allocated[q] <= '0;
        head[q] <= '0;
        avail_seen[q] <= '0;
        avail_next[q] <= '0;
        kicked[q] <= 1'b0;
        armed[q] <= 1'b1;
        no_notify[q] <= 1'b0;
        sampling[q] <= 1'b0;
        sampled[q] <= 1'b0;
      end
    end
  end

  assign window_full = (full & know) | stuck;
  assign settled = at_rest & ~sampling & scanner_quiet & walker_quiet;

  // -- trace
  always_comb begin
    trace_valid = resample || index_due || (step && !step_error) || look || know_now || decide;
    trace = '0;
    if (resample) begin
      trace.kind = TraceSampleAvail;
      trace.queue = 16'(arm_queue);
    end else if (index_due) begin
      trace.kind = TraceAvailSampled;
      trace.queue = 16'(index_queue);
      trace.size = 32'(moved);
      trace.value = 64'(sample[index_queue]);
    end else if (step) begin
      trace.queue = 16'(step_queue);
      trace.chain = step_position;
      trace.kind = TraceDescribed;
      trace.size = step_usable;
      if (step_read) begin
        trace.kind = TraceDmaRead;
        trace.purpose = 8'(op.purpose);
        trace.id = 32'(handle);
        trace.size = 32'(op.length);
        trace.address = op.address;
      end
    end else if (look) begin
      trace.kind = TraceDmaRead;
      trace.purpose = 8'(op.purpose);
      trace.queue = 16'(ahead_queue);
      trace.id = 32'(handle);
      trace.chain = ahead_position;
      trace.size = 32'(op.length);
      trace.address = op.address;
    end else if (know_now) begin
      trace.kind = TraceIdsFetched;
      trace.queue = 16'(known_queue);
      trace.chain = known_position;
      trace.size = 32'(known_count);
    end else begin
      trace.queue = 16'(queue);
      unique case (choice)
        FetchHeads: begin
          trace.kind = TraceFetchDescriptors;
          trace.chain = head[queue];
          trace.size = 32'(run_count);
        end
        FetchEntries: begin
          trace.kind = TraceFetchIds;
          trace.chain = allocated[queue];
          trace.size = 32'(fetch_count);
        end
        SampleIndex: trace.kind = TraceSampleAvail;
        Arm: begin
          trace.kind = TraceArmNotify;
          trace.value = 64'(avail_seen[queue]);
        end
      endcase
    end
  end

  // -- a clock edge changes nothing unless an input changes
  assign idle = !(scanner_works || walker_works || store_works || done_came || fail || index_due ||
                  resample || decide || dropped || (!chosen && pick_any) ||
                  error_valid || lands || (done_valid && done.client == ReadRing) ||
                  (read_valid && read_ready) || (write_valid && write_ready) || written || flush ||
                  |(chain_valid & chain_ready) || |enable || |resume || |doorbell ||
                  returned != '0);
endmodule
