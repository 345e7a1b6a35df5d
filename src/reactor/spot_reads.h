// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/uio.h>

#include <cstdint>

namespace tgt {

// How a shard's own thread reads what lies in the page cache: it may not begin anything there, for that may sleep until
// a disk or a server answers. RWF_NOWAIT alone promises this from Linux 5.10 on, but newer kernels (6.18 among them)
// read ahead all the same, what is not cached and what follows a page that an earlier read-ahead has marked. There
// cachestat(2), which came before that (6.5), is asked first whether all is cached, the bytes and whatever the usual
// read-ahead could reach.
struct SpotReads {
  // A descriptor of its own, since read-ahead goes by what it did for the open file before. None: nothing is read so.
  int descriptor = -1;
  bool asks_first = false;
  std::uint64_t read_ahead = 0;  // bytes beyond a read that must be cached as well; more for longer reads

  // Of an open file or block device. In the blocking pool.
  static SpotReads of(int file);
  bool may_read(std::uint64_t offset, std::uint64_t length) const noexcept;
  // As preadv2; -1 and EAGAIN for what is not there after all.
  ssize_t read(iovec& vector, std::uint64_t offset) const noexcept;
};

}  // namespace tgt
