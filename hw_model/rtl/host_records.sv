// SPDX-License-Identifier: Apache-2.0
// What host_slave tells: its counters, and trace records of accesses and of events. What was done
// at an edge is shown behind it.
//
// Trace, where it says more than hw_model/trace/nic_trace.h:
// - Each request that is carried out gives one record, with its tag as `id`. A read that is held
//   gives one with `frame` 1 then, and one with `frame` 2 when it is answered.
// - Purpose PurposeConfig: it came as a configuration request. `address` is the offset in
//   configuration space, or in the BAR if it went through the window of VIRTIO_PCI_CAP_PCI_CFG;
//   `chain` 1: in configuration space.
// - A doorbell of no virtqueue is a TraceRegisterWrite of PurposeDoorbell.
// - TraceDeviceError with `size` 1: the write with the tag `id` was given up, because firmware left
//   no room for its event for straps.hold_bound cycles.
// - TraceManagementEvent of a link or of the first power-on has speed and state as `size`, `chain`.
// - TraceQueueResumed: `value` is the used index; the position is not known here. `size` is 1 if
//   the queue is at rest and begins anew behind that index; if it goes on where it is, `frame` of
//   the TraceRegisterWrite is 1.
module host_records
  import nic_pkg::*;
  import nic_faults_pkg::*;
  import ringside_regs_pkg::*;
