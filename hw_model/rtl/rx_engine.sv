// SPDX-License-Identifier: Apache-2.0
// One receive queue: stores whole frames, drops what may not be delivered, and scatters each over
// as many chains as it takes (virtio 1.4, "Processing of Incoming Packets").
//
// Beats go to the buffer as they come; the verdict comes with the last one. Chains are taken from
// the ring engine as they come too, so that an engine can count over them: as many as the oldest
// frame fills. What it starts goes to the other engine, which makes the writes. Records of
// decisions are given in the cycle whose inputs they follow from.
module rx_engine
  import nic_pkg::*;
  import nic_faults_pkg::*;
#(
  parameter int unsigned Own = 0,  // the receive queue
  parameter int unsigned Rows = RxPartRows,  // of its buffer
  localparam int unsigned RowW = $clog2(Rows)
) (
  input  logic                         clk,
  input  logic                         rst_n,
  /* verilator lint_off UNUSED */  // what the transmit side and the link need
  input  card_state_t                  state,
  /* verilator lint_on UNUSED */
  /* verilator lint_off UNUSED */  // not its rings
  input  queue_context_t               own_context,
  /* verilator lint_on UNUSED */
  input  logic                         flush,  // drops what waits
  input  logic                         retire,  // the same: the pair is switched off
  // frames of the queue; never held back
  input  logic                         frame_valid,
  /* verilator lint_off UNUSED */  // one segment: frame_valid says what its valid bit says
  input  beat_t                        frame_beat,
  /* verilator lint_on UNUSED */
  input  logic     [31:0]              frame_number,  // that the MAC gave before it
  // Where frames of its flow go now. It is another queue if pairs were switched on or off while it
  // came in.
  input  queue_t                       frame_queue,
  input  logic                         frame_taking,  // that queue takes frames
  // chains of the receive queues; the others' bits mean nothing
  /* verilator lint_off UNUSED */
  input  logic     [Queues-1:0]        chain_valid,
  output logic     [Queues-1:0]        chain_ready,
  input  chain_t   [Queues-1:0]        chain,
  input  logic     [Queues-1:0]        segment_valid,
  output logic     [Queues-1:0]        segment_ready,
  input  segment_t [Queues-1:0]        segment,
  input  logic     [Queues-1:0]        window_full,
  input  logic     [Queues-1:0]        rewind,  // the queue resumes: forget chains not begun
  /* verilator lint_on UNUSED */
  output logic                         write_valid,
  input  logic                         write_ready,
  output write_op_t                    write_op,
  // the posted writer reads the buffer
  input  logic                         buffer_read,
  input  logic [RowW+LaneW-1:0]        buffer_address,
  output logic [DataBits-1:0]          buffer_data,
  input  logic                         buffer_release,
  output logic     [Queues-1:0]        used_valid,
  output used_t    [Queues-1:0]        used,
  output logic     [Queues-1:0]        settled,
  output rx_counters_t                 counters,
  output logic                         wants,  // to decide in this cycle,
  input  logic                         may_decide,  // which only one engine may
  output logic                         trace_valid,  // decisions of the scheduler
  output trace_t                       trace,
  output logic                         arrival_trace_valid,  // frames taken and dropped
  output trace_t                       arrival_trace,
  output logic                         busy,
  output logic                         idle  // depends on the inputs of the same cycle
);

  localparam int unsigned ChainW = $clog2(Window);
  localparam int unsigned RoomW = 18;  // bytes of buffers, counted no further than a frame reaches
  localparam int unsigned JobW = 2;
  localparam int unsigned ReleaseW = 4;
  // Reasons to drop, as hw_model/core/counters.h numbers them (Counter).
  localparam logic [7:0] DropFcs = 8'd7;
  localparam logic [7:0] DropShort = 8'd8;
  localparam logic [7:0] DropLong = 8'd9;
  localparam logic [7:0] DropNotReady = 8'd10;
  localparam logic [7:0] DropBufferFull = 8'd11;
  localparam logic [7:0] DropNoFit = 8'd12;
  localparam logic [7:0] DropChosen = 8'd13;
  localparam logic [7:0] DropReset = 8'd14;
  localparam logic [7:0] DropInactive = 8'd15;
  // Cycles that a frame waits while the ring engine says that it can hold no more: its chains may
  // still be on their way, or their segments fill its store, and then they never come.
  localparam int unsigned PatienceW = 12;
  localparam int unsigned EthernetHeader = 14;
  localparam int unsigned VlanTag = 4;

  if (Own >= Queues || Own % 2 != 0) $error("Own must be a receive queue");
  if (Rows < 4 || Rows != 2 ** RowW) $error("Rows must be a power of two of at least 4");
  if (Segments != 1) $error("rx_engine takes one frame a beat: NIC_SEGMENTS is 1");

  typedef struct packed {
    logic [31:0] number;  // frames that the MAC gave before it
    logic [15:0] length;
  } frame_t;

  typedef struct packed {  // what a frame needs to know of a chain
    logic [31:0] position;
    logic [15:0] id;
    logic [15:0] readable;
    logic [15:0] writable;
  } buffer_t;

  typedef struct packed {  // a frame that was started
    logic [15:0] length;
    logic [RowW-1:0] row;
    logic [ChainW:0] chains;
  } job_t;

  typedef struct packed {  // rows in the order in which they were filled
    logic [RowW:0] rows;
    logic dropped;  // nobody reads them
  } held_t;

  function automatic logic [RowW:0] rows_of(input logic [15:0] bytes);
    return (RowW + 1)'((17'(bytes) + 17'(DataBytes - 1)) >> LaneW);
  endfunction

  logic taking;
  logic queue_taking;
  assign queue_taking = own_context.enabled && !own_context.suspended;
  assign taking = state.active && queue_taking;

  // -- frames in

  logic [RowW-1:0] in_row;  // the first of the frame that comes in
  logic [RowW:0] in_rows, now_rows;  // so far
  logic [23:0] in_bytes, now_bytes;  // so far; with this beat
  logic in_vlan, now_vlan, in_full, now_full;
  logic [RowW:0] rows_free;
  logic in_end, taken;
  logic [7:0] reason;
  logic [16:0] limit;

  always_comb begin
    now_rows = frame_beat.sop ? '0 : in_rows;
    now_bytes = (frame_beat.sop ? '0 : in_bytes) + 24'(DataBytes) -
        (frame_beat.eop ? 24'(frame_beat.empty) : '0);
    now_vlan = frame_beat.sop ? frame_beat.data[96+:16] == 16'h0081 : in_vlan;
    now_full = (!frame_beat.sop && in_full) || now_rows == rows_free;
    limit = 17'(state.mtu) + 17'(EthernetHeader) + (now_vlan ? 17'(VlanTag) : '0);
    in_end = frame_valid && frame_beat.eop;
    // NicCore::frame_in(), in its order.
    taken = 1'b0;
    if (frame_beat.err && !fault(FcsIgnored)) reason = DropFcs;
    else if (now_bytes < 24'(EthernetHeader)) reason = DropShort;
    else if (now_bytes + 24'(fault(LongestDropped)) > 24'(limit)) reason = DropLong;
    else if (!(state.receives && frame_taking)) reason = DropNotReady;
    else if (frame_queue != queue_t'(Own)) reason = DropInactive;
    else begin
      reason = DropBufferFull;
      taken = !now_full;
    end
  end

  lane_ram #(
    .Rows(Rows)
  ) buffer (
    .clk,
    .write(frame_valid && !now_full),
    .write_address({in_row + now_rows[RowW-1:0], LaneW'(0)}),
    .write_count((LaneW + 1)'(DataBytes)),
    .write_data(frame_beat.data),
    .read(buffer_read),
    .read_address(buffer_address),
    .read_data(buffer_data)
  );

  always_ff @(posedge clk) begin
    if (frame_valid) begin
      in_rows <= now_rows + 1'b1;
      in_bytes <= now_bytes;
      in_vlan <= now_vlan;
      in_full <= now_full;
    end
    if (!rst_n) begin
      in_row <= '0;
    end else if (in_end && taken) begin
      in_row <= in_row + now_rows[RowW-1:0] + 1'b1;
    end
  end

  assign arrival_trace_valid = in_end;
  assign arrival_trace = '{
    kind: taken ? TraceFrameIn : TraceFrameDropped,
    purpose: '0,
    queue: reason == DropFcs || reason == DropShort || reason == DropLong ? '0 : 16'(frame_queue),
    id: '0,
    chain: '0,
    size: 32'(now_bytes),
    frame: frame_number,
    address: '0,
    value: taken ? '0 : 64'(reason)
  };

  // -- frames that wait; the oldest is in `oldest`

  frame_t frames[Rows];
  frame_t oldest;
  logic [RowW:0] frames_written, frames_read;  // modulo 2 * Rows
  logic [RowW:0] frames_waiting;  // with the oldest
  logic [RowW:0] to_drop;  // of them: a reset, or the pair's end, found them waiting
  logic [RowW:0] reset_drop;  // of these: a reset
  logic oldest_valid, oldest_load, oldest_done;

  assign oldest_load = frames_written != frames_read && (!oldest_valid || oldest_done);

  always_ff @(posedge clk) begin
    if (in_end && taken) begin
      frames[frames_written[RowW-1:0]] <= '{number: frame_number, length: now_bytes[15:0]};
    end
  end
  always_ff @(posedge clk) begin
    if (oldest_load) oldest <= frames[frames_read[RowW-1:0]];
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      frames_written <= '0;
      frames_read <= '0;
      frames_waiting <= '0;
      oldest_valid <= 1'b0;
      to_drop <= '0;
      reset_drop <= '0;
    end else begin
      if (in_end && taken) frames_written <= frames_written + 1'b1;
      if (oldest_load) frames_read <= frames_read + 1'b1;
      oldest_valid <= oldest_load || (oldest_valid && !oldest_done);
      frames_waiting <= frames_waiting + (RowW + 1)'(in_end && taken) -
          (RowW + 1)'(oldest_done);
      if (flush || retire) to_drop <= frames_waiting - (RowW + 1)'(oldest_done);
      else if (to_drop != 0 && oldest_done) to_drop <= to_drop - 1'b1;
      if (flush) reset_drop <= frames_waiting - (RowW + 1)'(oldest_done);
      else if (reset_drop != 0 && oldest_done) reset_drop <= reset_drop - 1'b1;
    end
  end

  // -- chains: taken as they come, counted over, begun. emitted <= begun <= counted <= popped

  buffer_t buffers[Window];
  logic [RoomW-1:0] rooms[Window];  // writable bytes
  logic [ChainW:0] popped, counted, begun, emitted;
  logic [ChainW:0] count, most_chains;
  logic [RoomW-1:0] room;
  logic [RoomW:0] room_sum;
  logic [31:0] first_position;
  logic merging, pop, add, enough, would_start, would_drop, would_choose, start, drop, decided;
  logic starved, choose;
  logic [PatienceW-1:0] patience;
  logic job_full, held_full;
  logic [RoomW-1:0] counted_room;

  assign pop = chain_valid[Own] && chain_ready[Own];
  assign counted_room = rooms[counted[ChainW-1:0]];
  assign room_sum = {1'b0, room} + {1'b0, counted_room};
  assign enough = count != 0 && room >= RoomW'(oldest.length) + RoomW'(HeaderBytes);

  assign starved = oldest_valid && to_drop == 0 && taking && !enough && counted == popped &&
      !chain_valid[Own] && window_full[Own] && !busy;

  // NicCore::receive_chains(): NRB-D-002 without merging, and else no more than the window holds.
  always_comb begin
    would_start = 1'b0;
    would_drop = 1'b0;
    add = 1'b0;
    would_choose = 1'b0;
    if (oldest_valid && !held_full) begin
      if (to_drop != 0) would_drop = 1'b1;
      else if (taking && !flush && !retire) begin
        if (enough) would_start = !job_full;
        else if ((count != 0 && !merging) || count == most_chains) would_drop = 1'b1;
        else if (starved && patience == '1) begin
          would_drop = 1'b1;
          would_choose = 1'b1;
        end else add = counted != popped;
      end
    end
  end
  assign wants = would_start || would_drop;
  assign start = would_start && may_decide;
  assign drop = would_drop && may_decide;
  assign choose = would_choose && may_decide;
  assign oldest_done = start || drop;
  assign decided = oldest_done;

  always_ff @(posedge clk) begin
    if (pop) begin
      buffers[popped[ChainW-1:0]] <= '{
        position: chain[Own].position,
        id: chain[Own].id,
        readable: chain[Own].readable,
        writable: chain[Own].writable
      };
      rooms[popped[ChainW-1:0]] <= chain[Own].writable_bytes[32:RoomW] != 0 ? '1 :
          chain[Own].writable_bytes[RoomW-1:0];
    end
    if (add && count == 0) first_position <= buffers[counted[ChainW-1:0]].position;
  end

  always_ff @(posedge clk) begin
    merging <= state.mrg_rxbuf;
    if (!rst_n || !starved || decided) patience <= '0;
    else if (patience != '1) patience <= patience + 1'b1;
    most_chains <= own_context.size_log2 >= 4'(ChainW) ? (ChainW + 1)'(Window) :
        (ChainW + 1)'(1) << own_context.size_log2;
    if (!rst_n || flush || rewind[Own]) begin
      popped <= '0;
      counted <= '0;
      begun <= '0;
      count <= '0;
      room <= '0;
    end else begin
      if (pop) popped <= popped + 1'b1;
      if (start) begun <= counted;
      if (start || drop) begin
        count <= '0;
        room <= '0;
        if (!start) counted <= begun;
      end else if (add) begin
        counted <= counted + 1'b1;
        count <= count + 1'b1;
        room <= room_sum[RoomW] ? '1 : room_sum[RoomW-1:0];
      end
    end
  end

  always_comb begin
    chain_ready = '0;
    chain_ready[Own] = popped - emitted != (ChainW + 1)'(Window);
  end

  assign trace_valid = decided;
  assign trace = '{
    kind: start ? TraceStartReceive : TraceFrameDropped,
    purpose: '0,
    queue: 16'(Own),
    id: '0,
    chain: start ? first_position : '0,
    size: 32'(oldest.length),
    frame: oldest.number,
    address: '0,
    value: start ? 64'(count) : reset_drop != 0 ? 64'(DropReset) :
        to_drop != 0 ? 64'(DropInactive) : choose ? 64'(DropChosen) : 64'(DropNoFit)
  };

  // -- rows: given back in the order in which they were filled

  held_t held[2**ReleaseW];
  logic [ReleaseW:0] held_in, held_out, released;
  logic [RowW-1:0] oldest_row;
  logic [RowW:0] oldest_rows;
  held_t held_first;
  logic give_back;

  assign oldest_rows = rows_of(oldest.length);
  assign held_full = held_in - held_out == (ReleaseW + 1)'(2 ** ReleaseW);
  assign held_first = held[held_out[ReleaseW-1:0]];
  assign give_back = held_in != held_out && (held_first.dropped || released != 0);

  always_ff @(posedge clk) begin
    if (decided) held[held_in[ReleaseW-1:0]] <= '{rows: oldest_rows, dropped: drop};
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      held_in <= '0;
      held_out <= '0;
      released <= '0;
      oldest_row <= '0;
      rows_free <= (RowW + 1)'(Rows);
    end else begin
      if (decided) begin
        held_in <= held_in + 1'b1;
        oldest_row <= oldest_row + oldest_rows[RowW-1:0];
      end
      if (give_back) held_out <= held_out + 1'b1;
      released <= released + (ReleaseW + 1)'(buffer_release) -
          (ReleaseW + 1)'(give_back && !held_first.dropped);
      rows_free <= rows_free + (give_back ? held_first.rows : '0) -
          (in_end && taken ? now_rows + 1'b1 : '0);
    end
  end

  // -- writes: the frames that were started, chain by chain, segment by segment. NRX-D-001 to
  // NRX-D-003: all buffers but the last are full.

  job_t jobs[2**JobW];
  logic [JobW:0] jobs_in, jobs_out;
  job_t job;
  logic [15:0] left, offset;  // bytes of header and frame
  logic in_chain;  // segments of a chain are still to come
  logic [15:0] readable, writable;  // of them
  logic [31:0] position;
  logic [15:0] id;
  logic [31:0] chain_bytes;
  logic [RowW-1:0] row;
  logic [ChainW:0] chains;
  logic load, load_job, take_segment, part_ends_frame, chain_ends, accepted;
  logic [15:0] part;
  buffer_t emitted_buffer;
  logic op_valid, op_ends_chain, op_ends_frame;
  logic [15:0] op_id;
  logic [31:0] op_chain_bytes;
  logic op_last;
  logic [31:0] op_position;
  logic [63:0] op_address;
  logic [15:0] op_length, op_offset;
  logic [RowW-1:0] op_row;
  logic [ChainW:0] op_chains;
  logic used_now;
  used_t used_next;

  assign job_full = jobs_in - jobs_out == (JobW + 1)'(2 ** JobW);
  assign job = jobs[jobs_out[JobW-1:0]];
  assign emitted_buffer = buffers[emitted[ChainW-1:0]];
  assign load_job = left == 0;
  assign load = !in_chain && (load_job ? jobs_in != jobs_out : 1'b1);
  assign take_segment = segment_valid[Own] && segment_ready[Own];
  assign part_ends_frame = segment[Own].length >= 32'(left);
  assign part = part_ends_frame ? left : segment[Own].length[15:0];
  assign chain_ends = readable == 0 && (part_ends_frame || writable == 16'd1);
  assign accepted = op_valid && (write_ready || fault(PayloadNotHeld));

  always_comb begin
    segment_ready = '0;
    segment_ready[Own] = in_chain && !op_valid;
  end

  always_ff @(posedge clk) begin
    if (start) begin
      jobs[jobs_in[JobW-1:0]] <= '{length: oldest.length, row: oldest_row, chains: count};
    end
    if (load) begin
      position <= emitted_buffer.position;
      id <= emitted_buffer.id;
      chain_bytes <= '0;
      if (load_job) begin
        row <= job.row;
        chains <= job.chains;
      end
    end else if (take_segment && readable == 0) begin
      chain_bytes <= chain_bytes + 32'(part);
    end
    if (take_segment) begin
      op_ends_chain <= chain_ends;
      op_ends_frame <= part_ends_frame;
      op_id <= id;
      op_chain_bytes <= chain_bytes + 32'(part);
      op_last <= part_ends_frame;
      op_position <= position;
      op_address <= segment[Own].address;
      op_length <= part;
      op_offset <= offset;
      op_row <= row;
      op_chains <= chains;
    end
    if (accepted && op_ends_chain) begin
      used_next <= '{
        position: op_position,
        id: op_id,
        length: op_chain_bytes + 32'(fault(UsedLengthLong)),
        frame_end: op_ends_frame || fault(MergedOneByOne)
      };
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      jobs_in <= '0;
      jobs_out <= '0;
      left <= '0;
      offset <= '0;
      in_chain <= 1'b0;
      readable <= '0;
      writable <= '0;
      emitted <= '0;
      op_valid <= 1'b0;
      used_now <= 1'b0;
    end else begin
      if (start) jobs_in <= jobs_in + 1'b1;
      used_now <= accepted && op_ends_chain;
      if (accepted) op_valid <= 1'b0;
      if (flush || rewind[Own]) begin
        emitted <= '0;
      end else if (load) begin
        emitted <= emitted + 1'b1;
      end
      if (load) begin
        in_chain <= 1'b1;
        readable <= emitted_buffer.readable;
        writable <= emitted_buffer.writable;
        if (load_job) begin
          jobs_out <= jobs_out + 1'b1;
          left <= job.length + 16'(HeaderBytes);
          offset <= '0;
        end
      end
      if (take_segment) begin
        if (readable != 0) begin
          readable <= readable - 1'b1;
        end else begin
          writable <= writable - 1'b1;
          if (writable == 16'd1) in_chain <= 1'b0;
          op_valid <= left != 0;
          left <= left - part;
          offset <= offset + part;
        end
      end
    end
  end

  assign write_valid = op_valid;
  assign write_op = '{
    source: WriteReceived,
    purpose: PurposePayload,
    queue: queue_t'(Own),
    chain: op_position,
    address: op_address,
    length: op_length,
    data: '0,
    row: RxRowW'(op_row),
    offset: op_offset,
    num_buffers: fault(NumBuffersOne) ? 16'd1 : 16'(op_chains),
    last: op_last,
    notify: 1'b0
  };

  always_comb begin
    used_valid = '0;
    used_valid[Own] = used_now;
    used = '0;
    used[Own] = used_next;
    settled = '1;
    settled[Own] = !busy;
  end

  // What an end of the pair dropped is to be told of before a reset.
  assign busy = jobs_in != jobs_out || left != 0 || in_chain || op_valid || used_now ||
      to_drop != reset_drop;

  // -- counters

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      counters <= '0;
    end else begin
      if (start) begin
        counters.frames <= counters.frames + 1'b1;
        counters.bytes <= counters.bytes + 64'(oldest.length);
      end
      if (drop && reset_drop != 0) counters.drop_reset <= counters.drop_reset + 1'b1;
      if ((drop && to_drop != 0 && reset_drop == 0) ||
          (in_end && !taken && reason == DropInactive)) begin
        counters.drop_inactive <= counters.drop_inactive + 1'b1;
      end
      if (choose) counters.drop_chosen <= counters.drop_chosen + 1'b1;
      if (drop && to_drop == 0 && !choose) counters.drop_no_fit <= counters.drop_no_fit + 1'b1;
      if (in_end && !taken && !(fault(ShortNotCounted) && reason == DropShort)) begin
        case (reason)
          DropFcs: counters.drop_fcs <= counters.drop_fcs + 1'b1;
          DropShort: counters.drop_short <= counters.drop_short + 1'b1;
          DropLong: counters.drop_long <= counters.drop_long + 1'b1;
          DropNotReady: counters.drop_not_ready <= counters.drop_not_ready + 1'b1;
          DropInactive: ;
          default: counters.drop_buffer_full <= counters.drop_buffer_full + 1'b1;
        endcase
      end
    end
  end

  assign idle = !frame_valid && !oldest_load && !wants && !add && !pop && !give_back &&
      !buffer_release && !buffer_read && !load && !take_segment && !accepted && !used_now &&
      !flush && !retire && !rewind[Own] && !(starved && patience != '1) && (starved || patience == 0) &&
      merging == state.mrg_rxbuf &&
      most_chains == (own_context.size_log2 >= 4'(ChainW) ? (ChainW + 1)'(Window) :
                      (ChainW + 1)'(1) << own_context.size_log2);

endmodule
