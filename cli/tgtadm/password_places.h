// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tgt {

// Part of one argument of a command line.
struct ArgumentPart {
  std::size_t argument;
  std::size_t offset;
  std::size_t length;

  bool operator==(const ArgumentPart&) const = default;
};

// Where passwords stand in a command line, so that they can be overwritten before anybody sees them in a process list.
std::vector<ArgumentPart> find_passwords(std::span<const std::string> arguments);

}  // namespace tgt
