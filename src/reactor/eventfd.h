// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tgt {

// Makes an eventfd readable. From any thread and from a signal handler; leaves errno alone.
void signal_eventfd(int descriptor);

}  // namespace tgt
