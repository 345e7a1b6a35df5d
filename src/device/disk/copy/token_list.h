// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/disk/copy/token_ranges.h"

namespace tgt {

// The parameter list of POPULATE TOKEN or WRITE USING TOKEN (SBC-4, 5.19 and 5.44): a header, whose first field is the
// length of what follows it and whose last one is the length of the range descriptors behind the header. Lives as long
// as its command.
class TokenList {
 public:
  static constexpr Field list_identifier{6, 7, 32};
  static constexpr Field parameter_list_length{10, 7, 32};

  // Received, and as long as it says it is.
  template <WireStruct Header>
  static Task<Result<TokenList, Sense>> take(Command& command) {
    return take(command, sizeof(Header));
  }
  template <WireStruct Header>
  Header header() const {
    return *read_wire<Header>(bytes_);
  }
  Result<TokenRanges, Sense> ranges(const Disk& disk) const {
    return TokenRanges::parse(disk, bytes_, static_cast<std::uint16_t>(header_length_ - sizeof(be16)));
  }

 private:
  TokenList(Bytes bytes, std::size_t header_length) : bytes_(bytes), header_length_(header_length) {}
  static Task<Result<TokenList, Sense>> take(Command& command, std::size_t header_length);

  Bytes bytes_;
  std::size_t header_length_;
};

}  // namespace tgt
