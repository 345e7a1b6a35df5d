// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/bytes.h"

namespace tgt {

// Fills `bytes` from the kernel's random number generator, for what nobody must be able to guess. From any thread.
// False when the kernel gives none; then the bytes are worth nothing.
[[nodiscard]] bool fill_with_secure_random(MutableBytes bytes);

}  // namespace tgt
