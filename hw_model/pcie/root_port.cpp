// SPDX-License-Identifier: Apache-2.0
// See root_port.h.
#include "hw_model/pcie/root_port.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ringside::hw {

namespace {

// Type 0 configuration header, PCI Local Bus Specification 3.0, 6.1.
constexpr uint32_t kCommand = 0x04;
constexpr uint32_t kBar0 = 0x10;
constexpr uint16_t kMemorySpaceEnable = 0x2;
constexpr uint32_t kBarIoSpace = 0x1;
constexpr uint32_t kBarType64 = 0x4;
constexpr uint32_t kBarFlags = 0xF;
// PCI Express Base Specification 4.0, 7.5.1.1.11, 7.5.3.
constexpr uint32_t kCapabilities = 0x34;
constexpr uint32_t kExpress = 0x10;
constexpr uint32_t kDeviceCapabilities = 4, kDeviceControl = 8;
constexpr unsigned kPayloadShift = 5, kReadRequestShift = 12, kSizeMask = 7;
constexpr unsigned kLeastSizeExponent = 7;  // 128 bytes

uint32_t size_code(uint32_t bytes) {
  return static_cast<uint32_t>(std::countr_zero(bytes)) - kLeastSizeExponent;
}

}  // namespace

RootPort::RootPort(const sc_core::sc_module_name& name, unsigned port, HostMemory& memory,
                   InterruptSink& sink)
    : sc_core::sc_module(name), down("down"), up("up"), port_(port), memory_(memory), sink_(sink) {
  up.register_b_transport(this, &RootPort::upstream);
  up.register_get_direct_mem_ptr(this, &RootPort::upstream_dmi);
}

tlm::tlm_response_status RootPort::request(tlm::tlm_command command, PcieSpace space,
                                           uint64_t address, void* data, unsigned width) {
  // A read may wait in the middle of b_transport while another context makes a request of its own,
  // so the payload cannot be shared.
  tlm::tlm_generic_payload payload;
  PcieExtension extension;
  extension.space = space;
  payload.set_extension(&extension);
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(static_cast<unsigned char*>(data));
  payload.set_data_length(width);
  payload.set_streaming_width(width);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  down->b_transport(payload, delay);
  payload.clear_extension(&extension);
  if (delay != sc_core::SC_ZERO_TIME) sc_core::wait(delay);
  if (!payload.is_response_ok()) ++counters_.unsupported_requests;
  return payload.get_response_status();
}

uint32_t RootPort::config_read(uint32_t offset, unsigned width) {
  uint32_t value = 0;
  if (request(tlm::TLM_READ_COMMAND, PcieSpace::kConfig, offset, &value, width) !=
      tlm::TLM_OK_RESPONSE) {
    return ~uint32_t{0} >> (32 - 8 * width);
  }
  return value;
}

void RootPort::config_write(uint32_t offset, unsigned width, uint32_t value) {
  request(tlm::TLM_WRITE_COMMAND, PcieSpace::kConfig, offset, &value, width);
}

uint64_t RootPort::memory_read(uint64_t address, unsigned width) {
  uint64_t value = 0;
  if (request(tlm::TLM_READ_COMMAND, PcieSpace::kMemory, address, &value, width) !=
      tlm::TLM_OK_RESPONSE) {
    return ~uint64_t{0} >> (64 - 8 * width);
  }
  return value;
}

void RootPort::memory_write(uint64_t address, unsigned width, uint64_t value) {
  request(tlm::TLM_WRITE_COMMAND, PcieSpace::kMemory, address, &value, width);
}

uint32_t RootPort::debug_config(tlm::tlm_command command, uint32_t offset, unsigned width,
                                uint32_t value) {
  tlm::tlm_generic_payload payload;
  PcieExtension extension;
  extension.space = PcieSpace::kConfig;
  payload.set_extension(&extension);
  payload.set_command(command);
  payload.set_address(offset);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
  payload.set_data_length(width);
  const bool done = down->transport_dbg(payload) == width;
  payload.clear_extension(&extension);
  return done ? value : 0;
}

