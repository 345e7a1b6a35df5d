// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/mode_sense.h"

#include "scsi/mode.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

// One task set for all initiators (TST), whose aborted tasks end in silence (TAS), and no interlock of unit attentions.
constexpr std::uint8_t task_set_type = 0xe0;
constexpr std::uint8_t interlock = 0x30;
constexpr std::uint8_t control_page = 0x0a;

std::size_t block_descriptors(Bytes data, std::size_t header) {
  if (header == sizeof(mode::Header6)) {
    const auto head = read_wire<mode::Header6>(data);
    return head ? head->block_descriptor_length : std::size_t{0};
  }
  const auto head = read_wire<mode::Header10>(data);
  return head ? std::size_t{head->block_descriptor_length} : std::size_t{0};
}

// How long the page at the start of `data` is, with its header; 0 when that cannot be told.
std::size_t page_length(Bytes data) {
  const auto page = read_wire<mode::PageHeader>(data);
  if (!page) return 0;
  if ((page->page_code & mode::subpage_format) == 0) return sizeof *page + page->page_length;
  const auto subpage = read_wire<mode::SubpageHeader>(data);
  return subpage ? sizeof *subpage + subpage->page_length : std::size_t{0};
}

}  // namespace

void correct_control_mode_page(MutableBytes data, std::size_t header) {
  const std::size_t skipped = header + block_descriptors(data, header);
  if (skipped >= data.size()) return;
  MutableBytes rest = data.subspan(skipped);
  for (std::size_t length = page_length(rest); length != 0; length = page_length(rest)) {
    // Its code with SPF zero; PS stands above.
    if ((rest[0] & 0x7f) == control_page) {
      if (rest.size() > 2) rest[2] = static_cast<std::uint8_t>(rest[2] & ~task_set_type);
      if (rest.size() > 4) rest[4] = static_cast<std::uint8_t>(rest[4] & ~interlock);
      if (rest.size() > 5) rest[5] = static_cast<std::uint8_t>(rest[5] & ~mode::Control::task_aborted_status);
    }
    if (length >= rest.size()) return;
    rest = rest.subspan(length);
  }
}

Task<Reply> pass_mode_sense(PassthroughDevice& device, Command& command) {
  Reply reply = co_await device.forward(command);
  if (reply.status == Status::good && reply.data) {
    const bool six = command.cdb().operation_code() == operation_code::mode_sense_6;
    correct_control_mode_page(reply.data.first(reply.data_length),
                              six ? sizeof(mode::Header6) : sizeof(mode::Header10));
  }
  co_return reply;
}

}  // namespace tgt
