// SPDX-License-Identifier: Apache-2.0
// A memory of rows that is written and read at any byte: up to a row's bytes in one cycle, which
// may run over into the next row. Two banks, of even and of odd rows.
module lane_ram
  import nic_pkg::*;
#(
  parameter int unsigned Rows = 16  // a power of two, at least 4
) (
  input  logic                                    clk,
  // Bytes [address, address + count); behind the last row comes the first. The byte for address A
  // is in lane A mod DataBytes.
  input  logic                                    write,
  input  logic [$clog2(Rows)+LaneW-1:0]           write_address,
  input  logic [LaneW:0]                          write_count,  // 1 to DataBytes
  input  logic [DataBits-1:0]                     write_data,
  // The DataBytes bytes from `address` on, a cycle later and until the next read, each in lane A
  // mod DataBytes. A byte that is written in the cycle in which it is read has its old value.
  input  logic                                    read,
  input  logic [$clog2(Rows)+LaneW-1:0]           read_address,
  output logic [DataBits-1:0]                     read_data
);

  localparam int unsigned RowW = $clog2(Rows);

  if (Rows < 4 || 1 << RowW != Rows) $error("Rows must be a power of two, at least 4");
  if (1 << LaneW != DataBytes) $error("a row must have a power of two of bytes");

  typedef logic [RowW-2:0] index_t;  // of a row in its bank
  typedef logic [DataBits-1:0] row_t;

  row_t even[Rows/2];
  row_t odd[Rows/2];

  // -- write: of the first row the lanes from the start on, of the next one those below the end
  logic write_odd;  // the first row is
  index_t write_index;
  index_t write_even_index;
  logic [LaneW:0] write_end;  // lane behind the last one, counted on into the next row

  assign write_odd = write_address[LaneW];
  assign write_index = write_address[LaneW+1+:RowW-1];
  assign write_even_index = write_index + index_t'(write_odd);
  assign write_end = {1'b0, write_address[LaneW-1:0]} + write_count;

`ifdef VERILATOR
`ifndef LANE_RAM_BY_LANES
`define LANE_RAM_BY_ROWS
`endif
`endif

`ifdef LANE_RAM_BY_ROWS
  // The same as below, which takes a simulator several times as long.
  always_ff @(posedge clk) begin
    if (write) begin
      automatic row_t start = lanes_from(write_address[LaneW-1:0]);
      automatic row_t beyond = lanes_from(write_end[LaneW-1:0]);
      automatic row_t first = write_end[LaneW] ? start : start & ~beyond;
      automatic row_t even_bits = write_odd ? ~beyond : first;
      automatic row_t odd_bits = write_odd ? first : ~beyond;
      if (!write_odd || write_end[LaneW]) begin
        even[write_even_index] <= (even[write_even_index] & ~even_bits) | (write_data & even_bits);
      end
      if (write_odd || write_end[LaneW]) begin
        odd[write_index] <= (odd[write_index] & ~odd_bits) | (write_data & odd_bits);
      end
    end
  end
`else
  typedef logic [DataBytes-1:0] lanes_t;
  lanes_t start;
  lanes_t beyond;
  lanes_t first;
  lanes_t next;
  lanes_t even_lanes;
  lanes_t odd_lanes;

  assign start = ~lanes_t'(0) << write_address[LaneW-1:0];
  assign beyond = ~lanes_t'(0) << write_end[LaneW-1:0];
  assign first = write_end[LaneW] ? start : start & ~beyond;
  assign next = write_end[LaneW] ? ~beyond : '0;
  assign even_lanes = write_odd ? next : first;
  assign odd_lanes = write_odd ? first : next;

  always_ff @(posedge clk) begin
    for (int k = 0; k < int'(DataBytes); k++) begin
      if (write && even_lanes[k]) even[write_even_index][8*k+:8] <= write_data[8*k+:8];
    end
  end

  always_ff @(posedge clk) begin
    for (int k = 0; k < int'(DataBytes); k++) begin
      if (write && odd_lanes[k]) odd[write_index][8*k+:8] <= write_data[8*k+:8];
    end
  end
`endif

  // -- read: one row of each bank; the lanes below the start are of the later one
  index_t read_index;
  row_t even_row;
  row_t odd_row;
  logic [LaneW-1:0] read_lane;
  logic read_odd;

  assign read_index = read_address[LaneW+1+:RowW-1];

  always_ff @(posedge clk) begin
    if (read) begin
      even_row <= even[read_index+index_t'(read_address[LaneW])];
      odd_row <= odd[read_index];
      read_lane <= read_address[LaneW-1:0];
      read_odd <= read_address[LaneW];
    end
  end

  row_t from_start;
  assign from_start = lanes_from(read_lane);
  assign read_data = read_odd ? (odd_row & from_start) | (even_row & ~from_start)
                              : (even_row & from_start) | (odd_row & ~from_start);

endmodule
