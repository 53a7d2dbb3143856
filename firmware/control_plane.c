/* SPDX-License-Identifier: Apache-2.0
 * The card's control plane as an event-step function (virtio 1.4, "Device Status Field"). */
#include "firmware/control_plane.h"

#include "firmware/answer.h"
#include "firmware/control_virtqueue.h"
#include "formats/virtio_defs.h"
#include "hw_model/registers/card_mutants.h"

static int negotiated(const struct rs_control_plane* state, unsigned feature) {
  return ((state->negotiated >> feature) & 1) != 0;
}

static void send_features(const struct rs_answer* answer, uint32_t kind, uint64_t features) {
  struct rs_command command = rs_command_of(answer, kind);
  command.features = features;
  rs_send(answer, &command);
}

static void send_status(const struct rs_control_plane* state, const struct rs_answer* answer) {
  rs_send_value(answer, RS_COMMAND_STATUS, state->status);
}

static void put16(uint8_t* at, uint16_t value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
}

/* struct virtio_net_config; NCF-D-002, NCF-D-010, NCF-D-011. */
static void send_config(const struct rs_control_plane* state, const struct rs_answer* answer) {
  struct rs_command command = rs_command_of(answer, RS_COMMAND_DEVICE_CONFIG);
  const uint32_t up_speed =
      rs_mutant(RS_MUTANT_SPEED_IN_GBIT) ? state->link.speed_mbps / 1000 : state->link.speed_mbps;
  const uint32_t speed = state->link.up ? up_speed : VIRTIO_NET_SPEED_UNKNOWN;
  unsigned i;
  for (i = 0; i < 6; ++i) command.config[i] = state->identity.mac[i];
  put16(command.config + 6, state->link.up ? VIRTIO_NET_S_LINK_UP : 0);
  put16(command.config + 8, state->identity.queue_pairs);
  if (rs_mutant(RS_MUTANT_MAX_PAIRS_ZERO)) put16(command.config + 8, 0);
  put16(command.config + 10, state->identity.mtu);
  if (rs_mutant(RS_MUTANT_MTU_CHANGES) && !state->link.up) put16(command.config + 10, 1280);
  put16(command.config + 12, (uint16_t)speed);
  put16(command.config + 14, (uint16_t)(speed >> 16));
  command.config[16] = state->link.up ? VIRTIO_NET_DUPLEX_FULL : VIRTIO_NET_DUPLEX_UNKNOWN;
  if (rs_mutant(RS_MUTANT_DUPLEX_2) && state->link.up) command.config[16] = 2;
  rs_send(answer, &command);
}

static void reset(struct rs_control_plane* state, const struct rs_answer* answer) {
  state->status = rs_mutant(RS_MUTANT_RESET_KEEPS_STATUS) ? VIRTIO_STATUS_ACKNOWLEDGE : 0;
  state->negotiated = 0;
  rs_send_value(answer, RS_COMMAND_RESET, 0);
  send_features(answer, RS_COMMAND_NEGOTIATED, 0);
}

