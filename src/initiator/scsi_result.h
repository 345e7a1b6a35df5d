// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>

#include "scsi/sense.h"
#include "scsi/status.h"

namespace tgt {

// What the host adapter's driver says of a command: Linux' host bytes (DID_...), under the kernel's own names.
enum class HostStatus : std::uint8_t {
  ok = 0x00,
  no_connect = 0x01,
  bus_busy = 0x02,
  time_out = 0x03,
  bad_target = 0x04,
  abort = 0x05,
  parity = 0x06,
  error = 0x07,
  reset = 0x08,
  bad_interrupt = 0x09,
  passthrough = 0x0a,
  soft_error = 0x0b,
  immediate_retry = 0x0c,
  requeue = 0x0d,
  transport_disrupted = 0x0e,
  transport_failfast = 0x0f,
  target_failure = 0x10,
  nexus_failure = 0x11,
  allocation_failure = 0x12,
  medium_error = 0x13,
  transport_marginal = 0x14,
};

// What the middle layer adds: Linux' driver bytes. Present kernels know `sense` only, which says no more than that the
// sense buffer holds something; it may come with GOOD status.
enum class DriverStatus : std::uint8_t {
  ok = 0x00,
  busy = 0x01,
  soft = 0x02,
  media = 0x03,
  error = 0x04,
  invalid = 0x05,
  timeout = 0x06,
  hard = 0x07,
  sense = 0x08,
};

// How a request ended. The target's status means something only together with the host and driver status, and only when
// `fault` is none.
struct ScsiResult {
  // Why the operating system did not carry the request, or could not say what came of it.
  enum class Fault : std::uint8_t {
    none,
    dropped,           // taken back from our own queue
    no_resources,      // memory or slots ran out
    transfer_refused,  // too long, or in too many pieces, for the host adapter
    cdb_refused,       // the CDB is longer than can be carried
    not_permitted,
    offline,  // error handling gave the device up
    gone,     // the device was removed
    other,
  };
  Fault fault = Fault::none;
  // Was it given to the operating system? If not, the device surely has not seen it.
  bool sent = false;
  HostStatus host_status = HostStatus::ok;
  DriverStatus driver_status = DriverStatus::ok;
  Status status = Status::good;
  std::uint32_t residual = 0;  // of the request's data: what was not transferred
  std::uint32_t requested = 0;
  SenseData sense{};

  // Never more than was asked for, whatever the driver says.
  std::uint32_t transferred() const { return requested - std::min(residual, requested); }
  // GOOD from everybody who has a say in it.
  bool good() const {
    return fault == Fault::none && host_status == HostStatus::ok && status == Status::good &&
           (driver_status == DriverStatus::ok || driver_status == DriverStatus::sense);
  }
  // CHECK CONDITION of the device itself, with its own sense.
  bool has_device_sense() const { return fault == Fault::none && status == Status::check_condition && !sense.empty(); }

  static ScsiResult failed(Fault fault, bool sent) {
    ScsiResult result;
    result.fault = fault;
    result.sent = sent;
    return result;
  }
};

}  // namespace tgt
