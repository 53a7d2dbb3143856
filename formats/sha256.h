// SPDX-License-Identifier: Apache-2.0
// Streaming SHA-256 (FIPS 180-4): what proves that a transferred file arrived whole.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "formats/units.h"

struct evp_md_ctx_st;

namespace ringside::formats {

/// SHA-256 of a stream of bytes that comes in pieces of any size. Throws std::runtime_error only if
/// OpenSSL has no SHA-256 or no memory.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(ByteView bytes);
  /// The digest of everything so far; more may follow.
  std::array<uint8_t, 32> digest() const;
  /// The same as 64 lower-case hexadecimal digits.
  std::string hex() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// SHA-256 of one range, as hexadecimal digits.
std::string sha256_hex(ByteView bytes);

}  // namespace ringside::formats
