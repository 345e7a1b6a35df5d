// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "cli/tgtadm/options.h"
#include "cli/tgtadm/usage_fault.h"

namespace tgt {

// Rewrites the command lines of 2006 to 2008 into today's, in place:
//   target new       --params iqn.x                      the target's name
//   target new       --backing-store-type raw            its units hand devices on as they are (iotype rawio)
//   logicalunit new  --params Path=/dev/sda[,Type=word]  the backing store, and the device type
//   account          --params IncomingUser=u,Password=p  user and password (OutgoingUser: of the other direction)
// Options that are none of these stay as they are, and the usual checks judge them.
std::optional<UsageFault> modernize(Options& options);

}  // namespace tgt
