// SPDX-License-Identifier: Apache-2.0
#include "control/layouts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace tgt {
namespace {

bool is_control(char character) { return static_cast<unsigned char>(character) < 0x20 || character == 0x7f; }

// Text made of lines, each indented by steps of four blanks. Names that initiators and devices give themselves may hold
// anything: what could end a line, or speak to a terminal, is replaced.
class Layout {
 public:
  template <class... Args>
  void line(std::size_t depth, fmt::format_string<Args...> format, Args&&... args) {
    text_.append(4 * depth, ' ');
    const auto begin = static_cast<std::ptrdiff_t>(text_.size());
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    std::replace_if(text_.begin() + begin, text_.end(), is_control, '?');
    text_ += '\n';
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string_view yes_or_no(bool value) { return value ? "Yes" : "No"; }
std::string_view on_or_off(bool value) { return value ? "On" : "Off"; }

// Decimal megabytes by the formula of disk vendors for capacities in blocks of 512 bytes: every 1,953,125 blocks are
// 1000 MB less 974 blocks. The differences wrap round for small sizes and wrap back.
std::uint64_t vendor_megabytes(std::uint64_t bytes) {
  const std::uint64_t blocks = bytes / 512;
  return (blocks - (blocks / 625 - 974)) / 1950;
}

void add_nexus(Layout& layout, const NexusView& nexus) {
  layout.line(2, "I_T nexus: {}", nexus.id);
  layout.line(3, "Initiator: {} alias: {}", nexus.initiator_name,
              nexus.initiator_alias.empty() ? "none" : nexus.initiator_alias);
  for (const ConnectionView& connection : nexus.connections) {
    layout.line(3, "Connection: {}", connection.connection_id);
    layout.line(4, "IP Address: {}", connection.initiator_address);
  }
}

void add_logical_unit(Layout& layout, const LogicalUnitView& unit) {
  layout.line(2, "LUN: {}", unit.number);
  layout.line(3, "Type: {}", unit.type);
  layout.line(3, "SCSI ID: {}", unit.scsi_id);
  layout.line(3, "SCSI SN: {}", unit.scsi_serial_number);
  layout.line(3, "Size: {} MB, Block size: {}", vendor_megabytes(unit.size), unit.block_size);
  layout.line(3, "Online: {}", yes_or_no(unit.online));
  layout.line(3, "Removable media: {}", yes_or_no(unit.removable));
  layout.line(3, "Prevent removal: {}", yes_or_no(unit.removal_prevented));
  layout.line(3, "Readonly: {}", yes_or_no(unit.read_only));
  layout.line(3, "SWP: {}", yes_or_no(unit.software_write_protected));
  layout.line(3, "Thin-provisioning: {}", yes_or_no(unit.thin_provisioning));
  layout.line(3, "Backing store type: {}", unit.store_type);
  layout.line(3, "Backing store path: {}", unit.store_path.empty() ? "None" : unit.store_path);
  layout.line(3, "Backing store flags: {}", unit.store_flags);
}

void add_accounts(Layout& layout, std::size_t depth, std::span<const AccountView> accounts) {
  for (const AccountView& account : accounts) {
    layout.line(depth, "{}{}", account.user, account.outgoing ? " (outgoing)" : "");
  }
}

void add_target(Layout& layout, const TargetView& target) {
  layout.line(0, "Target {}: {}", target.id, target.name);
  layout.line(1, "System information:");
  layout.line(2, "Driver: {}", target.driver);
  layout.line(2, "State: {}", target.state);
  if (target.nop_interval != 0) {
    layout.line(2, "Nop interval: {}", target.nop_interval);
    layout.line(2, "Nop count: {}", target.nop_count);
  }
  layout.line(1, "I_T nexus information:");
  for (const NexusView& nexus : target.nexuses) add_nexus(layout, nexus);
  layout.line(1, "LUN information:");
  for (const LogicalUnitView& unit : target.logical_units) add_logical_unit(layout, unit);
  layout.line(1, "Account information:");
  add_accounts(layout, 2, target.accounts);
  layout.line(1, "ACL information:");
  for (const std::string& rule : target.access_rules) layout.line(2, "{}", rule);
}

void add_redirect(Layout& layout, const RedirectView& redirect) {
  if (!redirect.callback.empty()) {
    layout.line(0, "RedirectCallback={}", redirect.callback);
    return;
  }
  layout.line(0, "RedirectAddress={}", redirect.address);
  layout.line(0, "RedirectPort={}", redirect.port);
  layout.line(0, "RedirectReason={}", redirect.reason);
}

void add_list(Layout& layout, std::string_view heading, std::span<const std::string> entries) {
  layout.line(0, "{}", heading);
  for (const std::string& entry : entries) layout.line(1, "{}", entry);
}

void add_statistics(Layout& layout, std::span<const StatisticsRow> rows) {
  layout.line(0, "tgt lun sid rd_subm(bytes,cmds) rd_done(bytes,cmds) wr_subm(bytes,cmds) wr_done(bytes,cmds) errs");
  for (const StatisticsRow& row : rows) {
    layout.line(0, "{:>3} {:>3} {:>3} {:>12} {:>6} {:>12} {:>6} {:>12} {:>6} {:>12} {:>6} {:>4}", row.target_id,
                row.logical_unit_number, row.nexus_id, row.read.submitted_bytes, row.read.submitted_commands,
                row.read.done_bytes, row.read.done_commands, row.write.submitted_bytes, row.write.submitted_commands,
                row.write.done_bytes, row.write.done_commands, row.errors);
  }
}

void add_connection_statistics(Layout& layout, std::span<const ConnectionStatisticsRow> rows) {
  layout.line(0, "sid cid rxdata_octets txdata_octets dataout_pdus datain_pdus cmd_pdus rsp_pdus");
  for (const ConnectionStatisticsRow& row : rows) {
    layout.line(0, "{:>3} {:>3} {:>13} {:>13} {:>12} {:>11} {:>8} {:>8}", row.nexus_id, row.connection_id,
                row.received_octets, row.sent_octets, row.data_out_pdus, row.data_in_pdus, row.command_pdus,
                row.response_pdus);
  }
}

}  // namespace

std::string show_targets(std::span<const TargetView> targets) {
  Layout layout;
  for (const TargetView& target : targets) add_target(layout, target);
  return layout.take();
}

std::string show_target_parameters(const TargetParametersView& parameters) {
  Layout layout;
  if (parameters.redirect) {
    add_redirect(layout, *parameters.redirect);
    return layout.take();
  }
  layout.line(0, "nop_interval={}", parameters.nop_interval);
  layout.line(0, "nop_count={}", parameters.nop_count);
  for (const KeyView& key : parameters.keys) layout.line(0, "{}={}", key.name, key.value);
  return layout.take();
}

std::string show_system(const DaemonView& system) {
  Layout layout;
  layout.line(0, "System:");
  layout.line(1, "State: {}", system.state);
  layout.line(1, "debug: {}", system.debug ? "on" : "off");
  layout.line(0, "LLDs:");
  for (const DriverView& driver : system.drivers) layout.line(1, "{}: {}", driver.name, driver.state);
  add_list(layout, "Backing stores:", system.stores);
  add_list(layout, "Device types:", system.device_types);
  if (!system.discovery_accounts.empty()) {
    layout.line(1, "Account information:");
    layout.line(0, "");
    add_accounts(layout, 1, system.discovery_accounts);
  }
  layout.line(0, "iSNS:");
  layout.line(1, "iSNS={}", on_or_off(system.name_server.enabled));
  layout.line(1, "iSNSServerIP={}", system.name_server.address);
  layout.line(1, "iSNSServerPort={}", system.name_server.port);
  layout.line(1, "iSNSAccessControl={}", on_or_off(system.name_server.access_control));
  return layout.take();
}

std::string show_portals(std::span<const PortalView> portals) {
  Layout layout;
  for (const PortalView& portal : portals) layout.line(0, "Portal: {},{}", portal.endpoint, portal.group_tag);
  return layout.take();
}

std::string show_connections(std::span<const NexusView> nexuses) {
  Layout layout;
  for (const NexusView& nexus : nexuses) {
    for (const ConnectionView& connection : nexus.connections) {
      layout.line(0, "Session: {}", nexus.id);
      layout.line(1, "Connection: {}", connection.connection_id);
      layout.line(2, "Initiator: {}", nexus.initiator_name);
      layout.line(2, "IP Address: {}", connection.initiator_address);
    }
  }
  return layout.take();
}

std::string show_accounts(std::span<const AccountView> accounts) {
  if (accounts.empty()) return {};
  Layout layout;
  layout.line(0, "Account list:");
  add_accounts(layout, 1, accounts);
  return layout.take();
}

std::string show_drivers(std::span<const DriverView> drivers) {
  Layout layout;
  layout.line(0, "LLDs:");
  for (const DriverView& driver : drivers) {
    layout.line(1, "{}: {}", driver.name, driver.state);
    for (const DriverView::Target& target : driver.targets) layout.line(2, "Target {}: {}", target.id, target.name);
  }
  return layout.take();
}

std::string show_statistics(std::span<const StatisticsRow> rows) {
  Layout layout;
  add_statistics(layout, rows);
  return layout.take();
}

std::string show_session_statistics(std::span<const StatisticsRow> rows,
                                    std::span<const ConnectionStatisticsRow> connections) {
  Layout layout;
  add_statistics(layout, rows);
  layout.line(0, "");
  add_connection_statistics(layout, connections);
  return layout.take();
}

std::string show_connection_statistics(std::span<const ConnectionStatisticsRow> connections) {
  Layout layout;
  add_connection_statistics(layout, connections);
  return layout.take();
}

}  // namespace tgt
