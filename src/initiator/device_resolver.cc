// SPDX-License-Identifier: Apache-2.0
#include "initiator/device_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"

namespace tgt {
namespace {

using Kind = OpenFault::Kind;

std::unexpected<OpenFault> fault(Kind kind, std::string text) { return failure(OpenFault{kind, std::move(text)}); }

std::string file_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// "H:C:T:L": four decimal numbers.
bool is_scsi_address(const std::string& text) {
  return std::ranges::count(text, ':') == 3 && text.front() != ':' && text.back() != ':' &&
         text.find("::") == std::string::npos &&
         std::ranges::all_of(text, [](char c) { return c == ':' || (c >= '0' && c <= '9'); });
}

std::string host_of(const std::string& address) { return "host" + address.substr(0, address.find(':')); }

std::unexpected<OpenFault> unreachable_name(const std::string& name, const std::error_code& error) {
  const std::string shown = printable(name);
  if (error == std::errc::permission_denied) {
    return fault(Kind::not_permitted, fmt::format("{}: permission denied while following the path. Run tgtd as a user "
                                                  "that may read it, or name the device by its /dev/sg node.",
                                                  shown));
  }
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return fault(Kind::not_found, fmt::format("{}: no such device. `ls /dev/disk/by-id /dev/tape/by-id /dev/sg*` shows "
                                              "what there is; is it connected and its driver loaded?",
                                              shown));
  }
  return fault(Kind::other, fmt::format("{}: {}. Check the path.", shown, error.message()));
}

// Why a node that has no SCSI device behind it is refused, as precisely as its name in sysfs allows.
std::unexpected<OpenFault> not_scsi(const std::string& name, const std::string& class_device) {
  const std::string kernel_name = file_name(class_device);
  std::string what = "not a SCSI device";
  if (kernel_name.starts_with("dm-")) what = "a device-mapper volume, not a SCSI device";
  if (kernel_name.starts_with("loop")) what = "a loop device, not a SCSI device";
  if (kernel_name.starts_with("nvme")) what = "an NVMe device, which does not speak SCSI";
  if (kernel_name.starts_with("md")) what = "a software RAID, not a SCSI device";
  if (kernel_name.starts_with("vd")) what = "a virtio block device, which does not speak SCSI";
  return fault(Kind::not_a_scsi_device,
               fmt::format("{}: {} ({}), so it cannot be passed through. Export it as a disk instead (bstype rdwr), or "
                           "name a SCSI device.",
                           printable(name), what, kernel_name));
}

}  // namespace

Result<DeviceLocation, OpenFault> DeviceResolver::resolve(const std::string& name) const {
  if (name.empty()) return fault(Kind::not_found, "no device named: a path such as /dev/sg0 is needed.");
  auto folder = folder_of_name(name);
  if (!folder) return failure(folder.error());
  return describe(name, *folder);
}

Result<std::string, OpenFault> DeviceResolver::folder_of_name(const std::string& name) const {
  auto node = system_.node(name);
  if (node) return folder_of_node(name, *node);
  const std::string address = file_name(name);
  const bool is_address = name == address || name == system_.devices() + "/bsg/" + address;
  if (is_address && is_scsi_address(address)) {
    const auto folder = system_.real_path(system_.sysfs() + "/bus/scsi/devices/" + address);
    if (folder) return *folder;
  }
  return unreachable_name(name, node.error());
}

Result<std::string, OpenFault> DeviceResolver::folder_of_node(const std::string& name,
                                                              const SystemView::Node& node) const {
  if (node.type == SystemView::NodeType::other) {
    return fault(Kind::not_a_scsi_device,
                 fmt::format("{}: not a device node, so it cannot be passed through. For a disk in a file use a "
                             "backing store of type rdwr.",
                             printable(name)));
  }
  const char* type = node.type == SystemView::NodeType::block_device ? "block" : "char";
  const std::string link = fmt::format("{}/dev/{}/{}:{}", system_.sysfs(), type, node.major, node.minor);
  const auto class_device = system_.real_path(link);
  if (!class_device) {
    return fault(Kind::not_a_scsi_device,
                 fmt::format("{}: the kernel knows no device with the numbers {}:{} of this node. It may have been "
                             "unplugged; name the device by a link in /dev/disk/by-id.",
                             printable(name), node.major, node.minor));
  }
  return folder_of_class_device(name, *class_device);
}

// `class_device` is .../H:C:T:L/block/sda, .../scsi_generic/sg0, .../scsi_tape/nst0, .../bsg/H:C:T:L.
Result<std::string, OpenFault> DeviceResolver::folder_of_class_device(const std::string& name,
                                                                      const std::string& class_device) const {
  if (system_.exists(class_device + "/partition")) {
    const std::string whole = file_name(std::filesystem::path(class_device).parent_path().string());
    return fault(
        Kind::partition,
        fmt::format("{}: a partition of {}, not a whole device: a SCSI command would reach the whole disk. Name "
                    "/dev/{}, or export the partition as a disk (bstype rdwr).",
                    printable(name), whole, whole));
  }
  const auto device = system_.real_path(class_device + "/device");
  if (!device || !is_scsi_address(file_name(*device)) || !system_.exists(*device + "/type")) {
    return not_scsi(name, class_device);
  }
  return *device;
}

Result<DeviceLocation, OpenFault> DeviceResolver::describe(const std::string& name, const std::string& folder) const {
  DeviceLocation location;
  location.asked_for = name;
  location.address = file_name(folder);
  location.sysfs_folder = folder;
  const auto generic = system_.names(folder + "/scsi_generic");
  if (generic.empty()) {
    return fault(Kind::no_generic_node, fmt::format("{}: SCSI device {} has no generic node. Load the kernel's sg "
                                                    "driver: modprobe sg.",
                                                    printable(name), location.address));
  }
  location.generic_node = system_.devices() + "/" + generic.front();
  if (!system_.exists(location.generic_node)) {
    return fault(Kind::no_generic_node,
                 fmt::format("{}: the node {} of SCSI device {} is missing. Is udev (or devtmpfs) running here?",
                             printable(name), location.generic_node, location.address));
  }
  const std::string bsg = system_.devices() + "/bsg/" + location.address;
  if (system_.exists(bsg)) location.bsg_node = bsg;
  location.type = static_cast<PeripheralDeviceType>(system_.number(folder + "/type").value_or(0x1f) & 0x1f);
  location.vendor = system_.line(folder + "/vendor").value_or("");
  location.product = system_.line(folder + "/model").value_or("");
  location.revision = system_.line(folder + "/rev").value_or("");
  location.state = system_.line(folder + "/state").value_or("");
  read_limits(location);
  return location;
}

void DeviceResolver::read_limits(DeviceLocation& location) const {
  const std::uint64_t depth = system_.number(location.queue_depth_file()).value_or(1);
  location.queue_depth = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(depth, 1, 4096));
  const std::string host = system_.sysfs() + "/class/scsi_host/" + host_of(location.address);
  location.can_queue = system_.number(host + "/can_queue");
  location.table_segments = system_.number(host + "/sg_tablesize");
  const std::string block = location.sysfs_folder + "/block";
  for (const std::string& disk : system_.names(block)) {
    location.hardware_kib = system_.number(fmt::format("{}/{}/queue/max_hw_sectors_kb", block, disk));
  }
}

}  // namespace tgt
