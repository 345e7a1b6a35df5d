// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "reactor/socket.h"
#include "transport/iscsi/pdu.h"

namespace tgt {

// PDUs on their way into one gathered send. Headers, padding, digests and short data are copied in here, one behind the
// other; long data stays where it is and must live until the batch is sent.
class PduBatch {
 public:
  static constexpr std::size_t longest_copied_data = 256;

  void set_digests(bool header, bool data) {
    header_digest_ = header;
    data_digest_ = data;
  }
  bool empty() const { return vector_count_ == 0; }
  std::span<IoVector> vectors() { return std::span(vectors_).first(vector_count_); }
  void clear() {
    vector_count_ = 0;
    used_ = 0;
    bytes_ = 0;
  }
  // Is there room for one more PDU, however long its data?
  bool has_room() const {
    return memory_.size() - used_ >= longest_pdu_here && vectors_.size() - vector_count_ >= vectors_of_pdu &&
           bytes_ < enough_bytes;
  }

  // Adds a PDU; sets its DataSegmentLength. There must be room. `before` are a few bytes of the data segment that come
  // before `data` (the SenseLength of a SCSI Response).
  template <WireStruct Header>
  void add(Header header, Bytes data = {}, Bytes before = {}) {
    const std::size_t length = before.size() + data.size();
    header.data_segment_length = static_cast<std::uint32_t>(length);
    const Bytes header_bytes = bytes_of(header);
    copy(header_bytes);
    if (header_digest_) copy(Crc32c::of(header_bytes));
    if (length == 0) return;
    copy(before);
    if (data.size() <= longest_copied_data) {
      copy(data);
    } else {
      refer(data);
    }
    static constexpr std::array<std::uint8_t, 3> zeros{};
    const Bytes padding = Bytes(zeros).first((4 - length % 4) % 4);
    copy(padding);
    if (!data_digest_) return;
    Crc32c crc;
    crc.add(before);
    crc.add(data);
    crc.add(padding);
    copy(crc.digest());
  }

 private:
  static constexpr std::size_t longest_pdu_here =
      iscsi::header_length + 2 * iscsi::digest_length + 2 + longest_copied_data + 4;
  static constexpr std::size_t vectors_of_pdu = 3;
  static constexpr std::size_t enough_bytes = std::size_t{2} << 20;

  void copy(Bytes bytes) {
    if (bytes.empty()) return;
    std::uint8_t* to = memory_.data() + used_;
    std::memcpy(to, bytes.data(), bytes.size());
    used_ += bytes.size();
    bytes_ += bytes.size();
    IoVector* last = vector_count_ == 0 ? nullptr : &vectors_[vector_count_ - 1];
    if (last != nullptr && static_cast<std::uint8_t*>(last->iov_base) + last->iov_len == to) {
      last->iov_len += bytes.size();
      return;
    }
    vectors_[vector_count_++] = {to, bytes.size()};
  }
  void refer(Bytes bytes) {
    vectors_[vector_count_++] = io_vector(bytes);
    bytes_ += bytes.size();
  }

  std::array<std::uint8_t, 8192> memory_;
  std::size_t used_ = 0;
  std::array<IoVector, 256> vectors_;
  std::size_t vector_count_ = 0;
  std::size_t bytes_ = 0;
  bool header_digest_ = false;
  bool data_digest_ = false;
};

}  // namespace tgt
