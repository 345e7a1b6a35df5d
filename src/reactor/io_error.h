// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace tgt {

// Why a call into the operating system failed. The kinds are those that somebody above the reactor decides by;
// everything else is `other`, told apart only in the text.
class IoError {
 public:
  enum class Kind : std::uint8_t {
    cancelled,          // by us
    connection_lost,    // the peer closed or reset it
    no_space,           // ENOSPC, EDQUOT
    not_found,          // ENOENT, ENOTDIR
    permission_denied,  // EACCES, EPERM, EROFS
    busy,               // EBUSY, ETXTBSY
    address_in_use,
    no_device,      // ENXIO, ENODEV: there is a name but nothing behind it, or no longer
    medium,         // EIO and its kin
    no_memory,      // ENOMEM, EAGAIN, ENOBUFS, EMFILE, ENFILE: try again later
    invalid,        // EINVAL, EMSGSIZE, E2BIG, EFAULT
    not_supported,  // EOPNOTSUPP, ENOTTY, ENOSYS
    path_lost,      // ENOLINK: whatever leads to a device does not any more
    reserved,       // EBADE: a device below is reserved for others
    timed_out,
    other,
  };

  // From a positive errno value; for use inside the reactor.
  static IoError from_errno(int number) { return IoError(number); }
  Kind kind() const;
  // What strerror says, for messages to people.
  std::string text() const;
  // The operating system's own number, for kernel interfaces whose documentation speaks of it (sg, bsg).
  int number() const { return number_; }

 private:
  explicit IoError(int number) : number_(number) {}
  int number_;
};

}  // namespace tgt
