// SPDX-License-Identifier: Apache-2.0
// The functional core under a driver whose moves, and an order of events which, the input says.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/hostile/core_host.h"
#include "tests/hostile/hunt.h"

namespace {

/// Numbers from the input, as few bytes for each as its bound needs; 0 behind its end.
class Input {
 public:
  Input(const uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  bool over() const { return at_ == end_; }
  uint64_t below(uint64_t bound) {
    const unsigned bytes = bound <= 256 ? 1 : bound <= 65536 ? 2 : 8;
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && !over(); ++i) value |= uint64_t{*at_++} << (8 * i);
    return value % bound;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input(data, size);
  const auto draw = [&input](uint64_t bound) { return input.below(bound); };
  ringside::hw::CoreConfig config;
  config.queue_pairs = 2;
  // No less than a frame for each pair: the card would take more than that.
  if (input.below(2) == 0) config.tx_buffer_bytes = config.rx_buffer_bytes = 3072;
  ringside::hostile::CoreHost host(config, std::size_t{1} << 20, draw);
  ringside::hostile::Hunt hunt(host, draw, [&input] { return input.over(); });
  const std::string fault = hunt.run(~uint64_t{0});
  if (!fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}

// SystemC's library wants it where it is linked.
extern "C" int sc_main(int, char**) { return 0; }
