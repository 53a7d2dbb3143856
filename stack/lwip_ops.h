/* SPDX-License-Identifier: Apache-2.0
 * The seam between a loaded object that contains lwIP and the library outside it: a table of
 * operations one way, a table of callbacks the other. No lwIP type crosses it.
 * A few copies of the object are loaded; each host has its own copy of the variables of one of them,
 * and what is called here finds those of the host that calls. */
#ifndef RINGSIDE_STACK_LWIP_OPS_H
#define RINGSIDE_STACK_LWIP_OPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changed whenever a member of this file changes. */
#define RINGSIDE_LWIP_ABI 4u
#define RINGSIDE_LWIP_ENTRY "ringside_lwip_operations"

/* Results: 0, or one of these (negative). They are errors of the protocol stack, not errno. */
enum LwipResult {
  kLwipOk = 0,
  kLwipNoMemory = -1, /* queue, buffer or heap full for now */
  kLwipNoRoute = -2,  /* no interface or next hop for the address */
  kLwipInUse = -3,    /* address taken, or no port left */
  kLwipInvalid = -4,  /* arguments that do not fit */
  kLwipClosed = -5,   /* finished in order */
  kLwipReset = -6,    /* by the peer */
  kLwipAborted = -7,  /* timed out */
  kLwipNotConnected = -8,
  kLwipIsConnected = -9,
  kLwipNotLocal = -10, /* not an address of this host */
  kLwipDenied = -11,   /* broadcast without leave */
  kLwipTooLong = -12,  /* no datagram can be this long */
};

/* family 4 or 6 (0 none); bytes in network order, port in host order. */
struct LwipAddress {
  uint8_t family;
  uint8_t bytes[16];
  uint16_t port;
};

/* One piece of memory. */
struct LwipSlice {
  const void* data;
  uint32_t size;
};

/* Part of a received frame and the number that names its buffer. */
struct LwipRxSegment {
  void* data;
  uint32_t size;
  uint32_t buffer;
};

/* A queue of received bytes. All zero: empty. */
struct LwipData {
  void* head;
  void* last;
  uint32_t size;
};

/* What the outside gives. Each gets `context`. All are called under the stack lock. `socket` is
 * what the outside gave for the control block. Other hosts' stacks may run before one returns, but
 * for alloc, free and random. */
struct LwipCallbacks {
  void* context;
  /* Memory, aligned to 16 bytes, that a device may read; null if there is none. */
  void* (*alloc)(void* context, size_t size);
  void (*free)(void* context, void* memory);
  uint32_t (*random)(void* context);
  /* A frame to send, to be given back with frame_free; fragments are copied by the callee.
   * kLwipNoMemory if it is refused (then it is not to be freed). */
  int (*transmit)(void* context, void* frame, const struct LwipSlice* fragments, unsigned count);
  /* A receive buffer is no longer used. */
  void (*release)(void* context, uint32_t buffer);
  void (*tcp_connected)(void* socket);
  /* A connection of listener `socket` is established: the outside's name for it, null to abort. */
  void* (*tcp_incoming)(void* socket, void* pcb);
  /* `chain` is the outside's, to be freed with chain_free; null: the peer has closed. */
  void (*tcp_received)(void* socket, void* chain, uint32_t size);
  void (*tcp_sent)(void* socket, uint32_t size);
  /* The control block is gone. kLwipClosed: in order. */
  void (*tcp_ended)(void* socket, int result);
  void (*datagram_received)(void* socket, void* chain, uint32_t size,
                            const struct LwipAddress* from);
  /* A broken invariant inside lwIP. Does not return. */
  void (*assertion_failed)(void* context, const char* message);
};

/* Values that both sides read often. Written by the side named. */
struct LwipShared {
  uint64_t now_ns;           /* outside, at every entry */
  uint64_t next_deadline_ns; /* inside: when timers() wants to run, all ones: never */
  uint64_t checksum_bytes;   /* inside: bytes summed in software so far */
  uint64_t header_failures;  /* inside: frames dropped for lack of a buffer header */
  uint64_t copied_bytes;     /* inside: bytes of received frames copied out of their buffers */
};

/* Layers that count what they drop. */
enum LwipProtocol {
  kLwipEthernet,
  kLwipIp4,
  kLwipIcmp4,
  kLwipIp6,
  kLwipIcmp6,
  kLwipUdp,
  kLwipTcp,
  kLwipProtocols
};

/* Packets of one layer that were dropped for their form. */
struct LwipMalformed {
  uint64_t checksum;
  uint64_t length;
  uint64_t protocol; /* nobody is there for it: type, protocol or port */
  uint64_t other;    /* a version that is none, ... */
};

struct LwipCounters {
  uint64_t dropped;          /* frames that IP or a protocol above it dropped */
  uint64_t checksum_errors;  /* of those, for a wrong checksum */
  uint64_t fast_retransmits; /* TCP segments sent again after duplicate acknowledgements */
  uint64_t timeouts;         /* expired TCP retransmission timers */
  struct LwipMalformed malformed[kLwipProtocols];
};

