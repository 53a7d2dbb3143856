// SPDX-License-Identifier: Apache-2.0
// Virtio features that the card offers, by the names that scenarios use: the standard's, in lower
// case, without VIRTIO_F_ and VIRTIO_NET_F_.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ringside::tb {

struct Feature {
  std::string_view name;
  uint8_t bit;
  /// A modern device cannot do without it.
  bool mandatory;
  std::string_view doc;
};

/// In the order of their bits.
std::span<const Feature> features();

}  // namespace ringside::tb
