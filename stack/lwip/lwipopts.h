/* SPDX-License-Identifier: Apache-2.0
 * lwIP 2.1.3's configuration: raw API, both IP versions, memory and time from outside. */
#ifndef RINGSIDE_LWIPOPTS_H
#define RINGSIDE_LWIPOPTS_H

#include <stddef.h>
#include <stdint.h>

/* -- no operating system: one entry at a time, guarded by the outside's stack lock */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_HOOK_FILENAME "stack/lwip/hooks.h"
/* stack/lwip/timers.c takes the place of timeouts.c. */
#define LWIP_TIMERS 1
#define LWIP_TIMERS_CUSTOM 1

/* -- memory: all of it from the outside, so that it lies where a device can read it */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define MEM_SIZE (1u << 30)
void* ringside_allocate(size_t size);
void* ringside_allocate_zeroed(size_t count, size_t size);
void ringside_deallocate(void* memory);
#define mem_clib_malloc ringside_allocate
#define mem_clib_calloc ringside_allocate_zeroed
#define mem_clib_free ringside_deallocate

/* -- interface */
#define LWIP_SINGLE_NETIF 0
#define LWIP_NETIF_TX_SINGLE_PBUF 0
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 0
#define ETH_PAD_SIZE 0
#define ARP_TABLE_SIZE 16
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 64
#define MEMP_NUM_ARP_QUEUE 64
#define ETHARP_SUPPORT_STATIC_ENTRIES 1

/* -- IPv4 */
#define LWIP_IPV4 1
#define LWIP_ICMP 1
#define LWIP_RAW 1
#define LWIP_DHCP 0
#define LWIP_DNS 0
#define LWIP_IGMP 0
#define IP_REASSEMBLY 1
#define IP_FRAG 1
/* Four datagrams of 64 KiB in 576-byte pieces. */
#define IP_REASS_MAX_PBUFS 512
#define MEMP_NUM_REASSDATA 64
#define IP_SOF_BROADCAST 1
/* As on Linux, where the option is about sending. */
#define IP_SOF_BROADCAST_RECV 0
#define SO_REUSE 1

/* -- IPv6 */
#define LWIP_IPV6 1
#define LWIP_IPV6_NUM_ADDRESSES 4
#define LWIP_IPV6_FRAG 1
#define LWIP_IPV6_REASS 1
/* 64-bit pointers do not fit into the fragment header that reassembly would overwrite. */
#define IPV6_FRAG_COPYHEADER 1
#define LWIP_IPV6_MLD 0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define LWIP_IPV6_AUTOCONFIG 0
#define LWIP_ND6_NUM_NEIGHBORS 16
#define LWIP_ND6_NUM_DESTINATIONS 16
#define LWIP_ND6_QUEUEING 1
#define MEMP_NUM_ND6_QUEUE 64

/* -- UDP and TCP */
#define LWIP_UDP 1
#define LWIP_TCP 1
#define TCP_MSS 8960
#ifdef RINGSIDE_LWIP_SANITY
/* init.c checks these with the preprocessor: the largest values that the outside may set. */
#define TCP_WND (4u << 20)
#define TCP_SND_BUF (4u << 20)
#else
extern uint32_t ringside_tcp_window, ringside_tcp_send_buffer;
#define TCP_WND ringside_tcp_window
#define TCP_SND_BUF ringside_tcp_send_buffer
#endif
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 7
#define TCP_SND_QUEUELEN 0xffff
#define TCP_SNDLOWAT (0xFFFF - 4 * TCP_MSS - 1)
#define TCP_SNDQUEUELOWAT 16
#define MEMP_NUM_TCP_SEG 0xffff
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_LISTEN_BACKLOG 1
#define TCP_DEFAULT_LISTEN_BACKLOG 0xff
#define TCP_OVERSIZE TCP_MSS
extern uint32_t ringside_tcp_timer_ms, ringside_tcp_msl_ms;
#define TCP_TMR_INTERVAL ringside_tcp_timer_ms
#define TCP_MSL ringside_tcp_msl_ms

/* -- checksums: a function that compilers vectorise, switched per interface */
uint16_t ringside_checksum(const void* data, int size);
#define LWIP_CHKSUM ringside_checksum
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
/* What an application sends is summed as it is copied and not read once more when it leaves. The
 * host is charged when it leaves (hooks.h). */
#define LWIP_CHECKSUM_ON_COPY 1
uint16_t ringside_checksum_copy(void* to, const void* from, uint16_t size);
#define LWIP_CHKSUM_COPY ringside_checksum_copy

/* -- counters */
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define MEM_STATS 0
#define MEMP_STATS 0
#define SYS_STATS 0
#define MIB2_STATS 1

#endif