(
  input  logic                clk,
  input  logic                rst_n,
  // an access is carried out: of the host's request, or of the oldest held read
  input  logic                serves,
  input  logic                follow_reply,  // the held read is answered
  input  logic                resets_function,  // the request that was one is carried out
  /* verilator lint_off UNUSED */  // not every field is told
  input  host_work_t          work,
  input  held_read_t          oldest,
  /* verilator lint_on UNUSED */
  input  logic                reset_waits,  // the request is one that waits for the data plane
  input  logic                work_held,
  input  logic                hold,
  input  logic [15:0]         access_address,
  input  logic [3:0]          access_width,
  input  logic [63:0]         access_value,
  input  logic                rings,  // a doorbell of a virtqueue
  input  logic [4:0]          doorbell_queue,
  input  logic                poisoned_write,
  // a queue is suspended or resumed by a write of its register
  input  logic                regs_write,
  input  logic                suspends,
  input  logic                resumes,
  input  logic                rewinds,
  input  logic [4:0]          changed_queue,
  input  logic [15:0]         used_index,  // of a queue that is resumed
  // errors
  input  logic                tells_error,
  input  error_e              told_code,
  input  logic [4:0]          told_queue,
  input  logic                setup_error,
  input  logic                expire,
  input  logic                gives_up,  // with the request that waited too long
  // events and commands of firmware
  input  logic                post,
  input  logic                post_is_link,
  /* verilator lint_off UNUSED */  // not every field is told
  input  management_event_t   post_event,
  input  management_command_t firmware,
  /* verilator lint_on UNUSED */
  input  logic [31:0]         next_number,
  input  logic                obeys,
  input  logic                command_known,
  // interrupts
  input  logic                sends,
  input  logic [15:0]         sent_queue,
  input  logic [VectorW-1:0]  message_vector,
  input  logic                intx_message,
  input  logic                intx_asserts,
  // resets
  input  logic                reset_device,
  input  logic                function_reset,

  output host_counters_t      counters,
  output logic                error_counted,
  output logic                trace_valid,  // registers, doorbells
  output trace_t              trace,
  output logic                event_trace_valid,  // management, errors, interrupts
  output trace_t              event_trace
);
  localparam logic [15:0] NoQueue = 16'hFFFF;

  // -- counters
  assign error_counted = tells_error || expire || setup_error;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      counters <= '0;
    end else begin
      if (rings && !fault(DoorbellNotCounted)) counters.doorbells <= counters.doorbells + 64'd1;
      if (sends) counters.msix_messages <= counters.msix_messages + 64'd1;
      if (intx_asserts) counters.intx_asserts <= counters.intx_asserts + 64'd1;
      if (reset_device) counters.device_resets <= counters.device_resets + 64'd1;
      if (function_reset) counters.function_resets <= counters.function_resets + 64'd1;
      if (expire) counters.holds_expired <= counters.holds_expired + 64'd1;
      if (poisoned_write) counters.poisoned_writes <= counters.poisoned_writes + 64'd1;
      if (tells_error) counters.errors[told_code] <= counters.errors[told_code] + 64'd1;
      else if (expire)
        counters.errors[ErrorManagementTimeout] <= counters.errors[ErrorManagementTimeout] + 64'd1;
      else if (setup_error)
        counters.errors[ErrorQueueSetup] <= counters.errors[ErrorQueueSetup] + 64'd1;
    end
  end

  // -- accesses
  logic reads, writes;
  assign reads = (serves && !work.refused && !work.write) || follow_reply;
  assign writes = (serves && !work.refused && work.write && !rings && !reset_waits) ||
                  resets_function;

  always_ff @(posedge clk) begin
    trace_valid <= rst_n && (reads || writes || rings);
    if (reads || writes || rings) begin
      trace <= '0;
      trace.queue <= NoQueue;
      trace.address <= 64'(access_address);
      trace.size <= 32'(access_width);
      if (rings) begin
        trace.kind <= TraceDoorbell;
        trace.queue <= 16'(doorbell_queue);
        trace.address <= '0;
        trace.size <= '0;
      end else if (reads) begin
        trace.kind <= TraceRegisterRead;
        trace.frame <= follow_reply ? 32'd2 : 32'(work_held);
        trace.value <= hold ? '0 : access_value;
      end else begin
        trace.kind <= TraceRegisterWrite;
        trace.frame <= 32'(regs_write && resumes && !rewinds);
        trace.address <= 64'(work.address);
        trace.size <= 32'(work.width);
        trace.value <= low_bytes(work.data >> {work.config_space ? 1'b0 : work.address[2],
                                               work.address[1:0], 3'b000}, work.width);
      end
      trace.chain <= 32'(!follow_reply && work.config_space);
      if (follow_reply) begin
        trace.id <= 32'(oldest.tag);
        trace.purpose <= {4'h0, oldest.configuration ? PurposeConfig : PurposeRegisterRead};
      end else begin
        trace.id <= 32'(work.tag);
        if (work.configuration) trace.purpose <= 8'(PurposeConfig);
        else if (!work.write) trace.purpose <= 8'(PurposeRegisterRead);
        else trace.purpose <= {4'h0, work.doorbell ? PurposeDoorbell : PurposeRegisterWrite};
      end
    end
  end

  // -- events
  logic traced_event;
  assign traced_event = tells_error || post || (obeys && command_known) || sends || intx_message ||
                        reset_device || expire || (regs_write && (suspends || resumes));
  always_ff @(posedge clk) begin
    event_trace_valid <= rst_n && traced_event;
    if (traced_event) begin
      event_trace <= '0;
      event_trace.queue <= NoQueue;
      if (tells_error) begin
        event_trace.kind <= TraceDeviceError;
        event_trace.queue <= 16'(told_queue);
        event_trace.value <= 64'(told_code);
      end else if (expire) begin
        event_trace.kind <= TraceDeviceError;
        event_trace.queue <= '0;
        event_trace.value <= 64'(ErrorManagementTimeout);
        if (gives_up) begin
          event_trace.size <= 32'd1;
          event_trace.id <= 32'(work.tag);
        end
      end else if (post) begin
        event_trace.kind <= TraceManagementEvent;
        event_trace.queue <= post_event.queue;
        event_trace.id <= next_number;
        event_trace.value <= 64'(post_event.kind);
        if (post_is_link) begin
          event_trace.size <= post_event.setup.desc[31:0];
          event_trace.chain <= 32'(post_event.setup.flag);
        end
      end else if (obeys) begin
        event_trace.kind <= TraceManagementCommand;
        // The window keeps the queue of an earlier command.
        if (firmware.kind == COMMAND_QUEUE_CONTEXT ||
            firmware.kind == COMMAND_QUEUE_ACKNOWLEDGE) begin
          event_trace.queue <= firmware.queue;
        end else begin
          event_trace.queue <= '0;
        end
        event_trace.id <= firmware.number;
        event_trace.value <= 64'(firmware.kind);
      end else if (sends) begin
        event_trace.kind <= TraceMsix;
        event_trace.queue <= sent_queue;
        event_trace.value <= 64'(message_vector);
      end else if (intx_message) begin
        event_trace.kind <= TraceIntx;
        event_trace.value <= 64'(intx_asserts);
      end else if (reset_device) begin
        event_trace.kind <= TraceReset;
      end else begin
        event_trace.kind <= suspends ? TraceQueueSuspended : TraceQueueResumed;
        event_trace.queue <= 16'(changed_queue);
        if (resumes) begin
          event_trace.size <= 32'(rewinds);
          event_trace.value <= 64'(used_index);
        end
      end
    end
  end
endmodule
