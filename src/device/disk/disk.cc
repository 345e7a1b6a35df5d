// SPDX-License-Identifier: Apache-2.0
#include "device/disk/disk.h"

#include <charconv>
#include <cstddef>
#include <utility>

#include "device/disk/copy/third_party_copies.h"
#include "scsi/log_page.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

constexpr ModePages::Code control_page{.page = 0x0a};
constexpr ModePages::Code error_recovery_page{.page = 0x01};
constexpr ModePages::Code provisioning_page{.page = 0x1c, .subpage = 0x02};

// What MODE SELECT may change of thresholds: whether they are enabled, and where they are.
mode::LogicalBlockProvisioning changeable_thresholds() {
  mode::LogicalBlockProvisioning page;
  for (mode::ThresholdDescriptor& threshold : page.thresholds) {
    threshold = {.flags = mode::ThresholdDescriptor::enabled, .resource = 0, .count = 0xffffffffu};
  }
  return page;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<std::unique_ptr<Disk>, Disk::Fault> Disk::make(std::unique_ptr<BlockStore> store, Options options) {
  if (const auto reason = refuses(store.get(), options.block_size)) return failure(*reason);
  return std::unique_ptr<Disk>(new Disk(std::move(store), std::move(options)));
}

Disk::Disk(std::unique_ptr<BlockStore> store, Options options)
    : PrimaryDevice(std::move(options.identity)),
      block_size_(options.block_size),
      load_(std::move(options.load)),
      third_party_copies_(std::make_unique<ThirdPartyCopies>()) {
  write_cache_ = options.write_cache;
  read_only_ = options.read_only;
  removable_ = options.removable || !store;
  thin_ = options.thin_provisioning;
  online_ = store != nullptr;
  if (store) insert(std::move(store));
  ModePages& pages = mutable_mode_pages();
  pages.add(mode::ReadWriteErrorRecovery{.flags = 0xc0});  // AWRE, ARRE: a store relocates on its own
  pages.add(mode::Caching{.flags = options.write_cache ? mode::Caching::write_cache_enabled : std::uint8_t{0}},
            mode::Caching{.flags = mode::Caching::write_cache_enabled});
  pages.add(mode::Control{}, mode::Control{.flags_2 = mode::Control::descriptor_format_sense,
                                           .flags_4 = mode::Control::software_write_protect,
                                           .busy_timeout_period = std::uint16_t{0}});
  // SET TIMESTAMP goes before other clocks (SCSIP), and there are others (TCMOS).
  pages.add(mode::ControlExtension{.flags = mode::ControlExtension::scsi_precedence |
                                            mode::ControlExtension::timestamp_changeable_by_other_means});
  pages.add(mode::PowerCondition{});
  pages.add(mode::InformationalExceptionsControl{});
  pages.add(mode::LogicalBlockProvisioning{}, changeable_thresholds());
  follow_provisioning();
}

Disk::~Disk() = default;

std::optional<Sense> Disk::not_ready() const {
  if (auto reason = medium_absent()) return reason;
  return medium_work_.obstacle();
}

BlockStore& Disk::store_to_change(const BlockRange& range) {
  third_party_copies_->tokens.revoke(range);
  return *store_;
}

Result<const CommandTraits*, Sense> Disk::decode(const Cdb& cdb) const {
  const auto row = PrimaryDevice::decode(cdb);
  const auto obstacle = medium_work_.obstacle_to_all();
  if (!row || !obstacle) return row;
  const Access access = (*row)->access;
  const bool looks_on = access == Access::none || access == Access::reservation;
  // While it works this one is refused at once too: it would run alone, and all that comes would wait behind it.
  const bool may_mend = (*row)->operation_code == operation_code::sanitize && !medium_work_.working();
  if (looks_on || may_mend) return row;
  return failure(*obstacle);
}

void Disk::mode_pages_changed() {
  PrimaryDevice::mode_pages_changed();
  const bool caches = (mode_pages().current(caching_page, 2) & mode::Caching::write_cache_enabled) != 0;
  if (write_cache_.exchange(caches) && !caches) ++write_cache_switched_off_;
  software_write_protect_ = (mode_pages().current(control_page, 4) & mode::Control::software_write_protect) != 0;
  follow_thresholds();
}

bool Disk::keep_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) {
  const bool serves = std::exchange(keeps_state_, true);
  const bool kept = PrimaryDevice::keep_state_in(std::move(store), saved_before);
  if (!serves) written_out_ = write_cache_switched_off_.load();  // nothing has been written yet
  return kept;
}

void Disk::follow_provisioning() {
  mutable_mode_pages().show(provisioning_page, tells_space());
  constexpr std::size_t at = offsetof(mode::ReadWriteErrorRecovery, lbpere);
  mutable_mode_pages().set(error_recovery_page, at, mode::ReadWriteErrorRecovery::provisioning_errors_reported,
                           tells_space());
  follow_thresholds();
}

void Disk::follow_thresholds() {
  const auto page = mode_pages().read(provisioning_page, mode::PageControl::current);
  space_.set_thresholds(page, unsigned{threshold_exponent()} + block_size_.exponent);
}

Task<void> Disk::prepare_log_page(Shard& shard, std::uint8_t page) {
  const bool tells = page == static_cast<std::uint8_t>(log_page::Page::logical_block_provisioning) && tells_space();
  if (!tells) co_return;
  const auto known = co_await space_.refresh(*store_, shard);
  static_cast<void>(known);
}

