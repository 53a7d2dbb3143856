// SPDX-License-Identifier: Apache-2.0
// Used rings of all virtqueues: entries in batches, the index behind them, then the decision to
// interrupt from used_event or flags as read afresh (virtio 1.4, "The Virtqueue Used Ring", "Used
// Buffer Notification Suppression").
//
// One choice a cycle, whose record is given in the cycle whose inputs it follows from: an interrupt
// is decided, or suppression is read, or entries are returned. A return goes on by itself: entries
// are gathered one a cycle and written, eight at a time, then the index.
module used_ring
  import nic_pkg::*;
  import nic_faults_pkg::*;
(
  input  logic                              clk,
  input  logic                              rst_n,
  input  now_t                              now,
  /* verilator lint_off UNUSED */  // what the other modules need of them
  input  straps_t                           straps,
  input  card_state_t                       state,
  input  queue_context_t [Queues-1:0]       context_of,
  /* verilator lint_on UNUSED */
  input  logic           [Queues-1:0]       enable,
  input  logic                              flush,
  // finished chains; room for Window of each queue, so always taken
  input  logic           [Queues-1:0]       used_valid,
  input  used_t          [Queues-1:0]       used,
  // more buffers are announced than the card can hold: do not wait for a full batch
  input  logic           [Queues-1:0]       window_full,
  output logic                              write_valid,
  input  logic                              write_ready,
  output write_op_t                         write_op,
  input  logic                              written,
  output logic                              read_valid,
  input  logic                              read_ready,
  output read_op_t                          read_op,
  input  logic                              done_valid,
  /* verilator lint_off UNUSED */
  input  read_done_t                        done,
  /* verilator lint_on UNUSED */
  output logic           [Queues-1:0][15:0] used_index,
  output logic           [Queues-1:0][3:0]  returned,
  // queue interrupts
  output logic                              interrupt_valid,
  input  logic                              interrupt_ready,
  output queue_t                            interrupt_queue,
  // every finished chain is returned and whether the driver is told is decided
  output logic           [Queues-1:0]       settled,
  output logic           [63:0]             index_writes,
  output logic                              error_valid,
  output error_t                            error,
  output logic                              trace_valid,
  output trace_t                            trace,
  output logic                              busy,
  // these two depend on the inputs of the same cycle
  output logic                              idle,
  output now_t                              deadline
);

  localparam int unsigned WindowW = $clog2(Window);
  localparam int unsigned BatchMost = ImmediateBytes / 8;
  localparam int unsigned BatchW = $clog2(BatchMost);
  localparam int unsigned PostedW = 3;  // log2 of index writes on their way
  typedef logic [WindowW:0] count_t;
  typedef logic [BatchW:0] batch_t;

  if (Window != 64) $error("used_ring keeps frame ends in a word of 64 bits");

  // Virtio 1.4, 2.7.6 and 2.7.8.
  localparam logic [63:0] UsedIndexAt = 64'd2;
  localparam logic [63:0] UsedRingAt = 64'd4;
  localparam logic [63:0] AvailRingAt = 64'd4;

  typedef enum logic [2:0] {
    Rest,
    Measure,  // how many entries make whole frames
    Decide,
    Gather,
    Entries,
    Index
  } step_e;

  function automatic queue_t first_behind(input logic [Queues-1:0] wanted, input queue_t last);
    automatic queue_t found = '0;
    for (int unsigned q = 0; q < Queues; ++q) begin
      if (wanted[Queues-1-q]) found = queue_t'(Queues - 1 - q);
    end
    for (int unsigned q = 0; q < Queues; ++q) begin
      if (wanted[Queues-1-q] && 32'(last) < Queues - 1 - q) found = queue_t'(Queues - 1 - q);
    end
    return found;
  endfunction

  // -- finished chains, by queue: [taken, given), whole frames up to `ends`

  logic [Queues-1:0][WindowW:0] given, taken, ends;
  logic [Queues-1:0][63:0] frame_ends;  // by slot
  logic [Queues-1:0][31:0] position;  // of the oldest
  logic [Queues-1:0][47:0] oldest;  // id and length of the slot that is read
  logic [Queues-1:0] whole;
  now_t [Queues-1:0] due_at;  // the oldest frame waits no longer
  step_e step;
  queue_t current;
  count_t gather_at;

  for (genvar q = 0; q < int'(Queues); ++q) begin : g_queue
    // A return gathers what the window may already hold other chains instead of.
    logic [47:0] entries[2*Window];
    always_ff @(posedge clk) begin
      if (used_valid[q]) entries[given[q]] <= {used[q].length, used[q].id};
    end
    assign oldest[q] = entries[gather_at];
    assign whole[q] = ends[q] != taken[q];
  end

  // -- choices

  logic [Queues-1:0][15:0] signalled, asked, answer;
  logic [Queues-1:0] deciding, answered;
  logic [Queues-1:0][PostedW:0] posting;  // index writes that have not left
  logic [Queues-1:0] running, decidable, readable, returnable, due;
  logic decides, reads, picks, returns;
  queue_t decide_queue, read_queue, pick_queue, last_decided, last_read, last_returned;
  logic wanted;
  logic [PostedW:0] posted_in, posted_out;  // of posted_queues
  queue_t posted_queues[2**PostedW];
  logic posted_full;
  batch_t batch, chunk, chunk_most, gathered;
  count_t size, left, opening;
  logic open_now;

  assign batch = straps.used_batch == 0 ? batch_t'(1) :
      straps.used_batch > 8'(BatchMost) ? batch_t'(BatchMost) : batch_t'(straps.used_batch);
  assign posted_full = posted_in - posted_out == (PostedW + 1)'(2 ** PostedW);

  always_comb begin
    for (int unsigned q = 0; q < Queues; ++q) begin
      running[q] = state.active && context_of[q].enabled;
      due[q] = now >= due_at[q];
      decidable[q] = running[q] && answered[q] && !interrupt_valid;
      // The driver's word is read behind the index that it may have missed.
      readable[q] = running[q] && !deciding[q] && used_index[q] != signalled[q] &&
          (posting[q] == 0 || fault(InterruptBeforeIndex)) && !read_valid;
      // A read that is due goes before more entries, lest it never finds the index written.
      returnable[q] = running[q] && whole[q] &&
          (count_t'(ends[q] - taken[q]) >= count_t'(batch) || window_full[q] || due[q]) &&
          (deciding[q] || used_index[q] == signalled[q]);
    end
  end
  assign decide_queue = first_behind(decidable, last_decided);
  assign read_queue = first_behind(readable, last_read);
  assign pick_queue = first_behind(returnable, last_returned);
  assign decides = decidable != 0;
  assign reads = !decides && readable != 0;
  assign picks = step == Rest && returnable != 0 && !posted_full;
  assign returns = step == Decide && !decides && !reads && running[current];

  // VQS-D-009 to VQS-D-014.
  assign wanted = state.event_idx ?
      16'(asked[decide_queue] - answer[decide_queue] - 16'd1 + 16'(fault(EventIndexLate))) <
          16'(asked[decide_queue] - signalled[decide_queue]) :
      !answer[decide_queue][0];

  // Entries of whole frames within one batch, and the first frame's if it has more.
  logic [63:0] turned;
  logic [BatchMost-1:0] in_batch;
  batch_t batch_size;
  count_t current_whole;
  assign current_whole = ends[current] - taken[current];
  assign turned = frame_ends[current] >> taken[current][WindowW-1:0] |
      frame_ends[current] << (count_t'(Window) - count_t'(taken[current][WindowW-1:0]));
  always_comb begin
    batch_size = '0;
    for (int unsigned i = 0; i < BatchMost; ++i) begin
      in_batch[i] = turned[i] && batch_t'(i) < batch && count_t'(i) < current_whole;
      if (in_batch[i]) batch_size = batch_t'(i + 1);
    end
  end

  assign trace_valid = decides || reads || returns;
  always_comb begin
    trace = '0;
    if (decides) begin
      trace.kind = TraceInterruptDecision;
      trace.queue = 16'(decide_queue);
      trace.value = 64'(wanted);
    end else if (reads) begin
      trace.kind = TraceReadSuppression;
      trace.queue = 16'(read_queue);
    end else begin
      trace.kind = TraceReturnUsed;
      trace.queue = 16'(current);
      trace.chain = position[current];
      trace.size = 32'(size);
      trace.value = 64'(16'(used_index[current] + 16'(size)));
    end
  end

  // -- chains and positions

  always_ff @(posedge clk) begin
    for (int unsigned q = 0; q < Queues; ++q) begin
      if (!rst_n || flush) begin
        given[q] <= '0;
        taken[q] <= '0;
        ends[q] <= '0;
        used_index[q] <= '0;
        posting[q] <= '0;
      end else begin
        if (used_valid[q]) begin
          given[q] <= given[q] + 1'b1;
          if (used[q].frame_end) ends[q] <= given[q] + 1'b1;
        end
        if (returns && current == queue_t'(q)) taken[q] <= taken[q] + size;
        if (enable[q]) used_index[q] <= context_of[q].index;
        else if (returns && current == queue_t'(q)) used_index[q] <= used_index[q] + 16'(size);
        posting[q] <= posting[q] + (PostedW + 1)'(returns && current == queue_t'(q)) -
            (PostedW + 1)'(written && posted_queues[posted_out[PostedW-1:0]] == queue_t'(q));
      end
      if (used_valid[q]) frame_ends[q][given[q][WindowW-1:0]] <= used[q].frame_end;
      if (used_valid[q] && given[q] == taken[q]) position[q] <= used[q].position;
      else if (returns && current == queue_t'(q)) position[q] <= position[q] + 32'(size);
      if ((used_valid[q] && used[q].frame_end && !whole[q]) ||
          (returns && current == queue_t'(q))) begin
        due_at[q] <= now + now_t'(straps.used_timeout);
      end
    end
  end

  // The window opens by at most a batch a cycle.
  always_ff @(posedge clk) begin
    returned <= '0;
    if (!rst_n || flush) begin
      opening <= '0;
    end else if (returns) begin
      opening <= size > count_t'(BatchMost) ? size - count_t'(BatchMost) : '0;
      returned[current] <= size > count_t'(BatchMost) ? 4'(BatchMost) : size[3:0];
    end else if (open_now) begin
      opening <= opening > count_t'(BatchMost) ? opening - count_t'(BatchMost) : '0;
      returned[current] <= opening > count_t'(BatchMost) ? 4'(BatchMost) : opening[3:0];
    end
  end
  assign open_now = opening != 0;

  // -- a return: measure, decide, write

  logic [BatchMost-1:0][63:0] line;  // entries, or the index
  logic [15:0] slot;  // in the ring, of the next entry
  logic [31:0] line_position;
  logic [63:0] line_address;
  logic [15:0] ring_size, to_end;
  logic accepted;

  assign ring_size = 16'd1 << context_of[current].size_log2;
  assign to_end = ring_size - slot;
  always_comb begin
    chunk_most = left > count_t'(batch) ? batch : batch_t'(left);
    chunk = to_end < 16'(chunk_most) && !fault(UsedRingEnd) ? batch_t'(to_end) : chunk_most;
  end
  // A fault's.
  logic skips, index_first, index_now;
  assign skips = fault(UsedEntryLost) && step == Entries && position[current][3:0] == '0;
  assign index_first = fault(IndexBeforeEntries) && left == 0;
  assign index_now = (step == Index) != index_first;

  assign accepted = (write_valid && write_ready) || skips;

  always_ff @(posedge clk) begin
    if (!rst_n || flush) begin
      step <= Rest;
      last_returned <= '0;
      posted_in <= '0;
      posted_out <= '0;
    end else begin
      if (written) posted_out <= posted_out + 1'b1;
      if (returns) posted_in <= posted_in + 1'b1;
      case (step)
        Rest:
        if (picks) begin
          step <= Measure;
          last_returned <= pick_queue;
        end
        Measure: if (batch_size != 0 || turned[size[WindowW-1:0]]) step <= Decide;
        Decide: begin
          if (!running[current]) step <= Rest;
          else if (returns) step <= Gather;
        end
        Gather: if (gathered + 1'b1 == chunk) step <= Entries;
        Entries: if (accepted) step <= left == 0 ? Index : Gather;
        default: if (accepted) step <= Rest;
      endcase
    end
  end

  always_ff @(posedge clk) begin
    case (step)
      Rest: begin
        if (picks) current <= pick_queue;
        size <= '0;
      end
      Measure: size <= batch_size != 0 ? count_t'(batch_size) : size + 1'b1;
      Decide: begin
        gather_at <= taken[current];
        left <= size;
        slot <= used_index[current] & (ring_size - 1'b1);
        gathered <= '0;
        line_position <= position[current];
        line_address <= context_of[current].device + UsedRingAt +
            {45'd0, used_index[current] & (ring_size - 1'b1), 3'b0};
        if (returns) posted_queues[posted_in[PostedW-1:0]] <= current;
      end
      Gather: begin
        line[gathered[BatchW-1:0]] <= {oldest[current][47:16], 16'd0, oldest[current][15:0]};
        gather_at <= gather_at + 1'b1;
        gathered <= gathered + 1'b1;
        if (gathered + 1'b1 == chunk) left <= left - count_t'(chunk);
      end
      Entries:
      if (accepted && !index_first) begin
        if (left == 0) line[0][15:0] <= used_index[current];
        slot <= (slot + 16'(gathered)) & (ring_size - 1'b1);
        line_position <= line_position + 32'(gathered);
        line_address <= context_of[current].device + (left == 0 ? UsedIndexAt : UsedRingAt +
            {45'd0, (slot + 16'(gathered)) & (ring_size - 1'b1), 3'b0});
        gathered <= '0;
      end
      default: ;
    endcase
  end

  assign write_valid = (step == Entries && !skips) || step == Index;
  assign write_op = '{
    source: WriteImmediate,
    purpose: index_now ? PurposeUsedIndex : PurposeUsedEntries,
    queue: current,
    chain: index_now ? '0 : line_position,
    address: index_first && index_now ? context_of[current].device + UsedIndexAt : line_address,
    length: index_now ? 16'd2 : 16'({gathered, 3'b0}),
    data: index_first && index_now ? (8 * ImmediateBytes)'(used_index[current]) : line,
    row: '0,
    offset: '0,
    num_buffers: '0,
    last: 1'b0,
    notify: step == Index
  };

  // -- suppression and interrupts

  logic failed;
  queue_t failed_queue, done_queue;
  logic done_own;
  assign done_own = done_valid && done.client == ReadSuppression;
  assign done_queue = queue_t'(done.handle);

  always_ff @(posedge clk) begin
    if (!rst_n || flush) begin
      deciding <= '0;
      answered <= fault(UnknownAnswer) ? answered : '0;
      signalled <= '0;
      read_valid <= 1'b0;
      interrupt_valid <= 1'b0;
      failed <= 1'b0;
      last_decided <= '0;
      last_read <= '0;
    end else begin
      failed <= 1'b0;
      if (read_valid && read_ready) read_valid <= 1'b0;
      if (interrupt_valid && interrupt_ready) interrupt_valid <= 1'b0;
      if (reads) begin
        deciding[read_queue] <= 1'b1;
        read_valid <= 1'b1;
        last_read <= read_queue;
      end
      if (done_own) begin
        answered[done_queue] <= done.ok;
        failed <= !done.ok;
      end
      if (decides) begin
        deciding[decide_queue] <= 1'b0;
        answered[decide_queue] <= 1'b0;
        signalled[decide_queue] <= asked[decide_queue];
        interrupt_valid <= wanted;
        last_decided <= decide_queue;
      end
      for (int unsigned q = 0; q < Queues; ++q) begin
        if (enable[q]) signalled[q] <= context_of[q].index;
      end
    end
  end

  logic [63:0] read_address;
  queue_t asked_queue;
  always_ff @(posedge clk) begin
    if (reads) begin
      asked[read_queue] <= used_index[read_queue];
      asked_queue <= read_queue;
      read_address <= context_of[read_queue].driver +
          (state.event_idx ? AvailRingAt + (64'd2 << context_of[read_queue].size_log2) : '0);
    end
    if (done_own) begin
      answer[done_queue] <= done.head;
      failed_queue <= done_queue;
    end
    if (decides) interrupt_queue <= decide_queue;
  end
  assign read_op = '{
    purpose: PurposeUsedEvent,
    queue: asked_queue,
    chain: '0,
    address: read_address,
    length: 16'd2,
    landing: '0,
    handle: HandleW'(asked_queue)
  };

  // After an error or in a reset what reads bring does not count.
  assign error_valid = failed && state.counts;
  assign error = '{code: ErrorDmaRead, queue: failed_queue};

  always_ff @(posedge clk) begin
    if (!rst_n) index_writes <= '0;
    else if (returns) index_writes <= index_writes + 1'b1;
  end

  assign busy = step == Gather || step == Entries || step == Index || interrupt_valid;
  always_comb begin
    deadline = Never;
    for (int unsigned q = 0; q < Queues; ++q) begin
      settled[q] = given[q] == taken[q] && used_index[q] == signalled[q] && posting[q] == 0 &&
          !deciding[q] && !(step != Rest && current == queue_t'(q)) &&
          !(interrupt_valid && interrupt_queue == queue_t'(q));
      if (running[q] && whole[q] && !due[q] && due_at[q] < deadline) deadline = due_at[q];
    end
  end
  assign idle = used_valid == '0 && !decides && !reads && !picks && step != Measure &&
      step != Decide && step != Gather && !accepted && !written && !(read_valid && read_ready) &&
      !done_own && !failed && !(interrupt_valid && interrupt_ready) && enable == '0 && !flush &&
      returned == '0 && !open_now;

endmodule
