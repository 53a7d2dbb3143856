// SPDX-License-Identifier: Apache-2.0
// What this build has, as errors list it.
#pragma once

#if RINGSIDE_HAVE_RTL
#define RINGSIDE_MODEL_LINES "  default  lt\n"
#define RINGSIDE_MODEL_LAST "diff"
#define RINGSIDE_RUN_TRACES "pcapng, events, perfetto or waves"
#else
#define RINGSIDE_MODEL_LINES                                 \
  "  but not  rtl or diff, which this build does not have\n" \
  "  default  lt\n"
#define RINGSIDE_MODEL_LAST "at"
#define RINGSIDE_RUN_TRACES "pcapng, events or perfetto"
#endif
