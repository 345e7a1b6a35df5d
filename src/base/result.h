// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <expected>
#include <utility>

namespace tgt {

// What a function that can fail returns: the value, or one error value of its floor. Never ignored, never thrown.
template <class T, class E>
class [[nodiscard]] Result : public std::expected<T, E> {
 public:
  using std::expected<T, E>::expected;
};

// `return failure(Sense::invalid_opcode());`
template <class E>
constexpr std::unexpected<std::decay_t<E>> failure(E&& error) {
  return std::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace tgt
