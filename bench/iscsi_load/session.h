// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "iscsi_load/ledger.h"
#include "iscsi_load/login.h"
#include "iscsi_load/measurements.h"
#include "iscsi_load/pdu_reader.h"
#include "iscsi_load/send_queue.h"
#include "iscsi_load/workload.h"

namespace tgt::bench {

// One session under load: keeps `depth` commands in flight as far as the target's command window admits, and checks
// every answer against RFC 7143. Whatever is not a plain success is a Fault and ends the run.
class Session final : private PduSink {
 public:
  Session(const Options& options, LoggedIn logged_in, Extent extent, unsigned number);

  // Starts as many commands as may start now. Nothing is sent before flush().
  void issue(const Schedule& schedule, std::uint64_t now, Measurements& measured);
  Result<void> flush() { return outgoing_.flush(socket()); }
  // Takes what the socket gave at the time `now`.
  Result<void> receive(std::span<const std::uint8_t> bytes, std::uint64_t now, Measurements& measured);
  Result<void> log_out();

  [[nodiscard]] int socket() const { return logged_in_.connection.socket(); }
  [[nodiscard]] bool unsent() const { return !outgoing_.empty(); }
  [[nodiscard]] std::size_t in_flight() const { return commands_.size() - free_.size(); }

 private:
  struct Command {
    Transfer transfer;
    std::uint64_t started = 0;
    std::uint32_t received = 0;
    std::uint32_t next_data_sn = 0;
    std::uint32_t next_r2t_sn = 0;
    bool active = false;
  };

  Result<void> on_data(const BasicHeader& header, std::uint32_t offset, std::span<const std::uint8_t> piece) override;
  Result<void> on_pdu(const BasicHeader& header) override;
  Result<void> on_data_in(const DataIn& pdu);
  Result<void> on_response(const ScsiResponse& pdu);
  Result<void> on_ready_to_transfer(const ReadyToTransfer& pdu);
  Result<void> on_nop_in(const NopIn& pdu);

  std::optional<Transfer> next_transfer(bool measuring_is_over);
  void start(Transfer transfer, std::uint64_t now);
  void send_data_out(DataOut header, std::uint32_t offset, std::uint32_t length);
  Result<void> take_stat_sn(std::uint32_t stat_sn);
  Result<void> complete(Command& command);
  Result<void> check_contents(const Command& command);
  Result<Command*> command_for(std::uint32_t tag);
  [[nodiscard]] std::array<std::uint8_t, 16> cdb_for(const Transfer& transfer) const;
  [[nodiscard]] std::span<std::uint8_t> buffer_of(std::size_t index);
  [[nodiscard]] std::size_t index_of(const Command& command) const {
    return static_cast<std::size_t>(&command - commands_.data());
  }
  [[nodiscard]] std::string name_of(const Command& command) const;
  [[nodiscard]] std::unexpected<Fault> broken(const std::string& what) const;

  unsigned number_;
  std::uint32_t length_;  // of one command, in bytes
  std::uint32_t blocks_per_chunk_;
  std::uint32_t our_max_segment_;
  LunField lun_;
  LoggedIn logged_in_;
  Workload workload_;
  std::unique_ptr<Ledger> ledger_;  // only with --verify
  std::vector<Command> commands_;   // indexed by initiator task tag
  std::vector<std::uint32_t> free_;
  std::vector<std::uint8_t> buffer_;  // one for all commands, or with --verify one for each
  std::vector<std::uint8_t> sense_;   // the data segment of a SCSI Response
  PduReader reader_;
  SendQueue outgoing_;
  // Only inside receive():
  Measurements* measured_ = nullptr;
  std::uint64_t now_ = 0;
};

}  // namespace tgt::bench
