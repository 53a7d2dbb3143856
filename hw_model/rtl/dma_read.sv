// SPDX-License-Identifier: Apache-2.0
// Reads of host memory: cut at Max_Read_Request_Size and 4 KiB, tags, completions in any order and
// split at will, time-outs (PCI Express Base Specification 4.0, 2.2.9, 2.3.1, 2.3.2, 2.8).
module dma_read
  import nic_pkg::*;
  import nic_faults_pkg::*;
(
  input  logic                           clk,
  input  logic                           rst_n,
  input  now_t                           now,
  /* verilator lint_off UNUSEDSIGNAL */  // each module takes what it needs of these
  input  straps_t                        straps,
  input  card_state_t                    state,
  /* verilator lint_on UNUSEDSIGNAL */
  // Forget every operation: what completions still bring is discarded, what was not asked for is
  // not asked for. One cycle. A request that waits to leave does not.
  input  logic                           flush,
  // operations, by client
  input  logic          [ReadClients-1:0] op_valid,
  output logic          [ReadClients-1:0] op_ready,
  input  read_op_t      [ReadClients-1:0] op,
  // requests to the host; without Bus Master Enable request_valid falls, and comes back with it
  output logic                           request_valid,
  input  logic                           request_ready,
  output read_request_t                  request,
  // completions from it; only of a TLP's first beat does `completion` count
  input  logic                           completion_valid,
  output logic                           completion_ready,
  input  completion_t                    completion,
  /* verilator lint_off UNUSEDSIGNAL */  // a TLP says its length: only eop and data are needed
  input  beat_t                          completion_beat,
  /* verilator lint_on UNUSEDSIGNAL */
  // to the clients; `done` comes with the operation's last bytes or behind them
  output logic                           landing_valid,
  output landing_t                       landing,
  output logic                           done_valid,
  output read_done_t                     done,
  output read_counters_t                 counters,
  output logic                           trace_valid,
  output trace_t                         trace,
  output logic                           idle,  // depends on inputs of the same cycle
  output now_t                           deadline
);

  // Accepted and not done. Several pairs ask for less at a time, and so more often.
  localparam int unsigned Operations = QueuePairs > 1 ? 128 : 64;
  localparam int unsigned SlotW = $clog2(Operations);
  localparam int unsigned ClientW = $clog2(ReadClients);

  if (1 << TagW != ReadTags || ReadTags > 1024) $error("ReadTags must be a power of two, at most 1024");
  if (HandleW < 1 || LandingW < LaneW + 2) $error("a landing memory has at least four rows");

  typedef logic [SlotW-1:0] slot_t;
  typedef logic [TagW-1:0] tag_t;
  typedef logic [LandingW-1:0] landing_address_t;
  typedef logic [12:0] bytes_t;  // of a request: at most 4096

  // -- operations come in: one client has the grant, and loses it to the next one that wants it
  typedef struct packed {
    read_client_e client;
    logic [HandleW-1:0] handle;
    purpose_e purpose;
    queue_t queue;
    logic [31:0] chain;
    logic [15:0] length;
  } operation_t;

  typedef struct packed {  // what is still to be asked for
    slot_t slot;
    purpose_e purpose;
    queue_t queue;
    logic [63:0] address;
    logic [15:0] length;
    landing_address_t landing;
  } waiting_t;

  operation_t operations[Operations];

  logic [ClientW-1:0] grant;
  logic [ClientW-1:0] next_grant;
  logic grant_moves;
  logic room;
  logic accept;
  read_op_t granted;

  slot_t free_slot;
  logic free_slot_valid;
  logic [SlotW:0] fresh_slots;  // given out since the reset or flush, up to all
  logic slot_fresh;
  slot_t new_slot;
  logic slot_freed;
  slot_t freed_slot;

  waiting_t incoming;
  waiting_t next_waiting;
  logic waiting_ready;
  logic waiting_valid;
  logic waiting_taken;

  assign slot_fresh = !fresh_slots[SlotW];
  assign new_slot = slot_fresh ? fresh_slots[SlotW-1:0] : free_slot;
  assign room = waiting_ready && (slot_fresh || free_slot_valid);
  assign op_ready = room ? ReadClients'(1) << grant : '0;
  assign accept = room && op_valid[grant] && !flush;
  assign granted = op[grant];

  always_comb begin
    next_grant = grant;
    for (int k = int'(ReadClients) - 1; k > 0; k--) begin
      if (op_valid[grant+ClientW'(k)]) next_grant = grant + ClientW'(k);
    end
  end
  assign grant_moves = (accept || !op_valid[grant]) && next_grant != grant;

  always_comb begin
    incoming.slot = new_slot;
    incoming.purpose = granted.purpose;
    incoming.queue = granted.queue;
    incoming.address = granted.address;
    incoming.length = granted.length;
    incoming.landing = granted.landing;
  end

  fifo #(.Width(SlotW), .Depth(Operations)) free_slots (
    .clk, .rst_n, .clear(flush),
    .in_valid(slot_freed),
    /* verilator lint_off PINCONNECTEMPTY */  // there is room for all
    .in_ready(),
    /* verilator lint_on PINCONNECTEMPTY */
    .in_data(freed_slot),
    .out_valid(free_slot_valid), .out_ready(accept && !slot_fresh), .out_data(free_slot)
  );

  fifo #(.Width($bits(waiting_t)), .Depth(4)) waiting (
    .clk, .rst_n, .clear(flush),
    .in_valid(accept), .in_ready(waiting_ready), .in_data(incoming),
    .out_valid(waiting_valid), .out_ready(waiting_taken), .out_data(next_waiting)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) grant <= '0;
    else if (grant_moves) grant <= next_grant;
  end

  always_ff @(posedge clk) begin
    if (!rst_n || flush) fresh_slots <= '0;
    else if (accept && slot_fresh) fresh_slots <= fresh_slots + 1'b1;
  end

  always_ff @(posedge clk) begin
    if (accept) begin
      operations[new_slot] <= '{
        client: read_client_e'(grant),
        handle: granted.handle,
        purpose: granted.purpose,
        queue: granted.queue,
        chain: granted.chain,
        length: granted.length
      };
    end
  end

  // -- requests: the operation whose turn it is, one request a cycle
  typedef struct packed {
    slot_t slot;
    logic [1:0] offset;  // of the first byte in the operation: 0, 1, or 2 for more
    bytes_t size;
    logic [6:0] address;
    landing_address_t landing;
    read_client_e client;
  } asked_t;

  asked_t requests[ReadTags];
  now_t asked_at[ReadTags];
  // Of each tag: a request without its last completion; one whose time is over; one that nobody
  // waits for; one without any completion yet.
  logic [ReadTags-1:0] in_flight;
  logic [ReadTags-1:0] retired;
  logic [ReadTags-1:0] stale;
  logic [ReadTags-1:0] untouched;
  // Of each operation: it failed; no further request will come; no request has ended yet; how many
  // were sent.
  logic [Operations-1:0] failed;
  logic [Operations-1:0] all_asked;
  logic [Operations-1:0] none_ended;
  logic [TagW:0] asked_count[Operations];

  logic current_valid;
  waiting_t current;
  logic [1:0] current_offset;
  logic [TagW:0] current_count;
  read_client_e current_client;
  logic current_failed;

  logic [TagW:0] fresh_tags;
  logic tag_fresh;
  tag_t free_tag;
  logic free_tag_valid;
  logic tag_freed;
  tag_t freed_tag;
  tag_t new_tag;
  logic [TagW:0] tags_in_use;
  logic drop_done;

  bytes_t request_max;
  bytes_t to_page;
  bytes_t cut;
  bytes_t request_size;
  logic ask;
  logic ask_last;
  logic request_waits;  // to be taken
  logic leaves;

  assign tag_fresh = !fresh_tags[TagW];
  // A request that waits for Bus Master Enable or the port does not outlive a reset: its tag is the
  // next one's.
  logic takes_back;
  logic spare_valid;
  tag_t spare_tag;
  assign takes_back = flush && request_waits && !leaves;
  always_ff @(posedge clk) begin
    if (!rst_n) spare_valid <= 1'b0;
    else if (takes_back) spare_valid <= 1'b1;
    else if (ask) spare_valid <= 1'b0;
    if (takes_back) spare_tag <= request.tag[TagW-1:0];
  end

  assign new_tag = spare_valid ? spare_tag : tag_fresh ? fresh_tags[TagW-1:0] : free_tag;
  // The Length field counts the whole double word that the first byte is in (2.2.7). 6 and 7 are
  // reserved encodings (7.5.3.4).
  assign request_max = (state.max_read_request > 3'd5 ? 13'd4096 : 13'd128 << state.max_read_request)
                       - 13'(current.address[1:0]);
  assign to_page = 13'd4096 - 13'(current.address[11:0]);
  assign cut = request_max < to_page ? request_max : to_page;
  logic shorter;  // a fault's
  assign shorter = current_client == ReadTransmit && current.length[12:0] > 13'd1;
  assign ask_last = 16'(cut) >= current.length;
  assign request_size = ask_last ? current.length[12:0] - 13'(fault(ReadShort) && shorter) : cut;
  assign current_failed = failed[current.slot];
  assign ask = current_valid && !current_failed && state.bus_master && !flush &&
               (spare_valid || tag_fresh || free_tag_valid) && (!request_waits || request_ready);
  assign request_valid = request_waits && state.bus_master;
  assign leaves = request_valid && request_ready;
  assign waiting_taken = !current_valid || (ask && ask_last);

  fifo #(.Width(TagW), .Depth(ReadTags)) free_tags (
    .clk, .rst_n, .clear(1'b0),
    .in_valid(tag_freed),
    /* verilator lint_off PINCONNECTEMPTY */  // there is room for all
    .in_ready(),
    /* verilator lint_on PINCONNECTEMPTY */
    .in_data(freed_tag),
    .out_valid(free_tag_valid), .out_ready(ask && !tag_fresh && !spare_valid), .out_data(free_tag)
  );

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      fresh_tags <= '0;
      tags_in_use <= '0;
    end else begin
      if (ask && tag_fresh && !spare_valid) fresh_tags <= fresh_tags + 1'b1;
      tags_in_use <= tags_in_use + (TagW + 1)'(ask) - (TagW + 1)'(tag_freed) -
                     (TagW + 1)'(takes_back);
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n || flush || drop_done) current_valid <= 1'b0;
    else if (waiting_taken) current_valid <= waiting_valid;
  end

  always_ff @(posedge clk) begin
    if (waiting_taken) begin
      if (waiting_valid) begin
        current <= next_waiting;
        current_client <= operations[next_waiting.slot].client;
        current_offset <= 2'd0;
        current_count <= '0;
      end
    end else if (ask) begin
      current.address <= current.address + 64'(request_size);
      current.length <= current.length - 16'(request_size);
      current.landing <= current.landing + landing_address_t'(request_size);
      current_offset <= current_offset == 2'd0 && request_size == 13'd1 ? 2'd1 : 2'd2;
      current_count <= current_count + 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (ask) begin
      requests[new_tag] <= '{
        slot: current.slot,
        offset: current_offset,
        size: request_size,
        address: current.address[6:0],
        landing: current.landing,
        client: current_client
      };
      asked_count[current.slot] <= current_count + 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (leaves) asked_at[request.tag[TagW-1:0]] <= now;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) request_waits <= 1'b0;
    else if (ask) request_waits <= 1'b1;
    else if (leaves || takes_back) request_waits <= 1'b0;
    if (ask) begin
      request <= '{
        address: current.address,
        length: request_size,
        tag: 10'(new_tag),
        purpose: current.purpose,
        queue: current.queue
      };
    end
  end

  // -- completions come in. Between TLPs a cycle is taken for what happens to a tag or an operation
  // without one: a time-out, or an operation that failed before all of it was asked for.
  typedef enum logic [1:0] {
    ArrivalFirst,  // beat of a TLP
    ArrivalNext,
    ArrivalExpire,
    ArrivalDrop
  } arrival_e;

  logic mid_tlp;  // the next beat is not a TLP's first
  logic next_mid_tlp;
  logic event_wanted;
  logic event_now;  // this cycle is taken
  logic event_under_way;  // chosen, and not done
  logic event_expire;
  logic drop_wanted;
  logic expire_wanted;
  logic take_beat;

  logic arrival_valid;
  arrival_e arrival;
  logic arrival_last;
  completion_t arrived;
  logic [DataBits-1:0] arrived_data;

  assign completion_ready = !event_now;
  assign take_beat = completion_valid && completion_ready;
  assign next_mid_tlp = take_beat ? (mid_tlp || completion.has_data) && ~|completion_beat.eop : mid_tlp;
  assign drop_wanted = current_valid && current_failed;
  assign event_wanted = (drop_wanted || expire_wanted) && !event_under_way;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      mid_tlp <= 1'b0;
      event_now <= 1'b0;
      event_under_way <= 1'b0;
      arrival_valid <= 1'b0;
    end else begin
      mid_tlp <= next_mid_tlp;
      event_now <= event_wanted && !next_mid_tlp && !flush;
      if (flush || (arrival_valid && (arrival == ArrivalExpire || arrival == ArrivalDrop))) begin
        event_under_way <= 1'b0;
      end else if (event_wanted && !next_mid_tlp) begin
        event_under_way <= 1'b1;
      end
      arrival_valid <= take_beat || (event_now && !flush);
    end
  end

  always_ff @(posedge clk) begin
    if (event_wanted) event_expire <= expire_wanted;
    if (event_now) begin
      arrival <= event_expire ? ArrivalExpire : ArrivalDrop;
    end else if (completion_valid) begin
      arrival <= mid_tlp ? ArrivalNext : ArrivalFirst;
      arrival_last <= (!mid_tlp && !completion.has_data) || |completion_beat.eop;
      if (!mid_tlp) arrived <= completion;
      arrived_data <= completion_beat.data;
    end
  end

  // -- the time of the oldest request: a lower bound, looked at tag by tag when it is reached
  logic watch_valid;
  now_t watch;
  logic scanning;
  logic scan_loaded;  // scan_due is of scan_tag as it is
  tag_t scan_tag;
  now_t scan_due;
  now_t scan_least;
  logic scan_occupied;
  logic scan_touched;  // scan_tag's request ends, or a new one begins
  logic scan_passes;

  assign deadline = watch_valid ? watch : Never;
  // The time of a request begins when it leaves.
  assign scan_occupied = (in_flight[scan_tag] || retired[scan_tag]) &&
                         !(request_waits && request.tag[TagW-1:0] == scan_tag);
  assign expire_wanted = scanning && scan_loaded && scan_occupied && scan_due <= now;
  assign scan_passes = scanning && (!scan_occupied || (scan_loaded && scan_due > now));

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      watch_valid <= 1'b0;
      scanning <= 1'b0;
      scan_loaded <= 1'b0;
    end else if (!scanning) begin
      scan_loaded <= 1'b0;
      if (watch_valid && now >= watch) scanning <= 1'b1;
      else if (tags_in_use == '0) watch_valid <= ask;
    end else begin
      scan_loaded <= !scan_loaded && scan_occupied && !scan_touched;
      if (scan_loaded && expire_wanted) scan_loaded <= !scan_touched;
      if (scan_passes && scan_tag == '1) scanning <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (!scanning) begin
      scan_tag <= '0;
      if (watch_valid && now >= watch) scan_least <= now + now_t'(straps.completion_timeout);
      if (tags_in_use == '0 && ask) watch <= now + now_t'(straps.completion_timeout);
    end else begin
      // A retired tag waits as long again: for a late completion, which must not be taken for one of
      // another request.
      scan_due <= asked_at[scan_tag] + (retired[scan_tag] ? now_t'({straps.completion_timeout, 1'b0})
                                                          : now_t'(straps.completion_timeout));
      if (scan_passes) begin
        scan_tag <= scan_tag + 1'b1;
        if (scan_occupied && scan_due < scan_least) scan_least <= scan_due;
        if (scan_tag == '1) begin
          watch <= scan_occupied && scan_due < scan_least ? scan_due : scan_least;
        end
      end
    end
  end

  // -- what an arrival means: one TLP's first beat decides for the others
  bytes_t received_of[ReadTags];
  logic [TagW:0] ended_count[Operations];
  logic [7:0] first_byte[Operations];
  logic [7:0] second_byte[Operations];

  logic tlp_lands;  // of the TLP whose beats come
  logic tlp_ends;
  logic tlp_stale;
  tag_t tlp_tag;
  slot_t tlp_slot;
  read_client_e tlp_client;
  logic [LaneW-1:0] tlp_up;
  landing_address_t tlp_landing;
  bytes_t tlp_left;

  logic is_first;
  logic is_next;
  logic is_expire;
  logic is_drop;
  logic tag_known;
  tag_t tag;
  asked_t asked;
  bytes_t received;
  bytes_t lacks;
  logic success;
  logic passes;  // a fault's
  logic tag_flies;
  logic expected;
  logic takes;  // an expected completion
  logic fails;  // what came fails the operation
  logic ends_request;
  logic times_out;
  logic operation_known;
  slot_t slot;
  logic [TagW:0] ended;
  logic ends_operation;
  logic [1:0] start_lane;
  logic [LaneW-1:0] up;
  bytes_t beat_room;
  bytes_t beat_bytes;
  bytes_t left;
  logic beat_lands;
  landing_address_t beat_landing;

  assign is_first = arrival_valid && arrival == ArrivalFirst;
  assign is_next = arrival_valid && arrival == ArrivalNext;
  assign is_expire = arrival_valid && arrival == ArrivalExpire && expire_wanted;
  assign is_drop = arrival_valid && arrival == ArrivalDrop;

  assign tag = is_expire ? scan_tag : is_next ? tlp_tag : arrived.tag[TagW-1:0];
  assign tag_known = 32'(arrived.tag) < ReadTags;
  assign asked = requests[tag];
  assign received = untouched[tag] ? '0 : received_of[tag];
  assign lacks = asked.size - received;
  assign tag_flies = tag_known && in_flight[tag];
  assign success = arrived.status == 3'd0;
  assign passes = fault(FailedReadGood) && !success;
  assign start_lane = arrived.lower_address[1:0];
  assign expected = arrived.has_data && arrived.length != '0 && arrived.byte_count == lacks &&
                    arrived.length <= lacks &&
                    arrived.lower_address == asked.address + received[6:0];
  assign takes = is_first && tag_flies && success && expected;
  assign times_out = is_expire && in_flight[tag];
  assign fails = (is_first && tag_flies && !success && !passes) ||
                 (takes && arrived.poisoned) || times_out;
  assign ends_request = times_out || (is_first && tag_flies && !success) ||
                        (takes && arrived.length == lacks && arrival_last) ||
                        (is_next && tlp_ends && arrival_last);
  assign tag_freed = (ends_request && !times_out) || (is_expire && retired[tag]) ||
                     (is_first && tag_known && retired[tag] &&
                      (!success || arrived.byte_count <= arrived.length));
  assign freed_tag = tag;
  assign scan_touched = tag == scan_tag && (ends_request || tag_freed);

  assign slot = is_drop ? current.slot : is_next ? tlp_slot : asked.slot;
  assign operation_known = is_next ? !tlp_stale : !stale[tag];
  assign ended = none_ended[slot] ? '0 : ended_count[slot];
  assign ends_operation = is_drop ? ended == asked_count[slot]
                                  : ends_request && operation_known && all_asked[slot] &&
                                    ended + 1'b1 == asked_count[slot];
  assign drop_done = is_drop;
  assign slot_freed = ends_operation && !flush;
  assign freed_slot = slot;

  // A fault's.
  logic [2:0] later_far;
  assign later_far = fault(LaterCompletionFar) && received != '0 ? 3'd4 : 3'd0;

  assign up = is_first ? asked.landing[LaneW-1:0] + received[LaneW-1:0] + LaneW'(later_far) -
      LaneW'(start_lane) : tlp_up;
  assign left = is_first ? arrived.length : tlp_left;
  assign beat_room = bytes_t'(DataBytes) - (is_first ? bytes_t'(start_lane) : '0);
  assign beat_bytes = left < beat_room ? left : beat_room;
  assign beat_landing = is_first ? asked.landing + landing_address_t'(received) +
      landing_address_t'(later_far) : tlp_landing;
  assign beat_lands = (takes && !arrived.poisoned && !stale[tag]) || (is_next && tlp_lands);

  always_ff @(posedge clk) begin
    if (is_first) begin
      tlp_lands <= takes && !arrived.poisoned && !stale[tag] && !flush;
      tlp_ends <= takes && arrived.length == lacks;
      tlp_stale <= stale[tag] || flush;
      tlp_tag <= tag;
      tlp_slot <= asked.slot;
      tlp_client <= asked.client;
      tlp_up <= up;
    end else if (flush) begin
      tlp_lands <= 1'b0;
      tlp_stale <= 1'b1;
    end
    if (is_first || is_next) begin
      tlp_landing <= beat_landing + landing_address_t'(beat_bytes);
      tlp_left <= left - beat_bytes;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      in_flight <= '0;
      retired <= '0;
    end else begin
      if (ends_request) in_flight[tag] <= 1'b0;
      if (times_out) retired[tag] <= 1'b1;
      else if (tag_freed) retired[tag] <= 1'b0;
      if (ask) in_flight[new_tag] <= 1'b1;
      if (takes_back) in_flight[request.tag[TagW-1:0]] <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (flush) stale <= '1;
    else if (ask) stale[new_tag] <= 1'b0;
    if (takes) begin
      untouched[tag] <= 1'b0;
      received_of[tag] <= received + arrived.length;
    end
    if (ask) untouched[new_tag] <= 1'b1;
  end

  always_ff @(posedge clk) begin
    if (fails && operation_known) failed[slot] <= 1'b1;
    if (is_drop || (ask && ask_last)) all_asked[current.slot] <= 1'b1;
    if (ends_request && operation_known) begin
      none_ended[slot] <= 1'b0;
      ended_count[slot] <= ended + 1'b1;
    end
    if (accept) begin
      failed[new_slot] <= 1'b0;
      all_asked[new_slot] <= 1'b0;
      none_ended[new_slot] <= 1'b1;
    end
  end

  always_ff @(posedge clk) begin
    if (takes && operation_known) begin
      if (asked.offset == 2'd0 && received == '0) begin
        first_byte[slot] <= arrived_data[8*start_lane+:8];
        if (arrived.length != 13'd1) second_byte[slot] <= arrived_data[8*(3'(start_lane)+3'd1)+:8];
      end else if (32'(asked.offset) + 32'(received) == 1) begin
        second_byte[slot] <= arrived_data[8*start_lane+:8];
      end
    end
  end

  // -- the bytes turn into their lanes
  logic turn_valid;
  logic [DataBits-1:0] turn_data;
  logic [LaneW-1:0] turn_up;
  landing_address_t turn_landing;
  logic [LaneW:0] turn_count;
  read_client_e turn_client;
  logic ended_valid;
  slot_t ended_slot;
  logic ended_ok;
  operation_t ended_operation;

  assign ended_operation = operations[ended_slot];

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      turn_valid <= 1'b0;
      ended_valid <= 1'b0;
    end else begin
      turn_valid <= beat_lands && !flush;
      ended_valid <= ends_operation && !flush;
    end
    if (beat_lands) begin
      turn_data <= arrived_data;
      turn_up <= up;
      turn_landing <= beat_landing;
      turn_count <= beat_bytes[LaneW:0];
      turn_client <= is_first ? asked.client : tlp_client;
    end
    if (ends_operation) begin
      ended_slot <= slot;
      ended_ok <= !failed[slot] && !fails;
    end
  end

  // -- to the clients
  slot_t done_slot;
  purpose_e done_purpose;
  queue_t done_queue;
  logic [31:0] done_chain;
  logic [15:0] done_length;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      landing_valid <= 1'b0;
      done_valid <= 1'b0;
    end else begin
      landing_valid <= turn_valid && !flush;
      done_valid <= ended_valid && !flush;
    end
    if (turn_valid) begin
      landing.client <= turn_client;
      landing.address <= turn_landing;
      landing.count <= turn_count;
      landing.data <= rotated(turn_data, turn_up);
    end
    if (ended_valid) begin
      done_slot <= ended_slot;
      done_purpose <= ended_operation.purpose;
      done_queue <= ended_operation.queue;
      done_chain <= ended_operation.chain;
      done_length <= ended_operation.length;
      done.client <= ended_operation.client;
      done.handle <= ended_operation.handle ^
          HandleW'(fault(WrongHandle) && ended_operation.client == ReadTransmit);
      done.ok <= ended_ok;
      done.head <= {second_byte[ended_slot], first_byte[ended_slot]};
    end
  end

  assign trace_valid = done_valid;
  always_comb begin
    trace = '0;
    trace.kind = TraceDmaReadDone;
    trace.purpose = 8'(done_purpose);
    trace.queue = 16'(done_queue);
    trace.id = 32'(done_slot);
    trace.chain = done_chain;
    trace.size = 32'(done_length);
    trace.value = 64'(done.ok);
  end

  // -- counters
  logic [3:0] unasked;  // operations of which not all was asked for: four wait, one has its turn

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      counters <= '0;
      unasked <= '0;
    end else begin
      if (flush) unasked <= '0;
      else if (accept != (drop_done || (ask && ask_last))) begin
        unasked <= accept ? unasked + 1'b1 : unasked - 1'b1;
      end
      if (flush) counters.cancelled <= counters.cancelled + 64'(unasked);
      if (accept) begin
        counters.reads <= counters.reads + 1'b1;
        counters.read_bytes <= counters.read_bytes + 64'(granted.length);
      end
      if (leaves) counters.requests <= counters.requests + 1'b1;
      if (is_first && !(tag_flies && (!success || expected))) begin
        counters.unexpected_completions <= counters.unexpected_completions + 1'b1;
      end
      if (is_first && tag_flies && !success) counters.failed <= counters.failed + 1'b1;
      if (takes && arrived.poisoned) counters.poisoned <= counters.poisoned + 1'b1;
      if (times_out) counters.timeouts <= counters.timeouts + 1'b1;
    end
  end

  assign idle = !(flush || accept || grant_moves || (waiting_valid && waiting_taken) || ask ||
                  leaves || drop_wanted || event_under_way || take_beat ||
                  arrival_valid || turn_valid || ended_valid || landing_valid || done_valid ||
                  scanning || scan_loaded ||
                  (watch_valid && (now >= watch || tags_in_use == '0)));

endmodule
