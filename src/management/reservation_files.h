// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "core/logical_unit.h"
#include "reactor/task.h"

namespace tgt {

// Where the persistent reservations of logical units outlive the daemon (APTPL): a folder with a file for each unit,
// named by what initiators know the unit by.
class ReservationFiles {
 public:
  // Makes the folder when it is missing. The text says why nothing can be kept in it.
  static Result<std::unique_ptr<ReservationFiles>, std::string> open(const std::string& folder, Log log);

  // Null when that cannot be, and a warning in the log. tgtd serves without it: initiators are told that reservations
  // do not outlive a loss of power.
  static std::unique_ptr<ReservationFiles> open_or_warn(const std::string& folder, const Log& log);

  // Gives a unit that is not mapped yet its file, and the reservations that are in it. A unit without a lasting name,
  // or with that of another unit, gets none. The text says what is wrong with the file: such a unit must not be served,
  // because its reservations are not known.
  Task<Result<void, std::string>> attach(Shard& shard, std::shared_ptr<LogicalUnit> unit);

  class Folder;

 private:
  explicit ReservationFiles(std::shared_ptr<Folder> folder) : folder_(std::move(folder)) {}
  std::shared_ptr<Folder> folder_;  // shared with the units, which end when their last command does
};

}  // namespace tgt
