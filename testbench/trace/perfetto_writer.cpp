// SPDX-License-Identifier: Apache-2.0
// See perfetto_writer.h. The format: "Trace Event Format", Google, section by section of phases.
#include "testbench/trace/perfetto_writer.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

namespace ringside::tb {

namespace {

constexpr std::string_view kTail = "\n]}\n";
constexpr TimePs kPsPerUs = 1'000'000;

}  // namespace

std::string quoted(std::string_view text) {
  const std::string json = nlohmann::json(std::string(text))
                               .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return json.substr(1, json.size() - 2);
}

Status PerfettoWriter::open(const std::string& path, std::string_view scenario) {
  if (Status status = file_.open(path, "the trace"); !status.ok()) return status;
  file_.set_tail(std::string(kTail));
  first_ = true;
  file_.append(fmt::format(
      "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"scenario\":\"{}\"}},\"traceEvents\":[",
      quoted(scenario)));
  return file_.flush();
}

Status PerfettoWriter::close() {
  if (file_.is_open()) file_.append(kTail);
  return file_.close();
}

void PerfettoWriter::event(char phase, TraceTrack track, std::string_view name, TimePs at_ps,
                           std::string_view more) {
  if (!file_.is_open()) return;
  fmt::basic_memory_buffer<char, 512> text;
  fmt::format_to(std::back_inserter(text),
                 "{}\n{{\"ph\":\"{}\",\"pid\":{},\"tid\":{},\"ts\":{}.{:06},\"name\":\"{}\"{}}}",
                 first_ ? "" : ",", phase, track.process, track.thread, at_ps / kPsPerUs,
                 at_ps % kPsPerUs, name, more);
  first_ = false;
  file_.append(std::string_view(text.data(), text.size()));
  file_.commit();
}

void PerfettoWriter::name_process(unsigned process, std::string_view name) {
  event('M', {process, 0}, "process_name", 0,
        fmt::format(",\"args\":{{\"name\":\"{}\"}}", quoted(name)));
  event('M', {process, 0}, "process_sort_index", 0,
        fmt::format(",\"args\":{{\"sort_index\":{}}}", process));
}

void PerfettoWriter::name_thread(TraceTrack track, std::string_view name) {
  event('M', track, "thread_name", 0, fmt::format(",\"args\":{{\"name\":\"{}\"}}", quoted(name)));
  event('M', track, "thread_sort_index", 0,
        fmt::format(",\"args\":{{\"sort_index\":{}}}", track.thread));
}

void PerfettoWriter::slice(TraceTrack track, std::string_view name, TimePs start_ps, TimePs end_ps,
                           std::string_view arguments) {
  const TimePs taken_ps = end_ps - start_ps;
  event('X', track, name, start_ps,
        fmt::format(",\"dur\":{}.{:06},\"args\":{{{}}}", taken_ps / kPsPerUs, taken_ps % kPsPerUs,
                    arguments));
}

void PerfettoWriter::begin(TraceTrack track, std::string_view name, TimePs at_ps) {
  event('B', track, name, at_ps, {});
}

void PerfettoWriter::end(TraceTrack track, TimePs at_ps) { event('E', track, "", at_ps, {}); }

void PerfettoWriter::instant(TraceTrack track, std::string_view name, TimePs at_ps,
                             std::string_view arguments) {
  event('i', track, name, at_ps, fmt::format(",\"s\":\"t\",\"args\":{{{}}}", arguments));
}

void PerfettoWriter::async_begin(unsigned process, std::string_view category, uint64_t id,
                                 std::string_view name, TimePs at_ps, std::string_view arguments) {
  event('b', {process, 0}, name, at_ps,
        fmt::format(",\"cat\":\"{}\",\"id2\":{{\"local\":\"{:#x}\"}},\"args\":{{{}}}", category, id,
                    arguments));
}

void PerfettoWriter::async_end(unsigned process, std::string_view category, uint64_t id,
                               std::string_view name, TimePs at_ps) {
  event('e', {process, 0}, name, at_ps,
        fmt::format(",\"cat\":\"{}\",\"id2\":{{\"local\":\"{:#x}\"}}", category, id));
}

void PerfettoWriter::counter(unsigned process, std::string_view name, TimePs at_ps,
                             uint64_t value) {
  event('C', {process, 0}, name, at_ps, fmt::format(",\"args\":{{\"value\":{}}}", value));
}

void PerfettoWriter::flow(char phase, TraceTrack track, uint64_t id, TimePs at_ps) {
  event(phase, track, "frame", at_ps,
        fmt::format(",\"cat\":\"frame\",\"id\":{}{}", id, phase == 's' ? "" : ",\"bp\":\"e\""));
}

}  // namespace ringside::tb
