// SPDX-License-Identifier: Apache-2.0
// See wave_view.h.
#include "hw_model/rtl_bridge/wave_view.h"

#include <bit>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace ringside::hw {

namespace {

constexpr std::string_view kTop = "TOP.";

struct Signal {
  const char* name;
  unsigned bits = 1;
};

/// Pins `PREFIX_NAME`.
WaveGroup group(const char* heading, const std::string& prefix,
                const std::vector<Signal>& signals) {
  WaveGroup result{heading, {}};
  for (const Signal& signal : signals) {
    std::string name = std::string(kTop) + prefix + signal.name;
    if (signal.bits != 1) name += "[" + std::to_string(signal.bits - 1) + ":0]";
    result.signals.push_back(name);
  }
  return result;
}

/// Counts and sizes are shown as decimal numbers, other vectors in hexadecimal ones.
bool decimal(const std::string& signal) {
  for (const char* part : {".now", "_deadline", "_length", "_tag", "_count", "_empty", "_queue"}) {
    if (signal.find(part) != std::string::npos) return true;
  }
  return false;
}

/// Zoom and marker, as GTKWave saves them: minus the binary logarithm of the time that a point of
/// the screen is, the primary marker, 26 others that are not set.
std::string zoom_and_marker(const WaveWindow& window) {
  constexpr TimePs kPoints = 1024;
  constexpr unsigned kOtherMarkers = 26;
  if (window.to_ps == WaveWindow::kNoEnd) return {};
  const unsigned zoom = std::bit_width((window.to_ps - window.from_ps) / kPoints);
  std::string line = "*-" + std::to_string(zoom) + ".000000 " + std::to_string(window.to_ps);
  for (unsigned i = 0; i < kOtherMarkers; ++i) line += " -1";
  return line + "\n";
}

}  // namespace

std::vector<WaveGroup> important_waves(unsigned data_bits) {
  const Signal data{"data", data_bits};
  const Signal empty{"empty", static_cast<unsigned>(std::bit_width(data_bits / 8 - 1))};
  const Signal address{"address", 64};
  const Signal length{"length", 13};
  const Signal tag{"tag", 10};
  const Signal purpose{"purpose", 4};
  const Signal queue{"queue", 16};
  const Signal valid{"valid"};
  const Signal ready{"ready"};
  const Signal sop{"sop"};
  const Signal eop{"eop"};
  return {
      group("clock", "", {{"clk"}, {"rst_n"}, {"now", 48}, {"quiescent"}, {"next_deadline", 48}}),
      group("requests of the host", "host_request_",
            {valid, ready, {"kind", 2}, address, length, tag, {"data", 64}}),
      group("completions to the host", "host_completion_",
            {valid, ready, tag, {"status", 3}, {"data", 64}}),
      group("posted requests", "posted_",
            {valid, ready, sop, eop, empty, purpose, queue, address, length, {"message"}, data}),
      group("read requests", "read_", {valid, ready, tag, purpose, queue, address, length}),
      group("completions of reads", "completion_",
            {valid, ready, sop, eop, empty, tag, {"status", 3}, {"byte_count", 13}, data}),
      group("frames received", "rx_", {valid, sop, eop, {"err"}, empty, data}),
      group("frames sent", "tx_", {valid, ready, sop, eop, empty, data}),
      group("management bus", "management_",
            {{"interrupt"},
             {"read"},
             {"write"},
             ready,
             {"address", 12},
             {"write_data", 32},
             {"read_data", 32}}),
      group("trace", "", {{"trace_valid", 10}})};
}

Status write_wave_view(const std::string& waves, unsigned data_bits, const WaveWindow& window,
                       const std::function<bool(const std::string& pin)>& has) {
  std::filesystem::path path(waves);
  const std::string name = path.filename().string();
  path.replace_extension(".gtkw");
  std::ofstream file(path);
  // Relative: the folder may be moved.
  file << "[dumpfile] \"" << name << "\"\n[savefile] \"" << path.filename().string()
       << "\"\n[timestart] " << window.from_ps << "\n"
       << zoom_and_marker(window) << "[sst_expanded] 1\n";
  for (const WaveGroup& group : important_waves(data_bits)) {
    file << "@200\n-" << group.heading << "\n";
    for (const std::string& signal : group.signals) {
      const std::string pin = signal.substr(kTop.size(), signal.find('[') - kTop.size());
      if (has && !has(pin)) continue;
      const bool vector = signal.ends_with("]");
      file << (!vector ? "@28\n" : decimal(signal) ? "@24\n" : "@22\n") << signal << "\n";
    }
  }
  file.close();
  return file ? Status::success() : Status::failure(path.string() + ": cannot be written");
}

}  // namespace ringside::hw
