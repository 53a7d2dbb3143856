// SPDX-License-Identifier: Apache-2.0
// See sim_host.h.
#include "testbench/host/sim_host.h"

#include "formats/address_sanitizer.h"

namespace ringside::tb {

namespace {

/// Message that observers see for INTx: beyond every MSI-X vector.
constexpr uint32_t kIntxMessage = 0x10000;

#if defined(RINGSIDE_ADDRESS_SANITIZER)
/// Red zones and unmerged locals make frames several times larger.
constexpr std::size_t kStackFactor = 4;
#else
constexpr std::size_t kStackFactor = 1;
#endif

}  // namespace

/// Holds its core until a moment; not as work of that core.
class SimHost::PauseSource final : public InterruptSource {
 public:
  explicit PauseSource(CpuCore& core) : core_(core) {}
  void raise_until(uint64_t until_ps) {
    until_ps_ = until_ps;
    core_.raise(*this);
  }
  void interrupt() override {
    const uint64_t now = sc_core::sc_time_stamp().value();
    if (until_ps_ > now) sc_core::wait(sc_core::sc_time::from_value(until_ps_ - now));
    core_.stalled_since(sc_core::sc_time_stamp().value());
  }

 private:
  CpuCore& core_;
  uint64_t until_ps_ = 0;
};

SimHost::SimHost(const sc_core::sc_module_name& name, const SimHostConfig& config, LogSink log)
    : sc_core::sc_module(name),
      config_(config),
      memory_(config.memory_bytes, config.memory_base),
      allocator_(memory_.arena(), memory_.arena_size()) {
  std::vector<CpuCore*> cores;
  for (unsigned core = 0; core < config.cores; ++core) {
    cores_.push_back(std::make_unique<CpuCore>(("core" + std::to_string(core)).c_str(),
                                               config.costs, config.stack_size * kStackFactor));
    cores.push_back(cores_.back().get());
    pauses_.push_back(std::make_unique<PauseSource>(*cores_.back()));
  }
  for (unsigned core = 0; config.interleave_seeded && core < config.cores; ++core) {
    memory_orders_.push_back(std::make_unique<MemoryOrder>(
        ("memory_order" + std::to_string(core)).c_str(), *cores_[core], ~(config.seed + core)));
    memory_.observe(memory_orders_.back().get());
  }
  platform_ = std::make_unique<SimPlatform>(config.name, cores, config.seed, std::move(log));
  platform_->report_to(horizon_);
  // Cores touch each other at any time, and seeded interleaving is made of looks at all times.
  if (config.cores != 1 || config.interleave_seeded) horizon_.unbound();
  intx_ = std::make_unique<IntxLine>(*cores_[0]);
  const PciHostContext context{memory_, allocator_, cores, *intx_};
  hw::InterruptSink& sink = *this;
  for (unsigned port = 0; port < config.ports; ++port) {
    ports_.push_back(std::make_unique<hw::RootPort>(("port" + std::to_string(port)).c_str(), port,
                                                    memory_, sink));
    pci_.push_back(std::make_unique<SimPciAccess>(context, *ports_.back(), config.msix));
  }
}

SimHost::~SimHost() = default;

stack::MemoryCallbacks SimHost::stack_memory() {
  return {&allocator_,
          [](void* context, std::size_t size) {
            return static_cast<ArenaAllocator*>(context)->allocate(size);
          },
          [](void* context, std::byte* data, std::size_t) {
            static_cast<ArenaAllocator*>(context)->free(data);
          }};
}

void SimHost::plug(unsigned index, hw::NicModel& nic) {
  port(index).down.bind(nic.pcie_target());
  nic.pcie_initiator().bind(port(index).up);
  port(index).set_sizes(nic.link_config().mps, nic.link_config().mrrs);
  pci(index).set_bus_timed(nic.ledger() != nullptr);
  nic.report_to(horizon_);
}

void SimHost::look_ahead() {
  if (horizon_.bounded()) cores_[0]->look_ahead(&horizon_);
}

void SimHost::pause_until(uint64_t until_ps) {
  for (auto& pause : pauses_) pause->raise_until(until_ps);
}

void SimHost::enumerate() {
  CpuCore& core = *CpuCore::running();
  for (auto& port : ports_) {
    const uint64_t start = sc_core::sc_time_stamp().value();
    port->enumerate();
    core.stalled_since(start);
  }
}

void SimHost::msi(unsigned port, uint32_t data) {
  if (observer_) observer_(port, data);
  pci_[port]->msi(data);
}

void SimHost::intx(unsigned port, bool asserted) {
  if (observer_) observer_(port, kIntxMessage + (asserted ? 1 : 0));
  intx_->set(*pci_[port], asserted);
}

}  // namespace ringside::tb
