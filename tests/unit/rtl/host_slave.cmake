# SPDX-License-Identifier: Apache-2.0
# host_slave with the functional core as its follower and the real control plane on its bus.
rtl_test(rtl_host_slave_test MODULE host_slave_bench FILES host_slave_bench.sv
         SOURCES host_slave_test.cpp host_slave_storm.cpp host_slave_world.cpp
         LIBS ringside_hw_core ringside_hw_management_block ringside_firmware)
