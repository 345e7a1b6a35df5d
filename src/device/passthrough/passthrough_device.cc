// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/passthrough_device.h"

#include <algorithm>

#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "device/passthrough/own_commands.h"
#include "device/passthrough/passthrough_rows.h"
#include "device/passthrough/refused_commands.h"
#include "scsi/cdb_transfer.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

// Parameter data up to this long is zeroed first, so that what a device leaves out is not what an earlier command left.
constexpr std::uint64_t longest_zeroed = 64 * 1024;

// Whether the initiator must hear of what became of a question of ours. What a device says to it, it will say to the
// command itself, but for unit attentions and deferred errors; of what happened on the way (a reset, a timeout) nothing
// may be left to see.
bool is_told_once(const Reply& reply) {
  const auto sense = reply.sense_data.decode();
  return reply.sense || (sense && (sense->deferred || sense->key == SenseKey::unit_attention));
}

// Whether the device may answer this command GOOD before what it wrote is on the medium.
bool is_written_later(PeripheralDeviceType type, const Cdb& cdb, DataDirection direction) {
  if (direction == DataDirection::data_in) return false;
  switch (timeout_class(type, cdb)) {
    case TimeoutClass::filemarks:
      return true;
    case TimeoutClass::transfer:
    case TimeoutClass::whole_medium:
      return direction == DataDirection::data_out;
    default:
      return false;
  }
}

}  // namespace

PassthroughDevice::PassthroughDevice(Parts parts, Log log)
    : port_(std::move(parts.port)),
      facts_(std::move(parts.facts)),
      path_(std::move(parts.path)),
      hold_(std::move(parts.hold)),
      log_(std::move(log)),
      active_(parts.data_shards),
      foreign_(port_->notices(), parts.opened) {
  if (!facts_.is_tape()) blocks_.learn({facts_.block_length, facts_.protected_medium});
}

PassthroughDevice::~PassthroughDevice() = default;

Result<const CommandTraits*, Sense> PassthroughDevice::decode(const Cdb& cdb) const {
  const auto refusal = refusal_of(facts_.type, cdb);
  if (refusal) return failure(*refusal);
  // The device knows one nexus, the host: what is about our initiators and ports is kept here.
  if (is_own_command(facts_.type, cdb.operation_code(), cdb.service_action())) {
    return own_commands(facts_.type).decode(cdb);
  }
  const bool asks_what_changed = cdb.operation_code() == operation_code::inquiry && inquiry_changed_.load();
  if (occupants_.load() != 0 && !asks_what_changed) {
    const CommandTraits* const row = row_while_occupied(facts_, cdb);
    if (row != nullptr) return row;
  }
  return &passthrough_row(facts_, cdb);
}

std::uint32_t PassthroughDevice::transfer_blocks() const {
  constexpr std::uint32_t usual_block_length = 512;
  const std::uint32_t known = block_length();
  const std::uint32_t length = known != 0 ? known : facts_.block_length != 0 ? facts_.block_length : usual_block_length;
  return std::max(transfer_limit() / length, 1u);
}

// --- What moves

Result<PassthroughDevice::Transfer, Sense> PassthroughDevice::transfer_of(const Command& command) const {
  const std::uint32_t expected_in = command.request().expected_data_in.bytes;
  const std::uint32_t expected_out = command.request().expected_data_out.bytes;
  const auto told = cdb_transfer(facts_.type, command.cdb());
  if (!told) {
    // A vendor's own command: the initiator knows. The kernel carries data one way only.
    if (expected_in != 0 && expected_out != 0) return failure(Sense::invalid_operation_code());
    if (expected_in == 0 && expected_out == 0) return Transfer{};
    const bool in = expected_in != 0;
    return Transfer{.direction = in ? DataDirection::data_in : DataDirection::data_out,
                    .bytes = in ? expected_in : expected_out,
                    .stated = false,
                    .fill_first = in};
  }
  const bool in = told->direction == DataDirection::data_in;
  Transfer transfer{.direction = told->direction, .bytes = told->count};
  const bool of_blocks =
      told->unit == CdbTransfer::Unit::logical_blocks || told->unit == CdbTransfer::Unit::fixed_tape_blocks;
  const MediumBlocks::Known blocks = blocks_.known();
  if (told->unit == CdbTransfer::Unit::unstated || (of_blocks && blocks.length == 0)) {
    transfer.bytes = in ? expected_in : expected_out;
    transfer.stated = false;
  } else if (of_blocks) {
    const std::uint32_t protection = told->protection_information && blocks.protection_information ? 8 : 0;
    transfer.bytes = told->count * (std::uint64_t{blocks.length} + protection);
  }
  transfer.fill_first = in && !of_blocks && timeout_class(facts_.type, command.cdb()) != TimeoutClass::transfer;
  if (transfer.bytes == 0) transfer.direction = DataDirection::none;
  return transfer;
}

