# SPDX-License-Identifier: Apache-2.0
fuzz_target(frame_parser SOURCES frame_parser_fuzz.cpp LIBS ringside_formats)
