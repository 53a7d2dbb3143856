/* SPDX-License-Identifier: Apache-2.0
 * Commands that the driver sends through the control virtqueue. */
#ifndef RINGSIDE_FIRMWARE_CONTROL_VIRTQUEUE_H
#define RINGSIDE_FIRMWARE_CONTROL_VIRTQUEUE_H

#include "firmware/answer.h"
#include "firmware/control_plane.h"

/* Handles an RS_EVENT_CONTROL. What the command changes is sent before the reply, so that it holds
 * when the driver sees the buffer used. */
void rs_control_virtqueue(const struct rs_control_plane* state, const struct rs_event* event,
                          const struct rs_answer* answer);

#endif
