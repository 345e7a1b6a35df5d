// SPDX-License-Identifier: Apache-2.0
#include "daemon/device_kinds.h"

#include <fmt/format.h>

#include <bit>

#include "base/text.h"
#include "device/disk/disk.h"
#include "device/passthrough/open_passthrough.h"
#include "device/primary/controller.h"
#include "store/file_store.h"
#include "store/memory_store.h"
#include "store/null_store.h"

namespace tgt {
namespace {

constexpr std::uint32_t default_block_size = 512;

FileStore::Caching caching_of(const DeviceRequest& request) {
  if (request.direct) {
    return request.synchronous ? FileStore::Caching::direct_synchronous : FileStore::Caching::direct;
  }
  return request.synchronous ? FileStore::Caching::synchronous : FileStore::Caching::buffered;
}

Result<std::uint64_t, std::string> size_option(const DeviceRequest& request) {
  const auto text = find_option(request.store_options, "size");
  if (!text) {
    return failure(fmt::format("a {} store needs its size: --bsopts size=64M", request.store_type));
  }
  const auto size = parse_size(*text);
  if (!size || *size == 0) {
    return failure(fmt::format("size={}: not a size; write bytes, or a number with K, M, G or T", *text));
  }
  return *size;
}

std::string text_of(Disk::Fault fault, const DeviceRequest& request) {
  switch (fault) {
    case Disk::Fault::too_small:
      return fmt::format("{}: smaller than one block", request.path.value_or(request.store_type));
    case Disk::Fault::bad_block_size:
      return fmt::format("block size {}: it must be a power of two from 512 to 65536",
                         request.block_size.value_or(default_block_size));
    case Disk::Fault::block_below_alignment:
      return fmt::format("block size {}: the store moves larger pieces only; use its block size, or no direct I/O",
                         request.block_size.value_or(default_block_size));
  }
  return "unknown fault";
}

std::string fault_text(const DeviceRequest& request, const IoFault& fault) {
  return fmt::format("{}: {}", printable(request.path.value_or(request.store_type)), fault.text());
}

}  // namespace

std::vector<std::string> DeviceKinds::store_types() const {
  return {"null", "memory", "sg", "rdwr (bsoflags sync:direct)", "aio (bsoflags sync)"};
}

std::vector<std::string> DeviceKinds::device_types() const { return {"disk", "controller", "passthrough"}; }

std::unique_ptr<DeviceServer> DeviceKinds::make_controller(TargetId tid, const std::string& target_name) {
  return std::make_unique<Controller>(tid, target_name);
}

Task<DeviceKinds::Opened> DeviceKinds::open(Shard& shard, DeviceRequest request) {
  const bool real_store = request.store_type == "sg" || request.store_type == "bsg";
  if (real_store != (request.kind == LogicalUnitKind::passthrough)) {
    co_return failure(std::string("--device-type pt goes with --bstype sg, and only with it"));
  }
  switch (request.kind) {
    case LogicalUnitKind::passthrough:
      co_return co_await open_real_device(shard, std::move(request));
    case LogicalUnitKind::disk:
      co_return co_await open_disk(shard, std::move(request));
    default:
      co_return failure(
          std::string("this version emulates disks only; a real tape drive, changer or optical drive "
                      "can be passed through with --bstype sg --device-type pt"));
  }
}

Task<DeviceKinds::Opened> DeviceKinds::open_real_device(Shard& shard, DeviceRequest request) {
  if (!request.path) co_return failure(std::string("a device that is passed through needs its name: -b /dev/sdX"));
  auto opened = co_await open_passthrough(shard, reactor_, *request.path, PassthroughOptions{}, log_);
  if (!opened) co_return failure(std::move(opened.error().text));
  co_return std::move(*opened);
}

Task<DeviceKinds::Opened> DeviceKinds::open_disk(Shard& shard, DeviceRequest request) {
  const std::uint32_t block_size = request.block_size.value_or(default_block_size);
  if (!std::has_single_bit(block_size) || block_size > 65536) {
    co_return failure(text_of(Disk::Fault::bad_block_size, request));
  }
  auto store = co_await open_store(shard, request);
  if (!store) co_return failure(std::move(store.error()));
  Disk::Options options;
  options.identity = Identity::of(request.tid, request.lun.number, "VIRTUAL-DISK", request.target_name);
  options.block_size.exponent = static_cast<std::uint8_t>(std::countr_zero(block_size));
  options.removable = *store == nullptr;
  auto disk = Disk::make(std::move(*store), std::move(options));
  if (!disk) co_return failure(text_of(disk.error(), request));
  co_return std::move(*disk);
}

Task<Result<std::unique_ptr<BlockStore>, std::string>> DeviceKinds::open_store(Shard& shard, DeviceRequest request) {
  if (request.store_type == "memory" || request.store_type == "null") {
    const auto size = size_option(request);
    if (!size) co_return failure(size.error());
    auto store = request.store_type == "memory" ? MemoryStore::open(*size) : NullStore::open(*size);
    if (!store) co_return failure(fault_text(request, store.error()));
    co_return std::move(*store);
  }
  if (request.store_type != "rdwr" && request.store_type != "aio") {
    co_return failure(fmt::format("there is no store '{}'; tgtadm --mode system --op show lists them",
                                  printable(request.store_type)));
  }
  if (!request.path) co_return std::unique_ptr<BlockStore>();
  request.direct = request.direct || request.store_type == "aio";
  auto store = co_await FileStore::open(
      shard, {.path = *request.path, .kind = request.store_type, .caching = caching_of(request)});
  if (!store) co_return failure(fault_text(request, store.error()));
  co_return std::move(*store);
}

}  // namespace tgt
