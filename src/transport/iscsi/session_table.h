// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "reactor/mutex.h"

namespace tgt {

// Which TSIHs are in use and by whom (RFC 7143, 11.12.6): a target session identifying handle is 16 bits, not
// zero, and unique among the sessions of the target. From any shard.
class IscsiSessionTable {
 public:
  struct Owner {
    std::string initiator_name;
    std::string target_name;  // empty: a discovery session
    std::array<std::uint8_t, 6> isid{};
    friend bool operator==(const Owner&, const Owner&) = default;
  };
  // A handle that goes back when it is destroyed.
  class Handle {
   public:
    Handle() = default;
    Handle(IscsiSessionTable& table, std::uint16_t tsih) : table_(&table), tsih_(tsih) {}
    Handle(Handle&& other) noexcept;
    Handle& operator=(Handle&& other) noexcept;
    ~Handle() { release(); }
    std::uint16_t tsih() const { return tsih_; }

   private:
    void release();
    IscsiSessionTable* table_ = nullptr;
    std::uint16_t tsih_ = 0;
  };

  // Nothing when all 65535 are taken.
  std::optional<Handle> allocate(const Owner& owner);
  bool belongs_to(std::uint16_t tsih, const Owner& owner) const;

 private:
  void release(std::uint16_t tsih);
  mutable Mutex mutex_;
  std::unordered_map<std::uint16_t, Owner> owners_;
  std::uint16_t last_ = 0;
};

}  // namespace tgt
