// SPDX-License-Identifier: Apache-2.0
// The list of all attacks and the page that it makes.
#include "tests/hostile/attack.h"

#include <fmt/format.h>

namespace ringside::hostile {

namespace {

std::string_view words(Reaction reaction) {
  switch (reaction) {
    case Reaction::kIgnored:
      return "ignored";
    case Reaction::kServed:
      return "done as written";
    case Reaction::kDropped:
      return "dropped";
    case Reaction::kRefused:
      return "FEATURES_OK stays clear";
    case Reaction::kAnswered:
      return "answered with VIRTIO_NET_ERR";
    case Reaction::kNeedsReset:
      return "DEVICE_NEEDS_RESET";
    default:
      return "reset";
  }
}

constexpr std::string_view kHead =
    R"(<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made by hostile_suite --table. -->
# What a hostile driver can do

Each line is an attack that a test makes on the functional core, on `lt`, `at` and `rtl`, and what the card promises.
For every one the test shows that the card comes to rest, that it reacts as promised, that it writes nothing but used rings and writable buffers, that it carries a frame each way after a reset, and that two other cards in the same simulation write the same bytes at the same times as without the attack.

| reaction | meaning |
|---|---|
| ignored | No effect: traffic goes on over the same rings. |
| done as written | The card does what it is told; what harm there is, is in the driver's own memory. |
| dropped | A frame or a message is dropped and counted; traffic goes on. |
| FEATURES_OK stays clear | The features are refused. |
| answered with VIRTIO_NET_ERR | The control command changes nothing. |
| DEVICE_NEEDS_RESET | The card stops all DMA, counts the error, and with DRIVER_OK sends a configuration interrupt. |
| reset | The card is reset; no DMA of before follows. |

A posted write that nobody takes is known to `lt` alone, as on a real bus: `at` and `rtl` lose it and count it in `pcie_unsupported_requests`.

One attack, on the core with several orders of events:

```sh
build/release/tests/hostile/hostile_suite --model core --attack chain-loops
```

The same moves at random, proper ones among them, 500 for each of 4 seeds; a failure names the command that repeats it:

```sh
build/release/tests/hostile/hostile_hunt --model at --seeds 1 4 --steps 500
```
)";

}  // namespace

std::vector<Attack> all_attacks() {
  std::vector<Attack> all;
  for (const auto& some : {descriptor_attacks(), ring_attacks(), register_attacks(), bus_attacks(),
                           control_attacks()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void print_table() {
  fmt::print("{}", kHead);
  std::string_view area;
  for (const Attack& attack : all_attacks()) {
    if (attack.area != area) {
      area = attack.area;
      fmt::print(
          "\n## {}\n\n| attack | the driver | the card | counted as | clause "
          "|\n|---|---|---|---|---|\n",
          area);
    }
    const std::string counter =
        attack.counter.empty() ? std::string() : fmt::format("`{}`", attack.counter);
    fmt::print(
        "| `{}` | {} | {} | {} | {} |\n", attack.name, attack.what,
        attack.lost_on_bus ? fmt::format("{}; `at`, `rtl`: lost", words(attack.reaction))
                           : std::string(words(attack.reaction)),
        attack.lost_on_bus ? counter + "; `at`, `rtl`: `pcie_unsupported_requests`" : counter,
        attack.clause);
  }
}

}  // namespace ringside::hostile
