// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "transport/iscsi/serial_number.h"

namespace tgt {

// The CmdSN window of a session (RFC 7143, 4.2.2.1): the initiator may send the numbers from ExpCmdSN to MaxCmdSN. At
// most `width` requests are taken and not yet answered; each answer opens the window by one. MaxCmdSN never goes back.
class CommandWindow {
 public:
  CommandWindow(std::uint32_t first_cmd_sn, std::uint32_t width)
      : expected_(first_cmd_sn), highest_(first_cmd_sn + width - 1) {}

  std::uint32_t expected() const { return expected_; }
  std::uint32_t highest() const { return highest_; }
  // The initiator may send nothing.
  bool closed() const { return expected_ == highest_ + 1; }

  enum class Place : std::uint8_t {
    next,     // the one that is expected
    ahead,    // in the window, but others come before it
    outside,  // to be ignored
  };
  Place place_of(std::uint32_t cmd_sn) const {
    if (!iscsi::lies_within(cmd_sn, expected_, highest_)) return Place::outside;
    return cmd_sn == expected_ ? Place::next : Place::ahead;
  }
  // The expected one has come.
  void take() { ++expected_; }
  // One that was taken is answered, or never will be.
  void answered() { ++highest_; }

 private:
  std::uint32_t expected_;
  std::uint32_t highest_;
};

}  // namespace tgt
