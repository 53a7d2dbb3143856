/* SPDX-License-Identifier: Apache-2.0
 * The answer to one event: where its commands go, and the number that they carry. */
#ifndef RINGSIDE_FIRMWARE_ANSWER_H
#define RINGSIDE_FIRMWARE_ANSWER_H

#include "firmware/window.h"

struct rs_answer {
  const struct rs_bus* bus;
  uint32_t sequence;
};

/* A command of `kind` with all else 0. */
struct rs_command rs_command_of(const struct rs_answer* answer, uint32_t kind);

void rs_send(const struct rs_answer* answer, const struct rs_command* command);

/* Sends a command that has a `value` alone. */
void rs_send_value(const struct rs_answer* answer, uint32_t kind, uint32_t value);

#endif
