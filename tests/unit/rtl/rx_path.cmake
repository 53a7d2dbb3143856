# SPDX-License-Identifier: Apache-2.0
foreach(bits 128 256 512)
  rtl_test(rtl_rx_path_${bits}_test MODULE rx_path_bench FILES rx_path_bench.sv
           SOURCES rx_path_test.cpp DEFINES NIC_DATA_BITS=${bits} NIC_RX_BUFFER_BYTES=32768)
  target_compile_definitions(rtl_rx_path_${bits}_test PRIVATE NIC_TEST_DATA_BITS=${bits})
endforeach()
