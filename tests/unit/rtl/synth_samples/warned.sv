// SPDX-License-Identifier: Apache-2.0
// For the test of the synthesis report: a memory that is reset, and a path that is too long.
module warned (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             write,
  input  logic [5:0]       address,
  input  logic [63:0]      data,
  output logic [63:0]      word,
  input  logic [31:0][7:0] terms,
  output logic [7:0]       sum
);

  logic [63:0] reset_words[64];
  logic [7:0] next_sum;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      for (int k = 0; k < 64; k++) reset_words[k] <= '0;
    end else if (write) begin
      reset_words[address] <= data;
    end
    word <= reset_words[address];
  end

  always_comb begin
    next_sum = sum;
    for (int k = 0; k < 32; k++) next_sum = (next_sum ^ terms[k]) + {next_sum[6:0], next_sum[7]};
  end

  always_ff @(posedge clk) sum <= rst_n ? next_sum : '0;

endmodule
