// SPDX-License-Identifier: Apache-2.0
// A host with several cores: interrupt vectors and softirq work run on the core that they were
// given to, synchronising waits for any core, and what one core stored another sees after a lock.
#include <array>
#include <cstring>
#include <memory>

#include "testbench/host/sim_host.h"
#include "tests/unit/host/host_rig.h"

namespace ringside::test {
namespace {

using driver::InterruptMode;
using driver::WorkContext;

constexpr unsigned kVectors = 6;
constexpr uint32_t kMsixCapability = 0x40;
constexpr uint32_t kBarBytes = 0x1000;

/// A PCI function with a table of MSI-X vectors in BAR 0 and an interrupt pin.
class Function : public sc_core::sc_module {
 public:
  explicit Function(const sc_core::sc_module_name& name)
      : sc_module(name), target("target"), initiator("initiator") {
    target.register_b_transport(this, &Function::transport);
    config[0x06] = 0x10;
    config[0x34] = kMsixCapability;
    config[0x3D] = 1;
    config[kMsixCapability] = 0x11;
    config[kMsixCapability + 2] = kVectors - 1;
  }
  void message(uint64_t code) {
    tlm::tlm_generic_payload payload;
    hw::PcieExtension extension;
    extension.space = hw::PcieSpace::kMessage;
    payload.set_extension(&extension);
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(code);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    initiator->b_transport(payload, delay);
    payload.clear_extension(&extension);
  }
  bool masked(unsigned vector) const { return (bar[16 * vector + 12] & 1) != 0; }

  tlm_utils::simple_target_socket<Function> target;
  tlm_utils::simple_initiator_socket<Function> initiator;
  std::array<uint8_t, 256> config{};
  std::array<uint8_t, kBarBytes> bar{};

 private:
  void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
    const auto space = payload.get_extension<hw::PcieExtension>()->space;
    uint8_t* at = space == hw::PcieSpace::kMemory ? &bar[payload.get_address() % kBarBytes]
                                                  : &config[payload.get_address()];
    if (payload.is_read()) {
      std::memcpy(payload.get_data_ptr(), at, payload.get_data_length());
    } else {
      std::memcpy(at, payload.get_data_ptr(), payload.get_data_length());
      if (space != hw::PcieSpace::kMemory) size_bars();
    }
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
  /// BAR 0 is as large as kBarBytes; there are no others.
  void size_bars() {
    uint32_t bar0 = 0;
    std::memcpy(&bar0, &config[0x10], 4);
    bar0 &= ~(kBarBytes - 1);
    std::memcpy(&config[0x10], &bar0, 4);
    std::memset(&config[0x14], 0, 20);
  }
};

struct AffinityRig {
  explicit AffinityRig(bool seeded = false, const tb::CostTable& costs = tb::zero_costs())
      : function("function"), other("other") {
    tb::SimHostConfig config;
    config.name = "host";
    config.cores = 4;
    config.ports = 2;
    config.costs = costs;
    config.interleave_seeded = seeded;
    config.memory_bytes = std::size_t{1} << 20;
    host = std::make_unique<tb::SimHost>("host", config, nullptr);
    host->port(0).down.bind(function.target);
    function.initiator.bind(host->port(0).up);
    host->port(1).down.bind(other.target);
    other.initiator.bind(host->port(1).up);
  }
  tb::SimPciAccess& pci() { return host->pci(0); }
  /// Runs `body` in process context of core 0 after the vectors were enabled.
  void run(unsigned wanted, std::function<void()> body) {
    host->platform().spawn("p", [this, wanted, body = std::move(body)] {
      host->enumerate();
      count = pci().interrupts_enable(wanted, &mode);
      body();
    });
    sc_core::sc_start(100, sc_core::SC_US);
    EXPECT_EQ(host->core(0).failure(), "");
  }
  void sleep_us(uint64_t us) {
    host->platform().sleep_until(host->platform().now_ns() + us * 1000);
  }

