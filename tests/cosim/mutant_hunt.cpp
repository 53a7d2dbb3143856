// SPDX-License-Identifier: Apache-2.0
// Runs frame exchanges over many seeds with one driver fault switched on, or with none, each seed
// in a process of its own, under host.interleave = "seeded".
//
//   mutant_hunt --mutant NAME --seeds FIRST LAST   passes if some seed catches the fault
//   mutant_hunt --mutant none --seeds FIRST LAST   passes if no seed finds anything
//   mutant_hunt --list
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "formats/virtio.h"
#include "host_driver/mutant_driver.h"
#include "testbench/frames/frame_exchange.h"
#include "tests/support/arguments.h"

namespace {

using ringside::SplitMix64;
using ringside::driver::Mutant;
using ringside::formats::feature_bit;
using ringside::tb::FrameExchangeConfig;
using ringside::tb::FrameExchangeResult;

/// A run that takes longer than this has hung, s.
constexpr unsigned kHangSeconds = 60;
/// Faults at the wrap of a 16-bit index need as many frames as it has values, and some.
constexpr uint64_t kWrapFrames = 70'000;

constexpr int kClean = 0;
constexpr int kCaught = 1;

/// Faults that one queue pair does not have.
bool needs_pairs(Mutant mutant) {
  return mutant == Mutant::kDoorbellOfFirstPair || mutant == Mutant::kTransmitQueuePerFrame ||
         mutant == Mutant::kMoreForgottenOverQueues || mutant == Mutant::kControlAckNotAwaited;
}

bool needs_wrap(Mutant mutant) {
  return mutant == Mutant::kEventWindowWrongAtWrap || mutant == Mutant::kUsedIndexModuloRing;
}

/// Everything that a seed decides: rings, features, interrupts, sizes, bursts.
FrameExchangeConfig configuration(uint64_t seed, Mutant mutant) {
  SplitMix64 random(seed);
  FrameExchangeConfig config;
  config.seed = seed;
  config.host.interleave_seeded = true;
  config.host.memory_bytes = std::size_t{16} << 20;
  config.driver.ring_size = 8u << random.below(5);
  config.driver.rx_buffer_bytes = random.below(2) == 0 ? 2048 : 256;
  // None, the default, and one that cannot hide a lost wake.
  constexpr uint64_t kNever = 100'000'000'000;
  constexpr uint64_t kReclaims[] = {0, 200'000, kNever};
  config.driver.tx_reclaim_timeout_ns = kReclaims[random.below(3)];
  if (config.driver.tx_reclaim_timeout_ns == kNever) {
    config.await_completion = false;
    config.spare_buffers = 2 * config.driver.ring_size;
  }
  config.driver.use_msix = random.below(8) != 0;
  config.driver.msix_vectors = 1 + static_cast<unsigned>(random.below(3));
  config.driver.napi_budget = 1u << random.below(7);
  for (const unsigned feature : {VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC, VIRTIO_NET_F_MRG_RXBUF,
                                 VIRTIO_F_NOTIFICATION_DATA, VIRTIO_F_ORDER_PLATFORM}) {
    if (random.below(4) == 0) config.driver.features &= ~feature_bit(feature);
  }
  const bool mergeable = (config.driver.features & feature_bit(VIRTIO_NET_F_MRG_RXBUF)) != 0;
  if (!mergeable) config.driver.rx_buffer_bytes = 2048;
  config.max_bytes = 60 + static_cast<uint32_t>(random.below(1455));
  // The receiver keeps up to nine frames; the ring must not run dry for that.
  config.driver.rx_pool_buffers =
      config.driver.ring_size + 9 * (config.max_bytes / config.driver.rx_buffer_bytes + 2);
  config.max_fragments = 1 + static_cast<uint32_t>(random.below(6));
  config.burst = 1u << random.below(7);
  // A slow wire behind a small buffer keeps frames in the ring until it is full.
  constexpr uint64_t kRates[] = {1'000'000'000, 10'000'000'000, 100'000'000'000};
  config.link.rate_bps = kRates[random.below(3)];
  config.nic.tx_buffer_bytes = 2048u << random.below(6);
  config.window = 1 + static_cast<uint32_t>(random.below(uint64_t{2} * config.driver.ring_size));
  config.frames[0] = config.frames[1] = 200 + random.below(400);
  // In half of the seeds several pairs, and cards that have fewer of them.
  if (random.below(2) == 0 || needs_pairs(mutant)) {
    config.driver.queue_pairs = 2 + static_cast<unsigned>(random.below(7));
    config.driver.msix_vectors = 1 + static_cast<unsigned>(random.below(17));
    config.host.cores = 1 + static_cast<unsigned>(random.below(4));
    config.flows = 1 + static_cast<uint32_t>(random.below(40));
    config.nic.queue_pairs = static_cast<uint16_t>(1 + random.below(8));
    config.spare_buffers *= config.driver.queue_pairs;
  }
  if (needs_wrap(mutant)) {
    config.driver.queue_pairs = 1;
    config.frames[0] = kWrapFrames;
    config.frames[1] = 0;
    config.max_bytes = 60;
    config.max_fragments = 1;
    config.burst = 1u << (4 + random.below(3));
  }
  config.make_driver = ringside::driver::make_mutated_driver;
  return config;
}

std::string describe(const FrameExchangeConfig& config) {
  return fmt::format(
      "ring {} rx buffer {} reclaim {} ns msix {} vectors {} budget {} withheld {:#x} bytes up to "
      "{} "
      "fragments up to {} burst {} window {} frames {}+{} rate {} tx buffer {} pairs {} of {} "
      "cores {} flows {}",
      config.driver.ring_size, config.driver.rx_buffer_bytes, config.driver.tx_reclaim_timeout_ns,
      config.driver.use_msix, config.driver.msix_vectors, config.driver.napi_budget,
      ringside::driver::kSupportedFeatures & ~config.driver.features, config.max_bytes,
      config.max_fragments, config.burst, config.window, config.frames[0], config.frames[1],
      config.link.rate_bps, config.nic.tx_buffer_bytes, config.driver.queue_pairs,
      config.nic.queue_pairs, config.host.cores, config.flows);
}

/// In a child process: SystemC allows one simulation a process, and a fault may crash it.
int run_seed(uint64_t seed, Mutant mutant, std::string* what) {
  int channel[2];
  if (pipe(channel) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    close(channel[0]);
    alarm(kHangSeconds);
    ringside::driver::select_mutant(mutant);
    const FrameExchangeResult result =
        ringside::tb::run_frame_exchange(configuration(seed, mutant));
    [[maybe_unused]] const ssize_t written =
        write(channel[1], result.fault.data(), result.fault.size());
    _exit(result.fault.empty() ? kClean : kCaught);
  }
  close(channel[1]);
  what->clear();
  char buffer[512];
  for (ssize_t count; (count = read(channel[0], buffer, sizeof buffer)) > 0;) {
    what->append(buffer, static_cast<std::size_t>(count));
  }
  close(channel[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  *what = std::string("ended by signal ") + strsignal(WTERMSIG(status));
  return kCaught;
}

int hunt(Mutant mutant, uint64_t first, uint64_t last) {
  const char* name = ringside::driver::mutant_name(mutant);
  const bool expects_fault = mutant != Mutant::kNone;
  std::string what;
  for (uint64_t seed = first; seed <= last; ++seed) {
    const int outcome = run_seed(seed, mutant, &what);
    if (outcome == kClean) continue;
    if (outcome != kCaught) {
      std::fprintf(stderr, "mutant_hunt: cannot run seed %llu\n",
                   static_cast<unsigned long long>(seed));
      return 2;
    }
    fmt::print(
        "{0}: caught after {1} seeds: {2} (again: mutant_hunt --mutant {0} --seeds {3} {3})\n  "
        "{4}\n",
        name, seed - first + 1, what, seed, describe(configuration(seed, mutant)));
    return expects_fault ? 0 : 1;
  }
  fmt::print("{}: {} seeds, nothing found\n", name, last - first + 1);
  return expects_fault ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  ringside::test::Arguments arguments(
      "Hunts a driver fault over seeds; with --mutant none the driver must survive them");
  std::string name = "none";
  std::array<uint64_t, 2> seeds = {1, 1000};
  bool list = false;
  arguments.text("--mutant", name, "fault, as --list names it, or none")
      .two_numbers("--seeds", seeds, "first and last seed")
      .flag("--list", list, "print the names of all faults");
  if (const auto status = arguments.parse(argc, argv)) return *status;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  for (unsigned i = 0; i < static_cast<unsigned>(Mutant::kInterleavingEnd); ++i) {
    const auto mutant = static_cast<Mutant>(i);
    const char* candidate = ringside::driver::mutant_name(mutant);
    if (list) {
      if (mutant != Mutant::kNone) std::puts(candidate);
    } else if (name == candidate) {
      return hunt(mutant, seeds[0], seeds[1]);
    }
  }
  if (list) return 0;
  std::fprintf(stderr, "mutant_hunt: no fault is called \"%s\"; --list names them\n", name.c_str());
  return 2;
}

extern "C" int sc_main(int, char**) { return 0; }
