# SPDX-License-Identifier: Apache-2.0
rtl_test(rtl_used_ring_test MODULE used_ring_bench FILES used_ring_bench.sv
         SOURCES used_ring_test.cpp)
