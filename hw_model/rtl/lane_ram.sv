// SPDX-License-Identifier: Apache-2.0
// A memory of rows that is written and read at any byte: up to a row's bytes in one cycle, which
// may run over into the next row. Two banks, of even and of odd rows.
module lane_ram
  import nic_pkg::*;
#(
  parameter int unsigned Rows = 16  // a power of two, at least 2
) (
  input  logic                                    clk,
  // Bytes [address, address + count); the byte for address A is in lane A mod DataBytes.
  input  logic                                    write,
  input  logic [$clog2(Rows)+LaneW-1:0]           write_address,
  input  logic [LaneW:0]                          write_count,
  input  logic [DataBits-1:0]                     write_data,
  // The DataBytes bytes from `address` on, a cycle later, each in lane A mod DataBytes.
  input  logic                                    read,
  input  logic [$clog2(Rows)+LaneW-1:0]           read_address,
  output logic [DataBits-1:0]                     read_data
);
endmodule
