// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>

namespace tgt {

// A lock between shards, for the few classes that all shards see. Held for a handful of instructions: nobody does
// I/O, awaits or calls a stranger while holding it.
using Mutex = std::mutex;
using LockGuard = std::lock_guard<Mutex>;

}  // namespace tgt
