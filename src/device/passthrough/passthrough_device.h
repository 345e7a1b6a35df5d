// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "core/device_server.h"
#include "device/passthrough/active_commands.h"
#include "device/passthrough/deferred_errors.h"
#include "device/passthrough/device_facts.h"
#include "device/passthrough/devices_in_use.h"
#include "device/passthrough/foreign_attentions.h"
#include "device/passthrough/medium_blocks.h"
#include "device/passthrough/prevented_removal.h"
#include "device/passthrough/status_map.h"
#include "initiator/initiator_port.h"
#include "scsi/cdb_transfer.h"

namespace tgt {

// A real device as the device server of a logical unit. It adds what one device that serves many initiators through one
// I_T nexus needs, and otherwise lets CDBs, data, status and sense pass as they are.
class PassthroughDevice final : public DeviceServer {
 public:
  struct Parts {
    std::unique_ptr<InitiatorPort> port;
    DeviceFacts facts;
    std::string path;  // as the administrator named it
    unsigned data_shards = 1;
    TimePoint opened{};  // unit attentions of before are nobody's
    DevicesInUse::Hold hold{};
  };
  PassthroughDevice(Parts parts, Log log);
  ~PassthroughDevice() override;

  PeripheralDeviceType type() const override { return facts_.type; }
  Result<const CommandTraits*, Sense> decode(const Cdb& cdb) const override;
  void abort(Command& command) override { active_.drop(command); }
  void nexus_lost(ItlNexus& itl) override;
  Task<ResetOutcome> reset(Shard& shard, ResetKind kind) override;
  Task<void> close(Shard& shard) override;
  Description describe() const override;
  std::string lasting_name() const override { return facts_.unit_name; }

  // --- For the command handlers (the rows)
  // Sends the command to the device as it is, and makes its answer the initiator's.
  Task<Reply> forward(Command& command);
  // Asks the device something in the course of a command. `reply` when the device does not answer GOOD: what the
  // initiator is to be told. At most `longest` bytes; what the device did not fill is zero.
  struct Answer {
    std::optional<Reply> reply;
    Buffer data;
    std::size_t length = 0;
    Bytes bytes() const { return data ? Bytes(data.first(length)) : Bytes(); }
  };
  Task<Answer> ask(Command& command, Cdb cdb, std::uint32_t longest);

  // A unit attention that the device told the initiator of this command. It tells it once, to the host, and it concerns
  // every initiator.
  void tell_others(Command& command, const Sense& condition);
  // A deferred error that the device told this command: false when its initiator is the one who has to know.
  bool keep_for_writer(Command& command, const SenseData& error);

  const DeviceFacts& facts() const { return facts_; }
  InitiatorPort& port() { return *port_; }
  PreventedRemoval& prevented() { return prevented_; }
  std::uint32_t transfer_limit() const { return port_->limits().transfer_bytes; }
  // Of the medium as it is known now; 0 when it is not.
  std::uint32_t block_length() const { return blocks_.length(); }
  // The same limit in blocks of the medium, or of the usual length when it is not known.
  std::uint32_t transfer_blocks() const;

 private:
  // While it lives a sequential device counts as occupied; other devices do more than one thing at once.
  class Occupation {
   public:
    explicit Occupation(PassthroughDevice& device)
        : count_(device.facts_.is_sequential() ? &device.occupants_ : nullptr) {
      if (count_ != nullptr) ++*count_;
    }
    ~Occupation() {
      if (count_ != nullptr) --*count_;
    }
    Occupation(const Occupation&) = delete;
    Occupation& operator=(const Occupation&) = delete;

   private:
    std::atomic<std::uint32_t>* count_;
  };
  // What moves with a command.
  struct Transfer {
    DataDirection direction = DataDirection::none;
    std::uint64_t bytes = 0;
    bool stated = true;       // by the CDB; else only the initiator's expectation is known
    bool fill_first = false;  // parameter data: what the device leaves out shall be zeros
  };
  Result<Transfer, Sense> transfer_of(const Command& command) const;
  Task<std::optional<Reply>> learn_blocks(Command& command, const CdbTransfer& wanted);
  Task<Reply> send(Command& command, const Transfer& transfer, Buffer buffer, MutableBytes data);
  Task<ScsiResult> carry(Command& command, const ScsiRequest& request);
  Task<ScsiResult> carry_once(Command& command, const ScsiRequest& request);
  Task<std::optional<Reply>> told_first(Command& command);
  Task<std::optional<Reply>> foreign_attention(Command& command);
  bool take_foreign_attentions(Command& command);
  Reply conclude(Command& command, const ScsiResult& result, const MappedStatus& mapped, Buffer buffer);
  void notice(Command& command, const ScsiResult& result, const MappedStatus& mapped);
  enum class Occurred : std::uint8_t { surely, perhaps };
  void notice_attention(const Sense& condition, Occurred occurred);
  void notice_change(Command& command, const ScsiResult& result, const MappedStatus& mapped);
  MappingContext mapping_context(const Command& command) const;
  Task<ScsiResult> run(Shard& shard, ScsiRequest request);
  struct Background;
  Task<void> in_background(std::shared_ptr<Background> state, Task<void> work);
  Task<void> end_of_reset(Shard& shard, bool was_reset, TimePoint deadline);
  bool keep_for_initiators(const ScsiResult& result, const Sense& told, TimePoint now);
  Task<void> swallow_unit_attentions(Shard& shard, TimePoint deadline);
  Task<void> allow_removal(Shard& shard);

  std::unique_ptr<InitiatorPort> port_;
  DeviceFacts facts_;
  std::string path_;
  DevicesInUse::Hold hold_;
  Log log_;
  ActiveCommands active_;
  MediumBlocks blocks_;
  PreventedRemoval prevented_;
  ForeignAttentions foreign_;
  DeferredErrors deferred_;
  std::atomic<std::uint32_t> resets_under_way_{0};
  std::atomic<std::uint32_t> occupants_{0};   // commands that a sequential device has, or that are on their way there
  std::atomic<bool> inquiry_changed_{false};  // since the device was opened
  std::atomic<std::uint32_t> background_{0};  // tasks of our own that are under way
};

}  // namespace tgt
