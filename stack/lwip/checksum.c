/* SPDX-License-Identifier: Apache-2.0
 * The Internet checksum (RFC 1071) as a sum of 32-bit words, which compilers vectorise. */
#include <string.h>

#include "stack/lwip/internal.h"

/* The folded sum in memory order, not inverted; lwIP's LWIP_CHKSUM. */
u16_t ringside_checksum(const void* data, int size) {
  const u8_t* bytes = (const u8_t*)data;
  size_t left = size > 0 ? (size_t)size : 0;
  uint64_t sum = 0;
  ringside_shared->checksum_bytes += left;
  const size_t words = left / 4;
  for (size_t i = 0; i < words; ++i) {
    uint32_t word;
    memcpy(&word, bytes + 4 * i, 4);
    sum += word;
  }
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
