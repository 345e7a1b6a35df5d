// SPDX-License-Identifier: Apache-2.0
#include "core/nexus.h"

#include <algorithm>
#include <utility>

#include "core/itl_nexus.h"
#include "core/target.h"

namespace tgt {

Nexus::Nexus(Shard& shard, Target& target, Session& session, Properties properties)
    : shard_(shard), target_(target), session_(session), properties_(std::move(properties)) {}

Nexus::~Nexus() = default;

ItlNexus* Nexus::find_itl(Lun lun) {
  if (closing_) return nullptr;
  const auto known = itls_.find(lun.number);
  if (known == itls_.end()) return make_itl(lun);
  latest_ = known->second.get();
  latest_lun_ = lun;
  return latest_;
}

ItlNexus* Nexus::make_itl(Lun lun) {
  std::shared_ptr<LogicalUnit> unit = target_.find(lun);
  held_back_ = unit != nullptr && target_.earlier_nexus_uses(*unit, *this);
  if (unit == nullptr || held_back_) return nullptr;
  const auto itl = std::make_shared<ItlNexus>(*this, lun, unit);
  // Unmapped meanwhile by another shard, which may have looked for nexuses before this one was attached?
  if (target_.find(lun) != unit) return nullptr;
  unit->unit_attentions().establish_for(*itl, returns_ ? Sense::i_t_nexus_loss() : Sense::power_on_or_reset());
  {
    const LockGuard lock(mutex_);
    itls_.emplace(lun.number, itl);
  }
  if (!serves_everything(target_.port_groups().state_of(properties_.relative_target_port))) {
    itl->arm(ItlNexus::asymmetric_access);
  }
  return itl.get();
}

bool Nexus::uses(const LogicalUnit& unit) const {
  const LockGuard lock(mutex_);
  return std::ranges::any_of(itls_, [&unit](const auto& entry) { return &entry.second->unit() == &unit; });
}

std::vector<std::shared_ptr<ItlNexus>> Nexus::itls() const {
  std::vector<std::shared_ptr<ItlNexus>> all;
  for (const auto& [lun, itl] : itls_) all.push_back(itl);
  return all;
}

void Nexus::forget(ItlNexus& itl) {
  const auto known = itls_.find(itl.lun().number);
  if (known == itls_.end() || known->second.get() != &itl) return;
  latest_ = nullptr;
  std::shared_ptr<ItlNexus> kept = known->second;
  {
    const LockGuard lock(mutex_);
    itls_.erase(known);
  }
  kept->arm(ItlNexus::removed);
  if (kept->tasks_ != 0) forgotten_.push_back(std::move(kept));
}

void Nexus::discard(ItlNexus& itl) {
  std::shared_ptr<ItlNexus> last;  // its end may be the unit's end
  const auto place = std::ranges::find(forgotten_, &itl, [](const auto& kept) { return kept.get(); });
  if (place == forgotten_.end()) return;
  last = std::move(*place);
  forgotten_.erase(place);
}

}  // namespace tgt
