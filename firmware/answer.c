/* SPDX-License-Identifier: Apache-2.0
 * Building and sending commands. */
#include "firmware/answer.h"

struct rs_command rs_command_of(const struct rs_answer* answer, uint32_t kind) {
  struct rs_command command = {0};
  command.kind = kind;
  command.sequence = answer->sequence;
  return command;
}

void rs_send(const struct rs_answer* answer, const struct rs_command* command) {
  rs_write_command(answer->bus, command);
}

void rs_send_value(const struct rs_answer* answer, uint32_t kind, uint32_t value) {
  struct rs_command command = rs_command_of(answer, kind);
  command.value = value;
  rs_send(answer, &command);
}
