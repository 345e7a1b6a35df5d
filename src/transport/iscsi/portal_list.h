// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "reactor/endpoint.h"
#include "reactor/mutex.h"

namespace tgt {

// The portals that discovery tells of. From any shard.
class IscsiPortalList {
 public:
  struct Portal {
    Endpoint at;
    std::string advertised;  // "192.0.2.7:3260"; empty: the address itself
  };
  void add(Portal portal);
  void remove(const Endpoint& at);
  // The most recent first.
  std::vector<Portal> list() const;

  // What an initiator that is connected to `local` is told: that address first, then the other portals. A portal that
  // listens on every address of a host counts as `local`'s, if that is of the same family.
  std::vector<std::string> addresses_for(const Endpoint& local) const;

 private:
  mutable Mutex mutex_;
  std::vector<Portal> portals_;  // the oldest first
};

}  // namespace tgt
