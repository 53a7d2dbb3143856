/* SPDX-License-Identifier: Apache-2.0
 * The loaded object's only export: the table of operations; and lwIP's port functions. */
#include <stdlib.h>
#include <string.h>

#include "lwip/init.h"
#include "lwip/stats.h"
#include "stack/lwip/internal.h"

struct LwipCallbacks ringside_callbacks;
struct LwipShared* ringside_shared;
uint32_t ringside_tcp_window, ringside_tcp_send_buffer;
uint32_t ringside_tcp_timer_ms = 250, ringside_tcp_msl_ms;
uint32_t ringside_rx_hold_buffers;

uint32_t ringside_random(void) { return ringside_callbacks.random(ringside_callbacks.context); }

void ringside_assertion_failed(const char* message) {
  ringside_callbacks.assertion_failed(ringside_callbacks.context, message);
  abort();
}

void* ringside_allocate(size_t size) {
  return ringside_callbacks.alloc(ringside_callbacks.context, size);
}

void* ringside_allocate_zeroed(size_t count, size_t size) {
  void* memory = ringside_allocate(count * size);
  if (memory != NULL) {
    memset(memory, 0, count * size);
  }
  return memory;
}

void ringside_deallocate(void* memory) {
  ringside_callbacks.free(ringside_callbacks.context, memory);
}

static int init(const struct LwipCallbacks* callbacks, const struct LwipSettings* settings,
                struct LwipShared* shared) {
  ringside_callbacks = *callbacks;
  ringside_shared = shared;
  ringside_tcp_window = settings->tcp_window_bytes;
  ringside_tcp_send_buffer = settings->tcp_send_bytes;
  ringside_tcp_timer_ms = settings->tcp_timer_ms;
  ringside_rx_hold_buffers = settings->rx_hold_buffers;
  ringside_tcp_msl_ms = settings->time_wait_ms / 2;
  memcpy(ringside_seed, settings->seed, sizeof ringside_seed);
  lwip_init();
  return kLwipOk;
}

static void counters(struct LwipCounters* out) {
  const struct stats_proto* protocols[] = {
      &lwip_stats.link,  &lwip_stats.etharp,   &lwip_stats.ip_frag, &lwip_stats.ip,
      &lwip_stats.icmp,  &lwip_stats.udp,      &lwip_stats.tcp,     &lwip_stats.ip6,
      &lwip_stats.icmp6, &lwip_stats.ip6_frag, &lwip_stats.nd6};
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; ++i) {
    out->dropped += protocols[i]->drop;
    out->checksum_errors += protocols[i]->chkerr;
  }
  /* In the order of LwipProtocol. */
  const struct stats_proto* layers[kLwipProtocols] = {
      &lwip_stats.etharp, &lwip_stats.ip,  &lwip_stats.icmp, &lwip_stats.ip6,
      &lwip_stats.icmp6,  &lwip_stats.udp, &lwip_stats.tcp};
  for (size_t i = 0; i < kLwipProtocols; ++i) {
    out->malformed[i].checksum = layers[i]->chkerr;
    out->malformed[i].length = layers[i]->lenerr;
    out->malformed[i].protocol = layers[i]->proterr;
    out->malformed[i].other = layers[i]->err;
  }
  out->fast_retransmits = lwip_stats.mib2.tcpretranssegs;
  out->timeouts = ringside_tcp_timeouts;
}

static const struct LwipOperations operations = {
    .abi = RINGSIDE_LWIP_ABI,
    .size = sizeof operations,
    .init = init,
    .interface_add = ringside_interface_add,
    .interface_set_up = ringside_interface_set_up,
    .link_set = ringside_link_set,
    .link_local = ringside_link_local,
    .fini = ringside_release_all,
    .timers = ringside_timers,
    .input = ringside_input,
    .frame_free = ringside_frame_free,
    .frame_copy = ringside_frame_copy,
    .transmit_resume = ringside_tcp_transmit_resume,
    .counters = counters,
    .loopback = ringside_loopback,
    .data_append = ringside_data_append,
    .data_copy = ringside_data_copy,
    .data_consume = ringside_data_consume,
    .chain_free = ringside_chain_free,
    .tcp_new = ringside_tcp_new,
    .tcp_set_options = ringside_tcp_set_options,
    .tcp_bind = ringside_tcp_bind,
    .tcp_listen = ringside_tcp_listen,
    .tcp_backlog_set = ringside_tcp_backlog_set,
    .tcp_backlog_taken = ringside_tcp_backlog_taken,
    .tcp_connect = ringside_tcp_connect,
    .tcp_write = ringside_tcp_write,
    .tcp_output = ringside_tcp_output,
    .tcp_send_room = ringside_tcp_send_room,
    .tcp_received_taken = ringside_tcp_received_taken,
    .tcp_shutdown_send = ringside_tcp_shutdown_send,
    .tcp_release_if_done = ringside_tcp_release_if_done,
    .tcp_close = ringside_tcp_close,
    .tcp_abort = ringside_tcp_abort,
    .tcp_addresses = ringside_tcp_addresses,
    .tcp_mss = ringside_tcp_mss,
    .udp_new = ringside_udp_new,
    .udp_bind = ringside_udp_bind,
    .udp_connect = ringside_udp_connect,
    .udp_set_options = ringside_udp_set_options,
    .udp_send = ringside_udp_send,
    .udp_addresses = ringside_udp_addresses,
    .udp_free = ringside_udp_free,
    .echo_new = ringside_echo_new,
    .echo_send = ringside_echo_send,
    .echo_free = ringside_echo_free,
};

__attribute__((visibility("default"))) const struct LwipOperations* ringside_lwip_operations(void);
const struct LwipOperations* ringside_lwip_operations(void) { return &operations; }
