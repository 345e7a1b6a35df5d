// SPDX-License-Identifier: Apache-2.0
#include "transport/loopback/loopback_initiator.h"

#include <utility>

#include "core/task_router.h"

namespace tgt {

LoopbackInitiator::LoopbackInitiator(Shard& shard, Target& target) : shard_(shard), target_(target) {}

LoopbackInitiator::~LoopbackInitiator() = default;

Task<bool> LoopbackInitiator::login(Nexus::Properties properties) {
  auto nexus = co_await target_.open_nexus(shard_, *this, std::move(properties));
  if (!nexus) co_return false;
  nexus_ = std::move(*nexus);
  co_return true;
}

Task<void> LoopbackInitiator::logout() {
  if (std::exchange(ending_, true)) {
    co_await ended_.wait();
    co_return;
  }
  const std::shared_ptr<Nexus> nexus = std::exchange(nexus_, nullptr);
  if (nexus != nullptr) co_await target_.close_nexus(nexus);
  co_await gate_.close();
  ended_.set();  // another one who waits for it may destroy this object now
}

Task<LoopbackReply> LoopbackInitiator::execute(Execution execution) {
  const Gate::Pass pass = gate_.enter();
  const std::shared_ptr<Nexus> nexus = nexus_;
  if (!pass || nexus == nullptr) co_return LoopbackReply{};
  const Command::Request request{.lun = execution.lun.to_wire(),
                                 .tag = {execution.tag},
                                 .attribute = execution.attribute,
                                 .cdb = execution.cdb,
                                 .expected_data_in = {execution.expected_data_in},
                                 .expected_data_out = {static_cast<std::uint32_t>(execution.data_out.size())}};
  const auto state =
      execution.withhold_data_out ? LoopbackCommand::DataOut::withheld : LoopbackCommand::DataOut::at_hand;
  LoopbackCommand command(shard_, *nexus, request, execution.data_out, state);
  if (execution.withhold_data_out) commands_.push_back(&command);
  const TaskRouter::Outcome outcome = co_await TaskRouter::execute(command);
  std::erase(commands_, &command);
  if (outcome == TaskRouter::Outcome::silent) co_return LoopbackReply{};
  const Reply& reply = command.reply();
  const Bytes data = reply.data_length == 0 ? Bytes{} : Bytes(reply.data.first(reply.data_length));
  co_return LoopbackReply{.answered = true,
                          .status = reply.status,
                          .data = {data.begin(), data.end()},
                          .sense = reply.sense_data.decode(),
                          .residual = command.residual()};
}

void LoopbackInitiator::give_data_out(std::uint64_t tag) {
  for (LoopbackCommand* command : std::vector(commands_)) {
    if (command->request().tag.value == tag) command->give_data_out();
  }
}

Task<TaskManagementResponse> LoopbackInitiator::manage(TaskManager& manager, TaskManagementFunction function, Lun lun,
                                                       std::uint64_t tag) {
  const Gate::Pass pass = gate_.enter();
  const std::shared_ptr<Nexus> nexus = nexus_;
  if (!pass || nexus == nullptr) co_return TaskManagementResponse::function_rejected;
  co_return co_await manager.perform(*nexus, {.function = function, .lun = lun.to_wire(), .referenced_tag = {tag}});
}

void LoopbackInitiator::end(SessionEnd reason) {
  asked_to_end_ = reason;
  spawn(logout());
}

}  // namespace tgt
