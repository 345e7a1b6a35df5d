// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "memory_target/memory_target.h"

// memory_target PORT [MEBIBYTES]: runs until it is killed. Every target name is accepted.
int main(int argc, char** argv) {
  using namespace tgt::bench;
  const auto number = [argc, argv](int index, unsigned fallback) {
    if (index >= argc) return fallback;
    const std::string_view text = argv[index];
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const unsigned port = number(1, 0);
  const unsigned mebibytes = number(2, 64);
  if (port == 0 || port > 65535 || mebibytes == 0) {
    fmt::print(stderr, "usage: memory_target PORT [MEBIBYTES]\n");
    return 2;
  }
  MemoryMedium medium;
  medium.bytes.resize(std::size_t{mebibytes} << 20);
  const auto target = MemoryTarget::listen(std::move(medium), static_cast<std::uint16_t>(port));
  if (!target) {
    fmt::print(stderr, "memory_target: {}\n", target.error().text);
    return 1;
  }
  const std::atomic<bool> never = false;
  (*target)->serve(never);
}
