// SPDX-License-Identifier: Apache-2.0
// The simulated host's function-level reset of a card: PCI registers are afterwards what they were.
#include "firmware/native.h"
#include "hw_model/core/pci_config.h"
#include "hw_model/tlm/lt_nic.h"
#include "hw_model/wire/link.h"
#include "testbench/host/sim_host.h"
#include "tests/unit/host/host_rig.h"

namespace ringside::test {
namespace {

using hw::PciConfig;

TEST(FunctionReset, RegistersAreWrittenBack) {
  hw::NicConfig config;
  config.pcie.mps = 512;
  config.pcie.mrrs = 4096;
  hw::FramePool pool;
  hw::Link link("link", {});
  const auto nic = hw::make_lt_nic(
      "nic", config, hw::make_native_control_plane("firmware", *rs_firmware_native(), 0), pool);
  nic->connect(link.end(0));
  tb::SimHostConfig host_config;
  host_config.memory_bytes = std::size_t{1} << 20;
  tb::SimHost host("host", host_config, nullptr);
  host.plug(0, *nic);
  bool done = false;
  host.platform().spawn("p", [&] {
    host.enumerate();
    tb::SimPciAccess& pci = host.pci(0);
    pci.set_bus_master(true);
    const uint32_t control = pci.config_read(PciConfig::kDeviceControl, 2);
    EXPECT_EQ(control & 0x70E0, 5u << 12 | 2u << 5);
    const uint32_t command = pci.config_read(PciConfig::kCommand, 2);
    const uint64_t bar = host.port(0).bar_address(0);
    EXPECT_TRUE(pci.function_level_reset());
    EXPECT_EQ(pci.config_read(PciConfig::kDeviceControl, 2), control);
    EXPECT_EQ(pci.config_read(PciConfig::kCommand, 2), command);
    EXPECT_EQ(pci.config_read(PciConfig::kBar0, 4) & ~0xFu, static_cast<uint32_t>(bar));
    EXPECT_EQ(pci.config_read(PciConfig::kBar0 + 4, 4), bar >> 32);
    done = true;
  });
  sc_core::sc_start(1, sc_core::SC_SEC);
  EXPECT_TRUE(done);
  uint64_t resets = 0;
  for (const hw::NicCounter& counter : nic->counters()) {
    if (counter.name == "function_resets") resets = counter.value;
  }
  EXPECT_EQ(resets, 1u);
}

}  // namespace
}  // namespace ringside::test
