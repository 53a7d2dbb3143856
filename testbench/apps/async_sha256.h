// SPDX-License-Identifier: Apache-2.0
// SHA-256 on a thread of its own. Hashing costs as much as simulating the bytes' journey; it
// changes nothing in the simulation, so it need not hold it up.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "formats/sha256.h"
#include "formats/units.h"
#include "testbench/apps/byte_source.h"

namespace ringside::tb {

/// Of bytes that come in pieces.
class AsyncSha256 {
 public:
  AsyncSha256();
  ~AsyncSha256();
  AsyncSha256(const AsyncSha256&) = delete;
  AsyncSha256& operator=(const AsyncSha256&) = delete;
  /// Copies `bytes`; waits if the thread is far behind.
  void update(ByteView bytes);
  /// Waits for the rest; no update() after it. Lower-case hex.
  std::string finish();

 private:
  using Block = std::vector<std::byte>;
  void hand_over();
  void work();

  Block filling_;
  std::deque<Block> full_;
  std::deque<Block> empty_;
  bool ended_ = false;
  formats::Sha256 hash_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

/// Of a whole source, started at construction.
class SourceSha256 {
 public:
  /// `source` must outlive this.
  explicit SourceSha256(const ByteSource& source);
  ~SourceSha256();
  SourceSha256(const SourceSha256&) = delete;
  SourceSha256& operator=(const SourceSha256&) = delete;
  std::string finish();

 private:
  std::string hex_;
  std::thread thread_;
};

}  // namespace ringside::tb
