// SPDX-License-Identifier: Apache-2.0
// [flow.NAME] with an address of the outside at one end, where nothing can be compared.
#pragma once

#include <memory>

#include "testbench/apps/byte_source.h"
#include "testbench/apps/traffic.h"

namespace ringside::tb {

/// Connects to `to_address`, sends the bytes and waits until the other side has closed.
std::unique_ptr<TrafficTask> make_outgoing_flow(const Flow& flow, ByteSource source);
/// Accepts one connection from `from_address` and takes its bytes until the other side closes;
/// compares them with `file` if there is one.
std::unique_ptr<TrafficTask> make_incoming_flow(const Flow& flow, Status* status);

}  // namespace ringside::tb
