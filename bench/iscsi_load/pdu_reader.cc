// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/pdu_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tgt::bench {

Result<void> PduReader::feed(std::span<const std::uint8_t> bytes, PduSink& sink) {
  while (!bytes.empty()) {
    Result<void> taken;
    switch (part_) {
      case Part::header:
        taken = take_header(bytes, sink);
        break;
      case Part::data:
        taken = take_data(bytes, sink);
        break;
      case Part::trailer:
        taken = take_trailer(bytes, sink);
        break;
    }
    if (!taken) return taken;
  }
  return {};
}

bool PduReader::collect(std::span<const std::uint8_t>& bytes, std::size_t wanted) {
  const std::size_t length = std::min(bytes.size(), wanted - collected_length_);
  std::memcpy(collected_.data() + collected_length_, bytes.data(), length);
  bytes = bytes.subspan(length);
  collected_length_ += length;
  if (collected_length_ < wanted) return false;
  collected_length_ = 0;
  return true;
}

Result<void> PduReader::take_header(std::span<const std::uint8_t>& bytes, PduSink& sink) {
  if (!collect(bytes, basic_header_length + (digests_.header ? 4U : 0U))) return {};
  std::memcpy(&header_, collected_.data(), basic_header_length);
  return end_of_header(sink);
}

Result<void> PduReader::end_of_header(PduSink& sink) {
  if (digests_.header) {
    Crc32c crc;
    crc.add(std::span(collected_).first(basic_header_length));
    if (!std::ranges::equal(crc.digest(), std::span(collected_).subspan(basic_header_length))) {
      return fault(fmt::format("wrong header digest on a PDU that looks like opcode 0x{:02x}", header_.first & 0x3f));
    }
  }
  if (header_.total_ahs_length != 0) return fault("a PDU with an additional header segment, which nobody asked for");
  data_length_ = header_.data_segment_length;
  if (data_length_ > max_data_segment_length_) {
    return fault(fmt::format("a data segment of {} bytes where MaxRecvDataSegmentLength is {}", data_length_,
                             max_data_segment_length_));
  }
  data_seen_ = 0;
  if (data_length_ == 0) return sink.on_pdu(header_);
  trailer_length_ = padding_of(data_length_) + (digests_.data ? 4U : 0U);
  data_crc_ = Crc32c();
  part_ = Part::data;
  return {};
}

Result<void> PduReader::take_data(std::span<const std::uint8_t>& bytes, PduSink& sink) {
  const auto piece = bytes.first(std::min<std::size_t>(bytes.size(), data_length_ - data_seen_));
  bytes = bytes.subspan(piece.size());
  if (digests_.data) data_crc_.add(piece);
  auto taken = sink.on_data(header_, data_seen_, piece);
  if (!taken) return taken;
  data_seen_ += static_cast<std::uint32_t>(piece.size());
  return data_seen_ == data_length_ ? end_of_data(sink) : Result<void>{};
}

Result<void> PduReader::end_of_data(PduSink& sink) {
  if (trailer_length_ > 0) {
    part_ = Part::trailer;
    return {};
  }
  part_ = Part::header;
  return sink.on_pdu(header_);
}

Result<void> PduReader::take_trailer(std::span<const std::uint8_t>& bytes, PduSink& sink) {
  if (!collect(bytes, trailer_length_)) return {};
  part_ = Part::header;
  return end_of_trailer(sink);
}

Result<void> PduReader::end_of_trailer(PduSink& sink) {
  if (digests_.data) {
    const std::size_t padding = padding_of(data_length_);
    data_crc_.add(std::span(collected_).first(padding));
    if (!std::ranges::equal(data_crc_.digest(), std::span(collected_).subspan(padding, 4))) {
      return fault(fmt::format("wrong data digest on a PDU of opcode 0x{:02x}", header_.first & 0x3f));
    }
  }
  return sink.on_pdu(header_);
}

}  // namespace tgt::bench
