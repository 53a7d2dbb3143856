/* SPDX-License-Identifier: Apache-2.0
 * How firmware reaches the management block (management.toml), and what a firmware is. C and C++.
 */
#ifndef RINGSIDE_HW_MODEL_REGISTERS_MANAGEMENT_BUS_H
#define RINGSIDE_HW_MODEL_REGISTERS_MANAGEMENT_BUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Accesses of 32-bit registers at byte `offset` of the management block, a multiple of 4. Each may
 * take simulated time; they are carried out in order. */
struct rs_bus {
  uint32_t (*read)(void* context, uint32_t offset);
  void (*write)(void* context, uint32_t offset, uint32_t value);
  void* context;
};

/* A firmware that runs on the host: its state's size, and one function that handles the oldest
 * event that waits to its end, without waiting for anything but the bus. The function returns 0 if
 * there was none, else 1. `state` is zeroed memory of `state_bytes`, aligned for any type, given
 * unchanged to every step of one card. */
struct rs_firmware_ops {
  uint32_t state_bytes;
  int (*step)(void* state, const struct rs_bus* bus);
};

#ifdef __cplusplus
}
#endif

#endif