void RootPort::write_sizes() {
  if (mps_ == 0) return;
  const auto get = [this](uint32_t offset, unsigned width) {
    return debug_config(tlm::TLM_READ_COMMAND, offset, width, 0);
  };
  uint32_t at = get(kCapabilities, 1) & ~uint32_t{3};
  for (unsigned seen = 0; at != 0 && seen < 48 && get(at, 1) != kExpress; ++seen) {
    at = get(at + 1, 1) & ~uint32_t{3};
  }
  if (at == 0 || get(at, 1) != kExpress) return;
  const uint32_t supported = get(at + kDeviceCapabilities, 4) & kSizeMask;
  const uint32_t others =
      get(at + kDeviceControl, 2) &
      ~(kSizeMask << kPayloadShift | kSizeMask << kReadRequestShift | uint32_t{1} << 15);
  debug_config(tlm::TLM_WRITE_COMMAND, at + kDeviceControl, 2,
               others | std::min(supported, size_code(mps_)) << kPayloadShift |
                   size_code(mrrs_) << kReadRequestShift);
}

void RootPort::enumerate() {
  write_sizes();
  uint64_t next = kMmioBase + (uint64_t{port_} << 32);
  for (unsigned bar = 0; bar < 6; ++bar) {
    const uint32_t offset = kBar0 + 4 * bar;
    config_write(offset, 4, ~uint32_t{0});
    const uint32_t low = config_read(offset, 4);
    if (low == 0 || (low & kBarIoSpace) != 0) continue;
    const bool wide = (low & kBarType64) != 0 && bar < 5;
    uint64_t mask = low & ~kBarFlags;
    if (wide) {
      config_write(offset + 4, 4, ~uint32_t{0});
      mask |= uint64_t{config_read(offset + 4, 4)} << 32;
    } else {
      mask |= uint64_t{0xFFFF'FFFF} << 32;
    }
    const uint64_t size = ~mask + 1;
    if (size == 0) continue;
    next = (next + size - 1) & ~(size - 1);
    bar_address_[bar] = next;
    bar_size_[bar] = size;
    config_write(offset, 4, static_cast<uint32_t>(next));
    if (wide) config_write(offset + 4, 4, static_cast<uint32_t>(next >> 32));
    next += size;
    if (wide) ++bar;
  }
  config_write(kCommand, 2, config_read(kCommand, 2) | kMemorySpaceEnable);
}

void RootPort::upstream(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  const PcieExtension* extension = payload.get_extension<PcieExtension>();
  const PcieSpace space = extension == nullptr ? PcieSpace::kMemory : extension->space;
  const uint64_t address = payload.get_address();
  const std::size_t size = payload.get_data_length();
  auto* data = reinterpret_cast<std::byte*>(payload.get_data_ptr());
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  if (space == PcieSpace::kMessage) {
    if (address == kMessageAssertIntA || address == kMessageDeassertIntA) {
      sink_.intx(port_, address == kMessageAssertIntA);
      return;
    }
  } else if (space == PcieSpace::kMemory && payload.is_write()) {
    if (address - kMsiWindow < kMsiWindowSize && size == 4) {
      uint32_t message = 0;
      std::memcpy(&message, data, sizeof message);
      ++counters_.msi_messages;
      sink_.msi(port_, message);
      return;
    }
    if (memory_.device_write(address, {data, size})) {
      counters_.dma_write_bytes += size;
      return;
    }
  } else if (space == PcieSpace::kMemory && payload.is_read()) {
    if (memory_.device_read(address, data, size)) {
      counters_.dma_read_bytes += size;
      return;
    }
  }
  ++counters_.unsupported_requests;
  payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

bool RootPort::upstream_dmi(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  // Reads only: writes pass through upstream(), where they are observed.
  if (!payload.is_read() || memory_.translate(payload.get_address(), 1) == nullptr) return false;
  const uint64_t offset = payload.get_address() - memory_.arena_base();
  if (offset >= memory_.arena_size()) return false;
  dmi.set_dmi_ptr(reinterpret_cast<unsigned char*>(memory_.arena()));
  dmi.set_start_address(memory_.arena_base());
  dmi.set_end_address(memory_.arena_base() + memory_.arena_size() - 1);
  dmi.set_granted_access(tlm::tlm_dmi::DMI_ACCESS_READ);
  return true;
}

}  // namespace ringside::hw
