// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card's pipeline: width, clock, depths, windows, latencies (docs/timing.md).
#pragma once

#include <cstdint>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Stages are reserved in cycles of `clock_hz`. Defaults follow hw_model/rtl's structure, as far as
/// it is decided: 512 bits at 250 MHz, 256 tags, 64-byte available-ring fetches.
struct PipelineConfig {
  uint32_t datapath_bits = 512;
  uint64_t clock_hz = 250'000'000;

  /// From a doorbell's arrival until its queue asks for the available index.
  uint32_t doorbell_cycles = 6;
  /// The ring engine starts one fetch (index, entries, descriptors, suppression) every so often.
  uint32_t ring_fetch_cycles = 2;
  /// From a fetch's last completion until its result can be used.
  uint32_t ring_result_cycles = 6;
  /// Ring fetches in flight, over all queues.
  uint32_t ring_fetches_max = 32;
  /// Available-ring entries and descriptors in one fetch, at most.
  uint32_t fetch_batch = 32;
  /// Descriptor chains that a receive queue holds before frames come.
  uint32_t prefetch = 64;

  /// Transmit: between the starts of two frames at least, beside the beats of their payload.
  uint32_t tx_frame_cycles = 2;
  /// From the last payload completion until the frame can go to the wire.
  uint32_t tx_latency_cycles = 16;

  /// Receive: likewise.
  uint32_t rx_frame_cycles = 2;
  /// From a frame's last bit until its payload can be written.
  uint32_t rx_latency_cycles = 16;
  /// Written and not yet on the link, bytes: beyond it the receive path waits.
  uint32_t write_buffer_bytes = 16384;

  /// Used entries in one write, and how long the first waits for others.
  uint32_t used_batch = 8;
  uint32_t used_timeout_cycles = 64;
  /// From the decision to interrupt until the message is written.
  uint32_t interrupt_cycles = 4;

  /// DMA read requests in flight, and the reassembly buffer behind them.
  uint32_t read_tags = 256;
  uint32_t reassembly_bytes = 65536;
  TimePs completion_timeout_ps = 50'000'000'000;
  /// From a register read's arrival until its completion leaves.
  uint32_t register_cycles = 8;
};

}  // namespace ringside::hw
