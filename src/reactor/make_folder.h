// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/result.h"
#include "reactor/io_error.h"

namespace tgt {

enum class FolderFor : unsigned {
  us_alone = 0700,
  all_to_enter = 0755,  // nobody else puts anything into it
};

// Makes a folder when it is missing, and what is missing above it (for all to enter), safe from a loss of power. The
// umask may take away rights, but gives none. One that is there stays as it is.
Result<void, IoError> make_folder(const std::string& path, FolderFor whom);

// What has been put into it has its name there after a loss of power, too.
Result<void, IoError> sync_folder(const std::string& path);

}  // namespace tgt
