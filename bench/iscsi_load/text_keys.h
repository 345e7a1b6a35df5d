// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iscsi_load/result.h"

namespace tgt::bench {

using TextKeys = std::vector<std::pair<std::string, std::string>>;

// key=value pairs, each ended by one NUL (RFC 7143, clause 6.1).
std::vector<std::uint8_t> encode_keys(const TextKeys& keys);
Result<TextKeys> decode_keys(std::span<const std::uint8_t> text);

// What one side offers, and what both have agreed on after login. The defaults are those of RFC 7143, clause 13,
// for a key that is never mentioned.
struct OperationalKeys {
  bool header_digest = false;
  bool data_digest = false;
  bool initial_r2t = true;
  bool immediate_data = true;
  std::uint32_t max_recv_data_segment_length = 8192;  // declared, not negotiated: each side says its own
  std::uint32_t max_burst_length = 262144;
  std::uint32_t first_burst_length = 65536;
  std::uint32_t max_outstanding_r2t = 1;
};

TextKeys offer_of(const OperationalKeys& wanted);
// Takes over one answer of the target. Unknown keys and "Irrelevant" change nothing.
Result<void> apply_answer(OperationalKeys& agreed, std::string_view key, std::string_view value);

}  // namespace tgt::bench
