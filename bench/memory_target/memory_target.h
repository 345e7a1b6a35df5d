// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "iscsi_load/result.h"
#include "memory_target/responder.h"

namespace tgt::bench {

// An iSCSI target on a loopback port, in one thread and from one piece of memory, that does nothing but answer.
class MemoryTarget {
 public:
  // Port 0 takes any free port.
  static Result<std::unique_ptr<MemoryTarget>> listen(MemoryMedium medium, std::uint16_t port);
  MemoryTarget(const MemoryTarget&) = delete;
  MemoryTarget& operator=(const MemoryTarget&) = delete;
  ~MemoryTarget();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Serves until `stop` is set (looked at ten times a second).
  void serve(const std::atomic<bool>& stop);

 private:
  struct Client;

  MemoryTarget(MemoryMedium medium, int listener, std::uint16_t port);
  void accept_client();
  [[nodiscard]] bool serve_client(Client& client, std::uint32_t events);

  MemoryMedium medium_;
  int listener_;
  int epoll_;
  std::uint16_t port_;
  std::map<int, std::unique_ptr<Client>> clients_;  // by socket
  std::vector<std::uint8_t> receive_buffer_;
};

}  // namespace tgt::bench
