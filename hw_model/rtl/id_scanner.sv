// SPDX-License-Identifier: Apache-2.0
// Entries of the available rings: takes them in ring order when they have landed, checks them, and
// gathers consecutive descriptor heads into runs that one read can fetch (virtio 1.4, "The
// Virtqueue Available Ring").
module id_scanner
  import nic_pkg::*;
#(
  localparam int unsigned SlotW = $clog2(Window),
  localparam int unsigned CountW = $clog2(FetchBatch + 1),
  localparam int unsigned Fetches = 4,  // of one queue in flight
  localparam int unsigned FetchW = $clog2(Fetches)
) (
  input  logic                             clk,
  input  logic                             rst_n,
  input  logic                             flush,
  input  logic [Queues-1:0]                rewind,  // gives up runs; nothing is in flight
  input  logic [Queues-1:0][3:0]           size_log2,
  // landing memory: two bytes for each place of a queue's window
  input  logic                             write,
  input  logic [QueueW+SlotW:0]            write_address,
  input  logic [LaneW:0]                   write_count,
  input  logic [DataBits-1:0]              write_data,
  // a fetch is decided; fetches of one queue are for consecutive positions
  output logic [Queues-1:0]                fetch_room,
  input  logic                             fetch,
  input  queue_t                           fetch_queue,
  input  logic [CountW-1:0]                fetch_count,
  output logic [FetchW-1:0]                fetch_number,  // of fetch_queue's next fetch
  input  logic                             landed,
  input  queue_t                           landed_queue,
  input  logic [FetchW-1:0]                landed_number,
  // the oldest fetch of a queue is checked
  output logic                             known_valid,
  input  logic                             known_ready,
  output queue_t                           known_queue,
  output logic [31:0]                      known_position,
  output logic [CountW-1:0]                known_count,
  output logic                             known_bad,  // a head is out of range
  // runs of known heads, of each queue the oldest
  output logic [Queues-1:0]                run_valid,
  input  queue_t                           run_queue,
  output logic [15:0]                      run_id,
  output logic [CountW-1:0]                run_count,
  input  logic                             run_take,
  // head of the chain at a place of the window
  input  queue_t                           id_queue,
  input  logic [SlotW-1:0]                 id_slot,
  output logic [15:0]                      id,
  output logic [Queues-1:0]                quiet,  // no fetch is under way
  output logic                             working  // the next clock edge takes a step
);
  localparam int unsigned AddressW = QueueW + SlotW + 1;
  localparam int unsigned Rows = 2 ** AddressW / DataBytes;

  if (Window != 2 ** SlotW) $error("Window must be a power of two");
  if (Window < FetchBatch) $error("a fetch must fit into the window");
  if (2 * Window < 2 * DataBytes) $error("a queue's window must fill rows");

  typedef logic [CountW-1:0] count_t;
  typedef logic [FetchW:0] number_t;

  // -- fetches in flight
  count_t counts[2**(QueueW+FetchW)];
  logic [Fetches-1:0] landed_of[Queues];
  number_t fetch_in[Queues];
  number_t fetch_out[Queues];
  logic [31:0] position[Queues];  // of the oldest fetch

  logic [Queues-1:0] want, oldest_landed;
  logic pick_any;
  queue_t pick, last;

  // -- the fetch that is being looked at
  typedef enum logic [1:0] {Waiting, Reading, Closing, Known} step_e;
  step_e step;
  queue_t queue;
  count_t count, to_read;
  logic [SlotW-1:0] read_slot;
  logic read;
  logic [DataBits-1:0] read_data;
  logic row_valid;  // read_data holds an entry
  logic [SlotW-1:0] row_slot;
  logic [15:0] row_id;
  logic entry_valid;
  logic [SlotW-1:0] entry_slot;
  logic [15:0] entry;
  logic bad;
  logic run_open;
  logic [15:0] run_first, run_next;
  count_t run_length;
  logic run_goes_on, run_ends;

  logic [15:0] ids[2**(QueueW+SlotW)];
  logic [15+CountW:0] runs[2**(QueueW+SlotW)];
  logic [SlotW:0] run_in[Queues];
  logic [SlotW:0] run_out[Queues];
  logic [SlotW:0] run_tail;  // in front of it are runs that are not known yet

  always_comb begin
    for (int q = 0; q < int'(Queues); q++) begin
      fetch_room[q] = number_t'(fetch_in[q] - fetch_out[q]) != number_t'(Fetches);
      quiet[q] = fetch_in[q] == fetch_out[q];
      oldest_landed[q] = landed_of[q][fetch_out[q][FetchW-1:0]];
      run_valid[q] = run_in[q] != run_out[q];
    end
  end
  assign want = ~quiet & oldest_landed;
  assign fetch_number = fetch_in[fetch_queue][FetchW-1:0];
  assign {run_id, run_count} = runs[{run_queue, run_out[run_queue][SlotW-1:0]}];
  assign id = ids[{id_queue, id_slot}];

  ring_pick #(.Width(Queues)) turn (.want, .last, .any(pick_any), .index(pick));

  assign read = step == Reading && to_read != '0;
  lane_ram #(.Rows(Rows)) landing (
    .clk, .write, .write_address, .write_count, .write_data,
    .read, .read_address({queue, read_slot[SlotW-1:LaneW-1], LaneW'(0)}), .read_data
  );

  assign row_id = read_data[16*row_slot[LaneW-2:0]+:16];

  assign run_goes_on = run_open && entry == run_next && run_length != count_t'(FetchBatch);
  assign run_ends = run_open && ((entry_valid && !run_goes_on) || step == Closing);

  assign known_valid = step == Known;
  assign known_queue = queue;
  assign known_position = position[queue];
  assign known_count = count;
  assign known_bad = bad;
  assign working = (step == Waiting && pick_any) || step == Reading || step == Closing ||
                   (known_valid && known_ready);

  always_ff @(posedge clk) begin
    if (fetch) counts[{fetch_queue, fetch_number}] <= fetch_count;
    if (entry_valid) ids[{queue, entry_slot}] <= entry;
    if (run_ends) runs[{queue, run_tail[SlotW-1:0]}] <= {run_first, run_length};
  end

  always_ff @(posedge clk) begin
    row_valid <= read;
    row_slot <= read_slot;
    entry_valid <= row_valid;
    entry_slot <= row_slot;
    entry <= row_id;
    if (read) begin
      read_slot <= read_slot + 1'b1;
      to_read <= to_read - 1'b1;
    end
    if (entry_valid) begin
      if ((entry >> size_log2[queue]) != '0) bad <= 1'b1;
      run_open <= 1'b1;
      run_next <= entry + 1'b1;
      run_length <= run_goes_on ? run_length + 1'b1 : count_t'(1);
      if (!run_goes_on) run_first <= entry;
    end
    if (run_ends) run_tail <= run_tail + 1'b1;
    unique case (step)
      Waiting: begin
        if (pick_any) begin
          step <= Reading;
          last <= pick;
          queue <= pick;
          count <= counts[{pick, fetch_out[pick][FetchW-1:0]}];
          to_read <= counts[{pick, fetch_out[pick][FetchW-1:0]}];
          read_slot <= position[pick][SlotW-1:0];
          bad <= 1'b0;
          run_open <= 1'b0;
          run_tail <= run_in[pick];
        end
      end
      Reading: if (to_read == '0 && !row_valid) step <= Closing;
      Closing: step <= Known;
      Known: begin
        if (known_ready) begin
          step <= Waiting;
          position[queue] <= position[queue] + 32'(count);
        end
      end
    endcase
    if (!rst_n || flush) begin
      step <= Waiting;
      row_valid <= 1'b0;
      entry_valid <= 1'b0;
      run_open <= 1'b0;
      last <= '0;
    end
    for (int q = 0; q < int'(Queues); q++) if (!rst_n || flush) position[q] <= '0;
  end

  always_ff @(posedge clk) begin
    for (int q = 0; q < int'(Queues); q++) begin
      if (!rst_n || flush) begin
        landed_of[q] <= '0;
        fetch_in[q] <= '0;
        fetch_out[q] <= '0;
      end else begin
        if (landed && landed_queue == queue_t'(q)) landed_of[q][landed_number] <= 1'b1;
        if (known_valid && known_ready && queue == queue_t'(q)) begin
          landed_of[q][fetch_out[q][FetchW-1:0]] <= 1'b0;
          fetch_out[q] <= fetch_out[q] + 1'b1;
        end
        if (fetch && fetch_queue == queue_t'(q)) fetch_in[q] <= fetch_in[q] + 1'b1;
      end
      if (!rst_n || flush || rewind[q]) begin
        run_in[q] <= '0;
        run_out[q] <= '0;
      end else begin
        if (known_valid && known_ready && !bad && queue == queue_t'(q)) run_in[q] <= run_tail;
        if (run_take && run_queue == queue_t'(q)) run_out[q] <= run_out[q] + 1'b1;
      end
    end
  end
endmodule
