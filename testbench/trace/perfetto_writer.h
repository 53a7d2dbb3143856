// SPDX-License-Identifier: Apache-2.0
// Writes the Trace Event Format (JSON), which ui.perfetto.dev and chrome://tracing open.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "formats/output_file.h"
#include "formats/status.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::tb {

using hw::TimePs;

/// A row of the trace: processes are hosts, cards and links, threads their parts.
struct TraceTrack {
  unsigned process = 0;
  unsigned thread = 0;
};

/// Events go to the file as they come, so memory is bounded; the file is valid JSON after close(),
/// and also where an error (a full disk) ended it early. Times are ps; the file has microseconds
/// with all six decimals. `name` and `category` must not need escapes in JSON (quoted() makes such
/// a name), `arguments` are members of a JSON object, such as "\"bytes\":60", or empty.
class PerfettoWriter {
 public:
  Status open(const std::string& path, std::string_view scenario);
  Status close();
  /// As of OutputFile.
  void on_error(std::function<void(const std::string& line)> told) {
    file_.on_error(std::move(told));
  }
  bool is_open() const { return file_.is_open(); }

  void name_process(unsigned process, std::string_view name);
  void name_thread(TraceTrack track, std::string_view name);
  /// A slice whose end is known.
  void slice(TraceTrack track, std::string_view name, TimePs start_ps, TimePs end_ps,
             std::string_view arguments = {});
  /// Slices of one track by begin and end, properly nested, in the order of time.
  void begin(TraceTrack track, std::string_view name, TimePs at_ps);
  void end(TraceTrack track, TimePs at_ps);
  void instant(TraceTrack track, std::string_view name, TimePs at_ps,
               std::string_view arguments = {});
  /// Slices that may overlap others of their process; those of one category and id nest.
  void async_begin(unsigned process, std::string_view category, uint64_t id, std::string_view name,
                   TimePs at_ps, std::string_view arguments = {});
  void async_end(unsigned process, std::string_view category, uint64_t id, std::string_view name,
                 TimePs at_ps);
  void counter(unsigned process, std::string_view name, TimePs at_ps, uint64_t value);
  /// A step of an arrow between slices: 's' starts it, 't' goes on, 'f' ends it; at the start of a
  /// slice that is already written.
  void flow(char phase, TraceTrack track, uint64_t id, TimePs at_ps);

 private:
  void event(char phase, TraceTrack track, std::string_view name, TimePs at_ps,
             std::string_view more);

  formats::OutputFile file_;
  bool first_ = true;
};

/// `text` fit for a name in JSON, without quotes around it: UTF-8, escaped.
std::string quoted(std::string_view text);

}  // namespace ringside::tb
