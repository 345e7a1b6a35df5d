// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "reactor/file.h"
#include "reactor/io_error.h"

namespace tgt {

// What File::open learns on a thread of the blocking pool. The descriptor is the caller's.
struct OpenedFile {
  int descriptor = -1;
  File::Properties properties;
  SpotReads spot_reads;
  bool never_sleeps = false;  // lives in memory
  bool nowait = false;        // Operation::nowait
};

Result<OpenedFile, IoError> open_and_probe(const std::string& path, const File::OpenOptions& options);

struct OpenDescriptors {
  int file = -1;
  int spot_reads = -1;
};
// May sleep for as long as the file's server or disk likes. The file's number is nobody else's before it returns: what
// is shared out by descriptor is not taken from the next file by one that hangs here.
void close_file(OpenDescriptors open);

// Of a file its length, of a block device its capacity.
Result<std::uint64_t, IoError> size_of_file(int descriptor);

// Does not sleep: takes what the kernel has at hand.
Result<File::Facts, IoError> facts_of_file(int descriptor);

Result<File::Space, IoError> space_of_file(int descriptor);

Result<File::Extent, IoError> extent_of_file(int descriptor, std::uint64_t offset);

}  // namespace tgt
