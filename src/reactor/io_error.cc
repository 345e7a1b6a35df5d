// SPDX-License-Identifier: Apache-2.0
#include "reactor/io_error.h"

#include <cerrno>
#include <cstring>

namespace tgt {

IoError::Kind IoError::kind() const {
  switch (number_) {
    case ECANCELED:
      return Kind::cancelled;
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
    case ECONNABORTED:
    case ESHUTDOWN:
      return Kind::connection_lost;
    case ENOSPC:
    case EDQUOT:
      return Kind::no_space;
    case ENOENT:
    case ENOTDIR:
      return Kind::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Kind::permission_denied;
    case EBUSY:
    case ETXTBSY:
      return Kind::busy;
    case EADDRINUSE:
      return Kind::address_in_use;
    case ENXIO:
    case ENODEV:
    case ENOMEDIUM:
      return Kind::no_device;
    case EIO:
    case EILSEQ:
    case ENODATA:
    case EREMOTEIO:
    case EBADMSG:
    case EUCLEAN:
      return Kind::medium;
    case ENOMEM:
    case EAGAIN:
    case ENOBUFS:
    case EMFILE:
    case ENFILE:
      return Kind::no_memory;
    case EINVAL:
    case EMSGSIZE:
    case E2BIG:
    case EFAULT:
      return Kind::invalid;
    case EOPNOTSUPP:
    case ENOTTY:
    case ENOSYS:
      return Kind::not_supported;
    case ENOLINK:
      return Kind::path_lost;
    case EBADE:
      return Kind::reserved;
    case ETIMEDOUT:
    case ETIME:
      return Kind::timed_out;
    default:
      return Kind::other;
  }
}

std::string IoError::text() const {
  char buffer[128];
  return strerror_r(number_, buffer, sizeof buffer);
}

}  // namespace tgt
