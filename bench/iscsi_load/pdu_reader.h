// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "iscsi_load/crc32c.h"
#include "iscsi_load/pdu.h"
#include "iscsi_load/result.h"

namespace tgt::bench {

struct Digests {
  bool header = false;
  bool data = false;
};

// Takes what a PduReader finds in the stream.
class PduSink {
 public:
  virtual ~PduSink() = default;
  // A piece of the data segment, `offset` bytes from the segment's start. The span dies with the call.
  virtual Result<void> on_data(const BasicHeader& header, std::uint32_t offset,
                               std::span<const std::uint8_t> piece) = 0;
  // The whole PDU has arrived and its digests are right.
  virtual Result<void> on_pdu(const BasicHeader& header) = 0;
};

// Cuts a byte stream into PDUs. It keeps no data segment: pieces go to the sink as they lie in the receive buffer.
class PduReader {
 public:
  PduReader(Digests digests, std::uint32_t max_data_segment_length)
      : digests_(digests), max_data_segment_length_(max_data_segment_length) {}

  Result<void> feed(std::span<const std::uint8_t> bytes, PduSink& sink);

 private:
  enum class Part : std::uint8_t { header, data, trailer };

  Result<void> take_header(std::span<const std::uint8_t>& bytes, PduSink& sink);
  Result<void> take_data(std::span<const std::uint8_t>& bytes, PduSink& sink);
  Result<void> take_trailer(std::span<const std::uint8_t>& bytes, PduSink& sink);
  Result<void> end_of_header(PduSink& sink);
  Result<void> end_of_trailer(PduSink& sink);
  Result<void> end_of_data(PduSink& sink);
  bool collect(std::span<const std::uint8_t>& bytes, std::size_t wanted);

  Digests digests_;
  std::uint32_t max_data_segment_length_;
  Part part_ = Part::header;
  std::array<std::uint8_t, basic_header_length + 4> collected_{};  // a header or a trailer, each with its digest
  std::size_t collected_length_ = 0;
  BasicHeader header_;
  std::uint32_t data_length_ = 0;
  std::uint32_t data_seen_ = 0;
  std::size_t trailer_length_ = 0;
  Crc32c data_crc_;
};

}  // namespace tgt::bench
