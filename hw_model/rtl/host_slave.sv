// SPDX-License-Identifier: Apache-2.0
// The card as the host sees it: configuration space, virtio structures, MSI-X table, interrupts,
// and the management block through which firmware answers (virtio 1.4, "Virtio Over PCI Bus").
//
// Requests of the host, commands of firmware, interrupts and events are carried out one at a time
// (`action`), as steps of the functional core are. What follows from one - messages, reads that are
// no longer held - is done before the next (`After`). An error stops the data plane at the edge at
// which it comes, and is told behind interrupts that were decided before. Before an action that may
// stop the data plane, or reads what it changes, `active` is low for a cycle, so that nothing is
// decided that its record would forbid or contradict.
module host_slave
  import nic_pkg::*;
  import nic_faults_pkg::*;
  import ringside_regs_pkg::*;
(
  input  logic                           clk,
  input  logic                           rst_n,
  input  now_t                           now,
  /* verilator lint_off UNUSED */        // most are for the data plane
  input  straps_t                        straps,
  /* verilator lint_on UNUSED */
  // requests of the host, and their completions
  input  logic                           request_valid,
  output logic                           request_ready,
  input  host_request_t                  request,
  output logic                           completion_valid,
  input  logic                           completion_ready,
  output host_completion_t               completion,
  // the management bus: read data a cycle after `read`; held while `ready` is low
  input  logic                           management_read,
  input  logic                           management_write,
  input  logic [11:0]                    management_address,  // bytes
  input  logic [31:0]                    management_write_data,
  output logic [31:0]                    management_read_data,
  output logic                           management_ready,
  output logic                           management_interrupt,
  // the MAC
  input  logic                           carrier,
  input  logic [31:0]                    speed_mbps,
  // to the data plane
  output card_state_t                    state,
  output queue_context_t [Queues-1:0]    context_of,
  output logic           [Queues-1:0]    enable,
  output logic           [Queues-1:0]    resume,
  output logic           [Queues-1:0]    doorbell,
  output logic                           flush,
  // from it
  input  logic           [Queues-1:0]    queue_settled,
  input  logic           [Queues-1:0][15:0] used_index,
  input  logic                           data_busy,  // decided effects are still to leave
  input  logic                           error_valid,
  input  error_t                         error,
  input  logic                           interrupt_valid,
  output logic                           interrupt_ready,
  input  queue_t                         interrupt_queue,
  input  logic                           command_valid,
  output logic                           command_ready,
  input  logic [31:0]                    command_length,
  input  logic [511:0]                   command,
  output logic                           reply_valid,
  output logic [7:0]                     reply,
  // MSI-X writes and INTx messages
  output logic                           write_valid,
  input  logic                           write_ready,
  output write_op_t                      write_op,
  input  logic                           written,  // one of them has left
  output host_counters_t                 counters,
  // counters of the whole card, one at a time; the data is that of the last sample
  output logic                           statistics_sample,
  output logic                           statistics_lower,
  output logic [8:3]                     statistics_index,
  input  logic [63:0]                    statistics_data,
  output logic                           error_counted,
  output logic                           trace_valid,  // registers, doorbells
  output trace_t                         trace,
  output logic                           event_trace_valid,  // management, errors, interrupts
  output trace_t                         event_trace,
  output logic                           idle,
  output now_t                           deadline
);
  localparam logic [15:0] NoQueue = 16'hFFFF;
  localparam logic [15:0] NoVector = 16'hFFFF;
  localparam logic [7:0] AssertIntA = 8'h20, DeassertIntA = 8'h24;
  localparam logic [2:0] UnsupportedRequest = 3'd1;
  localparam logic [1:0] QuietCycles = 2'd3;  // that data_busy must be low to be believed
  localparam logic [1:0] PauseCycles = 2'd3;  // until the data plane shows what it was told
  localparam logic [11:0] ConfigCommand = 12'h004;
  localparam int unsigned FeatureMrgRxbuf = 15, FeatureIndirect = 28, FeatureEventIdx = 29;
  localparam logic [15:0] LeastMtu = 16'd68;

  typedef enum logic [2:0] {
    Idle,
    FunctionInterrupt,  // function-level reset: INTx is withdrawn,
    FunctionReset,  // then all is forgotten
    DeviceReset,
    After  // what follows from an action
  } phase_e;

  typedef enum logic [3:0] {
    None,
    Prepare,
    PostDeferred,
    QueueInterrupt,
    TellError,
    Expire,
    GiveUp,  // a write whose event had no room for too long
    ResetFunction,
    Obey,
    PostControl,
    PostLink,
    Serve  // the host's request
  } action_e;

  // -- submodules
  action_e action;
  phase_e phase;

  logic memory_enable, bus_master, interrupt_disable, msix_enable, msix_mask;
  logic [63:16] bar;
  logic [2:0] max_payload, max_read_request;
  logic [7:0] window_bar;
  logic [31:0] window_offset, window_length, config_data;
  logic config_write, function_reset;
  logic [1:0] isr;

  logic [15:3] address;
  logic [7:0] lanes;
  logic [63:0] regs_data, msix_data, pending_data;
  logic must_hold, regs_read, regs_write, msix_write;
  logic regs_event_valid, suspends, resumes, rewinds, setup_error;
  management_event_t regs_event;
  logic [4:0] changed_queue;
  logic obey;
  logic [1:0] raise;
  logic break_device, expire, reset_device;
  logic [31:0] function_number, reset_number;
  logic working;
  logic broken, quiesced, control_moved;
  logic [63:0] features, negotiated;
  logic [15:0] queue_size_max, mtu, config_vector, queue_vector;
  logic [4:0] queue_count;
  logic [3:0] active_pairs;

  logic [VectorW-1:0] message_vector, ready_vector;
  logic [63:0] message_address;
  logic [31:0] message_data;
  logic may_send, ready_valid, set_pending, drop_pending;

  logic post, post_control, room, spare_room, firmware_valid, firmware_done, management_idle;
  management_event_t post_event;
  logic [31:0] last_number, next_number;
  management_command_t firmware;

  host_work_t work;
  logic work_valid;
  logic accessed;  // the driver's registers

  pci_config pci_config (
    .clk, .rst_n, .max_payload_supported(straps.max_payload), .clear(function_reset),
    .accessed(work_valid), .address(work.address[11:2]), .read_data(config_data),
    .write(config_write), .lanes(work.lanes[3:0]), .write_data(work.data[31:0]),
    .interrupt_status(isr != '0 && !msix_enable),
    .memory_enable, .bus_master, .interrupt_disable, .bar, .msix_enable, .msix_mask,
    .max_payload, .max_read_request, .window_bar, .window_offset, .window_length
  );

  logic [4:0] interrupt_number;  // the virtqueue's
  virtio_regs virtio_regs (
    .clk, .rst_n, .features_wanted(straps.features), .size_wanted(straps.queue_size_max),
    .accessed, .address, .lanes, .read_data(regs_data), .must_hold, .read(regs_read),
    .write(regs_write),
    .write_data(work.data),
    .event_valid(regs_event_valid), .event_data(regs_event), .suspends, .resumes, .rewinds,
    .changed_queue, .next_number,
    .obey, .obey_kind(firmware.kind[3:0]), .command(firmware), .setup_error,
    .raise, .break_device, .expire, .reset_device, .reset_function(function_reset),
    .function_number,
    .working, .broken, .quiesced, .reset_number, .features, .negotiated, .queue_size_max,
    .queue_count, .control_moved, .isr, .config_vector,
    .vector_queue(QueueW'(interrupt_number)), .queue_vector,
    .context_of, .enable, .resume, .queue_settled, .used_index
  );

  msix_table msix_table (
    .clk, .rst_n, .clear(function_reset), .clear_pending(reset_device),
    .allowed(msix_enable && !msix_mask && bus_master),
    .address(address[13:3]), .read_data(msix_data), .pending_data,
    .write(msix_write), .halves({work.lanes[4], work.lanes[0]}), .write_data(work.data),
    .chosen(message_vector), .message_address, .message_data, .may_send,
    .set_pending, .drop_pending, .ready_valid, .ready_vector
  );

  management management (
    .clk, .rst_n, .features, .mac(straps.mac), .mtu, .queue_size_max,
    .bus_read(management_read), .bus_write(management_write), .bus_address(management_address),
    .bus_write_data(management_write_data), .bus_read_data(management_read_data),
    .bus_ready(management_ready), .event_waits(management_interrupt),
    .post, .post_event, .post_control, .control(command), .room, .spare_room,
    .last_number,
    .command_valid(firmware_valid), .command(firmware), .command_done(firmware_done),
    .idle(management_idle)
  );

  assign mtu = straps.mtu < LeastMtu ? LeastMtu : straps.mtu;
  assign next_number = last_number + 32'd1;

  // -- requests wait here
  logic queued_valid, queued_take;
  host_request_t queued;
  now_t queued_arrival;

  fifo #(.Width($bits(host_request_t) + NowW), .Depth(4)) requests (
    .clk, .rst_n, .clear(1'b0),
    .in_valid(request_valid), .in_ready(request_ready), .in_data({request, now}),
    .out_valid(queued_valid), .out_ready(queued_take), .out_data({queued, queued_arrival})
  );

  host_work_t understood;
  request_decoder request_decoder (
    .valid(queued_valid), .request(queued), .arrival(queued_arrival),
    .hold_bound(straps.hold_bound),
    .memory_enable, .bar, .window_bar, .window_offset, .window_length, .work(understood)
  );

  // -- the host's completion, and those of reads that were held
  logic reply_full;  // the answer to the last request waits for what goes before it
  host_completion_t reply_kept;
  logic reply_drains;  // for everything that the data plane decided
  now_t reply_deadline;
  logic reply_late;
  logic reply_moves;
  // Messages that were decided, and that left. A completion passes none that was decided before it.
  logic [7:0] messages_decided, messages_left, reply_mark;
  logic reply_marked, messages_gone;

  logic function_pending;  // a function-level reset waits for the data plane
  assign queued_take = !work_valid && !reply_full;

  // -- held reads, the oldest first
  logic hold, held_full, held_any, held_late, scan_any, release_held, work_late;
  logic follow_keep, follow_reply;
  held_read_t oldest;
  held_reads held_reads (
    .clk, .rst_n, .now,
    .hold, .hold_read('{
      configuration: work.configuration, tag: work.tag, length: work.length,
      lower_address: work.lower_address, address: work.address[5:0], width: work.width,
      deadline: work.deadline}),
    .full(held_full), .any(held_any), .oldest, .late(held_late),
    .scan(release_held), .scanning(scan_any), .keep(follow_keep), .drop(follow_reply)
  );

  // -- interrupts and errors wait here
  logic taken_valid;
  queue_t taken_queue;
  logic send_valid;
  logic [VectorW-1:0] send_vector;
  logic [15:0] send_queue;
  logic intx_level, intx_wanted;
  logic told_valid, told_room, told_first;  // the oldest error that was taken
  error_t told;
  logic error_deferred, power_deferred;  // events that are still to be posted, in this order
  logic [4:0] deferred_code;
  logic [15:0] deferred_queue;
  logic take_error;

  assign interrupt_ready = !taken_valid;
  assign intx_wanted = isr != '0 && !msix_enable && !interrupt_disable;
  // An error stops the data plane at once. It is told behind interrupts that were decided before,
  // and no more when a reset has begun.
  assign take_error = error_valid && !quiesced && !reset_device && told_room;

  fifo #(.Width($bits(error_t) + 1), .Depth(4)) error_queue (
    .clk, .rst_n, .clear(reset_device || quiesced),
    .in_valid(take_error), .in_ready(told_room),
    .in_data({!broken && !expire && !setup_error, error}),
    .out_valid(told_valid), .out_ready(action == TellError), .out_data({told_first, told})
  );

  function automatic logic [4:0] number_of(queue_t place);
    return control_moved && 32'(place) == ControlQueue ? 5'd2 : 5'(place);
  endfunction

  assign interrupt_number = number_of(taken_queue);

  // -- control command, link, quiet
  logic command_under_way;
  logic [31:0] command_number;
  logic told_up;
  logic [31:0] told_speed;
  logic [1:0] quiet_count, quiet_next, pause;
  logic quiet, quiet_wanted;
  logic prepared;

  // -- commands of firmware
  logic command_known, command_stale, command_resets;
  assign command_known = firmware.number <= last_number;
  assign command_stale = firmware.number < reset_number &&
                         firmware.kind != COMMAND_OFFER && firmware.kind != COMMAND_DEVICE_CONFIG;
  assign command_resets = firmware_valid && firmware.kind == COMMAND_RESET && command_known &&
                          !command_stale;

  assign quiet_wanted = function_pending || command_resets || (reply_full && reply_drains);
  assign quiet = quiet_count == QuietCycles;

  logic deferred, post_allowed, link_differs, interrupts_wait, write_free, out_free;
  logic work_blocked, work_held;
  assign deferred = error_deferred || power_deferred;
  // One place is left for the event of an error.
  assign post_allowed = spare_room && !deferred;
  assign link_differs = last_number != '0 && (carrier != told_up || speed_mbps != told_speed);
  assign interrupts_wait = taken_valid || interrupt_valid;
  assign write_free = !write_valid;
  assign out_free = !completion_valid;
  always_comb begin
    quiet_next = quiet ? quiet_count : quiet_count + 2'd1;
    if (!quiet_wanted || data_busy || write_valid || interrupts_wait) quiet_next = '0;
  end
  assign work_blocked = work_valid && work.needs_room && !post_allowed;
  assign work_held = !work.write && !work.refused && !work.config_space && !work.nothing &&
                     must_hold && !fault(HeldReadEarly);

  // -- the choice of the next action
  logic obey_ready, serve_ready;
  assign obey_ready = firmware_valid && (!command_resets || quiet);
  // A function-level reset does not wait for ever; its event then comes later.
  assign serve_ready = work_valid && !function_pending &&
                       (!work_blocked || (work_late && work.function_reset)) &&
                       !(work_held && held_full);

  always_comb begin
    action = None;
    if (phase == Idle) begin
      if (deferred && room) action = PostDeferred;
      else if (taken_valid) action = QueueInterrupt;
      else if (interrupt_valid) action = None;  // it was decided before what would come now
      else if (told_valid) action = TellError;
      else if (held_late) action = prepared ? Expire : Prepare;
      else if (work_late && work_blocked && !work.function_reset)
        action = prepared ? GiveUp : Prepare;
      else if (function_pending && quiet) action = ResetFunction;
      else if (obey_ready)
        action = firmware.kind == COMMAND_STATUS && !prepared ? Prepare : Obey;
      else if (command_valid && !command_ready && !quiesced && !broken && post_allowed)
        action = PostControl;
      else if (link_differs && post_allowed) action = prepared ? PostLink : Prepare;
      else if (serve_ready) action = work.prepare && !prepared ? Prepare : Serve;
    end
  end

  // -- what follows from one
  logic follow;  // in phase After
  logic follow_post, follow_send, follow_intx, follow_ready, follow_scan;
  logic follow_pause, follow_end;
  logic sends;  // the message of send_vector, or of ready_vector, leaves

  always_comb begin
    follow = phase == After;
    follow_post = 1'b0;
    follow_send = 1'b0;
    follow_intx = 1'b0;
    follow_ready = 1'b0;
    follow_scan = 1'b0;
    follow_pause = 1'b0;
    follow_end = 1'b0;
    if (follow) begin
      if (deferred && room) follow_post = 1'b1;
      else if (send_valid) follow_send = write_free || !may_send;
      else if (intx_wanted != intx_level) follow_intx = write_free;
      else if (ready_valid) follow_ready = write_free;
      else if (scan_any) follow_scan = must_hold || (out_free && messages_gone);
      else if (pause != '0) follow_pause = 1'b1;
      else follow_end = 1'b1;
    end
  end
  assign follow_keep = follow_scan && must_hold;
  assign follow_reply = follow_scan && !must_hold;
  assign sends = (follow_send && may_send) || follow_ready;
  assign set_pending = follow_send && !may_send;
  assign drop_pending = follow_ready;
  assign message_vector = send_valid ? send_vector : ready_vector;

  // -- accesses: the request's, or the oldest held read's
  logic scanning;
  logic [15:0] access_address;
  logic [3:0] access_width;
  logic [63:0] access_data, access_value;
  logic in_statistics;

  assign scanning = phase == After;
  assign accessed = work_valid || scanning;
  assign access_address = scanning ? {10'h0, oldest.address} : work.address;
  assign access_width = scanning ? oldest.width : work.width;
  assign address = access_address[15:3];
  assign lanes = lanes_of(access_width, access_address[2:0]);
  always_comb begin
    case (access_address[15:14])
      BAR_MSIX_TABLE[15:14]: access_data = msix_data;
      BAR_MSIX_PENDING[15:14]: access_data = pending_data;
      default: access_data = in_statistics ? statistics_data : regs_data;
    endcase
    if (work.config_space && !scanning) begin
      access_data = {32'h0, work.nothing ? 32'h0 : config_data};
      access_value = low_bytes(access_data >> {work.address[1:0], 3'b000}, access_width);
    end else begin
      access_value = low_bytes(access_data >> {access_address[2:0], 3'b000}, access_width);
    end
  end

  // Sampled while the data plane is held for the read.
  assign in_statistics = access_address[15:9] == BAR_STATISTICS[15:9];
  assign statistics_sample = action == Prepare && in_statistics && !work.write && !work.refused &&
                             !work.nothing && !work.config_space;
  assign statistics_lower = lanes[3:0] != '0;
  assign statistics_index = access_address[8:3];

  logic serve, serve_bar, serve_config;
  assign serve = action == Serve && !work.refused && !work.nothing;
  assign serve_bar = serve && !work.config_space;
  assign serve_config = serve && work.config_space;
  assign config_write = serve_config && work.write;
  assign regs_read = (serve_bar && !work.write && !work_held) || follow_reply;
  assign regs_write = serve_bar && work.write && !work.doorbell;
  assign msix_write = regs_write && work.address[15:14] == BAR_MSIX_TABLE[15:14] &&
                      work.width[3:2] != '0;

  logic doorbell_there, rings;
  logic [4:0] doorbell_queue;
  assign doorbell_queue = work.address[6:2];
  assign doorbell_there = work.doorbell && work.address[11:7] == '0 &&
                          doorbell_queue < queue_count;
  assign rings = serve_bar && doorbell_there;

  // -- what an action does at once
  assign function_reset = phase == FunctionReset;
  assign reset_device = function_reset || phase == DeviceReset;
  assign function_number = next_number + 32'(error_deferred);
  assign expire = action == Expire || action == GiveUp;
  assign break_device = take_error || expire;
  assign firmware_done = action == Obey;
  assign obey = action == Obey && command_known && !command_stale && firmware.kind[31:4] == '0;
  assign raise = {obey && firmware.kind == COMMAND_CONFIG_INTERRUPT && !quiesced,
                  action == QueueInterrupt && !msix_enable};

  logic bus_master_falls, rests;
  assign bus_master_falls = config_write && bus_master &&
                            work.address[11:2] == ConfigCommand[11:2] && work.lanes[0] &&
                            !work.data[2];
  // A queue that is said to rest has nothing under way, also not to the host.
  assign rests = serve_bar && !work.write && work.address[15:8] == BAR_RING_STATE[15:8] &&
                 work.width[3] == 1'b0 && regs_data[31:16] == RING_SUSPENDED;

  // -- events
  logic post_deferred;
  assign post_deferred = action == PostDeferred || follow_post;
  assign post_control = action == PostControl;
  assign post = post_deferred || post_control || action == PostLink ||
                (regs_write && regs_event_valid);
  always_comb begin
    post_event = regs_event;
    if (post_deferred && error_deferred) begin
      post_event = '0;
      post_event.kind = EVENT_DEVICE_ERROR[2:0];
      post_event.value = {27'h0, deferred_code};
      post_event.queue = deferred_queue;
    end else if (post_deferred || action == PostLink) begin
      post_event = '0;
      post_event.kind = action == PostLink ? EVENT_LINK[2:0] : EVENT_POWER_ON[2:0];
      post_event.setup.desc[31:0] = told_speed;
      post_event.setup.flag = told_up;
      if (action == PostLink || last_number == '0) begin
        post_event.setup.desc[31:0] = speed_mbps;
        post_event.setup.flag = carrier;
      end
    end else if (post_control) begin
      post_event = '0;
      post_event.kind = EVENT_CONTROL[2:0];
      post_event.value = command_length;
      post_event.queue = control_moved ? 16'd2 : 16'(ControlQueue);
    end
  end

  // -- phases
  logic enable_or_suspend, post_event_is_link, reply_valid_next;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      phase <= Idle;
      prepared <= 1'b0;
      pause <= '0;
      function_pending <= 1'b0;
      error_deferred <= 1'b0;
      power_deferred <= 1'b1;
      told_up <= 1'b0;
      told_speed <= '1;
      command_under_way <= 1'b0;
      quiet_count <= '0;
    end else begin
      case (phase)
        Idle: begin
          if (action == ResetFunction) phase <= FunctionInterrupt;
          else if (action == Obey && command_resets) phase <= DeviceReset;
          else if (action != None && action != Prepare) phase <= After;
        end
        FunctionInterrupt: phase <= FunctionReset;  // no message waits: it was quiet
        FunctionReset, DeviceReset: phase <= After;
        default: if (follow_end) phase <= Idle;
      endcase

      if (action == Prepare) prepared <= 1'b1;
      else if (action != None) prepared <= 1'b0;

      // The data plane needs some cycles to show contexts and rest.
      if (enable_or_suspend) pause <= PauseCycles;
      else if (follow_pause) pause <= pause - 2'd1;

      if (config_write && work.function_reset) function_pending <= 1'b1;
      else if (function_reset) function_pending <= 1'b0;

      if ((action == TellError && told_first) || (expire && !broken)) error_deferred <= 1'b1;
      else if (post_deferred) error_deferred <= 1'b0;
      if (function_reset) power_deferred <= 1'b1;
      else if (post_deferred && !error_deferred) power_deferred <= 1'b0;

      if (post_event_is_link) begin
        told_up <= carrier;
        told_speed <= speed_mbps;
      end

      if (reset_device || reply_valid_next) command_under_way <= 1'b0;
      else if (post_control) command_under_way <= 1'b1;

      quiet_count <= quiet_next;
    end
  end

  assign enable_or_suspend = (obey && firmware.kind == COMMAND_QUEUE_CONTEXT) ||
                             (regs_write && (suspends || resumes));
  assign post_event_is_link = action == PostLink || (post_deferred && last_number == '0);
  assign reply_valid_next = obey && firmware.kind == COMMAND_CONTROL_REPLY && command_under_way &&
                            firmware.number == command_number;

  always_ff @(posedge clk) begin
    if (post_control) command_number <= next_number;
    if (action == TellError && told_first) begin
      deferred_code <= told.code;
      deferred_queue <= 16'(number_of(told.queue));
    end else if (expire && !broken) begin
      deferred_code <= ErrorManagementTimeout;
      deferred_queue <= '0;
    end
  end

  // -- the request that is worked on, and its completion
  host_completion_t answer;
  logic answered;  // `work` is done with, and has a completion
  always_comb begin
    answer = '0;
    answer.tag = work.tag;
    answer.configuration = work.configuration;
    answered = action == Serve && !(work.write && !work.configuration) &&
               !(serve && work_held) && !(serve && work.function_reset);
    if (work.refused) begin
      answer.status = UnsupportedRequest;
    end else if (!work.write) begin
      answer.has_data = 1'b1;
      answer.length = work.length;
      answer.lower_address = work.lower_address;
      answer.data = access_value;
    end
    if (function_reset || (action == GiveUp && work.configuration)) answered = 1'b1;
  end

  logic reply_lags;  // a message before it has not left
  assign reply_lags = messages_left - reply_mark >= 8'd128;
  assign messages_gone = messages_left == messages_decided;
  assign reply_moves = reply_full && out_free && phase == Idle && !(follow_reply) &&
                       (!reply_drains || quiet || reply_late) && reply_marked &&
                       !reply_lags;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      work_valid <= 1'b0;
      reply_full <= 1'b0;
      reply_drains <= 1'b0;
      reply_marked <= 1'b0;
      completion_valid <= 1'b0;
    end else begin
      if (queued_take && queued_valid) work_valid <= 1'b1;
      else if ((action == Serve && !(serve && work.function_reset)) || action == GiveUp ||
               function_reset) work_valid <= 1'b0;
      if (answered) begin
        reply_full <= 1'b1;
        reply_drains <= bus_master_falls || rests;
      end else if (reply_moves) begin
        reply_full <= 1'b0;
      end
      // What follows from the request counts too.
      reply_marked <= reply_full && !reply_moves && (reply_marked || phase == Idle);
      if (reply_moves || follow_reply) completion_valid <= 1'b1;
      else if (completion_ready) completion_valid <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (queued_take && queued_valid) work <= understood;
    if (!reply_marked) reply_mark <= messages_decided;
    if (answered) begin
      reply_kept <= answer;
      reply_deadline <= now + NowW'(straps.hold_bound);
    end
    if (reply_moves) begin
      completion <= reply_kept;
    end else if (follow_reply) begin
      completion <= '{
        tag: oldest.tag, status: '0, has_data: 1'b1, length: oldest.length,
        lower_address: oldest.lower_address, data: access_value,
        configuration: oldest.configuration};
    end
  end

  // -- held reads
  assign hold = serve && work_held;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      work_late <= 1'b0;
      reply_late <= 1'b0;
    end else begin
      work_late <= work_blocked && now >= work.deadline;
      reply_late <= reply_full && reply_drains && now >= reply_deadline;
    end
  end

  // Reads may go on behind these.
  assign release_held = expire || function_reset ||
                        (obey && (firmware.kind == COMMAND_STATUS ||
                                  firmware.kind == COMMAND_QUEUE_ACKNOWLEDGE));

  // -- interrupts
  logic intx_message;  // assert or deassert leaves
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      taken_valid <= 1'b0;
      send_valid <= 1'b0;
      intx_level <= 1'b0;
      messages_decided <= '0;
      messages_left <= '0;
      write_valid <= 1'b0;
    end else begin
      if (interrupt_valid && interrupt_ready) taken_valid <= 1'b1;
      else if (action == QueueInterrupt) taken_valid <= 1'b0;

      if (action == QueueInterrupt && msix_enable) send_valid <= queue_vector != NoVector;
      else if (raise[1] && msix_enable) send_valid <= config_vector != NoVector;
      else if (follow_send) send_valid <= 1'b0;

      if (follow_intx) intx_level <= intx_wanted;
      else if (function_reset) intx_level <= 1'b0;

      if (sends || intx_message) messages_decided <= messages_decided + 8'd1;
      if (written) messages_left <= messages_left + 8'd1;

      if (sends || intx_message) write_valid <= 1'b1;
      else if (write_ready) write_valid <= 1'b0;
    end
  end

  assign intx_message = follow_intx ||
                        (phase == FunctionInterrupt && intx_level);

  always_ff @(posedge clk) begin
    if (interrupt_valid && interrupt_ready) taken_queue <= interrupt_queue;
    if (action == QueueInterrupt) begin
      send_vector <= VectorW'(queue_vector);
      send_queue <= 16'(interrupt_number);
    end else if (action == Obey) begin
      send_vector <= VectorW'(config_vector);
      send_queue <= NoQueue;
    end
    if (sends) begin
      write_op <= '0;
      write_op.notify <= 1'b1;
      write_op.source <= WriteImmediate;
      write_op.purpose <= PurposeInterrupt;
      write_op.address <= message_address;
      write_op.length <= 16'd4;
      write_op.data <= (8*ImmediateBytes)'(message_data);
    end else if (intx_message) begin
      write_op <= '0;
      write_op.notify <= 1'b1;
      write_op.source <= WriteMessage;
      write_op.purpose <= PurposeInterrupt;
      write_op.address <= {56'h0, follow_intx && intx_wanted ? AssertIntA : DeassertIntA};
    end
  end

  // -- to the data plane. What a resumed queue had fetched is forgotten at the end of the cycle in
  // which it is told: nobody may begin it.
  always_comb begin
    state = '0;
    state.bus_master = bus_master;
    state.active = working && bus_master && !prepared && !function_pending && !command_resets &&
                   phase != DeviceReset && !flush && resume == '0;
    state.counts = working && phase != FunctionInterrupt && phase != FunctionReset &&
                   phase != DeviceReset;
    state.receives = state.counts && bus_master;
    state.link_up = told_up;
    state.indirect = negotiated[FeatureIndirect];
    state.event_idx = negotiated[FeatureEventIdx];
    state.mrg_rxbuf = negotiated[FeatureMrgRxbuf];
    state.mtu = mtu;
    state.max_payload = max_payload;
    state.max_read_request = max_read_request;
    state.pairs = active_pairs;
    state.control_moved = control_moved;
  end

  // Queue pairs that are switched on. NMQ-D-001, NMQ-D-002.
  always_ff @(posedge clk) begin
    if (!rst_n || reset_device) active_pairs <= 4'd1;
    else if (obey && firmware.kind == COMMAND_ACTIVE_PAIRS && firmware.value != '0 &&
             firmware.value <= QueuePairs) active_pairs <= firmware.value[3:0];
  end

  always_ff @(posedge clk) begin
    doorbell <= '0;
    flush <= 1'b0;
    reply_valid <= 1'b0;
    command_ready <= 1'b0;
    if (rst_n) begin
      if (rings) begin
        if (control_moved && doorbell_queue == 5'd2) doorbell[ControlQueue] <= 1'b1;
        else doorbell[doorbell_queue[QueueW-1:0]] <= 1'b1;
      end
      flush <= reset_device;
      reply_valid <= reply_valid_next;
      command_ready <= post_control;
    end
    if (reply_valid_next) reply <= firmware.value[7:0];
  end

  // -- counters and trace
  host_records host_records (
    .clk, .rst_n,
    .serves(action == Serve), .follow_reply, .resets_function(action == ResetFunction),
    .work, .oldest, .reset_waits(serve && work.function_reset), .work_held, .hold,
    .access_address, .access_width, .access_value,
    .rings, .doorbell_queue,
    .poisoned_write(queued_take && queued_valid && queued.poisoned &&
                    (queued.kind == HostMemWrite || queued.kind == HostConfigWrite)),
    .regs_write, .suspends, .resumes, .rewinds, .changed_queue, .used_index(regs_data[15:0]),
    .tells_error(action == TellError), .told_code(told.code), .told_queue(number_of(told.queue)),
    .setup_error, .expire, .gives_up(action == GiveUp),
    .post, .post_is_link(post_event_is_link), .post_event, .firmware, .next_number,
    .obeys(action == Obey), .command_known,
    .sends, .sent_queue(send_valid ? send_queue : NoQueue), .message_vector,
    .intx_message, .intx_asserts(follow_intx && intx_wanted),
    .reset_device, .function_reset,
    .counters, .error_counted, .trace_valid, .trace, .event_trace_valid, .event_trace
  );

  // -- rest
  logic waits;  // outputs that are not taken, or pulses that end
  assign waits = completion_valid || write_valid || trace_valid || event_trace_valid || flush ||
                 reply_valid || command_ready || doorbell != '0 || enable != '0 || resume != '0 ||
                 taken_valid || told_valid;
  logic reply_waits;
  assign reply_waits = reply_full && !(reply_drains && !quiet && !reply_late) &&
                       !(reply_marked && reply_lags);
  assign idle = phase == Idle && action == None && !waits && !written &&
                reply_full == reply_marked && quiet_next == quiet_count && !reply_waits &&
                !held_late && !work_late && management_idle &&
                !(queued_valid && queued_take) && !request_valid && !interrupt_valid &&
                !error_valid && !management_read && !management_write;
  always_comb begin
    deadline = Never;
    if (held_any) deadline = oldest.deadline;
    if (work_blocked && work.deadline < deadline) deadline = work.deadline;
    if (reply_full && reply_drains && reply_deadline < deadline) deadline = reply_deadline;
  end
endmodule
