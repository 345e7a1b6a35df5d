// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/reply.h"
#include "core/state_store.h"
#include "device/disk/spoilt_media.h"
#include "reactor/bell.h"
#include "scsi/sense.h"

namespace tgt {

class Command;
class Disk;
class LogicalUnit;
class Shard;

// What a disk does with its whole medium, beyond the command that asked for it: FORMAT UNIT and SANITIZE (SBC-4, 4.11
// and 4.33). While it works the medium is NOT READY and tells how far it is; after a failure nothing but another
// attempt reaches the medium. A store or a shard that is out of memory for a moment is no failure. That a medium is
// being overwritten is safe before the first byte of it is, so that a restart finds it spoilt, and what it held is not
// read as if nothing had been. From any shard; the fast path reads one word.
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
  // Why nothing is served but what only looks on, whether it reaches blocks or not: at work, when it would wait for
  // what takes hours, or after a sanitize operation that failed (SBC-4, 4.11). What a format has spoilt hinders no more
  // than what reaches blocks, which obstacle() does: a program that is to format again asks for mode parameters first.
  std::optional<Sense> obstacle_to_all() const;
  // Is a new job of this kind refused, and with what?
  std::optional<Sense> refuses(Kind kind) const;
  // SANITIZE, EXIT FAILURE MODE. False: a failure that only a sanitize operation may end, and one that leaves no other
  // way out itself (SBC-4, 4.11).
  bool may_leave_failure() const;
  // After that. False: it cannot be kept, so that nothing has changed.
  Task<bool> leave_failure(Shard& shard, std::string medium);

  // As DeviceServer::keep_medium_state_in(). A medium that is at work or spoilt keeps the store that says so. Without a
  // store no job begins on a medium that has a name.
  bool keep_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before, const std::string& medium);

  // Begins the job on the command's shard. The command runs alone when it asks for this, so that nothing else is under
  // way; with `immediate` it is answered at once, else when the job has ended, and others get their answers meanwhile.
  static Task<Reply> run(Disk& disk, Command& command, Job job, bool immediate);

  bool working() const { return working_.load(); }
  // Another medium has been put in, which may be spoilt from before. Not while working.
  void medium_is(const std::string& medium);
  // The disk is closed: what is under way ends where it stands, and the store is given back.
  Task<void> end(Shard& shard);

 private:
  enum class Phase : std::uint8_t { idle, formatting, sanitizing, format_failed, sanitize_failed };
  static std::uint32_t state_of(Phase phase, std::uint16_t progress) {
    return (static_cast<std::uint32_t>(phase) << 16) | progress;
  }
  static Phase phase_of(std::uint32_t state) { return static_cast<Phase>(state >> 16); }
  static std::optional<Sense> obstacle_of(std::uint32_t state);
  struct Outcome;
  struct Pass {
    bool inverted = false;
    std::uint64_t done_before = 0;  // of the whole job
    std::uint64_t of = 0;
  };
  static Task<void> perform(Disk& disk, Shard& shard, std::shared_ptr<LogicalUnit> keep, Job job,
                            std::shared_ptr<Outcome> outcome);
  Task<bool> write_everything(Disk& disk, Shard& shard, const Job& job);
  Task<bool> write_pass(Disk& disk, Shard& shard, const Job& job, Pass pass);
  Task<bool> read_everything(Disk& disk, Shard& shard, const Job& job);
  Task<Buffer> buffer_for(const Disk& disk, Shard& shard);
  template <class Step>
  Task<bool> insist(Shard& shard, Step step);
  bool begin(const Job& job);
  void end_working();
  // Makes it safe that the medium is spoilt, or whole again.
  Task<bool> remember(Shard& shard, std::string medium, std::optional<SpoiltMedia::By> spoilt);
  void advance(Kind kind, std::uint64_t done, std::uint64_t total);
  void finish(const Job& job, bool good);

  std::atomic<std::uint32_t> state_{0};
  std::atomic<bool> may_leave_failure_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> working_{false};
  Bell ended_;
  std::unique_ptr<StateStore> store_;  // may be null
  SpoiltMedia spoilt_;                 // of whoever has set working_
};

}  // namespace tgt
