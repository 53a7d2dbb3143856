// SPDX-License-Identifier: Apache-2.0
// A seeded run of driver and device with every accessor a point of interleaving, over weakly
// ordered memory: frames go out, come back as echoes, and are compared.
#pragma once

#include <cstdint>
#include <string>

#include "tests/unit/driver/rig.h"

namespace ringside::test {

/// What went wrong in the run with this seed; empty if nothing did.
std::string run_stress(Rig::Maker maker, uint64_t seed);

/// 70,000 frames, each notified, so that indices and events pass 2^16; empty if nothing went wrong.
std::string run_past_the_wrap(Rig::Maker maker);

/// A reset while the client waits for its wake; empty if it was woken.
std::string run_reset_while_busy(Rig::Maker maker);

}  // namespace ringside::test
