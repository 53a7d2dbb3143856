// SPDX-License-Identifier: Apache-2.0
// See received_bytes.h.
#include "testbench/apps/received_bytes.h"

#include <cerrno>
#include <cstring>

namespace ringside::tb {

void ReceivedBytes::take(ByteView bytes) {
  empty_ = false;
  hash_.update(bytes);
  write(bytes);
}

void ReceivedBytes::write(ByteView bytes) {
  if (!path_ || !error_.empty()) return;
  if (file_ == nullptr) file_.reset(std::fopen(path_->c_str(), "wb"));
  if (file_ == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    error_ = *path_ + ": " + std::strerror(errno);
  }
}

const std::string& ReceivedBytes::sha256() {
  if (sha256_) return *sha256_;
  if (empty_) write({});
  if (file_ != nullptr && std::fflush(file_.get()) != 0 && error_.empty()) {
    error_ = *path_ + ": " + std::strerror(errno);
  }
  file_.reset();
  sha256_ = hash_.finish();
  return *sha256_;
}

}  // namespace ringside::tb
