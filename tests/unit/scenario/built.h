// SPDX-License-Identifier: Apache-2.0
// What this build has, as errors list it.
#pragma once

#if RINGSIDE_HAVE_RTL
#define RINGSIDE_MODELS_BUILT "lt, at or rtl"
#define RINGSIDE_MODELS_NOT_BUILT "diff"
#define RINGSIDE_MODEL_LAST "rtl"
#define RINGSIDE_RUN_TRACES "pcapng, events, perfetto or waves"
#else
#define RINGSIDE_MODELS_BUILT "lt or at"
#define RINGSIDE_MODELS_NOT_BUILT "rtl or diff"
#define RINGSIDE_MODEL_LAST "at"
#define RINGSIDE_RUN_TRACES "pcapng, events or perfetto"
#endif
