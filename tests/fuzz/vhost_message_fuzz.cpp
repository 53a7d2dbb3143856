// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a front end does (tests/unit/vhost/script.h) to the vhost-user decoder and
// session: the card is promised nothing false, and the next front end is served.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/unit/vhost/script.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string wrong = ringside::test::play_vhost_script({data, size});
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "vhost_message: %s\n", wrong.c_str());
  std::abort();
}
