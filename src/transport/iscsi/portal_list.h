// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
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
    std::string advertised{};  // "192.0.2.7:3260"; empty: the address itself
    std::uint16_t group_tag = 1;
  };
  void add(Portal portal);
  void remove(const Endpoint& at);
  // The most recent first.
  std::vector<Portal> list() const;

  // The target portal group tag of the portal that an initiator connected to `local` came through.
  std::uint16_t group_tag_of(const Endpoint& local) const;
  // What an initiator that is connected to `local` is told ("192.0.2.7:3260,1"): that address first, then the others. A
  // portal that listens on every address of a host counts as `local`'s, if that is of the same family.
  std::vector<std::string> addresses_for(const Endpoint& local) const;

 private:
  mutable Mutex mutex_;
  std::vector<Portal> portals_;  // the oldest first
};

}  // namespace tgt
