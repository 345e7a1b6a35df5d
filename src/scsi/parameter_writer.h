// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "base/bytes.h"

namespace tgt {

// Puts parameter data together, piece by piece, in memory that somebody else owns. What does not fit is left out and
// overflowed() tells.
class ParameterWriter {
 public:
  explicit ParameterWriter(MutableBytes to) : to_(to) {}

  void append(Bytes bytes) {
    const std::size_t copied = copy_bytes(bytes, to_.subspan(length_));
    overflowed_ = overflowed_ || copied != bytes.size();
    length_ += copied;
  }
  template <WireStruct T>
  void append(const T& value) {
    append(bytes_of(value));
  }
  void append_text(std::string_view text) {
    append(Bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  void append_zeros(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) append(std::uint8_t{0});
  }

  std::size_t length() const { return length_; }
  bool overflowed() const { return overflowed_; }
  // What has been written so far, to fill in a length that was not known before.
  MutableBytes written() const { return to_.first(length_); }
  template <WireStruct T>
  void replace(std::size_t at, const T& value) {
    if (at + sizeof value <= length_) copy_bytes(bytes_of(value), to_.subspan(at));
  }

 private:
  MutableBytes to_;
  std::size_t length_ = 0;
  bool overflowed_ = false;
};

}  // namespace tgt
