// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/login.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <optional>

namespace tgt::bench {
namespace {

constexpr std::uint32_t login_text_limit = 8192;  // no key was agreed yet: the RFC's default
constexpr std::uint8_t stage_security = 0;
constexpr std::uint8_t stage_operational = 1;
constexpr std::uint8_t stage_full_feature = 3;
constexpr std::uint8_t transit = 0x80;

// A log-in in progress.
class Login {
 public:
  Login(const Options& options, unsigned session, LoggedIn& result)
      : options_(options), session_(session), result_(result) {}

  Result<void> run() {
    const TextKeys who{{"InitiatorName", options_.initiator},
                       {"TargetName", options_.target},
                       {"SessionType", "Normal"},
                       {"AuthMethod", "None"}};
    auto stage = until_transit(who, stage_security, stage_operational);
    if (!stage) return std::unexpected(stage.error());
    if (*stage == stage_full_feature) return {};
    stage = until_transit(offer_of(options_.offer), stage_operational, stage_full_feature);
    if (!stage) return std::unexpected(stage.error());
    if (*stage != stage_full_feature) return fault("the target does not enter the full feature phase");
    return {};
  }

 private:
  // Sends the keys once and empty requests after them, until the target agrees to leave the stage; says for which.
  Result<std::uint8_t> until_transit(TextKeys keys, std::uint8_t from, std::uint8_t to) {
    constexpr int patience = 16;
    for (int round = 0; round < patience; ++round) {
      auto answer = exchange(keys, from, to);
      if (!answer) return std::unexpected(answer.error());
      if ((answer->flags & transit) != 0) return static_cast<std::uint8_t>(answer->flags & 3);
      keys.clear();
    }
    return fault("the login does not end");
  }

  Result<LoginResponse> exchange(const TextKeys& keys, std::uint8_t from, std::uint8_t to) {
    LoginRequest request;
    request.flags = static_cast<std::uint8_t>(transit | from << 2 | to);
    request.isid = isid();
    request.initiator_task_tag = 0x1000;
    request.command_sn = result_.counters.command_sn;
    request.expected_stat_sn = result_.counters.expected_stat_sn;
    auto sent = result_.connection.send(basic(request), encode_keys(keys), {});
    if (!sent) return std::unexpected(sent.error());
    auto received = result_.connection.receive({}, login_text_limit);
    if (!received) return std::unexpected(received.error());
    return take_answer(*received);
  }

  Result<LoginResponse> take_answer(const Pdu& pdu) {
    if (pdu.header.opcode() != Opcode::login_response) {
      return fault(fmt::format("a PDU of opcode 0x{:02x} during login", pdu.header.first & 0x3f));
    }
    const auto response = as<LoginResponse>(pdu.header);
    if (response.status_class != 0) {
      return fault(
          fmt::format("login refused: status class {}, detail {}", response.status_class, response.status_detail));
    }
    result_.counters.expected_stat_sn = response.stat_sn + 1;
    result_.counters.max_command_sn = response.max_command_sn;
    const auto keys = decode_keys(pdu.data);
    if (!keys) return std::unexpected(keys.error());
    for (const auto& [key, value] : *keys) {
      auto applied = apply_answer(result_.agreed, key, value);
      if (!applied) return std::unexpected(applied.error());
    }
    return response;
  }

  // RFC 7143, clause 11.12.5, type "random": no two sessions of running generators may be the same session.
  [[nodiscard]] std::array<std::uint8_t, 6> isid() const {
    const auto process = static_cast<std::uint32_t>(::getpid());
    return {0x80,
            static_cast<std::uint8_t>(process >> 16),
            static_cast<std::uint8_t>(process >> 8),
            static_cast<std::uint8_t>(process),
            static_cast<std::uint8_t>(session_ >> 8),
            static_cast<std::uint8_t>(session_)};
  }

  const Options& options_;
  unsigned session_;
  LoggedIn& result_;
};

// Runs one command that reads at most `expected` bytes and waits for its end.
class SetupCommand {
 public:
  SetupCommand(LoggedIn& session, const Options& options) : session_(session), options_(options) {}

  struct Outcome {
    std::uint8_t status = 0;
    std::vector<std::uint8_t> data;
  };

  Result<Outcome> run(const std::array<std::uint8_t, 16>& cdb, std::uint32_t expected) {
    ScsiCommand command;
    command.flags = static_cast<std::uint8_t>(final_pdu | (expected > 0 ? command_read : 0) | attribute_simple);
    command.lun = lun_field(options_.lun);
    command.initiator_task_tag = 0x2000;
    command.expected_data_transfer_length = expected;
    command.command_sn = session_.counters.command_sn++;
    command.expected_stat_sn = session_.counters.expected_stat_sn;
    command.cdb = cdb;
    auto sent = session_.connection.send(basic(command), {}, digests());
    if (!sent) return std::unexpected(sent.error());
    Outcome outcome;
    while (true) {
      auto pdu = session_.connection.receive(digests(), options_.offer.max_recv_data_segment_length);
      if (!pdu) return std::unexpected(pdu.error());
      auto ended = take(*pdu, outcome);
      if (!ended) return std::unexpected(ended.error());
      if (*ended) return outcome;
    }
  }

