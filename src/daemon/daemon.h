// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "control/control_server.h"
#include "core/target_registry.h"
#include "core/task_manager.h"
#include "daemon/device_kinds.h"
#include "daemon/options.h"
#include "management/management.h"
#include "reactor/event.h"
#include "reactor/reactor.h"
#include "reactor/signal_source.h"
#include "transport/iscsi/iscsi_driver.h"

namespace tgt {

// tgtd: every part, put together. Lives on the main thread, which becomes shard 0.
class Daemon final : DaemonStopper, IscsiAuthentication {
 public:
  Daemon(const DaemonOptions& options, Log log);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Takes the management socket and the portals. The text says what is in the way.
  Result<void, std::string> start();
  // Serves until the administrator or a signal ends it. False: what a device holds up was given up and still uses the
  // daemon, which must not be destroyed; the process has to end.
  bool run();

 private:
  // DaemonStopper
  void stop_daemon() override;
  // IscsiAuthentication: no target can be given accounts yet.
  bool required(const Target*) const override { return false; }

  Result<void, std::string> open_portals();
  Task<void> shut_down();
  Task<void> wait_for_signals();

  DaemonOptions options_;
  Log log_;
  Reactor reactor_;
  std::vector<Shard*> shards_;
  TargetRegistry targets_;
  TaskManager task_manager_;
  IscsiTargetParametersStore iscsi_parameters_;
  IscsiDriver iscsi_;
  DeviceKinds devices_;
  std::unique_ptr<StateFiles> state_files_;
  Management management_;
  ControlServer control_;
  SignalSource signals_;
  Event signals_unwatched_;
  bool stopping_ = false;
  bool all_has_ended_ = false;
};

}  // namespace tgt
