// SPDX-License-Identifier: Apache-2.0
// Event descriptors: those that a front end hands over for kicks, calls and errors, and our own.
#pragma once

#include "formats/status.h"
#include "testbench/vhost/owned_fd.h"

namespace ringside::tb {

/// Whether it is one, not a file, a pipe, a socket... Needs /proc.
bool is_event_fd(const OwnedFd& fd);

/// Refuses what is none, and makes it non-blocking: it is shared with the front end, which may have
/// filled it.
Status prepare_event_fd(const OwnedFd& fd);

/// A non-blocking one of this process; invalid if there is no descriptor left.
OwnedFd make_event_fd();

/// Adds one. Never blocks: one that is full is readable already. Nothing if `fd` is not valid.
void signal_event_fd(const OwnedFd& fd);

/// Reads it once, which empties it, or takes one from an EFD_SEMAPHORE one; false if it cannot be
/// read, also later. True if it was empty. Never blocks, whatever the front end does with it.
bool drain_event_fd(const OwnedFd& fd);

}  // namespace ringside::tb
