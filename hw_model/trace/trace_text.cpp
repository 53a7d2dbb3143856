// SPDX-License-Identifier: Apache-2.0
// See trace_text.h.
#include "hw_model/trace/trace_text.h"

#include <fmt/format.h>

#include "hw_model/core/counters.h"
#include "hw_model/registers/management_interface.h"
#include "hw_model/trace/trace_fields.h"

namespace ringside::hw {

namespace {

constexpr TimePs kPsPerUs = 1'000'000;

std::string event_name(uint64_t kind) {
  switch (kind) {
    case RS_EVENT_POWER_ON:
      return "power_on";
    case RS_EVENT_STATUS_WRITE:
      return "status_write";
    case RS_EVENT_QUEUE_ENABLE:
      return "queue_enable";
    case RS_EVENT_LINK:
      return "link";
    case RS_EVENT_DEVICE_ERROR:
      return "device_error";
    case RS_EVENT_CONTROL:
      return "control";
    default:
      return fmt::format("event {}", kind);
  }
}

std::string command_name(uint64_t kind) {
  switch (kind) {
    case RS_COMMAND_OFFER:
      return "offer";
    case RS_COMMAND_NEGOTIATED:
      return "negotiated";
    case RS_COMMAND_DEVICE_CONFIG:
      return "device_config";
    case RS_COMMAND_RESET:
      return "reset";
    case RS_COMMAND_STATUS:
      return "status";
    case RS_COMMAND_QUEUE_CONTEXT:
      return "queue_context";
    case RS_COMMAND_QUEUE_ACKNOWLEDGE:
      return "queue_acknowledge";
    case RS_COMMAND_CONFIG_INTERRUPT:
      return "config_interrupt";
    case RS_COMMAND_CONTROL_REPLY:
      return "control_reply";
    case RS_COMMAND_ACTIVE_PAIRS:
      return "active_pairs";
    default:
      return fmt::format("command {}", kind);
  }
}

std::string size_in_words(const TraceRecord& record) {
  switch (record.kind) {
    case TraceKind::kFetchIds:
    case TraceKind::kIdsFetched:
    case TraceKind::kReturnUsed:
      return fmt::format("{} {}", record.size, record.size == 1 ? "entry" : "entries");
    case TraceKind::kFetchDescriptors:
      return fmt::format("{} {}", record.size, record.size == 1 ? "descriptor" : "descriptors");
    case TraceKind::kAvailSampled:
      return fmt::format("moved by {}", record.size);
    default:
      return fmt::format("{} {}", record.size, record.size == 1 ? "byte" : "bytes");
  }
}

std::string value_in_words(const TraceRecord& record) {
  switch (record.kind) {
    case TraceKind::kStartReceive:
      return fmt::format("{} {}", record.value, record.value == 1 ? "chain" : "chains");
    case TraceKind::kReturnUsed:
    case TraceKind::kAvailSampled:
    case TraceKind::kArmNotify:
    case TraceKind::kQueueResumed:
      return fmt::format("index {}", record.value);
    case TraceKind::kDmaWrite:
      return fmt::format("hash {:016x}", record.value);
    case TraceKind::kFrameSent:
      return fmt::format("first bit {} us", microseconds(record.value));
    case TraceKind::kMsix:
      return fmt::format("vector {}", record.value);
    case TraceKind::kRegisterWrite:
    case TraceKind::kRegisterRead:
      return fmt::format("value {:#x}", record.value);
    default:
      return value_name(record);
  }
}

}  // namespace

std::string microseconds(TimePs time_ps) {
  return fmt::format("{}.{:06}", time_ps / kPsPerUs, time_ps % kPsPerUs);
}

std::string queue_name(const TraceCard& card, const TraceRecord& record) {
  if ((trace_fields(record.kind) & trace_field::kQueue) == 0 ||
      record.queue == TraceRecord::kNoQueue) {
    return {};
  }
  if (record.queue == 2u * card.queue_pairs) return "ctrl";
  return fmt::format("{}{}", (record.queue & 1) != 0 ? "tx" : "rx", record.queue / 2);
}

std::string value_name(const TraceRecord& record) {
  switch (record.kind) {
    case TraceKind::kFrameDropped:
      return record.value < static_cast<uint64_t>(Counter::kCount)
                 ? std::string(counter_name(static_cast<Counter>(record.value)))
                 : fmt::format("counter {}", record.value);
    case TraceKind::kDeviceError:
      return record.value < static_cast<uint64_t>(DeviceError::kCount)
                 ? std::string(error_name(static_cast<DeviceError>(record.value)))
                 : fmt::format("error {}", record.value);
    case TraceKind::kDmaReadDone:
      return record.value != 0 ? "" : "failed";
    case TraceKind::kInterruptDecision:
      return record.value != 0 ? "interrupt" : "suppressed";
    case TraceKind::kIntx:
      return record.value != 0 ? "assert" : "deassert";
    case TraceKind::kManagementEvent:
      return event_name(record.value);
    case TraceKind::kManagementCommand:
      return command_name(record.value);
    default:
      return {};
  }
}

std::string describe(const TraceRecord& record) {
  const unsigned fields = trace_fields(record.kind);
  std::string text;
  const auto add = [&text](std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += ", ";
    text += part;
  };
  if ((fields & trace_field::kPurpose) != 0) add(name_of(record.purpose));
  if ((fields & trace_field::kId) != 0) {
    const bool management = (fields & trace_field::kPurpose) == 0;
    if (management) add(value_in_words(record));
    add(fmt::format("{} {}", management ? "sequence" : "read", record.id));
    if (management) return text;
  }
  if ((fields & trace_field::kChain) != 0) add(fmt::format("chain {}", record.chain));
  if ((fields & trace_field::kFrame) != 0 && record.frame != 0) {
    add(fmt::format("frame {}", record.frame));
  }
  if ((fields & trace_field::kSize) != 0) add(size_in_words(record));
  if ((fields & trace_field::kAddress) != 0) add(fmt::format("at {:#x}", record.address));
  if ((fields & trace_field::kValue) != 0) add(value_in_words(record));
  return text;
}

std::string to_line(const TraceCard& card, const TraceRecord& record, std::size_t card_width) {
  std::string line =
      fmt::format("{:>16} us  {:<{}}  {:<4}  {:<18}  {}", microseconds(record.time_ps), card.name,
                  card_width, queue_name(card, record), name_of(record.kind), describe(record));
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace ringside::hw
