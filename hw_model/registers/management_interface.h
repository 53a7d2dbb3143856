/* SPDX-License-Identifier: Apache-2.0
 * The management block between the card's hardware and its firmware: events up, commands down.
 *
 * Both directions are queues without loss and in order. Every event has a sequence number one above
 * the last; every command carries the number of the event that it answers, so that hardware can
 * tell an answer to an old register write from the answer to the newest. */
#ifndef RINGSIDE_HW_MODEL_REGISTERS_MANAGEMENT_INTERFACE_H
#define RINGSIDE_HW_MODEL_REGISTERS_MANAGEMENT_INTERFACE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  RS_MAX_QUEUE_PAIRS = 8,
  RS_MAX_QUEUES = 2 * RS_MAX_QUEUE_PAIRS + 1, /* and the control virtqueue */
  RS_DEVICE_CONFIG_BYTES = 28,                /* struct virtio_net_config */
  RS_CONTROL_BYTES = 64                       /* of a control command that firmware sees */
};

/* What hardware tells firmware. */
enum rs_event_kind {
  RS_EVENT_POWER_ON = 1,     /* power-on or function-level reset; `identity`, `link` */
  RS_EVENT_STATUS_WRITE = 2, /* the driver wrote `value` to device_status; `driver_features` */
  RS_EVENT_QUEUE_ENABLE = 3, /* the driver wrote `value` to queue_enable of `queue`; `context` */
  RS_EVENT_LINK = 4,         /* the carrier came or went; `link` */
  RS_EVENT_DEVICE_ERROR = 5, /* the data plane stopped for error `value`, met on `queue` */
  RS_EVENT_CONTROL = 6 /* a command of `value` bytes, of which `control` has the first, came on
                          the control virtqueue `queue`; the next waits for the reply */
};

/* Where a split virtqueue lies: bus addresses of its three parts, and its entries. */
struct rs_queue_context {
  uint64_t desc;
  uint64_t driver;
  uint64_t device;
  uint16_t size;
  uint16_t index;   /* the available and used index to begin with */
  uint16_t resumed; /* not 0: `index` was set, and the rings may hold what they held before */
};

/* What the card was manufactured as. */
struct rs_identity {
  uint64_t features; /* what hardware implements and the user lets it offer */
  uint8_t mac[6];
  uint16_t mtu;
  uint16_t queue_size_max;
  uint16_t queue_pairs;
};

struct rs_link {
  uint32_t speed_mbps;
  uint8_t up;
};

struct rs_event {
  uint32_t kind; /* enum rs_event_kind */
  uint32_t sequence;
  uint32_t value;
  uint16_t queue;
  uint16_t features_beyond; /* not 0: the driver set feature bits above 63 */
  uint64_t driver_features; /* bits 0 to 63 */
  struct rs_queue_context context;
  struct rs_identity identity;
  struct rs_link link;
  uint8_t control[RS_CONTROL_BYTES]; /* zeros behind a shorter command */
};

/* What firmware tells hardware. */
enum rs_command_kind {
  RS_COMMAND_OFFER = 1,             /* show `features` in device_feature */
  RS_COMMAND_NEGOTIATED = 2,        /* operate with `features` */
  RS_COMMAND_DEVICE_CONFIG = 3,     /* show `config`; hardware advances config_generation */
  RS_COMMAND_RESET = 4,             /* forget queues, interrupts, vectors, buffered frames and
                                       control commands; 1 active pair */
  RS_COMMAND_STATUS = 5,            /* show `value` in device_status; acknowledges writes to it */
  RS_COMMAND_QUEUE_CONTEXT = 6,     /* enable `queue` with `context` */
  RS_COMMAND_QUEUE_ACKNOWLEDGE = 7, /* the write to queue_enable of `queue` is dealt with */
  RS_COMMAND_CONFIG_INTERRUPT = 8,  /* send a configuration change notification */
  RS_COMMAND_CONTROL_REPLY = 9,     /* give the control command its ack byte `value` */
  RS_COMMAND_ACTIVE_PAIRS = 10      /* steer received frames to the first `value` queue pairs */
};

struct rs_command {
  uint32_t kind;     /* enum rs_command_kind */
  uint32_t sequence; /* of the event that this answers */
  uint32_t value;
  uint16_t queue;
  uint64_t features;
  struct rs_queue_context context;
  uint8_t config[RS_DEVICE_CONFIG_BYTES];
};

/* Takes one command; called from within a firmware step. */
typedef void (*rs_command_sink)(void* context, const struct rs_command* command);

/* A firmware that runs on the host: its state's size, and one function that handles one event to
 * its end without waiting. `state` is zeroed memory of `state_bytes`, aligned for any type, given
 * unchanged to every step of one card. */
struct rs_firmware_ops {
  uint32_t state_bytes;
  void (*step)(void* state, const struct rs_event* event, rs_command_sink sink, void* context);
};

#ifdef __cplusplus
}
#endif

#endif
