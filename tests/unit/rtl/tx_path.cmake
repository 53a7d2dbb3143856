# SPDX-License-Identifier: Apache-2.0
# A small buffer, so that room is short; several pairs; beats of two segments.
rtl_test(rtl_tx_path_test MODULE tx_path_bench FILES tx_path_bench.sv
         SOURCES tx_path_test.cpp LIBS ringside_hw_core DEFINES NIC_TX_BUFFER_BYTES=8192)
rtl_test(rtl_tx_path_pairs_test MODULE tx_path_bench FILES tx_path_bench.sv
         SOURCES tx_path_test.cpp LIBS ringside_hw_core
         DEFINES NIC_DATA_BITS=256 NIC_QUEUE_PAIRS=3 NIC_SEGMENTS=2)
