/* SPDX-License-Identifier: Apache-2.0
 * lwIP's cyclic timers on virtual time. Takes the place of timeouts.c, because TCP's tick is a
 * run-time setting here and because a deadline is told to the outside instead of being polled. */
#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/nd6.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "stack/lwip/internal.h"

struct CyclicTimer {
  void (*run)(void);
  uint32_t interval_ms;
  uint64_t deadline_ns;
};

static struct CyclicTimer cyclic[] = {
    {etharp_tmr, ARP_TMR_INTERVAL, 0},
    {ip_reass_tmr, IP_TMR_INTERVAL, 0},
    {nd6_tmr, ND6_TMR_INTERVAL, 0},
    {ip6_reass_tmr, IP6_REASS_TMR_INTERVAL, 0},
};
enum { kCyclicCount = sizeof cyclic / sizeof cyclic[0] };
static const uint64_t kNever = ~(uint64_t)0;
static const uint64_t kNsPerMs = 1000000;
static uint64_t tcp_deadline_ns = ~(uint64_t)0;

u32_t sys_now(void) { return (u32_t)(ringside_shared->now_ns / kNsPerMs); }

uint64_t ringside_tcp_timeouts;

/* Expired retransmission timers that live connections have counted since their last new ACK. */
static uint32_t retransmission_count(void) {
  uint32_t count = 0;
  for (const struct tcp_pcb* pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
    count += pcb->nrtx;
  }
  return count;
}

static void publish_deadline(void) {
  uint64_t next = tcp_deadline_ns;
  for (int i = 0; i < kCyclicCount; ++i) {
    if (cyclic[i].deadline_ns < next) {
      next = cyclic[i].deadline_ns;
    }
  }
  ringside_shared->next_deadline_ns = next;
}

static int tcp_active(void) { return tcp_active_pcbs != NULL || tcp_tw_pcbs != NULL; }

void sys_timeouts_init(void) {
  for (int i = 0; i < kCyclicCount; ++i) {
    cyclic[i].deadline_ns = ringside_shared->now_ns + cyclic[i].interval_ms * kNsPerMs;
  }
  tcp_deadline_ns = kNever;
  publish_deadline();
}

/* Called by TCP when a control block becomes active: its timer runs only while there is one. */
void tcp_timer_needed(void) {
  if (tcp_deadline_ns == kNever && tcp_active()) {
    tcp_deadline_ns = ringside_shared->now_ns + ringside_tcp_timer_ms * kNsPerMs;
    publish_deadline();
  }
}

void ringside_timers(void) {
  const uint64_t now = ringside_shared->now_ns;
  for (int i = 0; i < kCyclicCount; ++i) {
    if (cyclic[i].deadline_ns <= now) {
      cyclic[i].deadline_ns = now + cyclic[i].interval_ms * kNsPerMs;
      cyclic[i].run();
    }
  }
  if (tcp_deadline_ns <= now) {
    const uint32_t before = retransmission_count();
    tcp_tmr();
    ringside_tcp_acknowledge_all();
    const uint32_t after = retransmission_count();
    ringside_tcp_timeouts += after > before ? after - before : 0;
    tcp_deadline_ns = tcp_active() ? now + ringside_tcp_timer_ms * kNsPerMs : kNever;
  }
  publish_deadline();
}
