// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "reactor/time.h"
#include "store/error_store.h"

namespace tgt {

// What an administrator says of a store with --bsopts: name=value, separated by semicolons.
struct StoreOptions {
  std::optional<std::uint64_t> size{};  // memory and null
  bool read_only = false;
  bool shared = false;                           // take a block device although others hold it
  std::optional<std::uint64_t> copy_on_write{};  // most bytes of changes that are kept in memory
  std::optional<Duration> delay{};
  std::optional<ErrorStore::Script> error{};

  // The error is a text for people.
  static Result<StoreOptions, std::string> parse(std::string_view text);

  // Puts the filters around a store, from the inside: cow, error, delay, readonly.
  std::unique_ptr<BlockStore> filtered(std::unique_ptr<BlockStore> store) const;
};

}  // namespace tgt
