// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "reactor/shard.h"
#include "store/store_transfer.h"

namespace tgt {

// The bytes of a medium. Used by every shard at once; each call names the shard that it is made on, and ends there.
// The caller keeps requests within capacity() and aligned to alignment().
class BlockStore {
 public:
  BlockStore() = default;
  virtual ~BlockStore() = default;
  BlockStore(const BlockStore&) = delete;
  BlockStore& operator=(const BlockStore&) = delete;

  struct Description {
    std::string kind;  // "rdwr", "memory", "null": the name that the administrator gave
    std::string path;  // "None" when there is none
    std::string flags;
    std::string
        identity{};  // the same for every store over one file or device; empty: nothing that others could be over
  };
  virtual Description describe() const = 0;

  // In bytes.
  virtual std::uint64_t capacity() const = 0;
  // Offsets and lengths must be multiples of this, and memory aligned to it; a power of two.
  virtual std::uint32_t alignment() const { return 1; }
  // What the hardware below writes as one; for the geometry that initiators are told.
  virtual std::uint32_t physical_block_size() const { return 512; }
  // Where the first whole one of those begins, in bytes: not 0 for a partition that begins within one.
  virtual std::uint32_t alignment_offset() const { return 0; }
  // A write that lies within one piece of so many bytes (from a multiple of it on; a power of two) is there as a whole
  // after tgtd or the power has gone, or not at all. 0: nothing is promised.
  virtual std::uint32_t atomic_unit() const { return 0; }
  static constexpr std::uint32_t any_write = 1u << 31;  // of what is not there any more afterwards
  virtual bool rotational() const { return false; }
  virtual bool read_only() const { return false; }
  // discard() gives space back, and what was discarded reads as zeros.
  virtual bool can_discard() const { return false; }

  virtual StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) = 0;
  virtual StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) = 0;
  // Ends when everything that was written before is on stable storage.
  virtual Task<Result<void, IoFault>> flush(Shard& shard) = 0;
  // The range reads as zeros afterwards and takes no space.
  virtual Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length);
  // The range reads as zeros afterwards; space is kept or not, as is quicker. The general way writes zeros.
  virtual Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length);

  // From `offset` (below the capacity) on: how many bytes (at least) are alike, and whether they take space. A store
  // that does not know says that everything does.
  struct Extent {
    std::uint64_t length = 0;
    bool allocated = true;
  };
  virtual Task<Result<Extent, IoFault>> extent_at(Shard& shard, std::uint64_t offset);

  // What a medium takes of the space below it, which grows as it is written. A store that does not know it says so.
  struct Space {
    std::uint64_t used = 0;            // bytes that the medium takes
    std::uint64_t available = 0;       // bytes that it could take yet
    bool available_is_shared = false;  // others may take them first
  };
  virtual bool knows_space() const { return false; }
  virtual Task<Result<Space, IoFault>> space(Shard& shard) const;

  // Asks again how large the medium is; capacity() follows. One at a time.
  virtual Task<Result<std::uint64_t, IoFault>> refresh_capacity(Shard& shard);

  // Bytes below the capacity were not there: the store may look why.
  virtual void met_end() {}

  // Gives files back to the system; nothing is under way any more. When it returns nobody else sees them in use by us,
  // which takes for ever where a file hangs.
  virtual Task<void> close(Shard& shard);

  // All of it, or a fault whose `done` counts the bytes from the start that were moved. `moved`: what a first transfer
  // has already done.
  Task<Result<void, IoFault>> read_all(Shard& shard, MutableBytes data, std::uint64_t offset, std::size_t moved = 0);
  Task<Result<void, IoFault>> write_all(Shard& shard, Bytes data, std::uint64_t offset, std::size_t moved = 0);
};

}  // namespace tgt
