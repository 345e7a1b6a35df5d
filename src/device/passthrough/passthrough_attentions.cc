// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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

// LOAD of LOAD UNLOAD (SSC-5); START and LOEJ of START STOP UNIT (SBC-4, MMC-6), which mean nothing with a POWER
// CONDITION.
bool loads_medium(const DeviceFacts& facts, const Command& command) {
  constexpr Field load{4, 0, 1};
  constexpr Field power_condition{4, 7, 4};
  constexpr Field load_eject_and_start{4, 1, 2};
  if (facts.is_tape()) return command[load] != 0;
  const bool has_tray = facts.is_disk() || facts.type == PeripheralDeviceType::optical;
  return has_tray && command[power_condition] == 0 && command[load_eject_and_start] == 3;
}

// A device's own sense data: as parameter data if that is what was asked for.
Reply reply_with(Command& command, const SenseData& sense) {
  if (command.cdb().operation_code() == operation_code::request_sense) {
    const auto length = std::min<std::size_t>(sense.bytes().size(), command[RequestSense::allocation_length]);
    auto buffer = command.allocate_data_in(length);
    if (buffer) {
      copy_bytes(sense.bytes().first(length), buffer->first(length));
      return Reply::data_in(std::move(*buffer), length);
    }
  }
  Reply reply = Reply::with_status(Status::check_condition);
  reply.sense_data = sense;
  return reply;
}

}  // namespace

// Conditions that somebody else on this host took from the device: for every initiator, this one included.
bool PassthroughDevice::take_foreign_attentions(Command& command) {
  bool any = false;
  while (const auto told = foreign_.take(command.shard().now())) {
    notice_attention(told->condition, told->is_certain ? Occurred::surely : Occurred::perhaps);
    command.itl().unit().unit_attentions().establish(told->condition);
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

bool PassthroughDevice::keep_for_writer(Command& command, const SenseData& error) {
  return deferred_.keep(error, command.abort_requested() ? nullptr : &command.itl());
}

// What the initiator has to know before its command is carried out, instead of its answer.
Task<std::optional<Reply>> PassthroughDevice::told_first(Command& command) {
  if (command.cdb().operation_code() == operation_code::inquiry) co_return std::nullopt;
  if (foreign_.pending()) {
    std::optional<Reply> reply = co_await foreign_attention(command);
    if (reply) co_return reply;
  }
  if (command.abort_requested()) co_return std::nullopt;
  const auto error = deferred_.take(command.itl());
  co_return error ? std::optional(reply_with(command, *error)) : std::nullopt;
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
  notice_attention(condition, Occurred::surely);
  foreign_.met(condition, command.shard().now());
  command.itl().unit().unit_attentions().establish(condition, &command.itl());
}

// What is not as it was after a unit attention, whoever met it.
void PassthroughDevice::notice_attention(const Sense& condition, Occurred occurred) {
  blocks_.forget();
  if (condition.additional.code == Sense::power_on_or_reset().additional.code) {
    if (occurred == Occurred::surely) prevented_.clear();
    if (occurred == Occurred::perhaps) prevented_.doubt();
  }
  // TARGET OPERATING CONDITIONS, MICROCODE, INQUIRY DATA: it may speak otherwise of itself now.
  const bool of_itself = condition.additional.code == Sense::inquiry_data_changed().additional.code;
  if (of_itself && condition != Sense::reported_luns_data_changed()) inquiry_changed_ = true;
}

// What the command may have changed, however it ended. The device knows one initiator: it tells nobody else.
void PassthroughDevice::notice_change(Command& command, const ScsiResult& result, const MappedStatus& mapped) {
  const bool done = has_been_done(result, mapped);
  const auto others_hear = [&](const Sense& condition) {
    command.itl().unit().unit_attentions().establish(condition, &command.itl());
  };
  switch (command.cdb().operation_code()) {
    case operation_code::mode_select_6:
    case operation_code::mode_select_10:
      blocks_.forget();
      if (done) others_hear(Sense::mode_parameters_changed());
      break;
    case operation_code::log_select:
      if (done) others_hear(Sense::log_parameters_changed());
      break;
    case operation_code::format_unit:
      blocks_.forget();
      break;
    case operation_code::start_stop_unit:  // for tapes: LOAD UNLOAD
      blocks_.forget();
      if (done && loads_medium(facts_, command)) others_hear(Sense::medium_may_have_changed());
      break;
    default:
      break;
  }
}

}  // namespace tgt
