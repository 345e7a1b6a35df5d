// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

// What the kernel's block SCSI generic driver takes from an io_uring and answers, since Linux 7.1 (struct bsg_uring_cmd
// of present kernels' <linux/bsg.h>), in the host's byte order.
namespace tgt::bsg {

struct Request {
  std::uint64_t cdb = 0;
  std::uint32_t cdb_length = 0;
  std::uint32_t protocol = 0;     // SCSI
  std::uint32_t subprotocol = 0;  // commands
  std::uint32_t longest_sense = 0;
  std::uint64_t sense = 0;
  std::uint64_t data_out = 0;
  std::uint32_t data_out_length = 0;
  std::uint32_t data_out_vectors = 0;  // refused if not 0
  std::uint64_t data_in = 0;
  std::uint32_t data_in_length = 0;
  std::uint32_t data_in_vectors = 0;  // refused if not 0
  std::uint32_t timeout_milliseconds = 0;
  std::array<std::uint8_t, 12> reserved{};
};
static_assert(sizeof(Request) == 80);

struct Answer {
  std::uint8_t status = 0;
  std::uint8_t driver_status = 0;
  std::uint8_t host_status = 0;
  std::uint8_t sense_length = 0;
  std::int32_t residual = 0;
};

// From the second word of the completion, in which the kernel packs it.
constexpr Answer answer_of(std::uint64_t word) {
  return {.status = static_cast<std::uint8_t>(word),
          .driver_status = static_cast<std::uint8_t>(word >> 8),
          .host_status = static_cast<std::uint8_t>(word >> 16),
          .sense_length = static_cast<std::uint8_t>(word >> 24),
          .residual = static_cast<std::int32_t>(word >> 32)};
}

// The first kernels that had this wrote up to so many bytes of sense whatever `longest_sense` said.
inline constexpr std::size_t least_sense_buffer = 96;
// They also copied a longer CDB over what lies behind its place.
inline constexpr std::size_t longest_cdb = 32;

}  // namespace tgt::bsg
