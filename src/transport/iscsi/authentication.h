// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tgt {

class Target;

// What an initiator has to prove at login. The accounts live above this floor; a login asks here. From any shard.
class IscsiAuthentication {
 public:
  // Must an initiator prove who it is? `target` is null for a discovery session. While only AuthMethod=None can be
  // negotiated, a login to what requires more is refused with status 0201h.
  virtual bool required(const Target* target) const = 0;

 protected:
  ~IscsiAuthentication() = default;
};

}  // namespace tgt
