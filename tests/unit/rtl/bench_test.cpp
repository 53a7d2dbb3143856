// SPDX-License-Identifier: Apache-2.0
// The bench that tests of RTL modules use: unknown values are random, assertions are live.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <Vbench_sample.h>
#include "tests/support/gtest.h"
#include "tests/support/verilated.h"

namespace ringside::test {
namespace {

using Bench = RtlBench<Vbench_sample>;

uint32_t kept_at_start(int seed) {
  Bench bench(seed);
  bench->load = 0;
  bench.reset();
  return bench->kept;
}

TEST(RtlBench, UnknownValuesAreRandomAndRepeatable) {
  EXPECT_EQ(kept_at_start(1), kept_at_start(1));
  EXPECT_NE(kept_at_start(1), kept_at_start(2));
  EXPECT_NE(kept_at_start(1), 0u);
}

TEST(RtlBench, InputsCountAtTheEdge) {
  Bench bench(1);
  bench->load = 1;
  bench->value = 7;
  bench.reset();
  EXPECT_EQ(bench->kept, 7u);
  EXPECT_EQ(bench->count, 0u);
  bench->value = 8;
  bench.settle();
  EXPECT_EQ(bench->kept, 7u);
  bench.tick();
  EXPECT_EQ(bench->kept, 8u);
  EXPECT_EQ(bench->count, 1u);
  EXPECT_EQ(bench.cycle(), 5u);
}

TEST(RtlBench, AssertionsAreLive) {
  Bench bench(1);
  bench->load = 0;
  bench.expect_assertion();
  bench.reset();
  for (unsigned i = 0; i < 10; ++i) bench.tick();
  EXPECT_FALSE(bench.assertion_fired());
  bench.tick();
  EXPECT_TRUE(bench.assertion_fired());
}

void run_into_the_assertion() {
  Bench bench(1);
  bench->load = 0;
  bench.reset();
  for (unsigned i = 0; i < 20; ++i) bench.tick();
}

TEST(RtlBench, AFailingAssertionEndsTheProcess) {
  const pid_t child = fork();
  if (child == 0) {
    run_into_the_assertion();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
}

}  // namespace
}  // namespace ringside::test
