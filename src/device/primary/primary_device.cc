// SPDX-License-Identifier: Apache-2.0
#include "device/primary/primary_device.h"

namespace tgt {

Identity PrimaryDevice::identity() const {
  const LockGuard lock(mutex_);
  return identity_;
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

Task<ResetOutcome> PrimaryDevice::reset(Shard&, ResetKind) {
  mode_pages_.revert();
  mode_pages_changed();
  co_return ResetOutcome::done;
}

Task<void> PrimaryDevice::close(Shard&) { co_return; }

bool PrimaryDevice::configure(std::string_view name, std::string_view value) {
  if (name == "mode_page") {
    if (!mode_pages_.replace(value)) return false;
    mode_pages_changed();
    return true;
  }
  if (name == "sense_format") {
    if (value != "0" && value != "1") return false;
    mode_pages_.set({.page = 0x0a}, 2, mode::Control::descriptor_format_sense, value == "1");
    mode_pages_changed();
    return true;
  }
  const LockGuard lock(mutex_);
  return identity_.change(std::string(name), std::string(value)) == Identity::Change::done;
}

}  // namespace tgt