// Before a command whose length is in blocks, when their length is not known. A reply when the device had something to
// say to that which the initiator must hear.
Task<std::optional<Reply>> PassthroughDevice::learn_blocks(Command& command, const CdbTransfer& wanted) {
  const bool tape = wanted.unit == CdbTransfer::Unit::fixed_tape_blocks;
  Answer answer = co_await ask(command, tape ? own_command::mode_sense_6() : own_command::read_capacity_10(),
                               tape ? own_command::mode_sense_6_bytes : own_command::read_capacity_10_bytes);
  if (answer.reply) {
    if (is_told_once(*answer.reply)) co_return std::move(answer.reply);
    co_return std::nullopt;
  }
  const std::uint32_t length =
      tape ? own_command::of_mode_sense_6(answer.bytes()) : own_command::of_read_capacity_10(answer.bytes());
  bool with_protection = false;
  if (!tape && facts_.supports_protection) {
    Answer longer = co_await ask(command, own_command::read_capacity_16(), own_command::read_capacity_16_bytes);
    if (longer.reply && is_told_once(*longer.reply)) co_return std::move(longer.reply);
    with_protection = !longer.reply && own_command::is_protected(longer.bytes());
  }
  if (length != 0) blocks_.learn({length, with_protection});
  co_return std::nullopt;
}

// --- To the device and back

Task<Reply> PassthroughDevice::forward(Command& command) {
  const Occupation occupation(*this);
  const auto told = cdb_transfer(facts_.type, command.cdb());
  const bool of_blocks =
      told && (told->unit == CdbTransfer::Unit::logical_blocks || told->unit == CdbTransfer::Unit::fixed_tape_blocks);
  if (of_blocks && told->count != 0 && block_length() == 0) {
    std::optional<Reply> reply = co_await learn_blocks(command, *told);
    if (reply) co_return std::move(*reply);
  }
  auto transfer = transfer_of(command);
  if (!transfer) co_return Reply::check_condition(transfer.error());
  // Refused before anything is written: a transfer that the adapter cannot take in one piece.
  if (transfer->bytes > transfer_limit()) co_return Reply::check_condition(Sense::invalid_field_in_cdb());
  if (command.cdb().length() > port_->limits().cdb_length) {
    co_return Reply::check_condition(Sense::invalid_operation_code());
  }
  switch (transfer->direction) {
    case DataDirection::none:
      break;
    case DataDirection::data_in: {
      auto buffer = command.allocate_data_in(transfer->bytes);
      if (!buffer) co_return Reply::check_condition(buffer.error());
      const MutableBytes data = buffer->first(transfer->bytes);
      transfer->fill_first = transfer->fill_first && data.size() <= longest_zeroed;
      if (transfer->fill_first) std::ranges::fill(data, std::uint8_t{0});
      co_return co_await send(command, *transfer, std::move(*buffer), data);
    }
    case DataDirection::data_out: {
      // A write whose data is not all here is never begun.
      auto data = transfer->stated ? co_await command.data_out(transfer->bytes)
                                   : co_await command.announced_data_out(transfer->bytes);
      if (!data) co_return Reply::check_condition(data.error());
      co_return co_await send(command, *transfer, Buffer(), *data);
    }
  }
  co_return co_await send(command, *transfer, Buffer(), {});
}

Task<Reply> PassthroughDevice::send(Command& command, const Transfer& transfer, Buffer buffer, MutableBytes data) {
  const ScsiRequest request{.cdb = command.cdb(),
                            .direction = transfer.direction,
                            .data = data,
                            .timeout = facts_.timeouts.of(command.cdb()),
                            .keep_unfilled_bytes = transfer.fill_first};
  // Not before: the data of a write may have been long in coming.
  if (foreign_.pending() || deferred_.any()) {
    std::optional<Reply> reply = co_await told_first(command);
    if (reply) co_return std::move(*reply);
  }
  if (command.abort_requested()) co_return Reply::check_condition(Sense::aborted_command());
  const ScsiResult result = co_await carry(command, request);
  const MappedStatus mapped = map_status(result, mapping_context(command));
  const bool perhaps_done = mapped.executed != MappedStatus::Executed::surely_not;
  if (perhaps_done && is_written_later(facts_.type, command.cdb(), transfer.direction)) deferred_.wrote(command.itl());
  Reply reply = conclude(command, result, mapped, std::move(buffer));
  const bool device_says = result.fault == ScsiResult::Fault::none && result.host_status == HostStatus::ok;
  if (transfer.direction == DataDirection::data_out && device_says) reply.data_out_taken = result.transferred();
  co_return reply;
}

