// SPDX-License-Identifier: Apache-2.0
// See byte_source.h.
#include "testbench/apps/byte_source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ringside::tb {

namespace {

__extension__ using Wide = unsigned __int128;

/// Counter through one wide multiplication, as wyrand: any word can be made by itself.
uint64_t word_at(uint64_t seed, uint64_t index) {
  const uint64_t counter = seed + index * 0xA0761D6478BD642Fu;
  const Wide product = static_cast<Wide>(counter) * (counter ^ 0xE7037ED1A0B428DBu);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

ByteSource ByteSource::seeded(uint64_t seed, uint64_t size) {
  ByteSource source;
  source.seed_ = seed;
  source.size_ = size;
  return source;
}

Status ByteSource::open(const std::string& path, ByteSource* source) {
  const auto failed = [&] { return Status::failure(path + ": " + std::strerror(errno)); };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed();
  struct stat info {};
  Status status;
  ByteSource opened;
  if (fstat(descriptor, &info) != 0) {
    status = failed();
  } else if (!S_ISREG(info.st_mode)) {
    status = Status::failure(path + ": not a regular file");
  } else if (info.st_size != 0) {
    opened.size_ = static_cast<uint64_t>(info.st_size);
    void* mapped = mmap(nullptr, opened.size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED) {
      opened.size_ = 0;
      status = failed();
    } else {
      opened.mapped_ = static_cast<const std::byte*>(mapped);
    }
  }
  ::close(descriptor);
  if (status.ok()) *source = std::move(opened);
  return status;
}

ByteSource::ByteSource(ByteSource&& other) noexcept
    : seed_(other.seed_),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, nullptr)) {}

ByteSource& ByteSource::operator=(ByteSource&& other) noexcept {
  std::swap(seed_, other.seed_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

ByteSource::~ByteSource() {
  if (mapped_ != nullptr) munmap(const_cast<std::byte*>(mapped_), size_);
}

ByteView ByteSource::read(uint64_t offset, MutableByteView buffer) const {
  if (mapped_ != nullptr) return {mapped_ + offset, buffer.size()};
  std::byte* to = buffer.data();
  uint64_t left = buffer.size();
  uint64_t index = offset / 8;
  if (const uint64_t skip = offset % 8; skip != 0 && left != 0) {
    const uint64_t word = word_at(seed_, index++);
    const uint64_t piece = std::min(left, 8 - skip);
    std::memcpy(to, reinterpret_cast<const std::byte*>(&word) + skip, piece);
    to += piece;
    left -= piece;
  }
  for (; left >= 8; left -= 8, to += 8) {
    const uint64_t word = word_at(seed_, index++);
    std::memcpy(to, &word, 8);
  }
  if (left != 0) {
    const uint64_t word = word_at(seed_, index);
    std::memcpy(to, &word, left);
  }
  return buffer;
}

}  // namespace ringside::tb
