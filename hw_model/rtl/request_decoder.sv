// SPDX-License-Identifier: Apache-2.0
// What a request of the host means: which register it is for, whether it may be carried out, and
// what has to be waited for (PCI Express Base Specification 4.0, 2.3.1; virtio 1.4, "PCI configuration
// access capability").
module request_decoder
  import nic_pkg::*;
  import ringside_regs_pkg::*;
(
  input  logic          valid,
  input  host_request_t request,
  input  now_t          arrival,
  input  logic [31:0]   hold_bound,
  input  logic          memory_enable,
  input  logic [63:16]  bar,
  input  logic [7:0]    window_bar,
  input  logic [31:0]   window_offset,
  input  logic [31:0]   window_length,
  output host_work_t    work
);
  localparam logic [11:0] DeviceControl = 12'h048, WindowData = 12'h0DC;

  logic narrow, aligned, in_bar, is_config, is_write, window, window_usable;
  logic [3:0] length;
  logic [2:0] offset;

  always_comb begin
    is_config = request.kind == HostConfigRead || request.kind == HostConfigWrite;
    is_write = request.kind == HostMemWrite || request.kind == HostConfigWrite;
    length = request.length[3:0];
    narrow = request.length == 13'd1 || request.length == 13'd2 || request.length == 13'd4 ||
             (request.length == 13'd8 && !is_config);
    aligned = (request.address[2:0] & (length[2:0] - 3'd1)) == '0;
    in_bar = is_config ? request.address[63:12] == '0
                       : memory_enable && request.address[63:16] == bar;
    window = is_config && request.address[11:2] == WindowData[11:2] &&
             (!is_write || request.address[1:0] == '0);
    window_usable = window_bar == '0 && window_offset[31:16] == '0 && window_length[31:3] == '0 &&
                    (window_length[2:0] == 3'd1 ||
                     (window_length[2:0] == 3'd2 && !window_offset[0]) ||
                     (window_length[2:0] == 3'd4 && window_offset[1:0] == '0)) &&
                    request.address[1:0] == '0 &&
                    (!is_write || window_length[3:0] <= length);

    work = '0;
    offset = '0;
    if (valid) begin
      work.refused = !narrow || !aligned || !in_bar || (is_write && request.poisoned);
      work.config_space = is_config && !(window && window_usable);
      work.nothing = window && !window_usable;
      work.write = is_write;
      work.configuration = is_config;
      work.tag = request.tag;
      work.length = length;
      work.lower_address = is_config ? '0 : request.address[6:0];
      work.width = length;
      work.address = request.address[15:0];
      offset = is_config ? {1'b0, request.address[1:0]} : request.address[2:0];
      if (window && window_usable) begin
        work.address = window_offset[15:0];
        work.width = window_length[3:0];
        offset = window_offset[2:0];
      end
      work.lanes = lanes_of(work.width, offset);
      work.data = request.data << {offset, 3'b000};
      work.doorbell = !work.config_space && is_write &&
                      work.address[15:12] == BAR_NOTIFY[15:12];
      // device_status and queue_enable
      work.needs_room = !work.config_space && !work.refused && is_write &&
                        ((work.address[15:3] == 13'd2 && work.lanes[4]) ||
                         (work.address[15:3] == 13'd3 && work.lanes[5:4] != '0));
      // Reads too: of a used index, the ISR status or pending bits. Their record comes behind what
      // is decided in the same cycle.
      work.prepare = !work.refused && !work.doorbell;
      work.function_reset = work.config_space && !work.refused &&
                            !work.nothing && is_write &&
                            work.address[11:2] == DeviceControl[11:2] &&
                            work.lanes[1] && work.data[15];
      if (work.function_reset) work.needs_room = 1'b1;
      work.deadline = arrival + NowW'(hold_bound);
    end
  end
endmodule
