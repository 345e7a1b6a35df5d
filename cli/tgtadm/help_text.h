// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace tgt {

// What --help prints.
std::string help_text(std::string_view version);

}  // namespace tgt
