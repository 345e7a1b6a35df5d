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

// Raises the limit of open descriptors as far as the hard limit allows, and gives what it came to.
Result<std::uint64_t, IoError> raise_descriptor_limit();

// CPUs that this process may run on; at least 1.
unsigned usable_cpus();

}  // namespace tgt
