// SPDX-License-Identifier: Apache-2.0
// What must hold of dma_write at all times.
module dma_write_checks
  import nic_pkg::*;
(
  input logic                            clk,
  input logic                            rst_n,
  /* verilator lint_off UNUSED */  // Max_Payload_Size alone counts
  input card_state_t                     state,
  /* verilator lint_on UNUSED */
  input logic      [WriteClients-1:0]    op_valid,
  input logic      [WriteClients-1:0]    op_ready,
  input write_op_t [WriteClients-1:0]    op,
  input logic                            posted_valid,
  input logic                            posted_ready,
  input posted_t                         posted,
  input beat_t                           posted_beat,
  input logic                            buffer_release,
  input logic                            empty,
  input logic                            idle,
  input logic [3:0]                      beat_count,
  input logic [3:0]                      credits
);

  logic live, stalled;  // a cycle has passed since reset; in it the host did not accept
  posted_t held;
  beat_t held_beat;
  logic under_way;  // a request's first beat has left
  logic [13:0] covered;  // lanes that its beats covered so far, with those before its first byte
  logic [13:0] wanted;

  logic [2:0] most;  // largest Max_Payload_Size since the module was empty: requests may be older
                     // than what the register says now

  assign wanted = 14'(posted.length) + 14'(posted.address[1:0]);

  always_ff @(posedge clk) begin
    live <= rst_n;
    stalled <= rst_n && posted_valid && !posted_ready;
    most <= empty || state.max_payload > most ? state.max_payload : most;
    if (posted_valid && !posted_ready && !stalled) begin
      held <= posted;
      held_beat <= posted_beat;
    end
    if (!rst_n) begin
      under_way <= 1'b0;
      covered <= '0;
    end else if (posted_valid && posted_ready) begin
      under_way <= !posted_beat.eop;
      covered <= posted_beat.eop ? '0 : covered + 14'(DataBytes);
    end
  end

  always_ff @(posedge clk) if (rst_n) begin
    // Offered until accepted.
    if (live && stalled)
      stable: assert (posted_valid && posted == held && posted_beat == held_beat)
        else $error("dma_write: a posted request changed before it was accepted");

    if (posted_valid) begin
      // First and last beats alternate, and the beats are as many as the length asks for.
      framed: assert (posted_beat.sop == !under_way)
        else $error("dma_write: a beat out of place");
      if (posted_beat.eop && !posted.message)
        whole: assert (covered + 14'(DataBytes) - 14'(posted_beat.empty) == wanted)
          else $error("dma_write: the beats hold other bytes than the length says");

      // PCI Express Base Specification 4.0, 2.2.7.
      if (posted_beat.sop && !stalled && !posted.message)
        payload: assert (wanted <= 14'd128 << most)
          else $error("dma_write: a request over Max_Payload_Size");
      if (!posted.message)
        page: assert (posted.length != 0 &&
                      14'(posted.address[11:0]) + 14'(posted.length) <= 14'h1000)
          else $error("dma_write: a request crosses 4 KiB");
    end

    credit: assert (beat_count + credits <= 4'd8) else $error("dma_write: more beats than room");
    if (empty) empty_is_empty: assert (!posted_valid)
      else $error("dma_write: empty with a request to send");
    if (idle) idle_is_quiet: assert (!(posted_valid && posted_ready) && !buffer_release)
      else $error("dma_write: idle while something leaves");
  end

  // What clients may ask for.
  for (genvar c = 0; c < int'(WriteClients); ++c) begin : g_client
    always_ff @(posedge clk) if (rst_n) begin
      if (op_valid[c] && op_ready[c] && op[c].source != WriteMessage)
        bounds: assert (op[c].length != 0 &&
                        (op[c].source != WriteImmediate || op[c].length <= 16'd64))
          else $error("dma_write: client %0d asks for %0d bytes", c, op[c].length);
    end
  end

endmodule

bind dma_write dma_write_checks checks (.*);
