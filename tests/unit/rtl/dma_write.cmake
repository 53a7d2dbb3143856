# SPDX-License-Identifier: Apache-2.0
foreach(bits 128 256 512)
  rtl_test(rtl_dma_write_${bits}_test MODULE dma_write_bench FILES dma_write_bench.sv
           SOURCES dma_write_test.cpp DEFINES NIC_DATA_BITS=${bits})
  target_compile_definitions(rtl_dma_write_${bits}_test PRIVATE NIC_TEST_DATA_BITS=${bits})
endforeach()
