// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/result.h"

namespace tgt {

// The parts of the file system in which the kernel describes its devices. The roots can be moved, so that tests look at
// trees of their own.
class SystemView {
 public:
  enum class NodeType : std::uint8_t { block_device, character_device, other };
  struct Node {
    std::string path;  // all links followed
    NodeType type = NodeType::other;
    std::uint32_t major = 0, minor = 0;
  };

  SystemView() = default;
  SystemView(std::string sysfs, std::string devices) : sysfs_(std::move(sysfs)), devices_(std::move(devices)) {}
  virtual ~SystemView() = default;

  const std::string& sysfs() const { return sysfs_; }
  const std::string& devices() const { return devices_; }

  // What stands at a path, links followed.
  virtual Result<Node, std::error_code> node(const std::string& path) const;

  // A path with all links followed; nothing when it does not exist.
  std::optional<std::string> real_path(const std::string& path) const;
  bool exists(const std::string& path) const;
  // The first line of a small file, without blanks around it; nothing when it cannot be read.
  std::optional<std::string> line(const std::string& path) const;
  std::optional<std::uint64_t> number(const std::string& path) const;
  // Names in a folder, sorted; none when there is no such folder.
  std::vector<std::string> names(const std::string& folder) const;

 private:
  std::string sysfs_ = "/sys";
  std::string devices_ = "/dev";
};

}  // namespace tgt
