# SPDX-License-Identifier: Apache-2.0
rtl_test(rtl_bench_test MODULE bench_sample FILES bench_sample.sv SOURCES bench_test.cpp)
