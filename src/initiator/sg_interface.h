// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

// The kernel's SCSI generic interface, version 3, as its documentation and present kernels have it. The C library's own
// <scsi/sg.h> is an old copy that lacks half of the constants.
namespace tgt::sg {

struct Header {
  std::int32_t interface_id = 'S';
  std::int32_t transfer_direction = -1;
  std::uint8_t cdb_length = 0;
  std::uint8_t longest_sense = 0;
  std::uint16_t vector_count = 0;
  std::uint32_t transfer_length = 0;
  void* data = nullptr;
  const std::uint8_t* cdb = nullptr;
  std::uint8_t* sense = nullptr;
  std::uint32_t timeout_milliseconds = 0;
  std::uint32_t flags = 0;
  std::int32_t pack_id = 0;
  void* user_pointer = nullptr;
  // From here on filled by the kernel.
  std::uint8_t status = 0;
  std::uint8_t masked_status = 0;
  std::uint8_t message_status = 0;
  std::uint8_t sense_length = 0;
  std::uint16_t host_status = 0;
  std::uint16_t driver_status = 0;
  std::int32_t residual = 0;
  std::uint32_t duration_milliseconds = 0;
  std::uint32_t info = 0;
};
static_assert(sizeof(void*) != 8 || sizeof(Header) == 88);

inline constexpr std::int32_t no_transfer = -1;
inline constexpr std::int32_t to_device = -2;
inline constexpr std::int32_t from_device = -3;
// From the device, into kernel memory that was first filled from the caller's.
inline constexpr std::int32_t to_from_device = -4;

inline constexpr std::uint32_t flag_queue_at_tail = 0x10;

inline constexpr unsigned long io = 0x2285;                  // SG_IO
inline constexpr unsigned long get_version = 0x2282;         // SG_GET_VERSION_NUM, int*
inline constexpr unsigned long get_table_segments = 0x227f;  // SG_GET_SG_TABLESIZE, int*
inline constexpr unsigned long scsi_reset = 0x2284;          // SG_SCSI_RESET, int*
inline constexpr unsigned long get_block_limit = 0x1267;     // BLKSECTGET; of an sg node: int*, bytes

inline constexpr int reset_nothing = 0;
inline constexpr int reset_device = 1;
inline constexpr int reset_target = 4;
inline constexpr int reset_no_escalation = 0x100;

inline constexpr unsigned requests_of_one_descriptor = 16;  // SG_MAX_QUEUE
inline constexpr std::uint32_t segment_bytes = 32 * 1024;   // scatter_elem_sz
inline constexpr std::size_t longest_cdb = 32;

}  // namespace tgt::sg
