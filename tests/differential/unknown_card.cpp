// SPDX-License-Identifier: Apache-2.0
// The cards in RTL of a whole program whose unknown values are random: linked instead of those of
// hw_model/rtl_bridge/verilated_nic.cpp. From the environment: RINGSIDE_UNKNOWN_SEED, 1 to 1000000,
// sets what registers without reset, memories and X begin with, in each card of a run something
// else; RINGSIDE_CARD_FAULT names a fault of hw_model/rtl/nic_faults_pkg.sv. Exit status 3 if one
// of them is wrong, so that a run without it is not taken for one with it.
#include <cstdio>
#include <cstdlib>

#include "hw_model/rtl_bridge/verilated_card.h"
#include "tests/differential/faulty_card.h"

namespace {

constexpr int kMostSeeds = 1'000'000;
constexpr int kMostCards = 1000;  ///< of one run with seeds of their own

int unknown_seed() {
  const char* text = std::getenv("RINGSIDE_UNKNOWN_SEED");
  char* end = nullptr;
  const long seed = text == nullptr ? 0 : std::strtol(text, &end, 10);
  if (seed < 1 || seed > kMostSeeds || *end != '\0') {
    std::fprintf(stderr, "RINGSIDE_UNKNOWN_SEED: expected a number from 1 to %d\n", kMostSeeds);
    std::exit(3);
  }
  return static_cast<int>(seed);
}

unsigned chosen_fault() {
  const char* text = std::getenv("RINGSIDE_CARD_FAULT");
  if (text == nullptr) return 0;
  if (const auto number = ringside::test::find_card_fault(text)) return *number;
  std::fprintf(stderr, "RINGSIDE_CARD_FAULT: the card in RTL has no fault \"%s\"\n", text);
  std::exit(3);
}

int cards = 0;

}  // namespace

namespace ringside::hw {

std::unique_ptr<VerilatedCard> make_verilated_card(const VerilatedCardOptions& /*options*/) {
  return test::make_faulty_card(chosen_fault(), unknown_seed() * kMostCards + cards++);
}

}  // namespace ringside::hw
