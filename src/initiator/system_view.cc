// SPDX-License-Identifier: Apache-2.0
#include "initiator/system_view.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

namespace tgt {
namespace fs = std::filesystem;

Result<SystemView::Node, std::error_code> SystemView::node(const std::string& path) const {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return failure(error);
  const fs::file_status status = fs::status(real, error);
  if (error) return failure(error);
  Node node{.path = real.string()};
  if (fs::is_block_file(status)) node.type = NodeType::block_device;
  if (fs::is_character_file(status)) node.type = NodeType::character_device;
  struct stat numbers{};  // std::filesystem does not tell device numbers
  if (::stat(real.c_str(), &numbers) == 0) {
    node.major = major(numbers.st_rdev);
    node.minor = minor(numbers.st_rdev);
  }
  return node;
}

std::optional<std::string> SystemView::real_path(const std::string& path) const {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return std::nullopt;
  return real.string();
}

bool SystemView::exists(const std::string& path) const {
  std::error_code error;
  return fs::exists(path, error);
}

std::optional<std::string> SystemView::line(const std::string& path) const {
  std::ifstream file(path);
  std::string text;
  if (!file || !std::getline(file, text)) return std::nullopt;
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return std::string();
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::optional<std::uint64_t> SystemView::number(const std::string& path) const {
  const auto text = line(path);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::vector<std::string> SystemView::names(const std::string& folder) const {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    found.push_back(entry->path().filename().string());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace tgt
