// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "iscsi_load/connection.h"
#include "iscsi_load/options.h"
#include "iscsi_load/result.h"
#include "iscsi_load/workload.h"

namespace tgt::bench {

// The numbers of RFC 7143, clause 4.2.2, as an initiator keeps them.
struct Counters {
  std::uint32_t command_sn = 1;        // of the next command
  std::uint32_t max_command_sn = 1;    // the last number the target's window admits
  std::uint32_t expected_stat_sn = 0;  // of the next status
};

// A session in the full feature phase, before its first measured command.
struct LoggedIn {
  Connection connection;
  OperationalKeys agreed;  // max_recv_data_segment_length is what the target can take
  Counters counters;
  Medium medium;
};

LunField lun_field(std::uint16_t lun);

// Connects, logs in without authentication, clears unit attentions and reads the capacity.
Result<LoggedIn> log_in(const Options& options, unsigned session);
// Closes the session politely. Nothing may be in flight.
Result<void> log_out(LoggedIn& session, std::uint32_t max_data_segment_length);

}  // namespace tgt::bench
