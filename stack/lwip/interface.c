/* SPDX-License-Identifier: Apache-2.0
 * The one Ethernet interface: frames out as fragment lists without copies, frames in as custom
 * pbufs over the driver's receive buffers. */
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "netif/ethernet.h"
#include "stack/lwip/hooks.h"
#include "stack/lwip/internal.h"

/* More fragments than any driver takes; the outside copies what is above its own limit. */
enum { kMaxFragments = 64, kHeadersPerBlock = 256 };

struct netif ringside_netif;
static ip6_addr_t gateway_v6;
static int has_gateway_v6;

/* A received buffer while lwIP or a socket holds it. */
struct ReceiveHeader {
  struct pbuf_custom pbuf; /* first: lwIP gives its address back */
  uint32_t buffer;
  int in_use;
  struct ReceiveHeader* next;
};

struct HeaderBlock {
  struct HeaderBlock* next;
  struct ReceiveHeader headers[kHeadersPerBlock];
};

static struct HeaderBlock* blocks;
static struct ReceiveHeader* free_headers;

static uint32_t headers_in_use;

static void receive_header_free(struct pbuf* p) {
  struct ReceiveHeader* header = (struct ReceiveHeader*)(void*)p;
  header->in_use = 0;
  --headers_in_use;
  header->next = free_headers;
  free_headers = header;
  ringside_callbacks.release(ringside_callbacks.context, header->buffer);
}

static struct ReceiveHeader* receive_header_alloc(void) {
  if (free_headers == NULL) {
    struct HeaderBlock* block = ringside_allocate(sizeof *block);
    if (block == NULL) {
      return NULL;
    }
    block->next = blocks;
    blocks = block;
    for (int i = kHeadersPerBlock - 1; i >= 0; --i) {
      block->headers[i].in_use = 0;
      block->headers[i].next = free_headers;
      free_headers = &block->headers[i];
    }
  }
  struct ReceiveHeader* header = free_headers;
  free_headers = header->next;
  header->in_use = 1;
  ++headers_in_use;
  header->pbuf.custom_free_function = receive_header_free;
  return header;
}

void ringside_release_all(void) {
  for (struct HeaderBlock* block = blocks; block != NULL; block = block->next) {
    for (int i = 0; i < kHeadersPerBlock; ++i) {
      if (block->headers[i].in_use) {
        receive_header_free(&block->headers[i].pbuf.pbuf);
      }
    }
  }
}

static void drop_segments(const struct LwipRxSegment* segments, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    ringside_callbacks.release(ringside_callbacks.context, segments[i].buffer);
  }
}

/* The frame in memory of its own; its buffers go back. NULL: no memory, and they went back too. */
static struct pbuf* copy_frame(const struct LwipRxSegment* segments, unsigned count,
                               uint32_t total) {
  struct pbuf* p = pbuf_alloc(PBUF_RAW, (u16_t)total, PBUF_RAM);
  u16_t offset = 0;
  for (unsigned i = 0; p != NULL && i < count; ++i) {
    (void)pbuf_take_at(p, segments[i].data, (u16_t)segments[i].size, offset);
    offset = (u16_t)(offset + segments[i].size);
  }
  if (p != NULL) {
    ringside_shared->copied_bytes += total;
  } else {
    ++ringside_shared->header_failures;
  }
  drop_segments(segments, count);
  return p;
}

/* The frame where it lies. NULL: no memory, and its buffers went back. */
static struct pbuf* wrap_frame(const struct LwipRxSegment* segments, unsigned count,
                               uint32_t total) {
  struct pbuf* chain = NULL;
  struct pbuf* last = NULL;
  for (unsigned i = 0; i < count; ++i) {
    struct ReceiveHeader* header = receive_header_alloc();
    if (header == NULL) {
      ++ringside_shared->header_failures;
      drop_segments(segments + i, count - i);
      if (chain != NULL) {
        pbuf_free(chain);
      }
      return NULL;
    }
    header->buffer = segments[i].buffer;
    struct pbuf* p = pbuf_alloced_custom(PBUF_RAW, (u16_t)segments[i].size, PBUF_REF, &header->pbuf,
                                         segments[i].data, (u16_t)segments[i].size);
    p->tot_len = (u16_t)total;
    total -= segments[i].size;
    if (chain == NULL) {
      chain = p;
    } else {
      last->next = p;
    }
    last = p;
  }
  return chain;
}

