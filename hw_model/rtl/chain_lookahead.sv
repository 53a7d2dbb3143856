// SPDX-License-Identifier: Apache-2.0
// Looks at descriptor heads as soon as they have landed, in ring order, and asks for what follows
// in each chain (a run of descriptors from the next one on, or the beginning of the indirect
// table), so that many chains wait for host memory at once while they are walked one by one. Of a
// run the walk may not need all.
module chain_lookahead
  import nic_pkg::*;
#(
  parameter int unsigned Buffers = 16,  // of one queue, for what follows in a chain each
  localparam int unsigned BufferW = $clog2(Buffers),
  localparam int unsigned SlotW = $clog2(Window),
  localparam int unsigned CountW = $clog2(FetchBatch + 1)
) (
  input  logic                            clk,
  input  logic                            rst_n,
  input  logic                            go,  // steps are allowed
  input  logic                            flush,
  input  logic [Queues-1:0]               rewind,  // gives up what landed; nothing is in flight
  input  logic [Queues-1:0][31:0]         rewind_position,
  input  logic [Queues-1:0][3:0]          size_log2,
  input  logic                            indirect,
  input  logic [Queues-1:0][4:0]          run,  // descriptors to ask for, 1 to 16
  input  logic                            heads_landed,
  input  queue_t                          heads_queue,
  input  logic [SlotW-1:0]                heads_slot,
  input  logic [CountW-1:0]               heads_count,
  // the landing memory of heads: the descriptor comes a cycle later
  output logic                            look_valid,
  input  logic                            look_ready,
  output queue_t                          look_queue,
  output logic [SlotW-1:0]                look_slot,
  input  logic                            has_next,
  input  logic                            is_indirect,
  input  logic [15:0]                     next,
  input  logic [31:0]                     length,
  input  logic [63:0]                     address,
  // a read
  output logic                            step_valid,
  input  logic                            step_ready,
  output queue_t                          step_queue,
  output logic [31:0]                     step_position,
  output logic                            step_table,  // of an indirect table
  output logic [63:0]                     step_table_address,
  output logic [15:0]                     step_next,  // else: of the ring's table, which one
  output logic [4:0]                      step_count,  // descriptors
  output logic [BufferW-1:0]              step_buffer,
  input  logic                            landed,
  input  logic                            landed_bad,  // a run of which something failed
  input  queue_t                          landed_queue,
  input  logic [BufferW-1:0]              landed_buffer,
  // the chain that each queue walks
  input  logic [Queues-1:0][31:0]         position,
  output logic [Queues-1:0]               seen,  // its head was looked at
  output logic [Queues-1:0]               owns,  // what follows was asked for
  output logic [Queues-1:0]               have,  // and has landed
  output logic [Queues-1:0]               bad,  // and failed
  output logic [Queues-1:0][3:0]          more,  // of a run: descriptors behind the first
  output logic [Queues-1:0][BufferW-1:0]  buffer,
  input  logic                            finished,  // the walk of one
  input  queue_t                          finished_queue,
  output logic [Queues-1:0]               empty,  // no head waits to be looked at
  output logic [Queues-1:0]               quiet,  // or it cannot be looked at now
  output logic                            working  // the next clock edge takes a step
);
  localparam int unsigned TableLimit = 1024;

  if (Buffers != 2 ** BufferW) $error("Buffers must be a power of two");

  typedef logic [BufferW:0] count_t;  // modulo 2 * Buffers

  logic [Window-1:0] waits[Queues];  // heads that landed
  logic [Window-1:0] owners[Queues];  // chains with a buffer
  logic [31:0] at[Queues];  // the next head to look at
  count_t given[Queues];
  count_t taken_back[Queues];
  logic [Buffers-1:0] full[Queues];
  logic [Buffers-1:0] failed[Queues];
  logic [3:0] behind[Queues][Buffers];  // the first descriptor of a run

  logic [Queues-1:0] want;
  logic pick_any;
  queue_t pick, last;
  logic fetched;  // the descriptor comes in this cycle
  logic valid, moves, needs, list, table_good;
  queue_t queue;
  logic next_set, indirect_set;
  logic [15:0] next_one, size, limit, to_end;
  logic [4:0] run_count;
  logic [31:0] bytes;
  logic [63:0] from;

  always_comb begin
    for (int q = 0; q < int'(Queues); q++) begin
      empty[q] = waits[q] == '0;
      want[q] = waits[q][at[q][SlotW-1:0]] &&
                count_t'(given[q] - taken_back[q]) != count_t'(Buffers);
      seen[q] = at[q] != position[q];
      owns[q] = owners[q][position[q][SlotW-1:0]];
      buffer[q] = taken_back[q][BufferW-1:0];
      have[q] = full[q][taken_back[q][BufferW-1:0]];
      bad[q] = failed[q][taken_back[q][BufferW-1:0]];
      more[q] = behind[q][taken_back[q][BufferW-1:0]];
    end
  end

  assign quiet = ~want & ~(fetched || valid ? Queues'(1) << queue : '0);

  // One head at a time is on its way: from here a cycle, and one to see what it needs.
  ring_pick #(.Width(Queues)) turn (.want, .last, .any(pick_any), .index(pick));
  assign look_valid = go && pick_any && !fetched && (!valid || (moves && pick != queue));
  assign look_queue = pick;
  assign look_slot = at[pick][SlotW-1:0];

  assign size = 16'd1 << size_log2[queue];
  assign limit = size > 16'(TableLimit) ? size : 16'(TableLimit);
  assign list = next_set && !indirect_set && next_one < size;
  assign table_good = indirect_set && !next_set && indirect && bytes != '0 &&
                      bytes[3:0] == '0 && bytes[31:4] <= {12'd0, limit} &&
                      from <= ~{32'd0, bytes - 32'd1};
  assign needs = list || table_good;
  assign step_valid = valid && needs;
  assign step_queue = queue;
  assign step_position = at[queue];
  assign step_table = indirect_set;
  assign step_table_address = from;
  assign step_next = next_one;
  assign to_end = size - next_one;
  assign run_count = to_end < 16'(run[queue]) ? to_end[4:0] : run[queue];
  assign step_count = list ? run_count : bytes[31:4] >= 28'd16 ? 5'd16 : {1'b0, bytes[7:4]};
  assign step_buffer = given[queue][BufferW-1:0];
  assign moves = valid && go && (!needs || step_ready);
  assign working = (look_valid && look_ready) || fetched || moves;

  always_ff @(posedge clk) begin
    if (moves) valid <= 1'b0;
    fetched <= look_valid && look_ready;
    if (look_valid && look_ready) begin
      last <= pick;
      queue <= pick;
    end
    if (fetched) begin
      valid <= 1'b1;
      next_set <= has_next;
      indirect_set <= is_indirect;
      next_one <= next;
      bytes <= length;
      from <= address;
    end
    if (!rst_n || flush) begin
      fetched <= 1'b0;
      valid <= 1'b0;
      last <= '0;
    end
  end

  always_ff @(posedge clk) begin
    for (int q = 0; q < int'(Queues); q++) begin
      automatic logic [Window-1:0] come = '0;
      automatic logic [Window-1:0] gone = '0;
      automatic logic mine = moves && queue == queue_t'(q);
      automatic logic done = finished && finished_queue == queue_t'(q);
      if (heads_landed && heads_queue == queue_t'(q)) begin
        come = ((Window'(1) << heads_count) - Window'(1)) << heads_slot;
      end
      if (mine) begin
        at[q] <= at[q] + 32'd1;
        gone[at[q][SlotW-1:0]] = 1'b1;
        owners[q][at[q][SlotW-1:0]] <= needs;
        if (needs) begin
          given[q] <= given[q] + 1'b1;
          full[q][given[q][BufferW-1:0]] <= 1'b0;
          failed[q][given[q][BufferW-1:0]] <= 1'b0;
          behind[q][given[q][BufferW-1:0]] <= 4'(run_count - 5'd1);
        end
      end
      waits[q] <= (waits[q] & ~gone) | come;
      if (landed && landed_queue == queue_t'(q)) begin
        full[q][landed_buffer] <= 1'b1;
        failed[q][landed_buffer] <= landed_bad;
      end
      if (done && owns[q]) taken_back[q] <= taken_back[q] + 1'b1;
      if (!rst_n || flush || rewind[q]) begin
        waits[q] <= '0;
        owners[q] <= '0;
        full[q] <= '0;
        failed[q] <= '0;
        given[q] <= '0;
        taken_back[q] <= '0;
        at[q] <= rewind_position[q];
      end
      if (!rst_n || flush) at[q] <= '0;
    end
  end
endmodule
