// SPDX-License-Identifier: Apache-2.0
// A deliberately small card behind the pins of hw_model/rtl/nic_pins.sv: a few configuration
// registers, 16 registers in a BAR, one of which starts a copy of host memory with an interrupt at
// its end, and a MAC that sends every frame back.
module echo_card #(
  parameter int unsigned DataBits = 512,
  localparam int unsigned DataBytes = DataBits / 8,
  localparam int unsigned EmptyW = $clog2(DataBytes)
) (
  input  logic                clk,
  input  logic                rst_n,
  input  logic [47:0]         now,
  output logic [31:0]         build_data_bits,
  output logic [31:0]         build_queue_pairs,
  output logic [31:0]         build_ring_limit,
  output logic [31:0]         build_read_tags,
  output logic [31:0]         build_rx_buffer_bytes,
  /* verilator lint_off UNUSEDSIGNAL */  // a card that is no network card needs few of them
  input  logic [63:0]         straps_features,
  input  logic [47:0]         straps_mac,
  input  logic [15:0]         straps_mtu,
  input  logic [15:0]         straps_queue_size_max,
  input  logic [2:0]          straps_max_payload,
  input  logic [7:0]          straps_used_batch,
  input  logic [15:0]         straps_used_timeout,
  input  logic [31:0]         straps_hold_bound,
  input  logic [31:0]         straps_completion_timeout,
  input  logic                host_request_valid,
  output logic                host_request_ready,
  input  logic [1:0]          host_request_kind,
  input  logic [63:0]         host_request_address,
  input  logic [12:0]         host_request_length,
  input  logic [9:0]          host_request_tag,
  input  logic                host_request_poisoned,
  input  logic [63:0]         host_request_data,
  output logic                host_completion_valid,
  input  logic                host_completion_ready,
  output logic [9:0]          host_completion_tag,
  output logic [2:0]          host_completion_status,
  output logic                host_completion_has_data,
  output logic [3:0]          host_completion_length,
  output logic [6:0]          host_completion_lower_address,
  output logic [63:0]         host_completion_data,
  output logic                host_completion_configuration,
  output logic                posted_valid,
  input  logic                posted_ready,
  output logic                posted_message,
  output logic [7:0]          posted_code,
  output logic [63:0]         posted_address,
  output logic [12:0]         posted_length,
  output logic [3:0]          posted_purpose,
  output logic [15:0]         posted_queue,
  output logic                posted_sop,
  output logic                posted_eop,
  output logic [EmptyW-1:0]   posted_empty,
  output logic [DataBits-1:0] posted_data,
  output logic                read_valid,
  input  logic                read_ready,
  output logic [63:0]         read_address,
  output logic [12:0]         read_length,
  output logic [9:0]          read_tag,
  output logic [3:0]          read_purpose,
  output logic [15:0]         read_queue,
  input  logic                completion_valid,
  output logic                completion_ready,
  input  logic [9:0]          completion_tag,
  input  logic [2:0]          completion_status,
  input  logic                completion_poisoned,
  input  logic                completion_has_data,
  input  logic [12:0]         completion_length,
  input  logic [12:0]         completion_byte_count,
  input  logic [6:0]          completion_lower_address,
  input  logic                completion_sop,
  input  logic                completion_eop,
  input  logic [EmptyW-1:0]   completion_empty,
  input  logic [DataBits-1:0] completion_data,
  input  logic                carrier,
  input  logic [31:0]         speed_mbps,
  input  logic                rx_valid,
  input  logic                rx_sop,
  input  logic                rx_eop,
  input  logic                rx_err,
  input  logic [EmptyW-1:0]   rx_empty,
  input  logic [DataBits-1:0] rx_data,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic                tx_valid,
  input  logic                tx_ready,
  output logic                tx_sop,
  output logic                tx_eop,
  output logic                tx_err,
  output logic [EmptyW-1:0]   tx_empty,
  output logic [DataBits-1:0] tx_data,
  input  logic                management_read,
  input  logic                management_write,
  /* verilator lint_off UNUSEDSIGNAL */  // 16 words
  input  logic [11:0]         management_address,
  /* verilator lint_on UNUSEDSIGNAL */
  input  logic [31:0]         management_write_data,
  output logic [31:0]         management_read_data,
  output logic                management_ready,
  output logic                management_interrupt,
  output logic [319:0]        tx_counters,
  output logic [703:0]        rx_counters,
  output logic [511:0]        read_counters,
  output logic [191:0]        write_counters,
  output logic [1535:0]       host_counters,
  output logic [63:0]         used_index_writes,
  output logic [9:0]          trace_valid,
  output logic [2879:0]       trace_record,
  output logic                quiescent,
  output logic [47:0]         next_deadline
);
  localparam logic [1:0] MemRead = 2'd0, MemWrite = 2'd1, ConfigWrite = 2'd3;
  // Registers of the BAR, 8 bytes each.
  localparam logic [3:0] RegScratch = 4'd0, RegSource = 4'd1, RegTarget = 4'd2, RegGo = 4'd3,
                         RegMessage = 4'd4, RegTimer = 4'd5, RegExpired = 4'd6;

  assign build_data_bits = DataBits;
  assign build_queue_pairs = 32'd1;
  assign build_ring_limit = 32'd64;
  assign build_read_tags = 32'd4;
  assign build_rx_buffer_bytes = 32'd65536;

  // -- the host's registers
  logic [31:0] config_space [16];
  logic [63:0] scratch, source, target, message, timer;
  logic [7:0] expired;
  logic timer_on;
  logic take;
  logic [3:0] register_index;
  logic [12:0] copy_length;
  logic copy_start;

  assign host_request_ready = !host_completion_valid;
  assign take = host_request_valid && host_request_ready;
  assign register_index = host_request_address[6:3];
  assign copy_start = take && host_request_kind == MemWrite && register_index == RegGo;

  logic [31:0] config_word;
  logic [63:0] register_word;
  assign config_word = host_request_address < 64'd64 ? config_space[host_request_address[5:2]] : 32'd0;
  always_comb begin
    unique case (register_index)
      RegScratch: register_word = scratch;
      RegSource: register_word = source;
      RegTarget: register_word = target;
      RegMessage: register_word = message;
      RegTimer: register_word = timer;
      RegExpired: register_word = {56'd0, expired};
      default: register_word = {62'd0, carrier, copy_state != CopyIdle};
    endcase
  end

  logic [31:0] write_mask;
  always_comb begin
    write_mask = 32'd0;
    for (int i = 0; i < 4; i++) begin
      if (i >= int'(host_request_address[1:0]) &&
          i < int'(host_request_address[1:0]) + int'(host_request_length))
        write_mask[8*i +: 8] = 8'hFF;
    end
  end

  always_ff @(posedge clk) begin
    if (host_completion_valid && host_completion_ready) host_completion_valid <= 1'b0;
    if (take && host_request_kind != MemWrite) begin
      host_completion_valid <= 1'b1;
      host_completion_tag <= host_request_tag;
      host_completion_status <= 3'd0;
      host_completion_has_data <= host_request_kind != ConfigWrite;
      host_completion_length <= host_request_length[3:0];
      host_completion_lower_address <=
        host_request_kind == MemRead ? host_request_address[6:0] : 7'd0;
      host_completion_data <= host_request_kind == MemRead
        ? register_word >> {host_request_address[2:0], 3'b0}
        : {32'd0, config_word >> {host_request_address[1:0], 3'b0}};
      host_completion_configuration <= host_request_kind != MemRead;
    end
    if (take && host_request_kind == ConfigWrite && host_request_address < 64'd64)
      config_space[host_request_address[5:2]] <=
        (config_space[host_request_address[5:2]] & ~write_mask) |
        (32'(host_request_data << {host_request_address[1:0], 3'b0}) & write_mask);
    if (take && host_request_kind == MemWrite) begin
      unique case (register_index)
        RegScratch: scratch <= host_request_data;
        RegSource: source <= host_request_data;
        RegTarget: target <= host_request_data;
        RegMessage: message <= host_request_data;
        RegTimer: begin
          timer <= host_request_data;
          timer_on <= 1'b1;
        end
        default: ;
      endcase
    end
    if (timer_on && now >= timer[47:0]) begin
      timer_on <= 1'b0;
      expired <= expired + 8'd1;
    end
    if (!rst_n) begin
      host_completion_valid <= 1'b0;
      scratch <= 64'd0;
      source <= 64'd0;
      target <= 64'd0;
      message <= 64'd0;
      timer <= 64'd0;
      timer_on <= 1'b0;
      expired <= 8'd0;
      for (int i = 0; i < 16; i++) config_space[i] <= i == 0 ? 32'h1041_1AF4 : 32'd0;
    end
  end

  // -- a copy: one read, its completions straight to posted writes, then the message
  typedef enum logic [1:0] {CopyIdle, CopyAsk, CopyMove, CopyTell} copy_state_e;
  copy_state_e copy_state;
  logic out_full;  // a beat that goes out
  logic out_last;

  assign read_valid = copy_state == CopyAsk;
  assign read_address = source;
  assign read_length = copy_length;
  assign read_tag = 10'd1;
  assign read_purpose = 4'd6;
  assign read_queue = 16'd0;
  assign completion_ready = !out_full && copy_state == CopyMove;
  assign posted_valid = out_full || copy_state == CopyTell;
  assign posted_message = copy_state == CopyTell && message[63];
  assign posted_code = message[7:0];

  always_ff @(posedge clk) begin
    unique case (copy_state)
      CopyIdle: if (copy_start) begin
        copy_state <= CopyAsk;
        copy_length <= host_request_data[12:0];
      end
      CopyAsk: if (read_ready) copy_state <= CopyMove;
      CopyMove: if (out_full && posted_ready && out_last) copy_state <= CopyTell;
      default: if (posted_ready) copy_state <= CopyIdle;
    endcase
    if (out_full && posted_ready) out_full <= 1'b0;
    if (completion_valid && completion_ready) begin
      out_full <= 1'b1;
      posted_sop <= completion_sop;
      posted_eop <= completion_eop;
      posted_empty <= completion_empty;
      posted_data <= completion_data;
      posted_length <= completion_length;
      posted_purpose <= 4'd6;
      posted_address <= target + {51'd0, copy_length - completion_byte_count};
      out_last <= completion_eop && completion_byte_count == completion_length;
    end
    if (copy_state == CopyMove && out_full && posted_ready && out_last) begin
      posted_sop <= 1'b1;
      posted_eop <= 1'b1;
      posted_empty <= EmptyW'(DataBytes - 4);
      posted_data <= {{(DataBits - 32) {1'b0}}, message[63:32] & 32'h7FFF_FFFF};
      posted_length <= 13'd4;
      posted_purpose <= 4'd10;
      posted_address <= {32'd0, message[31:0]};
    end
    if (!rst_n) begin
      copy_state <= CopyIdle;
      out_full <= 1'b0;
    end
  end
  assign posted_queue = 16'd0;

  // -- the MAC: a FIFO of beats; what does not fit is lost, which never happens at the wire's rate
  localparam int unsigned Depth = 512;
  localparam int unsigned DepthW = $clog2(Depth);
  logic [DataBits+EmptyW+1:0] beats [Depth];
  logic [DepthW:0] rx_at, tx_at;
  assign tx_valid = rx_at != tx_at;
  assign {tx_sop, tx_eop, tx_empty, tx_data} = beats[tx_at[DepthW-1:0]];
  assign tx_err = 1'b0;
  always_ff @(posedge clk) begin
    if (rx_valid) begin
      beats[rx_at[DepthW-1:0]] <= {rx_sop, rx_eop, rx_empty, rx_data};
      rx_at <= rx_at + 1'b1;
    end
    if (tx_valid && tx_ready) tx_at <= tx_at + 1'b1;
    if (!rst_n) begin
      rx_at <= '0;
      tx_at <= '0;
    end
  end

  // -- the management block: 16 words; every other cycle it is busy. The last raises the interrupt.
  logic [31:0] words [16];
  logic busy;
  assign management_ready = !busy;
  assign management_interrupt = words[15][0];
  always_ff @(posedge clk) begin
    busy <= (management_read || management_write) && management_ready;
    if (management_write && management_ready) words[management_address[5:2]] <= management_write_data;
    if (management_read && management_ready)
      management_read_data <= words[management_address[5:2]];
    if (!rst_n) begin
      busy <= 1'b0;
      management_read_data <= 32'd0;
      for (int i = 0; i < 16; i++) words[i] <= 32'd0;
    end
  end

  // -- counters and trace: frames, and one record a frame that came and that went
  logic [31:0] rx_frames, tx_frames;
  always_ff @(posedge clk) begin
    if (rx_valid && rx_eop) rx_frames <= rx_frames + 32'd1;
    if (tx_valid && tx_ready && tx_eop) tx_frames <= tx_frames + 32'd1;
    if (!rst_n) begin
      rx_frames <= 32'd0;
      tx_frames <= 32'd0;
    end
  end
  assign tx_counters = {32'd0, tx_frames, 256'd0};
  assign rx_counters = {32'd0, rx_frames, 640'd0};
  assign read_counters = '0;
  assign write_counters = '0;
  assign host_counters = '0;
  assign used_index_writes = 64'd0;
  assign trace_valid = {8'd0, tx_valid && tx_ready && tx_sop, rx_valid && rx_eop};
  // kind, purpose, queue, id, chain, size, frame, address, value
  assign trace_record = {
    2304'd0,
    {8'd8, 8'd0, 16'd1, 32'd0, 32'd0, 32'd60, tx_frames, 64'd0, 64'd0},
    {8'd1, 8'd0, 16'd0, 32'd0, 32'd0, 32'd60, rx_frames, 64'd0, 64'd7}
  };

  assign quiescent = !busy && !host_completion_valid && !(tx_valid && tx_ready) && !out_full &&
                     copy_state != CopyAsk && copy_state != CopyTell &&
                     !(timer_on && now >= timer[47:0]);
  assign next_deadline = timer_on ? timer[47:0] : '1;

  // -- assertions that tests switch on
  never_scratched: assert property (@(posedge clk) disable iff (!rst_n) scratch != 64'hBAD)
    else $error("scratch is 0xBAD");
endmodule
