// SPDX-License-Identifier: Apache-2.0
// Any bytes as a device: they decide what every register read answers, what is written into rings
// and buffers and when, and when interrupts and time come. The driver keeps its promises, and works
// with the honest device that the end of the input makes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/unit/driver/hostile_world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  constexpr uint64_t kSteps = 300;
  constexpr uint64_t kLies = 8;  // one register read in so many, if the bytes are random
  ringside::test::InputChoices choices({data, size});
  ringside::test::HostileWorld world(choices, kLies);
  const std::string wrong = world.run(kSteps);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "driver: %s\n", wrong.c_str());
  std::abort();
}
