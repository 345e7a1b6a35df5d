// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace tgt {

// By which names initiators know a logical unit.
struct Identity {
  std::string vendor = "IET";     // 8 characters
  std::string product;            // 16
  std::string revision = "0001";  // 4
  std::string scsi_id;            // VPD 83h, T10 vendor ID based designator; at most 36
  std::string serial_number;      // VPD 80h; at most 36
  // What no other logical unit of the world has (the target's name and the LUN), so that units of different hosts are
  // never taken for paths to one. An administrator who sets scsi_id or serial_number decides that himself.
  std::string world_wide_seed;
  std::optional<std::uint64_t> naa{};  // set by the administrator
  std::string management_url;          // VPD 85h: where the unit is managed; empty when nobody said

  // The defaults of a LUN: "IET     00010002", "beaf12" for target 1, LUN 2.
  static Identity of(std::uint32_t target_id, std::uint32_t lun, std::string product, const std::string& target_name);

  // An NAA locally assigned identifier (SPC-6, 7.7.6.6.5): made of world_wide_seed unless it was set.
  std::uint64_t naa_identifier() const;

  enum class Change : std::uint8_t { done, not_mine, refused };
  // One of scsi_id, scsi_sn, vendor_id, product_id, product_rev; longer text is cut, as it always was. Or
  // management_url, which must be one, or nothing.
  Change change(const std::string& name, const std::string& value);
};

}  // namespace tgt
