// SPDX-License-Identifier: Apache-2.0
// The Internet checksum, sixteen bytes a step: 32-bit halves added into 64-bit lanes need no carry.
#include "formats/checksum.h"

#include "formats/byte_order.h"

namespace ringside::formats {
namespace {

/// Folds to 32 bits and a little: any number of such values below 2^31 may be added again.
constexpr uint64_t fold64(uint64_t sum) { return (sum & 0xFFFFFFFF) + (sum >> 32); }

constexpr uint16_t fold16(uint64_t sum) {
  sum = fold64(fold64(sum));
  sum = (sum & 0xFFFF) + (sum >> 16);
  sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>((sum & 0xFFFF) + (sum >> 16));
}

/// Sum of the little-endian 16-bit words of `bytes`, modulo 2^16 - 1, the last padded with zero.
uint64_t sum_words(ByteView bytes) {
  const std::byte* data = bytes.data();
  std::size_t size = bytes.size();
  // Two lanes a 64-bit word, apart, so that the compiler can keep them in one vector register. Each
  // takes 2^32 steps before it could overflow.
  uint64_t low = 0;
  uint64_t high = 0;
  const std::size_t words = size / 8;
  for (std::size_t i = 0; i < words; ++i) {
    const auto word = load_le<uint64_t>(data + 8 * i);
    low += word & 0xFFFFFFFF;
    high += word >> 32;
  }
  data += 8 * words;
  size -= 8 * words;
  uint64_t sum = fold64(low) + fold64(high);
  if (size >= 4) {
    sum += load_le<uint32_t>(data);
    data += 4;
    size -= 4;
  }
  if (size >= 2) {
    sum += load_le<uint16_t>(data);
    data += 2;
    size -= 2;
  }
  if (size != 0) sum += load_u8(data);
  return sum;
}

}  // namespace

void ChecksumSum::add(ByteView bytes) {
  uint64_t sum = sum_words(bytes);
  // A piece that begins at an odd place has its bytes in the other half of each word.
  if (odd_) sum = swap_bytes(fold16(sum));
  sum_ += fold64(sum);
  odd_ ^= (bytes.size() & 1) != 0;
}

void ChecksumSum::add_pseudo_header(const Ipv4Address& source, const Ipv4Address& destination,
                                    uint8_t protocol, uint16_t length) {
  sum_ += sum_words(std::as_bytes(std::span(source.bytes)));
  sum_ += sum_words(std::as_bytes(std::span(destination.bytes)));
  add_word(protocol);
  add_word(length);
}

void ChecksumSum::add_pseudo_header(const Ipv6Address& source, const Ipv6Address& destination,
                                    uint8_t next_header, uint32_t length) {
  sum_ += sum_words(std::as_bytes(std::span(source.bytes)));
  sum_ += sum_words(std::as_bytes(std::span(destination.bytes)));
  add_word(static_cast<uint16_t>(length >> 16));
  add_word(static_cast<uint16_t>(length));
  add_word(next_header);
}

uint16_t ChecksumSum::folded() const { return swap_bytes(fold16(sum_)); }

uint16_t internet_checksum(ByteView bytes) {
  ChecksumSum sum;
  sum.add(bytes);
  return sum.checksum();
}

}  // namespace ringside::formats
