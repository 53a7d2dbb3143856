// SPDX-License-Identifier: Apache-2.0
// LwipImage: lwIP's object, loaded from the bytes that this library carries, and where its
// variables lie.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stack/lwip_ops.h"

namespace ringside::stack {

class LwipInstance;

class LwipImage {
 public:
  /// One of the objects of this process, each in its turn; they stay loaded. Null and a message in
  /// `error` if the system does not allow it.
  static LwipImage* next(std::string* error);

  const LwipOperations& operations() const { return *operations_; }
  /// Everything that the object's code writes to.
  std::span<std::byte> variables() const { return variables_; }
  /// What the variables held when the object had been loaded.
  std::span<const std::byte> initial() const { return initial_; }

  LwipInstance* active = nullptr;  ///< whose variables are in place

 private:
  static std::unique_ptr<LwipImage> load(std::string* error);
  LwipImage(const LwipOperations* operations, std::span<std::byte> variables);

  const LwipOperations* operations_;
  std::span<std::byte> variables_;
  std::vector<std::byte> initial_;
};

/// Copies variables of lwIP's object, with what sanitizers keep between them.
void copy_variables(const std::byte* from, std::byte* to, std::size_t size);

}  // namespace ringside::stack
