// SPDX-License-Identifier: Apache-2.0
// Frame exchanges over random buses, pipelines, rings and traffics of model `at`, each seed in a
// process of its own.
//
//   bus_hunt --check conservation --seeds FIRST LAST   every byte, credit, tag and frame is
//   accounted for bus_hunt --check deadlock --seeds FIRST LAST       with hardly any credit, tag or
//   buffer, everything ends
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "formats/virtio.h"
#include "testbench/frames/frame_exchange.h"
#include "tests/support/arguments.h"

namespace {

using ringside::SplitMix64;
using ringside::formats::feature_bit;
using ringside::hw::BusDirection;
using ringside::hw::Purpose;
using ringside::tb::FrameExchangeConfig;
using ringside::tb::FrameExchangeResult;
using ringside::tb::FrameExchangeSide;

/// A run that takes longer than this has hung, s.
constexpr unsigned kHangSeconds = 120;
constexpr uint64_t kHeader = sizeof(ringside::formats::VirtioNetHdr);
/// VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET: class, command and a 16-bit number; and what answers it.
constexpr uint64_t kCommandBytes = 4;
constexpr uint64_t kAnswerBytes = 1;

enum class Check { kConservation, kDeadlock };

/// What the seeds went through, so that nobody takes silence for a test.
struct Totals {
  uint64_t received = 0;
  uint64_t dropped = 0;
  uint64_t stalls = 0;  ///< TLPs that waited for credits
};

uint32_t pick(SplitMix64& random, uint32_t low, uint32_t high) {
  return low + static_cast<uint32_t>(random.below(high - low + 1));
}
uint32_t power(SplitMix64& random, uint32_t low_exponent, uint32_t high_exponent) {
  return 1u << pick(random, low_exponent, high_exponent);
}

/// Any bus that the specification allows.
void random_bus(SplitMix64& random, FrameExchangeConfig& config) {
  ringside::hw::PcieLinkConfig& pcie = config.nic.pcie;
  pcie.generation = pick(random, 1, 5);
  pcie.lanes = power(random, 0, 4);
  pcie.mps = power(random, 7, 12);
  pcie.mrrs = power(random, 7, 12);
  pcie.rcb = power(random, 6, 7);
  pcie.latency_ps = random.below(200'000);
  pcie.whole_dwords = random.below(4) != 0;
  pcie.seed = random.next();
  for (ringside::hw::ReceiverConfig* end : {&pcie.root, &pcie.card}) {
    const auto credits = [&] {
      ringside::hw::CreditLimit limit;
      limit.headers = random.below(3) == 0 ? 0 : pick(random, 1, 64);
      limit.data = random.below(3) == 0 ? 0 : pcie.mps / 16 * pick(random, 1, 16);
      return limit;
    };
    end->posted = credits();
    end->non_posted = credits();
    if (random.below(2) == 0) end->completion = credits();
    end->drain_ps = random.below(100'000);
    end->drain_jitter_ps = random.below(2) == 0 ? 0 : random.below(300'000);
  }
  ringside::hw::RootComplexConfig& root = config.nic.root_complex;
  root.read_latency_ps = random.below(600'000);
  root.read_jitter_ps = random.below(2) == 0 ? 0 : random.below(600'000);
  root.reorder = random.below(2) == 0;
  root.completion_bytes_max = random.below(2) == 0 ? 0 : pcie.rcb * pick(random, 1, 4);
  root.seed = random.next();
}

void random_pipeline(SplitMix64& random, FrameExchangeConfig& config) {
  ringside::hw::PipelineConfig& pipeline = config.nic.pipeline;
  pipeline.datapath_bits = power(random, 6, 10);
  pipeline.clock_hz = random.below(2) == 0 ? 250'000'000 : 322'265'625;
  pipeline.ring_fetches_max = pick(random, 1, 32);
  pipeline.fetch_batch = pick(random, 1, 32);
  pipeline.prefetch = pick(random, 1, 64);
  pipeline.used_batch = pick(random, 1, 32);
  pipeline.used_timeout_cycles = pick(random, 0, 200);
  pipeline.ring_result_cycles = pick(random, 0, 20);
  pipeline.tx_latency_cycles = pick(random, 0, 40);
  pipeline.write_buffer_bytes = pick(random, 512, 32768);
  pipeline.read_tags = pick(random, 1, 256);
  pipeline.reassembly_bytes = pick(random, 4096, 65536);
}

/// Rings, queues, features, sizes.
void random_traffic(SplitMix64& random, FrameExchangeConfig& config) {
  config.host.memory_bytes = std::size_t{32} << 20;
  config.host.cores = pick(random, 1, 2);
  if (random.below(2) == 0) config.host.costs = ringside::tb::zero_costs();
  config.driver.ring_size = power(random, 3, 8);
  config.driver.queue_pairs = static_cast<uint16_t>(power(random, 0, 3));
  config.nic.queue_pairs = config.driver.queue_pairs;
  config.nic.msix_vectors = static_cast<uint16_t>(2 * config.driver.queue_pairs + 2);
  config.driver.msix_vectors = 2 * config.driver.queue_pairs + 1;
  config.driver.use_msix = random.below(8) != 0;
  config.driver.rx_buffer_bytes = random.below(2) == 0 ? 2048 : 256;
  constexpr uint64_t kReclaims[] = {0, 200'000};
  config.driver.tx_reclaim_timeout_ns = kReclaims[random.below(2)];
  for (const unsigned feature : {VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC, VIRTIO_NET_F_MRG_RXBUF,
                                 VIRTIO_F_NOTIFICATION_DATA}) {
    if (random.below(4) == 0) config.driver.features &= ~feature_bit(feature);
  }
  if ((config.driver.features & feature_bit(VIRTIO_NET_F_MRG_RXBUF)) == 0) {
    config.driver.rx_buffer_bytes = 2048;
  }
  config.max_bytes = pick(random, 60, 1514);
  config.max_fragments = pick(random, 1, 6);
  config.burst = power(random, 0, 6);
  constexpr uint64_t kRates[] = {1'000'000'000, 10'000'000'000, 100'000'000'000};
  config.link.rate_bps = kRates[random.below(3)];
  config.nic.tx_buffer_bytes = power(random, 11, 16);
  config.window = pick(random, 1, config.driver.ring_size);
  config.frames[0] = pick(random, 100, 400);
  config.frames[1] = pick(random, 0, 300);
  config.patience_ns = 200'000'000;
}

/// Hardly enough of anything, and a sender that does not wait for the receiver.
void starve(SplitMix64& random, FrameExchangeConfig& config) {
  ringside::hw::PcieLinkConfig& pcie = config.nic.pcie;
  for (ringside::hw::ReceiverConfig* end : {&pcie.root, &pcie.card}) {
    for (ringside::hw::CreditLimit* limit : {&end->posted, &end->non_posted, &end->completion}) {
      *limit = {pick(random, 1, 2), pcie.mps / 16};
    }
    end->drain_jitter_ps = random.below(1'000'000);
  }
  config.nic.pipeline.read_tags = pick(random, 1, 2);
  config.nic.pipeline.reassembly_bytes = 4096;
  config.nic.pipeline.ring_fetches_max = pick(random, 1, 2);
  config.nic.pipeline.fetch_batch = pick(random, 1, 2);
  config.nic.pipeline.prefetch = pick(random, 1, 2);
  config.nic.pipeline.write_buffer_bytes = 512;
  config.nic.tx_buffer_bytes = 2048;
  config.nic.rx_buffer_bytes = 2048;
  config.driver.ring_size = power(random, 2, 4);
  if (config.driver.ring_size * 256 < 2048) config.driver.rx_buffer_bytes = 2048;
  config.max_fragments = 2;
  config.lossy = true;
  config.burst = 0;
  config.spare_buffers = pick(random, 0, 64);
}

FrameExchangeConfig configuration(uint64_t seed, Check check) {
  SplitMix64 random(seed);
  FrameExchangeConfig config;
  config.seed = seed;
  config.model = ringside::tb::ModelKind::kAt;
  random_bus(random, config);
  random_pipeline(random, config);
  random_traffic(random, config);
  if (check == Check::kDeadlock) starve(random, config);
  // The receiver keeps up to nine frames; the ring must not run dry for that.
  config.driver.rx_pool_buffers =
      config.driver.queue_pairs *
      (config.driver.ring_size + 9 * (config.max_bytes / config.driver.rx_buffer_bytes + 2));
  return config;
}
std::string describe(const FrameExchangeConfig& config) {
  const ringside::hw::PcieLinkConfig& pcie = config.nic.pcie;
  const ringside::hw::PipelineConfig& pipeline = config.nic.pipeline;
  return fmt::format(
      "gen{} x{} mps {} mrrs {} credits {}/{} {}/{} jitter {}+{} reorder {} tags {} fetches {} "
      "batch {} "
      "prefetch {} write buffer {} tx buffer {} rx buffer {} ring {} pairs {} cores {} bytes up to "
      "{} "
      "window {} frames {}+{} rate {} withheld {:#x}",
      pcie.generation, pcie.lanes, pcie.mps, pcie.mrrs, pcie.root.posted.headers,
      pcie.root.posted.data, pcie.root.non_posted.headers, pcie.root.non_posted.data,
      pcie.root.drain_jitter_ps, config.nic.root_complex.read_jitter_ps,
      config.nic.root_complex.reorder, pipeline.read_tags, pipeline.ring_fetches_max,
      pipeline.fetch_batch, pipeline.prefetch, pipeline.write_buffer_bytes,
      config.nic.tx_buffer_bytes, config.nic.rx_buffer_bytes, config.driver.ring_size,
      config.driver.queue_pairs, config.host.cores, config.max_bytes, config.window,
      config.frames[0], config.frames[1], config.link.rate_bps,
      ringside::driver::kSupportedFeatures & ~config.driver.features);
}

using Counts = std::vector<std::pair<std::string, uint64_t>>;

uint64_t count(const Counts& counts, std::string_view name) {
  for (const auto& [key, value] : counts) {
    if (key == name) return value;
  }
  return ~uint64_t{0};
}

/// Sum over the queues: "tx_queue_" and "_packets".
uint64_t sum(const Counts& counts, std::string_view prefix, std::string_view suffix) {
  uint64_t total = 0;
  for (const auto& [key, value] : counts) {
    if (key.starts_with(prefix) && key.ends_with(suffix)) total += value;
  }
  return total;
}

struct Equation {
  const char* what;
  uint64_t left, right;
};

/// What driver, card and ledger of one side say of the same things, and the frames that the other
/// side sent.
std::string accounts(const FrameExchangeSide& side, const FrameExchangeSide& peer) {
  if (!side.bus_fault.empty()) return side.bus_fault;
  if (!side.ledger) return "no ledger";
  const auto payload = [&](BusDirection direction, Purpose purpose) {
    return side.ledger->at(direction, purpose).payload_bytes;
  };
  const uint64_t control = count(side.driver, "control_commands");
  const uint64_t dropped = sum(side.card, "rx_drop_", "") + sum(side.driver, "rx_queue_", "_drops");
  for (const Equation& equation : std::initializer_list<Equation>{
           {"frames: driver sent, card sent", sum(side.driver, "tx_queue_", "_packets"),
            count(side.card, "tx_frames")},
           {"frames: client sent, driver sent", side.sent,
            sum(side.driver, "tx_queue_", "_packets")},
           {"frames: peer sent, received or dropped", peer.sent, side.received + dropped},
           {"frames: card received, driver received", count(side.card, "rx_frames"),
            sum(side.driver, "rx_queue_", "_packets") + sum(side.driver, "rx_queue_", "_drops")},
           {"payload down: ledger, card", payload(BusDirection::kDown, Purpose::kPayload),
            count(side.card, "tx_bytes") + kHeader * count(side.card, "tx_frames") +
                kCommandBytes * control},
           {"bytes: driver sent, card sent", sum(side.driver, "tx_queue_", "_bytes"),
            count(side.card, "tx_bytes")},
           {"payload up: ledger, card", payload(BusDirection::kUp, Purpose::kPayload),
            count(side.card, "rx_bytes") + kHeader * count(side.card, "rx_frames") +
                kAnswerBytes * control},
           {"doorbells: driver, card",
            sum(side.driver, "tx_queue_", "_kicks") + sum(side.driver, "rx_queue_", "_kicks") +
                control,
            count(side.card, "doorbells")}}) {
    if (equation.left != equation.right) {
      return fmt::format("{}: {} and {}", equation.what, equation.left, equation.right);
    }
  }
  return {};
}

std::string run(const FrameExchangeConfig& config, Totals* totals) {
  const FrameExchangeResult result = ringside::tb::run_frame_exchange(config);
  for (const FrameExchangeSide& side : result.sides) {
    totals->received += side.received;
    totals->dropped += sum(side.card, "rx_drop_", "");
    totals->stalls += count(side.card, "pcie_credit_stalls");
  }
  if (!result.fault.empty()) return result.fault;
  for (unsigned index = 0; index < 2; ++index) {
    const std::string fault = accounts(result.sides[index], result.sides[1 - index]);
    if (!fault.empty()) return fmt::format("{}: {}", index == 0 ? "alice" : "bob", fault);
  }
  return {};
}

/// In a child process: SystemC allows one simulation a process. Empty, what is wrong, or why the
/// child ended.
std::string run_seed(uint64_t seed, Check check, Totals* totals) {
  int channel[2];
  if (pipe(channel) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    close(channel[0]);
    alarm(kHangSeconds);
    Totals mine;
    const std::string fault = run(configuration(seed, check), &mine);
    std::string answer(reinterpret_cast<const char*>(&mine), sizeof mine);
    answer += fault;
    [[maybe_unused]] const ssize_t written = write(channel[1], answer.data(), answer.size());
    _exit(0);
  }
  close(channel[1]);
  std::string what;
  char buffer[512];
  for (ssize_t size; (size = read(channel[0], buffer, sizeof buffer)) > 0;) {
    what.append(buffer, static_cast<std::size_t>(size));
  }
  close(channel[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return "no child";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && what.size() >= sizeof(Totals)) {
    Totals mine;
    std::memcpy(&mine, what.data(), sizeof mine);
    totals->received += mine.received;
    totals->dropped += mine.dropped;
    totals->stalls += mine.stalls;
    return what.substr(sizeof mine);
  }
  return WIFSIGNALED(status) ? std::string("ended by signal ") + strsignal(WTERMSIG(status))
                             : "ended with a failure";
}

}  // namespace

int main(int argc, char** argv) {
  ringside::test::Arguments arguments(
      "Searches model at for leaks and deadlocks over random buses, pipelines and traffics");
  std::string name = "conservation";
  std::array<uint64_t, 2> seeds = {1, 100};
  arguments.text("--check", name, "what to look for", {"conservation", "deadlock"})
      .two_numbers("--seeds", seeds, "first and last seed");
  if (const auto status = arguments.parse(argc, argv)) return *status;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Totals totals;
  const Check check = name == "deadlock" ? Check::kDeadlock : Check::kConservation;
  for (uint64_t seed = seeds[0]; seed <= seeds[1]; ++seed) {
    const std::string fault = run_seed(seed, check, &totals);
    if (fault.empty()) continue;
    fmt::print("{}: seed {}: {} (again: bus_hunt --check {} --seeds {} {})\n  {}\n", name, seed,
               fault, name, seed, seed, describe(configuration(seed, check)));
    return 1;
  }
  fmt::print(
      "{}: {} seeds, nothing found; {} frames received, {} dropped, {} TLPs waited for credits\n",
      name, seeds[1] - seeds[0] + 1, totals.received, totals.dropped, totals.stalls);
  return 0;
}

extern "C" int sc_main(int, char**) { return 0; }
