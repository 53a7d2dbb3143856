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

#include "formats/random.h"

namespace ringside::tb {

namespace {

/// Words that are made one by one; sources beyond that repeat them, changed from block to block.
constexpr uint64_t kBlockWords = 8192;

}  // namespace

ByteSource ByteSource::seeded(uint64_t seed, uint64_t size) {
  ByteSource source;
  source.seed_ = seed;
  source.size_ = size;
  if (size > 8 * kBlockWords) {
    source.block_.resize(kBlockWords);
    for (uint64_t i = 0; i < kBlockWords; ++i) source.block_[i] = splitmix64(seed, i);
  }
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
      block_(std::move(other.block_)),
      mapped_(std::exchange(other.mapped_, nullptr)) {}

ByteSource& ByteSource::operator=(ByteSource&& other) noexcept {
  std::swap(seed_, other.seed_);
  std::swap(size_, other.size_);
  std::swap(block_, other.block_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

ByteSource::~ByteSource() {
  if (mapped_ != nullptr) munmap(const_cast<std::byte*>(mapped_), size_);
}

uint64_t ByteSource::word_at(uint64_t index) const {
  if (block_.empty()) return splitmix64(seed_, index);
  return block_[index % kBlockWords] ^ splitmix64(~seed_, index / kBlockWords);
}

ByteView ByteSource::read(uint64_t offset, MutableByteView buffer) const {
  if (mapped_ != nullptr) return {mapped_ + offset, buffer.size()};
  std::byte* to = buffer.data();
  uint64_t left = buffer.size();
  uint64_t index = offset / 8;
  if (const uint64_t skip = offset % 8; skip != 0 && left != 0) {
    const uint64_t word = word_at(index++);
    const uint64_t piece = std::min(left, 8 - skip);
    std::memcpy(to, reinterpret_cast<const std::byte*>(&word) + skip, piece);
    to += piece;
    left -= piece;
  }
  while (left >= 8) {
    if (block_.empty()) {
      const uint64_t word = word_at(index++);
      std::memcpy(to, &word, 8);
      to += 8;
      left -= 8;
      continue;
    }
    const uint64_t first = index % kBlockWords;
    const uint64_t change = splitmix64(~seed_, index / kBlockWords);
    const uint64_t words = std::min(left / 8, kBlockWords - first);
    const uint64_t* block = block_.data() + first;  // which no write to `to` can change
    for (uint64_t i = 0; i < words; ++i) {
      const uint64_t word = block[i] ^ change;
      std::memcpy(to + 8 * i, &word, 8);
    }
    index += words;
    to += 8 * words;
    left -= 8 * words;
  }
  if (left != 0) {
    const uint64_t word = word_at(index);
    std::memcpy(to, &word, left);
  }
  return buffer;
}

}  // namespace ringside::tb
