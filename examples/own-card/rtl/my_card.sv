// SPDX-License-Identifier: Apache-2.0
// A network card with the pins that Ringside knows (docs/hardware/own-card.md), as small as one can
// be that the driver still takes: virtio-net with one queue pair, split rings, INTx and no optional
// feature but its address. One frame at a time goes through it, a byte a cycle.
module my_card #(
  parameter int unsigned RingLimit = 256,  // largest Queue Size, a power of two
  parameter int unsigned ReadTags = 8,  // numbers of read requests; one is in flight
  parameter int unsigned ReadCut = 128,  // bytes of one read request, at most
  parameter int unsigned WriteCut = 128  // likewise
) (
  input  logic        clk,
  input  logic        rst_n,
  output logic [31:0] build_ring_limit,
  output logic [31:0] build_read_tags,

  input  logic [47:0] straps_mac,
  input  logic [15:0] straps_queue_size_max,
  input  logic [31:0] straps_completion_timeout,

  // the host's requests
  input  logic        host_request_valid,
  output logic        host_request_ready,
  input  logic [1:0]  host_request_kind,
  input  logic [63:0] host_request_address,
  input  logic [12:0] host_request_length,
  input  logic [9:0]  host_request_tag,
  input  logic        host_request_poisoned,
  input  logic [63:0] host_request_data,
  output logic        host_completion_valid,
  input  logic        host_completion_ready,
  output logic [9:0]  host_completion_tag,
  output logic [2:0]  host_completion_status,
  output logic        host_completion_has_data,
  output logic [3:0]  host_completion_length,
  output logic [6:0]  host_completion_lower_address,
  output logic [63:0] host_completion_data,
  output logic        host_completion_configuration,

  // writes and messages to the host
  output logic        posted_valid,
  input  logic        posted_ready,
  output logic        posted_message,
  output logic [7:0]  posted_code,
  output logic [63:0] posted_address,
  output logic [12:0] posted_length,
  output logic [3:0]  posted_purpose,
  output logic        posted_sop,
  output logic        posted_eop,
  output logic [1:0]  posted_empty,
  output logic [31:0] posted_data,

  // reads of the host's memory, and their completions
  output logic        read_valid,
  input  logic        read_ready,
  output logic [63:0] read_address,
  output logic [12:0] read_length,
  output logic [9:0]  read_tag,
  output logic [3:0]  read_purpose,
  input  logic        completion_valid,
  output logic        completion_ready,
  input  logic [9:0]  completion_tag,
  input  logic [2:0]  completion_status,
  input  logic        completion_poisoned,
  input  logic        completion_has_data,
  input  logic [12:0] completion_length,
  input  logic [12:0] completion_byte_count,
  input  logic [6:0]  completion_lower_address,
  input  logic        completion_sop,
  input  logic        completion_eop,
  input  logic [1:0]  completion_empty,
  input  logic [31:0] completion_data,

  // the wire
  input  logic        rx_valid,
  input  logic        rx_sop,
  input  logic        rx_eop,
  input  logic        rx_err,
  input  logic [1:0]  rx_empty,
  input  logic [31:0] rx_data,
  output logic        tx_valid,
  input  logic        tx_ready,
  output logic        tx_sop,
  output logic        tx_eop,
  output logic [1:0]  tx_empty,
  output logic [31:0] tx_data,

  // five and eleven counters of 64 bits
  output logic [319:0] tx_counters,
  output logic [703:0] rx_counters,

  output logic        quiescent
);
  if (RingLimit < 4 || RingLimit > 32768 || (RingLimit & (RingLimit - 1)) != 0)
    $error("RingLimit is a power of two from 4 to 32768");

  assign build_ring_limit = RingLimit;
  assign build_read_tags = ReadTags;

  logic bus_master, live, stop, clear, registers_idle, line, line_told, used_interrupt, broken;
  logic [1:0] enabled, kick;
  logic [1:0][15:0] size;
  logic [1:0][63:0] desc, driver, device;
  logic engine_idle, work, reader_idle, writer_idle, data_idle;
  logic read_start, read_byte_valid, read_done, read_failed;
  logic [63:0] read_at, write_at;
  logic [10:0] read_bytes, write_bytes;
  logic [3:0] read_for, write_for;
  logic [7:0] read_byte, write_byte, frame_byte;
  logic write_start, write_taken, write_byte_ready, write_done;
  logic frame_ready, frame_byte_taken, frame_taken, send_byte_valid, send_clear, send, sending;
  logic [10:0] frame_bytes, send_bytes;
  logic [63:0] frames_good, bytes_good, drops_full, drops_damaged, frames_sent, bytes_sent;

  assign data_idle = engine_idle && reader_idle && writer_idle && !sending;
  assign quiescent = registers_idle && data_idle && !work;

  card_registers #(.RingLimit(RingLimit)) registers (
    .clk, .rst_n, .mac(straps_mac), .size_wanted(straps_queue_size_max),
    .host_request_valid, .host_request_ready, .host_request_kind, .host_request_address,
    .host_request_length, .host_request_tag, .host_request_poisoned, .host_request_data,
    .host_completion_valid, .host_completion_ready, .host_completion_tag, .host_completion_status,
    .host_completion_has_data, .host_completion_length, .host_completion_lower_address,
    .host_completion_data, .host_completion_configuration,
    .bus_master, .live, .stop, .clear, .enabled, .size, .desc, .driver, .device, .kick,
    .data_idle, .used(used_interrupt), .broken, .line, .line_told, .idle(registers_idle)
  );

  queue_engine engine (
    .clk, .rst_n, .live, .clear, .enabled, .size, .desc, .driver, .device, .kick,
    .used_interrupt, .broken, .idle(engine_idle), .work,
    .read_start, .read_address(read_at), .read_length(read_bytes), .read_purpose(read_for),
    .read_byte_valid, .read_byte, .read_done, .read_failed,
    .write_start, .write_address(write_at), .write_length(write_bytes), .write_purpose(write_for),
    .write_taken, .write_byte_ready, .write_byte, .write_done,
    .frame_ready, .frame_bytes, .frame_byte_taken, .frame_byte, .frame_taken,
    .send_byte_valid, .send_bytes, .send_clear, .send, .sending
  );

  host_reader #(.Cut(ReadCut), .Tags(ReadTags)) reader (
    .clk, .rst_n, .bus_master, .give_up(stop), .timeout(straps_completion_timeout),
    .start(read_start), .start_address(read_at), .start_length(read_bytes), .start_purpose(read_for),
    .byte_valid(read_byte_valid), .byte_data(read_byte), .done(read_done), .failed(read_failed),
    .idle(reader_idle),
    .read_valid, .read_ready, .read_address, .read_length, .read_tag, .read_purpose,
    .completion_valid, .completion_ready, .completion_tag, .completion_status,
    .completion_poisoned, .completion_has_data, .completion_length, .completion_byte_count,
    .completion_lower_address, .completion_sop, .completion_eop, .completion_empty,
    .completion_data
  );

  host_writer #(.Cut(WriteCut)) writer (
    .clk, .rst_n, .start(write_start), .taken(write_taken), .start_address(write_at),
    .start_length(write_bytes), .start_purpose(write_for), .byte_ready(write_byte_ready),
    .byte_data(write_byte), .done(write_done), .idle(writer_idle), .line, .line_told,
    .posted_valid, .posted_ready, .posted_message, .posted_code, .posted_address, .posted_length,
    .posted_purpose, .posted_sop, .posted_eop, .posted_empty, .posted_data
  );

  frame_store store (
    .clk, .rst_n, .clear(clear || !rst_n), .rx_valid, .rx_sop, .rx_eop, .rx_err, .rx_empty, .rx_data,
    .frame_ready, .frame_bytes, .byte_taken(frame_byte_taken), .byte_data(frame_byte),
    .frame_taken, .frames_good, .bytes_good, .drops_full, .drops_damaged
  );

  frame_sender sender (
    .clk, .rst_n, .clear(send_clear || !rst_n), .byte_valid(send_byte_valid), .byte_data(read_byte),
    .frame_bytes(send_bytes), .send, .sending, .tx_valid, .tx_ready, .tx_sop, .tx_eop, .tx_empty,
    .tx_data, .frames_sent, .bytes_sent
  );

  // Their order is that of docs/hardware/interfaces.md.
  assign tx_counters = {frames_sent, bytes_sent, 192'd0};
  assign rx_counters = {frames_good, bytes_good, drops_damaged, 192'd0, drops_full, 256'd0};
endmodule
