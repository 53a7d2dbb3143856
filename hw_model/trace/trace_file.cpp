// SPDX-License-Identifier: Apache-2.0
// See trace_file.h.
#include "hw_model/trace/trace_file.h"

#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <type_traits>

namespace ringside::hw {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "nictrace";
constexpr uint32_t kCardsMax = 4096;
constexpr uint32_t kHeaderBytesMax = 1 << 20;
constexpr std::size_t kRecordsPerRead = 4096;

struct FileHeader {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes;  ///< cards included
  uint32_t record_bytes;
  uint32_t cards;
};
static_assert(sizeof(FileHeader) == 24);
static_assert(offsetof(FileHeader, version) == 8 && offsetof(FileHeader, header_bytes) == 12);
static_assert(offsetof(FileHeader, record_bytes) == 16 && offsetof(FileHeader, cards) == 20);

struct FileCard {
  uint16_t queue_pairs;
  uint16_t name_bytes;
};
static_assert(sizeof(FileCard) == 4 && offsetof(FileCard, name_bytes) == 2);

struct FileRecord {
  uint64_t time_ps;
  uint64_t frame;
  uint64_t address;
  uint64_t value;
  uint32_t id;
  uint32_t chain;
  uint32_t size;
  uint16_t queue;
  uint16_t card;
  uint8_t kind;
  uint8_t purpose;
  uint8_t zero[6];
};
static_assert(sizeof(FileRecord) == 56 && std::is_trivially_copyable_v<FileRecord>);
static_assert(offsetof(FileRecord, frame) == 8 && offsetof(FileRecord, address) == 16);
static_assert(offsetof(FileRecord, value) == 24 && offsetof(FileRecord, id) == 32);
static_assert(offsetof(FileRecord, chain) == 36 && offsetof(FileRecord, size) == 40);
static_assert(offsetof(FileRecord, queue) == 44 && offsetof(FileRecord, card) == 46);
static_assert(offsetof(FileRecord, kind) == 48 && offsetof(FileRecord, purpose) == 49);
static_assert(offsetof(FileRecord, zero) == 50);

template <typename T>
ByteView bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

Status TraceFileWriter::open(const std::string& path, const std::vector<TraceCard>& cards) {
  if (Status status = file_.open(path, "the trace"); !status.ok()) return status;
  FileHeader header{};
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  header.version = kTraceFileVersion;
  header.record_bytes = sizeof(FileRecord);
  header.cards = static_cast<uint32_t>(cards.size());
  file_.append(bytes_of(header));
  for (const TraceCard& card : cards) {
    const auto length = static_cast<uint16_t>(card.name.size());
    file_.append(bytes_of(FileCard{card.queue_pairs, length}));
    file_.append(std::string_view(card.name).substr(0, length));
  }
  std::vector<std::byte>& buffer = file_.buffer();
  buffer.resize((buffer.size() + 7) & ~std::size_t{7});
  const auto header_bytes = static_cast<uint32_t>(buffer.size());
  std::memcpy(buffer.data() + offsetof(FileHeader, header_bytes), &header_bytes,
              sizeof header_bytes);
  return file_.flush();
}

void TraceFileWriter::record(uint16_t card, const TraceRecord& record) {
  if (!file_.is_open()) return;
  const FileRecord out{record.time_ps,
                       record.frame,
                       record.address,
                       record.value,
                       record.id,
                       record.chain,
                       record.size,
                       record.queue,
                       card,
                       static_cast<uint8_t>(record.kind),
                       static_cast<uint8_t>(record.purpose),
                       {}};
  file_.append(bytes_of(out));
  file_.commit();
}

Status TraceFileReader::fail(const std::string& what) {
  status_ = Status::failure(path_ + ": " + what);
  return status_;
}

Status TraceFileReader::open(const std::string& path) {
  path_ = path;
  cards_.clear();
  buffer_.clear();
  at_ = 0;
  records_ = 0;
  status_ = Status::success();
  // A folder opens, and then reads as empty.
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail("is a folder; expected a trace");
  file_ = std::ifstream(path, std::ios::binary);
  if (!file_) return fail(std::string(std::strerror(errno)) + "; expected a trace");
  return read_header();
}

Status TraceFileReader::read_header() {
  constexpr const char* kNoTrace =
      "is no trace of this program; expected a file of 'ringside run --trace events'";
  FileHeader header{};
  file_.read(reinterpret_cast<char*>(&header), sizeof header);
  const bool whole = static_cast<std::size_t>(file_.gcount()) == sizeof header;
  if (!whole || std::memcmp(header.magic, kMagic.data(), kMagic.size()) != 0) return fail(kNoTrace);
  if (header.version != kTraceFileVersion) {
    return fail("is a trace of version " + std::to_string(header.version) + "; expected version " +
                std::to_string(kTraceFileVersion));
  }
  if (header.record_bytes != sizeof(FileRecord) || header.cards > kCardsMax ||
      header.header_bytes < sizeof header || header.header_bytes > kHeaderBytesMax ||
      header.header_bytes % 8 != 0) {
    return fail("has a damaged header");
  }
  std::vector<std::byte> rest(header.header_bytes - sizeof header);
  file_.read(reinterpret_cast<char*>(rest.data()), static_cast<std::streamsize>(rest.size()));
  if (static_cast<std::size_t>(file_.gcount()) != rest.size()) return fail("ends in its header");
  std::size_t at = 0;
  for (uint32_t i = 0; i < header.cards; ++i) {
    FileCard card{};
    if (rest.size() - at < sizeof card) return fail("has a damaged header");
    std::memcpy(&card, rest.data() + at, sizeof card);
    at += sizeof card;
    if (rest.size() - at < card.name_bytes) return fail("has a damaged header");
    const char* name = reinterpret_cast<const char*>(rest.data()) + at;
    cards_.push_back({std::string(name, card.name_bytes), card.queue_pairs});
    at += card.name_bytes;
  }
  return status_;
}

/// Reads on; false at the end.
bool TraceFileReader::fill() {
  buffer_.resize(kRecordsPerRead * sizeof(FileRecord));
  file_.read(reinterpret_cast<char*>(buffer_.data()), static_cast<std::streamsize>(buffer_.size()));
  buffer_.resize(static_cast<std::size_t>(file_.gcount()));
  at_ = 0;
  return !buffer_.empty();
}

bool TraceFileReader::next(TraceRecord* record, uint16_t* card) {
  if (!status_.ok() || (at_ == buffer_.size() && !fill())) return false;
  if (buffer_.size() - at_ < sizeof(FileRecord)) {
    (void)fail("ends within record " + std::to_string(records_));
    return false;
  }
  FileRecord in{};
  std::memcpy(&in, buffer_.data() + at_, sizeof in);
  static constexpr uint8_t kZero[sizeof in.zero] = {};
  if (in.kind >= static_cast<uint8_t>(TraceKind::kCount) ||
      in.purpose >= static_cast<uint8_t>(Purpose::kCount) || in.card >= cards_.size() ||
      std::memcmp(in.zero, kZero, sizeof kZero) != 0) {
    (void)fail("record " + std::to_string(records_) + " is damaged");
    return false;
  }
  at_ += sizeof in;
  ++records_;
  *card = in.card;
  *record = {};
  record->time_ps = in.time_ps;
  record->kind = static_cast<TraceKind>(in.kind);
  record->purpose = static_cast<Purpose>(in.purpose);
  record->queue = in.queue;
  record->id = in.id;
  record->chain = in.chain;
  record->size = in.size;
  record->frame = in.frame;
  record->address = in.address;
  record->value = in.value;
  return true;
}

}  // namespace ringside::hw
