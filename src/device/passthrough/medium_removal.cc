// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/medium_removal.h"

namespace tgt {
namespace {

constexpr Field prevent{4, 1, 2};
constexpr Field persistent{4, 1, 1};  // MMC-6: outlives its initiator, so it cannot be counted for one

}  // namespace

Task<Reply> pass_prevent_allow_medium_removal(PassthroughDevice& device, Command& command) {
  using Change = PreventedRemoval::Change;
  PreventedRemoval& holders = device.prevented();
  const ItlNexus& itl = command.itl();
  if (command[persistent] != 0) co_return Reply::check_condition(Sense::invalid_field_in_cdb(persistent));
  if (command[prevent] == 0) {
    Reply reply = holders.others_hold(itl) ? Reply::good() : co_await device.forward(command);
    // It holds the medium until the device has let go, so that somebody still has that to ask for.
    if (reply.status == Status::good) holders.allow(itl);
    co_return reply;
  }
  if (holders.prevent(itl) != Change::first) co_return Reply::good();
  Reply reply = co_await device.forward(command);
  if (reply.status != Status::good) holders.allow(itl);
  co_return reply;
}

}  // namespace tgt
