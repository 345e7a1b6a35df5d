// SPDX-License-Identifier: Apache-2.0
#include "core/device_server.h"

namespace tgt {

// What is only software has nothing that a reset would have to reach: its state in the core is reset by the core.
Task<ResetOutcome> DeviceServer::reset(Shard& shard, ResetKind kind) {
  static_cast<void>(shard);
  static_cast<void>(kind);
  co_return ResetOutcome::done;
}

std::string DeviceServer::lasting_name_with(std::span<const Setting> settings) const {
  static_cast<void>(settings);
  return lasting_name();
}

bool DeviceServer::keep_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) {
  static_cast<void>(saved_before);
  store.reset();
  return true;
}

bool DeviceServer::keep_medium_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) {
  static_cast<void>(saved_before);
  store.reset();
  return true;
}

Result<SettingHolds, SettingRefused> DeviceServer::configure(std::string_view name, std::string_view value) {
  static_cast<void>(name);
  static_cast<void>(value);
  return failure(SettingRefused{.reason = "this device has no such property"});
}

Task<std::optional<Sense>> DeviceServer::settle(Shard& shard) {
  static_cast<void>(shard);
  co_return std::nullopt;
}

Task<Result<MediumChange, std::string>> DeviceServer::change_medium(Shard& shard, std::string path) {
  static_cast<void>(shard);
  static_cast<void>(path);
  co_return failure(std::string("this device has no medium that could be changed"));
}

Task<Result<MediumChange, std::string>> DeviceServer::follow_medium(Shard& shard) {
  co_return co_await change_medium(shard, {});
}

bool DeviceServer::is_other_medium(std::string_view path) const {
  static_cast<void>(path);
  return true;
}

}  // namespace tgt
