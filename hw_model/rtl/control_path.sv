// SPDX-License-Identifier: Apache-2.0
// The control virtqueue: gathers a command for firmware and writes its answer as the ack byte
// (virtio 1.4, "Control Virtqueue").
//
// One command at a time: its readable segments are read as far as firmware looks, the first
// writable one is kept for the ack, the others are passed over. Firmware gets the command, and the
// ack is written, only while the device is active: after an error or in a reset never.
module control_path
  import nic_pkg::*;
#(
  parameter int unsigned CommandBytes = 64  // of a command that firmware sees
) (
  input  logic                        clk,
  input  logic                        rst_n,
  /* verilator lint_off UNUSED */  // what the other modules need of them
  input  card_state_t                 state,
  input  queue_context_t              context_of,
  /* verilator lint_on UNUSED */
  input  logic                        flush,
  input  logic                        chain_valid,
  output logic                        chain_ready,
  /* verilator lint_off UNUSED */
  input  chain_t                      chain,
  /* verilator lint_on UNUSED */
  input  logic                        segment_valid,
  output logic                        segment_ready,
  input  segment_t                    segment,
  output logic                        read_valid,
  input  logic                        read_ready,
  output read_op_t                    read_op,
  input  logic                        landing_valid,
  /* verilator lint_off UNUSED */
  input  landing_t                    landing,
  input  logic                        done_valid,
  input  read_done_t                  done,
  /* verilator lint_on UNUSED */
  output logic                        write_valid,  // the ack byte
  input  logic                        write_ready,
  output write_op_t                   write_op,
  output logic                        used_valid,
  output used_t                       used,
  // to firmware: the command waits until it is taken, then for the reply
  output logic                        command_valid,
  input  logic                        command_ready,
  output logic [31:0]                 command_length,
  output logic [8*CommandBytes-1:0]   command,  // byte k in bits 8k+7:8k; zeros behind a short one
  input  logic                        reply_valid,
  input  logic [7:0]                  reply,
  output logic                        settled,
  output logic                        error_valid,
  output error_t                      error,
  output logic                        trace_valid,
  output trace_t                      trace,
  output logic                        busy,
  output logic                        idle  // depends on the inputs of the same cycle
);

  localparam int unsigned CommandW = $clog2(CommandBytes);
  localparam int unsigned Lanes = DataBytes;

  if (CommandBytes < DataBytes || 1 << CommandW != CommandBytes)
    $error("CommandBytes must be a power of two, at least a beat");

  typedef enum logic [3:0] {
    Rest,
    Gather,  // segments are read or passed over
    Await,  // reads are under way
    Offer,  // to firmware
    Reply,  // firmware is at it
    Acknowledge,  // the answer waits until it may be written
    Write,
    Finish,
    Failed  // until the reset that follows
  } step_e;

  step_e step;
  logic [31:0] position;
  logic [15:0] id, readable, writable;  // segments that are still to come
  logic [CommandW:0] left;  // bytes to read
  logic [CommandW-1:0] offset;
  logic [15:0] outstanding;  // reads that were asked for and have not ended
  logic ack_known;
  logic [63:0] ack_address;
  logic [7:0] ack;
  logic [31:0] chain_length;

  // NicCore::command_bytes().
  assign chain_length = chain.readable_bytes[32] ? '1 : chain.readable_bytes[31:0];

  logic take_chain, take_segment, taking, asked, ended, landed, accepted, useful;
  logic [CommandW:0] part;
  assign taking = state.active && context_of.enabled && !context_of.suspended;
  assign accepted = write_valid && write_ready;
  assign asked = read_valid && read_ready;
  assign ended = done_valid && done.client == ReadControl && outstanding != 0;
  assign landed = landing_valid && landing.client == ReadControl;
  assign useful = readable != 0 && left != 0;
  assign part = segment.length < 32'(left) ? segment.length[CommandW:0] : left;

  // The chain is looked at in Rest, and taken a cycle later.
  logic start;
  assign start = step == Rest && chain_valid && taking && !flush;
  assign chain_ready = take_chain;
  assign segment_ready = step == Gather && !read_valid && (readable != 0 || writable != 0);
  assign take_segment = segment_valid && segment_ready;

  always_ff @(posedge clk) begin
    if (!rst_n || flush) begin
      step <= Rest;
      take_chain <= 1'b0;
      read_valid <= 1'b0;
      outstanding <= '0;
      error_valid <= 1'b0;
      ack_known <= 1'b0;
    end else begin
      take_chain <= start;
      if (asked) read_valid <= 1'b0;
      if (take_segment && useful) read_valid <= 1'b1;
      outstanding <= outstanding + 16'(take_segment && useful) - 16'(ended);
      // After an error or in a reset what reads bring does not count.
      error_valid <= ended && !done.ok && state.counts;
      if (start) ack_known <= 1'b0;
      else if (take_segment && readable == 0) ack_known <= 1'b1;
      case (step)
        Rest: if (start) step <= Gather;
        Gather: if (readable == 0 && writable == 0 && !read_valid) step <= Await;
        Await: if (outstanding == 0 && state.active) step <= Offer;
        Offer: if (command_ready) step <= Reply;
        Reply: if (reply_valid) step <= Acknowledge;
        Acknowledge: if (state.active) step <= Write;
        Write: if (accepted) step <= Finish;
        Finish: step <= Rest;
        default: ;
      endcase
      if (ended && !done.ok) step <= Failed;
    end
  end

  always_ff @(posedge clk) begin
    if (start) begin
      position <= chain.position;
      id <= chain.id;
      readable <= chain.readable;
      writable <= chain.writable;
      command_length <= chain_length;
      left <= chain_length < 32'(CommandBytes) ? chain_length[CommandW:0] :
          (CommandW + 1)'(CommandBytes);
      offset <= '0;
    end
    if (take_segment) begin
      if (readable != 0) readable <= readable - 1'b1;
      else writable <= writable - 1'b1;
      if (useful) begin
        left <= left - part;
        offset <= offset + part[CommandW-1:0];
        read_op <= '{
          purpose: PurposePayload,
          queue: queue_t'(ControlQueue),
          chain: position,
          address: segment.address,
          length: 16'(part),
          landing: LandingW'(offset),
          handle: '0
        };
      end
      if (readable == 0 && !ack_known) ack_address <= segment.address;
    end
    if (step == Reply && reply_valid) ack <= reply;
  end

  // Bytes [landing.address, + count) of the command; they end within it.
  logic [CommandW:0] land_end;
  assign land_end = {1'b0, landing.address[CommandW-1:0]} + (CommandW + 1)'(landing.count);
  always_ff @(posedge clk) begin
    if (start) begin
      command <= '0;
    end else if (landed) begin
      for (int unsigned i = 0; i < CommandBytes; ++i) begin
        if ((CommandW + 1)'(i) >= {1'b0, landing.address[CommandW-1:0]} &&
            (CommandW + 1)'(i) < land_end) begin
          command[8*i+:8] <= landing.data[8*(i%Lanes)+:8];
        end
      end
    end
  end

  assign command_valid = step == Offer;

  assign write_valid = step == Write;
  assign write_op = '{
    source: WriteImmediate,
    purpose: PurposePayload,
    queue: queue_t'(ControlQueue),
    chain: position,
    address: ack_address,
    length: 16'd1,
    data: (8 * ImmediateBytes)'(ack),
    row: '0,
    offset: '0,
    num_buffers: '0,
    last: 1'b0,
    notify: 1'b0
  };

  assign used_valid = step == Finish;
  assign used = '{position: position, id: id, length: 32'd1, frame_end: 1'b1};

  assign error = '{code: ErrorDmaRead, queue: queue_t'(ControlQueue)};

  assign trace_valid = start;
  assign trace = '{
    kind: TraceStartCommand,
    purpose: '0,
    queue: 16'(ControlQueue),
    id: '0,
    chain: chain.position,
    size: chain_length,
    frame: '0,
    address: '0,
    value: '0
  };

  assign settled = step == Rest;
  assign busy = step == Write || step == Finish;
  assign idle = !start && !take_chain && !take_segment && !asked && !ended && !landed &&
      !error_valid && !flush &&
      !(step == Gather && readable == 0 && writable == 0 && !read_valid) &&
      !(step == Await && outstanding == 0 && state.active) && !(step == Offer && command_ready) &&
      !(step == Reply && reply_valid) && !(step == Acknowledge && state.active) &&
      !accepted && step != Finish;

endmodule
