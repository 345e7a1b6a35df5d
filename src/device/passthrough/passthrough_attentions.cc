// SPDX-License-Identifier: Apache-2.0
#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "core/request_sense.h"
#include "device/passthrough/passthrough_device.h"
#include "scsi/opcodes.h"

// What initiators hear of what others did to the device.
namespace tgt {
namespace {

// Or may have been, as far as anybody knows. With RECOVERED ERROR it has: so a device tells that it has rounded a mode
// parameter (SPC-6, parameter rounding).
bool has_been_done(const ScsiResult& result, const MappedStatus& mapped) {
  if (mapped.status == Status::good || mapped.executed == MappedStatus::Executed::unknown) return true;
  const auto sense = result.sense.decode();
  return result.has_device_sense() && sense && sense->key == SenseKey::recovered_error;
}

}  // namespace

// Conditions that somebody else on this host took from the device: for every initiator, this one included.
bool PassthroughDevice::take_foreign_attentions(Command& command) {
  bool any = false;
  while (const auto condition = foreign_.take(command.shard().now())) {
    notice_attention(*condition);
    command.itl().unit().unit_attentions().establish(*condition);
    any = true;
  }
  return any;
}

// What the initiator is to be told of them instead. As long as nobody can say yet whether a stranger has reset a
// sequential device, nothing is sent there: it would take place where the tape was rewound to.
Task<std::optional<Reply>> PassthroughDevice::foreign_attention(Command& command) {
  Shard& shard = command.shard();
  bool any = take_foreign_attentions(command);
  while (facts_.is_sequential() && !command.abort_requested()) {
    const auto until = foreign_.undecided_until(shard.now());
    if (!until) break;
    co_await shard.sleep(*until - shard.now());
    any = take_foreign_attentions(command) || any;
  }
  if (!any) co_return std::nullopt;
  const auto first = command.itl().unit().unit_attentions().take(command.itl());
  co_return first ? std::optional(RequestSense::report(command, *first)) : std::nullopt;
}

// What a result means for everybody else. Its own initiator reads it in the response; where none is sent the task
// router keeps a unit attention for it.
void PassthroughDevice::notice(Command& command, const ScsiResult& result, const MappedStatus& mapped) {
  if (mapped.executed != MappedStatus::Executed::surely_not) notice_change(command, result, mapped);
  if (mapped.was_reset) tell_others(command, Sense::power_on_or_reset());
  if (mapped.sense || !result.has_device_sense()) return;
  const auto sense = result.sense.decode();
  if (sense && sense->key == SenseKey::unit_attention) tell_others(command, *sense);
}

void PassthroughDevice::tell_others(Command& command, const Sense& condition) {
  notice_attention(condition);
  foreign_.met(condition, command.shard().now());
  command.itl().unit().unit_attentions().establish(condition, &command.itl());
}

// What is not as it was after a unit attention, whoever met it.
void PassthroughDevice::notice_attention(const Sense& condition) {
  blocks_.forget();
  if (condition.additional.code == Sense::power_on_or_reset().additional.code) prevented_.clear();
  // TARGET OPERATING CONDITIONS, MICROCODE, INQUIRY DATA: it may speak otherwise of itself now.
  const bool of_itself = condition.additional.code == Sense::inquiry_data_changed().additional.code;
  if (of_itself && condition != Sense::reported_luns_data_changed()) inquiry_changed_ = true;
}

// What the command may have changed, however it ended.
void PassthroughDevice::notice_change(Command& command, const ScsiResult& result, const MappedStatus& mapped) {
  switch (command.cdb().operation_code()) {
    case operation_code::mode_select_6:
    case operation_code::mode_select_10:
      blocks_.forget();
      if (has_been_done(result, mapped)) {
        command.itl().unit().unit_attentions().establish(Sense::mode_parameters_changed(), &command.itl());
      }
      break;
    case operation_code::format_unit:
    case operation_code::start_stop_unit:  // for tapes: LOAD UNLOAD
      blocks_.forget();
      break;
    default:
      break;
  }
}

}  // namespace tgt
