// SPDX-License-Identifier: Apache-2.0
// Keeps this process alive when another one truncates a file that both have mapped: an access to a
// page that is gone raises SIGBUS, and the handler of this file puts anonymous memory in its place.
#pragma once

#include <cstddef>

#include "formats/status.h"

namespace ringside::tb {

/// While it lives, pages lost from a mapping become zeros, and `notify` (an event descriptor, which
/// must outlive it) becomes readable. SIGBUS anywhere else goes to the handler that was there
/// before.
class LostPages {
 public:
  LostPages() = default;
  ~LostPages() { forget(); }
  LostPages(const LostPages&) = delete;
  LostPages& operator=(const LostPages&) = delete;

  /// `start` and `size` are multiples of `page_size` (bytes).
  Status watch(std::byte* start, std::size_t size, std::size_t page_size, int notify);
  void forget();

 private:
  int slot_ = -1;
};

}  // namespace ringside::tb
