// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/request_sense.h"

namespace tgt {

Task<Reply> pass_request_sense(PassthroughDevice& device, Command& command) {
  for (;;) {
    Reply reply = co_await device.forward(command);
    if (reply.status != Status::good || !reply.data) co_return reply;
    const SenseData data = SenseData::from_device(reply.data.first(reply.data_length));
    const auto told = data.decode();
    if (told && told->deferred && device.keep_for_writer(command, data)) continue;
    if (told && told->key == SenseKey::unit_attention) device.tell_others(command, *told);
    co_return reply;
  }
}

}  // namespace tgt
