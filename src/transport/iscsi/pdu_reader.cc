// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/pdu_reader.h"

#include <algorithm>
#include <cstring>

namespace tgt {
namespace {

constexpr std::size_t padding_of(std::size_t length) { return (4 - length % 4) % 4; }
constexpr std::size_t additional_length(const iscsi::BasicHeader& header) {
  return std::size_t{header.total_ahs_length} * 4;
}
constexpr std::size_t longest_header = iscsi::header_length + 255 * 4 + iscsi::digest_length;

}  // namespace

PduReader::PduReader(std::size_t capacity, const Limits& limits)
    : capacity_(std::max(capacity, longest_header)), limits_(limits) {}

std::span<IoVector> PduReader::room() {
  if (memory_ == nullptr) memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(capacity_);
  if (buffered() == 0) {
    begin_ = end_ = 0;
  } else if (capacity_ - begin_ < longest_header || end_ == capacity_) {
    std::memmove(memory_.get(), memory_.get() + begin_, buffered());
    end_ -= begin_;
    begin_ = 0;
  }
  const bool expects_large = small_ones_since_large_ < 4;
  const std::size_t room = std::min(capacity_ - end_, expects_large ? small_appetite : capacity_);
  std::size_t count = 0;
  // While data is missing nothing is buffered: all that came has been moved to its place.
  if (state_ == State::data && !discarding_) {
    vectors_[count++] = io_vector(destination_.subspan(destination_.size() - data_left_));
  }
  vectors_[count++] = {memory_.get() + end_, room};
  return std::span(vectors_).first(count);
}

void PduReader::received(std::size_t bytes) {
  if (state_ == State::data && !discarding_) {
    const std::size_t in_place = std::min(bytes, data_left_);
    data_left_ -= in_place;
    bytes -= in_place;
  }
  end_ += bytes;
}

void PduReader::consume(std::size_t bytes) { begin_ += bytes; }

void PduReader::watch_size(std::uint32_t data_length) {
  if (data_length >= large_segment) {
    small_ones_since_large_ = 0;
  } else if (small_ones_since_large_ < 4) {
    ++small_ones_since_large_;
  }
}

PduReader::Event PduReader::next() {
  switch (state_) {
    case State::header:
      return next_header();
    case State::data:
      if (!take_data()) return Event::wants_more;
      state_ = State::trailer;
      [[fallthrough]];
    case State::trailer:
      if (!take_trailer()) return Event::wants_more;
      state_ = State::header;
      return Event::complete;
  }
  return Event::wants_more;
}

PduReader::Event PduReader::next_header() {
  const Bytes here = view();
  if (here.size() < iscsi::header_length) return Event::wants_more;
  std::memcpy(&header_, here.data(), sizeof header_);
  if (header_.data_segment_length > limits_.max_data_segment_length) return Event::segment_too_long;
  const std::size_t plain = iscsi::header_length + additional_length(header_);
  header_bytes_ = plain + (limits_.header_digest ? iscsi::digest_length : 0);
  if (here.size() < header_bytes_) return Event::wants_more;
  if (limits_.header_digest) {
    const Crc32c::Digest digest = Crc32c::of(here.first(plain));
    if (std::memcmp(digest.data(), here.data() + plain, digest.size()) != 0) return Event::bad_header_digest;
  }
  consume(header_bytes_);
  watch_size(header_.data_segment_length);
  data_left_ = header_.data_segment_length;
  data_digest_good_ = true;
  trailer_length_ = padding_of(data_left_) + (limits_.data_digest && data_left_ != 0 ? iscsi::digest_length : 0);
  discard_data();
  state_ = State::data;
  return Event::header;
}

Bytes PduReader::additional_header() const {
  return Bytes(memory_.get() + begin_ - header_bytes_ + iscsi::header_length, additional_length(header_));
}

void PduReader::put_data(MutableBytes destination) {
  destination_ = destination;
  discarding_ = false;
}

void PduReader::discard_data() {
  destination_ = {};
  discarding_ = true;
}

bool PduReader::take_data() {
  const std::size_t now = std::min(buffered(), data_left_);
  if (now != 0 && !discarding_) {
    std::memcpy(destination_.data() + (destination_.size() - data_left_), view().data(), now);
  }
  consume(now);
  data_left_ -= now;
  return data_left_ == 0;
}

bool PduReader::take_trailer() {
  const Bytes here = view();
  if (here.size() < trailer_length_) return false;
  const std::size_t padding = padding_of(header_.data_segment_length);
  if (trailer_length_ > padding && !discarding_) {
    Crc32c crc;
    crc.add(destination_);
    crc.add(here.first(padding));
    const Crc32c::Digest digest = crc.digest();
    data_digest_good_ = std::memcmp(digest.data(), here.data() + padding, digest.size()) == 0;
  }
  consume(trailer_length_);
  return true;
}

}  // namespace tgt
