// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/crc32c.h"
#include "reactor/simulated_reactor.h"
#include "reactor/socket.h"
#include "transport/iscsi/pdu.h"
#include "transport/iscsi/text.h"

namespace tgt {

using Octets = std::vector<std::uint8_t>;

// The initiator's end of a connection, for tests: sends what it is told to, right or wrong, and splits what comes back
// into PDUs.
class WireInitiator {
 public:
  struct Pdu {
    iscsi::BasicHeader header{};
    Octets data{};
    iscsi::Opcode kind() const { return header.kind(); }
    template <class Header>
    Header as() const {
      return std::bit_cast<Header>(header);
    }
  };

  WireInitiator(SimulatedReactor& reactor, int descriptor) : reactor_(reactor), socket_(reactor.shard(), descriptor) {
    spawn(receive_all());
  }
  ~WireInitiator() {
    bytes_a_second = 0;
    socket_.shutdown();
    EXPECT_TRUE(reactor_.run_until([this] { return ended_ && sending_ == 0; }));
  }
  WireInitiator(const WireInitiator&) = delete;
  WireInitiator& operator=(const WireInitiator&) = delete;

  void set_digests(bool header, bool data) {
    header_digest_ = header;
    data_digest_ = data;
  }

  void send_bytes(Octets bytes) {
    ++sending_;
    spawn(send_all(std::move(bytes)));
    reactor_.settle();
  }
  template <class Header>
  static Octets encode(Header header, Bytes data, bool header_digest, bool data_digest) {
    header.data_segment_length = static_cast<std::uint32_t>(data.size());
    const Bytes head = bytes_of(header);
    Octets bytes(head.begin(), head.end());
    if (header_digest) append(bytes, Crc32c::of(head));
    if (data.empty()) return bytes;
    Octets padded(data.begin(), data.end());
    padded.resize((data.size() + 3) / 4 * 4);
    append(bytes, padded);
    if (data_digest) append(bytes, Crc32c::of(padded));
    return bytes;
  }
  template <class Header>
  void send(const Header& header, Bytes data = {}) {
    send_bytes(encode(header, data, header_digest_, data_digest_));
  }

  // The next PDU from the target, if one comes within the time.
  std::optional<Pdu> receive(Duration most = 1s) {
    std::optional<Pdu> pdu;
    reactor_.run_until([&] { return (pdu = take_pdu()).has_value() || ended_; }, most);
    return pdu;
  }
  Pdu expect(iscsi::Opcode kind) {
    const auto pdu = receive();
    EXPECT_TRUE(pdu) << "nothing came";
    if (!pdu) return {};
    EXPECT_EQ(static_cast<int>(pdu->kind()), static_cast<int>(kind));
    return *pdu;
  }
  // Has the target closed the connection (with nothing left unread)?
  bool closed(Duration most = 5s) {
    reactor_.run_until([this] { return ended_; }, most);
    return ended_ && received_.empty();
  }
  void close() { socket_.shutdown(); }

  // --- what most tests need
  static std::string text(std::initializer_list<std::string_view> pairs) {
    std::string text;
    for (const std::string_view pair : pairs) text.append(pair).append(1, '\0');
    return text;
  }
  static Bytes bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  std::optional<iscsi::LoginStatus> login(std::initializer_list<std::string_view> pairs,
                                          std::uint16_t first_cmd_sn = 100) {
    iscsi::LoginRequestHeader header;
    header.flags = 0x87;
    header.isid = isid;
    header.initiator_task_tag = next_tag++;
    header.cmd_sn = first_cmd_sn;
    cmd_sn = first_cmd_sn;
    const std::string said = text(pairs);
    send(header, bytes(said));
    const auto answer = receive(30s);
    if (!answer || answer->kind() != iscsi::Opcode::login_response) return std::nullopt;
    const auto response = answer->as<iscsi::LoginResponseHeader>();
    tsih = response.tsih;
    next_stat_sn = response.stat_sn + 1;
    max_cmd_sn = response.max_cmd_sn;
    login_text.assign(answer->data.begin(), answer->data.end());
    return static_cast<iscsi::LoginStatus>(std::uint16_t{response.status});
  }

