/* SPDX-License-Identifier: Apache-2.0
 * TCP of the operations table over lwIP's raw API. The callback argument of a control block is the
 * outside's socket; null means that nobody listens any more. */
#include "lwip/tcp.h"

#include "lwip/priv/tcp_priv.h"
#include "stack/lwip/internal.h"

static err_t on_received(void* socket, struct tcp_pcb* pcb, struct pbuf* p, err_t error) {
  (void)pcb;
  (void)error;
  ringside_callbacks.tcp_received(socket, p, p != NULL ? p->tot_len : 0);
  return ERR_OK;
}

static err_t on_sent(void* socket, struct tcp_pcb* pcb, u16_t size) {
  (void)pcb;
  ringside_callbacks.tcp_sent(socket, size);
  return ERR_OK;
}

/* lwIP frees the control block around this call. */
static void on_error(void* socket, err_t error) {
  ringside_callbacks.tcp_ended(socket, ringside_result(error));
}

/* Retransmission time-outs (ms) before anything was measured and least after the handshake: RFC
 * 6298, 2.1, and what Linux takes. lwIP itself starts at 3 s and comes down slowly, so that one
 * early loss stops a connection for that long. */
#define INITIAL_RTO_MS 1000
#define HANDSHAKE_RTO_MS 200

static s16_t slow_ticks(uint32_t ms) { return (s16_t)LWIP_MAX(ms / TCP_SLOW_INTERVAL, 1); }

static void before_handshake(struct tcp_pcb* pcb) {
  pcb->sv = slow_ticks(INITIAL_RTO_MS);
  pcb->rto = pcb->sv;
}

/* The handshake is the first measurement R: RTO = R + max(4 * R / 2, the least). RFC 6298, 2.2. */
static void after_handshake(struct tcp_pcb* pcb) {
  const u32_t trip = pcb->rttest != 0 ? LWIP_MIN(tcp_ticks - pcb->rttest, 0x0FFF) : 0;
  if (pcb->nrtx != 0) {
    return; /* Karn's algorithm: it is not known which SYN was answered */
  }
  pcb->rttest = 0;
  pcb->sa = (s16_t)(trip << 3);
  pcb->sv = LWIP_MAX((s16_t)(2 * trip), slow_ticks(HANDSHAKE_RTO_MS));
  pcb->rto = (s16_t)((pcb->sa >> 3) + pcb->sv);
}

static err_t on_connected(void* socket, struct tcp_pcb* pcb, err_t error) {
  (void)error;
  after_handshake(pcb);
  ringside_callbacks.tcp_connected(socket);
  return ERR_OK;
}

static void attach(struct tcp_pcb* pcb, void* socket) {
  tcp_arg(pcb, socket);
  tcp_recv(pcb, on_received);
  tcp_sent(pcb, on_sent);
  tcp_err(pcb, on_error);
}

static void detach(struct tcp_pcb* pcb) {
  tcp_arg(pcb, NULL);
  tcp_recv(pcb, NULL);
  tcp_sent(pcb, NULL);
  tcp_err(pcb, NULL);
}

static err_t on_accept(void* listener, struct tcp_pcb* pcb, err_t error) {
  if (pcb == NULL || error != ERR_OK) {
    return ERR_VAL;
  }
  void* socket = ringside_callbacks.tcp_incoming(listener, pcb);
  if (socket == NULL) {
    return ERR_MEM; /* lwIP resets and frees it */
  }
  attach(pcb, socket);
  after_handshake(pcb);
  tcp_backlog_delayed(pcb);
  return ERR_OK;
}

void* ringside_tcp_new(int family, void* socket) {
  struct tcp_pcb* pcb = tcp_new_ip_type(ringside_ip_type(family));
  if (pcb != NULL) {
    attach(pcb, socket);
    before_handshake(pcb);
  }
  return pcb;
}

void ringside_tcp_set_options(void* handle, const struct LwipTcpOptions* options) {
  struct tcp_pcb* pcb = handle;
  if (options->reuse_address) {
    ip_set_option(pcb, SOF_REUSEADDR);
  } else {
    ip_reset_option(pcb, SOF_REUSEADDR);
  }
  if (options->keep_alive) {
    ip_set_option(pcb, SOF_KEEPALIVE);
  } else {
    ip_reset_option(pcb, SOF_KEEPALIVE);
  }
  if (options->ttl != 0) {
    pcb->ttl = (u8_t)options->ttl;
  }
  if (pcb->state == LISTEN) {
    return; /* the rest is not part of a listening control block */
  }
  if (options->no_delay) {
    tcp_nagle_disable(pcb);
  } else {
    tcp_nagle_enable(pcb);
  }
  if (options->keep_idle_s != 0) {
    pcb->keep_idle = options->keep_idle_s * 1000;
  }
  if (options->keep_interval_s != 0) {
    pcb->keep_intvl = options->keep_interval_s * 1000;
  }
  if (options->keep_count != 0) {
    pcb->keep_cnt = options->keep_count;
  }
}

