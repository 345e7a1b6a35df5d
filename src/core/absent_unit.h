// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"

namespace tgt {

// Who answers for a LUN where there is no logical unit (SAM-6, 5.11: incorrect logical unit selection), and for the
// REPORT LUNS well known logical unit.
class AbsentUnit {
 public:
  static Result<const CommandTraits*, Sense> decode(const Command& command);
  // Of a row that decode() gave.
  static Reply run(const CommandTraits& row, Command& command);
};

}  // namespace tgt
