// SPDX-License-Identifier: Apache-2.0
// LwipInstance: one loaded copy of lwIP with its own state, behind its table of operations.
#pragma once

#include <memory>
#include <string>

#include "stack/lwip_ops.h"

namespace ringside::stack {

/// Loads by copy: the object's bytes in an anonymous file, opened with local symbols. Another way
/// of giving every host its own state would replace this class alone.
class LwipInstance {
 public:
  /// Null and a message in `error` if the system does not allow it.
  static std::unique_ptr<LwipInstance> load(std::string* error);
  ~LwipInstance();
  LwipInstance(const LwipInstance&) = delete;
  LwipInstance& operator=(const LwipInstance&) = delete;

  const LwipOperations& operations() const { return *operations_; }

 private:
  LwipInstance(int fd, void* handle, const LwipOperations* operations)
      : fd_(fd), handle_(handle), operations_(operations) {}
  int fd_;
  void* handle_;
  const LwipOperations* operations_;
};

}  // namespace ringside::stack
