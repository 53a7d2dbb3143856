/* SPDX-License-Identifier: Apache-2.0
 * What the files of the loaded object share. */
#ifndef RINGSIDE_LWIP_INTERNAL_H
#define RINGSIDE_LWIP_INTERNAL_H

#include "lwip/err.h"
#include "lwip/ip_addr.h"
#include "lwip/memp.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "stack/lwip_ops.h"

extern struct LwipCallbacks ringside_callbacks;
extern struct LwipShared* ringside_shared;
extern struct netif ringside_netif;
extern uint64_t ringside_seed[2];

/* lwIP's error as LwipResult. */
int ringside_result(err_t error);
/* Family 4 or 6 with the interface's zone for link-local addresses; false for another family. */
int ringside_to_ip(const struct LwipAddress* address, ip_addr_t* ip);
/* As ringside_to_ip, for bind: the any address of family 6 takes both families unless `v6_only`. */
int ringside_to_bind_ip(const struct LwipAddress* address, int v6_only, ip_addr_t* ip);
void ringside_from_ip(const ip_addr_t* ip, u16_t port, struct LwipAddress* address);
/* True for the any address and for the interface's own. */
int ringside_is_local(const ip_addr_t* ip);
/* An address type for new control blocks; IPv6 ones take both families. */
u8_t ringside_ip_type(int family);

/* -- interface.c */
int ringside_interface_add(const struct LwipInterface* config);
void ringside_interface_set_up(int up, int link_up);
void ringside_link_set(int up);
void ringside_link_local(struct LwipAddress* address);
void ringside_input(const struct LwipRxSegment* segments, unsigned count);
void ringside_frame_free(void* frame);
void ringside_frame_copy(const void* frame, void* to);
/* Gives every receive buffer back that is still held. */
void ringside_release_all(void);
void ringside_loopback(void);

/* -- segments.c: memp_malloc and memp_free of lwIP's TCP. */
void* ringside_memp_malloc(memp_t type);
void ringside_memp_free(memp_t type, void* memory);

/* -- timers.c */
void ringside_timers(void);
extern uint64_t ringside_tcp_timeouts;

/* -- data.c */
void ringside_data_append(struct LwipData* data, void* chain, uint32_t size);
uint32_t ringside_data_copy(const struct LwipData* data, void* to, uint32_t size);
void ringside_data_consume(struct LwipData* data, uint32_t size);
void ringside_chain_free(void* chain);

/* -- tcp.c */
void* ringside_tcp_new(int family, void* socket);
void ringside_tcp_set_options(void* pcb, const struct LwipTcpOptions* options);
int ringside_tcp_bind(void* pcb, const struct LwipAddress* address, int v6_only);
int ringside_tcp_listen(void** pcb, int backlog);
void ringside_tcp_backlog_set(void* pcb, int backlog);
void ringside_tcp_backlog_taken(void* pcb);
int ringside_tcp_connect(void* pcb, const struct LwipAddress* peer);
uint32_t ringside_tcp_write(void* pcb, const void* data, uint32_t size, int more);
int ringside_tcp_output(void* pcb);
uint32_t ringside_tcp_send_room(const void* pcb);
void ringside_tcp_received_taken(void* pcb, uint32_t size);
int ringside_tcp_shutdown_send(void* pcb);
int ringside_tcp_release_if_done(void* pcb);
void ringside_tcp_close(void* pcb);
void ringside_tcp_abort(void* pcb);
void ringside_tcp_addresses(const void* pcb, struct LwipAddress* local, struct LwipAddress* peer);
uint32_t ringside_tcp_mss(const void* pcb);
void ringside_tcp_transmit_resume(void);
/* Sends an acknowledgement that is due. lwIP's tcp_output leaves it out when Nagle's algorithm
 * holds a short segment back, and then both ends of a two-way transfer may wait for the other's. */
struct tcp_pcb;
void ringside_tcp_acknowledge(struct tcp_pcb* pcb);
void ringside_tcp_acknowledge_all(void);

/* -- datagram.c */
void* ringside_udp_new(int family, void* socket);
int ringside_udp_bind(void* pcb, const struct LwipAddress* address, int v6_only);
int ringside_udp_connect(void* pcb, const struct LwipAddress* peer);
void ringside_udp_set_options(void* pcb, int reuse_address, int broadcast, uint32_t ttl);
int ringside_udp_send(void* pcb, const void* data, uint32_t size, const struct LwipAddress* to);
void ringside_udp_addresses(const void* pcb, struct LwipAddress* local, struct LwipAddress* peer);
void ringside_udp_free(void* pcb);
void* ringside_echo_new(int family, uint16_t id, void* socket);
int ringside_echo_send(void* pcb, const void* data, uint32_t size, const struct LwipAddress* to,
                       uint32_t ttl);
void ringside_echo_free(void* pcb);

/* LwipSettings::rx_hold_buffers. */
extern uint32_t ringside_rx_hold_buffers;

#endif
