# SPDX-License-Identifier: Apache-2.0
foreach(bits IN ITEMS 128 256 512)
  rtl_test(rtl_dma_read_${bits}_test MODULE dma_read_bench FILES dma_read_bench.sv
           DEFINES NIC_DATA_BITS=${bits} SOURCES dma_read_test.cpp)
endforeach()
# Few tags: they run out, and are used again at once.
rtl_test(rtl_dma_read_few_tags_test MODULE dma_read_bench FILES dma_read_bench.sv
         DEFINES NIC_READ_TAGS=8 SOURCES dma_read_test.cpp)
# With several pairs it holds more operations.
rtl_test(rtl_dma_read_pairs_test MODULE dma_read_bench FILES dma_read_bench.sv
         DEFINES NIC_QUEUE_PAIRS=2 SOURCES dma_read_test.cpp)
