// SPDX-License-Identifier: Apache-2.0
// Keeps the process alive where the writer of FST files maps files that the disk has no room for:
// an access to such a page raises SIGBUS.
#pragma once

namespace ringside::hw {

/// While it lives, pages of files that this thread cannot have become anonymous memory, which the
/// file never sees. SIGBUS for any other reason goes to the handler that was there before. Not
/// within another one.
class DiskGuard {
 public:
  DiskGuard();
  ~DiskGuard();
  DiskGuard(const DiskGuard&) = delete;
  DiskGuard& operator=(const DiskGuard&) = delete;
  /// A page was lost since the guard was made.
  bool lost() const;
};

}  // namespace ringside::hw
