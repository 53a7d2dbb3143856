// SPDX-License-Identifier: Apache-2.0
// The cycle-approximate card's pipeline: width, clock, depths, windows, and what each step takes
// (docs/timing.md says where in hw_model/rtl each number is from).
#pragma once

#include <cstdint>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// Stages are reserved in cycles of `clock_hz`. Defaults are hw_model/rtl's.
struct PipelineConfig {
  uint32_t datapath_bits = 512;
  uint64_t clock_hz = 250'000'000;

  // -- ring engine
  /// From the edge that takes a doorbell until its queue knows of it.
  uint32_t doorbell_cycles = 3;
  /// From when a queue wants something until it is decided: picked, done. A queue wants the next
  /// thing when the last one is decided.
  uint32_t ring_choice_cycles = 2;
  /// The ring engine, which all queues share, decides once in so many cycles.
  uint32_t ring_fetch_cycles = 1;
  /// From when the available index that was read has come until the queue knows it.
  uint32_t ring_result_cycles = 2;
  /// Likewise the last of some entries, beside a cycle for each.
  uint32_t scan_cycles = 6;
  /// From when heads have come until the first chain can be used.
  uint32_t walk_cycles = 7;
  /// Between two chains of one queue, and for each further descriptor of one.
  uint32_t walk_chain_cycles = 4;
  uint32_t walk_descriptor_cycles = 3;
  /// Fetches of available-ring entries of one queue, in flight.
  uint32_t entry_fetches = 4;
  /// From when heads have come until what follows in the first chain is asked for, and between two
  /// chains.
  uint32_t look_cycles = 5;
  uint32_t look_chain_cycles = 3;
  /// Chains of a queue for which what follows is asked for ahead of the walk.
  uint32_t look_buffers = 16;
  /// Linked descriptors that one read asks for, at most.
  uint32_t run_most = 16;
  /// Ring fetches in flight, over all queues.
  uint32_t ring_fetches_max = 128;
  /// Available-ring entries and descriptors in one fetch, at most.
  uint32_t fetch_batch = 32;
  /// Descriptor chains that a receive queue holds before frames come.
  uint32_t prefetch = 64;

  // -- reads of host memory: requests, and completions, a beat a cycle
  /// From a decision until its first request is on the link: queued, granted, cut, given a tag.
  uint32_t read_request_cycles = 4;
  /// From the last beat of the last completion until the bytes are in their memory.
  uint32_t read_result_cycles = 3;
  /// Reads of all clients of which anything has been asked for: with one queue pair, with several.
  uint32_t read_operations = 64;
  uint32_t read_operations_several = 128;
  /// The grant moves from one client of the readers, or of the writer, to another.
  uint32_t grant_cycles = 1;

  // -- transmit
  /// From when a chain can be used until its frame is begun: picked, begun.
  uint32_t tx_start_cycles = 2;
  /// Between the starts of two frames at least, beside the beats of their payload.
  uint32_t tx_frame_cycles = 2;
  /// From the start until the first segment's read is decided.
  uint32_t tx_gather_cycles = 2;
  /// From when the last byte is in the buffer until the frame is done.
  uint32_t tx_done_cycles = 2;
  /// From then until its first beat goes to the MAC.
  uint32_t tx_latency_cycles = 3;

  // -- receive: the MAC gives a beat a cycle
  /// From a frame's last beat until chains are counted, one a cycle; with the last it starts.
  uint32_t rx_latency_cycles = 2;
  /// Between the starts of two frames at least, beside a cycle for each chain.
  uint32_t rx_frame_cycles = 1;
  /// From the start until the first write is offered to the writer.
  uint32_t rx_write_cycles = 3;

  // -- writes to host memory: a beat a cycle, in order
  /// From when the writer takes an operation until its first beat leaves: queued, cut, sent, read,
  /// turned, merged, stored.
  uint32_t write_cycles = 7;
  /// Written and not yet on the link, bytes: beyond it the receive path waits.
  uint32_t write_buffer_bytes = 16384;

  // -- completion
  /// Used entries in one write, and how long the first waits for others.
  uint32_t used_batch = 8;
  uint32_t used_timeout_cycles = 64;
  /// From when entries are due until they are returned: picked, counted, decided.
  uint32_t used_cycles = 2;
  /// From then until they are offered to the writer, beside a cycle for each.
  uint32_t used_write_cycles = 1;
  /// From when an index has left until what waits for it goes on: suppression is read, or the
  /// available index behind avail_event.
  uint32_t written_cycles = 2;
  /// From when suppression was read until it is decided whether to interrupt.
  uint32_t decide_cycles = 1;
  /// From the decision to interrupt until the message is given to the writer.
  uint32_t interrupt_cycles = 4;

  /// DMA read requests in flight, and the reassembly buffer behind them.
  uint32_t read_tags = 256;
  uint32_t reassembly_bytes = 65536;
  TimePs completion_timeout_ps = 50'000'000'000;
  /// From a register read's arrival until its completion leaves.
  uint32_t register_cycles = 8;

  /// Rounded down to whole picoseconds.
  TimePs cycles(uint64_t count) const { return count * 1'000'000'000'000 / clock_hz; }
};

}  // namespace ringside::hw
