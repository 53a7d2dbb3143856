// SPDX-License-Identifier: Apache-2.0
// The root port between a host and a function of a few registers: BARs, MSI window, DMA, INTx.
#include "hw_model/pcie/root_port.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

using hw::HostMemory;
using hw::PcieExtension;
using hw::PcieSpace;
using hw::RootPort;
using tlm::tlm_generic_payload;

constexpr uint64_t kBase = HostMemory::kArenaBase;
constexpr std::size_t kMemory = 1 << 16;
constexpr uint64_t kWideSize = uint64_t{1} << 34;
constexpr uint64_t kNarrowSize = 1 << 12;

/// BAR 0: 64 bits, 16 GiB. BAR 2: 32 bits, 4 KiB. The rest: none. Memory reads give the address.
class Function : public sc_core::sc_module {
 public:
  explicit Function(const sc_core::sc_module_name& name)
      : sc_module(name), target("target"), initiator("initiator") {
    target.register_b_transport(this, &Function::transport);
  }

  tlm::tlm_response_status send(tlm::tlm_command command, PcieSpace space, uint64_t address,
                                void* data, unsigned size) {
    tlm_generic_payload payload;
    PcieExtension extension;
    extension.space = space;
    payload.set_extension(&extension);
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(data));
    payload.set_data_length(size);
    payload.set_streaming_width(size);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    initiator->b_transport(payload, delay);
    payload.clear_extension(&extension);
    return payload.get_response_status();
  }
  bool direct_read(uint64_t address, tlm::tlm_dmi& dmi) {
    tlm_generic_payload payload;
    payload.set_command(tlm::TLM_READ_COMMAND);
    payload.set_address(address);
    return initiator->get_direct_mem_ptr(payload, dmi);
  }

  tlm_utils::simple_target_socket<Function> target;
  tlm_utils::simple_initiator_socket<Function> initiator;
  std::array<uint32_t, 16> config{};
  uint64_t last_address = 0;
  uint64_t last_value = 0;
  unsigned last_width = 0;
  bool refuse = false;
  sc_core::sc_time answer_after = sc_core::SC_ZERO_TIME;

 private:
  static uint32_t mask_of(unsigned index) {
    switch (index) {
      case 4:
        return static_cast<uint32_t>(~(kWideSize - 1));
      case 5:
        return static_cast<uint32_t>(~(kWideSize - 1) >> 32);
      case 6:
        return static_cast<uint32_t>(~(kNarrowSize - 1));
      default:
        return index >= 4 && index < 10 ? 0 : ~uint32_t{0};
    }
  }
  void transport(tlm_generic_payload& payload, sc_core::sc_time& delay) {
    const PcieSpace space = payload.get_extension<PcieExtension>()->space;
    payload.set_response_status(refuse ? tlm::TLM_ADDRESS_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE);
    delay += answer_after;
    if (refuse) return;
    last_address = payload.get_address();
    last_width = payload.get_data_length();
    if (payload.is_write()) {
      last_value = 0;
      std::memcpy(&last_value, payload.get_data_ptr(), last_width);
    }
    if (space == PcieSpace::kMemory) {
      if (payload.is_read()) std::memcpy(payload.get_data_ptr(), &last_address, last_width);
      return;
    }
    const auto index = static_cast<unsigned>(last_address / 4);
    auto* bytes = reinterpret_cast<std::byte*>(config.data()) + last_address;
    if (payload.is_read()) {
      std::memcpy(payload.get_data_ptr(), bytes, last_width);
    } else {
      std::memcpy(bytes, payload.get_data_ptr(), last_width);
      config[index] &= mask_of(index);
      if (index == 4) config[index] |= 0x4;  // 64 bits
    }
  }
};

