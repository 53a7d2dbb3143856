// SPDX-License-Identifier: Apache-2.0
// The two virtqueues, one descriptor chain at a time from the available to the used ring (virtio 1.4,
// "Split Virtqueues"): index, entry, descriptors with their payload, used entry, used index,
// interrupt. Nothing is fetched ahead.
module queue_engine #(
  parameter int unsigned MostBytes = 1518  // of a frame
) (
  input  logic             clk,
  input  logic             rst_n,
  // from the registers; index 0 receives, 1 transmits
  input  logic             live,
  input  logic             clear,
  input  logic [1:0]       enabled,
  input  logic [1:0][15:0] size,
  input  logic [1:0][63:0] desc,
  input  logic [1:0][63:0] driver,
  input  logic [1:0][63:0] device,
  input  logic [1:0]       kick,
  output logic             used_interrupt,
  output logic             broken,
  output logic             idle,  // between chains
  output logic             work,  // and another begins now
  // reads of host memory
  output logic             read_start,
  output logic [63:0]      read_address,
  output logic [10:0]      read_length,
  output logic [3:0]       read_purpose,
  input  logic             read_byte_valid,
  input  logic [7:0]       read_byte,
  input  logic             read_done,
  input  logic             read_failed,
  // writes
  output logic             write_start,
  output logic [63:0]      write_address,
  output logic [10:0]      write_length,
  output logic [3:0]       write_purpose,
  input  logic             write_taken,
  input  logic             write_byte_ready,
  output logic [7:0]       write_byte,
  input  logic             write_done,
  // frames
  input  logic             frame_ready,
  input  logic [10:0]      frame_bytes,
  output logic             frame_byte_taken,
  input  logic [7:0]       frame_byte,
  output logic             frame_taken,
  output logic             send_byte_valid,
  input  logic [10:0]      send_bytes,
  output logic             send_clear,
  output logic             send,
  input  logic             sending
);
  // What accesses are for: hw_model/pcie/purpose.h.
  localparam logic [3:0] AvailIndex = 4'd1, AvailEntries = 4'd2, AvailFlags = 4'd3, Descriptors = 4'd4,
                         Payload = 4'd6, UsedEntries = 4'd7, UsedIndex = 4'd8;
  localparam logic [10:0] HeaderBytes = 11'd12;  // struct virtio_net_hdr
  localparam logic [10:0] NumBuffersAt = 11'd10;  // which is 1
  localparam logic [10:0] LeastFrame = 11'd14;

  typedef enum logic [3:0] {
    Rest, ReadIndex, ReadEntry, ReadDescriptor, Move, Next, Send, WriteEntry, WriteIndex, ReadFlags
  } state_e;
  state_e state;
  logic asked;  // what the state is for has begun
  logic q, turn;
  logic [1:0] look;  // the available index may have changed
  logic [15:0] avail[2];  // as last read
  logic [15:0] done[2];  // chains that were used
  logic [15:0] head, id, count;
  logic [10:0] moved, total;  // bytes of the chain
  logic [127:0] word;  // bytes that were read last, the last in the highest bits
  logic [63:0] out;

  // A descriptor in `word`.
  logic [63:0] at;
  logic [31:0] length;
  logic has_next, writable, indirect;
  logic [10:0] left, amount;
  assign at = word[63:0];
  assign length = word[95:64];
  assign {indirect, writable, has_next} = word[98:96];
  assign total = HeaderBytes + frame_bytes;
  assign left = total - moved;
  assign amount = q || length < 32'(left) ? length[10:0] : left;

  logic [1:0] ready;
  logic [15:0] slot, fresh, next_done;
  assign next_done = done[q] + 16'd1;
  assign ready = {enabled[1] && (look[1] || avail[1] != done[1]),
                  enabled[0] && (look[0] || avail[0] != done[0]) && frame_ready};
  assign slot = done[q] & (size[q] - 16'd1);
  assign fresh = word[127:112];  // two bytes that were read
  assign idle = state == Rest;
  assign work = live && ready != 2'd0;
  assign pick = ready == 2'b11 ? turn : ready[1];  // by turns, if both have something

  logic reads, writes, empty, finished, wrong, pick;
  assign reads = state == ReadIndex || state == ReadEntry || state == ReadDescriptor ||
                 state == ReadFlags || (state == Move && q);
  assign writes = state == WriteEntry || state == WriteIndex || (state == Move && !q);
  assign empty = state == Move && amount == 11'd0;
  assign read_start = reads && !asked && !empty && !wrong;
  assign write_start = writes && !asked && !empty && !wrong;
  assign finished = asked && (reads ? read_done : write_done);
  assign broken = asked && reads && read_done && read_failed || wrong;

  always_comb begin
    read_length = 11'd2;
    case (state)
      ReadIndex: {read_purpose, read_address} = {AvailIndex, driver[q] + 64'd2};
      ReadEntry: {read_purpose, read_address} = {AvailEntries, driver[q] + 64'd4 + 64'({slot, 1'b0})};
      ReadFlags: {read_purpose, read_address} = {AvailFlags, driver[q]};
      ReadDescriptor: begin
        {read_purpose, read_address} = {Descriptors, desc[q] + 64'({id, 4'd0})};
        read_length = 11'd16;
      end
      default: {read_purpose, read_address, read_length} = {Payload, at, amount};
    endcase
    case (state)
      WriteEntry: {write_purpose, write_address, write_length} =
          {UsedEntries, device[q] + 64'd4 + 64'({slot, 3'd0}), 11'd8};
      WriteIndex: {write_purpose, write_address, write_length} = {UsedIndex, device[q] + 64'd2, 11'd2};
      default: {write_purpose, write_address, write_length} = {Payload, at, amount};
    endcase
  end

  // What a driver must not do. What it gave up cannot be read, and ends so too.
  always_comb begin
    wrong = 1'b0;
    case (state)
      ReadIndex: wrong = finished && fresh - done[q] > size[q];
      ReadDescriptor: wrong = !asked && (id >= size[q] || count == size[q]);
      // A transmitted frame that is too long; a received one in what is not a buffer.
      Move: wrong = !asked && (indirect || writable == q ||
          (q && length > 32'(HeaderBytes) + MostBytes - 32'(moved)));
      Next: wrong = !q && !has_next && moved != total;
      default: ;
    endcase
  end

  assign write_byte = state != Move ? out[7:0] : moved >= HeaderBytes ? frame_byte
                    : moved == NumBuffersAt ? 8'd1 : 8'd0;
  assign frame_byte_taken = state == Move && write_byte_ready && moved >= HeaderBytes;
  assign frame_taken = state == Next && !q && moved == total;
  assign send_byte_valid = state == Move && read_byte_valid && moved >= HeaderBytes;
  assign send_clear = state == ReadEntry;
  assign send = state == Send && !asked && send_bytes >= LeastFrame;
  assign used_interrupt = state == ReadFlags && finished && !read_failed && !fresh[0];

  always_ff @(posedge clk) begin
    look <= look | kick;
    if (read_start || (write_start && write_taken)) asked <= 1'b1;
    if (finished) asked <= 1'b0;
    if (read_byte_valid && state != Move) word <= {read_byte, word[127:8]};
    if (write_byte_ready && state != Move) out <= out >> 8;
    if (state == Move && (read_byte_valid || write_byte_ready)) moved <= moved + 11'd1;
    case (state)
      Rest: if (work) begin
        q <= pick;
        turn <= !pick;
        state <= avail[pick] == done[pick] ? ReadIndex : ReadEntry;
      end
      ReadIndex: begin
        if (!asked) look[q] <= kick[q];  // what comes behind the read is for the next
        if (finished) begin
          avail[q] <= fresh;
          state <= fresh == done[q] ? Rest : ReadEntry;
        end
      end
      ReadEntry: begin
        moved <= 11'd0;
        count <= 16'd0;
        if (finished) begin
          head <= fresh;
          id <= fresh;
          state <= ReadDescriptor;
        end
      end
      ReadDescriptor: if (finished) begin
        count <= count + 16'd1;
        state <= Move;
      end
      Move: if (finished || (!asked && empty)) begin
        asked <= 1'b0;
        state <= Next;
      end
      Next: begin
        id <= fresh;
        if (has_next && (q || moved != total)) state <= ReadDescriptor;
        else begin
          out <= {q ? 32'd0 : 32'(total), 16'd0, head};
          state <= q ? Send : WriteEntry;
        end
      end
      Send: begin
        asked <= 1'b1;
        if (asked && !sending) begin
          asked <= 1'b0;
          state <= WriteEntry;
        end
      end
      WriteEntry: if (finished) begin
        out <= {48'd0, next_done};
        state <= WriteIndex;
      end
      WriteIndex: if (finished) begin
        done[q] <= next_done;
        state <= ReadFlags;
      end
      default: if (finished) state <= Rest;
    endcase
    if (broken) begin
      asked <= 1'b0;
      state <= Rest;
    end
    if (clear || !rst_n) begin
      state <= Rest;
      asked <= 1'b0;
      turn <= 1'b0;
      look <= 2'd0;
      avail[0] <= 16'd0;
      avail[1] <= 16'd0;
      done[0] <= 16'd0;
      done[1] <= 16'd0;
    end
  end
endmodule
