// SPDX-License-Identifier: Apache-2.0
#include "core/itl_nexus.h"

#include <utility>

namespace tgt {

ItlNexus::ItlNexus(Nexus& nexus, Lun lun, std::shared_ptr<LogicalUnit> unit)
    : nexus_(nexus), lun_(lun), unit_(std::move(unit)) {
  unit_->attach(*this);
}

ItlNexus::~ItlNexus() { unit_->detach(*this); }

}  // namespace tgt
