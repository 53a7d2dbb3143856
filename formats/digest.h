// SPDX-License-Identifier: Apache-2.0
// The digest of a run: XXH3-128 over the ordered records of what happened, equal on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "formats/units.h"

struct XXH3_state_s;

namespace ringside::formats {

/// XXH3-64 of `bytes` (seed 0): stands for them where they are compared and not kept.
uint64_t hash64(ByteView bytes);

/// XXH3-128 of a stream that comes in many small pieces, which are gathered into blocks first.
class StreamDigest {
 public:
  static constexpr std::size_t kBlockBytes = 16384;
  /// Pieces from this size on are hashed where they lie.
  static constexpr std::size_t kDirectBytes = 1024;

  /// `block_bytes`: what is gathered; kDirectBytes at least.
  explicit StreamDigest(std::size_t block_bytes = kBlockBytes);
  StreamDigest(StreamDigest&&) noexcept;
  StreamDigest& operator=(StreamDigest&&) noexcept;
  ~StreamDigest();

  void update(ByteView bytes) {
    if (bytes.size() > block_bytes_ - used_ || bytes.size() >= kDirectBytes) {
      update_slow(bytes);
      return;
    }
    if (!bytes.empty()) std::memcpy(block_.get() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  /// As update() with the fields one behind another, as they lie in memory.
  template <typename... Fields>
  void update_fields(const Fields&... fields) {
    constexpr std::size_t kBytes = (sizeof fields + ...);
    static_assert(kBytes < kDirectBytes);
    if (kBytes > block_bytes_ - used_) update_slow({});
    ((std::memcpy(block_.get() + used_, &fields, sizeof fields), used_ += sizeof fields), ...);
  }
  /// Digest of everything so far as 32 lower-case hexadecimal digits (canonical, big-endian); more
  /// may follow. Does not depend on how the stream was cut.
  std::string hex() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  void update_slow(ByteView bytes);

  std::unique_ptr<XXH3_state_s, Free> state_;
  std::size_t block_bytes_;
  std::unique_ptr<std::byte[]> block_;
  std::size_t used_ = 0;
};

/// Digest over records (time, kind, source, bytes) in the order in which they are given. Records do
/// not run into one another: the length is part of each.
class RunDigest {
 public:
  /// `kind` and `source` are the caller's numbers; they must not depend on the machine.
  /// `place` is where the bytes belong (a bus address), 0 where that means nothing.
  void record(uint64_t time_ps, uint8_t kind, uint32_t source, ByteView bytes, uint64_t place = 0) {
    // Straight to their place: what reads as one what has just been written as many waits for it.
    stream_.update_fields(time_ps, kind | uint64_t{bytes.size()} << 8, place, source);
    stream_.update(bytes);
    ++records_;
  }
  /// As StreamDigest::hex.
  std::string hex() const { return stream_.hex(); }
  uint64_t records() const { return records_; }

 private:
  /// There may be hundreds, of which each must not push the others out of the caches.
  StreamDigest stream_{2 * StreamDigest::kDirectBytes};
  uint64_t records_ = 0;
};

}  // namespace ringside::formats
