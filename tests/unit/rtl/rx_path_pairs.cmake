# SPDX-License-Identifier: Apache-2.0
# rx_path with two pairs: what it does with frames that it holds when pairs are switched on and off.
rtl_test(rtl_rx_path_pairs_test MODULE rx_path_pairs_bench FILES rx_path_pairs_bench.sv
         SOURCES rx_path_pairs_test.cpp LIBS ringside_hw_core
         DEFINES NIC_DATA_BITS=128 NIC_QUEUE_PAIRS=2 NIC_RX_BUFFER_BYTES=65536)
