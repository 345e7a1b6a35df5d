// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <memory>

#include "base/units.h"
#include "device/disk/medium_counters.h"
#include "device/disk/medium_work.h"
#include "device/disk/thin_space.h"
#include "device/primary/medium_removal.h"
#include "device/primary/primary_device.h"
#include "reactor/gate.h"
#include "reactor/shared_gate.h"
#include "store/block_store.h"

namespace tgt {

struct BlockRange;
struct ThirdPartyCopies;

// A direct access block device over a store. All shards use it at once; what may change while it serves is atomic.
class Disk final : public PrimaryDevice {
 public:
  // Opens another medium for it; the error is for people.
  using Load = std::function<Task<Result<std::unique_ptr<BlockStore>, std::string>>(Shard&, std::string path)>;
  struct Options {
    Identity identity{};
    BlockSize block_size{};
    bool read_only = false;
    bool removable = false;
    bool write_cache = true;
    bool thin_provisioning = false;
    Load load{};  // none: there are no other media
  };
  enum class Fault : std::uint8_t {
    too_small,              // not one block fits into the store
    bad_block_size,         // 512 to 65536 bytes
    block_below_alignment,  // the store only moves larger pieces (direct I/O on a 4096-byte device)
  };
  // `store` may be null: a removable disk without a medium.
  static Result<std::unique_ptr<Disk>, Fault> make(std::unique_ptr<BlockStore> store, Options options);
  // Why it would be refused; nothing when it would not.
  static std::optional<Fault> refuses(const BlockStore* store, BlockSize block_size);

  ~Disk() override;

  // --- for its commands
  static constexpr std::size_t largest_transfer = std::size_t{16} << 20;  // bytes; VPD B0h tells it
  BlockStore& store() const { return *store_; }
  // For a command that is about to change these blocks, after which no ROD token stands for them.
  BlockStore& store_to_change(const BlockRange& range);
  BlockSize block_size() const { return block_size_; }
  BlockCount capacity() const { return BlockCount(blocks_.load(std::memory_order_relaxed)); }
  bool write_cache_enabled() const { return write_cache_.load(std::memory_order_relaxed); }
  // Why nothing may be written; nothing when it may.
  std::optional<Sense> write_protection() const {
    if (read_only()) return Sense::write_protected();
    if (software_write_protect_.load(std::memory_order_relaxed)) return Sense::software_write_protected();
    return std::nullopt;
  }
  bool read_only() const {
    return read_only_.load(std::memory_order_relaxed) || medium_read_only_.load(std::memory_order_relaxed);
  }
  bool removable() const { return removable_.load(std::memory_order_relaxed); }
  bool thin() const { return thin_.load(std::memory_order_relaxed); }
  // Whether thresholds of its space can be set, and told of.
  bool tells_space() const { return thin() && store_knows_space_.load(std::memory_order_relaxed); }
  // BlockStore::atomic_unit() where that is more than a block; else 0.
  std::uint32_t atomic_unit() const { return atomic_unit_.load(std::memory_order_relaxed); }
  ThinSpace& space() { return space_; }
  const ThinSpace& space() const { return space_; }
  // Of a threshold set, in blocks; 0 where there are no thresholds.
  std::uint8_t threshold_exponent() const {
    return tells_space() ? ThinSpace::exponent(capacity(), block_size_) : std::uint8_t{0};
  }
  MediumRemoval& medium_removal() { return medium_removal_; }
  ThirdPartyCopies& third_party_copies() const { return *third_party_copies_; }
  // For START STOP UNIT. Load: whether there was no medium and is one now. Eject: false when somebody prevents it.
  bool load();
  bool eject();
  // Why there is no medium; nothing when there is one.
  std::optional<Sense> medium_absent() const;
  // As above, or why it cannot be reached just now.
  std::optional<Sense> not_ready() const override;
  MediumCounters& counters() const { return *counters_; }
  MediumWork& medium_work() { return medium_work_; }
  // What the administrator calls the medium; empty when it ends with the daemon, or is not there.
  std::string medium_name() const;

  // What initiators are told of the medium below: by its store, unless the administrator tells it.
  struct Geometry {
    static constexpr std::uint16_t largest_aligned_address = 0x3fff;  // the field has 14 bits
    std::atomic<std::uint8_t> physical_block_exponent{0};  // logical blocks per physical block, as a power of two
    std::atomic<std::uint16_t> lowest_aligned_address{0};
    std::atomic<std::uint16_t> rotation_rate{0};
    std::atomic<std::uint16_t> optimal_granularity{0};  // blocks; 0: the physical block
    std::atomic<std::uint32_t> optimal_length{0};       // blocks; 0: not told
  };
  const Geometry& geometry() const { return geometry_; }

