// SPDX-License-Identifier: Apache-2.0
// The virtio structures in the BAR: common configuration, ISR status, device configuration, and the
// card's own ring state; and what firmware sets behind them (virtio 1.4, "Virtio Over PCI Bus").
//
// An access is of up to 8 aligned bytes and takes one cycle. Fields see whole values: bytes that a
// write does not cover keep theirs.
module virtio_regs
  import nic_pkg::*;
  import nic_faults_pkg::*;
  import ringside_regs_pkg::*;
(
  input  logic                       clk,
  input  logic                       rst_n,
  input  logic [63:0]                features_wanted,  // of those that the card has
  input  logic [15:0]                size_wanted,  // the largest Queue Size
  // an access: the 8 bytes around it
  input  logic                       accessed,  // else nothing is read
  input  logic [15:3]                address,
  input  logic [7:0]                 lanes,
  output logic [63:0]                read_data,
  output logic                       must_hold,  // firmware has not acknowledged what it would read
  input  logic                       read,  // it is read: the ISR status is cleared
  input  logic                       write,
  input  logic [63:0]                write_data,
  // what a write tells firmware, in the cycle of the write
  output logic                       event_valid,
  output management_event_t          event_data,
  output logic                       suspends,  // of `changed_queue`
  output logic                       resumes,
  output logic                       rewinds,  // with resumes: it is at rest and begins anew
  output logic [4:0]                 changed_queue,
  input  logic [31:0]                next_number,  // of the next event
  // a command of firmware
  input  logic                       obey,
  input  logic [3:0]                 obey_kind,
  /* verilator lint_off UNUSED */    // not every field is for this module
  input  management_command_t        command,
  /* verilator lint_on UNUSED */
  output logic                       setup_error,  // it found queue registers that cannot be
  // things that happen
  input  logic [1:0]                 raise,  // ISR status bits
  input  logic                       break_device,
  input  logic                       expire,  // held reads waited too long
  input  logic                       reset_device,
  input  logic                       reset_function,  // with reset_device
  input  logic [31:0]                function_number,  // of the event that tells of it
  // what the registers say
  output logic                       working,  // DRIVER_OK, no error, no reset
  output logic                       broken,  // an error stopped the data plane
  output logic                       quiesced,  // a reset is under way
  output logic [31:0]                reset_number,  // of the last reset's event
  output logic [63:0]                features,  // that the card has
  output logic [63:0]                negotiated,
  output logic [15:0]                queue_size_max,
  output logic [4:0]                 queue_count,
  output logic                       control_moved,  // the control virtqueue's number is 2
  output logic [1:0]                 isr,
  output logic [15:0]                config_vector,
  input  logic [QueueW-1:0]          vector_queue,
  output logic [15:0]                queue_vector,  // of vector_queue
  // to and from the data plane; here the control virtqueue is ControlQueue
  output queue_context_t [Queues-1:0] context_of,
  output logic [Queues-1:0]          enable,
  output logic [Queues-1:0]          resume,
  input  logic [Queues-1:0]          queue_settled,
  input  logic [Queues-1:0][15:0]    used_index
);
  localparam logic [15:0] NoVector = 16'hFFFF;
  localparam logic [7:0] DriverOk = 8'h04, NeedsReset = 8'h40;
  localparam int unsigned FeatureMtu = 3, FeatureMac = 5, FeatureMrgRxbuf = 15, FeatureStatus = 16,
                          FeatureCtrlVq = 17, FeatureMq = 22, FeatureIndirect = 28,
                          FeatureEventIdx = 29, FeatureVersion1 = 32, FeatureAccessPlatform = 33,
                          FeatureOrderPlatform = 36, FeatureNotificationData = 38,
                          FeatureSpeedDuplex = 63;
  localparam logic [63:0] One = 64'h1;
  localparam logic [63:0] Implemented =
      One << FeatureMtu | One << FeatureMac | One << FeatureMrgRxbuf | One << FeatureStatus |
      One << FeatureCtrlVq | (QueuePairs > 1 ? One << FeatureMq : '0) | One << FeatureIndirect |
      One << FeatureEventIdx | One << FeatureVersion1 | One << FeatureAccessPlatform |
      One << FeatureOrderPlatform | One << FeatureNotificationData | One << FeatureSpeedDuplex;

  if (QueuePairs > 8) $error("RingState and the doorbells are for 17 virtqueues at most");
  if (MsixVectors > 65535) $error("vector numbers are of 16 bits");

  function automatic logic [3:0] floor_log2(logic [15:0] value);
    floor_log2 = '0;
    for (int i = 0; i < 16; ++i) begin
      if (value[i]) floor_log2 = 4'(i);
    end
  endfunction

  function automatic logic [63:0] merge(logic [63:0] old, logic [63:0] data, logic [7:0] which);
    for (int i = 0; i < 8; ++i) merge[8*i +: 8] = which[i] ? data[8*i +: 8] : old[8*i +: 8];
  endfunction

  function automatic logic [15:0] valid_vector(logic [15:0] vector);
    return 32'(vector) < MsixVectors ? vector : NoVector;
  endfunction

  logic [3:0] size_max_log2;
  assign size_max_log2 = floor_log2(32'(size_wanted) < RingLimit ? size_wanted : 16'(RingLimit));
  assign queue_size_max = 16'd1 << size_max_log2;
  assign features = features_wanted & Implemented;

  // -- registers of the device
  logic [63:0] offered, driver_features;
  logic features_beyond;
  logic [31:0] device_feature_select, driver_feature_select;
  logic [15:0] queue_select;
  logic [7:0] status, config_generation;
  logic [223:0] device_config;
  logic status_pending;
  logic [31:0] status_number;

  // -- of the virtqueues, by number
  logic [3:0] size_register[Queues];
  logic [15:0] vector[Queues];
  logic [63:0] desc_register[Queues];
  logic [63:0] driver_register[Queues];
  logic [63:0] device_register[Queues];
  logic [15:0] index_register[Queues];
  logic [31:0] enable_number[Queues];
  logic [Queues-1:0] index_written, enable_pending, suspended, enabled;
  queue_setup_t setup[Queues];
  logic [3:0] setup_log2[Queues];

  // -- which virtqueues there are
  logic open, control_there;
  assign open = negotiated == '0;  // VERSION_1 is always negotiated
  assign control_there = open ? offered[FeatureCtrlVq] : negotiated[FeatureCtrlVq];
  if (QueuePairs > 1) begin : g_pairs
    assign control_moved = !open && !negotiated[FeatureMq];
    assign queue_count = (control_moved ? 5'd2 : 5'(2 * QueuePairs)) + 5'(control_there);
  end else begin : g_pair
    assign control_moved = 1'b0;
    assign queue_count = 5'd2 + 5'(control_there);
  end

  // -- the data plane's numbers
  logic [Queues-1:0] settled_at, enable_at, resume_at;
  logic [15:0] used_index_at[Queues];
  for (genvar q = 0; q < int'(Queues); ++q) begin : g_queue
    localparam bit IsControl = q == int'(ControlQueue);
    localparam bit MayBeControl = q == 2 && QueuePairs > 1;
    logic moved;  // the virtqueue of this number is in another place
    queue_context_t own;
    assign own = '{
      enabled: enabled[q], suspended: suspended[q], size_log2: setup_log2[q],
      desc: setup[q].desc, driver: setup[q].driver, device: setup[q].device,
      index: setup[q].index, resumed: setup[q].flag};
    assign moved = MayBeControl && control_moved;
    assign settled_at[q] = moved ? queue_settled[ControlQueue] : queue_settled[q];
    assign used_index_at[q] = moved ? used_index[ControlQueue] : used_index[q];
    if (IsControl && QueuePairs > 1) begin : g_control
      assign context_of[q] = control_moved ? g_queue[2].own : own;
      assign enable[q] = control_moved ? enable_at[2] : enable_at[q];
      assign resume[q] = control_moved ? resume_at[2] : resume_at[q];
    end else begin : g_other
      assign context_of[q] = moved ? '0 : own;
      assign enable[q] = enable_at[q] && !moved;
      assign resume[q] = resume_at[q] && !moved;
    end
  end

  // -- access
  logic in_common, in_isr, in_device, in_ring;
  assign in_common = address[15:6] == BAR_COMMON[15:6];
  assign in_isr = address == BAR_ISR[15:3];
  assign in_device = address[15:6] == BAR_DEVICE[15:6];
  assign in_ring = address[15:8] == BAR_RING_STATE[15:8];

  logic [QueueW-1:0] selected;
  logic selected_there;
  assign selected_there = queue_select < 16'(queue_count);
  assign selected = selected_there ? queue_select[QueueW-1:0] : '0;

  logic [4:0] ring;
  logic [QueueW-1:0] ring_queue;
  logic ring_there, at_rest;
  assign ring = address[7:3];
  assign ring_there = ring < queue_count;
  assign ring_queue = ring_there ? ring[QueueW-1:0] : '0;
  assign at_rest = suspended[ring_queue] && settled_at[ring_queue];

  logic [31:0] offered_word, driver_word;
  always_comb begin
    // Words 2 and above are 0.
    case (device_feature_select)
      32'd0: offered_word = offered[31:0];
      32'd1: offered_word = offered[63:32];
      default: offered_word = '0;
    endcase
    case (driver_feature_select)
      32'd0: driver_word = driver_features[31:0] & offered[31:0];
      32'd1: driver_word = driver_features[63:32] & offered[63:32];
      default: driver_word = '0;
    endcase
  end

  logic [63:0] common;
  always_comb begin
    common = '0;
    if (accessed && in_common) case (address[5:3])
      3'd0: common = {offered_word, device_feature_select};
      3'd1: common = {driver_word, driver_feature_select};
      3'd2: common = {queue_select, config_generation, status,
                      16'(2 * QueuePairs) + 16'(offered[FeatureCtrlVq]), config_vector};
      default: begin
        if (selected_there) begin
          case (address[5:3])
            3'd3: common = {queue_select, 15'h0, enabled[selected], vector[selected],
                            16'd1 << size_register[selected]};
            3'd4: common = desc_register[selected];
            3'd5: common = driver_register[selected];
            3'd6: common = device_register[selected];
            default: common = {48'h0, queue_select};
          endcase
        end
      end
    endcase
  end

  logic [31:0] ring_state;
  always_comb begin
    ring_state = '0;
    if (accessed && in_ring && ring_there) begin
      ring_state[15:0] = enabled[ring_queue] ? used_index_at[ring_queue]
                                             : index_register[ring_queue];
      if (!suspended[ring_queue]) ring_state[31:16] = RING_RUNNING;
      else ring_state[31:16] = at_rest ? RING_SUSPENDED : RING_SUSPENDING;
    end
  end

  logic [511:0] device_space;
  assign device_space = 512'(device_config);

  always_comb begin
    read_data = '0;
    if (!accessed) read_data = '0;
    else if (in_common) read_data = common;
    else if (in_isr) read_data = {62'h0, isr};
    else if (in_device) read_data = device_space[64*address[5:3] +: 64];
    else if (in_ring) read_data = lanes == '1 ? '1 : {32'h0, ring_state};
  end

  // device_status is byte 0x14, queue_enable is at 0x1C
  assign must_hold = in_common &&
      ((address[5:3] == 3'd2 && lanes[4] && status_pending) ||
       (address[5:3] == 3'd3 && lanes[5:4] != '0 && selected_there && enable_pending[selected]));

  // -- writes
  logic write_common, write_status, write_enable, unlocked;
  logic [63:0] merged;
  logic [31:0] feature_select_now;  // 8 bytes may bring the selector along
  assign write_common = write && in_common;
  assign merged = merge(common, write_data, lanes);
  assign write_status = write_common && address[5:3] == 3'd2 && lanes[4];
  assign write_enable = write_common && address[5:3] == 3'd3 && lanes[5:4] != '0 && selected_there;
  assign unlocked = selected_there && !enabled[selected] && !enable_pending[selected];
  assign feature_select_now = lanes[3:0] != '0 ? merged[31:0] : driver_feature_select;

  logic [3:0] size_now;  // 8 bytes may bring the size along
  logic size_good;
  assign size_good = merged[15:0] != '0 && merged[15:0] <= queue_size_max &&
                     (merged[15:0] & (merged[15:0] - 16'd1)) == '0;
  assign size_now = lanes[1:0] != '0 && unlocked && size_good ? floor_log2(merged[15:0])
                                                              : size_register[selected];

  always_comb begin
    event_valid = write_status || write_enable;
    event_data = '0;
    if (write_status) begin
      event_data.kind = EVENT_STATUS_WRITE[2:0];
      event_data.value = {24'h0, merged[39:32]};
      event_data.setup.desc = driver_features;
      event_data.setup.flag = features_beyond;
    end else begin
      event_data.kind = EVENT_QUEUE_ENABLE[2:0];
      event_data.value = {16'h0, merged[47:32]};
      event_data.queue = queue_select;
      event_data.setup = '{
        flag: index_written[selected], index: index_register[selected],
        size: 16'd1 << size_now, device: device_register[selected],
        driver: driver_register[selected], desc: desc_register[selected]};
    end
  end

  logic ring_write, index_write, suspend_write;
  assign ring_write = write && in_ring && ring_there && lanes != '1;
  assign index_write = ring_write && lanes[1:0] == '1 && !enabled[ring_queue] &&
                       !enable_pending[ring_queue];
  assign suspend_write = ring_write && lanes[3:2] == '1;
  assign changed_queue = ring;
  assign suspends = suspend_write && write_data[16] && !suspended[ring_queue];
  assign resumes = suspend_write && !write_data[16] && suspended[ring_queue];
  assign rewinds = enabled[ring_queue] && at_rest;

  assign queue_vector = vector[vector_queue];

  // -- commands
  logic command_there;  // it names a virtqueue that there is a place for
  logic [QueueW-1:0] command_queue;
  logic obey_status, obey_context;
  assign command_there = 32'(command.queue) < Queues;
  assign command_queue = command_there ? command.queue[QueueW-1:0] : '0;
  assign obey_status = obey && obey_kind == COMMAND_STATUS[3:0];
  assign obey_context = obey && obey_kind == COMMAND_QUEUE_CONTEXT[3:0] &&
                        command.queue < 16'(queue_count) && !enabled[command_queue];
  assign setup_error = obey_status && !broken &&
                       (command.value[7:0] & ~status & NeedsReset) != '0;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      offered <= '0;
      negotiated <= '0;
      device_config <= '0;
      config_generation <= '0;
    end else if (obey) begin
      case (obey_kind)
        COMMAND_OFFER[3:0]: offered <= command.features & Implemented;
        COMMAND_NEGOTIATED[3:0]: negotiated <= command.features;
        COMMAND_DEVICE_CONFIG[3:0]: begin
          device_config <= command.device_config;
          config_generation <= config_generation + 8'd1;
        end
        default: ;
      endcase
    end
  end

  assign working = (status & (DriverOk | NeedsReset)) == DriverOk && !broken && !quiesced;

  // -- device status; power-on is event 1
  always_ff @(posedge clk) begin
    if (!rst_n || reset_function) begin
      status <= '0;
      status_pending <= 1'b1;
      quiesced <= 1'b1;
      status_number <= rst_n ? function_number : 32'd1;
      reset_number <= rst_n ? function_number : 32'd1;
    end else if (write_status) begin
      status_pending <= 1'b1;
      status_number <= next_number;
      if (merged[39:32] == '0) begin
        reset_number <= next_number;
        quiesced <= 1'b1;
      end
    end else if (expire) begin
      status <= status | NeedsReset;
      status_pending <= 1'b0;
    end else if (obey_status) begin
      status <= command.value[7:0];
      if (command.number >= status_number) begin
        status_pending <= 1'b0;
        quiesced <= command.value[7:0] == '0;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n || reset_device) broken <= 1'b0;
    else if (break_device || setup_error) broken <= 1'b1;
  end

  always_ff @(posedge clk) begin
    if (!rst_n || reset_device) isr <= '0;
    else if (read && in_isr && lanes[0] && !fault(IsrStays)) isr <= '0;
    else isr <= isr | raise;
  end

  always_ff @(posedge clk) begin
    if (!rst_n || reset_device) begin
      device_feature_select <= '0;
      driver_feature_select <= '0;
      driver_features <= '0;
      features_beyond <= 1'b0;
      if (!rst_n || !fault(VectorOverReset)) config_vector <= NoVector;
      if (!rst_n || !fault(SelectorOverReset)) queue_select <= '0;
    end else if (write_common) begin
      case (address[5:3])
        3'd0: if (lanes[3:0] != '0) device_feature_select <= merged[31:0];
        3'd1: begin
          driver_feature_select <= feature_select_now;
          if (lanes[7:4] != '0) begin
            if (feature_select_now == 32'd0) driver_features[31:0] <= merged[63:32];
            else if (feature_select_now == 32'd1) driver_features[63:32] <= merged[63:32];
            else if (merged[63:32] != '0) features_beyond <= 1'b1;
          end
        end
        3'd2: begin
          if (lanes[1:0] != '0) config_vector <= valid_vector(merged[15:0]);
          if (lanes[7:6] != '0) queue_select <= merged[63:48];
        end
        default: ;
      endcase
    end
  end

  // -- virtqueues
  always_ff @(posedge clk) begin
    enable_at <= '0;
    resume_at <= '0;
    if (!rst_n || reset_device) begin
      for (int q = 0; q < int'(Queues); ++q) begin
        size_register[q] <= size_max_log2;
        vector[q] <= NoVector;
        desc_register[q] <= '0;
        driver_register[q] <= '0;
        device_register[q] <= '0;
        index_register[q] <= '0;
        setup[q] <= '0;
        setup_log2[q] <= '0;
        if (!rst_n) enable_number[q] <= '0;
      end
      index_written <= '0;
      enable_pending <= '0;
      suspended <= '0;
      enabled <= '0;
    end else begin
      if (write_common && selected_there) begin
        case (address[5:3])
          3'd3: begin
            size_register[selected] <= size_now;
            if (lanes[3:2] != '0) vector[selected] <= valid_vector(merged[31:16]);
          end
          3'd4: if (unlocked) desc_register[selected] <= merged;
          3'd5: if (unlocked) driver_register[selected] <= merged;
          3'd6: if (unlocked) device_register[selected] <= merged;
          default: ;
        endcase
      end
      if (write_enable) begin
        enable_pending[selected] <= 1'b1;
        enable_number[selected] <= next_number;
      end
      if (index_write) begin
        index_register[ring_queue] <= write_data[15:0];
        index_written[ring_queue] <= 1'b1;
      end
      if (suspends) suspended[ring_queue] <= 1'b1;
      if (resumes) begin
        suspended[ring_queue] <= 1'b0;
        resume_at[ring_queue] <= rewinds;
      end
      if (obey_context) begin
        setup[command_queue] <= command.setup;
        setup_log2[command_queue] <= floor_log2(command.setup.size);
        enabled[command_queue] <= 1'b1;
        enable_at[command_queue] <= 1'b1;
      end
      if (obey && obey_kind == COMMAND_QUEUE_ACKNOWLEDGE[3:0] && command_there &&
          command.number >= enable_number[command_queue]) begin
        enable_pending[command_queue] <= 1'b0;
      end
      if (expire) enable_pending <= '0;
    end
  end
endmodule
