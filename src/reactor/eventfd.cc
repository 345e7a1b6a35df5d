// SPDX-License-Identifier: Apache-2.0
#include "reactor/eventfd.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace tgt {

void signal_eventfd(int descriptor) {
  const int before = errno;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the reader is awake anyhow.
  [[maybe_unused]] const auto written = ::write(descriptor, &one, sizeof one);
  errno = before;
}

}  // namespace tgt
