// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "reactor/operation.h"

namespace tgt {

// Is it one of the kinds that perform_file_operation() knows?
bool is_file_operation(Operation::Kind kind);

// Carries out a read, write, sync_data, deallocate or write_zeros on the calling thread, which may sleep.
// Its result, or a negative errno.
std::int64_t perform_file_operation(const Operation& operation);

}  // namespace tgt
