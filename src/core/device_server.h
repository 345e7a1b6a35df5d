// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/command.h"
#include "core/command_table.h"
#include "core/state_store.h"
#include "scsi/peripheral_device_type.h"

namespace tgt {

// Which reset reached a logical unit.
enum class ResetKind : std::uint8_t { logical_unit, target };

// What happened to it.
enum class ResetOutcome : std::uint8_t {
  done,    // the device has been reset, or there is nothing in it that a reset would have to reach
  failed,  // the device did not do it, or would not say
};

// What a device tells of its medium after the administrator changed something below it.
enum class MediumChange : std::uint8_t { none, capacity, medium };

// What the administrator sets: one `name=value` of `tgtadm --mode logicalunit --op update --params`.
struct Setting {
  std::string_view name;
  std::string_view value;
};

// From when on a setting that a device takes is what it says.
enum class SettingHolds : std::uint8_t { at_once, once_settled };

// Why a device does not take one.
struct SettingRefused {
  enum class Kind : std::uint8_t { impossible, removal_prevented };
  Kind kind = Kind::impossible;
  std::string reason{};  // for people
};

// The device behind a logical unit: a software disk, a real tape drive. All shards call it at once; what it shares
// between commands it guards itself. Its commands run in the frames of their own shards.
class DeviceServer {
 public:
  virtual ~DeviceServer() = default;

  virtual PeripheralDeviceType type() const = 0;
  // The row whose handler runs this CDB, or why it is refused. Emulated devices look into their CommandTable.
  virtual Result<const CommandTraits*, Sense> decode(const Cdb& cdb) const = 0;

  // The most tasks that may be enabled at once, from all initiators; one more is answered TASK SET FULL.
  virtual std::uint32_t task_limit() const { return 4096; }

  // A task of this device is to end soon. Called on the task's shard while it runs; it ends by returning from its
  // handler. A device that still holds it in a queue of its own drops it there; what already reached a real device
  // cannot be called back and simply goes on.
  virtual void abort(Command& command) { static_cast<void>(command); }

  // An initiator has gone (or was reset from its own side): what this nexus alone held, such as PREVENT, ends.
  // On the nexus's shard.
  virtual void nexus_lost(ItlNexus& itl) { static_cast<void>(itl); }

  // How this nexus wants sense data (D_SENSE of the control mode page).
  virtual SenseData::Format sense_format() const { return SenseData::Format::fixed; }

  // Resets the device itself, while no new task is enabled. Returns when the device has said what it will say; tasks in
  // flight come back through their own handlers, and the task manager waits for them afterwards. Two resets may
  // overlap.
  virtual Task<ResetOutcome> reset(Shard& shard, ResetKind kind);

  // Ends what the device does on its own and gives its files back to the system, and the stores of its state to whoever
  // gave them; no task is running any more. When it returns nobody else sees them as open by us.
  virtual Task<void> close(Shard& shard) = 0;

  // What initiators know it by, the same after a restart; empty when there is nothing.
  virtual std::string lasting_name() const { return {}; }
  // By what name they would know it after configure() of these, one after the other.
  virtual std::string lasting_name_with(std::span<const Setting> settings) const;
  // What of this machine its medium is in, whatever path leads there: the same for all that use one file. Until close()
  // has ended. Empty where nobody else can use it. On the shard of the administrator's requests.
  virtual std::string medium_identity() const { return {}; }

  // Before it serves, or while no task runs and it gets another lasting name: where to keep what initiators save in it
  // (mode pages, identifying information), and what is kept there already; what came from another store is forgotten.
  // False: that is nothing that such a device can have saved, or it cannot change stores just now; nothing has changed.
  // A device that keeps nothing needs no store.
  virtual bool keep_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before);
  // The same for what it does to a medium as a whole and must not forget half-way: formatting, sanitizing.
  virtual bool keep_medium_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before);

  // For `tgtadm --op show`.
  struct Description {
    std::string type_word = "disk";  // disk, tape, cd/dvd, changer, osd, controller, passthrough
    std::string scsi_id;
    std::string serial_number;
    std::uint64_t size_bytes = 0;
    std::uint32_t block_size = 1;
    bool online = true;
    bool removable = false;
    bool prevent_removal = false;
    bool read_only = false;
    bool software_write_protect = false;
    bool thin_provisioning = false;
    std::string store_type = "null";
    std::string store_path = "None";
    std::string store_flags;
  };
  virtual Description describe() const = 0;

  // `path=` of the same: loads the medium at `path`. Only into a device that is offline, and while no task runs. The
  // error is for people.
  virtual Task<Result<MediumChange, std::string>> change_medium(Shard& shard, std::string path);
  // With the path of the medium that is in, also while tasks run: looks how large it is by now.
  virtual Task<Result<MediumChange, std::string>> follow_medium(Shard& shard);
  // Whether `path` names another medium than the one that is in.
  virtual bool is_other_medium(std::string_view path) const;

  virtual Result<SettingHolds, SettingRefused> configure(std::string_view name, std::string_view value);
  // What initiators have been told and may keep: it only has to differ when that does. Where configure() changes it
  // they get a unit attention.
  struct Told {
    std::string mode_parameters;  // MODE SENSE
    std::string capacity;         // READ CAPACITY, but for the size: that is change_medium()'s
    std::string inquiry;          // INQUIRY and vital product data
  };
  virtual Told told() const { return {}; }
  // After it, and whatever else has changed settings: ends when they hold for what was done before them, too. The
  // sense: why that cannot be; then what they promise is taken back.
  virtual Task<std::optional<Sense>> settle(Shard& shard);
};

}  // namespace tgt
