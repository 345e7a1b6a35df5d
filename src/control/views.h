// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tgt {

// What `show` and `stat` tell about the objects of the daemon: plain copies, taken at one moment, in the order in which
// they are to be listed.

struct ConnectionView {
  std::uint32_t connection_id = 0;
  std::string initiator_address{};  // without port
};

struct NexusView {
  std::uint64_t id = 0;  // what --sid names
  std::string initiator_name{};
  std::string initiator_alias{};  // empty: none
  std::vector<ConnectionView> connections{};
};

struct LogicalUnitView {
  std::uint64_t number = 0;
  std::string type = "disk";  // disk, tape, cd/dvd, changer, osd, controller, passthrough
  std::string scsi_id{};
  std::string scsi_serial_number{};
  std::uint64_t size = 0;        // bytes; 0 for a controller and for passthrough
  std::uint32_t block_size = 1;  // 1 for a controller and for passthrough
  bool online = true;
  bool removable = false;
  bool removal_prevented = false;
  bool read_only = false;
  bool software_write_protected = false;
  bool thin_provisioning = false;
  std::string store_type = "null";
  std::string store_path{};   // empty: None
  std::string store_flags{};  // "", "sync", "direct", "sync:direct"
};

struct AccountView {
  std::string user{};
  bool outgoing = false;
};

struct TargetView {
  std::int32_t id = 0;
  std::string name{};
  std::string driver = "iscsi";
  std::string state = "ready";
  std::uint32_t nop_interval = 0;  // seconds; 0: off
  std::uint32_t nop_count = 0;
  std::vector<NexusView> nexuses{};
  std::vector<LogicalUnitView> logical_units{};  // ascending
  std::vector<AccountView> accounts{};
  std::vector<std::string> access_rules{};  // addresses before names
};

struct KeyView {
  std::string name{};
  std::string value{};
};

struct RedirectView {
  std::string callback{};  // a program; the rest is then not shown
  std::string address{};
  std::string port{};
  std::string reason{};
};

struct TargetParametersView {
  std::uint32_t nop_interval = 0;
  std::uint32_t nop_count = 0;
  std::vector<KeyView> keys{};
  std::optional<RedirectView> redirect{};  // shown instead of the rest
};

struct PortalView {
  std::string endpoint{};  // 192.0.2.1:3260, [2001:db8::1]:3260
  std::uint16_t group_tag = 1;
};

struct DriverView {
  struct Target {
    std::int32_t id = 0;
    std::string name{};
  };
  std::string name = "iscsi";
  std::string state = "ready";
  std::vector<Target> targets{};
};

struct NameServerView {
  bool enabled = false;
  std::string address{};
  std::uint16_t port = 3205;
  bool access_control = false;
};

struct DaemonView {
  std::string state = "ready";
  bool debug = false;
  std::vector<DriverView> drivers{};
  std::vector<std::string> stores{};  // with flags: "rdwr (bsoflags sync:direct)"
  std::vector<std::string> device_types{};
  std::vector<AccountView> discovery_accounts{};
  NameServerView name_server{};
};

// Counters of one direction. Submitted: handed to the device; done: answered.
struct TransferCounters {
  std::uint64_t submitted_bytes = 0;
  std::uint64_t submitted_commands = 0;
  std::uint64_t done_bytes = 0;
  std::uint64_t done_commands = 0;
};

// Counters of one logical unit for one I_T nexus.
struct StatisticsRow {
  std::int32_t target_id = 0;
  std::uint64_t logical_unit_number = 0;
  std::uint64_t nexus_id = 0;
  TransferCounters read{};
  TransferCounters write{};
  std::uint64_t errors = 0;
};

struct ConnectionStatisticsRow {
  std::uint64_t nexus_id = 0;
  std::uint32_t connection_id = 0;
  std::uint64_t received_octets = 0;
  std::uint64_t sent_octets = 0;
  std::uint64_t data_out_pdus = 0;
  std::uint64_t data_in_pdus = 0;
  std::uint64_t command_pdus = 0;
  std::uint64_t response_pdus = 0;
};

}  // namespace tgt
