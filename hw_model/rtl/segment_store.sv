// SPDX-License-Identifier: Apache-2.0
// Segments of descriptor chains, first in, first out for each virtqueue. A chain's segments can be
// taken when the last of them is there.
module segment_store
  import nic_pkg::*;
(
  input  logic                    clk,
  input  logic                    rst_n,
  input  logic     [Queues-1:0]   clear,
  input  logic                    write,  // only with room
  input  queue_t                  write_queue,
  input  segment_t                write_segment,
  input  logic                    write_last,  // of its chain
  output logic     [Queues-1:0]   room,
  output logic     [Queues-1:0]   segment_valid,
  input  logic     [Queues-1:0]   segment_ready,
  output segment_t [Queues-1:0]   segment,
  output logic                    working  // the next clock edge moves a segment
);
  localparam int unsigned PlaceW = $clog2(SegmentStore);
  localparam int unsigned Ahead = 4;  // segments that wait at a queue's output
  localparam int unsigned AheadW = $clog2(Ahead);

  if (SegmentStore != 2 ** PlaceW) $error("SegmentStore must be a power of two");

  typedef logic [PlaceW:0] count_t;  // modulo 2 * SegmentStore
  typedef logic [AheadW:0] ahead_t;

  segment_t segments[2**(QueueW+PlaceW)];
  count_t written[Queues];
  count_t visible[Queues];  // of whole chains
  count_t fetched[Queues];

  segment_t outputs[2**(QueueW+AheadW)];
  ahead_t taken_ahead[Queues];  // places of the output in use, or promised
  ahead_t output_in[Queues];
  ahead_t output_out[Queues];

  logic [Queues-1:0] want, moves;
  logic pick_any;
  queue_t pick, last;
  logic fetch_valid;
  queue_t fetch_queue;
  segment_t fetch_segment;

  always_comb begin
    for (int q = 0; q < int'(Queues); q++) begin
      room[q] = count_t'(written[q] - fetched[q]) != count_t'(SegmentStore);
      want[q] = visible[q] != fetched[q] && taken_ahead[q] != ahead_t'(Ahead);
      segment_valid[q] = output_in[q] != output_out[q];
      segment[q] = outputs[{queue_t'(q), output_out[q][AheadW-1:0]}];
    end
  end
  assign moves = segment_valid & segment_ready;
  assign working = pick_any || fetch_valid || |moves;

  ring_pick #(.Width(Queues)) turn (.want, .last, .any(pick_any), .index(pick));

  always_ff @(posedge clk) begin
    if (write) segments[{write_queue, written[write_queue][PlaceW-1:0]}] <= write_segment;
    if (pick_any) fetch_segment <= segments[{pick, fetched[pick][PlaceW-1:0]}];
  end

  always_ff @(posedge clk) begin
    if (fetch_valid) outputs[{fetch_queue, output_in[fetch_queue][AheadW-1:0]}] <= fetch_segment;
  end

  always_ff @(posedge clk) begin
    fetch_valid <= pick_any && rst_n && !clear[pick];
    if (pick_any) begin
      fetch_queue <= pick;
      last <= pick;
    end
    if (!rst_n) last <= '0;
    for (int q = 0; q < int'(Queues); q++) begin
      if (!rst_n || clear[q]) begin
        written[q] <= '0;
        visible[q] <= '0;
        fetched[q] <= '0;
        taken_ahead[q] <= '0;
        output_in[q] <= '0;
        output_out[q] <= '0;
      end else begin
        if (write && write_queue == queue_t'(q)) begin
          written[q] <= written[q] + 1'b1;
          if (write_last) visible[q] <= written[q] + 1'b1;
        end
        if (pick_any && pick == queue_t'(q)) fetched[q] <= fetched[q] + 1'b1;
        taken_ahead[q] <= taken_ahead[q] + ahead_t'(pick_any && pick == queue_t'(q)) -
                          ahead_t'(moves[q]);
        if (fetch_valid && fetch_queue == queue_t'(q)) output_in[q] <= output_in[q] + 1'b1;
        if (moves[q]) output_out[q] <= output_out[q] + 1'b1;
      end
    end
  end
endmodule
