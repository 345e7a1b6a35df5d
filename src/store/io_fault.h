// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "reactor/io_error.h"

namespace tgt {

// Why a store could not be opened or did not do what it was asked for.
struct IoFault {
  enum class Kind : std::uint8_t {
    not_found,
    permission_denied,
    busy,          // held by somebody else
    invalid,       // no file or block device, bad size, misaligned request
    medium,        // the bytes could not be read or written
    end_of_store,  // the bytes are not there: beyond the capacity, or the file has shrunk
    no_space,      // the file system under it is full
    read_only,
    no_device,  // it has gone away
    path_lost,  // it may be there, but nothing reaches it
    timed_out,  // it did not answer
    reserved,   // it is reserved for others
    not_supported,
    no_resources,  // memory or descriptors: it may work later
    cancelled,
  };
  Kind kind = Kind::medium;
  // How many bytes from the start of the request were transferred before it failed.
  std::uint64_t done = 0;
  std::optional<IoError> cause{};

  static IoFault from(const IoError& error, std::uint64_t done = 0);
  // For messages to people.
  std::string text() const;
};

}  // namespace tgt
