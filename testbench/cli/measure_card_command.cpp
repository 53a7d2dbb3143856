// SPDX-License-Identifier: Apache-2.0
// `ringside measure card`.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <ostream>

#include "hw_model/wire/wire_size.h"
#include "testbench/cli/commands.h"
#include "testbench/cli/interrupt_guard.h"
#include "testbench/cli/measure_table.h"
#include "testbench/report/progress.h"
#include "testbench/scenario/quantity.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

#if RINGSIDE_HAVE_RTL
constexpr bool kHaveRtl = true;
#else
constexpr bool kHaveRtl = false;
#endif

constexpr uint32_t kSizes[] = {60, 128, 256, 512, 1024, 1514, 4096, 9014};
constexpr uint32_t kSizeLeast = 60, kSizeMost = 9014;
constexpr ModelKind kModels[] = {ModelKind::kLt, ModelKind::kAt, ModelKind::kRtl};
constexpr OpenLoopDirection kDirections[] = {
    OpenLoopDirection::kReceive, OpenLoopDirection::kTransmit, OpenLoopDirection::kBoth};

template <typename Kinds>
std::string names(const Kinds& kinds) {
  std::vector<std::string> words;
  for (const auto kind : kinds) words.emplace_back(name_of(kind));
  return join_words(words, "or");
}

/// Of `text` among `kinds`; null if there is none.
template <typename Kinds>
auto find(const Kinds& kinds, const std::string& text) {
  const auto found = std::find_if(std::begin(kinds), std::end(kinds),
                                  [&text](auto kind) { return text == name_of(kind); });
  return found == std::end(kinds) ? nullptr : &*found;
}

constexpr const char* kColumns[] = {
    "model",     "direction",  "frame_B",          "rx_mfps",   "tx_mfps",   "rx_gbps",
    "tx_gbps",   "rx_dropped", "cycles_per_frame", "rx_p50_ns", "rx_p99_ns", "tx_p50_ns",
    "tx_p99_ns", "limit",      "limit_busy"};

MeasureRow row(const OpenLoopResult& result) {
  const OpenLoopPoint& point = result.point;
  const auto mfps = [](const OpenLoopFlow& flow) {
    return fmt::format("{:.3f}", flow.frames_per_s / 1e6);
  };
  const auto gbps = [&point](const OpenLoopFlow& flow) {
    return fmt::format("{:.3f}", flow.frames_per_s * 8 * point.frame_bytes / 1e9);
  };
  const auto ns = [](hw::TimePs time) {
    return fmt::format("{:.1f}", static_cast<double>(time) / 1e3);
  };
  const double slower = point.direction == OpenLoopDirection::kReceive ? result.receive.frames_per_s
                        : point.direction == OpenLoopDirection::kTransmit
                            ? result.transmit.frames_per_s
                            : std::min(result.receive.frames_per_s, result.transmit.frames_per_s);
  const double cycles = slower == 0 ? 0 : static_cast<double>(point.nic.pipeline.clock_hz) / slower;
  return {std::string(name_of(point.model)),
          std::string(name_of(point.direction)),
          std::to_string(point.frame_bytes),
          mfps(result.receive),
          mfps(result.transmit),
          gbps(result.receive),
          gbps(result.transmit),
          std::to_string(result.receive.dropped),
          fmt::format("{:.2f}", cycles),
          ns(result.receive.latency_p50_ps),
          ns(result.receive.latency_p99_ps),
          ns(result.transmit.latency_p50_ps),
          ns(result.transmit.latency_p99_ps),
          result.limit,
          fmt::format("{:.3f}", result.limit_busy)};
}

