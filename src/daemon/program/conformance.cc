// SPDX-License-Identifier: Apache-2.0
// Prints doc/conformance.md from the tables that the devices themselves decode commands and pages with.
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "device/disk/disk.h"
#include "device/primary/controller.h"
#include "scsi/opcodes.h"
#include "store/memory_store.h"

namespace {

using namespace tgt;

struct NamedPage {
  unsigned code;
  unsigned subpage;
  const char* name;
};

constexpr NamedPage vital_product_data_names[] = {{0x00, 0, "Supported VPD Pages"},
                                                  {0x80, 0, "Unit Serial Number"},
                                                  {0x83, 0, "Device Identification"},
                                                  {0x85, 0, "Management Network Addresses"},
                                                  {0x86, 0, "Extended INQUIRY Data"},
                                                  {0x87, 0, "Mode Page Policy"},
                                                  {0x88, 0, "SCSI Ports"},
                                                  {0x8f, 0, "Third-party Copy"},
                                                  {0xb0, 0, "Block Limits"},
                                                  {0xb1, 0, "Block Device Characteristics"},
                                                  {0xb2, 0, "Logical Block Provisioning"}};
constexpr NamedPage mode_names[] = {
    {0x01, 0, "Read-Write Error Recovery"}, {0x08, 0, "Caching"},         {0x0a, 0, "Control"},
    {0x0a, 1, "Control Extension"},         {0x1a, 0, "Power Condition"}, {0x1c, 0, "Informational Exceptions Control"},
    {0x1c, 2, "Logical Block Provisioning"}};
constexpr NamedPage log_names[] = {{0x02, 0, "Write Error Counters"},
                                   {0x03, 0, "Read Error Counters"},
                                   {0x05, 0, "Verify Error Counters"},
                                   {0x0c, 0, "Logical Block Provisioning"},
                                   {0x0d, 0, "Temperature"},
                                   {0x11, 0, "Solid State Media"},
                                   {0x19, 0, "General Statistics and Performance"},
                                   {0x2f, 0, "Informational Exceptions"}};

// What the standards define for a disk and ours refuses, and why.
struct Refused {
  std::uint8_t operation_code;
  int service_action;  // -1: none
  const char* name;
  const char* reason;
};
constexpr Refused refused_by_disks[] = {
    {operation_code::reassign_blocks, -1, "REASSIGN BLOCKS", "a store relocates on its own"},
    {operation_code::read_long_10, -1, "READ LONG(10)", "obsolete; there is no ECC to show"},
    {operation_code::write_long_10, -1, "WRITE LONG(10)", "obsolete; there is no ECC to spoil"},
    {operation_code::sanitize, service_action::sanitize_cryptographic_erase, "SANITIZE, CRYPTOGRAPHIC ERASE",
     "nothing is encrypted"},
    {operation_code::write_stream_16, -1, "WRITE STREAM(16)", "there are no streams"},
    {operation_code::zoned_block_out, -1, "ZBC OUT", "not a zoned device"},
    {operation_code::zoned_block_in, -1, "ZBC IN", "not a zoned device"},
    {operation_code::security_protocol_in, -1, "SECURITY PROTOCOL IN", "nothing is encrypted"},
    {operation_code::security_protocol_out, -1, "SECURITY PROTOCOL OUT", "nothing is encrypted"},
    {operation_code::ata_pass_through_16, -1, "ATA PASS-THROUGH(16)", "not an ATA device"},
    {operation_code::persistent_reserve_out, service_action::replace_lost_reservation,
     "PERSISTENT RESERVE OUT, REPLACE LOST RESERVATION",
     "never served as lost: a logical unit whose reservations cannot be read is not made, see tgtd(8)"},
    {operation_code::variable_length, -1, "READ(32), WRITE(32), ...", "no protection information"},
    {operation_code::maintenance_out, service_action::set_priority, "SET PRIORITY", "there are no priorities"}};

bool fits(const Refused& refused, const CommandTraits& row) {
  if (row.operation_code != refused.operation_code) return false;
  return refused.service_action < 0 || row.service_action == static_cast<std::uint16_t>(refused.service_action);
}

template <std::size_t Count>
const char* name_of(const NamedPage (&names)[Count], unsigned code, unsigned subpage) {
  for (const NamedPage& named : names) {
    if (named.code == code && named.subpage == subpage) return named.name;
  }
  return nullptr;
}

// A line about a page; false when nobody has given it a name here.
template <std::size_t Count>
bool print_page(const NamedPage (&names)[Count], unsigned code, unsigned subpage, const char* note) {
  const char* name = name_of(names, code, subpage);
  if (name == nullptr) {
    std::fprintf(stderr, "page %02Xh/%02Xh has no name in the table of this program\n", code, subpage);
    return false;
  }
  std::printf("| %02Xh", code);
  if (subpage != 0) std::printf("/%02Xh", subpage);
  std::printf(" | %s | %s |\n", name, note);
  return true;
}

const char* word_for(const CommandTraits& row) {
  if (row.decide_access != nullptr) return "by its fields";
  switch (row.access) {
    case Access::none:
      return "always";
    case Access::read:
      return "as reads";
    case Access::write:
    case Access::unprotected_write:
      return "as writes";
    case Access::reservation:
      return "own rules";
  }
  return "";
}

using Rows = std::set<std::pair<unsigned, unsigned>>;

std::pair<unsigned, unsigned> key_of(const CommandTraits& row) {
  return {row.operation_code, row.service_action.value_or(0)};
}

const char* status_of(const CommandTraits& row, const Rows& everywhere, const char* otherwise) {
  if (row.operation_code == operation_code::write_atomic_16) return "where the store never tears several blocks";
  return everywhere.contains(key_of(row)) ? "supported" : otherwise;
}

// `everywhere`: the rows that every variant of the device has.
void print_commands(const CommandTable& table, const Rows& everywhere, const char* otherwise) {
  std::printf(
      "\n| Code | Service action | Command | CDB bytes | Allowed under a reservation of another | Status |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  for (const CommandTraits& row : table.rows()) {
    std::printf("| %02Xh | ", row.operation_code);
    if (row.service_action) std::printf("%02Xh", *row.service_action);
    std::printf(" | %.*s | %u | %s | %s |\n", static_cast<int>(row.name.size()), row.name.data(), row.cdb_length,
                word_for(row), status_of(row, everywhere, otherwise));
  }
}

bool print_refused(const CommandTable& table) {
  std::printf(
      "\nRefused with INVALID COMMAND OPERATION CODE, or INVALID FIELD IN CDB where the service action is unknown:\n\n"
      "| Code | Service action | Command | Reason |\n| --- | --- | --- | --- |\n");
  for (const Refused& refused : refused_by_disks) {
    for (const CommandTraits& row : table.rows()) {
      if (!fits(refused, row)) continue;
      std::fprintf(stderr, "%s is supported: take it from the table of this program\n", refused.name);
      return false;
    }
    std::printf("| %02Xh | ", refused.operation_code);
    if (refused.service_action >= 0) std::printf("%02Xh", static_cast<unsigned>(refused.service_action));
    std::printf(" | %s | %s |\n", refused.name, refused.reason);
  }
  return true;
}

bool print_pages(const PrimaryDevice& device) {
  bool good = true;
  std::printf("\n| VPD page | Name | Status |\n| --- | --- | --- |\n");
  for (const VitalProductDataPage& page : device.vital_product_data_pages()) {
    good =
        print_page(vital_product_data_names, page.code, 0, page.has(device) ? "supported" : "where it is set") && good;
  }
  std::printf("\n| Mode page | Name | What MODE SELECT may change |\n| --- | --- | --- |\n");
  for (const ModePages::Code code : device.mode_pages().matching({mode::every_page, mode::every_subpage})) {
    const auto mask = device.mode_pages().read(code, mode::PageControl::changeable);
    const std::size_t header = code.subpage == 0 ? sizeof(mode::PageHeader) : sizeof(mode::SubpageHeader);
    std::string bits;
    for (std::size_t at = header; at < mask.size(); ++at) {
      if (mask[at] == 0) continue;
      char text[32];
      std::snprintf(text, sizeof text, "%sbyte %zu: %02Xh", bits.empty() ? "" : ", ", at, mask[at]);
      bits += text;
    }
    good = print_page(mode_names, code.page, code.subpage, bits.empty() ? "nothing" : bits.c_str()) && good;
  }
  if (device.mode_parameters().has_blocks) {
    std::printf(
        "\nMODE SELECT takes a block descriptor that says what is so already, or nothing (zeros). Another number or "
        "length of\nblocks is refused with INVALID FIELD IN PARAMETER LIST, whose field pointer stands at that field: "
        "the number follows the\nstore, the length is set when the logical unit is made.\n");
  }
  if (device.log_pages().empty()) return good;
  std::printf("\n| Log page | Name | Counters can be set back |\n| --- | --- | --- |\n");
  for (const LogPage& page : device.log_pages()) {
    good = print_page(log_names, page.code, page.subpage, page.reset != nullptr ? "yes" : "no") && good;
  }
  return good;
}

std::unique_ptr<Disk> make_disk(bool thin) {
  auto store = MemoryStore::open(1 << 20);
  if (!store) return nullptr;
  Disk::Options options;
  options.thin_provisioning = thin;
  auto disk = Disk::make(std::move(*store), options);
  return disk ? std::move(*disk) : nullptr;
}

}  // namespace

int main() {
  const auto thick = make_disk(false);
  const auto thin = make_disk(true);
  if (!thick || !thin) return 1;
  std::printf(
      "# Conformance\n\nMade by the program `conformance_table` from the tables with which the devices decode "
      "commands; `./dev check` "
      "compares.\nA device that is passed through supports what it supports itself.\n\n"
      "## Disk (SPC-6, SBC-4)\n");
  Rows everywhere;
  for (const CommandTraits& row : thick->commands().rows()) everywhere.insert(key_of(row));
  print_commands(thin->commands(), everywhere, "thin provisioning only");
  if (!print_refused(thin->commands()) || !print_pages(*thin)) return 1;
  const Controller controller(1, "iqn.2026-01.example:target");
  std::printf("\n## Controller (LUN 0 of a target that has no other there; SPC-6, SCC-2)\n");
  Rows all;
  for (const CommandTraits& row : controller.commands().rows()) all.insert(key_of(row));
  print_commands(controller.commands(), all, "");
  return print_pages(controller) ? 0 : 1;
}
