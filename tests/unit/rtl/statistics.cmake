# SPDX-License-Identifier: Apache-2.0
rtl_test(rtl_statistics_test MODULE statistics SOURCES statistics_test.cpp LIBS ringside_hw_rtl_bridge)
