// SPDX-License-Identifier: Apache-2.0
// What dma_read promises, and what it may expect of its neighbours.
module dma_read_checks
  import nic_pkg::*;
(
  input logic                             clk,
  input logic                             rst_n,
  input logic                             flush,
  /* verilator lint_off UNUSEDSIGNAL */  // Bus Master Enable
  input card_state_t                      state,
  /* verilator lint_on UNUSEDSIGNAL */
  input logic           [ReadClients-1:0] op_valid,
  input logic           [ReadClients-1:0] op_ready,
  input read_op_t       [ReadClients-1:0] op,
  input logic                             request_valid,
  input logic                             request_ready,
  input read_request_t                    request,
  input logic                             completion_valid,
  input logic                             completion_ready,
  /* verilator lint_off UNUSEDSIGNAL */  // those of a TLP that are looked at here
  input completion_t                      completion,
  input beat_t                            completion_beat,
  /* verilator lint_on UNUSEDSIGNAL */
  input logic                             landing_valid,
  /* verilator lint_off UNUSEDSIGNAL */  // its count
  input landing_t                         landing,
  /* verilator lint_on UNUSEDSIGNAL */
  input logic                             done_valid,
  input logic                             ask,
  input logic           [TagW-1:0]        new_tag,
  input logic           [ReadTags-1:0]    in_flight,
  input logic           [ReadTags-1:0]    retired,
  input logic           [TagW:0]          tags_in_use,
  input logic                             tag_freed,
  input logic           [TagW-1:0]        freed_tag
);

  // Offered until accepted, or a flush.
  logic request_stalled, completion_stalled, forgot;
  logic [ReadClients-1:0] op_stalled;
  read_request_t held_request;
  completion_t held_completion;
  beat_t held_beat;
  read_op_t [ReadClients-1:0] held_op;
  always_ff @(posedge clk) begin
    request_stalled <= rst_n && request_valid && !request_ready && !flush;
    if (request_valid && !request_ready && !request_stalled) held_request <= request;
    completion_stalled <= rst_n && completion_valid && !completion_ready;
    if (completion_valid && !completion_ready && !completion_stalled) begin
      held_completion <= completion;
      held_beat <= completion_beat;
    end
    forgot <= rst_n && flush;
  end
  for (genvar k = 0; k < int'(ReadClients); k++) begin : g_held
    always_ff @(posedge clk) begin
      op_stalled[k] <= rst_n && op_valid[k] && !op_ready[k] && !flush;
      if (op_valid[k] && !op_ready[k] && !op_stalled[k]) held_op[k] <= op[k];
    end
  end

  // Beats of a TLP.
  logic mid;
  logic [12:0] left;  // bytes behind this beat
  logic [12:0] room;
  logic [12:0] now_left;
  assign room = 13'(DataBytes) - (mid ? 13'd0 : 13'(completion.lower_address[1:0]));
  assign now_left = mid ? left : completion.has_data ? completion.length : '0;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      mid <= 1'b0;
      left <= '0;
    end else if (completion_valid && completion_ready) begin
      mid <= (mid || completion.has_data) && !(|completion_beat.eop);
      left <= now_left < room ? '0 : now_left - room;
    end
  end

  always_ff @(posedge clk) if (rst_n) begin
    // -- requests
    if (request_stalled)
      request_stays: assert ((request_valid || !state.bus_master) && request == held_request)
        else $error("a request changed before it was accepted");
    if (request_valid)
      request_in_page: assert (request.length != '0 &&
                               13'(request.address[11:0]) + (request.length - 13'd1) < 13'd4096)
        else $error("a request of %0d bytes at %h", request.length, request.address);
    if (ask) tag_is_free: assert (!in_flight[new_tag] && !retired[new_tag])
      else $error("tag %0d is used twice", new_tag);
    if (tag_freed) freed_tag_was_used: assert (in_flight[freed_tag] != retired[freed_tag])
      else $error("tag %0d is freed twice", freed_tag);
    tags_counted: assert (32'(tags_in_use) <= ReadTags &&
                          (tags_in_use == '0) == ((in_flight | retired) == '0))
      else $error("%0d tags in use", tags_in_use);

    // -- clients
    one_grant: assert ($onehot0(op_ready)) else $error("more than one client is granted");
    if (landing_valid) some_bytes: assert (landing.count != '0 && 32'(landing.count) <= DataBytes)
      else $error("%0d bytes land", landing.count);
    if (forgot) forgotten: assert (!landing_valid && !done_valid)
      else $error("something is reported behind a flush");

    // -- completions
    if (completion_stalled)
      completion_stays: assert (completion_valid && completion == held_completion &&
                                completion_beat == held_beat)
        else $error("a completion changed before it was accepted");
    if (completion_valid && (mid || completion.has_data))
      beats_fit: assert ((now_left <= room) == (|completion_beat.eop))
        else $error("a TLP has not the beats that its length says");
  end
  for (genvar k = 0; k < int'(ReadClients); k++) begin : g_client
    always_ff @(posedge clk) if (rst_n) begin
      if (op_stalled[k] && !flush) op_stays: assert (op_valid[k] && op[k] == held_op[k])
        else $error("client %0d changed its operation", k);
      if (op_valid[k]) op_has_bytes: assert (op[k].length != '0)
        else $error("client %0d reads nothing", k);
    end
  end

endmodule

bind dma_read dma_read_checks checks (.*);
