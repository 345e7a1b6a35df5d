// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace tgt::bench {

// Why a run cannot go on, in one sentence for the person who started it.
struct Fault {
  std::string text;
};

template <typename T>
using Result = std::expected<T, Fault>;

inline std::unexpected<Fault> fault(std::string text) { return std::unexpected(Fault{std::move(text)}); }

}  // namespace tgt::bench
