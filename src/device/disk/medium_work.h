// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/bell.h"
#include "core/reply.h"
#include "scsi/sense.h"

namespace tgt {

class Command;
class Disk;
class LogicalUnit;
class Shard;

// What a disk does with its whole medium, beyond the command that asked for it: FORMAT UNIT and SANITIZE (SBC-4, 4.11
// and 4.33). While it works the medium is NOT READY and tells how far it is; after a failure nothing but another
// attempt reaches the medium. From any shard; the fast path reads one word.
class MediumWork {
 public:
  enum class Kind : std::uint8_t { format, sanitize };
  struct Job {
    Kind kind = Kind::format;
    std::vector<std::uint8_t> pattern{};  // repeated in every block; empty: zeros, as the store does it quickest
    unsigned passes = 1;
    bool invert_between_passes = false;
    bool give_space_back = false;    // discard, where the store can
    bool certify = false;            // read everything afterwards
    bool may_leave_failure = false;  // AUSE: EXIT FAILURE MODE may end what a failure leaves
  };

  // Why the medium cannot be reached: at work, or spoilt. Nothing on the usual path.
  std::optional<Sense> obstacle() const {
    const std::uint32_t state = state_.load(std::memory_order_acquire);
    return state == 0 ? std::nullopt : obstacle_of(state);
  }
  // Is a new job of this kind refused, and with what?
  std::optional<Sense> refuses(Kind kind) const;
  // SANITIZE, EXIT FAILURE MODE. False: a failure that only a sanitize operation may end.
  bool leave_failure();

  // Begins the job on the command's shard. The command runs alone when it asks for this, so that nothing else is under
  // way; with `immediate` it is answered at once, else when the job has ended, and others get their answers meanwhile.
  static Task<Reply> run(Disk& disk, Command& command, Job job, bool immediate);

  bool working() const { return working_.load(); }
  // What was spoilt has been taken out. Not while working.
  void begin_with_another_medium() { state_.store(0, std::memory_order_release); }
  // The disk is closed: what is under way ends where it stands.
  Task<void> end(Shard& shard);

 private:
  enum class Phase : std::uint8_t { idle, formatting, sanitizing, format_failed, sanitize_failed };
  static std::uint32_t state_of(Phase phase, std::uint16_t progress) {
    return (static_cast<std::uint32_t>(phase) << 16) | progress;
  }
  static Phase phase_of(std::uint32_t state) { return static_cast<Phase>(state >> 16); }
  static std::optional<Sense> obstacle_of(std::uint32_t state);
  struct Outcome;
  static Task<void> perform(Disk& disk, Shard& shard, std::shared_ptr<LogicalUnit> keep, Job job,
                            std::shared_ptr<Outcome> outcome);
  Task<bool> write_everything(Disk& disk, Shard& shard, const Job& job);
  Task<bool> read_everything(Disk& disk, Shard& shard, const Job& job);
  bool begin(Kind kind);
  void advance(Kind kind, std::uint64_t done, std::uint64_t total);
  void finish(const Job& job, bool good);

  std::atomic<std::uint32_t> state_{0};
  std::atomic<bool> may_leave_failure_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> working_{false};
  Bell ended_;
};

}  // namespace tgt
