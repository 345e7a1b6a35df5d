// SPDX-License-Identifier: Apache-2.0
// Any sequence of Data-Out PDUs for one command: data is only ever put inside the command's buffer, and what counts as
// received has been written.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "transport/iscsi/data_out_transfer.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Input {
  const std::uint8_t* data;
  std::size_t left;
  std::uint32_t number(unsigned bytes) {
    std::uint32_t value = 0;
    for (; bytes != 0; --bytes) value = value << 8 | (left != 0 ? (--left, *data++) : 0u);
    return value;
  }
};

void answer(tgt::DataOutTransfer& transfer, const tgt::iscsi::DataOutHeader& header, std::vector<bool>& written) {
  const auto range = transfer.accept(header);
  if (!range) {
    if (range.error() == tgt::DataOutFault::unknown_tag) return;
    transfer.give_up();
    return transfer.pass_over(header);
  }
  require(std::uint64_t{range->offset} + range->length <= written.size());
  require(range->length == header.data_segment_length);
  std::fill_n(written.begin() + range->offset, range->length, true);
  transfer.arrived(*range);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  const tgt::DataOutTransfer::Terms terms{.expected_length = input.number(2),
                                          .first_burst_length = 512 + input.number(2),
                                          .max_burst_length = 512 + input.number(2),
                                          .max_outstanding_r2t = 1 + input.number(1) % 16,
                                          .initial_r2t = (input.number(1) & 1) != 0,
                                          .immediate_data = (input.number(1) & 1) != 0};
  tgt::DataOutTransfer transfer(terms);
  std::vector<bool> written(terms.expected_length);
  const std::uint32_t immediate = input.number(2);
  if (!transfer.begin(immediate, (input.number(1) & 1) != 0)) return 0;
  require(immediate <= written.size());
  std::fill_n(written.begin(), immediate, true);
  transfer.arrived({0, immediate});
  transfer.want(input.number(3));
  std::uint32_t tags = 0;
  while (input.left != 0) {
    while (const auto ask = transfer.next_ready_to_transfer([&] { return tags++; })) {
      require(ask->range.length != 0 && ask->range.length <= terms.max_burst_length);
      require(std::uint64_t{ask->range.offset} + ask->range.length <= terms.expected_length);
    }
    tgt::iscsi::DataOutHeader header;
    const std::uint32_t tag = input.number(1);
    header.target_transfer_tag = tag == 0xff ? tgt::iscsi::reserved_tag : tag;
    header.flags = static_cast<std::uint8_t>(input.number(1));
    header.data_sn = input.number(1);
    header.buffer_offset = input.number(3);
    header.data_segment_length = input.number(3);
    if (transfer.given_up()) {
      transfer.pass_over(header);
    } else {
      answer(transfer, header, written);
    }
    const auto whole = static_cast<std::size_t>(std::ranges::find(written, false) - written.begin());
    for (std::uint32_t length = 0; length <= terms.expected_length; length += 97) {
      require(length <= whole || !transfer.has(length));
    }
  }
  return 0;
}