  Function function, other;
  std::unique_ptr<tb::SimHost> host;
  unsigned count = 0;
  InterruptMode mode = InterruptMode::kNone;
};

/// Notes the cores that its handler ran on.
struct Handler {
  static bool run(void* context) {
    auto* self = static_cast<Handler*>(context);
    for (unsigned core = 0; core < self->host.core_count(); ++core) {
      if (&self->host.core(core) == tb::CpuCore::running()) self->cores.push_back(core);
    }
    if (self->busy_ns != 0) {
      tb::CpuCore::running()->charge_ps(self->busy_ns * 1000);
      tb::CpuCore::running()->pay();
    }
    if (self->then) self->then();
    ++self->returned;
    return true;
  }
  tb::SimHost& host;
  uint64_t busy_ns = 0;
  std::function<void()> then = nullptr;
  std::vector<unsigned> cores = {};
  unsigned returned = 0;
};

TEST(Affinity, AVectorIsTakenByTheCoreThatItWasGivenTo) {
  AffinityRig rig;
  std::vector<Handler> handlers(kVectors, Handler{*rig.host});
  rig.run(kVectors, [&] {
    ASSERT_EQ(rig.count, kVectors);
    for (unsigned vector = 0; vector < kVectors; ++vector) {
      // The last one is never given to any, and the one before to a core that there is not.
      if (vector + 2 < kVectors) rig.pci().interrupt_affinity(vector, vector % 4);
      if (vector + 2 == kVectors) rig.pci().interrupt_affinity(vector, 4);
      rig.pci().interrupt_bind(vector, &Handler::run, &handlers[vector]);
      EXPECT_FALSE(rig.function.masked(vector));
    }
    for (unsigned vector = 0; vector < kVectors; ++vector) rig.pci().msi(vector);
    rig.sleep_us(5);
  });
  for (unsigned vector = 0; vector < kVectors; ++vector) {
    const unsigned core = vector + 2 < kVectors ? vector % 4 : 0;
    EXPECT_EQ(handlers[vector].cores, std::vector<unsigned>{core}) << vector;
  }
  EXPECT_EQ(rig.host->core(3).interrupts_taken(), 1u);
}

TEST(Affinity, AnInterruptThatWaitsMovesWithItsVector) {
  AffinityRig rig;
  Handler slow{*rig.host, 2000};
  Handler moved{*rig.host};
  rig.run(2, [&] {
    rig.pci().interrupt_affinity(0, 1);
    rig.pci().interrupt_affinity(1, 1);
    rig.pci().interrupt_bind(0, &Handler::run, &slow);
    rig.pci().interrupt_bind(1, &Handler::run, &moved);
    rig.pci().msi(0);
    rig.sleep_us(1);
    rig.pci().msi(1);  // behind the slow one
    rig.pci().interrupt_mask(1);
    rig.pci().interrupt_affinity(1, 2);
    rig.pci().interrupt_unmask(1);
    rig.sleep_us(5);
  });
  EXPECT_EQ(slow.cores, std::vector<unsigned>{1});
  EXPECT_EQ(moved.cores, std::vector<unsigned>{2});
}

TEST(Affinity, SynchronizeWaitsForAHandlerOnAnotherCore) {
  AffinityRig rig;
  std::vector<Handler> handlers(3, Handler{*rig.host, 5000});
  rig.run(3, [&] {
    for (unsigned vector = 0; vector < 3; ++vector) {
      rig.pci().interrupt_affinity(vector, vector + 1);
      rig.pci().interrupt_bind(vector, &Handler::run, &handlers[vector]);
      rig.pci().msi(vector);
    }
    rig.sleep_us(1);
    for (unsigned vector = 0; vector < 3; ++vector) {
      EXPECT_EQ(handlers[vector].cores.size(), 1u) << vector;
      rig.pci().interrupt_mask(vector);
      rig.pci().interrupt_synchronize(vector);
      EXPECT_EQ(handlers[vector].returned, 1u) << vector;
    }
  });
  EXPECT_EQ(handlers[2].returned, 1u);
}

TEST(Affinity, NoHandlerRunsAfterInterruptsAreDisabled) {
  AffinityRig rig;
  std::vector<Handler> handlers(4, Handler{*rig.host, 3000});
  std::vector<unsigned> returned;
  rig.run(4, [&] {
    for (unsigned vector = 0; vector < 4; ++vector) {
      rig.pci().interrupt_affinity(vector, vector);
      rig.pci().interrupt_bind(vector, &Handler::run, &handlers[vector]);
      rig.pci().msi(vector);
    }
    rig.sleep_us(1);
    rig.pci().interrupts_disable();
    for (const Handler& handler : handlers) returned.push_back(handler.returned);
    for (unsigned vector = 0; vector < 4; ++vector) rig.pci().msi(vector);
    rig.sleep_us(10);
  });
  EXPECT_EQ(returned, std::vector<unsigned>(4, 1));
  for (const Handler& handler : handlers) EXPECT_EQ(handler.returned, 1u);
}

TEST(Affinity, AMessageThatComesLateIsDoneWithBeforeItsVectorGoes) {
  tb::CostTable costs = one_cost(driver::Cost::kInterruptEntry, 5000);
  costs[static_cast<std::size_t>(driver::Cost::kConfigAccess)] = 1'000'000;
  AffinityRig rig(false, costs);
  std::vector<Handler> handlers(4, Handler{*rig.host});
  bool late = false;
  rig.run(4, [&] {
    for (unsigned vector = 0; vector < 4; ++vector) {
      rig.pci().interrupt_affinity(vector, vector);
      rig.pci().interrupt_bind(vector, &Handler::run, &handlers[vector]);
    }
    // While MSI-X is being switched off, which takes 2 us.
    for (const unsigned vector : {1u, 2u}) {
      sc_core::sc_spawn([&rig, &late, vector] {
        sc_core::wait(vector * 700.0, sc_core::SC_NS);
        rig.pci().msi(vector);
        late = true;
      });
    }
    rig.pci().interrupts_disable();
    EXPECT_TRUE(late);
    for (unsigned core = 1; core < 4; ++core) {
      EXPECT_NE(rig.host->core(core).level(), tb::Level::kInterrupt) << core;
    }
    rig.sleep_us(20);
  });
  EXPECT_EQ(rig.host->core(1).interrupts_taken(), 1u);
  EXPECT_EQ(rig.host->core(2).interrupts_taken(), 1u);
  for (const Handler& handler : handlers) EXPECT_EQ(handler.returned, 0u);
}

TEST(Affinity, AFunctionMayJoinTheLineWhileAHandlerRuns) {
  AffinityRig rig;
  Handler first{*rig.host, 5000};
  Handler second{*rig.host};
  std::vector<unsigned> asked;
  first.then = [&] {
    rig.function.message(hw::kMessageDeassertIntA);
    asked.push_back(0);
  };
  second.then = [&] { asked.push_back(1); };
  rig.host->platform().spawn(
      "joins",
      [&] {
        while (first.cores.empty()) {  // no sleep: timers are core 0's
          tb::CpuCore::running()->charge_ps(100'000);
          tb::CpuCore::running()->pay();
        }
        EXPECT_EQ(first.returned, 0u);
        InterruptMode mode = InterruptMode::kNone;
        ASSERT_EQ(rig.host->pci(1).interrupts_enable(0, &mode), 1u);
        rig.host->pci(1).interrupt_bind(0, &Handler::run, &second);
      },
      1);
  rig.run(0, [&] {
    rig.pci().interrupt_bind(0, &Handler::run, &first);
    rig.function.message(hw::kMessageAssertIntA);
    rig.sleep_us(20);
  });
  // The line is shared: the second one is asked as well, in the same round though it came late.
  ASSERT_GE(asked.size(), 2u);
  EXPECT_EQ(asked[0], 0u);
  EXPECT_EQ(asked[1], 1u);
}

TEST(Affinity, IntxStaysOnCoreZero) {
  AffinityRig rig;
  Handler handler{*rig.host};
  handler.then = [&] { rig.function.message(hw::kMessageDeassertIntA); };
  rig.run(0, [&] {
    ASSERT_EQ(rig.mode, InterruptMode::kIntx);
    rig.pci().interrupt_affinity(0, 3);
    rig.pci().interrupt_bind(0, &Handler::run, &handler);
    rig.function.message(hw::kMessageAssertIntA);
    rig.sleep_us(1);
  });
  EXPECT_EQ(handler.cores, std::vector<unsigned>{0});
}

/// Work whose callback notes its core.
struct Where {
  static void run(void* context) {
    auto* self = static_cast<Where*>(context);
    self->cores.push_back(tb::CpuCore::running());
    if (self->body) self->body();
  }
  std::vector<tb::CpuCore*> cores;
  std::function<void()> body;
};

TEST(SoftirqHome, WorkRunsOnTheCoreThatSchedulesItUntilItHasAHome) {
  HostRig rig(tb::zero_costs(), 3);
  EXPECT_EQ(rig.platform->core_count(), 3u);
  Where where;
  auto work = rig.platform->make_work(WorkContext::kSoftirq, &Where::run, &where);
  rig.process(
      "p", [&] { work->schedule(); }, 1);
  rig.run_us(1);
  rig.process(
      "q", [&] { work->schedule(); }, 2);
  rig.run_us(1);
  work->set_core(0);
  rig.process(
      "r", [&] { work->schedule(); }, 2);
  rig.run_us(1);
  EXPECT_EQ(where.cores, (std::vector<tb::CpuCore*>{&rig.core(1), &rig.core(2), &rig.core(0)}));
}

TEST(SoftirqHome, AnotherCoreSeesItAtTheSchedulersTime) {
  HostRig rig(tb::zero_costs(), 2);
  Where where;
  where.body = [&] { rig.note("softirq"); };
  auto work = rig.platform->make_work(WorkContext::kSoftirq, &Where::run, &where);
  work->set_core(1);
  rig.process("p", [&] {
    rig.work(1000);
    rig.core(0).charge_ps(700'000);
    work->schedule();
  });
  rig.run_us(10);
  EXPECT_EQ(rig.trace, (Trace{"softirq@1700"}));
}

TEST(SoftirqHome, WorkNeverRunsBesideItself) {
  HostRig rig(tb::zero_costs(), 2);
  Where where;
  unsigned inside = 0, most = 0;
  where.body = [&] {
    most = std::max(most, ++inside);
    rig.work(1000);
    --inside;
  };
  auto work = rig.platform->make_work(WorkContext::kSoftirq, &Where::run, &where);
  rig.process(
      "p", [&] { work->schedule(); }, 0);
  rig.process(
      "q",
      [&] {
        rig.work(500);
        work->schedule();  // it runs on core 0, and runs there again
      },
      1);
  rig.run_us(10);
  EXPECT_EQ(most, 1u);
  EXPECT_EQ(where.cores, (std::vector<tb::CpuCore*>{&rig.core(0), &rig.core(0)}));
}

TEST(SoftirqHome, CancelFindsItOnWhateverCore) {
  HostRig rig(tb::zero_costs(), 2);
  Where where;
  auto work = rig.platform->make_work(WorkContext::kSoftirq, &Where::run, &where);
  work->set_core(1);
  rig.process(
      "busy",
      [&] {
        rig.core(1).disable_bottom_halves();
        rig.work(1000);
        rig.core(1).enable_bottom_halves();
        rig.note("on");
      },
      1);
  rig.process("p", [&] {
    rig.work(100);
    work->schedule();
    rig.work(100);
    work->cancel();
  });
  rig.run_us(10);
  EXPECT_TRUE(where.cores.empty());
  EXPECT_EQ(rig.trace, (Trace{"on@1000"}));
}

/// In how many seeds core 1 read what core 0 had not yet let out of its store buffer.
unsigned stale_reads(bool locked) {
  AffinityRig rig(true);
  unsigned stale = 0;
  constexpr unsigned kRounds = 200;
  std::unique_ptr<driver::Lock> lock;
  driver::DmaMemory memory;
  uint32_t written = 0, taken = 0;
  rig.host->platform().spawn("writer", [&] {
    lock = rig.host->platform().make_lock();
    memory = rig.pci().alloc_coherent(64, 64);
    for (uint32_t round = 1; round <= kRounds; ++round) {
      if (locked) lock->lock();
      rig.pci().store32(memory.data, round);
      written = round;
      if (locked) lock->unlock();
      while (taken != round) rig.sleep_us(1);
    }
  });
  rig.host->platform().spawn(
      "reader",
      [&] {
        for (uint32_t round = 1; round <= kRounds; ++round) {
          while (written != round) {
            tb::CpuCore::running()->charge_ps(10'000);
            tb::CpuCore::running()->pay();
          }
          if (locked) lock->lock();
          if (rig.pci().load32(memory.data) != round) ++stale;
          if (locked) lock->unlock();
          taken = round;
        }
      },
      1);
  sc_core::sc_start(10, sc_core::SC_MS);
  EXPECT_EQ(taken, kRounds);
  return stale;
}

TEST(MemoryOfSeveralCores, WorkSeesWhatWasStoredBeforeItWasScheduledAgain) {
  AffinityRig rig(true);
  driver::DmaMemory memory;
  uint32_t round = 0, promised = 0;
  unsigned runs = 0, stale = 0;
  Where where;
  where.body = [&] {
    ++runs;
    const uint32_t least = promised;
    if (rig.pci().load32(memory.data) < least) ++stale;
  };
  auto work = rig.host->platform().make_work(WorkContext::kSoftirq, &Where::run, &where);
  work->set_core(1);
  rig.host->platform().spawn("writer", [&] {
    memory = rig.pci().alloc_coherent(64, 64);
    for (round = 1; round <= 200; ++round) {
      work->schedule();
      rig.pci().store32(memory.data, round);
      work->schedule();  // it often waits for core 1 still
      promised = round;
      rig.sleep_us(20);
    }
  });
  rig.host->platform().spawn(
      "holds off",
      [&] {
        while (round <= 200) {
          rig.host->core(1).disable_bottom_halves();
          tb::CpuCore::running()->charge_ps(3'000'000);
          tb::CpuCore::running()->pay();
          rig.host->core(1).enable_bottom_halves();
          rig.sleep_us(1);
        }
      },
      1);
  sc_core::sc_start(10, sc_core::SC_MS);
  EXPECT_GE(runs, 200u);
  EXPECT_EQ(stale, 0u);
}

TEST(MemoryOfSeveralCores, AStoreWaitsInItsOwnCoresBuffer) { EXPECT_GT(stale_reads(false), 20u); }
TEST(MemoryOfSeveralCores, ALockHandsStoresOver) { EXPECT_EQ(stale_reads(true), 0u); }

}  // namespace
}  // namespace ringside::test
