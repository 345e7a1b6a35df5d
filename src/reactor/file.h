// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <utility>

#include "reactor/blocking_pool.h"
#include "reactor/socket.h"
#include "reactor/spot_reads.h"

namespace tgt {

struct OpenDescriptors;  // file_probe.h

// A regular file or a block device, owned, used by every shard at once: each call names the shard that it is made
// on. Reads and writes of files in memory, and reads of what is in the page cache (SpotReads), are done on the spot;
// the others go through the shard's backend.
class File {
 public:
  struct OpenOptions {
    bool writable = true;
    bool create = false;     // with mode 0600
    bool direct = false;     // O_DIRECT: addresses, offsets and lengths must be aligned
    bool exclusive = false;  // a block device that is mounted or held by others is refused
  };
  // The same for all that is open of one file or device, whatever its names. Not after a restart.
  struct Identity {
    std::uint64_t device = 0;  // that the file is on, or that it is
    std::uint64_t number = 0;  // of the file there; 0 for a device
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  struct Properties {
    std::uint64_t size = 0;  // bytes; of a block device its capacity
    bool is_block_device = false;
    std::uint32_t logical_block_size = 512;  // of a block device; of a file 512
    std::uint32_t physical_block_size = 512;
    std::uint32_t alignment_offset = 0;           // of a block device: where its first whole physical block begins
    std::uint32_t direct_alignment = 512;         // of offsets and lengths, for OpenOptions::direct
    std::uint32_t direct_memory_alignment = 512;  // of addresses
    bool rotational = false;
    bool can_deallocate = false;
    Identity identity{};
  };

  File() = default;
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  // Opens in the blocking pool. Refuses directories and character devices with IoError::Kind::invalid.
  static Task<Result<File, IoError>> open(Shard& shard, std::string path, OpenOptions options);

  // Takes a descriptor that is already open (a test's, an inherited one); everything goes through the backend.
  static File adopt(int descriptor, const Properties& properties);

  const Properties& properties() const { return properties_; }
  // Asks the kernel for the size again (a file that grew or shrank).
  Task<Result<std::uint64_t, IoError>> refresh_size(Shard& shard);
  // The same file or device once more, whatever has become of its name.
  Task<Result<File, IoError>> reopen(Shard& shard, OpenOptions options) const;

  struct Facts {
    std::uint64_t size = 0;
    std::uint32_t names = 1;  // hard links; 0: it was deleted and goes when the last one closes it
  };
  // Of a regular file, what the kernel knows without asking a server or a disk: does not sleep.
  Result<Facts, IoError> facts_at_hand() const;

  struct Space {
    std::uint64_t allocated = 0;  // bytes that the file takes
    std::uint64_t available = 0;  // bytes that its file system has left, for everybody
  };
  // Of a regular file. Asked in the blocking pool: a server may have to say.
  Task<Result<Space, IoError>> space(Shard& shard) const;

  // From an offset on: how many bytes are alike, and whether they are a hole.
  struct Extent {
    std::uint64_t length = 0;
    bool allocated = true;
  };
  // Of a regular file; a file system that knows no holes says that everything is allocated.
  Task<Result<Extent, IoError>> extent_at(Shard& shard, std::uint64_t offset) const;

  class Transfer;
  // Up to data.size() bytes at `offset`; fewer at the end of the file, and before a place that cannot be read or
  // written, whose error the next call gives. Page-aligned data for direct files.
  Transfer read(Shard& shard, MutableBytes data, std::uint64_t offset) const;
  Transfer write(Shard& shard, Bytes data, std::uint64_t offset) const;
  // All of it or an error; with an error `done` (if given) says how many bytes from the start were written.
  Task<Result<void, IoError>> write_all(Shard& shard, Bytes data, std::uint64_t offset,
                                        std::size_t* done = nullptr) const;
  IoAwaitable sync_data(Shard& shard) const;
  IoAwaitable deallocate(Shard& shard, std::uint64_t offset, std::uint64_t length) const;
  IoAwaitable write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) const;

  // Gives the descriptor back to the system, in the blocking pool: the last close of a file writes out what is left of
  // it. When it returns nobody else sees the file as open by us. Nothing is under way on it any more.
  Task<void> close(Shard& shard);
  bool is_open() const { return descriptor_ >= 0; }

 private:
  friend class Transfer;
  BlockingLane lane() const { return BlockingLane{descriptor_}; }
  OpenDescriptors give_up();
  void close_elsewhere();

  int descriptor_ = -1;
  Properties properties_;
  SpotReads spot_reads_;
  bool never_sleeps_ = false;  // tmpfs, hugetlbfs: plain calls return from memory, and nobody can freeze them
  bool nowait_ = false;        // Operation::nowait
};

// Awaitable of File::read and File::write: done on the spot if that cannot sleep, else through the backend.
class File::Transfer {
 public:
  Transfer(const File& file, Shard& shard, Operation::Kind kind, IoVector vector, std::uint64_t offset);
  bool await_ready() noexcept;
  bool await_suspend(std::coroutine_handle<> waiting);
  Result<std::size_t, IoError> await_resume() const;

 private:
  bool may_try() const noexcept;
  ssize_t move_now() noexcept;
  bool on_the_spot() noexcept;

  const File& file_;
  Shard& shard_;
  IoVector vector_;
  Operation operation_;
  std::size_t done_ = 0;  // bytes already moved on the spot
};

}  // namespace tgt
