// SPDX-License-Identifier: Apache-2.0
// What users of a lane_ram must keep to.
module lane_ram_checks
  import nic_pkg::*;
(
  input logic           clk,
  input logic           write,
  input logic [LaneW:0] write_count
);

  always_ff @(posedge clk) begin
    if (write) some_bytes: assert (write_count != '0 && 32'(write_count) <= DataBytes)
      else $error("a write of %0d bytes", write_count);
  end

endmodule

bind lane_ram lane_ram_checks checks (.*);
