// SPDX-License-Identifier: Apache-2.0
// The MSI-X table and its pending bits (PCI Express Base Specification 4.0, 7.7.2; virtio 1.4,
// "MSI-X Vector Configuration").
module msix_table
  import nic_pkg::*;
  import nic_faults_pkg::*;
(
  input  logic               clk,
  input  logic               rst_n,
  input  logic               clear,  // all entries zero and masked, nothing pending
  input  logic               clear_pending,
  // messages may leave: MSI-X is enabled and not masked, Bus Master Enable is set
  input  logic               allowed,
  // the table, 8 bytes of an entry at once
  input  logic [13:3]        address,
  output logic [63:0]        read_data,
  output logic [63:0]        pending_data,
  input  logic               write,
  input  logic [1:0]         halves,  // double words that are written
  input  logic [63:0]        write_data,
  // one vector: what its message is, and whether it may leave now
  input  logic [VectorW-1:0] chosen,
  output logic [63:0]        message_address,
  output logic [31:0]        message_data,
  output logic               may_send,
  input  logic               set_pending,  // of `chosen`
  input  logic               drop_pending,  // of `ready_vector`
  // the lowest vector that is pending and may leave
  output logic               ready_valid,
  output logic [VectorW-1:0] ready_vector
);
  if (MsixVectors > 64) $error("pending bits of more than 64 vectors");

  logic [63:2] addresses[MsixVectors];
  logic [31:0] data[MsixVectors];
  logic [MsixVectors-1:0] masked, pending;

  logic [9:0] entry;
  logic there;
  logic [VectorW-1:0] index;
  assign entry = address[13:4];
  assign there = 32'(entry) < MsixVectors;
  assign index = there ? entry[VectorW-1:0] : '0;

  always_comb begin
    read_data = '0;
    if (there) begin
      read_data = address[3] ? {31'h0, masked[index], data[index]}
                             : {addresses[index], 2'b00};
    end
  end
  assign pending_data = address == '0 ? 64'(pending) : '0;

  assign message_address = {addresses[chosen], 2'b00};
  assign message_data = data[chosen];
  assign may_send = allowed && (!masked[chosen] || fault(MaskedVectorSent));

  logic [MsixVectors-1:0] ready;
  assign ready = allowed ? pending & ~masked : '0;
  assign ready_valid = ready != '0;
  always_comb begin
    ready_vector = '0;
    for (int v = int'(MsixVectors) - 1; v >= 0; --v) begin
      if (ready[v]) ready_vector = VectorW'(v);
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      for (int v = 0; v < int'(MsixVectors); ++v) begin
        addresses[v] <= '0;
        data[v] <= '0;
      end
      masked <= '1;
    end else if (write && there) begin
      if (address[3]) begin
        if (halves[0]) data[index] <= write_data[31:0];
        if (halves[1]) masked[index] <= write_data[32];
      end else begin
        if (halves[0]) addresses[index][31:2] <= write_data[31:2];
        if (halves[1]) addresses[index][63:32] <= write_data[63:32];
      end
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n || clear || (clear_pending && !fault(PendingOverReset))) begin
      pending <= '0;
    end else begin
      if (set_pending && !fault(PendingLost)) pending[chosen] <= 1'b1;
      if (drop_pending) pending[ready_vector] <= 1'b0;
    end
  end
endmodule
