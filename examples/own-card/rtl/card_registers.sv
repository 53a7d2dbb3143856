// SPDX-License-Identifier: Apache-2.0
// What the host reads and writes: configuration space, and in a BAR of 16 KiB the virtio structures,
// with VERSION_1 and MAC as features (virtio 1.4, "Virtio Over PCI Bus"). There is no firmware: every
// register answers at once. Left out: MSI-X, the access window in configuration space, function-level
// reset.
module card_registers #(
  parameter int unsigned RingLimit = 256
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic [47:0]      mac,  // first byte in the highest bits
  input  logic [15:0]      size_wanted,
  // pins
  input  logic             host_request_valid,
  output logic             host_request_ready,
  input  logic [1:0]       host_request_kind,
  input  logic [63:0]      host_request_address,
  input  logic [12:0]      host_request_length,
  input  logic [9:0]       host_request_tag,
  input  logic             host_request_poisoned,
  /* verilator lint_off UNUSEDSIGNAL */  // no register is wider than 4 bytes
  input  logic [63:0]      host_request_data,
  /* verilator lint_on UNUSEDSIGNAL */
  output logic             host_completion_valid,
  input  logic             host_completion_ready,
  output logic [9:0]       host_completion_tag,
  output logic [2:0]       host_completion_status,
  output logic             host_completion_has_data,
  output logic [3:0]       host_completion_length,
  output logic [6:0]       host_completion_lower_address,
  output logic [63:0]      host_completion_data,
  output logic             host_completion_configuration,
  // to the rest of the card; index 0 is receiveq1, 1 is transmitq1
  output logic             bus_master,
  output logic             live,  // the driver is there and all is well
  output logic             stop,  // a reset waits until the data plane is idle
  output logic             clear,  // that is now
  output logic [1:0]       enabled,
  output logic [1:0][15:0] size,
  output logic [1:0][63:0] desc,
  output logic [1:0][63:0] driver,
  output logic [1:0][63:0] device,
  output logic [1:0]       kick,
  input  logic             data_idle,
  input  logic             used,  // a buffer came back: interrupt
  input  logic             broken,  // the driver broke the rules
  output logic             line,  // INTA
  input  logic             line_told,
  output logic             idle
);
  localparam logic [1:0] MemRead = 2'd0, MemWrite = 2'd1, ConfigRead = 2'd2, ConfigWrite = 2'd3;
  localparam logic [63:0] Offered = 64'h1 << 32 | 64'h1 << 5;  // VERSION_1, MAC
  localparam logic [7:0] DriverOk = 8'h04, FeaturesOk = 8'h08, NeedsReset = 8'h40;
  // Pages of the BAR.
  localparam logic [1:0] Common = 2'd0, Isr = 2'd1, Device = 2'd2, Notify = 2'd3;
  localparam logic [2:0] UnsupportedRequest = 3'd1;

  typedef enum logic [1:0] {Listen, Line, Answer} state_e;
  state_e state;

  // -- the request: the double word around it, and the bytes of that
  logic config_access, write, width_good, hit, take;
  logic [3:0] lanes;
  logic [31:0] mask, word, merged;
  logic [11:0] at;
  logic [1:0] page;
  assign config_access = host_request_kind == ConfigRead || host_request_kind == ConfigWrite;
  assign write = host_request_kind == MemWrite || host_request_kind == ConfigWrite;
  assign at = {host_request_address[11:2], 2'b00};
  assign page = host_request_address[13:12];
  assign take = host_request_valid && host_request_ready;
  always_comb begin
    case (host_request_length)
      13'd1: {width_good, lanes} = {1'b1, 4'h1 << host_request_address[1:0]};
      13'd2: {width_good, lanes} = {!host_request_address[0], 4'h3 << host_request_address[1:0]};
      13'd4: {width_good, lanes} = {host_request_address[1:0] == 2'd0, 4'hF};
      default: {width_good, lanes} = 5'd0;
    endcase
    for (int i = 0; i < 4; i++) mask[8*i +: 8] = {8{lanes[i]}};
  end
  assign hit = width_good && !host_request_poisoned &&
      (config_access || (memory_enable && host_request_address[63:14] == bar));
  assign merged = (word & ~mask) | (32'(host_request_data << {host_request_address[1:0], 3'd0}) & mask);

  // -- registers
  logic [63:14] bar;
  logic memory_enable, interrupt_disable;
  logic [7:0] interrupt_line;
  logic [14:0] device_control;
  logic [31:0] device_select, driver_select;
  logic [63:0] features;
  logic [15:0] queue_select;
  logic [7:0] status;
  logic [1:0] isr;
  logic q;
  assign q = queue_select[0];

  logic [31:0] config_word, common_word, device_word;
  always_comb begin
    case (at)
      12'h000: config_word = 32'h1041_1AF4;  // a network card of virtio 1
      12'h004: config_word = {12'h001, isr != 2'd0, 3'd0, 5'd0, interrupt_disable, 7'd0, bus_master,
                              memory_enable, 1'b0};
      12'h008: config_word = 32'h0200_0001;
      12'h010: config_word = {bar[31:14], 14'h0004};  // 64-bit memory
      12'h014: config_word = bar[63:32];
      12'h02C: config_word = 32'h1041_1AF4;
      12'h034: config_word = 32'h0000_0040;
      12'h03C: config_word = {16'd0, 8'd1, interrupt_line};  // INTA
      // PCI Express: payloads of 128 bytes
      12'h040: config_word = 32'h0092_8010;
      12'h044: config_word = 32'h0000_8000;
      12'h048: config_word = {17'd0, device_control};
      // virtio structures: type, length and next; offset; length
      12'h080: config_word = 32'h0110_9009;
      12'h088: config_word = {18'd0, Common, 12'd0};
      12'h08C: config_word = 32'h38;
      12'h090: config_word = 32'h0214_A409;
      12'h098: config_word = {18'd0, Notify, 12'd0};
      12'h09C: config_word = 32'h8;
      12'h0A0: config_word = 32'h4;  // a doorbell each 4 bytes
      12'h0A4: config_word = 32'h0310_B409;
      12'h0AC: config_word = {18'd0, Isr, 12'd0};
      12'h0B0: config_word = 32'h1;
      12'h0B4: config_word = 32'h0410_0009;
      12'h0BC: config_word = {18'd0, Device, 12'd0};
      12'h0C0: config_word = 32'h8;
      default: config_word = 32'd0;
    endcase
    case (at[5:2])
      4'd0: common_word = device_select;
      4'd1: common_word = device_select[31:1] != '0 ? 32'd0
                        : device_select[0] ? Offered[63:32] : Offered[31:0];
      4'd2: common_word = driver_select;
      4'd3: common_word = driver_select[31:1] != '0 ? 32'd0
                        : driver_select[0] ? features[63:32] : features[31:0];
      4'd4: common_word = {16'd2, 16'hFFFF};  // queues; no vector
      4'd5: common_word = {queue_select, 8'd0, status};
      default: begin
        if (queue_select > 16'd1) common_word = 32'd0;
        else case (at[5:2])
          4'd6: common_word = {16'hFFFF, size[q]};
          4'd7: common_word = {queue_select, 15'd0, enabled[q]};
          4'd8: common_word = desc[q][31:0];
          4'd9: common_word = desc[q][63:32];
          4'd10: common_word = driver[q][31:0];
          4'd11: common_word = driver[q][63:32];
          4'd12: common_word = device[q][31:0];
          4'd13: common_word = device[q][63:32];
          default: common_word = 32'd0;
        endcase
      end
    endcase
    case (at)
      12'h000: device_word = {mac[23:16], mac[31:24], mac[39:32], mac[47:40]};
      12'h004: device_word = {16'd0, mac[7:0], mac[15:8]};
      default: device_word = 32'd0;
    endcase
    if (config_access) word = config_word;
    else case (page)
      Common: word = at < 12'h038 ? common_word : 32'd0;
      Isr: word = at == 12'd0 ? {30'd0, isr} : 32'd0;
      Device: word = device_word;
      default: word = 32'd0;
    endcase
  end

  logic isr_read, common_write, queue_write;
  assign isr_read = take && hit && host_request_kind == MemRead && page == Isr && at == 12'd0 && lanes[0];
  assign common_write = take && hit && host_request_kind == MemWrite && page == Common && at < 12'h038;
  assign queue_write = common_write && queue_select < 16'd2;

  assign live = (status & (DriverOk | NeedsReset)) == DriverOk && bus_master && !stop;
  assign clear = stop && data_idle;
  assign line = isr != 2'd0 && !interrupt_disable;
  always_comb begin
    kick = 2'd0;
    if (take && hit && host_request_kind == MemWrite && page == Notify && at[11:3] == 9'd0)
      kick[at[2]] = 1'b1;
  end

  assign host_request_ready = state == Listen;
  assign host_completion_valid = state == Answer;
  assign idle = state == Listen && !clear;

  always_ff @(posedge clk) begin
    unique case (state)
      Listen: if (take && host_request_kind != MemWrite) begin
        // The line falls before the host hears that its interrupt is acknowledged.
        state <= isr_read ? Line : Answer;
        host_completion_tag <= host_request_tag;
        host_completion_status <= hit ? 3'd0 : UnsupportedRequest;
        host_completion_has_data <= hit && !write;
        host_completion_length <= host_request_length[3:0];
        host_completion_lower_address <= config_access ? 7'd0 : host_request_address[6:0];
        host_completion_data <= {32'd0, word >> {host_request_address[1:0], 3'd0}};
        host_completion_configuration <= config_access;
      end
      Line: if (line_told) state <= Answer;
      default: if (host_completion_ready) state <= Listen;
    endcase

    if (take && hit && host_request_kind == ConfigWrite) case (at)
      12'h004: {interrupt_disable, bus_master, memory_enable} <= {merged[10], merged[2:1]};
      12'h010: bar[31:14] <= merged[31:14];
      12'h014: bar[63:32] <= merged;
      12'h03C: interrupt_line <= merged[7:0];
      12'h048: device_control <= merged[14:0];
      default: ;
    endcase

    if (isr_read) isr <= 2'd0;
    if (used) isr[0] <= 1'b1;
    if (broken) begin
      isr[1] <= 1'b1;
      status <= status | NeedsReset;
    end
    if (common_write) case (at[5:2])
      4'd0: device_select <= merged;
      4'd2: driver_select <= merged;
      4'd3: if (driver_select[31:1] == '0) features[32*driver_select[0] +: 32] <= merged;
      4'd5: begin
        queue_select <= merged[31:16];
        if (lanes[0] && merged[7:0] == 8'd0) stop <= 1'b1;
        else if (lanes[0]) begin
          status <= merged[7:0];
          // Exactly what is offered, or less, but VERSION_1.
          if ((features & ~Offered) != 64'd0 || !features[32]) status <= merged[7:0] & ~FeaturesOk;
        end
      end
      default: ;
    endcase
    if (queue_write) case (at[5:2])
      4'd6: if (!enabled[q]) size[q] <= merged[15:0];
      4'd7: enabled[q] <= merged[0];
      4'd8: desc[q][31:0] <= merged;
      4'd9: desc[q][63:32] <= merged;
      4'd10: driver[q][31:0] <= merged;
      4'd11: driver[q][63:32] <= merged;
      4'd12: device[q][31:0] <= merged;
      4'd13: device[q][63:32] <= merged;
      default: ;
    endcase

    if (!rst_n || clear) begin
      stop <= 1'b0;
      status <= 8'd0;
      isr <= 2'd0;
      {device_select, driver_select, features, queue_select} <= '0;
      enabled <= 2'd0;
      {desc, driver, device} <= '0;
      size <= {2{size_wanted < 16'(RingLimit) ? size_wanted : 16'(RingLimit)}};
    end
    if (!rst_n) begin
      state <= Listen;
      {bar, memory_enable, bus_master, interrupt_disable, interrupt_line} <= '0;
      device_control <= 15'h2810;
    end
  end
endmodule
