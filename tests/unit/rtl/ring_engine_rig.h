// SPDX-License-Identifier: Apache-2.0
// ring_engine between a host's memory, a driver that fills rings, and consumers that take chains:
// all of them random, everything that comes out compared with a walk of its own.
#pragma once

#include <Vring_engine_bench.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "formats/random.h"
#include "hw_model/trace/nic_trace.h"
#include "tests/support/verilated.h"
#include "tests/unit/rtl/descriptor_chains.h"

namespace ringside::test {

/// How the world around the engine behaves. Percentages are of cycles.
struct RingWorld {
  uint64_t seed = 1;
  bool event_idx = true;
  bool indirect = true;
  uint32_t size_log2 = 6;
  uint16_t first_index = 0;
  ChainMaker::Style style;
  unsigned read_ready = 70, landing = 80, write_ready = 40, take = 50, segment = 70;
  uint32_t latency_min = 2, latency_max = 60;  ///< cycles of a read
  bool cut = true;            ///< a read's bytes come in pieces of any size, in any order
  uint32_t publish_max = 40;  ///< buffers made available at once, at most
  unsigned publish = 10;
  unsigned give_back = 10;       ///< used buffers are returned
  unsigned inactive = 0;         ///< Bus Master Enable is cleared for a while
  unsigned suspend = 0;          ///< a queue is suspended, and resumed at rest
  unsigned fail_per_mille = 0;   ///< of reads
  unsigned fail_runs = 0;        ///< percentage of reads of several linked descriptors
  unsigned jump_per_mille = 0;   ///< of publications: the available index says too much
  unsigned stray_per_mille = 0;  ///< of entries: no descriptor has this number
  bool stop_clock = false;       ///< no clock edge while the engine is idle
};

class RingRig {
 public:
  using Module = Vring_engine_bench;
  static constexpr unsigned kQueues =
      sizeof(std::remove_reference_t<decltype(Module::size_log2)>) / 4;
  static constexpr unsigned kRowBytes =
      sizeof(std::remove_reference_t<decltype(Module::landing_data)>);

  struct Error {
    hw::DeviceError code;
    unsigned queue;
  };

  explicit RingRig(const RingWorld& world);

  /// One clock cycle of everything.
  void cycle();
  /// Cycles until every queue has had `chains` chains taken and returned (or an error); false if
  /// that takes more than `cycles`.
  bool run(uint64_t chains, uint64_t cycles);
  /// Makes no more buffers available and waits until all have been returned.
  bool drain(uint64_t cycles);
  /// Reset of the device: everything is forgotten, rings are set up anew.
  void reset_device();

  const std::optional<Error>& error() const { return error_; }
  uint64_t now() const { return now_; }
  uint64_t edges() const { return bench_.cycle(); }
  uint64_t taken(unsigned queue) const { return queues_[queue].taken_ever; }
  uint64_t digest() const { return digest_; }
  uint64_t reads() const { return reads_; }
  uint64_t resumes() const { return resumes_; }
  uint64_t runs_failed() const { return runs_failed_; }
  /// Linked descriptors that one read asked for, at most.
  uint32_t longest_run() const { return longest_run_; }
  uint64_t windows_full() const { return windows_full_; }
  Module& module() { return *bench_; }
  bool all_settled();
  RingPlace& place(unsigned queue) { return queues_[queue].place; }
  HostBytes& memory() { return memory_; }
  RingWorld world;

 private:
  struct Published {
    uint16_t head;
    uint16_t entry;  ///< what stands in the ring
    WalkedChain chain;
    uint32_t followed = 0;   ///< of the chain's links, those that were asked for
    uint32_t failed_at = 0;  ///< if `again`: before the run that failed
    bool again = false;      ///< a run failed: the next read is of one descriptor
  };
  struct Fetch {
    uint32_t position, count;
  };
  /// What the engine may do by its trace, as the core's rules have it.
  struct Rules {
    uint16_t seen = 0, next = 0;
    uint32_t allocated = 0, known = 0, head = 0, described = 0, returned = 0;
    uint32_t run = 1;  ///< linked descriptors that one read asks for
    bool sampling = false, no_notify = false;
    bool sample_behind_write = false;  ///< the read that follows a request for notifications
    std::optional<hw::DeviceError> error_due;
    std::deque<Fetch> fetches;
  };
  struct Queue {
    RingPlace place;
    std::unique_ptr<ChainMaker> maker;
    std::deque<Published> published;  ///< not returned; the first has position `base`
    uint32_t base = 0;
    uint16_t avail = 0, used = 0;
    bool enabled = false, suspended = false, kick = false, jumped = false;
    // consumer
    uint32_t taken = 0;  ///< position of the next chain to take
    uint64_t taken_ever = 0;
    uint32_t segment = 0;
    uint32_t segments = 0;  ///< of the chain that was taken last; segment == segments: all
    uint32_t to_return = 0;
    unsigned returning = 0;    ///< in this cycle
    uint64_t returned_at = 0;  ///< cycle
    bool read_failed = false;
    Rules rules;
    Published& at(uint32_t position) { return published.at(position - base); }
  };
  struct Read {
    uint8_t purpose, queue, handle;
    uint16_t length;
    uint32_t landing;
    uint64_t address, due;
    uint32_t chain;
    bool run;  ///< several linked descriptors
    bool fail;
    std::vector<std::pair<uint16_t, uint16_t>> pieces;  ///< offset, bytes; from the back
  };
  struct Expected {  ///< read operations that the trace announced
    uint8_t purpose, queue;
    uint32_t chain;
    uint64_t address;
    uint32_t length;
    bool run;
  };

  bool chance(unsigned percent) { return random_.below(100) < percent; }
  void set_up(unsigned queue);
  void enable_all();
  void publish(unsigned queue);
  void kick(Queue& queue, uint16_t from);
  void drive_inputs();
  void drive_landing();
  void drive_consumers();
  void drive_life();
  void resume(Queue& queue, unsigned number);
  void observe();
  void observe_trace();
  void observe_choice(hw::TraceKind kind, unsigned queue);
  void observe_result(hw::TraceKind kind, unsigned queue);
  void observe_walk_read(unsigned queue);
  void observe_error();
  void observe_read();
  void observe_write();
  void observe_chains(unsigned queue);
  void expect_read(hw::Purpose purpose, unsigned queue, uint32_t chain, uint64_t address,
                   uint32_t length, bool run = false);
  bool taking(const Queue& queue) const {
    return bench_active_ && queue.enabled && !queue.suspended;
  }

  SplitMix64 random_;
  RtlBench<Module> bench_;
  HostBytes memory_;
  std::array<Queue, kQueues> queues_;
  std::vector<Read> in_flight_;
  std::deque<Read> landed_;
  std::deque<Expected> expected_;
  std::optional<Error> error_;
  uint64_t now_ = 0, digest_ = 0, reads_ = 0, resumes_ = 0, windows_full_ = 0;
  uint64_t written_at_ = 0, inactive_until_ = 0;
  uint16_t written_queue_ = 0;
  uint64_t runs_failed_ = 0;
  uint32_t longest_run_ = 0;
  bool draining_ = false, bench_active_ = false, flush_ = false, write_pending_ = false;
};

}  // namespace ringside::test
