// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/log.h"
#include "core/target_registry.h"
#include "core/task_manager.h"
#include "transport/iscsi/authentication.h"
#include "transport/iscsi/portal_list.h"
#include "transport/iscsi/session_table.h"
#include "transport/iscsi/target_parameters.h"

namespace tgt {

// What every connection uses; it outlives them all. From any shard.
struct IscsiServices {
  TargetRegistry& targets;
  TaskManager& task_manager;
  IscsiTargetParametersStore& parameters;
  const IscsiAuthentication& authentication;
  IscsiSessionTable& sessions;
  IscsiPortalList& portals;
  Log log;
};

}  // namespace tgt
