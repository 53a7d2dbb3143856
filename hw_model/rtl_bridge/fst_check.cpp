// SPDX-License-Identifier: Apache-2.0
// See fst_check.h. The format has no specification but GTKWave's fstapi.c.
#include "hw_model/rtl_bridge/fst_check.h"

#include <cstdint>
#include <fstream>
#include <optional>
#include <vector>

namespace ringside::hw {

namespace {

/// First byte of a block; then the length of the rest in 8 bytes, themselves included, as all
/// numbers are: highest byte first.
enum Block : uint8_t {
  kHeader = 0,
  kChanges = 1,
  kGeometry = 3,
  kHierarchy = 4,  ///< by gzip
  kChangesWithAliases = 5,
  kHierarchyLz4 = 6,
  kHierarchyLz4Twice = 7,
  kChangesWithAliases2 = 8,
};

constexpr uint64_t kBlockHead = 9;
/// Of changes: first and last time, and memory that reading takes; at the end lengths of the table
/// of times, whole and compressed, and its number of entries.
constexpr uint64_t kLeastChanges = 8 + 3 * 8 + 3 * 8;
/// In the header's block: how many blocks of changes there are.
constexpr uint64_t kCountAt = 8 + 8 * 7;
constexpr uint64_t kLargestHierarchy = uint64_t{1} << 31;

class File {
 public:
  explicit File(const std::string& path) : file_(path, std::ios::binary | std::ios::ate) {
    if (file_) size_ = static_cast<uint64_t>(file_.tellg());
  }
  bool good() const { return static_cast<bool>(file_); }
  uint64_t size() const { return size_; }
  std::vector<uint8_t> read(uint64_t at, uint64_t size) {
    std::vector<uint8_t> bytes;
    if (at > size_ || size > size_ - at) {
      file_.setstate(std::ios::failbit);
      return bytes;
    }
    bytes.resize(size);
    file_.seekg(static_cast<std::streamoff>(at));
    file_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    return bytes;
  }
  uint64_t number(uint64_t at) {
    uint64_t value = 0;
    for (const uint8_t byte : read(at, 8)) value = value << 8 | byte;
    return value;
  }

 private:
  std::ifstream file_;
  uint64_t size_ = 0;
};

/// How many bytes an LZ4 block stands for; nothing if it is none, or is cut.
std::optional<uint64_t> lz4_size(const std::vector<uint8_t>& in, std::size_t at) {
  constexpr unsigned kMore = 15, kLeastMatch = 4;
  uint64_t size = 0;
  bool good = true;
  const auto next = [&]() -> unsigned {
    good = good && at < in.size();
    return good ? in[at++] : 0;
  };
  const auto length = [&](unsigned nibble) {
    uint64_t total = nibble;
    unsigned byte = nibble == kMore ? 0xFF : 0;
    while (byte == 0xFF && good) total += byte = next();
    return total;
  };
  while (good) {
    const unsigned token = next();
    const uint64_t literals = length(token >> 4);
    good = good && literals <= in.size() - at;
    if (!good) break;
    at += literals;
    size += literals;
    if (at == in.size()) return size;  // the last has no match
    const unsigned low = next();
    const unsigned distance = low | next() << 8;
    size += length(token & kMore) + kLeastMatch;
    good = good && distance != 0 && distance <= size;
  }
  return std::nullopt;
}

/// A block of type `type` whose content, `size` bytes, is at `at`.
bool is_hierarchy(File& file, uint8_t type, uint64_t at, uint64_t size) {
  if (size < 8 || size > kLargestHierarchy) return false;
  if (type == kHierarchy) return size > 8;
  uint64_t expected = file.number(at);
  const std::vector<uint8_t> bytes = file.read(at + 8, size - 8);
  if (!file.good()) return false;
  std::size_t begin = 0;
  if (type == kHierarchyLz4Twice) {
    // The inner length, seven bits a byte, lowest first. What is inside is whole if this is.
    expected = 0;
    unsigned shift = 0;
    do {
      if (begin == bytes.size() || shift > 56) return false;
      expected |= uint64_t{bytes[begin] & 0x7FU} << shift;
      shift += 7;
    } while ((bytes[begin++] & 0x80) != 0);
  }
  return lz4_size(bytes, begin) == expected;
}

bool has_times(File& file, uint64_t at, uint64_t size) {
  if (size < kLeastChanges) return false;
  const uint64_t whole = file.number(at + size - 24);
  const uint64_t packed = file.number(at + size - 16);
  const uint64_t entries = file.number(at + size - 8);
  return packed <= size - kLeastChanges && packed <= whole && entries <= whole;
}

}  // namespace

bool fst_is_whole(const std::string& path) {
  File file(path);
  uint64_t at = 0, changes = 0, changes_expected = 0;
  bool header = false, geometry = false, hierarchy = false;
  while (file.good() && at < file.size()) {
    if (file.size() - at < kBlockHead) return false;
    const uint8_t type = file.read(at, 1)[0];
    const uint64_t length = file.number(at + 1);
    if (length < 8 || length > file.size() - at - 1) return false;
    const uint64_t content = at + kBlockHead, size = length - 8;
    switch (type) {
      case kHeader:
        if (at != 0 || size < kCountAt) return false;
        header = true;
        changes_expected = file.number(at + 1 + kCountAt);
        break;
      case kChanges:
      case kChangesWithAliases:
      case kChangesWithAliases2:
        if (!has_times(file, content, size)) return false;
        ++changes;
        break;
      case kGeometry:
        geometry = true;
        break;
      case kHierarchy:
      case kHierarchyLz4:
      case kHierarchyLz4Twice:
        if (!is_hierarchy(file, type, content, size)) return false;
        hierarchy = true;
        break;
      case 0xFF:  // unfinished
        return false;
      default:
        break;
    }
    at += 1 + length;
  }
  return file.good() && header && geometry && hierarchy && changes == changes_expected;
}

}  // namespace ringside::hw
