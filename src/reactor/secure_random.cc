// SPDX-License-Identifier: Apache-2.0
#include "reactor/secure_random.h"

#include <sys/random.h>

#include <cerrno>

namespace tgt {

bool fill_with_secure_random(MutableBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace tgt
