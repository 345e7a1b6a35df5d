// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/result.h"
#include "initiator/sg_interface.h"
#include "reactor/io_error.h"
#include "reactor/task.h"

namespace tgt {

// One open descriptor of a device's sg or bsg node. Behind an interface, so that the queue above it is tested against a
// device that does what a test wants. On the device shard, but for control(), which is for any thread.
class GenericNode {
 public:
  // A command that has come back, in the form of sg whatever the node: pack_id says which one it is.
  struct Finished {
    sg::Header header;
    int error_number = 0;  // not 0: the driver tells only now that it did not carry the command, and the header nothing
  };

  virtual ~GenericNode() = default;
  // How many commands it takes at once; none if it is there for control() and to tell that the device has gone.
  virtual std::uint32_t capacity() const = 0;
  // From start() to finish() the kernel reads and writes the command's own memory, not a copy: it must stay, even when
  // the device has gone.
  virtual bool lends_memory() const = 0;
  // Hands a command over. May sleep while the host adapter is out of tags. The header stays until the command is back.
  virtual Result<void, IoError> start(sg::Header& header) = 0;
  // The oldest command that has come back; IoError::Kind::no_memory (EAGAIN) when there is none.
  virtual Result<Finished, IoError> finish() = 0;
  // Ends when finish() may have something; with an error when it never will have any more.
  virtual Task<Result<void, IoError>> wait() = 0;
  // Ends wait().
  virtual void cancel_wait() = 0;
  virtual Result<int, IoError> control(unsigned long request, void* argument) = 0;
};

}  // namespace tgt