StandardInquiryData Disk::standard_inquiry_data() const {
  namespace version = version_descriptor;
  StandardInquiryData data;
  data.qualifier_and_type = qualifier_and_type(PeripheralQualifier::connected, static_cast<std::uint8_t>(type()));
  data.flags_5 |= 0x08;  // 3PC
  data.removable_medium = removable() ? 0x80 : 0x00;
  data.version_descriptors = {version::sam_5, version::iscsi, version::spc_4, version::sbc_3};
  return data;
}

PrimaryDevice::ModeParameters Disk::mode_parameters() const {
  ModeParameters parameters{.device_specific = mode::dpo_and_fua_supported,
                            .has_blocks = true,
                            .blocks = capacity().value,
                            .block_length = block_size_.bytes()};
  if (write_protection()) parameters.device_specific |= mode::write_protected;
  return parameters;
}

Task<ResetOutcome> Disk::reset(Shard& shard, ResetKind kind) {
  medium_removal_.allow_all();
  third_party_copies_->operations.forget_all();
  return PrimaryDevice::reset(shard, kind);
}

Task<std::optional<Sense>> Disk::self_test(Shard& shard) {
  if (auto reason = not_ready()) co_return reason;
  const Buffer block = shard.buffers().allocate(block_size_.bytes());
  if (!block) co_return Sense::logical_unit_failed_self_test();
  const auto read = co_await store_->read_all(shard, block.first(block_size_.bytes()), 0);
  if (!read) co_return Sense::logical_unit_failed_self_test();
  co_return std::nullopt;
}

void Disk::nexus_lost(ItlNexus& itl) {
  medium_removal_.allow(itl);
  third_party_copies_->operations.forget(itl);
  PrimaryDevice::nexus_lost(itl);
}

DeviceServer::Description Disk::describe() const {
  const Identity names = identity();
  Description description;
  description.scsi_id = names.scsi_id;
  description.serial_number = names.serial_number;
  description.size_bytes = capacity().value << block_size_.exponent;
  description.block_size = block_size_.bytes();
  description.online = !medium_absent();
  description.removable = removable();
  description.prevent_removal = medium_removal_.prevented();
  description.read_only = read_only();
  description.software_write_protect = software_write_protect_;
  description.thin_provisioning = thin_;
  if (!store_) return description;
  const BlockStore::Description below = store_->describe();
  description.store_type = below.kind;
  description.store_path = below.path;
  description.store_flags = below.flags;
  return description;
}

Result<SettingHolds, SettingRefused> Disk::configure(std::string_view name, std::string_view value) {
  const bool is_switch = name == "removable" || name == "readonly" || name == "online" || name == "thin_provisioning";
  if (is_switch) {
    if (value != "0" && value != "1") return failure(SettingRefused{.reason = "it is 0 or 1"});
    return configure_switch(name, value == "1");
  }
  const bool is_geometry = name == "rotation_rate" || name == "lbppbe" || name == "la_lba" ||
                           name == "optimal_xfer_gran" || name == "optimal_xfer_len";
  if (is_geometry) {
    const auto number = number_of(value);
    if (number && configure_geometry(name, *number)) return SettingHolds::at_once;
    return failure(SettingRefused{.reason = number ? "that is too large" : "that is no number"});
  }
  auto taken = PrimaryDevice::configure(name, value);
  const bool settled = write_cache_ || written_out_ == write_cache_switched_off_;
  if (taken && name == "mode_page" && !settled) return SettingHolds::once_settled;
  return taken;
}

Result<SettingHolds, SettingRefused> Disk::configure_switch(std::string_view name, bool on) {
  if (name == "online" && on && !store_) return failure(SettingRefused{.reason = "there is no medium in it"});
  if (name == "readonly" && !on && medium_read_only_) {
    return failure(SettingRefused{.reason = "its medium can only be read"});
  }
  if (name == "removable") removable_ = on;
  if (name == "readonly") read_only_ = on;
  if (name == "thin_provisioning") {
    thin_ = on;
    follow_provisioning();
  }
  if (name != "online") return SettingHolds::at_once;
  if (!on && !medium_removal_.take_out(online_)) {
    return failure(SettingRefused{.kind = SettingRefused::Kind::removal_prevented,
                                  .reason = "an initiator prevents that its medium is taken out"});
  }
  loaded_ = true;
  if (on) online_ = true;
  return SettingHolds::at_once;
}

bool Disk::configure_geometry(std::string_view name, std::uint64_t value) {
  if (name == "lbppbe" && value <= 15) {
    geometry_.physical_block_exponent = static_cast<std::uint8_t>(value);
    told_by_administrator_.physical_block_exponent = true;
  } else if (name == "la_lba" && value <= Geometry::largest_aligned_address) {
    geometry_.lowest_aligned_address = static_cast<std::uint16_t>(value);
    told_by_administrator_.lowest_aligned_address = true;
  } else if (name == "rotation_rate" && value <= 0xffff) {
    geometry_.rotation_rate = static_cast<std::uint16_t>(value);
    told_by_administrator_.rotation_rate = true;
  } else if (name == "optimal_xfer_gran" && value <= 0xffff) {
    geometry_.optimal_granularity = static_cast<std::uint16_t>(value);
  } else if (name == "optimal_xfer_len" && value <= largest_transfer >> block_size_.exponent) {
    geometry_.optimal_length = static_cast<std::uint32_t>(value);
  } else {
    return false;
  }
  return true;
}

}  // namespace tgt
