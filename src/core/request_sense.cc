// SPDX-License-Identifier: Apache-2.0
#include "core/request_sense.h"

#include "core/itl_nexus.h"
#include "core/logical_unit.h"

namespace tgt {

Reply RequestSense::answer(Command& command, const Sense& sense) {
  const auto format = command[descriptor_format] != 0 ? SenseData::Format::descriptor : SenseData::Format::fixed;
  const SenseData data = SenseData::encode(sense, format);
  Result<Buffer, Sense> buffer = command.allocate_data_in(data.bytes().size());
  if (!buffer) return Reply::check_condition(buffer.error());
  copy_bytes(data.bytes(), buffer->all());
  return Reply::data_in(std::move(*buffer), data.bytes().size());
}

Reply RequestSense::report(Command& command, const Sense& condition) {
  if (command.cdb().operation_code() != operation_code) return Reply::check_condition(condition);
  Reply told = answer(command, condition);
  if (told.status != Status::good) command.itl().unit().unit_attentions().establish_for(command.itl(), condition);
  return told;
}

Reply RequestSense::run(DeviceServer&, Command& command) { return answer(command, Sense{}); }

}  // namespace tgt
