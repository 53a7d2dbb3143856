// SPDX-License-Identifier: Apache-2.0
// Thousands of random sessions: no crash, no hang, no descriptor left, the next one is served.
#include "tests/unit/vhost/random_session.h"
#include <cstdlib>

#include "tests/support/gtest.h"

namespace {

using ringside::SplitMix64;
using ringside::test::play_vhost_script;
using ringside::test::RandomSession;

uint64_t sessions() {
  const char* wanted = std::getenv("RINGSIDE_VHOST_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 2000;
}

TEST(RandomSessions, MostlyRight) {
  for (uint64_t seed = 1; seed <= sessions(); ++seed) {
    const std::vector<uint8_t> script = RandomSession(seed).make();
    ASSERT_EQ(play_vhost_script(script), "")
        << "seed " << seed << "; again: RINGSIDE_VHOST_SEEDS=" << seed
        << " vhost_test --gtest_filter=RandomSessions.MostlyRight";
  }
}

TEST(RandomSessions, AnyBytes) {
  for (uint64_t seed = 1; seed <= sessions(); ++seed) {
    SplitMix64 random(seed);
    std::vector<uint8_t> script(random.below(400));
    for (uint8_t& byte : script) byte = static_cast<uint8_t>(random.next());
    ASSERT_EQ(play_vhost_script(script), "")
        << "seed " << seed << "; again: RINGSIDE_VHOST_SEEDS=" << seed
        << " vhost_test --gtest_filter=RandomSessions.AnyBytes";
  }
}

}  // namespace
