# SPDX-License-Identifier: Apache-2.0
# Each width of the datapath, and the form that synthesis takes.
foreach(bits IN ITEMS 128 256 512)
  rtl_test(rtl_lane_ram_${bits}_test MODULE lane_ram DEFINES NIC_DATA_BITS=${bits}
           PARAMETERS Rows=8 SOURCES lane_ram_test.cpp)
endforeach()
rtl_test(rtl_lane_ram_by_lanes_test MODULE lane_ram DEFINES LANE_RAM_BY_LANES PARAMETERS Rows=8
         SOURCES lane_ram_test.cpp)
