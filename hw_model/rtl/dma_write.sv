// SPDX-License-Identifier: Apache-2.0
// Posted writes to host memory, in one order for all: cut at Max_Payload_Size and 4 KiB (PCI
// Express Base Specification 4.0, 2.2.7, 2.4.1).
//
// Operations -> one request a cycle -> one beat a cycle -> buffer read -> rotation -> header of
// received frames -> queue of beats. A beat is begun only if the queue will have room for it, so
// that nothing behind stops. Lanes before the first and behind the last byte carry anything.
module dma_write
  import nic_pkg::*;
  import nic_faults_pkg::*;
(
  input  logic                             clk,
  input  logic                             rst_n,
  /* verilator lint_off UNUSED */  // Max_Payload_Size alone counts
  input  card_state_t                      state,
  /* verilator lint_on UNUSED */
  // operations, by client; those of one client in order
  input  logic      [WriteClients-1:0]     op_valid,
  output logic      [WriteClients-1:0]     op_ready,
  input  write_op_t [WriteClients-1:0]     op,
  // an operation with `notify` has left, last beat accepted
  output logic      [WriteClients-1:0]     written,
  // the receive buffer: a cycle later, each byte in lane A mod DataBytes
  output logic                             buffer_read,
  output logic      [RxRowW+LaneW-1:0]     buffer_address,
  output queue_t                           buffer_queue,  // whose part of it
  input  logic      [DataBits-1:0]         buffer_data,
  // the rows of the oldest frame are free
  output logic                             buffer_release,
  output queue_t                           release_queue,
  // to the host
  output logic                             posted_valid,
  input  logic                             posted_ready,
  output posted_t                          posted,
  output beat_t                            posted_beat,
  output write_counters_t                  counters,
  output logic                             trace_valid,
  output trace_t                           trace,
  // nothing that was accepted is still to leave
  output logic                             empty,
  // depends on the inputs of the same cycle
  output logic                             idle
);

  localparam int unsigned OpDepth = 4;
  localparam int unsigned OpW = $clog2(OpDepth);
  // Immediate data stays in its slot until the last beat was read: OpDepth operations wait, and
  // one each is being cut, sent and read.
  localparam int unsigned SlotW = OpW + 1;
  // Beats between the first stage and the host; covers the round trip of a credit.
  localparam int unsigned BeatDepth = 8;
  localparam int unsigned BeatW = $clog2(BeatDepth);
  localparam int unsigned ClientW = $clog2(WriteClients);
  localparam int unsigned ImmediateW = $clog2(ImmediateBytes);
  localparam int unsigned BufferW = RxRowW + LaneW;
  // Lanes that can hold bytes of the virtio_net_hdr: up to 3 before it, then all of it.
  localparam int unsigned MergeBytes = HeaderBytes + 3;

  generate
    if (DataBits != 128 && DataBits != 256 && DataBits != 512) begin : gen_data_bits
      $error("NIC_DATA_BITS is 128, 256 or 512");
    end
    if (Segments != 1) begin : gen_segments
      $error("dma_write puts one packet into a beat: NIC_SEGMENTS is 1");
    end
    if (RxRows < 2 || (RxRows & (RxRows - 1)) != 0) begin : gen_rows
      $error("NIC_RX_BUFFER_BYTES is a power of two of at least two rows");
    end
  endgenerate

  typedef struct packed {
    logic [ClientW-1:0] client;
    write_source_e source;
    purpose_e purpose;
    queue_t queue;
    logic [63:0] address;
    logic [15:0] length;
    logic [RxRowW-1:0] row;
    logic [15:0] offset;
    logic [15:0] num_buffers;
    logic last;
    logic notify;
    logic [SlotW-1:0] slot;
  } head_t;

  typedef struct packed {
    posted_t posted;
    logic [ClientW-1:0] client;
    logic notify;  // the last request of its operation, and the client wants to know
  } request_t;

  typedef struct packed {  // of a beat on its way
    logic sop;
    logic eop;
    logic [LaneW-1:0] empty;
    logic merge;  // bytes of the virtio_net_hdr are in it,
    logic [3:0] merge_at;  // and in lane 0 is byte merge_at - 3 of it
    logic [15:0] num_buffers;
  } beat_info_t;

  typedef struct packed {
    logic sop;
    logic eop;
    logic [LaneW-1:0] empty;
    logic [DataBits-1:0] data;
  } stored_beat_t;

  // -- operations in

  head_t heads[OpDepth];
  logic [8*ImmediateBytes-1:0] immediates[2**SlotW];
  logic [OpW-1:0] op_head, op_tail;
  logic [OpW:0] op_count;
  logic [SlotW-1:0] slot_tail;
  logic [ClientW-1:0] grant, next_grant;
  logic op_full, accept, op_take;

  assign op_full = op_count == (OpW + 1)'(OpDepth);
  always_comb begin
    op_ready = '0;
    op_ready[grant] = !op_full;
  end
  assign accept = op_valid[grant] && !op_full;

  function automatic logic [ClientW-1:0] behind(input logic [ClientW-1:0] client,
                                                input int unsigned steps);
    automatic int unsigned next = 32'(client) + steps;
    return ClientW'(next >= WriteClients ? next - WriteClients : next);
  endfunction

  // The next client in turn that asks; the grant stays where it is if no other does.
  always_comb begin
    next_grant = grant;
    if (accept || !op_valid[grant]) begin
      for (int unsigned i = WriteClients - 1; i != 0; --i) begin
        if (op_valid[behind(grant, i)]) next_grant = behind(grant, i);
      end
    end
  end

  always_ff @(posedge clk) begin
    if (accept) begin
      heads[op_tail] <= '{
        client: grant,
        source: op[grant].source,
        purpose: op[grant].purpose,
        queue: op[grant].queue,
        address: op[grant].address,
        length: op[grant].source == WriteMessage ? '0 : op[grant].length,
        row: op[grant].row,
        offset: op[grant].source == WriteReceived ? op[grant].offset : '0,
        num_buffers: op[grant].num_buffers,
        last: op[grant].source == WriteReceived && op[grant].last,
        notify: op[grant].notify,
        slot: slot_tail
      };
      if (op[grant].source == WriteImmediate) immediates[slot_tail] <= op[grant].data;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      op_head <= '0;
      op_tail <= '0;
      op_count <= '0;
      slot_tail <= '0;
      grant <= '0;
      counters.writes <= '0;
      counters.write_bytes <= '0;
      trace_valid <= 1'b0;
    end else begin
      grant <= next_grant;
      trace_valid <= 1'b0;
      if (accept) begin
        op_tail <= op_tail + 1'b1;
        slot_tail <= slot_tail + 1'b1;
        // Interrupts are counted by who makes them.
        if (grant != ClientW'(WriteInterrupt)) begin
          counters.writes <= counters.writes + 1'b1;
          counters.write_bytes <= counters.write_bytes + 64'(op[grant].length);
          trace_valid <= 1'b1;
        end
      end
      if (op_take) op_head <= op_head + 1'b1;
      op_count <= op_count + (OpW + 1)'(accept) - (OpW + 1)'(op_take);
    end
  end

  logic [7:0] trace_purpose;
  logic [15:0] trace_queue;
  logic [31:0] trace_chain, trace_size;
  logic [63:0] trace_address;
  always_ff @(posedge clk) begin
    if (accept) begin
      trace_purpose <= 8'(op[grant].purpose);
      trace_queue <= 16'(op[grant].queue);
      trace_chain <= op[grant].chain;
      trace_size <= 32'(op[grant].length);
      trace_address <= op[grant].address;
    end
  end
  // The bytes' hash is for who sees them leave.
  assign trace = '{
    kind: TraceDmaWrite,
    purpose: trace_purpose,
    queue: trace_queue,
    id: '0,
    chain: trace_chain,
    size: trace_size,
    frame: '0,
    address: trace_address,
    value: '0
  };

  // -- requests: the oldest operation, cut

  logic cut_valid;
  head_t cut;  // with the address, length and offset of what is left of it
  logic [12:0] page_left, payload_most, piece;
  logic cut_final, cut_go;

  assign page_left = 13'h1000 - {1'b0, cut.address[11:0]};
  // 2.2.7: the Length field counts the whole double word that the first byte is in.
  assign payload_most = 13'(13'd128 << state.max_payload) - 13'(cut.address[1:0]);
  always_comb begin
    piece = page_left < payload_most ? page_left : payload_most;
    cut_final = cut.length <= 16'(piece);
    if (cut_final) piece = cut.length[12:0];
  end

  // -- beats of the oldest request

  logic send_valid, send_first, send_received, send_final, send_last, send_notify;
  posted_t send_posted;
  logic [ClientW-1:0] send_client;
  logic [SlotW-1:0] send_slot;
  logic [12:0] send_end;  // lanes from lane 0 of this beat to the request's last byte
  logic [16:0] send_stream;  // two's complement: position of lane 0 in header and frame
  logic [BufferW-1:0] send_place;  // of lane 0 in the receive buffer or the immediate bytes
  logic [15:0] send_num_buffers;
  logic [12:0] send_lanes;
  logic send_eop, send_merge, send_all_header, issue, send_done;
  logic [BeatW:0] credits;

  logic loses;  // a fault's
  assign loses = fault(LastByteLost) && piece[1:0] == 2'd3;
  assign send_eop = send_end <= 13'(DataBytes);
  assign send_merge = send_received && $signed(send_stream) < $signed(17'(HeaderBytes));
  assign send_lanes = send_eop ? send_end : 13'(DataBytes);
  assign send_all_header = $signed(send_stream + 17'(send_lanes)) <= $signed(17'(HeaderBytes));
  assign issue = send_valid && credits != 0;
  assign send_done = issue && send_eop;
  assign cut_go = cut_valid && (!send_valid || send_done);
  assign op_take = op_count != 0 && (!cut_valid || (cut_go && cut_final));

  assign buffer_read = issue && send_received && !(send_merge && send_all_header);
  assign buffer_address = send_place;
  assign buffer_queue = send_posted.queue;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      cut_valid <= 1'b0;
      send_valid <= 1'b0;
      buffer_release <= 1'b0;
      counters.requests <= '0;
    end else begin
      if (op_take) cut_valid <= 1'b1;
      else if (cut_go && cut_final) cut_valid <= 1'b0;
      if (cut_go) send_valid <= 1'b1;
      else if (send_done) send_valid <= 1'b0;
      buffer_release <= send_done && send_final && send_last;
      if (cut_go && cut.client != ClientW'(WriteInterrupt)) begin
        counters.requests <= counters.requests + 1'b1;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (send_done) release_queue <= send_posted.queue;
    if (op_take) begin
      cut <= heads[op_head];
    end else if (cut_go) begin
      cut.address <= cut.address + 64'(piece);
      cut.length <= cut.length - 16'(piece);
      cut.offset <= cut.offset + 16'(piece) - (fault(NextPartStale) ? 16'(DataBytes) : '0);
    end
    if (cut_go) begin
      send_first <= 1'b1;
      send_received <= cut.source == WriteReceived;
      send_final <= cut_final;
      send_last <= cut.last;
      send_notify <= cut.notify;
      send_client <= cut.client;
      send_slot <= cut.slot;
      send_posted <= '{
        message: cut.source == WriteMessage,
        code: cut.source == WriteMessage ? cut.address[7:0] : '0,
        address: cut.source == WriteMessage ? '0 : cut.address,
        length: piece - 13'(loses),
        purpose: cut.purpose,
        queue: cut.queue
      };
      send_end <= piece + 13'(cut.address[1:0]) - 13'(loses);
      send_stream <= 17'(cut.offset) - 17'(cut.address[1:0]);
      send_place <= cut.source == WriteReceived ?
          {cut.row, LaneW'(0)} + BufferW'(cut.offset) - BufferW'(HeaderBytes) -
              BufferW'(cut.address[1:0]) :
          BufferW'(cut.offset) - BufferW'(cut.address[1:0]);
      send_num_buffers <= cut.num_buffers;
    end else if (issue) begin
      send_first <= 1'b0;
      send_end <= send_end - 13'(DataBytes);
      send_stream <= send_stream + 17'(DataBytes);
      send_place <= send_place + BufferW'(DataBytes);
    end
  end

  // What goes beside the beats of a request. There are never more requests than beats.
  request_t requests[BeatDepth];
  logic [BeatW-1:0] request_tail, request_head;
  always_ff @(posedge clk) begin
    if (issue && send_first) begin
      requests[request_tail] <=
          '{posted: send_posted, client: send_client, notify: send_notify && send_final};
    end
  end

  // -- bytes: read, rotated, merged with the header

  logic read_valid, turn_valid, merge_valid;
  beat_info_t read_info, turn_info, merge_info;
  logic read_received;
  logic [SlotW-1:0] read_slot;
  logic [ImmediateW-1:0] read_place;
  logic [LaneW-1:0] turn_lane;  // of the byte that goes to lane 0
  logic [DataBits-1:0] immediate_row, turn_data, merge_data;

  generate
    if (DataBytes == ImmediateBytes) begin : gen_immediate_whole
      assign immediate_row = immediates[read_slot];
    end else begin : gen_immediate_rows
      // As the receive buffer gives them: lanes below the first byte's come from the next row.
      localparam int unsigned RowW = ImmediateW - LaneW;
      logic [RowW-1:0] row, next_row;
      logic [DataBits-1:0] wrapped;
      assign row = read_place[ImmediateW-1:LaneW];
      assign next_row = row + 1'b1;
      assign wrapped = ~({DataBits{1'b1}} << {read_place[LaneW-1:0], 3'b0});
      assign immediate_row =
          (immediates[read_slot][32'(row)*DataBits+:DataBits] & ~wrapped) |
          (immediates[read_slot][32'(next_row)*DataBits+:DataBits] & wrapped);
    end
  endgenerate

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      read_valid <= 1'b0;
      turn_valid <= 1'b0;
      merge_valid <= 1'b0;
    end else begin
      read_valid <= issue;
      turn_valid <= read_valid;
      merge_valid <= turn_valid;
    end
  end

  always_ff @(posedge clk) begin
    if (issue) begin
      read_info <= '{
        sop: send_first,
        eop: send_eop,
        empty: send_eop && send_posted.length != 0 ? LaneW'(13'(DataBytes) - send_end) : '0,
        merge: send_merge,
        merge_at: 4'(send_stream[3:0] + 4'd3),
        num_buffers: send_num_buffers
      };
      read_received <= send_received;
      read_slot <= send_slot;
      read_place <= send_place[ImmediateW-1:0];
    end
    if (read_valid) begin
      turn_info <= read_info;
      turn_lane <= read_place[LaneW-1:0] +
          LaneW'(fault(PayloadTurned) && read_place[LaneW-1:0] != '0);
      turn_data <= read_received ? buffer_data : immediate_row;
    end
    if (turn_valid) begin
      merge_info <= turn_info;
      merge_data <= DataBits'({turn_data, turn_data} >> {turn_lane, 3'b0});
    end
  end

  // The header is all zero but num_buffers, its last two bytes. Virtio 1.4, "Device Requirements:
  // Processing of Incoming Packets".
  logic [8*MergeBytes-1:0] header, header_mask, merged;
  assign header = {merge_info.num_buffers, {8 * (MergeBytes - 2) {1'b0}}} >>
      {merge_info.merge_at, 3'b0};
  assign header_mask = {8 * MergeBytes{1'b1}} >> {merge_info.merge_at, 3'b0};
  assign merged = merge_info.merge ? (merge_data[8*MergeBytes-1:0] & ~header_mask) | header :
                                     merge_data[8*MergeBytes-1:0];

  // -- beats out

  stored_beat_t beats[BeatDepth];
  logic [BeatW-1:0] beat_head, beat_tail;
  logic [BeatW:0] beat_count;
  logic pop;

  assign posted_valid = beat_count != 0;
  assign posted = requests[request_head].posted;
  assign posted_beat = '{
    valid: posted_valid,
    sop: beats[beat_head].sop,
    eop: beats[beat_head].eop,
    err: 1'b0,
    empty: beats[beat_head].empty,
    data: beats[beat_head].data
  };
  assign pop = posted_valid && posted_ready;

  always_ff @(posedge clk) begin
    if (merge_valid) begin
      beats[beat_tail] <= '{
        sop: merge_info.sop,
        eop: merge_info.eop,
        empty: merge_info.empty,
        data: {merge_data[DataBits-1:8*MergeBytes], merged}
      };
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      beat_head <= '0;
      beat_tail <= '0;
      beat_count <= '0;
      request_head <= '0;
      request_tail <= '0;
      credits <= (BeatW + 1)'(BeatDepth);
      written <= '0;
    end else begin
      if (issue && send_first) request_tail <= request_tail + 1'b1;
      if (merge_valid) beat_tail <= beat_tail + 1'b1;
      written <= '0;
      if (pop) begin
        beat_head <= beat_head + 1'b1;
        if (beats[beat_head].eop) begin
          request_head <= request_head + 1'b1;
          if (requests[request_head].notify) written[requests[request_head].client] <= 1'b1;
        end
      end
      beat_count <= beat_count + (BeatW + 1)'(merge_valid) - (BeatW + 1)'(pop);
      credits <= credits + (BeatW + 1)'(pop) - (BeatW + 1)'(issue);
    end
  end

  assign empty = op_count == 0 && !cut_valid && !send_valid && credits == (BeatW + 1)'(BeatDepth);
  assign idle = !accept && next_grant == grant && !op_take && !cut_go && !issue && !read_valid &&
      !turn_valid && !merge_valid && !pop && written == '0 && !trace_valid && !buffer_release;

endmodule
