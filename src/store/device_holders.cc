// SPDX-License-Identifier: Apache-2.0
#include "store/device_holders.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace tgt {
namespace {

using Names = std::vector<std::string>;

// Devices made of this one: dm-0, md127.
void add_devices_above(const std::filesystem::path& block_device, Names& names) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(block_device / "holders", error), end; !error && at != end;
       at.increment(error)) {
    names.push_back("used by " + at->path().filename().string());
  }
}

// /proc/self/mountinfo: mount id, parent, major:minor, root, mount point, ...
void add_mounts(const std::string& system, const std::string& number, const std::string& of, Names& names) {
  std::ifstream mounts(system + "/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, place;
    words >> id >> parent >> device >> root >> place;
    if (device == number) names.push_back(fmt::format("{}mounted at {}", of, place));
  }
}

void add_swap(const std::string& system, const std::string& path, Names& names) {
  std::ifstream swaps(system + "/proc/swaps");
  for (std::string line; std::getline(swaps, line);) {
    if (line.starts_with(path + ' ') || line.starts_with(path + '\t')) names.emplace_back("swap space");
  }
}

// A disk is held when one of its partitions is.
void add_partitions(const std::string& system, const std::filesystem::path& block_device, Names& names) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(block_device, error), end; !error && at != end; at.increment(error)) {
    if (!std::filesystem::exists(at->path() / "partition", error)) continue;
    std::ifstream number_file(at->path() / "dev");
    std::string number;
    number_file >> number;
    add_mounts(system, number, at->path().filename().string() + " is ", names);
    add_devices_above(at->path(), names);
  }
}

}  // namespace

std::string holders_of_device(const std::string& path, const std::string& system) {
  struct stat status{};
  Names names;
  if (::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode)) {
    const std::string number = fmt::format("{}:{}", major(status.st_rdev), minor(status.st_rdev));
    const std::filesystem::path block_device = system + "/sys/dev/block/" + number;
    add_mounts(system, number, "", names);
    add_swap(system, path, names);
    add_devices_above(block_device, names);
    add_partitions(system, block_device, names);
  }
  if (names.empty()) return "in use: another program, or another logical unit, holds it";
  return fmt::format("in use: {}", fmt::join(names, ", "));
}

}  // namespace tgt
