// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>

#include "control/views.h"

namespace tgt {

// The texts of `show` and `stat`. Many programs read them with patterns, so they are interface to the last blank: a new
// fact goes into a new request, not into a new line. Nothing to show is an empty text.

std::string show_targets(std::span<const TargetView> targets);
std::string show_target_parameters(const TargetParametersView& parameters);
std::string show_system(const DaemonView& system);
std::string show_portals(std::span<const PortalView> portals);
// The connections of one target.
std::string show_connections(std::span<const NexusView> nexuses);
std::string show_accounts(std::span<const AccountView> accounts);
std::string show_drivers(std::span<const DriverView> drivers);

// Of the system, a target or a logical unit.
std::string show_statistics(std::span<const StatisticsRow> rows);
// Of a session: its logical units and its connections.
std::string show_session_statistics(std::span<const StatisticsRow> rows,
                                    std::span<const ConnectionStatisticsRow> connections);
std::string show_connection_statistics(std::span<const ConnectionStatisticsRow> connections);

}  // namespace tgt
