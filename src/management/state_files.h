// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "core/logical_unit.h"
#include "reactor/task.h"

namespace tgt {

// Where what logical units keep outlives the daemon: their persistent reservations (APTPL), and what initiators saved
// in them, and which media are half formatted. A folder with a file of each kind for each unit, named by what
// initiators know the unit by: a unit that is removed and made again, with the same name, finds its own.
class StateFiles {
 public:
  // Makes the folder when it is missing. The text says why nothing can be kept in it.
  static Result<std::unique_ptr<StateFiles>, std::string> open(const std::string& folder, Log log);

  // Null when that cannot be, and a warning in the log. tgtd serves without it: initiators are told that reservations
  // do not outlive a loss of power, and that nothing can be saved.
  static std::unique_ptr<StateFiles> open_or_warn(const std::string& folder, const Log& log);

  // Gives a unit that is not mapped yet its files, and what is in them. A unit without a lasting name, or with that of
  // another unit that is mapped, gets none. The text says what is wrong with a file, or that a unit which is mapped no
  // more still has it: such a unit must not be served, because what it promised to keep is not known.
  Task<Result<void, std::string>> attach(Shard& shard, std::shared_ptr<LogicalUnit> unit);

  // The same for a unit that initiators are going to know by another name: what it has kept so far stays under the name
  // before. While no command of the unit runs. The text says why that cannot be now; then the unit is as it was.
  Task<Result<void, std::string>> move(Shard& shard, std::shared_ptr<LogicalUnit> unit, std::string name);

  class Folder;

 private:
  Task<Result<void, std::string>> attach_as(Shard& shard, std::shared_ptr<LogicalUnit> unit, std::string unit_name);
  explicit StateFiles(std::shared_ptr<Folder> folder) : folder_(std::move(folder)) {}
  std::shared_ptr<Folder> folder_;  // shared with the units, which end when their last command does
};

}  // namespace tgt
