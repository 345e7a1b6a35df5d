// SPDX-License-Identifier: Apache-2.0
#include "daemon/device_kinds.h"

#include <fmt/format.h>

#include <bit>

#include "base/text.h"
#include "device/disk/disk.h"
#include "device/passthrough/open_passthrough.h"
#include "device/primary/controller.h"
#include "store/open_store.h"

namespace tgt {
namespace {

constexpr std::uint32_t default_block_size = 512;

// `--bstype sg` is what a real device always has: how its commands travel is left to us unless somebody says it.
Result<GenericInterface, std::string> interface_of(const DeviceRequest& request) {
  const auto asked_for = find_option(request.store_options, "interface");
  if (asked_for == "sg") return GenericInterface::sg;
  if (asked_for == "bsg" || (!asked_for && request.store_type == "bsg")) return GenericInterface::bsg;
  if (!asked_for) return GenericInterface::best;
  return failure(fmt::format("interface={}: it is sg or bsg", printable(*asked_for)));
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

}  // namespace

std::vector<std::string> DeviceKinds::store_types() const {
  std::vector<std::string> types = kinds_of_stores();
  types.insert(types.begin() + 2, {"bsg", "sg"});
  return types;
}

std::vector<std::string> DeviceKinds::device_types() const { return {"disk", "controller", "passthrough"}; }

std::unique_ptr<DeviceServer> DeviceKinds::make_controller(TargetId tid, const std::string& target_name) {
  return std::make_unique<Controller>(tid, target_name);
}

Task<DeviceKinds::Opened> DeviceKinds::open(Shard& shard, DeviceRequest request) {
  const bool real_store = request.store_type == "sg" || request.store_type == "bsg";
  if (real_store != (request.kind == LogicalUnitKind::passthrough)) {
    co_return failure(std::string("--device-type pt goes with --bstype sg or bsg, and only with these"));
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
  auto interface = interface_of(request);
  if (!interface) co_return failure(std::move(interface.error()));
  auto opened = co_await open_passthrough(shard, {.reactor = reactor_, .in_use = devices_in_use_, .log = log_},
                                          *request.path, PassthroughOptions{.interface = *interface});
  if (!opened) co_return failure(std::move(opened.error().text));
  co_return std::move(*opened);
}

Task<DeviceKinds::Opened> DeviceKinds::open_disk(Shard& shard, DeviceRequest request) {
  const std::uint32_t block_size = request.block_size.value_or(default_block_size);
  if (!std::has_single_bit(block_size)) co_return failure(text_of(Disk::Fault::bad_block_size, request));
  const StoreRequest store_request{.type = request.store_type,
                                   .path = request.path.value_or(""),
                                   .options = request.store_options,
                                   .synchronous = request.synchronous,
                                   .direct = request.direct,
                                   .obstacle_to_medium = request.obstacle_to_medium,
                                   .log = log_};
  std::unique_ptr<BlockStore> store;
  if (request.path || !store_has_path(request.store_type)) {
    auto opened = co_await open_store(shard, store_request);
    if (!opened) co_return failure(std::move(opened.error()));
    store = std::move(*opened);
  }
  Disk::Options options;
  options.identity = Identity::of(request.tid, request.lun.number, "VIRTUAL-DISK", request.target_name);
  options.block_size.exponent = static_cast<std::uint8_t>(std::countr_zero(block_size));
  if (const auto reason = Disk::refuses(store.get(), options.block_size)) {
    if (store) co_await store->close(shard);
    co_return failure(text_of(*reason, request));
  }
  options.removable = store == nullptr;
  if (store_has_path(request.store_type)) {
    options.load = [store_request](Shard& where, std::string path) {
      StoreRequest other = store_request;
      other.path = std::move(path);
      return open_store(where, std::move(other));
    };
  }
  co_return std::move(*Disk::make(std::move(store), std::move(options)));  // what it refuses was asked above
}

}  // namespace tgt
