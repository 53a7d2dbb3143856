// SPDX-License-Identifier: Apache-2.0
// [app.NAME]: the user's own application, loaded from a shared object.
#pragma once

#include <memory>

#include "formats/status.h"
#include "testbench/apps/traffic.h"
#include "testbench/scenario/scenario.h"

namespace ringside::tb {

/// Loads `app.library` and finds `app.entry`; an error names the section and the library.
Status make_user_app(const App& app, std::unique_ptr<TrafficTask>* task);

}  // namespace ringside::tb
