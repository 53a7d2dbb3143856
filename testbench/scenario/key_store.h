// SPDX-License-Identifier: Apache-2.0
// How rows of the key table write into the structures of a scenario.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>

#include "testbench/scenario/keys.h"

namespace ringside::tb {

template <typename T>
struct Unwrapped {
  using Type = T;
};
template <typename T>
struct Unwrapped<std::optional<T>> {
  using Type = T;
};

/// Stores into a member of Section (or of its base).
template <typename Section, typename Member, typename Base>
std::function<void(void*, const Value&)> into(Member Base::*member) {
  return [member](void* section, const Value& value) {
    using Type = typename Unwrapped<Member>::Type;
    Member& target = static_cast<Section*>(section)->*member;
    if constexpr (std::is_integral_v<Type> || std::is_enum_v<Type>) {
      target = static_cast<Type>(std::get<uint64_t>(value));
    } else {
      target = std::get<Type>(value);
    }
  };
}

/// Stores into a number of a part of Section.
template <typename Section, typename Part, typename Member>
std::function<void(void*, const Value&)> into_part(Part Section::*part, Member Part::*member) {
  return [part, member](void* section, const Value& value) {
    static_cast<Section*>(section)->*part.*member = static_cast<Member>(std::get<uint64_t>(value));
  };
}

}  // namespace ringside::tb
