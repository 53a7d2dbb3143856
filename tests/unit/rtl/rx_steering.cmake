# SPDX-License-Identifier: Apache-2.0
foreach(bits 128 512)
  rtl_test(rtl_rx_steering_${bits}_test MODULE rx_steering_bench FILES rx_steering_bench.sv
           SOURCES rx_steering_test.cpp LIBS ringside_hw_core
           DEFINES NIC_DATA_BITS=${bits} NIC_QUEUE_PAIRS=8)
  target_compile_definitions(rtl_rx_steering_${bits}_test PRIVATE NIC_TEST_DATA_BITS=${bits})
endforeach()