// One request for the sake of a command. When what came back was a deferred error of another initiator it is sent
// again: the device has not carried it out.
Task<ScsiResult> PassthroughDevice::carry(Command& command, const ScsiRequest& request) {
  for (;;) {
    const ScsiResult result = co_await carry_once(command, request);
    if (result.good() || !is_deferred_error(result) || !keep_for_writer(command, result.sense)) co_return result;
    if (command.abort_requested()) co_return ScsiResult::failed(ScsiResult::Fault::dropped, false);
  }
}

Task<ScsiResult> PassthroughDevice::carry_once(Command& command, const ScsiRequest& request) {
  Execution execution(*port_, command.shard(), request);
  const ActiveCommands::Entry entry(active_, command, execution);
  co_await execution;
  const ScsiResult& result = execution.result();
  if (facts_.is_sequential() && foreign_.listens() && !result.good()) {
    // It may have been error handling that ended it, by a reset: whoever hears of the end must not be able to send
    // something before the notice of the reset is here.
    const MappedStatus mapped = map_status(result, mapping_context(command));
    const bool told = mapped.was_reset || mapped.status == Status::task_aborted;
    if (mapped.executed == MappedStatus::Executed::unknown && !told) {
      co_await command.shard().sleep(ForeignAttentions::settling);
    }
  }
  co_return result;
}

Reply PassthroughDevice::conclude(Command& command, const ScsiResult& result, const MappedStatus& mapped,
                                  Buffer buffer) {
  notice(command, result, mapped);
  Reply reply;
  reply.status = mapped.status;
  if (mapped.sense) {
    reply.sense = mapped.sense;
  } else if (mapped.status == Status::check_condition) {
    reply.sense_data = result.sense;
  }
  if (mapped.data_counts && buffer) {
    reply.data_length = mapped.transferred;
    reply.data = std::move(buffer);
  }
  return reply;
}

MappingContext PassthroughDevice::mapping_context(const Command& command) const {
  const auto told = facts_.is_tape() ? cdb_transfer(facts_.type, command.cdb()) : std::nullopt;
  const bool of_tape_blocks = told && told->unit == CdbTransfer::Unit::fixed_tape_blocks;
  return {.repetition = repetition_of(facts_.type),
          .our_reset_pending = resets_under_way_.load() != 0,
          .others_outstanding = command.itl().tasks() > 1,
          .cdb_length = command.cdb().length(),
          .information_unit = of_tape_blocks ? std::max(block_length(), 1u) : 1u};
}

Task<PassthroughDevice::Answer> PassthroughDevice::ask(Command& command, Cdb cdb, std::uint32_t longest) {
  const Occupation occupation(*this);
  Answer answer;
  if (longest != 0) {
    auto buffer = command.allocate_data_in(longest);
    if (!buffer) {
      answer.reply = Reply::check_condition(buffer.error());
      co_return answer;
    }
    std::ranges::fill(buffer->first(longest), std::uint8_t{0});
    answer.data = std::move(*buffer);
  }
  const ScsiRequest request{.cdb = cdb,
                            .direction = longest == 0 ? DataDirection::none : DataDirection::data_in,
                            .data = answer.data ? answer.data.first(longest) : MutableBytes(),
                            .timeout = facts_.timeouts.of(cdb),
                            .keep_unfilled_bytes = true};
  const ScsiResult result = co_await carry(command, request);
  if (!result.good()) {
    answer.reply = conclude(command, result, map_status(result, mapping_context(command)), Buffer());
    co_return answer;
  }
  answer.length = result.transferred();
  co_return answer;
}

DeviceServer::Description PassthroughDevice::describe() const {
  Description description;
  description.type_word = "passthrough";
  description.scsi_id = facts_.vendor + " " + facts_.product;
  description.serial_number = facts_.serial_number;
  description.size_bytes = facts_.block_count * facts_.block_length;
  description.block_size = std::max(facts_.block_length, 1u);
  description.online = !port_->gone();
  description.removable = facts_.removable;
  description.prevent_removal = prevented_.any();
  description.store_type = port_->identity().driver;
  description.store_path = path_;
  return description;
}

}  // namespace tgt
