/* SPDX-License-Identifier: Apache-2.0
 * lwIP's compiler and platform header: byte order, assertions, randomness. */
#ifndef RINGSIDE_LWIP_ARCH_CC_H
#define RINGSIDE_LWIP_ARCH_CC_H

#include <stdint.h>
#include <stdlib.h>

#ifndef BYTE_ORDER
#define BYTE_ORDER LITTLE_ENDIAN
#endif

#define lwip_htons(x) __builtin_bswap16(x)
#define lwip_htonl(x) __builtin_bswap32(x)

uint32_t ringside_random(void);
void ringside_assertion_failed(const char* message);

#define LWIP_RAND() ringside_random()
#define LWIP_PLATFORM_ASSERT(message) ringside_assertion_failed(message)
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_NO_UNISTD_H 1

#endif
