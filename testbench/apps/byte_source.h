// SPDX-License-Identifier: Apache-2.0
// The bytes of a flow: a file, or seeded bytes that need no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "formats/status.h"
#include "formats/units.h"

namespace ringside::tb {

class ByteSource {
 public:
  /// `size` bytes that depend on `seed` and offset only.
  static ByteSource seeded(uint64_t seed, uint64_t size);
  /// Maps `path`, which must not change while the source lives.
  static Status open(const std::string& path, ByteSource* source);

  ByteSource() = default;
  ByteSource(ByteSource&& other) noexcept;
  ByteSource& operator=(ByteSource&& other) noexcept;
  ~ByteSource();

  uint64_t size() const { return size_; }
  /// [offset, offset + buffer.size()), all of it inside the source: either a view of the file, or
  /// `buffer` filled. Thread-safe.
  ByteView read(uint64_t offset, MutableByteView buffer) const;

 private:
  uint64_t word_at(uint64_t index) const;

  uint64_t seed_ = 0;
  uint64_t size_ = 0;
  /// One block of seeded words; block n is this one, each word changed by what n makes of the seed.
  std::vector<uint64_t> block_;
  const std::byte* mapped_ = nullptr;
};

}  // namespace ringside::tb
