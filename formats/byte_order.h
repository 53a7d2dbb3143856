// SPDX-License-Identifier: Apache-2.0
// Loads and stores of big-endian (network order) and little-endian fields at any alignment.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ringside::formats {

static_assert(std::endian::native == std::endian::little);

constexpr uint16_t swap_bytes(uint16_t value) { return __builtin_bswap16(value); }
constexpr uint32_t swap_bytes(uint32_t value) { return __builtin_bswap32(value); }
constexpr uint64_t swap_bytes(uint64_t value) { return __builtin_bswap64(value); }

/// The caller has checked that sizeof(T) bytes lie at `from`.
template <std::unsigned_integral T>
T load_le(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Likewise, network order.
template <std::unsigned_integral T>
T load_be(const std::byte* from) {
  return swap_bytes(load_le<T>(from));
}

/// A type that is bytes, such as an address: sizeof(T) bytes as they lie at `from`.
template <typename T>
requires std::is_trivially_copyable_v<T> &&(alignof(T) == 1) T load_bytes(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline uint8_t load_u8(const std::byte* from) { return static_cast<uint8_t>(*from); }

/// The caller has checked that sizeof(T) bytes may be written at `to`.
template <std::unsigned_integral T>
void store_le(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

/// Likewise, network order.
template <std::unsigned_integral T>
void store_be(std::byte* to, T value) {
  store_le(to, swap_bytes(value));
}

}  // namespace ringside::formats
