# SPDX-License-Identifier: Apache-2.0
# host_slave with the functional core as its follower and the real control plane on its bus; with one
# queue pair and with two.
set(host_slave_sources host_slave_test.cpp host_slave_storm.cpp host_slave_world.cpp)
set(host_slave_libs ringside_hw_core ringside_hw_management_block ringside_firmware)
rtl_test(rtl_host_slave_test MODULE host_slave_bench FILES host_slave_bench.sv
         SOURCES ${host_slave_sources} LIBS ${host_slave_libs})
rtl_test(rtl_host_slave_pairs_test MODULE host_slave_bench FILES host_slave_bench.sv
         DEFINES NIC_QUEUE_PAIRS=2
         SOURCES ${host_slave_sources} LIBS ${host_slave_libs})
target_compile_definitions(rtl_host_slave_pairs_test PRIVATE NIC_QUEUE_PAIRS=2)
