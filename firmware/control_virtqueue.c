/* SPDX-License-Identifier: Apache-2.0
 * Commands of the control virtqueue (virtio 1.4, network device, "Control Virtqueue"). A command
 * that is unknown, was not negotiated or has another length than its own gets VIRTIO_NET_ERR and
 * changes nothing. */
#include "firmware/control_virtqueue.h"

#include "formats/virtio_defs.h"

enum { HEADER_BYTES = 2 }; /* class, command */

static uint16_t get16(const uint8_t* at) { return (uint16_t)(at[0] | at[1] << 8); }

/* VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET: le16 virtqueue_pairs. NMQ-D-002, NMQ-D-007. */
static int vq_pairs_set(const struct rs_control_plane* state, const uint8_t* data, uint32_t bytes,
                        const struct rs_answer* answer) {
  uint16_t pairs;
  if ((state->negotiated & ((uint64_t)1 << VIRTIO_NET_F_MQ)) == 0 || bytes != 2) return 0;
  pairs = get16(data);
  if (pairs < VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN || pairs > state->identity.queue_pairs) return 0;
  rs_send_value(answer, RS_COMMAND_ACTIVE_PAIRS, pairs);
  return 1;
}

static int obey(const struct rs_control_plane* state, const struct rs_event* event,
                const struct rs_answer* answer) {
  const uint8_t* data = event->control + HEADER_BYTES;
  uint32_t bytes;
  if (event->value < HEADER_BYTES) return 0;
  bytes = event->value - HEADER_BYTES;
  switch (event->control[0]) {
    case VIRTIO_NET_CTRL_MQ:
      return event->control[1] == VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET &&
             vq_pairs_set(state, data, bytes, answer);
    default:
      return 0;
  }
}

void rs_control_virtqueue(const struct rs_control_plane* state, const struct rs_event* event,
                          const struct rs_answer* answer) {
  const int obeyed = obey(state, event, answer);
  rs_send_value(answer, RS_COMMAND_CONTROL_REPLY, obeyed ? VIRTIO_NET_OK : VIRTIO_NET_ERR);
}
