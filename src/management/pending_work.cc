// SPDX-License-Identifier: Apache-2.0
#include "management/pending_work.h"

#include <algorithm>
#include <utility>

namespace tgt {

Task<void> PendingWork::carry_out(std::shared_ptr<Entry> entry, Task<void> work) {
  co_await std::move(work);
  std::erase(entries_, entry);
}

std::shared_ptr<PendingWork::Entry> PendingWork::add(Subject subject, Task<void> work) {
  auto entry = std::make_shared<Entry>(Entry{.subject = std::move(subject)});
  entries_.push_back(entry);
  entry->begun.emplace(carry_out(entry, std::move(work)));  // which may end at once
  return entry;
}

void PendingWork::begin(Subject subject, Task<void> work) { add(std::move(subject), std::move(work)); }

Task<bool> PendingWork::run(Shard& shard, Subject subject, Task<void> work, TimePoint until) {
  const auto entry = add(std::move(subject), std::move(work));
  co_return co_await entry->begun->ended_by(shard, until);
}

Task<std::vector<std::string>> PendingWork::outlasting(Shard& shard, Which which, TimePoint until) const {
  const std::vector<std::shared_ptr<Entry>> under_way = entries_;
  std::vector<std::string> names;
  for (const auto& entry : under_way) {
    if (!which(entry->subject)) continue;
    const bool ended = co_await entry->begun->ended_by(shard, until);
    const bool told = std::ranges::find(names, entry->subject.name) != names.end();
    if (!ended && !told) names.push_back(entry->subject.name);
  }
  co_return names;
}

}  // namespace tgt
