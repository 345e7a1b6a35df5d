// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/status_map.h"

#include <algorithm>

namespace tgt {
namespace {

using Executed = MappedStatus::Executed;

MappedStatus refused(const Sense& sense, Executed executed) {
  return {.status = Status::check_condition, .sense = sense, .executed = executed};
}

MappedStatus plain(Status status, Executed executed) { return {.status = status, .executed = executed}; }

// ABORTED COMMAND and NOT READY read as "try again", BUSY does anyway: a tape's initiator, which must look first when
// nobody knows what became of its command, gets HARDWARE ERROR in their place. What happened stays as it is.
MappedStatus without_invitation(MappedStatus mapped, const MappingContext& context) {
  const bool perhaps_done = context.repetition == Repetition::harmful && mapped.executed == Executed::unknown;
  if (!perhaps_done || !mapped.sense) return mapped;
  const bool invites = mapped.sense->key == SenseKey::aborted_command || mapped.sense->key == SenseKey::not_ready;
  if (invites) mapped.sense->key = SenseKey::hardware_error;
  return mapped;
}

// The answer when nobody knows what became of it.
MappedStatus unknown_end(const MappingContext& context) {
  return context.repetition == Repetition::harmless ? refused(Sense::communication_failure(), Executed::unknown)
                                                    : refused(Sense::internal_target_failure(), Executed::unknown);
}

MappedStatus busy_or_unknown(const MappingContext& context) {
  return context.repetition == Repetition::harmless ? plain(Status::busy, Executed::unknown)
                                                    : refused(Sense::communication_failure(), Executed::unknown);
}

MappedStatus device_gone(Executed executed) {
  MappedStatus mapped = refused(Sense::logical_unit_not_supported(), executed);
  mapped.device_gone = true;
  return mapped;
}

// FILEMARK, EOM and ILI of fixed format sense data (SSC-5; ILI of READ LONG, too: SBC-4).
bool tells_of_position(const SenseData& sense) {
  const Bytes bytes = sense.bytes();
  return bytes.size() > 2 && (bytes[0] & 0x7e) == 0x70 && (bytes[2] & 0xe0) != 0;
}

// Does the device's sense say that the data phase took place as far as the residual tells? With FILEMARK, EOM or ILI,
// with no or a recovered error, it does. With other keys the data counts only if the driver told a residual: some tell
// none although nothing moved, and then the buffer holds old bytes.
bool sense_comes_with_data(const ScsiResult& result) {
  if (tells_of_position(result.sense)) return true;
  const auto decoded = result.sense.decode();
  if (!decoded) return false;
  switch (decoded->key) {
    case SenseKey::no_sense:
    case SenseKey::recovered_error:
    case SenseKey::completed:
      return true;
    default:
      return result.residual != 0;
  }
}

// Some drivers tell no residual, and the device itself does: INFORMATION is what was requested less what there was,
// negative where there was more.
std::uint32_t transferred_with_sense(const ScsiResult& result, const MappingContext& context) {
  const auto sense = result.sense.decode();
  if (!tells_of_position(result.sense) || !sense || !sense->information) return result.transferred();
  const auto missing = static_cast<std::int32_t>(static_cast<std::uint32_t>(*sense->information));
  const std::uint64_t bytes = missing > 0 ? static_cast<std::uint64_t>(missing) * context.information_unit : 0;
  const std::uint64_t most = result.requested - std::min<std::uint64_t>(bytes, result.requested);
  return std::min(result.transferred(), static_cast<std::uint32_t>(most));
}

// The device's own status, when nobody on the way has anything to add.
MappedStatus device_status(const ScsiResult& result, const MappingContext& context) {
  switch (result.status) {
    case Status::good:
    case Status::condition_met:
      return {.status = result.status, .data_counts = true, .transferred = result.transferred()};
    case Status::check_condition:
      // Autosense is the kernel's work; without any the status alone cannot be told on.
      if (result.sense.empty()) return unknown_end(context);
      if (is_deferred_error(result)) return plain(result.status, Executed::surely_not);
      return {.status = result.status,
              .data_counts = sense_comes_with_data(result),
              .transferred = transferred_with_sense(result, context)};
    case Status::busy:
    case Status::task_set_full:
    case Status::reservation_conflict:
    case Status::aca_active:
      return plain(result.status, Executed::surely_not);
    case Status::task_aborted:
      return plain(result.status, Executed::unknown);
  }
  return plain(result.status, Executed::unknown);  // 22h and other old ones: as they are
}

// Present kernels know no driver status but `sense`; older ones put errors here that no other field shows.
MappedStatus with_driver_status(const ScsiResult& result, const MappingContext& context) {
  switch (result.driver_status) {
    case DriverStatus::ok:
    case DriverStatus::sense:
      return device_status(result, context);
    case DriverStatus::busy:
      return plain(Status::busy, Executed::surely_not);
    case DriverStatus::timeout:
      return refused(Sense::communication_timeout(), Executed::unknown);
    case DriverStatus::soft:
    case DriverStatus::media:
    case DriverStatus::error:
    case DriverStatus::invalid:
    case DriverStatus::hard:
      break;
  }
  if (result.status != Status::good) return device_status(result, context);
  return unknown_end(context);
}

bool device_said_why(const ScsiResult& result) {
  return result.has_device_sense() || result.status == Status::reservation_conflict;
}

MappedStatus ended_by_reset(const MappingContext& context) {
  if (context.our_reset_pending) return plain(Status::task_aborted, Executed::unknown);
  MappedStatus mapped = refused(Sense::power_on_or_reset(), Executed::unknown);
  mapped.was_reset = true;
  return mapped;
}

MappedStatus ended_by_abort(const MappingContext& context) {
  if (context.our_reset_pending) return plain(Status::task_aborted, Executed::unknown);
  // What the kernel says of a CDB that is longer than the host adapter takes, without sending it.
  constexpr std::size_t usual_longest_cdb = 16;
  if (context.cdb_length > usual_longest_cdb) return refused(Sense::invalid_operation_code(), Executed::surely_not);
  return refused(Sense::aborted_command(), Executed::unknown);
}

MappedStatus host_status(const ScsiResult& result, const MappingContext& context) {
  switch (result.host_status) {
    case HostStatus::ok:
      return with_driver_status(result, context);
    case HostStatus::no_connect:
      return refused(Sense::logical_unit_communication_failure(), Executed::surely_not);
    case HostStatus::bus_busy:
    case HostStatus::immediate_retry:
    case HostStatus::requeue:
      return plain(Status::busy, Executed::surely_not);
    case HostStatus::time_out:
      return refused(Sense::communication_timeout(), Executed::unknown);
    case HostStatus::bad_target:
      return refused(Sense::logical_unit_not_supported(), Executed::surely_not);
    case HostStatus::abort:
      return ended_by_abort(context);
    case HostStatus::parity:
      return refused(Sense::parity_error(), Executed::unknown);
    case HostStatus::error:
      if (context.our_reset_pending) return plain(Status::task_aborted, Executed::unknown);
      return device_said_why(result) ? device_status(result, context) : unknown_end(context);
    case HostStatus::reset:
      return ended_by_reset(context);
    case HostStatus::soft_error:
      return busy_or_unknown(context);
    case HostStatus::transport_disrupted:
      if (context.our_reset_pending) return plain(Status::task_aborted, Executed::unknown);
      return busy_or_unknown(context);
    case HostStatus::transport_failfast:
    case HostStatus::transport_marginal:
      return refused(Sense::logical_unit_communication_failure(), Executed::unknown);
    case HostStatus::target_failure:
    case HostStatus::nexus_failure:
    case HostStatus::allocation_failure:
    case HostStatus::medium_error:
      // Old kernels fold the device's own errors into these and leave its status and sense valid.
      if (device_said_why(result)) return device_status(result, context);
      break;
    case HostStatus::bad_interrupt:
    case HostStatus::passthrough:
      break;
  }
  return refused(Sense::internal_target_failure(), Executed::unknown);
}

MappedStatus map_any(const ScsiResult& result, const MappingContext& context) {
  const Executed executed = result.sent ? Executed::unknown : Executed::surely_not;
  switch (result.fault) {
    case ScsiResult::Fault::none:
      return host_status(result, context);
    case ScsiResult::Fault::dropped:
      return plain(Status::task_aborted, executed);
    case ScsiResult::Fault::no_resources:
      return plain(context.others_outstanding ? Status::task_set_full : Status::busy, executed);
    case ScsiResult::Fault::transfer_refused:
      return refused(Sense::invalid_field_in_cdb(), executed);
    case ScsiResult::Fault::cdb_refused:
    case ScsiResult::Fault::not_permitted:
      return refused(Sense::invalid_operation_code(), executed);
    case ScsiResult::Fault::offline:
      return refused(Sense::logical_unit_communication_failure(), executed);
    case ScsiResult::Fault::gone:
      return device_gone(executed);
    case ScsiResult::Fault::other:
      break;
  }
  return refused(Sense::internal_target_failure(), executed);
}

}  // namespace

bool is_deferred_error(const ScsiResult& result) {
  const auto sense = result.sense.decode();
  return result.has_device_sense() && sense && sense->deferred;
}

MappedStatus map_status(const ScsiResult& result, const MappingContext& context) {
  return without_invitation(map_any(result, context), context);
}

}  // namespace tgt
