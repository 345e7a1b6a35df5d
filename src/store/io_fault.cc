// SPDX-License-Identifier: Apache-2.0
#include "store/io_fault.h"

namespace tgt {
namespace {

IoFault::Kind kind_of(IoError::Kind kind) {
  switch (kind) {
    case IoError::Kind::cancelled:
      return IoFault::Kind::cancelled;
    case IoError::Kind::no_space:
      return IoFault::Kind::no_space;
    case IoError::Kind::not_found:
      return IoFault::Kind::not_found;
    case IoError::Kind::permission_denied:
      return IoFault::Kind::permission_denied;
    case IoError::Kind::busy:
      return IoFault::Kind::busy;
    case IoError::Kind::no_device:
      return IoFault::Kind::no_device;
    case IoError::Kind::path_lost:
      return IoFault::Kind::path_lost;
    case IoError::Kind::timed_out:
      return IoFault::Kind::timed_out;
    case IoError::Kind::reserved:
      return IoFault::Kind::reserved;
    case IoError::Kind::no_memory:
      return IoFault::Kind::no_resources;
    case IoError::Kind::invalid:
      return IoFault::Kind::invalid;
    case IoError::Kind::not_supported:
      return IoFault::Kind::not_supported;
    case IoError::Kind::connection_lost:
    case IoError::Kind::address_in_use:
    case IoError::Kind::medium:
    case IoError::Kind::other:
      return IoFault::Kind::medium;
  }
  return IoFault::Kind::medium;
}

const char* text_of(IoFault::Kind kind) {
  switch (kind) {
    case IoFault::Kind::not_found:
      return "not found";
    case IoFault::Kind::permission_denied:
      return "permission denied";
    case IoFault::Kind::busy:
      return "in use";
    case IoFault::Kind::invalid:
      return "not possible with this store";
    case IoFault::Kind::medium:
      return "input/output error";
    case IoFault::Kind::end_of_store:
      return "beyond the end of the store";
    case IoFault::Kind::no_space:
      return "no space left";
    case IoFault::Kind::read_only:
      return "read-only";
    case IoFault::Kind::no_device:
      return "the device has gone";
    case IoFault::Kind::path_lost:
      return "the device cannot be reached";
    case IoFault::Kind::timed_out:
      return "the device does not answer";
    case IoFault::Kind::reserved:
      return "the device is reserved for others";
    case IoFault::Kind::not_supported:
      return "not supported";
    case IoFault::Kind::no_resources:
      return "out of memory";
    case IoFault::Kind::cancelled:
      return "cancelled";
  }
  return "input/output error";
}

}  // namespace

IoFault IoFault::from(const IoError& error, std::uint64_t done) {
  return {.kind = kind_of(error.kind()), .done = done, .cause = error};
}

std::string IoFault::text() const { return cause ? cause->text() : text_of(kind); }

}  // namespace tgt
