// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "iscsi_load/pdu.h"
#include "iscsi_load/pdu_reader.h"
#include "iscsi_load/result.h"

namespace tgt::bench {

struct Pdu {
  BasicHeader header;
  std::vector<std::uint8_t> data;
};

// One TCP connection to a portal. Until the load starts it is used one PDU at a time, waiting for each; afterwards the
// session works on the socket itself.
class Connection {
 public:
  static Result<Connection> open(std::string_view portal, double timeout_seconds);

  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] int socket() const { return socket_; }
  Result<void> make_non_blocking();
  Result<void> make_blocking();

  Result<void> send(const BasicHeader& header, std::span<const std::uint8_t> data, Digests digests);
  Result<Pdu> receive(Digests digests, std::uint32_t max_data_segment_length);

 private:
  explicit Connection(int socket) : socket_(socket) {}
  Result<void> receive_exactly(std::span<std::uint8_t> bytes);

  int socket_;
};

struct HostAndPort {
  std::string host;
  std::string port;
};

// "address", "address:port", "[v6]" or "[v6]:port"; the port is 3260 when it is not given.
HostAndPort split_portal(std::string_view portal);

}  // namespace tgt::bench
