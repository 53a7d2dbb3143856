// SPDX-License-Identifier: Apache-2.0
// See history_text.h.
#include "testbench/evidence/history_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hw_model/trace/trace_text.h"
#include "testbench/evidence/record_json.h"

namespace ringside::tb {

namespace {

using hw::HistoryEntry;
using Kind = HistoryEntry::Kind;

/// Of the bytes of an entry, in a line.
constexpr std::size_t kBytesShown = 32;

std::string_view side(const HistoryLine& line) { return line.of_core ? "core" : "card"; }

bool has_queue(const HistoryLine& line) {
  switch (line.entry->kind) {
    case Kind::kReadRequest:
    case Kind::kWrite:
      return true;
    case Kind::kFrameOut:
      return line.of_core;  // the pins do not say
    default:
      return false;
  }
}

std::string queue_of(const hw::TraceCard& card, const HistoryLine& line) {
  if (line.entry->kind == Kind::kRecord) return hw::queue_name(card, line.entry->record);
  if (!has_queue(line)) return {};
  hw::TraceRecord record;  // of a kind that has a queue
  record.queue = line.entry->record.queue;
  return hw::queue_name(card, record);
}

/// As records have it: "offer".
std::string command_name(const HistoryEntry& entry) {
  hw::TraceRecord record = entry.record;
  record.kind = hw::TraceKind::kManagementCommand;
  return hw::value_name(record);
}

std::string hex(const std::vector<std::byte>& bytes, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(bytes.size(), most); ++i) {
    text += fmt::format("{:02x}", std::to_integer<unsigned>(bytes[i]));
  }
  return text;
}

std::string some_bytes(const HistoryEntry& entry) {
  return fmt::format("{} bytes: {}{}", entry.bytes.size(), hex(entry.bytes, kBytesShown),
                     entry.bytes.size() > kBytesShown ? "..." : "");
}

std::string details(const HistoryEntry& entry) {
  const hw::TraceRecord& record = entry.record;
  switch (entry.kind) {
    case Kind::kRecord:
      return hw::describe(record);
    case Kind::kCarrier:
      return record.value != 0 ? fmt::format("up, {} Mbit/s", record.size) : "down";
    case Kind::kFrameIn:
    case Kind::kFrameOut:
      return some_bytes(entry);
    case Kind::kReadRequest:
      return fmt::format("{}, tag {}, {} bytes, at {:#x}", name_of(record.purpose), record.id,
                         record.size, record.address);
    case Kind::kCompletion:
      return fmt::format("tag {}{}{}, {}", record.id, record.chain != 0 ? ", last" : "",
                         record.value != 0 ? "" : ", failed", some_bytes(entry));
    case Kind::kCommand:
      return fmt::format("{}, sequence {}", command_name(entry), record.id);
    case Kind::kManagementRead:
      return fmt::format("register {:#05x}, value {:#x}", record.address, record.value);
    case Kind::kEventPopped:
      return {};
    case Kind::kWrite:
      return fmt::format("{}, at {:#x}, {}", name_of(record.purpose), record.address,
                         some_bytes(entry));
    case Kind::kMsix:
      return fmt::format("at {:#x}, {}", record.address, some_bytes(entry));
    case Kind::kIntx:
      return record.value != 0 ? "assert" : "deassert";
  }
  return {};
}

void add_pins(const hw::TraceCard& card, const HistoryLine& line, nlohmann::ordered_json& json) {
  const HistoryEntry& entry = *line.entry;
  const hw::TraceRecord& record = entry.record;
  json["time_ps"] = record.time_ps;
  json["nic"] = card.name;
  json["kind"] = name_of(entry.kind);
  if (const std::string queue = queue_of(card, line); !queue.empty()) json["queue"] = queue;
  switch (entry.kind) {
    case Kind::kCarrier:
      json["value"] = record.value;
      json["mbps"] = record.size;
      return;
    case Kind::kReadRequest:
      json["purpose"] = name_of(record.purpose);
      json["id"] = record.id;
      json["size"] = record.size;
      json["address"] = record.address;
      return;
    case Kind::kCompletion:
      json["id"] = record.id;
      json["good"] = record.value != 0;
      json["last"] = record.chain != 0;
      break;
    case Kind::kCommand:
      json["id"] = record.id;
      json["value"] = record.value;
      json["value_name"] = command_name(entry);
      return;
    case Kind::kManagementRead:
      json["address"] = record.address;
      json["value"] = record.value;
      return;
    case Kind::kEventPopped:
      return;
    case Kind::kWrite:
      json["purpose"] = name_of(record.purpose);
      if (line.of_core) json["chain"] = record.chain;
      json["address"] = record.address;
      break;
    case Kind::kMsix:
      json["address"] = record.address;
      break;
    case Kind::kIntx:
      json["value"] = record.value;
      return;
    default:
      break;
  }
  json["size"] = entry.bytes.size();
  json["bytes"] = hex(entry.bytes, entry.bytes.size());
}

}  // namespace

std::vector<HistoryLine> merged(const hw::History& history) {
  std::vector<HistoryLine> lines;
  for (std::size_t i = 0; i < history.card().size(); ++i) {
    lines.push_back({false, &history.card()[i]});
  }
  for (std::size_t i = 0; i < history.core().size(); ++i) {
    lines.push_back({true, &history.core()[i]});
  }
  std::sort(lines.begin(), lines.end(), [](const HistoryLine& left, const HistoryLine& right) {
    return left.entry->number < right.entry->number;
  });
  return lines;
}

std::string to_line(const hw::TraceCard& card, const HistoryLine& line) {
  const HistoryEntry& entry = *line.entry;
  const std::string_view kind =
      entry.kind == Kind::kRecord ? name_of(entry.record.kind) : name_of(entry.kind);
  std::string text =
      fmt::format("{:>16} us  {}  {:<4}  {:<18}  {}", hw::microseconds(entry.record.time_ps),
                  side(line), queue_of(card, line), kind, details(entry));
  text.resize(text.find_last_not_of(' ') + 1);
  return text;
}

std::string to_json(const hw::TraceCard& card, const HistoryLine& line) {
  nlohmann::ordered_json json;
  json["by"] = side(line);
  json["number"] = line.entry->number;
  if (line.entry->kind == Kind::kRecord) {
    add_record(card, line.entry->record, json);
  } else {
    add_pins(card, line, json);
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ringside::tb
