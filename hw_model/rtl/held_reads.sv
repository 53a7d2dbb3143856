// SPDX-License-Identifier: Apache-2.0
// Register reads that wait for firmware, in the order in which they came. A scan looks at each
// once: it is answered and dropped, or kept.
module held_reads
  import nic_pkg::*;
#(
  parameter int unsigned Entries = 8  // a power of two
) (
  input  logic       clk,
  input  logic       rst_n,
  input  now_t       now,
  input  logic       hold,  // one more; not while full, not during a scan
  input  held_read_t hold_read,
  output logic       full,
  output logic       any,
  output held_read_t oldest,  // during a scan: the next to look at
  output logic       late,  // the oldest is past its deadline
  input  logic       scan,  // begins
  output logic       scanning,
  input  logic       keep,
  input  logic       drop
);
  localparam int unsigned IndexW = $clog2(Entries);

  if (Entries < 2 || 1 << IndexW != Entries) $error("Entries must be a power of two, at least 2");

  held_read_t reads[Entries];
  logic [IndexW-1:0] first, next;
  logic [IndexW:0] count, left;

  assign oldest = reads[first];
  assign full = count[IndexW];
  assign any = count != '0;
  assign scanning = left != '0;

  always_ff @(posedge clk) begin
    if (hold) reads[next] <= hold_read;
    else if (keep) reads[next] <= oldest;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      first <= '0;
      next <= '0;
      count <= '0;
      left <= '0;
      late <= 1'b0;
    end else begin
      if (hold || keep) next <= next + 1'b1;
      if (keep || drop) first <= first + 1'b1;
      if (hold) count <= count + 1'b1;
      else if (drop) count <= count - 1'b1;
      if (scan) left <= count;
      else if (keep || drop) left <= left - 1'b1;
      // Behind a scan the first is the oldest again.
      late <= any && now >= oldest.deadline && !scan && !keep && !drop;
    end
  end
endmodule
