// SPDX-License-Identifier: Apache-2.0
#include "device/primary/primary_device.h"

#include <fmt/format.h>

namespace tgt {
namespace {

std::string lasting_name_of(const Identity& identity) { return fmt::format("naa.{:016x}", identity.naa_identifier()); }

std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Identity PrimaryDevice::identity() const {
  const LockGuard lock(mutex_);
  return identity_;
}

DeviceServer::Told PrimaryDevice::told() const {
  const Identity names = identity();
  return {.mode_parameters =
              fmt::format("{} {}", mode_parameters().device_specific, text_of(mode_pages().current_values())),
          .capacity = {},
          .inquiry = fmt::format("{:?} {:?} {:?} {:?} {:?} {:x} {:?}", names.vendor, names.product, names.revision,
                                 names.scsi_id, names.serial_number, names.naa_identifier(), names.management_url)};
}

std::string PrimaryDevice::lasting_name() const { return lasting_name_of(identity()); }

std::string PrimaryDevice::lasting_name_with(std::span<const Setting> settings) const {
  Identity changed = identity();
  for (const Setting& setting : settings) changed.change(std::string(setting.name), std::string(setting.value));
  return lasting_name_of(changed);
}

void PrimaryDevice::mode_pages_changed() {
  constexpr ModePages::Code control{.page = 0x0a};
  const bool descriptors = (mode_pages_.current(control, 2) & mode::Control::descriptor_format_sense) != 0;
  descriptor_format_sense_.store(descriptors, std::memory_order_relaxed);
}

Result<bool, Sense> PrimaryDevice::select_mode_pages(Bytes pages, std::size_t offset) {
  const auto changed = mode_pages_.select(pages, offset);
  if (changed && *changed) mode_pages_changed();
  return changed;
}

void PrimaryDevice::put_back_mode_pages(Bytes before) {
  mode_pages_.restore(before, ModePages::Values::current);
  mode_pages_changed();
}

bool PrimaryDevice::keep_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) {
  std::optional<SavedState> state{std::in_place};
  if (saved_before) state = SavedState::decode(*saved_before);
  if (!state) return false;
  state_store_ = std::move(store);
  mode_pages_.set_savable(state_store_ != nullptr);
  mode_pages_.forget_saved();
  mode_pages_.restore(state->mode_pages, ModePages::Values::saved_and_current);
  mode_pages_changed();
  const LockGuard lock(mutex_);
  saved_state_ = std::move(*state);
  return true;
}

SavedState PrimaryDevice::saved_state() const {
  const LockGuard lock(mutex_);
  return saved_state_;
}

Task<bool> PrimaryDevice::save_state(Shard& shard, SavedState state) {
  if (state_store_) {
    const bool safe = co_await state_store_->save(shard, state.encode());
    if (!safe) co_return false;
  }
  mode_pages_.restore(state.mode_pages, ModePages::Values::saved);
  const LockGuard lock(mutex_);
  saved_state_ = std::move(state);
  co_return true;
}

Task<ResetOutcome> PrimaryDevice::reset(Shard& shard, ResetKind) {
  mode_pages_.revert();
  mode_pages_changed();
  // Where that cannot be, the pages say so.
  const auto unsettled = co_await settle(shard);
  static_cast<void>(unsettled);
  co_return ResetOutcome::done;
}

Task<std::optional<Sense>> PrimaryDevice::self_test(Shard&) { co_return std::nullopt; }

Task<void> PrimaryDevice::prepare_log_page(Shard&, std::uint8_t) { co_return; }

Task<void> PrimaryDevice::close(Shard&) {
  state_store_.reset();
  co_return;
}

Result<SettingHolds, SettingRefused> PrimaryDevice::configure(std::string_view name, std::string_view value) {
  if (name == "mode_page") {
    if (!mode_pages_.replace(value)) {
      return failure(SettingRefused{.reason = "a mode page is written PAGE:SUBPAGE:LENGTH:BYTE:BYTE..."});
    }
    mode_pages_changed();
    return SettingHolds::at_once;
  }
  if (name == "sense_format") {
    if (value != "0" && value != "1") return failure(SettingRefused{.reason = "it is 0 or 1"});
    mode_pages_.set({.page = 0x0a}, 2, mode::Control::descriptor_format_sense, value == "1");
    mode_pages_changed();
    return SettingHolds::at_once;
  }
  return change_identity(name, value);
}

Result<SettingHolds, SettingRefused> PrimaryDevice::change_identity(std::string_view name, std::string_view value) {
  const LockGuard lock(mutex_);
  switch (identity_.change(std::string(name), std::string(value))) {
    case Identity::Change::done:
      return SettingHolds::at_once;
    case Identity::Change::not_mine:
      return DeviceServer::configure(name, value);
    case Identity::Change::refused:
      break;
  }
  return failure(SettingRefused{.reason = "that is no absolute URL of at most 255 visible ASCII characters"});
}

}  // namespace tgt
