// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "reactor/socket.h"
#include "transport/iscsi/pdu.h"

namespace tgt {

// Finds the PDUs in a stream. It does no I/O: its owner receives into the places that room() names and reports how much
// came; next() then gives one event after the other until it wants more. One receive brings many PDUs; a data segment
// that is not here yet is received straight into the memory that its owner names.
class PduReader {
 public:
  struct Limits {
    std::uint32_t max_data_segment_length = 8192;
    bool header_digest = false;
    bool data_digest = false;
  };
  enum class Event : std::uint8_t {
    wants_more,         // nothing to tell before more has been received
    header,             // header() and additional_header() are there: name the place of its data before the next call
    complete,           // the data segment of that header has arrived; data_digest_good() says in which state
    bad_header_digest,  // this and the following: the stream is of no use any more
    segment_too_long,
  };

  PduReader(std::size_t capacity, const Limits& limits);

  // Where to receive to; valid until the next call.
  std::span<IoVector> room();
  void received(std::size_t bytes);

  Event next();
  // Is the data segment of the last header on its way?
  bool inside_data() const { return state_ == State::data; }
  // Has more been received than was asked for?
  bool holds_bytes() const { return buffered() != 0; }

  // --- after Event::header
  const iscsi::BasicHeader& header() const { return header_; }
  template <class Header>
  Header header_as() const {
    static_assert(sizeof(Header) == sizeof header_);
    return std::bit_cast<Header>(header_);
  }
  Bytes additional_header() const;
  std::uint32_t data_length() const { return header_.data_segment_length; }
  // Where the data segment goes: memory of data_length() bytes that stays until Event::complete.
  void put_data(MutableBytes destination);
  void discard_data();

  // --- after Event::complete
  bool data_digest_good() const { return data_digest_good_; }

 private:
  enum class State : std::uint8_t { header, data, trailer };
  static constexpr std::size_t large_segment = 16384;
  static constexpr std::size_t small_appetite = 4096;

  std::size_t buffered() const { return end_ - begin_; }
  Bytes view() const { return Bytes(memory_.get() + begin_, buffered()); }
  void consume(std::size_t bytes);
  void watch_size(std::uint32_t data_length);
  Event next_header();
  bool take_data();
  bool take_trailer();

  std::size_t capacity_;
  Limits limits_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::array<IoVector, 2> vectors_{};

  State state_ = State::header;
  iscsi::BasicHeader header_{};
  std::size_t header_bytes_ =
      0;  // with additional segments and digest; they lie before begin_ until the data is placed
  MutableBytes destination_{};
  bool discarding_ = false;
  std::size_t data_left_ = 0;
  std::size_t trailer_length_ = 0;  // padding and digest
  bool data_digest_good_ = true;
  // After a large data segment the next one is probably large too: little is received ahead of it, so that it need not
  // be copied.
  unsigned small_ones_since_large_ = 8;
};

}  // namespace tgt