/// A row of CSV when its point is measured; JSON at the end, of the points that were.
int measure_and_print(const std::vector<OpenLoopPoint>& points, bool json,
                      const CliEnvironment& environment) {
  std::vector<MeasureRow> rows;
  OpenLoopEnd end;
  {
    const InterruptGuard guard;
    std::optional<ProgressLine> progress;
    if (environment.terminal) progress.emplace(environment.err, steady_clock_ms);
    OpenLoopWatch watch;
    watch.interrupted = &guard.interrupted();
    watch.measured = [&](const OpenLoopResult& result) {
      rows.push_back(row(result));
      if (json) return;
      if (progress) progress->clear();
      if (rows.size() == 1) environment.out << measure_csv_header(kColumns);
      environment.out << measure_csv_row(rows.back()) << std::flush;
    };
    watch.progress = [&](const OpenLoopPoint& point, double share) {
      if (!progress) return;
      progress->progress(fmt::format("{} of {} bytes", name_of(point.direction), point.frame_bytes),
                         share);
    };
    end = environment.measure_card(points, watch);
  }
  if (end.input_wrong) {
    environment.err << "ringside: measure card: " << end.error << "\n";
    return kExitBadInput;
  }
  if (json) environment.out << measure_json(kColumns, rows);
  if (end.interrupted) {
    end.error = fmt::format("interrupted after {} of {} points", rows.size(), points.size());
  }
  if (end.error.empty()) return kExitOk;
  environment.err << "ringside: measure card: " << printable(end.error, 4096) << "\n";
  return kExitCheckFailed;
}

}  // namespace

int command_measure_card(const MeasureCardArguments& arguments, const CliEnvironment& environment) {
  const auto refuse = [&](const std::string& error) {
    environment.err << "ringside: measure card: " << error << "\n";
    return kExitBadInput;
  };
  OpenLoopPoint point;
  if (arguments.model) {
    const ModelKind* model = find(kModels, *arguments.model);
    if (model == nullptr) {
      return refuse(fmt::format("--model: '{}' cannot be measured; expected {}",
                                printable(*arguments.model), names(kModels)));
    }
    point.model = *model;
    if (point.model == ModelKind::kRtl && !kHaveRtl) {
      return refuse("--model: this build has no model rtl");
    }
  }
  if (arguments.rate) {
    const QuantityResult rate = parse_quantity(Quantity::kRate, *arguments.rate);
    if (rate.error != QuantityError::kNone || rate.value == 0) {
      return refuse(fmt::format("--rate: '{}' is no rate; expected {}", printable(*arguments.rate),
                                describe(Quantity::kRate)));
    }
    point.wire_bps = rate.value;
  }
  point.pairs = point.nic.queue_pairs = static_cast<uint16_t>(arguments.pairs);
  point.chain = static_cast<uint16_t>(arguments.chain);
  if (arguments.time) {
    const QuantityResult time = parse_quantity(Quantity::kTime, *arguments.time);
    if (time.error != QuantityError::kNone || time.value == 0) {
      return refuse(fmt::format("--time: '{}' is no time; expected {}", printable(*arguments.time),
                                describe(Quantity::kTime)));
    }
    point.measure_ps = time.value;
  }
  std::vector<OpenLoopDirection> directions;
  for (const std::string& text : arguments.directions) {
    const OpenLoopDirection* direction = find(kDirections, text);
    if (direction == nullptr) {
      return refuse(fmt::format("--directions: '{}' is none; expected {}", printable(text),
                                names(kDirections)));
    }
    directions.push_back(*direction);
  }
  if (directions.empty()) directions.assign(std::begin(kDirections), std::end(kDirections));
  std::vector<uint32_t> sizes;
  for (const std::string& text : arguments.sizes) {
    sizes.push_back(measure_size(text, kSizeLeast, kSizeMost));
    if (sizes.back() == 0) {
      return refuse(fmt::format("--sizes: '{}' is no frame size; expected {} to {} bytes",
                                printable(text), kSizeLeast, kSizeMost));
    }
  }
  if (sizes.empty()) sizes.assign(std::begin(kSizes), std::end(kSizes));

  std::vector<OpenLoopPoint> points;
  for (const OpenLoopDirection direction : directions) {
    for (const uint32_t size : sizes) {
      point.direction = direction;
      point.frame_bytes = size;
      point.nic.mtu = static_cast<uint16_t>(std::max(1500u, size - 14));
      if (arguments.load) {
        point.frames_per_s = *arguments.load * static_cast<double>(point.wire_bps) /
                             static_cast<double>(8 * hw::wire_bytes(size));
      }
      points.push_back(point);
    }
  }
  return measure_and_print(points, arguments.json, environment);
}

}  // namespace ringside::tb
