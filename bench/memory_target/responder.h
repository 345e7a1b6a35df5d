// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "iscsi_load/pdu.h"
#include "iscsi_load/pdu_reader.h"
#include "iscsi_load/send_queue.h"

namespace tgt::bench {

// The medium that all connections share, and how it misbehaves when a test wants it to.
struct MemoryMedium {
  std::vector<std::uint8_t> bytes;
  std::optional<std::uint64_t> bad_block;  // commands that touch it end with MEDIUM ERROR
  bool loses_writes = false;               // writes end GOOD and change nothing
};

// The target's side of one connection: as little work for each command as RFC 7143 allows, so that it shows what the
// load generator, and TCP on this machine, can do. It trusts its initiator with everything but memory.
class Responder final : private PduSink {
 public:
  explicit Responder(MemoryMedium& medium) : medium_(medium), reader_({}, our_max_segment), outgoing_({}) {}

  Result<void> receive(std::span<const std::uint8_t> bytes) { return reader_.feed(bytes, *this); }
  Result<void> flush(int socket) { return outgoing_.flush(socket); }
  [[nodiscard]] bool unsent() const { return !outgoing_.empty(); }

 private:
  static constexpr std::uint32_t our_max_segment = 262144;

  struct Write {
    std::uint64_t start = 0;  // in the medium
    std::uint32_t length = 0;
    std::uint32_t received = 0;
    std::uint32_t solicited_to = 0;  // data up to here was asked for, or comes unasked
    std::uint32_t next_r2t_sn = 0;
  };
  struct Range {
    std::uint64_t start = 0;
    std::uint64_t length = 0;
  };

  Result<void> on_data(const BasicHeader& header, std::uint32_t offset, std::span<const std::uint8_t> piece) override;
  Result<void> on_pdu(const BasicHeader& header) override;
  Result<void> on_login(const LoginRequest& request);
  Result<void> on_command(const ScsiCommand& command);
  Result<void> on_data_out(const DataOut& pdu);
  void on_nop_out(const NopOut& pdu);
  void on_logout(const LogoutRequest& request);

  Result<void> read(const ScsiCommand& command, Range range);
  Result<void> advance(std::uint32_t tag, Write& write);
  Result<void> store(std::uint32_t tag, std::uint64_t offset, std::span<const std::uint8_t> piece);
  void begin_write(const ScsiCommand& command);
  void send_data(std::uint32_t tag, std::span<const std::uint8_t> data);
  void send_status(std::uint32_t tag, std::uint8_t status, std::span<const std::uint8_t> segment);
  [[nodiscard]] std::optional<Range> range_of(const ScsiCommand& command) const;
  [[nodiscard]] bool touches_bad_block(Range range) const;
  template <typename Pdu>
  void number(Pdu& pdu) const;

  MemoryMedium& medium_;
  PduReader reader_;
  SendQueue outgoing_;
  std::vector<std::uint8_t> login_text_;
  std::vector<std::vector<std::uint8_t>> kept_;  // answers of login and set-up, which the send queue refers to
  std::map<std::uint32_t, Write> writes_;        // by initiator task tag
  std::uint32_t their_max_segment_ = 8192;
  std::uint32_t first_burst_ = 65536;
  std::uint32_t max_burst_ = 262144;
  std::uint32_t stat_sn_ = 1;
  std::uint32_t expected_command_sn_ = 1;
};

}  // namespace tgt::bench
