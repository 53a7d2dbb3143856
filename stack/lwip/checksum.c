/* SPDX-License-Identifier: Apache-2.0
 * The Internet checksum (RFC 1071) as a sum of 32-bit words, which compilers vectorise. */
#include <string.h>

#include "lwip/inet_chksum.h"
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

/* The folded sum in memory order, not inverted. */
static u16_t sum_of(const void* data, size_t left) {
  const u8_t* bytes = (const u8_t*)data;
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

/* lwIP's LWIP_CHKSUM. */
u16_t ringside_checksum(const void* data, int size) {
  const size_t bytes = size > 0 ? (size_t)size : 0;
  ringside_shared->checksum_bytes += bytes;
  return sum_of(data, bytes);
}

/* lwIP's LWIP_CHKSUM_COPY. */
u16_t ringside_checksum_copy(void* to, const void* from, u16_t size) {
  memcpy(to, from, size);
  return sum_of(to, size);
}

u16_t ringside_checksum_uncharged(const void* data, u16_t size) {
  return (u16_t)~sum_of(data, size);
}

/* Of `size` bytes only the first are summed here: the header. */
u16_t ringside_checksum_segment(struct pbuf* p, u8_t protocol, u16_t size, u16_t summed_here,
                                const ip_addr_t* source, const ip_addr_t* destination) {
  ringside_shared->checksum_bytes += (uint64_t)(size - summed_here);
  return ip_chksum_pseudo_partial(p, protocol, size, summed_here, source, destination);
}
