// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/copy/copy_operations.h"
#include "device/disk/copy/rod_tokens.h"

namespace tgt {

// What a disk keeps as a copy manager.
struct ThirdPartyCopies {
  CopyOperations operations;
  RodTokens tokens;
};

}  // namespace tgt