struct LwipInterface {
  uint8_t mac[6];
  uint16_t mtu;
  struct LwipAddress v4; /* family 0: none */
  unsigned v4_prefix_bits;
  struct LwipAddress v4_gateway;
  struct LwipAddress v6[3]; /* beside the link-local one */
  unsigned v6_prefix_bits[3];
  struct LwipAddress v6_gateway;
  const char* hostname; /* lives as long as the instance */
};

struct LwipSettings {
  uint32_t tcp_window_bytes;
  uint32_t tcp_send_bytes;
  uint32_t tcp_timer_ms;
  uint32_t time_wait_ms;
  uint32_t rx_hold_buffers; /* receive buffers kept at most; beyond that frames are copied */
  uint64_t seed[2];         /* of initial sequence numbers */
};

struct LwipTcpOptions {
  int reuse_address, keep_alive, no_delay, v6_only;
  uint32_t keep_idle_s, keep_interval_s, keep_count; /* 0: leave */
  uint32_t ttl;                                      /* 0: leave */
};

struct LwipOperations {
  uint32_t abi;
  uint32_t size; /* sizeof(struct LwipOperations) */

  /* -- the instance: init once, with `shared` that outlives it; fini gives the receive buffers back
   * and leaves the rest of the memory to the outside; nothing may be called after it. */
  int (*init)(const struct LwipCallbacks* callbacks, const struct LwipSettings* settings,
              struct LwipShared* shared);
  int (*interface_add)(const struct LwipInterface* config);
  void (*interface_set_up)(int up, int link_up);
  void (*link_set)(int up);
  void (*link_local)(struct LwipAddress* address);
  void (*fini)(void);
  void (*timers)(void);
  /* A received frame; its buffers come back through release. */
  void (*input)(const struct LwipRxSegment* segments, unsigned count);
  void (*frame_free)(void* frame);
  /* Copies all of a frame (for one of too many fragments). */
  void (*frame_copy)(const void* frame, void* to);
  /* Sends what waited for room in the transmit queue (tcp_txnow). */
  void (*transmit_resume)(void);

  void (*counters)(struct LwipCounters* counters);

  /* Delivers what the host has sent to itself. */
  void (*loopback)(void);

  /* -- received data */
  /* Appends a chain that a callback gave. */
  void (*data_append)(struct LwipData* data, void* chain, uint32_t size);
  /* Copies up to `size` bytes from the start; returns how many. */
  uint32_t (*data_copy)(const struct LwipData* data, void* to, uint32_t size);
  /* Frees the first `size` bytes. */
  void (*data_consume)(struct LwipData* data, uint32_t size);
  void (*chain_free)(void* chain);

  /* -- TCP. A pcb is valid until tcp_ended, tcp_close, tcp_abort, or tcp_release_if_done. */
  void* (*tcp_new)(int family, void* socket);
  void (*tcp_set_options)(void* pcb, const struct LwipTcpOptions* options);
  int (*tcp_bind)(void* pcb, const struct LwipAddress* address, int v6_only);
  /* On success *pcb is replaced by the listening control block. */
  int (*tcp_listen)(void** pcb, int backlog);
  void (*tcp_backlog_set)(void* pcb, int backlog);
  void (*tcp_backlog_taken)(void* pcb);
  int (*tcp_connect)(void* pcb, const struct LwipAddress* peer);
  /* Queues up to `size` bytes by copy; returns how many (0: no room). */
  uint32_t (*tcp_write)(void* pcb, const void* data, uint32_t size, int more);
  int (*tcp_output)(void* pcb);
  uint32_t (*tcp_send_room)(const void* pcb);
  void (*tcp_received_taken)(void* pcb, uint32_t size);
  int (*tcp_shutdown_send)(void* pcb);
  /* True if neither direction will report anything more: the pcb has been let go. */
  int (*tcp_release_if_done)(void* pcb);
  void (*tcp_close)(void* pcb);
  void (*tcp_abort)(void* pcb);
  void (*tcp_addresses)(const void* pcb, struct LwipAddress* local, struct LwipAddress* peer);
  uint32_t (*tcp_mss)(const void* pcb);

  /* -- UDP and echo. */
  void* (*udp_new)(int family, void* socket);
  int (*udp_bind)(void* pcb, const struct LwipAddress* address, int v6_only);
  int (*udp_connect)(void* pcb, const struct LwipAddress* peer);
  void (*udp_set_options)(void* pcb, int reuse_address, int broadcast, uint32_t ttl);
  int (*udp_send)(void* pcb, const void* data, uint32_t size, const struct LwipAddress* to);
  void (*udp_addresses)(const void* pcb, struct LwipAddress* local, struct LwipAddress* peer);
  void (*udp_free)(void* pcb);
  /* Gets the echo replies with identifier `id` (host order). */
  void* (*echo_new)(int family, uint16_t id, void* socket);
  /* `data` begins with the 8-byte header; id and checksum are set. */
  int (*echo_send)(void* pcb, const void* data, uint32_t size, const struct LwipAddress* to,
                   uint32_t ttl);
  void (*echo_free)(void* pcb);
};

typedef const struct LwipOperations* (*LwipEntry)(void);

#ifdef __cplusplus
}
#endif

#endif
