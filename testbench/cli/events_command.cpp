// SPDX-License-Identifier: Apache-2.0
// `ringside events`: prints the records of a run's cards.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "hw_model/trace/trace_fields.h"
#include "hw_model/trace/trace_file.h"
#include "hw_model/trace/trace_text.h"
#include "testbench/cli/commands.h"
#include "testbench/evidence/record_json.h"
#include "testbench/run/runner.h"
#include "testbench/scenario/quantity.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

using hw::TraceKind;
using hw::TraceRecord;

/// Which records to print.
struct Filter {
  std::optional<uint16_t> card;
  std::optional<std::string> queue;
  std::vector<bool> kinds;  ///< by TraceKind; empty: all
  std::optional<uint64_t> frame;
  uint64_t from_ps = 0;
  uint64_t to_ps = ~uint64_t{0};

  bool takes(const TraceRecord& record, uint16_t its_card, const hw::TraceCard& names) const {
    if (card && *card != its_card) return false;
    if (record.time_ps < from_ps || record.time_ps > to_ps) return false;
    if (!kinds.empty() && !kinds[static_cast<std::size_t>(record.kind)]) return false;
    if (frame && ((hw::trace_fields(record.kind) & hw::trace_field::kFrame) == 0 ||
                  record.frame != *frame)) {
      return false;
    }
    return !queue || hw::queue_name(names, record) == *queue;
  }
};

/// "rx0", "tx1", "ctrl" of some card?
bool is_queue(const std::string& name, const std::vector<hw::TraceCard>& cards) {
  return std::any_of(cards.begin(), cards.end(), [&name](const hw::TraceCard& card) {
    for (uint16_t number = 0; number <= 2 * card.queue_pairs; ++number) {
      TraceRecord record;
      record.queue = number;
      if (hw::queue_name(card, record) == name) return true;
    }
    return false;
  });
}

std::string read_time(const char* option, const std::optional<std::string>& text, uint64_t* time) {
  if (!text) return {};
  const QuantityResult result = parse_quantity(Quantity::kTime, *text);
  if (result.error != QuantityError::kNone) {
    return fmt::format("{} {}: expected {}", option, printable(*text), describe(Quantity::kTime));
  }
  *time = result.value;
  return {};
}

/// Empty, or what is wrong with the arguments.
std::string read_filter(const EventsArguments& arguments, const std::vector<hw::TraceCard>& cards,
                        Filter& filter) {
  if (arguments.nic) {
    std::vector<std::string> names;
    names.reserve(cards.size());
    for (const hw::TraceCard& card : cards) names.push_back(card.name);
    const auto it = std::find(names.begin(), names.end(), *arguments.nic);
    if (it == names.end()) {
      return fmt::format("--nic {0}: no card is named '{0}'; expected {1}{2}",
                         printable(*arguments.nic), join_words(names, "or"),
                         suggestion(*arguments.nic, names));
    }
    filter.card = static_cast<uint16_t>(it - names.begin());
  }
  if (arguments.queue) {
    if (!is_queue(*arguments.queue, cards)) {
      return fmt::format("--queue {0}: no queue is named '{0}'; expected rx0, tx0, ... or ctrl",
                         printable(*arguments.queue));
    }
    filter.queue = arguments.queue;
  }
  std::vector<std::string> kinds;
  for (unsigned i = 0; i < static_cast<unsigned>(TraceKind::kCount); ++i) {
    kinds.emplace_back(name_of(static_cast<TraceKind>(i)));
  }
  for (const std::string& kind : arguments.kinds) {
    const auto it = std::find(kinds.begin(), kinds.end(), kind);
    if (it == kinds.end()) {
      return fmt::format("--kind {0}: no kind is named '{0}'; expected {1}{2}", printable(kind),
                         join_words(kinds, "or"), suggestion(kind, kinds));
    }
    filter.kinds.resize(kinds.size());
    filter.kinds[static_cast<std::size_t>(it - kinds.begin())] = true;
  }
  if (arguments.frame) {
    uint64_t frame = 0;
    const std::string& text = *arguments.frame;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), frame);
    if (error != std::errc() || end != text.data() + text.size() || frame == 0) {
      return fmt::format("--frame {}: expected the number of a frame, from 1 on", printable(text));
    }
    filter.frame = frame;
  }
  if (std::string error = read_time("--from", arguments.from, &filter.from_ps); !error.empty()) {
    return error;
  }
  if (std::string error = read_time("--to", arguments.to, &filter.to_ps); !error.empty()) {
    return error;
  }
  if (filter.to_ps < filter.from_ps) {
    return fmt::format("--to {}: is before --from {}; expected a later time",
                       printable(*arguments.to), printable(*arguments.from));
  }
  return {};
}

/// The fields that count, on one line.
std::string to_json(const hw::TraceCard& card, const TraceRecord& record) {
  nlohmann::ordered_json json;
  add_record(card, record, json);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

int command_events(const EventsArguments& arguments, const CliEnvironment& environment) {
  std::filesystem::path path = arguments.file;
  std::error_code no_folder;
  if (std::filesystem::is_directory(path, no_folder)) path /= kEventsName;
  hw::TraceFileReader reader;
  const auto fail = [&environment](const std::string& error) {
    environment.err << "ringside: " << printable(error, 4096) << "\n";
    return kExitBadInput;
  };
  if (const Status status = reader.open(path.string()); !status.ok()) return fail(status.error);
  Filter filter;
  if (const std::string error = read_filter(arguments, reader.cards(), filter); !error.empty()) {
    return fail(error);
  }
  std::size_t width = 0;
  for (const hw::TraceCard& card : reader.cards()) width = std::max(width, card.name.size());
  TraceRecord record;
  uint16_t card = 0;
  uint64_t read = 0, taken = 0;
  while (environment.out && reader.next(&record, &card)) {
    const hw::TraceCard& names = reader.cards()[card];
    ++read;
    if (!filter.takes(record, card, names)) continue;
    ++taken;
    environment.out << (arguments.json ? to_json(names, record) : hw::to_line(names, record, width))
                    << '\n';
  }
  environment.out.flush();
  if (!reader.status().ok()) return fail(reader.status().error);
  if (environment.out && taken == 0) {
    environment.err << fmt::format("ringside: none of the {} records matches\n", read);
  }
  return kExitOk;
}

}  // namespace ringside::tb
