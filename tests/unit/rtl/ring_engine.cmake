# SPDX-License-Identifier: Apache-2.0
set(ring_engine_sources ring_engine_test.cpp ring_engine_rig.cpp descriptor_chains.cpp)
rtl_test(rtl_ring_engine_test MODULE ring_engine_bench FILES ring_engine_bench.sv
         SOURCES ${ring_engine_sources} ring_engine_throughput_test.cpp
         LIBS ringside_formats)
rtl_test(rtl_ring_engine_narrow_test MODULE ring_engine_bench FILES ring_engine_bench.sv
         DEFINES NIC_DATA_BITS=128 NIC_QUEUE_PAIRS=2
         SOURCES ${ring_engine_sources} LIBS ringside_formats)
