/* SPDX-License-Identifier: Apache-2.0
 * Initial sequence numbers as RFC 6528 wants them: a clock plus a keyed hash (SipHash-2-4) of the
 * connection. The key comes from the run's seed. */
#include <string.h>

#include "stack/lwip/hooks.h"
#include "stack/lwip/internal.h"

uint64_t ringside_seed[2];

static uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[2] += v[3];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] = rotate(v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] = rotate(v[2], 32);
}

static uint64_t sip_hash(const uint64_t* words, unsigned count, const uint64_t key[2]) {
  uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                   key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
  for (unsigned i = 0; i <= count; ++i) {
    const uint64_t word = i < count ? words[i] : (uint64_t)(8 * count) << 56;
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
  }
  v[2] ^= 0xff;
  for (int i = 0; i < 4; ++i) {
    sip_round(v);
  }
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

u32_t ringside_initial_sequence(const ip_addr_t* local_ip, u16_t local_port,
                                const ip_addr_t* remote_ip, u16_t remote_port) {
  struct LwipAddress local, remote;
  uint64_t words[5];
  ringside_from_ip(local_ip, local_port, &local);
  ringside_from_ip(remote_ip, remote_port, &remote);
  memcpy(words, local.bytes, 16);
  memcpy(words + 2, remote.bytes, 16);
  words[4] = (uint64_t)local_port << 16 | remote_port;
  enum { kTickNs = 64 };
  return (u32_t)(sip_hash(words, 5, ringside_seed) + ringside_shared->now_ns / kTickNs);
}
