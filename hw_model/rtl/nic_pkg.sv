// SPDX-License-Identifier: Apache-2.0
// Sizes, stream formats and the structures that the card's modules hand to each other
// (docs/hardware/theory.md).
`ifndef NIC_DATA_BITS
`define NIC_DATA_BITS 512
`endif
`ifndef NIC_SEGMENTS
`define NIC_SEGMENTS 1
`endif
`ifndef NIC_QUEUE_PAIRS
`define NIC_QUEUE_PAIRS 1
`endif
`ifndef NIC_RING_LIMIT
`define NIC_RING_LIMIT 1024
`endif
`ifndef NIC_TX_BUFFER_BYTES
`define NIC_TX_BUFFER_BYTES 65536
`endif
`ifndef NIC_RX_BUFFER_BYTES
`define NIC_RX_BUFFER_BYTES 262144
`endif
`ifndef NIC_READ_TAGS
`define NIC_READ_TAGS 256
`endif

package nic_pkg;

  // -- sizes; nic_card checks them
  localparam int unsigned DataBits = `NIC_DATA_BITS;  // of the datapath: 128, 256 or 512
  localparam int unsigned Segments = `NIC_SEGMENTS;  // packets that may share a beat
  localparam int unsigned QueuePairs = `NIC_QUEUE_PAIRS;
  localparam int unsigned RingLimit = `NIC_RING_LIMIT;  // largest Queue Size, a power of two
  localparam int unsigned TxBufferBytes = `NIC_TX_BUFFER_BYTES;
  localparam int unsigned RxBufferBytes = `NIC_RX_BUFFER_BYTES;
  localparam int unsigned ReadTags = `NIC_READ_TAGS;  // read requests in flight

  localparam int unsigned DataBytes = DataBits / 8;
  localparam int unsigned LaneW = $clog2(DataBytes);  // names a byte lane
  localparam int unsigned SegmentBytes = DataBytes / Segments;
  localparam int unsigned SegmentLaneW = $clog2(SegmentBytes);

  // Receive queues 2k, transmit queues 2k + 1, and the control virtqueue behind them.
  localparam int unsigned Queues = 2 * QueuePairs + 1;
  localparam int unsigned ControlQueue = 2 * QueuePairs;
  localparam int unsigned QueueW = $clog2(Queues);
  localparam int unsigned MsixVectors = Queues + 1;
  localparam int unsigned VectorW = $clog2(MsixVectors);
  localparam int unsigned RingW = $clog2(RingLimit);
  // Descriptor chains of one queue between its available and its used ring.
  localparam int unsigned Window = 64;
  // Entries or descriptors that one fetch asks for, at most.
  localparam int unsigned FetchBatch = 32;
  // Descriptors that one queue's segment store holds: a longest chain (a ring and one indirect
  // table of the core's limit) fits.
  localparam int unsigned SegmentStore = 2 * (RingLimit > 1024 ? RingLimit : 1024);

  localparam int unsigned TxRows = TxBufferBytes / DataBytes;
  localparam int unsigned RxRows = RxBufferBytes / DataBytes;
  localparam int unsigned RxRowW = $clog2(RxRows);
  // Names a queue pair. Each has a part of the receive buffer, a power of two of rows.
  localparam int unsigned PairW = QueuePairs > 1 ? $clog2(QueuePairs) : 1;
  localparam int unsigned RxPartRows = QueuePairs > 1 ? RxRows >> PairW : RxRows;
  // Byte address in a landing memory: the largest of them is the transmit buffer.
  localparam int unsigned LandingW = $clog2(TxBufferBytes);
  localparam int unsigned TagW = $clog2(ReadTags);
  localparam int unsigned HandleW = 8;
  localparam int unsigned ImmediateBytes = 64;
  localparam int unsigned HeaderBytes = 12;  // struct virtio_net_hdr
  localparam int unsigned NowW = 48;  // cycle numbers

  typedef logic [QueueW-1:0] queue_t;
  typedef logic [NowW-1:0] now_t;
  localparam now_t Never = '1;

  // -- streams. A beat moves when valid and ready are high at a clock edge; valid and everything
  // with it then stay as they are until ready. Byte k of a packet's beat is data[8k +: 8].
  typedef struct packed {
    logic [Segments-1:0] valid;  // the segment holds bytes
    logic [Segments-1:0] sop;
    logic [Segments-1:0] eop;
    logic [Segments-1:0] err;  // with eop: the frame check sequence is wrong
    logic [Segments-1:0][SegmentLaneW-1:0] empty;  // with eop: bytes without meaning at the end
    logic [DataBits-1:0] data;
  } beat_t;

  // What a transfer is for, as hw_model/pcie/purpose.h numbers it. Travels with the requests for
  // ledgers and checkers; on no wire.
  typedef enum logic [3:0] {
    PurposeDoorbell,
    PurposeAvailIndex,
    PurposeAvailEntries,
    PurposeUsedEvent,
    PurposeDescriptors,
    PurposeIndirectTable,
    PurposePayload,
    PurposeUsedEntries,
    PurposeUsedIndex,
    PurposeAvailEvent,
    PurposeInterrupt,
    PurposeRegisterRead,
    PurposeRegisterWrite,
    PurposeConfig
  } purpose_e;

  // -- PCI Express, towards the host. Data is aligned to double words as on the link: the first
  // byte of a TLP's payload is in lane address[1:0] of its first beat.
  typedef struct packed {  // posted: memory write or message
    logic message;
    logic [7:0] code;  // of a message
    logic [63:0] address;  // of the first byte
    logic [12:0] length;  // bytes; message: 0
    purpose_e purpose;
    queue_t queue;
  } posted_t;

  typedef struct packed {  // memory read
    logic [63:0] address;
    logic [12:0] length;  // bytes
    logic [9:0] tag;
    purpose_e purpose;
    queue_t queue;
  } read_request_t;

  typedef struct packed {  // completion of one of the card's reads; first byte in lane
                           // lower_address[1:0]
    logic [9:0] tag;
    logic [2:0] status;  // 0: success
    logic poisoned;
    logic has_data;
    logic [12:0] length;  // bytes of this completion
    logic [12:0] byte_count;  // bytes that the request lacks, these included
    logic [6:0] lower_address;
  } completion_t;

  typedef enum logic [1:0] {
    HostMemRead,
    HostMemWrite,
    HostConfigRead,
    HostConfigWrite
  } host_kind_e;

  typedef struct packed {  // request to the card
    host_kind_e kind;
    logic [63:0] address;  // configuration: offset
    logic [12:0] length;  // bytes; only the first 8 of a longer write are in data
    logic [9:0] tag;
    logic poisoned;
    logic [63:0] data;  // from the first byte, which is at `address`, on
  } host_request_t;

  typedef struct packed {  // the card's completion
    logic [9:0] tag;
    logic [2:0] status;  // 0: success, 1: unsupported request
    logic has_data;
    logic [3:0] length;
    logic [6:0] lower_address;
    logic [63:0] data;  // from the first byte on
    logic configuration;
  } host_completion_t;

  // -- what the card was built as and what its link was set up as: constant while it runs
  typedef struct packed {
    logic [63:0] features;  // that may be offered, of those that it implements
    logic [47:0] mac;  // first byte in the highest bits
    logic [15:0] mtu;
    logic [15:0] queue_size_max;
    logic [2:0] max_payload;  // Max_Payload_Size Supported, as encoded: 128 << n
    logic [7:0] used_batch;  // used entries in one write, at most 8
    logic [15:0] used_timeout;  // cycles that the first of them waits for others
    logic [31:0] hold_bound;  // cycles that a register read is held for firmware
    logic [31:0] completion_timeout;  // cycles
  } straps_t;

  // -- register side to data plane
  typedef struct packed {  // of one virtqueue; stable while it is enabled
    logic enabled;
    logic suspended;
    logic [3:0] size_log2;
    logic [63:0] desc;
    logic [63:0] driver;
    logic [63:0] device;
    logic [15:0] index;  // available and used index to begin with
    logic resumed;  // index was set: what the driver was told about notifications is not known
  } queue_context_t;

  typedef struct packed {
    logic active;  // decisions are allowed: DRIVER_OK, no error, no reset, Bus Master Enable
    logic receives;  // the same, and also while decisions wait for a write of a register: frames
    // are taken
    logic counts;  // what reads bring counts: the same, and also without Bus Master Enable
    logic bus_master;
    logic link_up;
    logic indirect;  // negotiated features
    logic event_idx;
    logic mrg_rxbuf;
    logic [15:0] mtu;
    logic [2:0] max_payload;  // as Device Control says: 128 << n
    logic [2:0] max_read_request;
    logic [3:0] pairs;  // that are switched on: received frames go to these
    logic control_moved;  // the control virtqueue has number 2 for the driver
  } card_state_t;

  // -- reads of host memory: a client asks, the bytes land in its memory, it is told of the end
  typedef enum logic [1:0] {
    ReadRing,
    ReadTransmit,
    ReadControl,
    ReadSuppression
  } read_client_e;
  localparam int unsigned ReadClients = 4;

  typedef struct packed {
    purpose_e purpose;
    queue_t queue;
    logic [31:0] chain;  // for the trace
    logic [63:0] address;
    logic [15:0] length;  // bytes, not 0
    logic [LandingW-1:0] landing;  // where the first byte goes in the client's memory
    logic [HandleW-1:0] handle;  // the client's
  } read_op_t;

  // Bytes for landing memories. The byte for address A is in lane A mod DataBytes; they may run
  // over into the next row.
  typedef struct packed {
    read_client_e client;
    logic [LandingW-1:0] address;
    logic [LaneW:0] count;  // 1 to DataBytes
    logic [DataBits-1:0] data;
  } landing_t;

  typedef struct packed {
    read_client_e client;
    logic [HandleW-1:0] handle;
    logic ok;
    logic [15:0] head;  // the first two bytes (of reads that need no memory)
  } read_done_t;

  // -- posted writes: one queue for all, in the order of acceptance
  typedef enum logic [1:0] {
    WriteImmediate,
    WriteReceived,
    WriteMessage
  } write_source_e;
  typedef enum logic [2:0] {
    WriteReceive,
    WriteUsed,
    WriteNotify,  // avail_event or flags
    WriteControl,
    WriteInterrupt
  } write_client_e;
  localparam int unsigned WriteClients = 5;

  typedef struct packed {
    write_source_e source;
    purpose_e purpose;
    queue_t queue;
    logic [31:0] chain;
    logic [63:0] address;  // message: code in the low 8 bits
    logic [15:0] length;  // bytes
    logic [8*ImmediateBytes-1:0] data;  // immediate: byte k in data[8k +: 8]
    logic [RxRowW-1:0] row;  // received: the frame's first row in the receive buffer
    logic [15:0] offset;  // received: of the first byte in header and frame
    logic [15:0] num_buffers;  // received: for the header
    logic last;  // received: the last piece of its frame; its rows are free behind it
    logic notify;  // tell the client when the last beat has left
  } write_op_t;

  // -- descriptor chains, from the ring engine to the queue's consumer, in ring order
  typedef struct packed {
    logic [31:0] position;  // in its queue, from 0 with every reset
    logic [15:0] id;  // head descriptor
    logic [15:0] readable;  // segments that the card reads; they come first
    logic [15:0] writable;
    logic [32:0] readable_bytes;
    logic [32:0] writable_bytes;
  } chain_t;

  typedef struct packed {
    logic [63:0] address;
    logic [31:0] length;
  } segment_t;

  // A finished chain, from the consumer to the used ring, in ring order.
  typedef struct packed {
    logic [31:0] position;
    logic [15:0] id;
    logic [31:0] length;  // bytes written
    logic frame_end;  // the last chain of its frame: only whole frames are returned
  } used_t;

  // -- inside the register side: events for firmware, its commands, requests, held reads
  typedef struct packed {  // of a virtqueue; in other events what the comments say
    logic flag;  // index was set; features above 63 were; the link is up
    logic [15:0] index;
    logic [15:0] size;
    logic [63:0] device;
    logic [63:0] driver;
    logic [63:0] desc;  // driver_feature; speed of the link
  } queue_setup_t;

  typedef struct packed {
    logic [2:0] kind;
    logic [31:0] value;
    logic [15:0] queue;
    queue_setup_t setup;
  } management_event_t;

  typedef struct packed {
    logic [31:0] kind;
    logic [31:0] number;  // of the event that it answers
    logic [31:0] value;
    logic [15:0] queue;
    logic [63:0] features;
    queue_setup_t setup;
    logic [223:0] device_config;
  } management_command_t;

  typedef struct packed {  // a request of the host, understood
    logic refused;  // no register, or poisoned
    logic config_space;  // else the BAR
    logic nothing;  // reads 0, writes nothing
    logic write;
    logic doorbell;
    logic needs_room;  // its event
    logic prepare;
    logic function_reset;
    logic configuration;  // it came as a configuration request
    logic [9:0] tag;
    logic [3:0] length;  // of its completion
    logic [6:0] lower_address;
    logic [15:0] address;
    logic [3:0] width;
    logic [7:0] lanes;
    logic [63:0] data;  // in its lanes
    now_t deadline;
  } host_work_t;

  typedef struct packed {  // a read that waits for firmware
    logic configuration;
    logic [9:0] tag;
    logic [3:0] length;
    logic [6:0] lower_address;
    logic [5:0] address;  // in the common configuration
    logic [3:0] width;
    now_t deadline;
  } held_read_t;

  // Bytes of the 8 aligned ones that an access touches.
  function automatic logic [7:0] lanes_of(logic [3:0] width, logic [2:0] offset);
    case (width)
      4'd1: lanes_of = 8'h01 << offset;
      4'd2: lanes_of = 8'h03 << offset;
      4'd4: lanes_of = 8'h0F << offset;
      default: lanes_of = 8'hFF;
    endcase
  endfunction

  // The lowest `width` bytes: 1, 2, 4 or 8.
  function automatic logic [63:0] low_bytes(logic [63:0] value, logic [3:0] width);
    case (width)
      4'd1: low_bytes = {56'h0, value[7:0]};
      4'd2: low_bytes = {48'h0, value[15:0]};
      4'd4: low_bytes = {32'h0, value[31:0]};
      default: low_bytes = value;
    endcase
  endfunction

  // -- errors of the driver, as hw_model/core/counters.h numbers them (DeviceError)
  typedef enum logic [4:0] {
    ErrorAvailIndexJump,
    ErrorHeadOutOfRange,
    ErrorNextOutOfRange,
    ErrorChainTooLong,
    ErrorChainTooLarge,
    ErrorIndirectNotNegotiated,
    ErrorIndirectWithNext,
    ErrorIndirectNested,
    ErrorIndirectSize,
    ErrorZeroLength,
    ErrorReadableAfterWritable,
    ErrorAddressWraps,
    ErrorNoUsableBuffer,
    ErrorDmaRead,
    ErrorDmaWrite,
    ErrorManagementTimeout,
    ErrorQueueSetup
  } error_e;

  typedef struct packed {
    error_e code;
    queue_t queue;
  } error_t;

  // -- nic_trace: kinds and fields as hw_model/trace/nic_trace.h has them. A record is given in the
  // cycle in which what it says counts for every other module; of records in one cycle the lower
  // port comes first.
  typedef enum logic [7:0] {
    TraceDoorbell,
    TraceFrameIn,
    TraceFrameDropped,
    TraceRegisterWrite,
    TraceRegisterRead,
    TraceSampleAvail,
    TraceFetchIds,
    TraceFetchDescriptors,
    TraceStartTransmit,
    TraceStartReceive,
    TraceReturnUsed,
    TraceReadSuppression,
    TraceArmNotify,
    TraceSuppressNotify,
    TraceStartCommand,
    TraceAvailSampled,
    TraceIdsFetched,
    TraceDescribed,
    TraceDmaRead,
    TraceDmaReadDone,
    TraceDmaWrite,
    TraceFrameOut,
    TraceFrameSent,
    TraceInterruptDecision,
    TraceMsix,
    TraceIntx,
    TraceManagementEvent,
    TraceManagementCommand,
    TraceDeviceError,
    TraceReset,
    TraceQueueSuspended,
    TraceQueueResumed,
    TraceConfigWrite,
    TraceConfigRead
  } trace_kind_e;

  typedef struct packed {
    trace_kind_e kind;
    logic [7:0] purpose;
    logic [15:0] queue;
    logic [31:0] id;
    logic [31:0] chain;
    logic [31:0] size;
    // Received frames: how many the MAC gave before it; sent ones likewise. All ones for what is
    // dropped instead of sent.
    logic [31:0] frame;
    logic [63:0] address;
    logic [63:0] value;
  } trace_t;

  // -- counters, as hw_model/core/counters.h defines them
  typedef struct packed {
    logic [63:0] frames;
    logic [63:0] bytes;
    logic [63:0] drop_short;
    logic [63:0] drop_long;
    logic [63:0] drop_link_down;
  } tx_counters_t;

  typedef struct packed {
    logic [63:0] frames;
    logic [63:0] bytes;
    logic [63:0] drop_fcs;
    logic [63:0] drop_short;
    logic [63:0] drop_long;
    logic [63:0] drop_not_ready;
    logic [63:0] drop_buffer_full;
    logic [63:0] drop_no_fit;
    logic [63:0] drop_chosen;
    logic [63:0] drop_reset;
    logic [63:0] drop_inactive;
  } rx_counters_t;

  typedef struct packed {
    logic [63:0] reads;  // operations, not requests
    logic [63:0] read_bytes;
    logic [63:0] requests;
    logic [63:0] unexpected_completions;
    logic [63:0] failed;
    logic [63:0] poisoned;
    logic [63:0] timeouts;
    logic [63:0] cancelled;
  } read_counters_t;

  typedef struct packed {
    logic [63:0] writes;  // operations
    logic [63:0] write_bytes;
    logic [63:0] requests;
  } write_counters_t;

  typedef struct packed {
    logic [63:0] doorbells;
    logic [63:0] msix_messages;
    logic [63:0] intx_asserts;
    logic [63:0] device_resets;
    logic [63:0] function_resets;
    logic [63:0] holds_expired;
    logic [63:0] poisoned_writes;
    logic [16:0][63:0] errors;  // by error_e
  } host_counters_t;

  // -- lanes of a beat or row

  // Bits of the lanes from `lane` on.
  function automatic logic [DataBits-1:0] lanes_from(input logic [LaneW-1:0] lane);
    logic [DataBits-1:0] bits;
    // By double words: several times faster to simulate than one wide shift.
    for (int k = 0; k < int'(DataBytes / 4); k++) begin
      if (lane[LaneW-1:2] < (LaneW - 2)'(k)) bits[32*k+:32] = '1;
      else if (lane[LaneW-1:2] == (LaneW - 2)'(k)) bits[32*k+:32] = '1 << {lane[1:0], 3'b000};
      else bits[32*k+:32] = '0;
    end
    return bits;
  endfunction

  // The byte of lane k goes to lane (k + up) mod DataBytes. Three levels of multiplexers with four
  // inputs; for a pipeline stage of its own.
  function automatic logic [DataBits-1:0] rotated(input logic [DataBits-1:0] data,
                                                  input logic [LaneW-1:0] up);
    logic [DataBits-1:0] by_bytes;
    logic [DataBits-1:0] by_dwords;
    unique case (up[1:0])
      2'd0: by_bytes = data;
      2'd1: by_bytes = {data[0+:DataBits-8], data[DataBits-1-:8]};
      2'd2: by_bytes = {data[0+:DataBits-16], data[DataBits-1-:16]};
      2'd3: by_bytes = {data[0+:DataBits-24], data[DataBits-1-:24]};
    endcase
    unique case (up[3:2])
      2'd0: by_dwords = by_bytes;
      2'd1: by_dwords = {by_bytes[0+:DataBits-32], by_bytes[DataBits-1-:32]};
      2'd2: by_dwords = {by_bytes[0+:DataBits-64], by_bytes[DataBits-1-:64]};
      2'd3: by_dwords = {by_bytes[0+:DataBits-96], by_bytes[DataBits-1-:96]};
    endcase
    // Steps of 16 bytes; a beat has 1, 2 or 4 of them.
    for (int k = 0; k < int'(DataBytes / 16); k++) begin
      rotated[128*k+:128] = by_dwords[128*((k-(int'(up)>>4))&(int'(DataBytes/16)-1))+:128];
    end
  endfunction

endpackage