int ringside_tcp_bind(void* pcb, const struct LwipAddress* address, int v6_only) {
  ip_addr_t ip;
  if (!ringside_to_bind_ip(address, v6_only, &ip)) {
    return kLwipInvalid;
  }
  if (!ringside_is_local(&ip)) {
    return kLwipNotLocal;
  }
  return ringside_result(tcp_bind(pcb, &ip, address->port));
}

int ringside_tcp_listen(void** pcb, int backlog) {
  err_t error = ERR_OK;
  void* socket = ((struct tcp_pcb*)*pcb)->callback_arg;
  struct tcp_pcb* listener = tcp_listen_with_backlog_and_err(*pcb, (u8_t)backlog, &error);
  if (listener == NULL) {
    return ringside_result(error);
  }
  tcp_arg(listener, socket);
  tcp_accept(listener, on_accept);
  *pcb = listener;
  return kLwipOk;
}

void ringside_tcp_backlog_set(void* pcb, int backlog) {
  tcp_backlog_set((struct tcp_pcb*)pcb, (u8_t)backlog);
}

void ringside_tcp_backlog_taken(void* pcb) { tcp_backlog_accepted(pcb); }

int ringside_tcp_connect(void* pcb, const struct LwipAddress* peer) {
  ip_addr_t ip;
  if (!ringside_to_ip(peer, &ip)) {
    return kLwipInvalid;
  }
  return ringside_result(tcp_connect(pcb, &ip, peer->port, on_connected));
}

uint32_t ringside_tcp_write(void* handle, const void* data, uint32_t size, int more) {
  struct tcp_pcb* pcb = handle;
  uint32_t done = 0;
  while (done < size) {
    /* 16-bit lengths: in parts, and the push flag on the last only. */
    const uint32_t left = size - done;
    uint32_t part = LWIP_MIN(LWIP_MIN(left, pcb->snd_buf), 0x8000);
    const u8_t flags = TCP_WRITE_FLAG_COPY | (more || part < left ? TCP_WRITE_FLAG_MORE : 0);
    if (part == 0 || tcp_write(pcb, (const u8_t*)data + done, (u16_t)part, flags) != ERR_OK) {
      break;
    }
    done += part;
  }
  return done;
}

int ringside_tcp_output(void* pcb) { return ringside_result(tcp_output(pcb)); }

uint32_t ringside_tcp_send_room(const void* handle) {
  const struct tcp_pcb* pcb = handle;
  return pcb->snd_queuelen < TCP_SND_QUEUELEN - TCP_SNDQUEUELOWAT ? pcb->snd_buf : 0;
}

void ringside_tcp_received_taken(void* pcb, uint32_t size) {
  while (size > 0) {
    const u16_t part = (u16_t)LWIP_MIN(size, 0xffff);
    tcp_recved(pcb, part);
    size -= part;
  }
  ringside_tcp_acknowledge(pcb);
}

int ringside_tcp_shutdown_send(void* pcb) { return ringside_result(tcp_shutdown(pcb, 0, 1)); }

int ringside_tcp_release_if_done(void* handle) {
  struct tcp_pcb* pcb = handle;
  if (pcb->state != CLOSING && pcb->state != TIME_WAIT) {
    return 0;
  }
  /* lwIP frees it at the end of TIME_WAIT without telling. */
  detach(pcb);
  return 1;
}

void ringside_tcp_abort(void* pcb) {
  detach(pcb);
  tcp_abort(pcb);
}

void ringside_tcp_close(void* handle) {
  struct tcp_pcb* pcb = handle;
  if (pcb->state == LISTEN) {
    tcp_close(pcb);
    return;
  }
  detach(pcb);
  /* lwIP resets for unread data in ESTABLISHED and CLOSE_WAIT; RFC 1122 4.2.2.13 wants it here too.
   */
  const int half_closed = pcb->state == FIN_WAIT_1 || pcb->state == FIN_WAIT_2;
  if ((half_closed && pcb->rcv_wnd != TCP_WND_MAX(pcb)) || tcp_close(pcb) != ERR_OK) {
    tcp_abort(pcb);
  }
}

void ringside_tcp_addresses(const void* handle, struct LwipAddress* local,
                            struct LwipAddress* peer) {
  const struct tcp_pcb* pcb = handle;
  ringside_from_ip(&pcb->local_ip, pcb->local_port, local);
  if (pcb->state == LISTEN) {
    peer->family = 0;
  } else {
    ringside_from_ip(&pcb->remote_ip, pcb->remote_port, peer);
  }
}

uint32_t ringside_tcp_mss(const void* pcb) { return tcp_mss((const struct tcp_pcb*)pcb); }

void ringside_tcp_acknowledge(struct tcp_pcb* pcb) {
  if (pcb != NULL && (pcb->flags & TF_ACK_NOW)) {
    tcp_send_empty_ack(pcb);
  }
}

void ringside_tcp_acknowledge_all(void) {
  for (struct tcp_pcb* pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
    ringside_tcp_acknowledge(pcb);
  }
}

void ringside_tcp_transmit_resume(void) {
  tcp_txnow();
  ringside_tcp_acknowledge_all();
}
