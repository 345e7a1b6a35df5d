// SPDX-License-Identifier: Apache-2.0
#include "initiator/host_notices.h"

#include <utility>

namespace tgt {
namespace {

struct Word {
  std::string_view value;
  HostNotice notice;
};
constexpr Word words[] = {
    {"POWER_ON_RESET_OCCURRED", HostNotice::power_on_or_reset},
    {"CAPACITY_DATA_HAS_CHANGED", HostNotice::capacity_changed},
    {"MODE_PARAMETERS_CHANGED", HostNotice::mode_parameters_changed},
    {"INQUIRY_DATA_HAS_CHANGED", HostNotice::inquiry_data_changed},
};

}  // namespace

HostNotices::HostNotices(Shard& shard, std::string address, Log log)
    : shard_(shard), address_(std::move(address)), log_(std::move(log)) {}

std::optional<HostNotice> HostNotices::of(const Uevent& event, const std::string& address) {
  if (event.lost_some) return HostNotice::some_lost;
  if (event.value("SUBSYSTEM") != "scsi" || event.value("ACTION") != "change") return std::nullopt;
  const std::string_view path = event.value("DEVPATH");
  if (!path.ends_with("/" + address)) return std::nullopt;
  if (event.value("SDEV_MEDIA_CHANGE") == "1") return HostNotice::medium_changed;
  const std::string_view attention = event.value("SDEV_UA");
  for (const Word& word : words) {
    if (attention == word.value) return word.notice;
  }
  return std::nullopt;
}

void HostNotices::note(HostNotice kind, TimePoint when) {
  latest_[static_cast<std::size_t>(kind)].store(when.time_since_epoch().count(), std::memory_order_release);
  count_.fetch_add(1, std::memory_order_acq_rel);
}

void HostNotices::start() {
  auto opened = UeventSocket::open(shard_);
  if (!opened) {
    log_.info("no device events from the kernel ({}): resets by others are noticed by unit attentions only",
              opened.error().text());
    return;
  }
  socket_ = std::move(*opened);
  spawn(listen());
}

Task<void> HostNotices::listen() {
  const Gate::Pass pass = gate_.enter();
  for (;;) {
    auto event = co_await socket_.next();
    if (!event) co_return;
    const auto notice = of(*event, address_);
    if (notice) note(*notice, shard_.now());
  }
}

Task<void> HostNotices::stop() {
  socket_.cancel();
  co_await gate_.close();
  socket_.close();
}

}  // namespace tgt
