// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "reactor/mutex.h"

namespace tgt {

// Sectors in memory that stand in front of those of a store. Bounded. All shards use it at once.
class Overlay {
 public:
  static constexpr std::size_t sector = 512;  // offsets and lengths are multiples of it
  static constexpr std::size_t piece = 4096;  // what is taken from the limit as one

  explicit Overlay(std::uint64_t most_bytes) : most_pieces_(most_bytes / piece) {}

  // How many bytes from the start were taken: fewer once the limit is reached.
  std::size_t put(Bytes data, std::uint64_t offset);
  // Lays what is here over `data`, which holds the bytes of the store below.
  void cover(MutableBytes data, std::uint64_t offset) const;
  // Whether every byte of the range is here.
  bool holds(std::uint64_t offset, std::uint64_t length) const;
  std::uint64_t bytes() const;

  // A run of sectors that were put since they were last taken for writing.
  struct Run {
    std::uint64_t offset = 0;
    std::vector<std::uint8_t> data;
  };
  // What a flush has to write below; it counts as written from now on.
  std::vector<Run> take_unwritten();
  // Forgets what was not taken, as memory does when the power goes.
  void drop_unwritten();

 private:
  static constexpr std::size_t sectors = piece / sector;
  struct Piece {
    std::array<std::uint8_t, piece> bytes{};
    std::uint8_t present = 0;    // a bit for each sector
    std::uint8_t unwritten = 0;  // of those present
  };
  static_assert(sectors == 8);

  std::uint64_t most_pieces_;
  mutable Mutex mutex_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Piece>> pieces_;  // by offset / piece
};

}  // namespace tgt
