/* SPDX-License-Identifier: Apache-2.0
 * lwIP's hooks: initial sequence numbers that depend on the seed, and the IPv6 default route. */
#ifndef RINGSIDE_LWIP_HOOKS_H
#define RINGSIDE_LWIP_HOOKS_H

#include "lwip/ip_addr.h"
#include "lwip/netif.h"

u32_t ringside_initial_sequence(const ip_addr_t* local_ip, u16_t local_port,
                                const ip_addr_t* remote_ip, u16_t remote_port);
const ip6_addr_t* ringside_gateway_v6(struct netif* netif, const ip6_addr_t* destination);

#define LWIP_HOOK_TCP_ISN ringside_initial_sequence
#define LWIP_HOOK_ND6_GET_GW ringside_gateway_v6

#endif
