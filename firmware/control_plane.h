/* SPDX-License-Identifier: Apache-2.0
 * The card's control plane: device status, feature negotiation, queue set-up, reset, link state,
 * control commands (virtio 1.4, "Device Status Field", "Feature Bits", "Virtio Over PCI Bus").
 *
 * Freestanding C11: all state in one structure, one function that handles one event to its end. */
#ifndef RINGSIDE_FIRMWARE_CONTROL_PLANE_H
#define RINGSIDE_FIRMWARE_CONTROL_PLANE_H

#include "hw_model/registers/management_bus.h"
#include "hw_model/registers/management_interface.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rs_control_plane {
  uint64_t offered;
  uint64_t negotiated;
  struct rs_identity identity;
  struct rs_link link;
  uint8_t status;
};

/* Handles the oldest event that waits in the management block behind `bus`: reads it, writes its
 * commands, drops it. 0 if none waits, else 1. `state` starts as zeros. */
int rs_control_plane_step(struct rs_control_plane* state, const struct rs_bus* bus);

/* The features of `wanted` that may be offered together: no bit without what it needs. FEA-D-001.
 */
uint64_t rs_features_to_offer(uint64_t wanted);

/* Whether a driver may accept `accepted` of `offered`: a subset, with VERSION_1, and no feature
 * without what it needs. FEA-D-002, FEA-D-003. */
int rs_features_acceptable(uint64_t offered, uint64_t accepted);

#ifdef __cplusplus
}
#endif

#endif
