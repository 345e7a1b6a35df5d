// SPDX-License-Identifier: Apache-2.0
#include "initiator/sg_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>

#include "initiator/system_view.h"
#include "reactor/call_on.h"
#include "reactor/reactor.h"

namespace tgt {
namespace {

// A reset that has not returned by then counts as failed; below the initiators' own timers (30 s).
constexpr Duration longest_reset = 20s;
constexpr Duration recovery_retry = 100ms;
constexpr Duration reset_poll = 5ms;
constexpr std::uint32_t deepest_queue = 256;
constexpr std::uint32_t longest_transfer = 16u << 20;
constexpr std::uint32_t shortest_limit = 4096;

OpenFault open_fault(const DeviceLocation& location, const IoError& error) {
  const std::string what = printable(location.asked_for) == location.generic_node
                               ? location.generic_node
                               : fmt::format("{} (SCSI device {}, node {})", printable(location.asked_for),
                                             location.address, location.generic_node);
  switch (error.kind()) {
    case IoError::Kind::permission_denied:
      return {OpenFault::Kind::not_permitted,
              fmt::format("{}: no permission to open {} for reading and writing. Run tgtd as root, or give its user "
                          "access to the node by a udev rule.",
                          what, location.generic_node)};
    case IoError::Kind::busy:
      return {OpenFault::Kind::busy, fmt::format("{}: another program has opened {} exclusively. `fuser -v {}` shows "
                                                 "which; end it and try again.",
                                                 what, location.generic_node, location.generic_node)};
    case IoError::Kind::not_found:
    case IoError::Kind::no_device:
      return {OpenFault::Kind::not_found,
              fmt::format("{}: there is no device behind {} any more ({}). Is it connected and switched on?", what,
                          location.generic_node, error.text())};
    default:
      return {OpenFault::Kind::other, fmt::format("{}: cannot open {}: {}. The kernel's log (dmesg) may tell more.",
                                                  what, location.generic_node, error.text())};
  }
}

// What one command can move: the host adapter's limits, and for sg's own buffers the number of pieces.
std::uint32_t transfer_limit(SgNode& node, const DeviceLocation& location, std::uint32_t asked_for) {
  std::uint64_t limit = longest_transfer;
  int segments = 0;
  if (node.control(sg::get_table_segments, &segments) && segments > 0) {
    limit = std::min<std::uint64_t>(limit, static_cast<std::uint64_t>(segments) * sg::segment_bytes);
  }
  int soft_limit = 0;
  if (location.hardware_kib) {
    limit = std::min<std::uint64_t>(limit, *location.hardware_kib * 1024);
  } else if (node.control(sg::get_block_limit, &soft_limit) && soft_limit > 0) {
    // Tapes and changers do not show their hardware limit; this one is lower or the same.
    limit = std::min<std::uint64_t>(limit, static_cast<std::uint64_t>(soft_limit));
  }
  if (asked_for != 0) limit = std::min<std::uint64_t>(limit, asked_for);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(limit, shortest_limit));
}

std::function<std::uint32_t()> depth_reader(const DeviceLocation& location, std::uint32_t asked_for) {
  const std::uint64_t most =
      std::min<std::uint64_t>(location.can_queue.value_or(deepest_queue), asked_for == 0 ? deepest_queue : asked_for);
  return [file = location.queue_depth_file(), most] {
    const std::uint64_t now = SystemView().number(file).value_or(1);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(now, 1, std::max<std::uint64_t>(most, 1)));
  };
}

}  // namespace

struct SgPort::Opened {
  std::vector<std::unique_ptr<SgNode>> nodes;
  std::shared_ptr<SgNode> reset_node;
  std::uint32_t transfer_bytes = 0;
  std::string reset_refusal;  // empty: resets can be asked for
};

// One reset on its way. Shared, because nobody waits for one that does not return.
struct SgPort::ResetJob : PostedWork {
  std::shared_ptr<ResetJob> self;
  std::shared_ptr<SgNode> node;
  int level = sg::reset_nothing;
  int error_number = 0;
  std::atomic<bool> done{false};
};

Result<SgPort::Opened, OpenFault> SgPort::open_nodes(Shard& device_shard, const DeviceLocation& location,
                                                     const Options& options) {
  Opened opened;
  auto first = SgFile::open(device_shard, location.generic_node);
  if (!first) return failure(open_fault(location, first.error()));
  opened.nodes.push_back(std::move(*first));
  auto reset_node = SgFile::open(device_shard, location.generic_node);
  if (!reset_node) return failure(open_fault(location, reset_node.error()));
  opened.reset_node = std::move(*reset_node);

  const std::uint32_t depth = depth_reader(location, options.queue_depth)();
  const auto descriptors = (depth + sg::requests_of_one_descriptor - 1) / sg::requests_of_one_descriptor;
  while (opened.nodes.size() < descriptors) {
    auto more = SgFile::open(device_shard, location.generic_node);
    if (!more) break;  // out of descriptors: fewer commands at once, no error
    opened.nodes.push_back(std::move(*more));
  }
  opened.transfer_bytes = transfer_limit(*opened.reset_node, location, options.transfer_bytes);
  int nothing = sg::reset_nothing;
  auto probe = opened.reset_node->control(sg::scsi_reset, &nothing);
  if (!probe) opened.reset_refusal = probe.error().text();
  return opened;
}

SgPort::SgPort(Reactor& reactor, Shard& device_shard, const DeviceLocation& location, Log log)
    : reactor_(reactor),
      device_shard_(device_shard),
      identity_{.node = location.generic_node,
                .address = location.address,
                .vendor = location.vendor,
                .product = location.product,
                .revision = location.revision},
      log_(std::move(log)),
      reset_thread_(std::make_shared<BlockingPool>(1)) {}

