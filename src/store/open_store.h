// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "store/block_store.h"

namespace tgt {

// A store as an administrator names it.
struct StoreRequest {
  std::string type{};  // --bstype
  std::string path{};
  std::string options{};  // --bsopts
  bool synchronous = false;
  bool direct = false;
  // Asked with the identity (BlockStore::Description) of what was opened, before anything is done with it: why it
  // cannot be used yet.
  std::function<Task<std::optional<std::string>>(std::string identity)> obstacle_to_medium{};
  Log log = Log::silent();
};

// The types, with their flags: "rdwr (bsoflags sync:direct)".
std::vector<std::string> kinds_of_stores();
// Whether the type stands for something with a path, so that without one there is no medium.
bool store_has_path(const std::string& type);

// The error is a text for people: what, where, why and what to do next.
Task<Result<std::unique_ptr<BlockStore>, std::string>> open_store(Shard& shard, StoreRequest request);

}  // namespace tgt
