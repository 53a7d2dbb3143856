// SPDX-License-Identifier: Apache-2.0
// Frames, each with the hash of its flow: beats wait until as much of their frame has come as the
// hash needs. The hash is that of hw_model/core/steering.cpp, 0 for what is no IP; a frame's beats
// go on in their order, one a cycle.
module rx_steering
  import nic_pkg::*;
(
  input  logic        clk,
  input  logic        rst_n,
  input  logic        frame_valid,  // never held back
  input  beat_t       frame_beat,
  output logic        out_valid,
  output beat_t       out_beat,
  output logic [31:0] out_hash,  // of the whole frame
  output logic        idle  // depends on the inputs of the same cycle
);
  // Ethernet header, VLAN tag, the longest IPv4 header, ports.
  localparam int unsigned HeadBytes = 14 + 4 + 60 + 4;
  localparam int unsigned HeadBeats = (HeadBytes + DataBytes - 1) / DataBytes;
  localparam int unsigned HeadW = $clog2(HeadBeats + 1);
  localparam int unsigned SizeW = $clog2(HeadBeats * DataBytes + 1);
  localparam int unsigned PacketBytes = 64;  // behind the Ethernet header
  localparam int unsigned Depth = 32;  // beats; HeadBeats and the stages below fit
  localparam int unsigned DepthW = $clog2(Depth);
  localparam int unsigned Stages = 8;
  localparam logic [31:0] First = 32'h85EB_CA6B, Second = 32'hC2B2_AE35;  // of the finaliser

  if (Segments != 1) $error("rx_steering takes one frame a beat: NIC_SEGMENTS is 1");
  if (HeadBeats + Stages + 2 > Depth) $error("Depth must hold a head and what waits for its hash");

  typedef logic [DepthW:0] count_t;  // modulo 2 * Depth

  // Bytes in the order in which they come are lowest first; numbers are big-endian.
  function automatic logic [15:0] be16(input logic [15:0] bytes);
    be16 = {bytes[7:0], bytes[15:8]};
  endfunction
  function automatic logic [31:0] be32(input logic [31:0] bytes);
    be32 = {bytes[7:0], bytes[15:8], bytes[23:16], bytes[31:24]};
  endfunction
  function automatic logic [31:0] symmetric(input logic [31:0] a, input logic [31:0] b);
    logic [31:0] differ;
    differ = a ^ b;
    symmetric = (a + b) ^ {differ[15:0], differ[31:16]};
  endfunction
  function automatic logic [31:0] folded(input logic [127:0] address);
    folded = '0;
    for (int i = 0; i < 4; i++) begin
      folded = {folded[24:0], folded[31:25]} ^ be32(address[32*i+:32]);
    end
  endfunction
  function automatic logic [31:0] times(input logic [31:0] x, input logic [31:0] y);
    times = x * y;
  endfunction

  // -- beats wait
  beat_t beats[Depth];
  count_t beats_in, beats_out;
  always_ff @(posedge clk) if (frame_valid) beats[beats_in[DepthW-1:0]] <= frame_beat;

  // -- the head of the frame that comes in
  logic [HeadBeats*DataBits-1:0] head, head_now;
  logic [HeadW-1:0] head_beats;  // that have come
  logic [SizeW-1:0] size_now;
  logic head_done, head_told;  // it was complete before
  logic [HeadW-1:0] at;  // the beat that comes
  assign at = frame_beat.sop ? '0 : head_beats;
  always_comb begin
    head_now = frame_beat.sop ? '0 : head;
    for (int unsigned i = 0; i < HeadBeats; i++) begin
      if (HeadW'(i) == at) begin
        head_now[DataBits*i+:DataBits] = frame_beat.data;
      end
    end
    size_now = SizeW'(32'(at) * DataBytes + DataBytes) -
        (frame_beat.eop ? SizeW'(frame_beat.empty) : '0);
  end
  assign head_done = frame_valid && (frame_beat.sop || !head_told) &&
      (frame_beat.eop || at == HeadW'(HeadBeats - 1));

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      head_beats <= '0;
      head_told <= 1'b0;
    end else if (frame_valid) begin
      head_told <= !frame_beat.eop && (head_done || (!frame_beat.sop && head_told));
      if (frame_beat.sop) head_beats <= HeadW'(1);
      else if (head_beats != HeadW'(HeadBeats)) head_beats <= head_beats + 1'b1;
    end
  end
  always_ff @(posedge clk) if (frame_valid) head <= head_now;

  // -- stages: a frame a cycle
  logic [Stages:1] valid;
  always_ff @(posedge clk) begin
    if (!rst_n) valid <= '0;
    else valid <= {valid[Stages-1:1], head_done};
  end

  // 1: the head
  /* verilator lint_off UNUSEDSIGNAL */  // MAC addresses
  logic [8*HeadBytes-1:0] whole;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [SizeW-1:0] whole_size;
  // 2: what is behind the Ethernet header and a tag
  logic [8*PacketBytes-1:0] packet;
  logic [SizeW-1:0] packet_size;
  logic [15:0] packet_type;
  logic vlan;
  assign vlan = be16(whole[8*12+:16]) == 16'h8100 && whole_size >= SizeW'(18);
  // 3: addresses and ports
  logic [31:0] from, to, ports;
  logic is_ip, has_ports;
  logic [3:0] words;  // of the IPv4 header
  logic v4, v6, transport, fragment;
  logic [7:0] protocol;
  logic [SizeW-1:0] ports_at;
  always_comb begin
    words = packet[3:0];
    v4 = packet_type == 16'h0800 && packet_size >= SizeW'(20) && packet[7:4] == 4'd4 &&
        words >= 4'd5 && packet_size >= SizeW'({words, 2'b00});
    v6 = packet_type == 16'h86DD && packet_size >= SizeW'(40) && packet[7:4] == 4'd6;
    protocol = v4 ? packet[8*9+:8] : packet[8*6+:8];
    transport = protocol == 8'd6 || protocol == 8'd17;
    fragment = v4 && (be16(packet[8*6+:16]) & 16'h3FFF) != '0;
    ports_at = v4 ? SizeW'({words, 2'b00}) : SizeW'(40);
  end
  // 4 to 8: the finaliser, twice where there are ports
  logic [31:0] sum4, mixed4, mixed5, mixed6, mixed7, hash8;
  logic [31:0] port4;
  logic ip4, ip5, ip6, ip7, with4, with5, with6, with7;
  logic [31:0] step5, step6, step7;
  assign step5 = times(mixed4 ^ (mixed4 >> 13), Second);
  assign step6 = times(mixed5 ^ (mixed5 >> 16), First);
  assign step7 = times(mixed6 ^ (mixed6 >> 13), Second);
  assign sum4 = symmetric(from, to);

  always_ff @(posedge clk) begin
    if (head_done) begin
      whole <= head_now[8*HeadBytes-1:0];
      whole_size <= size_now;
    end
    if (valid[1]) begin
      packet <= vlan ? whole[8*18+:8*PacketBytes] : whole[8*14+:8*PacketBytes];
      packet_type <= be16(vlan ? whole[8*16+:16] : whole[8*12+:16]);
      packet_size <= whole_size < SizeW'(14) ? '0 :
          whole_size - (vlan ? SizeW'(18) : SizeW'(14));
    end
    if (valid[2]) begin
      from <= v4 ? be32(packet[8*12+:32]) : folded(packet[8*8+:128]);
      to <= v4 ? be32(packet[8*16+:32]) : folded(packet[8*24+:128]);
      is_ip <= v4 || v6;
      has_ports <= transport && !fragment && ports_at + SizeW'(4) <= packet_size;
      ports <= packet[32*32'(ports_at[5:2])+:32];
    end
    if (valid[3]) begin
      mixed4 <= times(sum4 ^ (sum4 >> 16), First);
      port4 <= symmetric({16'h0, be16(ports[15:0])}, {16'h0, be16(ports[31:16])});
      {ip4, with4} <= {is_ip, has_ports};
    end
    if (valid[4]) begin
      mixed5 <= (step5 ^ (step5 >> 16)) ^ (with4 ? port4 : '0);
      {ip5, with5} <= {ip4, with4};
    end
    if (valid[5]) begin
      mixed6 <= with5 ? step6 : mixed5;
      {ip6, with6} <= {ip5, with5};
    end
    if (valid[6]) begin
      mixed7 <= with6 ? step7 : mixed6;
      {ip7, with7} <= {ip6, with6};
    end
    if (valid[7]) begin
      if (!ip7) hash8 <= '0;
      else hash8 <= with7 ? mixed7 ^ (mixed7 >> 16) : mixed7;
    end
  end

  // -- hashes wait for their frames
  logic [31:0] hashes[Depth];
  count_t hashes_in, hashes_out;
  always_ff @(posedge clk) if (valid[Stages]) hashes[hashes_in[DepthW-1:0]] <= hash8;

  assign out_valid = beats_in != beats_out && hashes_in != hashes_out;
  assign out_beat = beats[beats_out[DepthW-1:0]];
  assign out_hash = hashes[hashes_out[DepthW-1:0]];

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      beats_in <= '0;
      beats_out <= '0;
      hashes_in <= '0;
      hashes_out <= '0;
    end else begin
      if (frame_valid) beats_in <= beats_in + 1'b1;
      if (out_valid) beats_out <= beats_out + 1'b1;
      if (valid[Stages]) hashes_in <= hashes_in + 1'b1;
      if (out_valid && out_beat.eop) hashes_out <= hashes_out + 1'b1;
    end
  end

  assign idle = !frame_valid && valid == '0 && !out_valid;
endmodule
