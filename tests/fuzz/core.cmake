# SPDX-License-Identifier: Apache-2.0
fuzz_target(core SOURCES core_fuzz.cpp LIBS ringside_hostile_core MAX_BYTES 4096)
