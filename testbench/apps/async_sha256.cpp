// SPDX-License-Identifier: Apache-2.0
// See async_sha256.h.
#include "testbench/apps/async_sha256.h"

#include <algorithm>
#include <utility>

namespace ringside::tb {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
constexpr std::size_t kBlocks = 8;

}  // namespace

AsyncSha256::AsyncSha256() : thread_([this] { work(); }) {}

AsyncSha256::~AsyncSha256() { finish(); }

void AsyncSha256::update(ByteView bytes) {
  filling_.insert(filling_.end(), bytes.begin(), bytes.end());
  if (filling_.size() >= kBlockBytes) hand_over();
}

void AsyncSha256::hand_over() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return full_.size() < kBlocks; });
  full_.push_back(std::move(filling_));
  filling_ = Block();
  if (!empty_.empty()) {
    filling_ = std::move(empty_.back());
    empty_.pop_back();
    filling_.clear();
  }
  lock.unlock();
  changed_.notify_all();
  filling_.reserve(2 * kBlockBytes);
}

void AsyncSha256::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !full_.empty() || ended_; });
    if (full_.empty()) return;
    Block block = std::move(full_.front());
    full_.pop_front();
    lock.unlock();
    hash_.update(block);
    lock.lock();
    empty_.push_back(std::move(block));
    changed_.notify_all();
  }
}

std::string AsyncSha256::finish() {
  if (thread_.joinable()) {
    hand_over();
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  return hash_.hex();
}

SourceSha256::SourceSha256(const ByteSource& source)
    : thread_([this, &source] {
        formats::Sha256 hash;
        std::vector<std::byte> buffer(std::min<uint64_t>(source.size(), kBlockBytes));
        for (uint64_t offset = 0; offset < source.size();) {
          const uint64_t piece = std::min<uint64_t>(source.size() - offset, buffer.size());
          hash.update(source.read(offset, MutableByteView(buffer).first(piece)));
          offset += piece;
        }
        hex_ = hash.hex();
      }) {}

SourceSha256::~SourceSha256() { finish(); }

std::string SourceSha256::finish() {
  if (thread_.joinable()) thread_.join();
  return hex_;
}

}  // namespace ringside::tb