  struct CommandOptions {
    std::uint8_t flags = iscsi::final_bit;
    std::uint32_t expected_length = 0;
    std::uint64_t lun = 0;
    bool immediate = false;
    Bytes data{};
    std::optional<std::uint32_t> with_cmd_sn{};
  };
  iscsi::ScsiCommandHeader command_header(std::initializer_list<std::uint8_t> cdb, const CommandOptions& options) {
    iscsi::ScsiCommandHeader header;
    header.opcode = static_cast<std::uint8_t>(iscsi::Opcode::scsi_command);
    if (options.immediate) header.opcode |= iscsi::immediate_bit;
    header.flags = options.flags | 1;  // SIMPLE
    header.lun = options.lun;
    header.initiator_task_tag = next_tag++;
    header.expected_data_transfer_length = options.expected_length;
    header.cmd_sn = options.with_cmd_sn ? *options.with_cmd_sn : (options.immediate ? cmd_sn : cmd_sn++);
    std::copy(cdb.begin(), cdb.end(), header.cdb.begin());
    return header;
  }
  // The task tag that it was given.
  std::uint32_t command(std::initializer_list<std::uint8_t> cdb, const CommandOptions& options) {
    const auto header = command_header(cdb, options);
    send(header, options.data);
    return header.initiator_task_tag;
  }

  std::size_t bytes_a_second = 0;  // that it takes; 0: as many as come
  std::array<std::uint8_t, 6> isid{0x80, 0, 0, 0, 0, 1};
  std::uint32_t cmd_sn = 0;
  std::uint32_t max_cmd_sn = 0;
  std::uint32_t next_tag = 1;
  std::uint32_t next_stat_sn = 0;
  std::uint16_t tsih = 0;
  std::string login_text;

 private:
  static void append(Octets& to, Bytes more) { to.insert(to.end(), more.begin(), more.end()); }

  Task<void> send_all(Octets bytes) {
    std::array vectors{io_vector(Bytes(bytes))};
    static_cast<void>(co_await socket_.send_all(vectors));
    --sending_;
  }
  Task<void> receive_all() {
    Octets piece(65536);
    for (;;) {
      const auto count = co_await socket_.receive(MutableBytes(piece));
      if (!count || *count == 0) break;
      received_.insert(received_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*count));
      for (std::size_t tenths = 0; tenths * bytes_a_second < 10 * *count; ++tenths) {
        if (bytes_a_second == 0) break;
        co_await reactor_.shard().sleep(100ms);
      }
    }
    ended_ = true;
  }
  std::optional<Pdu> take_pdu() {
    const auto header = read_wire<iscsi::BasicHeader>(received_);
    if (!header) return std::nullopt;
    const std::size_t head = iscsi::header_length + (header_digest_ ? iscsi::digest_length : 0);
    const std::size_t length = header->data_segment_length;
    const std::size_t padded = (length + 3) / 4 * 4;
    const std::size_t whole = head + padded + (data_digest_ && length != 0 ? iscsi::digest_length : 0);
    if (received_.size() < whole) return std::nullopt;
    const Bytes view(received_);
    if (header_digest_) {
      const auto digest = Crc32c::of(view.first(iscsi::header_length));
      EXPECT_EQ(std::memcmp(digest.data(), view.data() + iscsi::header_length, digest.size()), 0);
    }
    if (data_digest_ && length != 0) {
      const auto digest = Crc32c::of(view.subspan(head, padded));
      EXPECT_EQ(std::memcmp(digest.data(), view.data() + head + padded, digest.size()), 0);
    }
    const Bytes data = view.subspan(head, length);
    Pdu pdu{.header = *header, .data = Octets(data.begin(), data.end())};
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(whole));
    return pdu;
  }

  SimulatedReactor& reactor_;
  Socket socket_;
  Octets received_;
  bool ended_ = false;
  unsigned sending_ = 0;
  bool header_digest_ = false;
  bool data_digest_ = false;
};

}  // namespace tgt
