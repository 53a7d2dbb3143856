# SPDX-License-Identifier: Apache-2.0
rtl_test(rtl_fifo_test MODULE fifo PARAMETERS Width=20 Depth=8 SOURCES fifo_test.cpp)