 private:
  [[nodiscard]] Digests digests() const {
    return {.header = session_.agreed.header_digest, .data = session_.agreed.data_digest};
  }

  // True when the PDU ended the command.
  Result<bool> take(const Pdu& pdu, Outcome& outcome) {
    const auto common = as<TargetHeader>(pdu.header);
    session_.counters.max_command_sn = common.max_command_sn;
    switch (pdu.header.opcode()) {
      case Opcode::data_in: {
        const auto data = as<DataIn>(pdu.header);
        outcome.data.insert(outcome.data.end(), pdu.data.begin(), pdu.data.end());
        if ((data.flags & data_in_status) == 0) return false;
        outcome.status = data.status;
        break;
      }
      case Opcode::scsi_response:
        outcome.status = as<ScsiResponse>(pdu.header).status;
        break;
      case Opcode::nop_in:
        return false;
      default:
        return fault(fmt::format("a PDU of opcode 0x{:02x} in answer to a command", pdu.header.first & 0x3f));
    }
    session_.counters.expected_stat_sn = common.stat_sn + 1;
    return true;
  }

  LoggedIn& session_;
  const Options& options_;
};

Result<void> wait_until_ready(SetupCommand& command) {
  constexpr int unit_attentions = 10;  // a new nexus may have several to report
  std::uint8_t status = status_good;
  for (int i = 0; i < unit_attentions; ++i) {
    const auto outcome = command.run({}, 0);  // all zero: TEST UNIT READY
    if (!outcome) return std::unexpected(outcome.error());
    status = outcome->status;
    if (status == status_good) return {};
  }
  return fault(fmt::format("TEST UNIT READY keeps failing with status 0x{:02x}", status));
}

Result<Medium> read_capacity(SetupCommand& command) {
  constexpr std::uint8_t length = 32;
  const auto outcome = command.run({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, length}, length);
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->status != status_good || outcome->data.size() < 12) {
    return fault(fmt::format("READ CAPACITY (16) failed with status 0x{:02x}", outcome->status));
  }
  Be64 last_block;
  Be32 block_length;
  std::memcpy(&last_block, outcome->data.data(), sizeof last_block);
  std::memcpy(&block_length, outcome->data.data() + sizeof last_block, sizeof block_length);
  return Medium{.blocks = last_block + 1, .block_length = block_length};
}

}  // namespace

LunField lun_field(std::uint16_t lun) {
  const auto high = static_cast<std::uint8_t>(lun >> 8);
  // SAM-5: peripheral device addressing below 256, flat space addressing above.
  return {static_cast<std::uint8_t>(lun < 256 ? 0 : 0x40 | high), static_cast<std::uint8_t>(lun)};
}

Result<LoggedIn> log_in(const Options& options, unsigned session) {
  auto connection = Connection::open(options.portal, options.timeout_seconds);
  if (!connection) return std::unexpected(connection.error());
  LoggedIn result{.connection = std::move(*connection), .agreed = {}, .counters = {}, .medium = {}};
  auto entered = Login(options, session, result).run();
  if (!entered) return std::unexpected(entered.error());
  SetupCommand command(result, options);
  auto ready = wait_until_ready(command);
  if (!ready) return std::unexpected(ready.error());
  const auto medium = read_capacity(command);
  if (!medium) return std::unexpected(medium.error());
  result.medium = *medium;
  return result;
}

Result<void> log_out(LoggedIn& session, std::uint32_t max_data_segment_length) {
  auto blocking = session.connection.make_blocking();
  if (!blocking) return blocking;
  const Digests digests{.header = session.agreed.header_digest, .data = session.agreed.data_digest};
  LogoutRequest request;
  request.initiator_task_tag = 0x3000;
  request.command_sn = session.counters.command_sn;
  request.expected_stat_sn = session.counters.expected_stat_sn;
  auto sent = session.connection.send(basic(request), {}, digests);
  if (!sent) return sent;
  constexpr int strays = 16;  // NOP-Ins that were under way
  for (int i = 0; i < strays; ++i) {
    const auto pdu = session.connection.receive(digests, max_data_segment_length);
    if (!pdu) return std::unexpected(pdu.error());
    if (pdu->header.opcode() == Opcode::logout_response) return {};
  }
  return fault("no answer to the logout");
}

}  // namespace tgt::bench
