// SPDX-License-Identifier: Apache-2.0
// The management block: events wait here for firmware, and its commands for the card
// (docs/hardware/registers.md).
//
// A bus access is taken in the cycle in which `ready` is high; what a read says comes a cycle
// later. A write to the command window while a command is not done is kept, and the bus stalls.
module management
  import nic_pkg::*;
  import nic_faults_pkg::*;
  import ringside_regs_pkg::*;
(
  input  logic                clk,
  input  logic                rst_n,
  // what the card was built as
  input  logic [63:0]         features,
  input  logic [47:0]         mac,
  input  logic [15:0]         mtu,
  input  logic [15:0]         queue_size_max,
  // the bus
  input  logic                bus_read,
  input  logic                bus_write,
  input  logic [11:0]         bus_address,
  input  logic [31:0]         bus_write_data,
  output logic [31:0]         bus_read_data,
  output logic                bus_ready,
  output logic                event_waits,
  // events: one more, if there is room
  input  logic                post,
  input  management_event_t   post_event,
  input  logic                post_control,  // with the bytes of a control command
  input  logic [511:0]        control,
  output logic                room,
  output logic                spare_room,  // for one more still behind it
  output logic [31:0]         last_number,  // of the last event; 0: none was posted
  // commands: valid until done
  output logic                command_valid,
  output management_command_t command,
  input  logic                command_done,
  output logic                idle
);
  localparam int unsigned Entries = MGMT_EVENT_ENTRIES;
  localparam int unsigned EntryW = $clog2(Entries);

  if (Entries != 2 ** EntryW) $error("the number of events must be a power of two");

  // -- events
  management_event_t events[Entries];
  logic [EntryW:0] posted, popped;  // modulo 2 * Entries
  logic [EntryW:0] waiting;
  // There is at most one control command between the virtqueue and firmware.
  logic [511:0] control_bytes;
  management_event_t oldest;
  logic [31:0] oldest_number;

  assign waiting = posted - popped;
  assign room = !waiting[EntryW];
  assign spare_room = 32'(waiting) < Entries - 1;
  assign event_waits = waiting != '0;
  assign oldest = events[popped[EntryW-1:0]];
  assign oldest_number = last_number + 32'd1 - 32'(waiting);

  // -- the bus
  logic stalled;  // `kept_*` waits for the command to be done
  logic [11:0] kept_address;
  logic [31:0] kept_data;
  logic write;
  logic [11:0] write_address;
  logic [31:0] write_data;
  logic to_command;

  assign bus_ready = !stalled;
  assign to_command = bus_address[11:8] == MGMT_COMMAND_GO[11:8];

  always_comb begin
    write = !command_valid && stalled;
    write_address = kept_address;
    write_data = kept_data;
    if (!stalled) begin
      write = bus_write && !(command_valid && to_command);
      write_address = bus_address;
      write_data = bus_write_data;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      stalled <= 1'b0;
    end else if (stalled) begin
      stalled <= command_valid;
    end else begin
      stalled <= bus_write && command_valid && to_command;
    end
    if (!stalled && bus_write && command_valid && to_command) begin
      kept_address <= bus_address;
      kept_data <= bus_write_data;
    end
  end

  management_event_t kept_event;
  always_comb begin
    kept_event = post_event;
    kept_event.queue[0] = post_event.queue[0] ^ fault(EventQueueWrong);
  end

  always_ff @(posedge clk) begin
    if (post) events[posted[EntryW-1:0]] <= kept_event;
    if (post && post_control) control_bytes <= control;
  end

  logic pop, loses;
  assign loses = fault(EventLost) && last_number[2:0] == 3'd7;
  assign pop = write && write_address == MGMT_EVENT_POP[11:0] && write_data[0] && event_waits;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      posted <= '0;
      popped <= '0;
      last_number <= '0;
    end else begin
      if (post) begin
        if (!loses) posted <= posted + 1'b1;
        last_number <= last_number + 32'd1;
      end
      if (pop) popped <= popped + 1'b1;
    end
  end

  // -- command window; what firmware did not write is 0
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      command <= '0;
    end else begin
      if (command_done) command.kind <= '0;
      if (write) case (write_address)
        MGMT_COMMAND_GO[11:0]: command.kind <= write_data;
        MGMT_COMMAND_SEQUENCE[11:0]: command.number <= write_data;
        MGMT_COMMAND_VALUE[11:0]: command.value <= write_data;
        MGMT_COMMAND_QUEUE[11:0]: command.queue <= write_data[15:0];
        MGMT_COMMAND_FEATURES_LO[11:0]: command.features[31:0] <= write_data;
        MGMT_COMMAND_FEATURES_HI[11:0]: command.features[63:32] <= write_data;
        MGMT_COMMAND_DESC_LO[11:0]: command.setup.desc[31:0] <= write_data;
        MGMT_COMMAND_DESC_HI[11:0]: command.setup.desc[63:32] <= write_data;
        MGMT_COMMAND_DRIVER_LO[11:0]: command.setup.driver[31:0] <= write_data;
        MGMT_COMMAND_DRIVER_HI[11:0]: command.setup.driver[63:32] <= write_data;
        MGMT_COMMAND_DEVICE_LO[11:0]: command.setup.device[31:0] <= write_data;
        MGMT_COMMAND_DEVICE_HI[11:0]: command.setup.device[63:32] <= write_data;
        MGMT_COMMAND_RING[11:0]: {command.setup.index, command.setup.size} <= write_data;
        MGMT_COMMAND_RESUMED[11:0]: command.setup.flag <= write_data[0];
        default: begin
          for (int unsigned i = 0; i < MGMT_COMMAND_CONFIG_COUNT; ++i) begin
            if (write_address == MGMT_COMMAND_CONFIG[11:0] + 12'(4 * i)) begin
              command.device_config[32*i +: 32] <= write_data;
            end
          end
        end
      endcase
    end
  end
  assign command_valid = command.kind != '0;

  // -- reads
  localparam logic [11:0] ControlEnd =
      MGMT_EVENT_CONTROL[11:0] + 12'(4 * MGMT_EVENT_CONTROL_COUNT);
  localparam logic [11:0] ConfigEnd =
      MGMT_COMMAND_CONFIG[11:0] + 12'(4 * MGMT_COMMAND_CONFIG_COUNT);
  logic [31:0] identity, event_word, command_word;
  logic [3:0] control_word;
  logic [2:0] config_word;

  assign control_word = 4'((bus_address - MGMT_EVENT_CONTROL[11:0]) >> 2);
  assign config_word = 3'((bus_address - MGMT_COMMAND_CONFIG[11:0]) >> 2);

  // Only an access moves these.
  always_comb begin
    identity = '0;
    if (bus_read) case (bus_address)
      MGMT_MAGIC[11:0]: identity = MGMT_MAGIC_VALUE;
      MGMT_VERSION[11:0]: identity = MGMT_VERSION_VALUE;
      MGMT_QUEUES[11:0]: identity = {queue_size_max, 16'(QueuePairs)};
      MGMT_FEATURES_LO[11:0]: identity = features[31:0];
      MGMT_FEATURES_HI[11:0]: identity = features[63:32];
      MGMT_MAC_LO[11:0]: identity = {mac[23:16], mac[31:24], mac[39:32], mac[47:40]};
      MGMT_MAC_HI[11:0]: identity = {16'h0, mac[7:0], mac[15:8]};
      MGMT_MTU[11:0]: identity = {16'h0, mtu};
      default: identity = '0;
    endcase
  end

  always_comb begin
    event_word = '0;
    if (bus_read && event_waits) case (bus_address)
      MGMT_EVENT_STATUS[11:0]: event_word = {31'h0, event_waits};
      MGMT_EVENT_KIND[11:0]: event_word = {29'h0, oldest.kind};
      MGMT_EVENT_SEQUENCE[11:0]: event_word = oldest_number;
      MGMT_EVENT_VALUE[11:0]: event_word = oldest.value;
      MGMT_EVENT_QUEUE[11:0]: event_word = {15'h0, oldest.setup.flag, oldest.queue};
      MGMT_EVENT_FEATURES_LO[11:0], MGMT_EVENT_DESC_LO[11:0], MGMT_EVENT_LINK_SPEED[11:0]:
        event_word = oldest.setup.desc[31:0];
      MGMT_EVENT_FEATURES_HI[11:0], MGMT_EVENT_DESC_HI[11:0]:
        event_word = oldest.setup.desc[63:32];
      MGMT_EVENT_LINK[11:0], MGMT_EVENT_RESUMED[11:0]:
        event_word = {31'h0, oldest.setup.flag};
      MGMT_EVENT_DRIVER_LO[11:0]: event_word = oldest.setup.driver[31:0];
      MGMT_EVENT_DRIVER_HI[11:0]: event_word = oldest.setup.driver[63:32];
      MGMT_EVENT_DEVICE_LO[11:0]: event_word = oldest.setup.device[31:0];
      MGMT_EVENT_DEVICE_HI[11:0]: event_word = oldest.setup.device[63:32];
      MGMT_EVENT_RING[11:0]: event_word = {oldest.setup.index, oldest.setup.size};
      default: begin
        if (bus_address >= MGMT_EVENT_CONTROL[11:0] && bus_address < ControlEnd) begin
          event_word = control_bytes[32*control_word +: 32];
        end
      end
    endcase
  end

  always_comb begin
    command_word = '0;
    if (bus_read) case (bus_address)
      MGMT_COMMAND_GO[11:0]: command_word = command.kind;
      MGMT_COMMAND_SEQUENCE[11:0]: command_word = command.number;
      MGMT_COMMAND_VALUE[11:0]: command_word = command.value;
      MGMT_COMMAND_QUEUE[11:0]: command_word = {16'h0, command.queue};
      MGMT_COMMAND_FEATURES_LO[11:0]: command_word = command.features[31:0];
      MGMT_COMMAND_FEATURES_HI[11:0]: command_word = command.features[63:32];
      MGMT_COMMAND_DESC_LO[11:0]: command_word = command.setup.desc[31:0];
      MGMT_COMMAND_DESC_HI[11:0]: command_word = command.setup.desc[63:32];
      MGMT_COMMAND_DRIVER_LO[11:0]: command_word = command.setup.driver[31:0];
      MGMT_COMMAND_DRIVER_HI[11:0]: command_word = command.setup.driver[63:32];
      MGMT_COMMAND_DEVICE_LO[11:0]: command_word = command.setup.device[31:0];
      MGMT_COMMAND_DEVICE_HI[11:0]: command_word = command.setup.device[63:32];
      MGMT_COMMAND_RING[11:0]: command_word = {command.setup.index, command.setup.size};
      MGMT_COMMAND_RESUMED[11:0]: command_word = {31'h0, command.setup.flag};
      default: begin
        if (bus_address >= MGMT_COMMAND_CONFIG[11:0] && bus_address < ConfigEnd) begin
          command_word = command.device_config[32*config_word +: 32];
        end
      end
    endcase
  end

  always_ff @(posedge clk) begin
    if (bus_read && bus_ready) begin
      case (bus_address[11:8])
        4'h0: bus_read_data <= identity;
        4'h1: bus_read_data <= event_word;
        4'h2: bus_read_data <= command_word;
        default: bus_read_data <= '0;
      endcase
    end
  end

  assign idle = !stalled || command_valid;
endmodule
