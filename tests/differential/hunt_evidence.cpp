// SPDX-License-Identifier: Apache-2.0
// See hunt_evidence.h.
#include "tests/differential/hunt_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "formats/pcapng_writer.h"
#include "testbench/report/difference_report.h"

namespace ringside::differential {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWavesName = "card.fst";
constexpr const char* kViewName = "card.gtkw";

/// Frames at the pins of the card, both ways.
Status write_frames(const std::string& path, const hw::History& history) {
  constexpr uint64_t kPsPerNs = 1000;
  using Kind = hw::HistoryEntry::Kind;
  formats::PcapngWriter capture;
  formats::PcapngSection section;
  section.application = "diff_hunt";
  section.comment = "the last frames before a difference";
  if (Status status = capture.open(path, section); !status.ok()) return status;
  formats::PcapngInterface interface;
  interface.name = std::string(kHuntCard) + "-pins";
  const uint32_t pins = capture.add_interface(interface);
  for (std::size_t i = 0; i < history.card().size(); ++i) {
    const hw::HistoryEntry& entry = history.card()[i];
    if (entry.kind != Kind::kFrameIn && entry.kind != Kind::kFrameOut) continue;
    formats::PcapngPacketOptions options;
    options.direction = entry.kind == Kind::kFrameIn ? formats::PacketDirection::kInbound
                                                     : formats::PacketDirection::kOutbound;
    capture.write_packet(pins, entry.record.time_ps / kPsPerNs, entry.bytes, options);
  }
  return capture.close();
}

}  // namespace

HuntEvidence::HuntEvidence(std::string folder, std::string command, uint64_t seed,
                           std::string settings, tb::DifferenceResult first)
    : folder_(std::move(folder)),
      command_(std::move(command)),
      seed_(seed),
      settings_(std::move(settings)),
      first_(std::move(first)),
      from_ps_(first_.time_ps - std::min(first_.time_ps, tb::kDiffWindowPs)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  clear();
}

void HuntEvidence::clear() {
  std::error_code error;
  for (const char* name : {tb::kDifferenceTextName, tb::kDifferenceJsonName, tb::kHistoryTextName,
                           tb::kHistoryJsonName, tb::kCaptureName, kWavesName, kViewName}) {
    fs::remove(path(name), error);
  }
  // While it is written.
  for (const char* suffix : {".part", ".part.hier"}) fs::remove(path(kWavesName) + suffix, error);
}

void HuntEvidence::begin(Rig& rig) {
  const Status status = rig.record_waves(path(kWavesName), {from_ps_, first_.time_ps});
  if (!status.ok()) no_waves_ = "no waves: " + status.error;
}

std::string HuntEvidence::leave(Rig& rig) {
  const Status finished = rig.finish_waves();
  if (!finished.ok()) no_waves_ = "no waves: " + finished.error;
  const hw::TraceCard card{kHuntCard, static_cast<uint16_t>(card_pairs())};
  const auto evidence = rig.evidence();
  std::vector<std::string> files;
  std::string failed;
  const auto add = [&](const char* name, const Status& status) {
    if (status.ok()) files.emplace_back(name);
    if (!status.ok() && failed.empty()) failed = status.error;
  };
  tb::DifferenceResult difference = first_;
  std::optional<tb::DifferenceResult> second;
  if (evidence != nullptr) {
    second = tb::difference_result(card, *evidence);
    difference.cycle = second->cycle;
    difference.demands = second->demands;
    difference.last_lines = second->last_lines;
    add(tb::kHistoryTextName, tb::write_history_text(folder_, card, *evidence->history));
    add(tb::kHistoryJsonName, tb::write_history_json(folder_, card, *evidence->history));
    add(tb::kCaptureName, write_frames(path(tb::kCaptureName), *evidence->history));
  }
  difference.rerun.from_ps = from_ps_;
  std::vector<std::string> waves;
  if (no_waves_.empty()) waves = {kWavesName, kViewName};
  files.insert(files.end(), waves.begin(), waves.end());
  say_rerun(difference, waves, second, no_waves_);
  if (!no_waves_.empty() && difference.rerun.same) difference.rerun.detail = no_waves_;
  // As a run of a scenario would have it.
  tb::Scenario scenario;
  scenario.name = "diff_hunt, " + settings_;
  scenario.model = tb::ModelKind::kDiff;
  scenario.seed = seed_;
  const tb::RunContext context{folder_, command_};
  for (const char* name : {tb::kDifferenceTextName, tb::kDifferenceJsonName}) {
    const auto text = name == tb::kDifferenceTextName ? tb::difference_text : tb::difference_json;
    const std::string why = tb::write_whole(path(name), text(scenario, difference, context, files));
    if (!why.empty() && failed.empty()) failed = path(name) + ": " + why;
  }
  if (!failed.empty()) return failed;
  return fmt::format("{} says where everything is; {}", path(tb::kDifferenceTextName),
                     difference.rerun.detail);
}

}  // namespace ringside::differential
