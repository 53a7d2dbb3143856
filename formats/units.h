// SPDX-License-Identifier: Apache-2.0
// Small value types that several layers share: MAC address and byte views.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside {

using MacAddress = std::array<uint8_t, 6>;
using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;

}  // namespace ringside
