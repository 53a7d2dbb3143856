// SPDX-License-Identifier: Apache-2.0
// A host with the card of echo_card.sv, and somebody at the other end of its wire.
#pragma once

#include <Vecho_card.h>
#include <Vecho_card__Syms.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/rtl_bridge/rtl_nic.h"
#include "hw_model/rtl_bridge/verilated_model.h"
#include "hw_model/wire/link.h"
#include "tests/support/gtest.h"
#include "tests/unit/lt/lt_host.h"

namespace ringside::test {

/// Registers of the card, at multiples of 8 in any BAR.
enum EchoRegister : uint32_t {
  kScratch = 0,
  kSource = 8,
  kTarget = 16,
  kGo = 24,
  kMessage = 32,
  kTimer = 40,
  kExpired = 48,
};

/// One thing that the card did on its link or its wire.
struct EchoEffect {
  hw::TimePs time_ps;
  unsigned kind;
  uint64_t address;
  std::vector<std::byte> bytes;
  bool operator==(const EchoEffect&) const = default;
};

class EchoHost : public hw::InterruptSink, public hw::EthernetReceiver, public hw::BusObserver {
 public:
  using Hardware = hw::VerilatedModel<Vecho_card, Vecho_card__Syms>;

  EchoHost(const std::string& name, const hw::NicConfig& config, const hw::RtlOptions& options,
           const hw::LinkConfig& wire = {},
           std::unique_ptr<hw::VerilatedCard> hardware = std::make_unique<Hardware>(),
           std::unique_ptr<hw::ControlPlane> control = nullptr)
      : memory(1 << 20),
        port((name + "_port").c_str(), 0, memory, *this),
        link((name + "_link").c_str(), wire) {
    nic = hw::make_rtl_nic((name + "_nic").c_str(), config, options, std::move(hardware),
                           std::move(control), pool);
    port.down.bind(nic->pcie_target());
    nic->pcie_initiator().bind(port.up);
    nic->connect(link.end(0));
    link.end(1).attach(*this);
    nic->observe_bus(this);
  }

  void msi(unsigned, uint32_t data) override { messages.push_back(data); }
  void intx(unsigned, bool asserted) override { levels.push_back(asserted); }
  void receive_frame(const hw::FramePtr& frame, hw::TimePs start_ps, hw::TimePs) override {
    received.push_back(frame);
    effects.push_back({start_ps, 100, 0, frame->bytes});
  }
  void carrier_change(bool) override {}
  void tlp_sent(hw::BusDirection direction, const hw::Tlp& tlp, hw::TimePs start_ps,
                hw::TimePs) override {
    if (direction == hw::BusDirection::kDown) return;
    const ByteView bytes = tlp.payload();
    effects.push_back(
        {start_ps, static_cast<unsigned>(tlp.type), tlp.address, {bytes.begin(), bytes.end()}});
  }

  void set(EchoRegister at, uint64_t value) { port.memory_write(kBar + at, 8, value); }
  uint64_t get(EchoRegister at) { return port.memory_read(kBar + at, 8); }
  void send(const std::vector<std::byte>& bytes, bool fcs_ok = true) {
    const hw::FramePtr frame = pool.make();
    frame->bytes = bytes;
    frame->fcs_ok = fcs_ok;
    link.end(1).transmit(frame);
  }
  uint64_t counter(std::string_view name) const {
    for (const hw::NicCounter& counter : nic->counters()) {
      if (counter.name == name) return counter.value;
    }
    return ~uint64_t{0};
  }

  static constexpr uint64_t kBar = hw::RootPort::kMmioBase;
  hw::HostMemory memory;
  hw::RootPort port;
  hw::FramePool pool;
  hw::Link link;
  std::unique_ptr<hw::NicModel> nic;
  std::vector<uint32_t> messages;
  std::vector<bool> levels;
  std::vector<hw::FramePtr> received;
  std::vector<EchoEffect> effects;
};

/// Runs `body` in an SC_THREAD until it returns; false if it did not within a virtual second.
inline bool run_thread(std::function<void()> body) {
  SimThread thread("thread", [&] {
    body();
    sc_core::sc_stop();
  });
  sc_core::sc_start(1, sc_core::SC_SEC);
  return thread.finished;
}

inline std::vector<std::byte> pattern(std::size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(seed + 7 * i + i / 256);
  return bytes;
}

}  // namespace ringside::test
