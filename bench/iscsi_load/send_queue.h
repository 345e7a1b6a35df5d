// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "iscsi_load/pdu.h"
#include "iscsi_load/pdu_reader.h"
#include "iscsi_load/result.h"

namespace tgt::bench {

// PDUs waiting for the socket. Headers, padding and digests lie one after the other in one block of memory, so that a
// row of PDUs without data is one element of the gather list; data segments stay where they are.
class SendQueue {
 public:
  explicit SendQueue(Digests digests) : digests_(digests) {}

  // Fills in the header's data segment length. `data` must stay as it is until the queue has been empty once.
  void push(BasicHeader header, std::span<const std::uint8_t> data);
  // Hands the socket as much as it takes, in as few calls as it can. What is left stays queued.
  Result<void> flush(int socket);
  [[nodiscard]] bool empty() const { return first_ == segments_.size(); }

 private:
  struct Segment {
    const std::uint8_t* outside;  // null: at `offset` of own_
    std::size_t offset;
    std::size_t length;
  };

  void append_own(std::span<const std::uint8_t> bytes);
  void drop_sent(std::size_t bytes);
  void reuse_memory();

  Digests digests_;
  std::vector<std::uint8_t> own_;
  std::vector<Segment> segments_;
  std::size_t first_ = 0;  // the segments before it are sent
};

}  // namespace tgt::bench
