// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/uio.h>

#include <coroutine>
#include <cstdint>

namespace tgt {

class Backend;

// One request to the operating system, living in the frame of the task that awaits it: nothing is allocated for it.
// Filled by the handles (Socket, File, DeviceFile), carried out by a Backend.
struct Operation {
  enum class Kind : std::uint8_t {
    accept,         // result: the new descriptor
    connect,        // address in `address`
    receive,        // into vectors; result: bytes, 0 = end of stream
    send,           // from vectors; result: bytes, may be fewer than asked
    read,           // vectors at offset
    write,          // vectors at offset
    sync_data,      // everything acknowledged so far is on stable storage
    deallocate,     // [offset, offset + length): punch a hole
    write_zeros,    // [offset, offset + length)
    poll_readable,  // result: 0 readable, -ENODEV hung up
  };
  Kind kind{};
  int descriptor = -1;
  iovec* vectors = nullptr;
  unsigned vector_count = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  const void* address = nullptr;
  unsigned address_length = 0;
  bool block_device = false;  // of a file: not a regular one
  bool nowait = false;        // read, write: the kernel can begin it without sleeping, and takes RWF_NOWAIT for that

  std::int64_t result = 0;           // or a negative errno
  std::coroutine_handle<> waiter{};  // resumed when the result is there
  Operation* next = nullptr;         // the backend's own lists
  Operation* previous = nullptr;
  std::uint64_t backend_data[8] = {};  // the backend's own notes
};

}  // namespace tgt
