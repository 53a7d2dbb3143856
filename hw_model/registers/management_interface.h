/* SPDX-License-Identifier: Apache-2.0
 * One event and one command of the management block (management.toml), as a structure each: what
 * the functional core takes and gives, and what firmware makes of the registers. Which parts count
 * for which kind is said where the kinds are: enum rs_event_kind, enum rs_command_kind. */
#ifndef RINGSIDE_HW_MODEL_REGISTERS_MANAGEMENT_INTERFACE_H
#define RINGSIDE_HW_MODEL_REGISTERS_MANAGEMENT_INTERFACE_H

#include <stdint.h>

#include "hw_model/registers/management_regs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  RS_MAX_QUEUE_PAIRS = 8,
  RS_MAX_QUEUES = 2 * RS_MAX_QUEUE_PAIRS + 1,                /* and the control virtqueue */
  RS_DEVICE_CONFIG_BYTES = 4 * RS_MGMT_COMMAND_CONFIG_COUNT, /* struct virtio_net_config */
  RS_CONTROL_BYTES = 4 * RS_MGMT_EVENT_CONTROL_COUNT /* of a control command that firmware sees */
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

/* What hardware tells firmware. */
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
struct rs_command {
  uint32_t kind;     /* enum rs_command_kind */
  uint32_t sequence; /* of the event that this answers */
  uint32_t value;
  uint16_t queue;
  uint64_t features;
  struct rs_queue_context context;
  uint8_t config[RS_DEVICE_CONFIG_BYTES];
};

#ifdef __cplusplus
}
#endif

#endif