struct Rig : hw::InterruptSink {
  Rig() : memory(kMemory), port("port", 3, memory, *this), function("function") {
    port.down.bind(function.target);
    function.initiator.bind(port.up);
  }
  void msi(unsigned from, uint32_t data) override {
    seen.push_back("msi " + std::to_string(from) + " " + std::to_string(data));
  }
  void intx(unsigned from, bool asserted) override {
    seen.push_back("intx " + std::to_string(from) + (asserted ? " on" : " off"));
  }
  /// In a thread of the simulation.
  void run(const std::function<void()>& body) {
    sc_core::sc_spawn([&body] { body(); });
    sc_core::sc_start(1, sc_core::SC_MS);
  }
  tlm::tlm_response_status write(uint64_t address, uint32_t value) {
    return function.send(tlm::TLM_WRITE_COMMAND, PcieSpace::kMemory, address, &value, 4);
  }
  tlm::tlm_response_status read(uint64_t address, uint32_t* value) {
    return function.send(tlm::TLM_READ_COMMAND, PcieSpace::kMemory, address, value, 4);
  }
  tlm::tlm_response_status message(uint64_t code) {
    return function.send(tlm::TLM_WRITE_COMMAND, PcieSpace::kMessage, code, nullptr, 0);
  }
  HostMemory memory;
  RootPort port;
  Function function;
  std::vector<std::string> seen;
};

// PCI Local Bus Specification 3.0, 6.2.5.1.
TEST(RootPort, SizesAndPlacesBars) {
  Rig rig;
  rig.run([&] { rig.port.enumerate(); });
  EXPECT_EQ(rig.port.bar_size(0), kWideSize);
  EXPECT_EQ(rig.port.bar_size(1), 0u);  // the upper half
  EXPECT_EQ(rig.port.bar_size(2), kNarrowSize);
  for (unsigned bar = 3; bar < 6; ++bar) EXPECT_EQ(rig.port.bar_size(bar), 0u);
  EXPECT_EQ(rig.port.bar_address(0) % kWideSize, 0u);
  EXPECT_EQ(rig.port.bar_address(2) % kNarrowSize, 0u);
  EXPECT_GE(rig.port.bar_address(2), rig.port.bar_address(0) + kWideSize);
  EXPECT_GE(rig.port.bar_address(0), RootPort::kMmioBase);
  // What the function was told.
  EXPECT_EQ(rig.function.config[4] & ~0xFu, static_cast<uint32_t>(rig.port.bar_address(0)));
  EXPECT_EQ(rig.function.config[5], rig.port.bar_address(0) >> 32);
  EXPECT_EQ(rig.function.config[1] & 0x2, 0x2u);  // Memory Space Enable
}

