// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tgt::bench {

// Counts durations in nanoseconds in buckets whose width grows with the value (64 buckets for each doubling), so that
// recording costs a few instructions and a percentile is wrong by less than 1.6 %.
class Histogram {
 public:
  void record(std::uint64_t nanoseconds);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t longest() const { return longest_; }
  [[nodiscard]] double mean() const;
  // The duration that the given share (0 to 1) of all recorded ones does not exceed; 0 when nothing was recorded.
  [[nodiscard]] double percentile(double share) const;

 private:
  static constexpr unsigned sub_bits = 6;
  static constexpr unsigned sub_buckets = 1U << sub_bits;
  static constexpr unsigned doublings = 38;  // to more than an hour
  static constexpr std::size_t buckets = std::size_t{sub_buckets} * doublings;

  static std::size_t bucket_of(std::uint64_t nanoseconds);
  static double middle_of(std::size_t bucket);

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t longest_ = 0;
};

}  // namespace tgt::bench
