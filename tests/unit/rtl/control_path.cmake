# SPDX-License-Identifier: Apache-2.0
foreach(bits 128 512)
  rtl_test(rtl_control_path_${bits}_test MODULE control_path_bench FILES control_path_bench.sv
           SOURCES control_path_test.cpp DEFINES NIC_DATA_BITS=${bits})
  target_compile_definitions(rtl_control_path_${bits}_test PRIVATE NIC_TEST_DATA_BITS=${bits})
endforeach()