TEST(RootPort, CarriesRegisterAccesses) {
  Rig rig;
  rig.run([&] {
    EXPECT_EQ(rig.port.memory_read(0x1234, 1), 0x34u);
    EXPECT_EQ(rig.port.memory_read(0x1234'5678'9ABC'DEF0, 8), 0x1234'5678'9ABC'DEF0u);
    EXPECT_EQ(rig.port.memory_read(0x1234'5678'9ABC'DEF0, 2), 0xDEF0u);
    rig.port.memory_write(0x40, 4, 0xAABB'CCDD);
    EXPECT_EQ(rig.function.last_address, 0x40u);
    EXPECT_EQ(rig.function.last_value, 0xAABB'CCDDu);
    EXPECT_EQ(rig.function.last_width, 4u);
    rig.port.config_write(0x3C, 4, 0x1122'3344);
    EXPECT_EQ(rig.port.config_read(0x3C, 4), 0x1122'3344u);
    EXPECT_EQ(rig.port.config_read(0x3E, 2), 0x1122u);
    EXPECT_EQ(rig.port.config_read(0x3D, 1), 0x33u);
  });
  EXPECT_EQ(rig.port.counters().unsupported_requests, 0u);
}

// PCIe Base Specification 4.0, 2.3.2: root complexes give all ones.
TEST(RootPort, GivesAllOnesWhereNothingAnswers) {
  Rig rig;
  rig.function.refuse = true;
  rig.run([&] {
    EXPECT_EQ(rig.port.memory_read(0, 1), 0xFFu);
    EXPECT_EQ(rig.port.memory_read(0, 2), 0xFFFFu);
    EXPECT_EQ(rig.port.memory_read(0, 4), 0xFFFF'FFFFu);
    EXPECT_EQ(rig.port.memory_read(0, 8), ~uint64_t{0});
    EXPECT_EQ(rig.port.config_read(0, 2), 0xFFFFu);
    rig.port.memory_write(0, 4, 0);
  });
  EXPECT_EQ(rig.port.counters().unsupported_requests, 6u);
}

TEST(RootPort, WaitsForAReadThatTakesTime) {
  Rig rig;
  rig.function.answer_after = sc_core::sc_time(3, sc_core::SC_US);
  uint64_t taken = 0;
  rig.run([&] {
    rig.port.memory_read(8, 8);
    taken = sc_core::sc_time_stamp().value();
  });
  EXPECT_EQ(taken, 3'000'000u);
}

TEST(RootPort, TurnsWritesToTheWindowIntoMessages) {
  Rig rig;
  rig.run([&] {
    EXPECT_EQ(rig.write(RootPort::kMsiWindow, 7), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(rig.write(RootPort::kMsiWindow + RootPort::kMsiWindowSize - 4, 8),
              tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(rig.write(RootPort::kMsiWindow - 4, 9), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(rig.write(RootPort::kMsiWindow + RootPort::kMsiWindowSize, 9),
              tlm::TLM_ADDRESS_ERROR_RESPONSE);
    uint16_t half = 1;
    EXPECT_EQ(rig.function.send(tlm::TLM_WRITE_COMMAND, PcieSpace::kMemory, RootPort::kMsiWindow,
                                &half, 2),
              tlm::TLM_ADDRESS_ERROR_RESPONSE);
    uint32_t value = 0;
    EXPECT_EQ(rig.read(RootPort::kMsiWindow, &value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
  EXPECT_EQ(rig.seen, (std::vector<std::string>{"msi 3 7", "msi 3 8"}));
  EXPECT_EQ(rig.port.counters().msi_messages, 2u);
  EXPECT_EQ(rig.port.counters().unsupported_requests, 4u);
}

TEST(RootPort, DmaReachesMemoryAndNothingElse) {
  Rig rig;
  rig.run([&] {
    EXPECT_EQ(rig.write(kBase + 64, 0x0102'0304), tlm::TLM_OK_RESPONSE);
    uint32_t value = 0;
    EXPECT_EQ(rig.read(kBase + 64, &value), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(value, 0x0102'0304u);
    for (const uint64_t address : {uint64_t{0}, kBase - 4, kBase - 2, kBase + kMemory - 2,
                                   kBase + kMemory, ~uint64_t{0} - 1}) {
      value = 5;
      EXPECT_EQ(rig.read(address, &value), tlm::TLM_ADDRESS_ERROR_RESPONSE) << address;
      EXPECT_EQ(value, 5u);
      EXPECT_EQ(rig.write(address, 1), tlm::TLM_ADDRESS_ERROR_RESPONSE) << address;
    }
    EXPECT_EQ(rig.function.send(tlm::TLM_READ_COMMAND, PcieSpace::kConfig, 0, &value, 4),
              tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
  EXPECT_EQ(rig.memory.arena()[kMemory - 1], std::byte{0});
  EXPECT_EQ(rig.port.counters().unsupported_requests, 13u);
  EXPECT_EQ(rig.port.counters().dma_read_bytes, 4u);
  EXPECT_EQ(rig.port.counters().dma_write_bytes, 4u);
}

TEST(RootPort, GivesDirectMemoryForReadsOfTheArena) {
  Rig rig;
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(rig.function.direct_read(kBase + 100, dmi));
  EXPECT_EQ(dmi.get_dmi_ptr(), reinterpret_cast<unsigned char*>(rig.memory.arena()));
  EXPECT_EQ(dmi.get_start_address(), kBase);
  EXPECT_EQ(dmi.get_end_address(), kBase + kMemory - 1);
  EXPECT_TRUE(dmi.is_read_allowed());
  EXPECT_FALSE(dmi.is_write_allowed());
  EXPECT_FALSE(rig.function.direct_read(kBase + kMemory, dmi));
  EXPECT_FALSE(rig.function.direct_read(0, dmi));
  std::array<std::byte, 64> region{};
  ASSERT_TRUE(rig.memory.add_region(0x1000, region.data(), region.size()));
  EXPECT_FALSE(rig.function.direct_read(0x1000, dmi));  // may go away
}

// PCIe Base Specification 4.0, 2.2.8.1.
TEST(RootPort, PassesIntxMessagesOn) {
  Rig rig;
  rig.run([&] {
    EXPECT_EQ(rig.message(hw::kMessageAssertIntA), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(rig.message(hw::kMessageDeassertIntA), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(rig.message(0x7F), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
  EXPECT_EQ(rig.seen, (std::vector<std::string>{"intx 3 on", "intx 3 off"}));
  EXPECT_EQ(rig.port.counters().unsupported_requests, 1u);
}

}  // namespace
}  // namespace ringside::test