void ringside_input(const struct LwipRxSegment* segments, unsigned count) {
  uint32_t total = 0;
  for (unsigned i = 0; i < count; ++i) {
    total += segments[i].size;
  }
  if (total > 0xffff) {
    LINK_STATS_INC(link.lenerr);
    LINK_STATS_INC(link.drop);
    drop_segments(segments, count);
    return;
  }
  struct pbuf* chain = headers_in_use + count > ringside_rx_hold_buffers
                           ? copy_frame(segments, count, total)
                           : wrap_frame(segments, count, total);
  if (chain != NULL && ringside_netif.input(chain, &ringside_netif) != ERR_OK) {
    pbuf_free(chain);
  }
  /* If the frame belonged to a connection, tcp_input has moved it to the front. */
  ringside_tcp_acknowledge(tcp_active_pcbs);
}

static err_t link_output(struct netif* netif, struct pbuf* p) {
  struct LwipSlice fragments[kMaxFragments];
  unsigned count = 0;
  (void)netif;
  for (const struct pbuf* q = p; q != NULL; q = q->next) {
    if (q->len == 0) {
      continue;
    }
    if (count == kMaxFragments) {
      LINK_STATS_INC(link.drop);
      return ERR_BUF;
    }
    fragments[count].data = q->payload;
    fragments[count].size = q->len;
    ++count;
  }
  pbuf_ref(p);
  if (ringside_callbacks.transmit(ringside_callbacks.context, p, fragments, count) != kLwipOk) {
    pbuf_free(p);
    return ERR_MEM;
  }
  return ERR_OK;
}

void ringside_frame_free(void* frame) { pbuf_free(frame); }

void ringside_frame_copy(const void* frame, void* to) {
  const struct pbuf* p = frame;
  pbuf_copy_partial(p, to, p->tot_len, 0);
}

static err_t netif_initialise(struct netif* netif) {
  const struct LwipInterface* config = netif->state;
  netif->name[0] = 'e';
  netif->name[1] = 'n';
  netif->hwaddr_len = 6;
  memcpy(netif->hwaddr, config->mac, 6);
  netif->mtu = config->mtu;
  netif->mtu6 = config->mtu;
  netif->hostname = config->hostname;
  netif->output = etharp_output;
  netif->output_ip6 = ethip6_output;
  netif->linkoutput = link_output;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL);
  return ERR_OK;
}

static ip4_addr_t v4_of(const struct LwipAddress* address) {
  ip4_addr_t v4 = {0};
  if (address->family == 4) {
    memcpy(&v4.addr, address->bytes, 4);
  }
  return v4;
}

int ringside_interface_add(const struct LwipInterface* config) {
  const ip4_addr_t ip = v4_of(&config->v4);
  const ip4_addr_t gateway = v4_of(&config->v4_gateway);
  const ip4_addr_t mask = {
      config->v4_prefix_bits == 0 ? 0 : lwip_htonl(0xffffffffu << (32 - config->v4_prefix_bits))};
  if (netif_add(&ringside_netif, &ip, &mask, &gateway, (void*)(uintptr_t)config, netif_initialise,
                ethernet_input) == NULL) {
    return kLwipInvalid;
  }
  ringside_netif.state = NULL;
  netif_set_default(&ringside_netif);
  netif_create_ip6_linklocal_address(&ringside_netif, 1);
  for (s8_t i = 0; i < 3; ++i) {
    ip_addr_t v6;
    if (config->v6[i].family == 6 && ringside_to_ip(&config->v6[i], &v6)) {
      netif_ip6_addr_set(&ringside_netif, (s8_t)(i + 1), ip_2_ip6(&v6));
    }
  }
  ip_addr_t v6_gateway;
  has_gateway_v6 =
      config->v6_gateway.family == 6 && ringside_to_ip(&config->v6_gateway, &v6_gateway);
  if (has_gateway_v6) {
    gateway_v6 = *ip_2_ip6(&v6_gateway);
  }
  return kLwipOk;
}

void ringside_link_set(int up) {
  if (up) {
    netif_set_link_up(&ringside_netif);
  } else {
    netif_set_link_down(&ringside_netif);
  }
}

void ringside_interface_set_up(int up, int link_up) {
  if (!up) {
    netif_set_down(&ringside_netif);
    return;
  }
  ringside_link_set(link_up);
  netif_set_up(&ringside_netif);
  /* After it, because setting the interface up makes addresses tentative again. */
  for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; ++i) {
    if (!ip6_addr_isany(netif_ip6_addr(&ringside_netif, i))) {
      netif_ip6_addr_set_state(&ringside_netif, i, IP6_ADDR_PREFERRED);
    }
  }
}

void ringside_link_local(struct LwipAddress* address) {
  ringside_from_ip(netif_ip_addr6(&ringside_netif, 0), 0, address);
}

void ringside_loopback(void) {
  if (ringside_netif.loop_first != NULL) {
    netif_poll(&ringside_netif);
  }
}

const ip6_addr_t* ringside_gateway_v6(struct netif* netif, const ip6_addr_t* destination) {
  (void)netif;
  (void)destination;
  return has_gateway_v6 ? &gateway_v6 : NULL;
}
