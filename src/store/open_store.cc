// SPDX-License-Identifier: Apache-2.0
#include "store/open_store.h"

#include <fmt/format.h>

#include "reactor/blocking_pool.h"
#include "store/device_holders.h"
#include "store/file_store.h"
#include "store/memory_store.h"
#include "store/null_store.h"
#include "store/store_options.h"

namespace tgt {
namespace {

using Opened = Result<std::unique_ptr<BlockStore>, std::string>;

FileStore::Caching caching_of(const StoreRequest& request) {
  if (request.direct) {
    return request.synchronous ? FileStore::Caching::direct_synchronous : FileStore::Caching::direct;
  }
  return request.synchronous ? FileStore::Caching::synchronous : FileStore::Caching::buffered;
}

Opened open_sized(const StoreRequest& request, const StoreOptions& options) {
  if (!options.size || *options.size == 0) {
    return failure(fmt::format("a {} store needs its size: --bsopts size=64M", request.type));
  }
  auto store = request.type == "memory" ? MemoryStore::open(*options.size) : NullStore::open(*options.size);
  if (!store) return failure(fmt::format("{} of {} bytes: {}", request.type, *options.size, store.error().text()));
  return std::move(*store);
}

Task<std::string> fault_text(Shard& shard, StoreRequest request, IoFault fault) {
  const std::string name = printable(request.path);
  if (fault.kind != IoFault::Kind::busy) co_return fmt::format("{}: {}", name, fault.text());
  const std::string holders =
      co_await shard.blocking().run(shard, [&request] { return holders_of_device(request.path); });
  co_return fmt::format("{}: {}; to use it all the same, and risk its contents: --bsopts shared=1", name, holders);
}

Task<Opened> open_path(Shard& shard, StoreRequest request, StoreOptions options) {
  FileStore::Options how{.path = request.path,
                         .kind = request.type,
                         .caching = caching_of(request),
                         .writable = !options.read_only && !options.copy_on_write,
                         .exclusive = !options.shared,
                         .log = request.log};
  auto store = co_await FileStore::open(shard, how);
  const bool may_only_read = !store && how.writable && store.error().kind == IoFault::Kind::permission_denied;
  if (may_only_read) {
    const IoFault why = store.error();
    how.writable = false;
    store = co_await FileStore::open(shard, how);
    if (store) request.log.warning("{}: read-only: {}", printable(request.path), why.text());
  }
  if (!store) {
    std::string text = co_await fault_text(shard, std::move(request), store.error());
    co_return failure(std::move(text));
  }
  if (!request.obstacle_to_medium) co_return std::move(*store);
  const auto obstacle = co_await request.obstacle_to_medium((*store)->describe().identity);
  if (!obstacle) co_return std::move(*store);
  co_await (*store)->close(shard);
  co_return failure(fmt::format("{}: {}", printable(how.path), *obstacle));
}

}  // namespace

std::vector<std::string> kinds_of_stores() {
  return {"null", "memory", "rdwr (bsoflags sync:direct)", "aio (bsoflags sync)"};
}

bool store_has_path(const std::string& type) { return type == "rdwr" || type == "aio"; }

Task<Opened> open_store(Shard& shard, StoreRequest request) {
  const bool sized = request.type == "memory" || request.type == "null";
  if (!sized && !store_has_path(request.type)) {
    co_return failure(
        fmt::format("there is no store '{}'; tgtadm --mode system --op show lists them", printable(request.type)));
  }
  const auto options = StoreOptions::parse(request.options);
  if (!options) co_return failure(options.error());
  request.direct = request.direct || request.type == "aio";
  auto store = sized ? open_sized(request, *options) : co_await open_path(shard, std::move(request), *options);
  if (!store) co_return failure(std::move(store.error()));
  co_return options->filtered(std::move(*store));
}

}  // namespace tgt