  // --- PrimaryDevice
  PeripheralDeviceType type() const override { return PeripheralDeviceType::block; }
  CommandTable commands() const override;
  // While the disk works on its medium, or a sanitize operation has spoilt it, commands that read or change something
  // are refused.
  Result<const CommandTraits*, Sense> decode(const Cdb& cdb) const override;
  std::span<const VitalProductDataPage> vital_product_data_pages() const override;
  std::span<const LogPage> log_pages() const override;
  StandardInquiryData standard_inquiry_data() const override;
  ModeParameters mode_parameters() const override;
  Task<void> prepare_log_page(Shard& shard, std::uint8_t page) override;
  Task<ResetOutcome> reset(Shard& shard, ResetKind kind) override;
  Task<std::optional<Sense>> self_test(Shard& shard) override;
  void nexus_lost(ItlNexus& itl) override;
  Task<void> close(Shard& shard) override;
  Description describe() const override;
  Result<SettingHolds, SettingRefused> configure(std::string_view name, std::string_view value) override;
  Told told() const override;
  bool keep_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) override;
  // An initiator that reads WCE as zero flushes no more, so what was written before must not be left in the cache.
  Task<std::optional<Sense>> settle(Shard& shard) override;
  Task<Result<MediumChange, std::string>> change_medium(Shard& shard, std::string path) override;
  Task<Result<MediumChange, std::string>> follow_medium(Shard& shard) override;
  bool is_other_medium(std::string_view path) const override;
  std::string medium_identity() const override { return medium_identity_; }
  bool keep_medium_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) override;

 private:
  static constexpr ModePages::Code caching_page{.page = 0x08};

  Disk(std::unique_ptr<BlockStore> store, Options options);
  void mode_pages_changed() override;
  Task<void> close_store(Shard& shard);
  bool configure_geometry(std::string_view name, std::uint64_t value);
  bool has_store_at(std::string_view path) const;
  // Why no other medium goes in; nothing when one may.
  std::optional<std::string> keeps_medium() const;
  Task<Result<MediumChange, std::string>> exchange_medium(Shard& shard, std::string path);
  // The store becomes the medium; nobody uses the one before any more.
  void insert(std::unique_ptr<BlockStore> store);
  // What of its geometry the administrator does not tell.
  void describe_medium(const BlockStore& store);
  // The store is gone.
  void become_empty();
  Result<SettingHolds, SettingRefused> configure_switch(std::string_view name, bool on);
  // Thresholds are there or not, as provisioning and the store are.
  void follow_provisioning();
  void follow_thresholds();

  std::unique_ptr<BlockStore> store_;  // none while one medium gives way to another
  Gate medium_changes_;                // on the shard of the administrator's requests; one change at a time
  std::string medium_identity_;        // of the store, also while that is being closed
  SharedGate write_outs_;              // who writes the cache out, task or not; closed while the store goes
  BlockSize block_size_;
  Load load_;
  std::unique_ptr<MediumCounters> counters_ = std::make_unique<MediumCounters>();
  Geometry geometry_;
  // On the shard of the administrator's requests.
  struct {
    bool physical_block_exponent = false;
    bool lowest_aligned_address = false;
    bool rotation_rate = false;
  } told_by_administrator_;
  MediumRemoval medium_removal_;
  MediumWork medium_work_;
  ThinSpace space_;
  std::unique_ptr<ThirdPartyCopies> third_party_copies_;
  std::atomic<std::uint64_t> blocks_{0};
  std::atomic<bool> write_cache_{true};
  std::atomic<std::uint32_t> write_cache_switched_off_{0};  // how often
  std::atomic<std::uint32_t> written_out_{0};               // after which of these times
  bool keeps_state_ = false;
  std::atomic<bool> software_write_protect_{false};
  std::atomic<bool> read_only_{false};         // as the administrator wants it
  std::atomic<bool> medium_read_only_{false};  // as the store says
  std::atomic<bool> removable_{false};
  std::atomic<bool> thin_{false};
  std::atomic<bool> store_knows_space_{false};
  std::atomic<std::uint32_t> atomic_unit_{0};
  std::atomic<bool> online_{true};
  std::atomic<bool> loaded_{true};
};

}  // namespace tgt
