/* SPDX-License-Identifier: Apache-2.0
 * lwIP's hooks: initial sequence numbers that depend on the seed, the IPv6 default route, and what
 * a segment's checksum is charged. */
#ifndef RINGSIDE_LWIP_HOOKS_H
#define RINGSIDE_LWIP_HOOKS_H

#include "lwip/ip_addr.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

u32_t ringside_initial_sequence(const ip_addr_t* local_ip, u16_t local_port,
                                const ip_addr_t* remote_ip, u16_t remote_port);
const ip6_addr_t* ringside_gateway_v6(struct netif* netif, const ip6_addr_t* destination);

#ifdef RINGSIDE_LWIP_TCP_OUT
/* tcp_out.c sums data while it copies or splits them, for nothing; a segment that leaves is charged
 * all of its bytes, as if they were summed then. */
u16_t ringside_checksum_segment(struct pbuf* p, u8_t protocol, u16_t size, u16_t summed_here,
                                const ip_addr_t* source, const ip_addr_t* destination);
u16_t ringside_checksum_uncharged(const void* data, u16_t size);
#define ip_chksum_pseudo_partial ringside_checksum_segment
#define inet_chksum ringside_checksum_uncharged
#endif

#define LWIP_HOOK_TCP_ISN ringside_initial_sequence
#define LWIP_HOOK_ND6_GET_GW ringside_gateway_v6

#endif
