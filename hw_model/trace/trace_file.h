// SPDX-License-Identifier: Apache-2.0
// Trace records of one or more cards in a file: written as they come, read back checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "formats/output_file.h"
#include "formats/status.h"
#include "hw_model/trace/nic_trace.h"

namespace ringside::hw {

/// A card as the file's header has it.
struct TraceCard {
  std::string name;
  /// Queue pairs: its queues are receiveq 2k, transmitq 2k + 1, and behind them the control queue.
  uint16_t queue_pairs = 1;
};

/// The file: "nictrace", version, size of the header, size of a record, number of cards (32 bits
/// each), then each card's queue pairs and length of name (16 bits each) and its name, zeros up to
/// a multiple of 8; then records. All numbers are little endian.
inline constexpr uint32_t kTraceFileVersion = 1;

/// Takes the records of one or more cards; each gets a sink of its own.
class TraceFileWriter {
 public:
  /// Creates or empties `path`; the header is on disk when it returns.
  Status open(const std::string& path, const std::vector<TraceCard>& cards);
  /// As of OutputFile.
  void on_error(std::function<void(const std::string& line)> told) {
    file_.on_error(std::move(told));
  }
  void record(uint16_t card, const TraceRecord& record);
  /// The first error of the file's life. Harmless if not open.
  Status close() { return file_.close(); }

 private:
  formats::OutputFile file_;
};

/// A card's way into the file.
class TraceFileSink final : public TraceSink {
 public:
  TraceFileSink(TraceFileWriter& writer, uint16_t card) : writer_(writer), card_(card) {}
  void record(const TraceRecord& record) override { writer_.record(card_, record); }

 private:
  TraceFileWriter& writer_;
  uint16_t card_;
};

/// Reads a file of any content: what it cannot take is an error that names the file and the place.
class TraceFileReader {
 public:
  Status open(const std::string& path);
  const std::vector<TraceCard>& cards() const { return cards_; }
  /// The next record and its card (always one of cards()); false at the end or at an error.
  bool next(TraceRecord* record, uint16_t* card);
  /// Why next() ended early; success at the file's end.
  const Status& status() const { return status_; }

 private:
  Status fail(const std::string& what);
  Status read_header();
  bool fill();

  std::ifstream file_;
  std::string path_;
  std::vector<TraceCard> cards_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
  uint64_t records_ = 0;
  Status status_;
};

}  // namespace ringside::hw