/* STS-D-002 and STS-D-003: the status first, then the notification. */
static void need_reset(struct rs_control_plane* state, const struct rs_answer* answer) {
  if ((state->status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0) return;
  if (rs_mutant(RS_MUTANT_ERROR_WITHOUT_NEEDS_RESET)) return;
  state->status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
  send_status(state, answer);
  if (rs_mutant(RS_MUTANT_ERROR_WITHOUT_NOTIFICATION)) return;
  if ((state->status & VIRTIO_STATUS_DRIVER_OK) != 0) {
    rs_send_value(answer, RS_COMMAND_CONFIG_INTERRUPT, 0);
  }
}

static void power_on(struct rs_control_plane* state, const struct rs_event* event,
                     const struct rs_answer* answer) {
  state->identity = event->identity;
  state->link = event->link;
  state->offered = rs_features_to_offer(event->identity.features);
  reset(state, answer);
  send_features(answer, RS_COMMAND_OFFER, state->offered);
  send_config(state, answer);
  send_status(state, answer);
}

static void status_write(struct rs_control_plane* state, const struct rs_event* event,
                         const struct rs_answer* answer) {
  const uint8_t bits = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK |
                       VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_FAILED;
  uint8_t wanted;
  if (event->value == 0) { /* RST-D-001, PCC-D-007 */
    reset(state, answer);
    send_status(state, answer);
    if (rs_mutant(RS_MUTANT_RESET_WITHDRAWS_FEATURE)) state->offered &= state->offered - 1;
    return;
  }
  wanted = (uint8_t)(state->status | (event->value & bits)); /* a driver never clears a bit */
  if ((wanted & ~state->status & VIRTIO_STATUS_FEATURES_OK) != 0) {
    if (event->features_beyond == 0 &&
        rs_features_acceptable(state->offered, event->driver_features)) {
      state->negotiated = event->driver_features;
      send_features(answer, RS_COMMAND_NEGOTIATED, state->negotiated);
    } else if (!rs_mutant(RS_MUTANT_FEATURES_OK_STAYS)) { /* FEA-D-003 */
      wanted = (uint8_t)(wanted & ~VIRTIO_STATUS_FEATURES_OK);
    }
  }
  if ((wanted & VIRTIO_STATUS_FEATURES_OK) == 0) {
    wanted = (uint8_t)(wanted & ~VIRTIO_STATUS_DRIVER_OK);
  }
  state->status = wanted;
  send_status(state, answer);
}

/* True if a part of `bytes` bytes at `address` is aligned and does not wrap. VQS-R-001. */
static int part_ok(uint64_t address, uint64_t align, uint64_t bytes) {
  return address % align == 0 && address <= UINT64_MAX - bytes;
}

static int context_ok(const struct rs_control_plane* state, const struct rs_queue_context* queue) {
  const uint64_t size = queue->size;
  if (size == 0 || (size & (size - 1)) != 0 || size > state->identity.queue_size_max) return 0;
  return part_ok(queue->desc, 16, 16 * size) && part_ok(queue->driver, 2, 6 + 2 * size) &&
         part_ok(queue->device, 4, 6 + 8 * size);
}

/* Virtqueues of the negotiated features: pairs, then the control virtqueue. */
static unsigned queues(const struct rs_control_plane* state) {
  const unsigned pairs = negotiated(state, VIRTIO_NET_F_MQ) ? state->identity.queue_pairs : 1u;
  return 2 * pairs + (negotiated(state, VIRTIO_NET_F_CTRL_VQ) ? 1u : 0u);
}

static void queue_enable(struct rs_control_plane* state, const struct rs_event* event,
                         const struct rs_answer* answer) {
  struct rs_command acknowledge = rs_command_of(answer, RS_COMMAND_QUEUE_ACKNOWLEDGE);
  const int good = event->value == 1 && event->queue < queues(state) &&
                   (state->status & VIRTIO_STATUS_FEATURES_OK) != 0 &&
                   context_ok(state, &event->context);
  if (good) {
    struct rs_command command = rs_command_of(answer, RS_COMMAND_QUEUE_CONTEXT);
    command.queue = event->queue;
    command.context = event->context;
    rs_send(answer, &command);
  } else {
    need_reset(state, answer);
  }
  acknowledge.queue = event->queue;
  rs_send(answer, &acknowledge);
}

/* NCF-D-012: another speed comes with a link that is down in between. */
static void link_change(struct rs_control_plane* state, const struct rs_event* event,
                        const struct rs_answer* answer) {
  const int other_speed = state->link.up && event->link.speed_mbps != state->link.speed_mbps;
  if (other_speed && event->link.up && !rs_mutant(RS_MUTANT_SPEED_CHANGES_WHILE_UP)) {
    state->link.up = 0;
    send_config(state, answer);
  }
  state->link = event->link;
  send_config(state, answer);
  if (((state->status & VIRTIO_STATUS_DRIVER_OK) != 0 && negotiated(state, VIRTIO_NET_F_STATUS)) ||
      rs_mutant(RS_MUTANT_NOTIFIES_AFTER_RESET)) {
    rs_send_value(answer, RS_COMMAND_CONFIG_INTERRUPT, 0);
  }
}

int rs_control_plane_step(struct rs_control_plane* state, const struct rs_bus* bus) {
  struct rs_event event;
  struct rs_answer answer;
  if (!rs_read_event(bus, &event)) return 0;
  answer.bus = bus;
  answer.sequence = event.sequence;
  switch (event.kind) {
    case RS_EVENT_POWER_ON:
      power_on(state, &event, &answer);
      break;
    case RS_EVENT_STATUS_WRITE:
      status_write(state, &event, &answer);
      break;
    case RS_EVENT_QUEUE_ENABLE:
      queue_enable(state, &event, &answer);
      break;
    case RS_EVENT_LINK:
      link_change(state, &event, &answer);
      break;
    case RS_EVENT_DEVICE_ERROR:
      need_reset(state, &answer);
      break;
    case RS_EVENT_CONTROL:
      rs_control_virtqueue(state, &event, &answer);
      break;
    default:
      break;
  }
  rs_pop_event(bus);
  return 1;
}
