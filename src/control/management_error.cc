// SPDX-License-Identifier: Apache-2.0
#include "control/management_error.h"

#include <array>
#include <cstddef>

namespace tgt {
namespace {

constexpr std::array<std::string_view, 25> texts{
    "success",
    "unknown error",
    "out of memory",
    "can't find the driver",
    "can't find the target",
    "can't find the logical unit",
    "can't find the session",
    "can't find the connection",
    "can't find the binding",
    "this target already exists",
    "this logical unit number already exists",
    "this binding already exists",
    "this access control rule already exists",
    "this access control rule does not exist",
    "this account already exists",
    "can't find the account",
    "too many accounts",
    "invalid request",
    "this target already has an outgoing account",
    "this target is still active",
    "this logical unit is still active",
    "this driver is busy",
    "this operation isn't supported",
    "unknown parameter",
    "this device has Prevent Removal set",
};
static_assert(texts.size() == static_cast<std::size_t>(ManagementErrorCode::removal_prevented) + 1);

}  // namespace

std::string_view text_of(ManagementErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < texts.size() ? texts[index] : "(unknown tgtadm_errno)";
}

}  // namespace tgt
