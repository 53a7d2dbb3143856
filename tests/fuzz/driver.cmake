# SPDX-License-Identifier: Apache-2.0
fuzz_target(driver SOURCES driver_fuzz.cpp LIBS driver_hostile_world MAX_BYTES 2048)
