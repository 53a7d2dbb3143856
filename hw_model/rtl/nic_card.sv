// SPDX-License-Identifier: Apache-2.0
// The card: register side, rings, data movers, transmit and receive paths, put together
// (docs/hardware/theory.md).
module nic_card
  import nic_pkg::*;
#(
  localparam int unsigned TracePorts = 10
) (
  input  logic                        clk,
  input  logic                        rst_n,
  input  now_t                        now,  // number of this clock cycle
  input  straps_t                     straps,

  // PCI Express: requests of the host and the card's completions
  input  logic                        host_request_valid,
  output logic                        host_request_ready,
  input  host_request_t               host_request,
  output logic                        host_completion_valid,
  input  logic                        host_completion_ready,
  output host_completion_t            host_completion,
  // the card's posted requests
  output logic                        posted_valid,
  input  logic                        posted_ready,
  output posted_t                     posted,
  output beat_t                       posted_beat,
  // the card's reads and their completions. A read that is accepted after the last beat of a posted
  // request must not overtake it.
  output logic                        read_valid,
  input  logic                        read_ready,
  output read_request_t               read_request,
  input  logic                        completion_valid,
  output logic                        completion_ready,
  input  completion_t                 completion,
  input  beat_t                       completion_beat,

  // Ethernet MAC: whole frames without frame check sequence
  input  logic                        carrier,
  input  logic [31:0]                 speed_mbps,
  input  logic                        rx_valid,
  input  beat_t                       rx_beat,
  output logic                        tx_valid,
  input  logic                        tx_ready,
  output beat_t                       tx_beat,

  // management processor
  input  logic                        management_read,
  input  logic                        management_write,
  input  logic [11:0]                 management_address,
  input  logic [31:0]                 management_write_data,
  output logic [31:0]                 management_read_data,
  output logic                        management_ready,
  output logic                        management_interrupt,

  output tx_counters_t                tx_counters,
  output rx_counters_t                rx_counters,
  output read_counters_t              read_counters,
  output write_counters_t             write_counters,
  output host_counters_t              host_counters,
  output logic [63:0]                 used_index_writes,

  output logic   [TracePorts-1:0]     trace_valid,
  output trace_t [TracePorts-1:0]     trace,

  // No clock edge changes anything unless an input changes or `now` reaches next_deadline.
  output logic                        quiescent,
  output now_t                        next_deadline
);
  if (DataBits != 128 && DataBits != 256 && DataBits != 512)
    $error("NIC_DATA_BITS must be 128, 256 or 512");
  if (Segments != 1) $error("NIC_SEGMENTS: one packet a beat is what the paths are built for");
  if (RingLimit < 8 || RingLimit > 32768 || RingLimit != 2 ** RingW)
    $error("NIC_RING_LIMIT must be a power of two from 8 to 32768");
  if (TxBufferBytes < 32768 || TxBufferBytes != 2 ** LandingW)
    $error("NIC_TX_BUFFER_BYTES must be a power of two of at least 32768");
  if (RxBufferBytes < 32768 || RxRows != 2 ** RxRowW)
    $error("NIC_RX_BUFFER_BYTES must be a power of two of at least 32768");
  if (ReadTags < 2 || ReadTags > 1024 || ReadTags != 2 ** TagW)
    $error("NIC_READ_TAGS must be a power of two from 2 to 1024");
  if (QueuePairs < 1 || QueuePairs > 8) $error("NIC_QUEUE_PAIRS must be from 1 to 8");

  // Constant while the card runs, so a register costs nothing, and nothing follows from the pins.
  straps_t built;
  always_ff @(posedge clk) built <= straps;

  // -- register side
  card_state_t state;
  queue_context_t [Queues-1:0] context_of;
  logic [Queues-1:0] enable, resume, doorbell;
  logic flush;
  logic [Queues-1:0] queue_settled;
  logic [Queues-1:0][15:0] used_index;
  logic data_busy;
  logic error_valid;
  error_t error;
  logic interrupt_valid, interrupt_ready;
  queue_t interrupt_queue;
  logic command_valid, command_ready, reply_valid;
  logic [31:0] command_length;
  logic [511:0] command;
  logic [7:0] reply;
  logic host_idle;
  now_t host_deadline;
  logic statistics_sample, statistics_lower, error_counted;
  logic [8:3] statistics_index;
  logic [63:0] statistics_data;

  // -- data movers
  logic [ReadClients-1:0] op_read_valid, op_read_ready;
  read_op_t [ReadClients-1:0] op_read;
  logic landing_valid, done_valid;
  landing_t landing;
  read_done_t done;
  logic read_idle;
  now_t read_deadline;
  logic [WriteClients-1:0] op_write_valid, op_write_ready;
  /* verilator lint_off UNUSEDSIGNAL */
  logic [WriteClients-1:0] written;  // not every client asks
  /* verilator lint_on UNUSEDSIGNAL */
  write_op_t [WriteClients-1:0] op_write;
  logic write_empty, write_idle;
  logic buffer_read, buffer_release;
  queue_t buffer_queue, release_queue;
  logic [RxRowW+LaneW-1:0] buffer_address;
  logic [DataBits-1:0] buffer_data;

  // -- rings
  logic [Queues-1:0][3:0] returned;
  logic [Queues-1:0] chain_valid, chain_ready, segment_valid, segment_ready;
  chain_t [Queues-1:0] chain;
  segment_t [Queues-1:0] segment;
  logic [Queues-1:0] window_full, ring_settled, used_settled;
  logic ring_error_valid, used_error_valid, tx_error_valid, control_error_valid;
  error_t ring_error, used_error, tx_error, control_error;
  logic ring_busy, used_busy, rx_busy, control_busy;
  logic ring_idle, used_idle, tx_idle, rx_idle, control_idle;
  now_t used_deadline;

  // -- consumers: each looks at its own queues only, and answers with a bit for every queue
  /* verilator lint_off UNUSEDSIGNAL */
  logic [Queues-1:0] tx_chain_ready, tx_segment_ready, rx_chain_ready, rx_segment_ready;
  logic control_chain_ready, control_segment_ready;
  logic [Queues-1:0] tx_used_valid, rx_used_valid, used_valid;
  used_t [Queues-1:0] tx_used, rx_used, used;
  logic control_used_valid;
  used_t control_used;
  logic [Queues-1:0] tx_settled, rx_settled;
  /* verilator lint_on UNUSEDSIGNAL */
  logic control_settled;

  for (genvar q = 0; q < int'(Queues); ++q) begin : g_consumer
    if (q == int'(ControlQueue)) begin : g_control
      assign chain_ready[q] = control_chain_ready;
      assign segment_ready[q] = control_segment_ready;
      assign used_valid[q] = control_used_valid;
      assign used[q] = control_used;
      assign queue_settled[q] = ring_settled[q] && used_settled[q] && control_settled;
    end else if (q % 2 == 1) begin : g_transmit
      assign chain_ready[q] = tx_chain_ready[q];
      assign segment_ready[q] = tx_segment_ready[q];
      assign used_valid[q] = tx_used_valid[q];
      assign used[q] = tx_used[q];
      assign queue_settled[q] = ring_settled[q] && used_settled[q] && tx_settled[q];
    end else begin : g_receive
      assign chain_ready[q] = rx_chain_ready[q];
      assign segment_ready[q] = rx_segment_ready[q];
      assign used_valid[q] = rx_used_valid[q];
      assign used[q] = rx_used[q];
      assign queue_settled[q] = ring_settled[q] && used_settled[q] && rx_settled[q];
    end
  end

  // Errors of one cycle: the first of them breaks the device, the others would only be counted.
  always_comb begin
    error_valid = 1'b1;
    if (ring_error_valid) error = ring_error;
    else if (tx_error_valid) error = tx_error;
    else if (control_error_valid) error = control_error;
    else begin
      error = used_error;
      error_valid = used_error_valid;
    end
  end

  assign data_busy = ring_busy || used_busy || rx_busy || control_busy || !write_empty;
  assign quiescent = host_idle && read_idle && write_idle && ring_idle && used_idle && tx_idle &&
                     rx_idle && control_idle;
  always_comb begin
    next_deadline = host_deadline;
    if (read_deadline < next_deadline) next_deadline = read_deadline;
    if (used_deadline < next_deadline) next_deadline = used_deadline;
  end

  // Trace ports in the order of their effects within one cycle: inputs, results, choices.
  localparam int unsigned PortRegisters = 0;
  localparam int unsigned PortEvents = 1;
  localparam int unsigned PortArrival = 2;
  localparam int unsigned PortRead = 3;
  localparam int unsigned PortRing = 4;
  localparam int unsigned PortTransmit = 5;
  localparam int unsigned PortReceive = 6;
  localparam int unsigned PortControl = 7;
  localparam int unsigned PortUsed = 8;
  localparam int unsigned PortWrite = 9;

  // Inside the control virtqueue is always the last; the driver may know it as number 2.
  trace_t [TracePorts-1:0] told;
  posted_t posted_inside;
  read_request_t read_inside;
  if (QueuePairs == 1) begin : g_numbers
    assign trace = told;
    assign posted = posted_inside;
    assign read_request = read_inside;
  end else begin : g_numbers
    logic [TracePorts-1:0] moved;
    for (genvar port = 0; port < int'(TracePorts); ++port) begin : g_port
      assign moved[port] = state.control_moved && told[port].queue == 16'(ControlQueue) &&
                           port != int'(PortRegisters) && port != int'(PortEvents);
    end
    always_comb begin
      trace = told;
      for (int port = 0; port < int'(TracePorts); ++port) begin
        if (moved[port]) trace[port].queue = 16'd2;
      end
      posted = posted_inside;
      if (state.control_moved && 32'(posted.queue) == ControlQueue) posted.queue = queue_t'(2);
      read_request = read_inside;
      if (state.control_moved && 32'(read_request.queue) == ControlQueue) begin
        read_request.queue = queue_t'(2);
      end
    end
  end

  host_slave host_slave (
    .clk, .rst_n, .now, .straps(built),
    .request_valid(host_request_valid), .request_ready(host_request_ready),
    .request(host_request),
    .completion_valid(host_completion_valid), .completion_ready(host_completion_ready),
    .completion(host_completion),
    .management_read, .management_write, .management_address, .management_write_data,
    .management_read_data, .management_ready, .management_interrupt,
    .carrier, .speed_mbps,
    .state, .context_of, .enable, .resume, .doorbell, .flush,
    .queue_settled, .used_index, .data_busy,
    .error_valid, .error,
    .interrupt_valid, .interrupt_ready, .interrupt_queue,
    .command_valid, .command_ready, .command_length, .command, .reply_valid, .reply,
    .write_valid(op_write_valid[WriteInterrupt]), .write_ready(op_write_ready[WriteInterrupt]),
    .write_op(op_write[WriteInterrupt]), .written(written[WriteInterrupt]),
    .counters(host_counters),
    .statistics_sample, .statistics_lower, .statistics_index, .statistics_data, .error_counted,
    .trace_valid(trace_valid[PortRegisters]), .trace(told[PortRegisters]),
    .event_trace_valid(trace_valid[PortEvents]), .event_trace(told[PortEvents]),
    .idle(host_idle), .deadline(host_deadline)
  );

  statistics statistics (
    .clk, .rst_n, .sample(statistics_sample), .lower(statistics_lower), .index(statistics_index),
    .value(statistics_data),
    .tx(tx_counters), .rx(rx_counters), .read(read_counters), .write(write_counters),
    .host(host_counters), .used_index_writes, .error_counted
  );

  dma_read dma_read (
    .clk, .rst_n, .now, .straps(built), .state, .flush,
    .op_valid(op_read_valid), .op_ready(op_read_ready), .op(op_read),
    .request_valid(read_valid), .request_ready(read_ready), .request(read_inside),
    .completion_valid, .completion_ready, .completion, .completion_beat,
    .landing_valid, .landing, .done_valid, .done,
    .counters(read_counters),
    .trace_valid(trace_valid[PortRead]), .trace(told[PortRead]),
    .idle(read_idle), .deadline(read_deadline)
  );

  dma_write dma_write (
    .clk, .rst_n, .state,
    .op_valid(op_write_valid), .op_ready(op_write_ready), .op(op_write), .written,
    .buffer_read, .buffer_address, .buffer_queue, .buffer_data, .buffer_release, .release_queue,
    .posted_valid, .posted_ready, .posted(posted_inside), .posted_beat,
    .counters(write_counters),
    .trace_valid(trace_valid[PortWrite]), .trace(told[PortWrite]),
    .empty(write_empty), .idle(write_idle)
  );

  ring_engine ring_engine (
    .clk, .rst_n, .state, .context_of, .enable, .resume, .doorbell, .flush,
    .used_index, .returned,
    .read_valid(op_read_valid[ReadRing]), .read_ready(op_read_ready[ReadRing]),
    .read_op(op_read[ReadRing]),
    .landing_valid, .landing, .done_valid, .done,
    .write_valid(op_write_valid[WriteNotify]), .write_ready(op_write_ready[WriteNotify]),
    .write_op(op_write[WriteNotify]), .written(written[WriteNotify]),
    .chain_valid, .chain_ready, .chain, .segment_valid, .segment_ready, .segment,
    .window_full, .settled(ring_settled),
    .error_valid(ring_error_valid), .error(ring_error),
    .trace_valid(trace_valid[PortRing]), .trace(told[PortRing]),
    .busy(ring_busy), .idle(ring_idle)
  );

  used_ring used_ring (
    .clk, .rst_n, .now, .straps(built), .state, .context_of, .enable, .flush,
    .used_valid, .used, .window_full,
    .write_valid(op_write_valid[WriteUsed]), .write_ready(op_write_ready[WriteUsed]),
    .write_op(op_write[WriteUsed]), .written(written[WriteUsed]),
    .read_valid(op_read_valid[ReadSuppression]), .read_ready(op_read_ready[ReadSuppression]),
    .read_op(op_read[ReadSuppression]), .done_valid, .done,
    .used_index, .returned,
    .interrupt_valid, .interrupt_ready, .interrupt_queue,
    .settled(used_settled), .index_writes(used_index_writes),
    .error_valid(used_error_valid), .error(used_error),
    .trace_valid(trace_valid[PortUsed]), .trace(told[PortUsed]),
    .busy(used_busy), .idle(used_idle), .deadline(used_deadline)
  );

  tx_path tx_path (
    .clk, .rst_n, .state, .context_of, .flush,
    .chain_valid, .chain_ready(tx_chain_ready), .chain,
    .segment_valid, .segment_ready(tx_segment_ready), .segment,
    .read_valid(op_read_valid[ReadTransmit]), .read_ready(op_read_ready[ReadTransmit]),
    .read_op(op_read[ReadTransmit]), .landing_valid, .landing, .done_valid, .done,
    .used_valid(tx_used_valid), .used(tx_used),
    .frame_valid(tx_valid), .frame_ready(tx_ready), .frame_beat(tx_beat),
    .settled(tx_settled), .counters(tx_counters),
    .error_valid(tx_error_valid), .error(tx_error),
    .trace_valid(trace_valid[PortTransmit]), .trace(told[PortTransmit]),
    .idle(tx_idle)
  );

  rx_path rx_path (
    .clk, .rst_n, .state, .context_of, .flush,
    .frame_valid(rx_valid), .frame_beat(rx_beat),
    .chain_valid, .chain_ready(rx_chain_ready), .chain,
    .segment_valid, .segment_ready(rx_segment_ready), .segment,
    .window_full, .rewind(resume),
    .write_valid(op_write_valid[WriteReceive]), .write_ready(op_write_ready[WriteReceive]),
    .write_op(op_write[WriteReceive]),
    .buffer_read, .buffer_address, .buffer_queue, .buffer_data, .buffer_release, .release_queue,
    .used_valid(rx_used_valid), .used(rx_used),
    .settled(rx_settled), .counters(rx_counters),
    .trace_valid(trace_valid[PortReceive]), .trace(told[PortReceive]),
    .arrival_trace_valid(trace_valid[PortArrival]), .arrival_trace(told[PortArrival]),
    .busy(rx_busy), .idle(rx_idle)
  );

  control_path control_path (
    .clk, .rst_n, .state, .context_of(context_of[ControlQueue]), .flush,
    .chain_valid(chain_valid[ControlQueue]), .chain_ready(control_chain_ready),
    .chain(chain[ControlQueue]),
    .segment_valid(segment_valid[ControlQueue]), .segment_ready(control_segment_ready),
    .segment(segment[ControlQueue]),
    .read_valid(op_read_valid[ReadControl]), .read_ready(op_read_ready[ReadControl]),
    .read_op(op_read[ReadControl]), .landing_valid, .landing, .done_valid, .done,
    .write_valid(op_write_valid[WriteControl]), .write_ready(op_write_ready[WriteControl]),
    .write_op(op_write[WriteControl]),
    .used_valid(control_used_valid), .used(control_used),
    .command_valid, .command_ready, .command_length, .command, .reply_valid, .reply,
    .settled(control_settled),
    .error_valid(control_error_valid), .error(control_error),
    .trace_valid(trace_valid[PortControl]), .trace(told[PortControl]),
    .busy(control_busy), .idle(control_idle)
  );
endmodule
