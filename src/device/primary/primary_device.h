// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <span>

#include "core/device_server.h"
#include "device/primary/identity.h"
#include "device/primary/log_pages.h"
#include "device/primary/mode_pages.h"
#include "device/primary/nexus_buffers.h"
#include "device/primary/saved_state.h"
#include "device/primary/timestamp.h"
#include "device/primary/vital_product_data_page.h"
#include "scsi/inquiry.h"
#include "scsi/parameter_writer.h"

namespace tgt {

// What the emulated devices have in common: an identity, mode pages, and the commands of SPC-6 that only need those.
class PrimaryDevice : public DeviceServer {
 public:
  explicit PrimaryDevice(Identity identity) : identity_(std::move(identity)) {}

  // --- for the commands of SPC-6
  virtual CommandTable commands() const = 0;
  virtual std::span<const VitalProductDataPage> vital_product_data_pages() const = 0;
  virtual std::span<const LogPage> log_pages() const { return {}; }
  // Before a page is written: what it tells is looked up where that takes time.
  virtual Task<void> prepare_log_page(Shard& shard, std::uint8_t page);
  // The flags, type and version descriptors; identity is filled in.
  virtual StandardInquiryData standard_inquiry_data() const = 0;
  // Why the medium cannot be reached just now; nothing when it can.
  virtual std::optional<Sense> not_ready() const { return std::nullopt; }
  // What MODE SENSE tells beside the pages.
  struct ModeParameters {
    std::uint8_t device_specific = 0;
    bool has_blocks = false;
    std::uint64_t blocks = 0;
    std::uint32_t block_length = 0;
  };
  virtual ModeParameters mode_parameters() const { return {}; }

  // SEND DIAGNOSTIC, the default self-test: why the device failed it.
  virtual Task<std::optional<Sense>> self_test(Shard& shard);

  Identity identity() const;
  const ModePages& mode_pages() const { return mode_pages_; }
  NexusBuffers& nexus_buffers() { return nexus_buffers_; }
  // As ModePages::select(); the device follows. What was done before, settle() sees to.
  Result<bool, Sense> select_mode_pages(Bytes pages, std::size_t offset);
  // Takes that back: `before` is what current_values() were.
  void put_back_mode_pages(Bytes before);
  DeviceTimestamp& timestamp() { return timestamp_; }

  // --- what survives a restart
  bool keep_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) override;
  SavedState saved_state() const;
  // The new state once it is safe; at once when there is nowhere to save. For commands that run alone.
  Task<bool> save_state(Shard& shard, SavedState state);
  // --- DeviceServer
  Result<const CommandTraits*, Sense> decode(const Cdb& cdb) const override { return commands().decode(cdb); }
  SenseData::Format sense_format() const override {
    const bool descriptors = descriptor_format_sense_.load(std::memory_order_relaxed);
    return descriptors ? SenseData::Format::descriptor : SenseData::Format::fixed;
  }
  void nexus_lost(ItlNexus& itl) override { nexus_buffers_.drop(itl); }
  Task<ResetOutcome> reset(Shard& shard, ResetKind kind) override;
  Task<void> close(Shard& shard) override;
  Result<SettingHolds, SettingRefused> configure(std::string_view name, std::string_view value) override;
  Told told() const override;
  std::string lasting_name() const override;
  std::string lasting_name_with(std::span<const Setting> settings) const override;

 protected:
  ModePages& mutable_mode_pages() { return mode_pages_; }
  // Mode pages have changed; what the device keeps of them where no lock is needed follows.
  virtual void mode_pages_changed();

 private:
  Result<SettingHolds, SettingRefused> change_identity(std::string_view name, std::string_view value);

  mutable Mutex mutex_;
  Identity identity_;
  ModePages mode_pages_;
  NexusBuffers nexus_buffers_;
  DeviceTimestamp timestamp_;
  std::unique_ptr<StateStore> state_store_;           // may be null
  SavedState saved_state_;                            // under mutex_
  std::atomic<bool> descriptor_format_sense_{false};  // D_SENSE
};

// Data-In put together by `write(ParameterWriter&)`, in memory for `room` bytes; where that is too little it is asked
// again for as much as there may be.
template <class Write>
Reply parameter_data(Command& command, std::size_t room, Write write) {
  constexpr std::size_t most = std::size_t{64} << 10;
  for (;; room = most) {
    auto buffer = command.allocate_data_in(room);
    if (!buffer) return Reply::check_condition(buffer.error());
    ParameterWriter writer(buffer->first(room));
    write(writer);
    const std::size_t length = writer.length();
    if (!writer.overflowed()) return Reply::data_in(std::move(*buffer), length);
    if (room >= most) return Reply::check_condition(Sense::internal_target_failure());
  }
}

}  // namespace tgt
