/* SPDX-License-Identifier: Apache-2.0 */
/* What a shared object with a card of one's own gives to Ringside: functions and variables in C, so
 * that it may be built with any compiler and any version of Verilator, or hold anything else that
 * has these pins. The CMake function ringside_card() makes all of it. */
#ifndef RINGSIDE_CARD_H
#define RINGSIDE_CARD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A port of the card. Its value is a uint8_t, uint16_t, uint32_t or uint64_t, the smallest that has
 * its bits, or an array of uint32_t, lowest first; bits above it are 0. */
struct ringside_card_pin {
  const char* name;
  uint32_t bits;
  uint32_t output; /* 1, or 0: an input */
  void* value;     /* stays where it is */
};

/* One instance. Functions get `self` back. */
struct ringside_card {
  void* self;
  const struct ringside_card_pin* pins;
  size_t pin_count;
  /* Everything that it holds, pins included: equal bytes, equal states. Stays where it is. */
  const void* image;
  size_t image_bytes;
  /* Outputs follow inputs; registers follow a rising clk. */
  void (*eval)(void* self);
  /* Assertions that failed, and $finish, since the start. */
  unsigned (*failed_assertions)(void* self);
  /* Begins to write signals to an FST file, times in ps that grow; 0, or another value if it
   * cannot. NULL, all three: there is no such part. */
  int (*record_waves)(void* self, const char* path);
  void (*dump_waves)(void* self, uint64_t time_ps);
  void (*finish_waves)(void* self);
  void (*destroy)(void* self);
};

/* What the library exports: another card; NULL if it cannot be made. The number is this file's
 * version. */
#define RINGSIDE_CARD_MAKE "ringside_card_make_1"
const struct ringside_card* ringside_card_make_1(void);

#ifdef __cplusplus
}
#endif

#endif
