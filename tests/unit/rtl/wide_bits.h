// SPDX-License-Identifier: Apache-2.0
// Fields of wide Verilated ports.
#pragma once

#include <verilated.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ringside::test {

/// Sets bits [at, at + width) of a port of more than 64 bits; `width` is at most 64.
template <std::size_t Words>
void set_bits(VlWide<Words>& port, unsigned at, unsigned width, uint64_t value) {
  for (unsigned bit = 0; bit < width; ++bit) {
    const unsigned place = at + bit;
    const uint32_t mask = 1U << (place % 32);
    if (((value >> bit) & 1) != 0) {
      port.m_storage[place / 32] |= mask;
    } else {
      port.m_storage[place / 32] &= ~mask;
    }
  }
}

/// Bits [at, at + width) of a port of more than 64 bits; `width` is at most 64.
template <std::size_t Words>
uint64_t get_bits(const VlWide<Words>& port, unsigned at, unsigned width) {
  uint64_t value = 0;
  for (unsigned bit = 0; bit < width; ++bit) {
    const unsigned place = at + bit;
    value |= uint64_t{(port.m_storage[place / 32] >> (place % 32)) & 1} << bit;
  }
  return value;
}

/// Byte k is in bits 8k+7:8k, from bit 8 * `at` on.
template <std::size_t Words>
void set_bytes(VlWide<Words>& port, std::size_t at, std::span<const uint8_t> bytes) {
  std::memcpy(reinterpret_cast<uint8_t*>(port.m_storage) + at, bytes.data(), bytes.size());
}

template <std::size_t Words>
uint8_t get_byte(const VlWide<Words>& port, std::size_t at) {
  return static_cast<uint8_t>(port.m_storage[at / 4] >> (8 * (at % 4)));
}

}  // namespace ringside::test
