/* SPDX-License-Identifier: Apache-2.0
 * UDP and echo (ICMP, ICMPv6) of the operations table over lwIP's raw API. */
#include <string.h>

#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/raw.h"
#include "lwip/udp.h"
#include "stack/lwip/internal.h"

enum { kEchoHeaderBytes = 8, kEchoReplyV4 = 0, kEchoReplyV6 = 129, kChecksumOffset = 2 };
enum { kMaxPayload = 65507 };

static void on_datagram(void* socket, struct udp_pcb* pcb, struct pbuf* p, const ip_addr_t* from,
                        u16_t port) {
  struct LwipAddress address;
  (void)pcb;
  ringside_from_ip(from, port, &address);
  ringside_callbacks.datagram_received(socket, p, p->tot_len, &address);
}

void* ringside_udp_new(int family, void* socket) {
  struct udp_pcb* pcb = udp_new_ip_type(ringside_ip_type(family));
  if (pcb != NULL) {
    udp_recv(pcb, on_datagram, socket);
  }
  return pcb;
}

int ringside_udp_bind(void* pcb, const struct LwipAddress* address, int v6_only) {
  ip_addr_t ip;
  if (!ringside_to_bind_ip(address, v6_only, &ip)) {
    return kLwipInvalid;
  }
  if (!ringside_is_local(&ip)) {
    return kLwipNotLocal;
  }
  return ringside_result(udp_bind(pcb, &ip, address->port));
}

int ringside_udp_connect(void* pcb, const struct LwipAddress* peer) {
  ip_addr_t ip;
  if (peer->family == 0) {
    udp_disconnect(pcb);
    return kLwipOk;
  }
  if (!ringside_to_ip(peer, &ip)) {
    return kLwipInvalid;
  }
  return ringside_result(udp_connect(pcb, &ip, peer->port));
}

void ringside_udp_set_options(void* handle, int reuse_address, int broadcast, uint32_t ttl) {
  struct udp_pcb* pcb = handle;
  pcb->so_options = (u8_t)((reuse_address ? SOF_REUSEADDR : 0) | (broadcast ? SOF_BROADCAST : 0));
  if (ttl != 0) {
    pcb->ttl = (u8_t)ttl;
  }
}

int ringside_udp_send(void* handle, const void* data, uint32_t size, const struct LwipAddress* to) {
  struct udp_pcb* pcb = handle;
  ip_addr_t ip;
  if (size > kMaxPayload) {
    return kLwipTooLong;
  }
  if (to != NULL) {
    if (!ringside_to_ip(to, &ip)) {
      return kLwipInvalid;
    }
    if (IP_IS_V4_VAL(ip) && ip4_addr_isbroadcast(ip_2_ip4(&ip), &ringside_netif) &&
        !ip_get_option(pcb, SOF_BROADCAST)) {
      return kLwipDenied;
    }
  }
  struct pbuf* p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)size, PBUF_RAM);
  if (p == NULL) {
    return kLwipNoMemory;
  }
  if (size > 0) {
    memcpy(p->payload, data, size);
  }
  const err_t error = to != NULL ? udp_sendto(pcb, p, &ip, to->port) : udp_send(pcb, p);
  pbuf_free(p);
  return ringside_result(error);
}

void ringside_udp_addresses(const void* handle, struct LwipAddress* local,
                            struct LwipAddress* peer) {
  const struct udp_pcb* pcb = handle;
  ringside_from_ip(&pcb->local_ip, pcb->local_port, local);
  if (pcb->flags & UDP_FLAGS_CONNECTED) {
    ringside_from_ip(&pcb->remote_ip, pcb->remote_port, peer);
  } else {
    memset(peer, 0, sizeof *peer);
  }
}

void ringside_udp_free(void* pcb) { udp_remove(pcb); }

/* An echo socket: the raw control block and the identifier that it answers to. */
struct Echo {
  struct raw_pcb* raw;
  void* socket;
  uint16_t id;
};

static u8_t on_echo(void* context, struct raw_pcb* pcb, struct pbuf* p, const ip_addr_t* from) {
  const struct Echo* echo = context;
  const u16_t ip_header = ip_current_header_tot_len();
  u8_t header[kEchoHeaderBytes];
  struct LwipAddress address;
  (void)pcb;
  if (p->len < ip_header ||
      pbuf_copy_partial(p, header, kEchoHeaderBytes, ip_header) != kEchoHeaderBytes ||
      header[0] != (ip_current_is_v6() ? kEchoReplyV6 : kEchoReplyV4) ||
      (uint16_t)(header[4] << 8 | header[5]) != echo->id) {
    return 0;
  }
  pbuf_remove_header(p, ip_header);
  const u16_t sum = ip_current_is_v6()
                        ? ip6_chksum_pseudo(p, IP6_NEXTH_ICMP6, p->tot_len, ip6_current_src_addr(),
                                            ip6_current_dest_addr())
                        : inet_chksum_pbuf(p);
  if (sum != 0) {
    pbuf_add_header_force(p, ip_header);
    return 0; /* lwIP's own input counts it */
  }
  ringside_from_ip(from, 0, &address);
  ringside_callbacks.datagram_received(echo->socket, p, p->tot_len, &address);
  return 1;
}

void* ringside_echo_new(int family, uint16_t id, void* socket) {
  struct Echo* echo = ringside_allocate(sizeof *echo);
  if (echo == NULL) {
    return NULL;
  }
  const u8_t type = family == 6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4;
  echo->raw = raw_new_ip_type(type, family == 6 ? IP6_NEXTH_ICMP6 : IP_PROTO_ICMP);
  if (echo->raw == NULL) {
    ringside_deallocate(echo);
    return NULL;
  }
  echo->socket = socket;
  echo->id = id;
  raw_recv(echo->raw, on_echo, echo);
  return echo;
}

int ringside_echo_send(void* handle, const void* data, uint32_t size, const struct LwipAddress* to,
                       uint32_t ttl) {
  struct Echo* echo = handle;
  ip_addr_t ip;
  if (size > kMaxPayload + kEchoHeaderBytes) {
    return kLwipTooLong;
  }
  if (size < kEchoHeaderBytes || !ringside_to_ip(to, &ip)) {
    return kLwipInvalid;
  }
  struct pbuf* p = pbuf_alloc(PBUF_IP, (u16_t)size, PBUF_RAM);
  if (p == NULL) {
    return kLwipNoMemory;
  }
  u8_t* bytes = p->payload;
  memcpy(bytes, data, size);
  bytes[kChecksumOffset] = bytes[kChecksumOffset + 1] = 0;
  bytes[4] = (u8_t)(echo->id >> 8);
  bytes[5] = (u8_t)echo->id;
  if (to->family == 6) {
    echo->raw->chksum_reqd = 1;
    echo->raw->chksum_offset = kChecksumOffset;
  } else {
    const u16_t sum = inet_chksum(bytes, (u16_t)size);
    memcpy(bytes + kChecksumOffset, &sum, sizeof sum);
  }
  if (ttl != 0) {
    echo->raw->ttl = (u8_t)ttl;
  }
  const err_t error = raw_sendto(echo->raw, p, &ip);
  pbuf_free(p);
  return ringside_result(error);
}

void ringside_echo_free(void* handle) {
  struct Echo* echo = handle;
  raw_remove(echo->raw);
  ringside_deallocate(echo);
}
