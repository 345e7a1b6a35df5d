// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/itl_nexus.h"
#include "core/reply.h"
#include "device/disk/copy/rod_token.h"
#include "reactor/mutex.h"
#include "scsi/sense.h"
#include "scsi/status.h"

namespace tgt {

// The third-party copies of one disk that run, and what is remembered of those that have ended, by the list identifiers
// of each nexus (SPC-5, 5.18.4). From any shard.
class CopyOperations {
 public:
  static constexpr std::size_t most_running = 16;     // told in RECEIVE COPY OPERATING PARAMETERS and VPD page 8Fh
  static constexpr std::size_t most_remembered = 32;  // of one nexus; the oldest is forgotten first

  enum class Kind : std::uint8_t { extended_copy, populate_token, write_using_token };
  struct Operation {
    Kind kind = Kind::extended_copy;
    bool running = true;
    Status status = Status::good;
    std::optional<Sense> sense{};
    std::uint64_t bytes_moved = 0;
    std::uint16_t segments_processed = 0;
    std::shared_ptr<const RodToken> token{};
  };

  // One that runs. When it goes without having ended (a task that was aborted) nothing is remembered of it.
  class Ticket {
   public:
    Ticket(CopyOperations& operations, std::uint64_t serial) : operations_(&operations), serial_(serial) {}
    Ticket(Ticket&& other) noexcept : operations_(std::exchange(other.operations_, nullptr)), serial_(other.serial_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (operations_ != nullptr) operations_->vanished(serial_);
    }
    void progress(std::uint64_t bytes_moved, std::size_t segments_processed) const {
      operations_->progress(serial_, bytes_moved, segments_processed);
    }
    void end(Status status, std::optional<Sense> sense, std::shared_ptr<const RodToken> token = nullptr) {
      std::exchange(operations_, nullptr)->end(serial_, {.status = status, .sense = sense, .token = std::move(token)});
    }

   private:
    CopyOperations* operations_;
    std::uint64_t serial_;
  };

  enum class Refusal : std::uint8_t { identifier_in_use, too_many };
  static Reply reply_for(Refusal refusal);
  // Without an identifier nobody can ask for it later.
  Result<Ticket, Refusal> begin(const ItlNexus& itl, std::optional<std::uint32_t> identifier, Kind kind);
  // A copy, of one that runs or has ended.
  std::optional<Operation> find(const ItlNexus& itl, std::uint32_t identifier) const;
  // The nexus is gone.
  void forget(const ItlNexus& itl);
  // A reset.
  void forget_all();

 private:
  // A nexus by what no other will ever have, since memory is used again.
  struct Owner {
    std::uint64_t nexus = 0;
    Lun lun{};
    friend bool operator==(const Owner&, const Owner&) = default;
  };
  struct Entry {
    std::uint64_t serial = 0;
    Owner owner{};
    std::optional<std::uint32_t> identifier{};
    bool forgotten = false;  // it still runs, but nobody may ask for it any more
    Operation operation{};
  };
  static Owner owner_of(const ItlNexus& itl) { return {itl.nexus().properties().id, itl.lun()}; }
  void progress(std::uint64_t serial, std::uint64_t bytes_moved, std::size_t segments_processed);
  void end(std::uint64_t serial, Operation outcome);
  void vanished(std::uint64_t serial);
  // With the lock held.
  Entry* with_serial(std::uint64_t serial);
  void make_room(const Owner& owner);

  mutable Mutex mutex_;
  std::vector<Entry> entries_;  // in the order in which they began
  std::uint64_t next_serial_ = 0;
};

}  // namespace tgt
