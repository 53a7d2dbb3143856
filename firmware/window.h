/* SPDX-License-Identifier: Apache-2.0
 * The event and the command window of the management block (management.toml). */
#ifndef RINGSIDE_FIRMWARE_WINDOW_H
#define RINGSIDE_FIRMWARE_WINDOW_H

#include "hw_model/registers/management_bus.h"
#include "hw_model/registers/management_interface.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the oldest event, of it what its kind has; the rest of `event` is 0. 0 if none waits. */
int rs_read_event(const struct rs_bus* bus, struct rs_event* event);

/* Drops the oldest event. */
void rs_pop_event(const struct rs_bus* bus);

/* Gives hardware `command`, of it what its kind has. */
void rs_write_command(const struct rs_bus* bus, const struct rs_command* command);

#ifdef __cplusplus
}
#endif

#endif
