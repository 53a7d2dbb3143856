/* SPDX-License-Identifier: Apache-2.0
 * Binds the control plane to the table that runs it on the host. */
#include "firmware/native.h"

#include "firmware/control_plane.h"

static int step(void* state, const struct rs_bus* bus) { return rs_control_plane_step(state, bus); }

const struct rs_firmware_ops* rs_firmware_native(void) {
  static const struct rs_firmware_ops ops = {sizeof(struct rs_control_plane), step};
  return &ops;
}
