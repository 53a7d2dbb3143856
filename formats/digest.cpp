// SPDX-License-Identifier: Apache-2.0
// XXH3-128 streaming through libxxhash.
#include "formats/digest.h"

#include <xxhash.h>
// After xxhash.h: takes the widest vectors that the processor has. Same results, twice the speed.
#include <xxh_x86dispatch.h>

#include <bit>
#include <new>

#include "formats/hex.h"

namespace ringside::formats {

uint64_t hash64(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

// The records' headers are hashed as they lie in memory.
static_assert(std::endian::native == std::endian::little);

void StreamDigest::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

StreamDigest::StreamDigest(std::size_t block_bytes)
    : state_(XXH3_createState()),
      block_bytes_(block_bytes),
      block_(std::make_unique_for_overwrite<std::byte[]>(block_bytes)) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_.get());
}

StreamDigest::StreamDigest(StreamDigest&&) noexcept = default;
StreamDigest& StreamDigest::operator=(StreamDigest&&) noexcept = default;
StreamDigest::~StreamDigest() = default;

void StreamDigest::update_slow(ByteView bytes) {
  XXH3_128bits_update(state_.get(), block_.get(), used_);
  used_ = 0;
  if (bytes.size() >= kDirectBytes) {
    XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
  } else if (!bytes.empty()) {
    std::memcpy(block_.get(), bytes.data(), bytes.size());
    used_ = bytes.size();
  }
}

std::string StreamDigest::hex() const {
  const std::unique_ptr<XXH3_state_s, Free> copy(XXH3_createState());
  if (copy == nullptr) throw std::bad_alloc();
  XXH3_copyState(copy.get(), state_.get());
  XXH3_128bits_update(copy.get(), block_.get(), used_);
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(copy.get()));
  return hex_digits(canonical.digest);
}

}  // namespace ringside::formats
