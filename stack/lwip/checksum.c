/* SPDX-License-Identifier: Apache-2.0
 * The Internet checksum (RFC 1071) as a sum of 32-bit words, which compilers vectorise. */
#include <string.h>

#include "stack/lwip/internal.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
/* Once more with wide vectors, chosen when the object is loaded: the result is the same. */
#define FOR_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define FOR_WIDE_VECTORS
#endif

/* The sum of 32-bit words, of which there are `count`. */
FOR_WIDE_VECTORS
static uint64_t sum_words(const u8_t* bytes, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t word;
    memcpy(&word, bytes + 4 * i, 4);
    sum += word;
  }
  return sum;
}

/* The folded sum in memory order, not inverted; lwIP's LWIP_CHKSUM. */
u16_t ringside_checksum(const void* data, int size) {
  const u8_t* bytes = (const u8_t*)data;
  size_t left = size > 0 ? (size_t)size : 0;
  ringside_shared->checksum_bytes += left;
  const size_t words = left / 4;
  uint64_t sum = sum_words(bytes, words);
  bytes += 4 * words;
  left -= 4 * words;
  uint32_t tail = 0;
  memcpy(&tail, bytes, left);
  sum += tail;
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffu) + (sum >> 16);
  sum = (sum & 0xffffu) + (sum >> 16);
  return (u16_t)sum;
}
