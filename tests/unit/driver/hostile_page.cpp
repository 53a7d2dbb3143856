// SPDX-License-Identifier: Apache-2.0
// Prints docs/hostile-device.md.
#include <cstdio>

#include "tests/unit/driver/hostile_cases.h"

int main() {
  std::fputs(ringside::test::hostile_page().c_str(), stdout);
  return 0;
}