Task<Result<std::unique_ptr<InitiatorPort>, OpenFault>> SgPort::open(Shard& shard, Reactor& reactor,
                                                                     DeviceLocation location, Options options,
                                                                     Log log) {
  const std::string node_name = std::filesystem::path(location.generic_node).filename().string();
  Shard& device_shard = reactor.add_device_shard("tgt-" + node_name);
  std::unique_ptr<SgPort> port(new SgPort(reactor, device_shard, location, std::move(log)));
  auto fault = co_await call_on(shard, device_shard, [&]() -> std::optional<OpenFault> {
    auto opened = open_nodes(device_shard, location, options);
    if (!opened) return opened.error();
    port->take(std::move(*opened), location, options);
    return std::nullopt;
  });
  if (fault) {
    reactor.remove_device_shard(device_shard);
    co_return failure(std::move(*fault));
  }
  std::unique_ptr<InitiatorPort> opened = std::move(port);
  co_return opened;
}

// On the device shard.
void SgPort::take(Opened opened, const DeviceLocation& location, const Options& options) {
  transfer_bytes_ = opened.transfer_bytes;
  reset_node_ = std::move(opened.reset_node);
  if (!opened.reset_refusal.empty()) {
    log_.warning(
        "{}: the kernel will not reset this device for us ({}): it needs CAP_SYS_ADMIN and CAP_SYS_RAWIO. "
        "LOGICAL UNIT RESET will wait for the commands in flight instead",
        identity_.node, opened.reset_refusal);
  }
  queue_ = std::make_unique<SgQueue>(
      device_shard_, std::move(opened.nodes),
      SgQueue::Settings{.current_depth = depth_reader(location, options.queue_depth), .name = identity_.node}, log_);
  queue_->start();
  notices_ = std::make_unique<HostNotices>(device_shard_, identity_.address, log_);
  notices_->start();
}

SgPort::~SgPort() {
  // Not closed: the device shard may still be at work with it.
  if (queue_ == nullptr) return;
  [[maybe_unused]] const SgQueue* queue_left_behind = queue_.release();
  [[maybe_unused]] const HostNotices* notices_left_behind = notices_.release();
}

void SgPort::submit(Execution& execution) {
  execution.arrival.execution = &execution;
  execution.arrival.context = this;
  execution.arrival.run = [](PostedWork& work) {
    auto& message = static_cast<Execution::Message&>(work);
    static_cast<SgPort*>(message.context)->queue_->submit(*message.execution);
  };
  device_shard_.post(execution.arrival);
}

void SgPort::drop(Execution& execution) {
  execution.removal.execution = &execution;
  execution.removal.context = this;
  execution.removal.run = [](PostedWork& work) {
    auto& message = static_cast<Execution::Message&>(work);
    static_cast<SgPort*>(message.context)->queue_->drop(*message.execution);
  };
  device_shard_.post(execution.removal);
}

Task<InitiatorPort::ResetResult> SgPort::reset(Shard& shard, ResetLevel level) {
  if (resetting_.exchange(true)) co_return ResetResult::failed;
  auto job = std::make_shared<ResetJob>();
  job->node = reset_node_;
  job->level = (level == ResetLevel::logical_unit ? sg::reset_device : sg::reset_target) | sg::reset_no_escalation;
  const TimePoint begin = shard.now();
  const TimePoint deadline = begin + longest_reset;
  for (bool again = true; again;) {
    job->done.store(false);
    job->self = job;
    job->run = [](PostedWork& work) {
      // The last owner may be this thread.
      const std::shared_ptr<ResetJob> self = std::move(static_cast<ResetJob&>(work).self);
      auto result = self->node->control(sg::scsi_reset, &self->level);
      self->error_number = result ? 0 : result.error().number();
      self->done.store(true, std::memory_order_release);
    };
    reset_thread_->submit(*job);
    while (!job->done.load(std::memory_order_acquire) && shard.now() < deadline) co_await shard.sleep(reset_poll);
    again = job->done.load(std::memory_order_acquire) && job->error_number == EAGAIN && shard.now() < deadline;
    if (again) co_await shard.sleep(recovery_retry);
  }
  if (!job->done.load(std::memory_order_acquire)) {
    // Stays `resetting_`: as long as this one does not return the kernel takes no other.
    log_.error("{}: a reset has not returned for {} s", identity_.node, longest_reset / 1s);
    co_return ResetResult::failed;
  }
  resetting_.store(false);
  const int error_number = job->error_number;
  if (error_number == 0) co_return ResetResult::done;
  log_.warning("{}: reset: {}", identity_.node, IoError::from_errno(error_number).text());
  co_return error_number == EACCES || error_number == EPERM ? ResetResult::not_supported : ResetResult::failed;
}

Task<bool> SgPort::wait_until_idle(Shard& shard, Duration longest) {
  const TimePoint deadline = shard.now() + longest;
  while (queue_->in_flight() != 0 && shard.now() < deadline) co_await shard.sleep(reset_poll);
  co_return queue_->in_flight() == 0;
}

InitiatorPort::Limits SgPort::limits() const {
  return {.transfer_bytes = transfer_bytes_,
          .cdb_length = static_cast<std::uint8_t>(sg::longest_cdb),
          .queue_depth = queue_->depth()};
}

Task<void> SgPort::close(Shard& shard) {
  co_await call_on(shard, device_shard_, [this]() -> Task<void> {
    co_await queue_->stop();
    co_await notices_->stop();
    queue_.reset();
  });
  reset_thread_->end(0s);
  reset_node_.reset();
  reactor_.remove_device_shard(device_shard_);
}

}  // namespace tgt
