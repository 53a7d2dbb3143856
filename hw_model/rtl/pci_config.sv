// SPDX-License-Identifier: Apache-2.0
// Configuration space: type 0 header, PCI Express, MSI-X and virtio capabilities (PCI Express Base
// Specification 4.0, 7.5; virtio 1.4, "Virtio Over PCI Bus"). Contents and write masks alone: what
// a write sets off is its user's business.
module pci_config
  import nic_pkg::*;
  import ringside_regs_pkg::*;
(
  input  logic         clk,
  input  logic         rst_n,
  input  logic [2:0]   max_payload_supported,  // 128 << n
  input  logic         clear,  // as after power-on, but Max_Payload_Size stays (6.6.2)
  input  logic         accessed,  // else nothing is read
  input  logic [11:2]  address,
  output logic [31:0]  read_data,  // of the double word
  input  logic         write,
  input  logic [3:0]   lanes,  // bytes that are written
  input  logic [31:0]  write_data,
  input  logic         interrupt_status,
  // what the registers say
  output logic         memory_enable,
  output logic         bus_master,
  output logic         interrupt_disable,
  output logic [63:16] bar,
  output logic         msix_enable,
  output logic         msix_mask,
  output logic [2:0]   max_payload,  // 128 << n
  output logic [2:0]   max_read_request,
  output logic [7:0]   window_bar,
  output logic [31:0]  window_offset,
  output logic [31:0]  window_length
);
  localparam logic [7:0] CapVendor = 8'h09, CapExpress = 8'h10, CapMsix = 8'h11;
  // Where the capabilities lie.
  localparam logic [7:0] Express = 8'h40, Msix = 8'h7C, Common = 8'h88, Notify = 8'h98,
                         Isr = 8'hAC, Device = 8'hBC, Access = 8'hCC, Vendor = 8'hE0;
  localparam logic [7:0] TypeCommon = 8'd1, TypeNotify = 8'd2, TypeIsr = 8'd3, TypeDevice = 8'd4,
                         TypeWindow = 8'd5, TypeVendor = 8'd9;
  localparam logic [15:0] VendorId = 16'h1AF4, DeviceId = 16'h1041;
  localparam logic [2:0] LargestCode = 3'd5;  // reserved ones above it count as 128 bytes
  localparam logic [14:0] ControlAtStart = 15'h2810;  // relaxed order, no snoop, 512-byte reads

  if (BAR_SIZE != 'h10000) $error("the BAR's address bits are those of 64 KiB");

  logic [7:0] cache_line, interrupt_line;
  logic [14:0] device_control;
  logic [3:0] link_control;  // bits 7, 6, 1, 0

  assign max_read_request = device_control[14:12] > LargestCode ? 3'd0 : device_control[14:12];
  always_comb begin
    max_payload = device_control[7:5] > LargestCode ? 3'd0 : device_control[7:5];
    if (max_payload > max_payload_supported) max_payload = max_payload_supported;
  end

  always_comb begin
    read_data = '0;
    if (accessed) case ({address, 2'b00})
      12'h000: read_data = {DeviceId, VendorId};
      12'h004: read_data = {8'h00, 4'h1, interrupt_status, 3'h0,
                            5'h0, interrupt_disable, 2'h0, 5'h0, bus_master, memory_enable, 1'b0};
      12'h008: read_data = 32'h02000001;  // Ethernet controller, revision 1
      12'h00C: read_data = {24'h0, cache_line};
      12'h010: read_data = {bar[31:16], 16'h0004};  // 64-bit memory
      12'h014: read_data = bar[63:32];
      12'h02C: read_data = {DeviceId, VendorId};
      12'h034: read_data = {24'h0, Express};
      12'h03C: read_data = {16'h0, 8'h01, interrupt_line};  // INTA
      {4'h0, Express}: read_data = {16'h0002, Msix, CapExpress};
      {4'h0, Express} + 12'd4: read_data = 32'h10008020 | {29'h0, max_payload_supported};
      {4'h0, Express} + 12'd8: read_data = {17'h0, device_control};
      {4'h0, Express} + 12'd12: read_data = 32'h00000103;
      {4'h0, Express} + 12'd16:
        read_data = {16'h0103, 8'h00, link_control[3:2], 4'h0, link_control[1:0]};
      {4'h0, Express} + 12'd44: read_data = 32'h0000000E;
      {4'h0, Msix}:
        read_data = {msix_enable, msix_mask, 3'h0, 11'(MsixVectors - 1), Common, CapMsix};
      {4'h0, Msix} + 12'd4: read_data = {16'h0, BAR_MSIX_TABLE};
      {4'h0, Msix} + 12'd8: read_data = {16'h0, BAR_MSIX_PENDING};
      {4'h0, Common}: read_data = {TypeCommon, 8'd16, Notify, CapVendor};
      {4'h0, Common} + 12'd8: read_data = {16'h0, BAR_COMMON};
      {4'h0, Common} + 12'd12: read_data = BAR_COMMON_BYTES;
      {4'h0, Notify}: read_data = {TypeNotify, 8'd20, Isr, CapVendor};
      {4'h0, Notify} + 12'd8: read_data = {16'h0, BAR_NOTIFY};
      {4'h0, Notify} + 12'd12: read_data = BAR_NOTIFY_BYTES;
      {4'h0, Notify} + 12'd16: read_data = BAR_NOTIFY_MULTIPLIER;
      {4'h0, Isr}: read_data = {TypeIsr, 8'd16, Device, CapVendor};
      {4'h0, Isr} + 12'd8: read_data = {16'h0, BAR_ISR};
      {4'h0, Isr} + 12'd12: read_data = BAR_ISR_BYTES;
      {4'h0, Device}: read_data = {TypeDevice, 8'd16, Access, CapVendor};
      {4'h0, Device} + 12'd8: read_data = {16'h0, BAR_DEVICE};
      {4'h0, Device} + 12'd12: read_data = BAR_DEVICE_BYTES;
      {4'h0, Access}: read_data = {TypeWindow, 8'd20, Vendor, CapVendor};
      {4'h0, Access} + 12'd4: read_data = {24'h0, window_bar};
      {4'h0, Access} + 12'd8: read_data = window_offset;
      {4'h0, Access} + 12'd12: read_data = window_length;
      {4'h0, Vendor}: read_data = {TypeVendor, 8'd24, 8'h00, CapVendor};
      {4'h0, Vendor} + 12'd4: read_data = {RING_STATE_VERSION, RING_STATE_VENDOR_ID};
      {4'h0, Vendor} + 12'd8: read_data = {16'h0, BAR_RING_STATE};
      {4'h0, Vendor} + 12'd12: read_data = BAR_RING_STATE_BYTES;
      {4'h0, Vendor} + 12'd16: read_data = {16'h0, BAR_STATISTICS};
      {4'h0, Vendor} + 12'd20: read_data = BAR_STATISTICS_BYTES;
      default: read_data = '0;
    endcase
  end

  // Bytes of `data` over those of `old`.
  function automatic logic [31:0] merge(logic [31:0] old, logic [31:0] data, logic [3:0] which);
    for (int i = 0; i < 4; ++i) merge[8*i +: 8] = which[i] ? data[8*i +: 8] : old[8*i +: 8];
  endfunction

  logic [31:0] merged;
  assign merged = merge(read_data, write_data, lanes);

  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      memory_enable <= 1'b0;
      bus_master <= 1'b0;
      interrupt_disable <= 1'b0;
      cache_line <= '0;
      bar <= '0;
      interrupt_line <= '0;
      device_control <= ControlAtStart;
      if (rst_n) device_control[7:5] <= device_control[7:5];
      link_control <= '0;
      msix_enable <= 1'b0;
      msix_mask <= 1'b0;
      window_bar <= '0;
      window_offset <= '0;
      window_length <= '0;
    end else if (write) begin
      case ({address, 2'b00})
        12'h004: begin
          memory_enable <= merged[1];
          bus_master <= merged[2];
          interrupt_disable <= merged[10];
        end
        12'h00C: cache_line <= merged[7:0];
        12'h010: bar[31:16] <= merged[31:16];
        12'h014: bar[63:32] <= merged;
        12'h03C: interrupt_line <= merged[7:0];
        {4'h0, Express} + 12'd8: device_control <= merged[14:0];
        {4'h0, Express} + 12'd16: link_control <= {merged[7:6], merged[1:0]};
        {4'h0, Msix}: begin
          msix_enable <= merged[31];
          msix_mask <= merged[30];
        end
        {4'h0, Access} + 12'd4: window_bar <= merged[7:0];
        {4'h0, Access} + 12'd8: window_offset <= merged;
        {4'h0, Access} + 12'd12: window_length <= merged;
        default: ;
      endcase
    end
  end
endmodule
