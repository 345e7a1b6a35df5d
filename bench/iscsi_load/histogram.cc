// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tgt::bench {

std::size_t Histogram::bucket_of(std::uint64_t nanoseconds) {
  if (nanoseconds < sub_buckets) return static_cast<std::size_t>(nanoseconds);
  const auto exponent = static_cast<unsigned>(std::bit_width(nanoseconds)) - 1;  // >= sub_bits
  const unsigned shift = exponent - sub_bits;
  const auto within = static_cast<std::size_t>((nanoseconds >> shift) & (sub_buckets - 1));
  return std::min(std::size_t{shift + 1} * sub_buckets + within, buckets - 1);
}

double Histogram::middle_of(std::size_t bucket) {
  if (bucket < sub_buckets) return static_cast<double>(bucket);
  const auto shift = static_cast<int>(bucket / sub_buckets) - 1;
  const double lowest = std::ldexp(static_cast<double>(sub_buckets + bucket % sub_buckets), shift);
  return lowest + (std::ldexp(1.0, shift) - 1) / 2;
}

void Histogram::record(std::uint64_t nanoseconds) {
  ++counts_[bucket_of(nanoseconds)];
  ++count_;
  total_ += nanoseconds;
  longest_ = std::max(longest_, nanoseconds);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  total_ += other.total_;
  longest_ = std::max(longest_, other.longest_);
}

double Histogram::mean() const { return count_ == 0 ? 0 : static_cast<double>(total_) / static_cast<double>(count_); }

double Histogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const auto rank =
      std::max(std::uint64_t{1}, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(middle_of(i), static_cast<double>(longest_));
  }
  return static_cast<double>(longest_);
}

}  // namespace tgt::bench
