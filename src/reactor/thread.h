// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "base/result.h"
#include "reactor/io_error.h"

namespace tgt {

// Names the calling thread, for ps and perf; the kernel keeps 15 characters.
void set_thread_name(const std::string& name);

// Starts a thread that handles no signals: they go to the threads that ask for them.
Result<std::thread, IoError> start_thread(const std::string& name, std::function<void()> body);

// Raises the limit of open descriptors to what thousands of connections and stores take, also above the hard limit
// where this process may; else as far as the hard limit allows. Gives what it came to.
Result<std::uint64_t, IoError> raise_descriptor_limit();
// How many descriptors this process may have open.
std::uint64_t descriptor_limit();

// CPUs that this process may run on; at least 1.
unsigned usable_cpus();

}  // namespace tgt
