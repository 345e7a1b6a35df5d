// SPDX-License-Identifier: Apache-2.0
#include "initiator/generic_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>

#include "initiator/bsg_node.h"
#include "initiator/sg_node.h"
#include "initiator/system_view.h"
#include "reactor/call_on.h"
#include "reactor/reactor.h"

namespace tgt {
namespace {

constexpr Duration idle_poll = 5ms;
constexpr std::uint32_t deepest_queue = 256;
// Room in a ring for a depth that the kernel raises later.
constexpr std::uint32_t least_ring = 32;
constexpr std::uint32_t longest_transfer = 16u << 20;
constexpr std::uint32_t shortest_limit = 4096;
// Longer commands gain a disk little; shorter ones it has to pay for, and then sg's longer ones are worth more.
constexpr std::uint32_t long_enough = 512 * 1024;

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

// Of what a host adapter's table points to: how long a piece may be relied on to be, and how many are not full.
struct Pieces {
  std::uint32_t bytes;
  std::uint32_t lost;
};
// sg collects a command's data in memory of its own.
constexpr Pieces sg_pieces{.bytes = sg::segment_bytes, .lost = 0};
// bsg maps the caller's memory, of which every page may be a piece of its own, the first and the last one in part.
constexpr Pieces bsg_pieces{.bytes = 4096, .lost = 1};

// What one command can move: the host adapter's limits, and what fits into its number of pieces.
std::uint32_t transfer_limit(GenericNode& node, const DeviceLocation& location, Pieces pieces,
                             std::uint32_t asked_for) {
  std::uint64_t limit = longest_transfer;
  int segments = 0;
  if (node.control(sg::get_table_segments, &segments) && segments > static_cast<int>(pieces.lost)) {
    limit = std::min<std::uint64_t>(limit, (static_cast<std::uint64_t>(segments) - pieces.lost) * pieces.bytes);
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

struct GenericPort::Opened {
  std::vector<std::unique_ptr<GenericNode>> nodes;
  std::shared_ptr<GenericNode> reset_node;
  std::uint32_t transfer_bytes = 0;
  std::string reset_refusal;  // empty: resets can be asked for
  bool may_do_all = true;
  std::string why_not_bsg;  // empty: it is bsg
};

Task<Result<GenericPort::Opened, OpenFault>> GenericPort::open_nodes(Shard& device_shard,
                                                                     const DeviceLocation& location,
                                                                     const Options& options) {
  Opened opened;
  auto reset_node = SgNode::open(device_shard, location.generic_node, SgNode::Use::control_only);
  if (!reset_node) co_return failure(open_fault(location, reset_node.error()));
  opened.reset_node = std::move(*reset_node);
  int nothing = sg::reset_nothing;
  auto probe = opened.reset_node->control(sg::scsi_reset, &nothing);
  if (!probe) {
    opened.reset_refusal = probe.error().text();
    opened.may_do_all = probe.error().kind() != IoError::Kind::permission_denied;
  }

  opened.why_not_bsg = co_await open_bsg(device_shard, location, options, opened);
  if (!opened.why_not_bsg.empty()) {
    auto sg = open_sg(device_shard, location, options, opened);
    if (!sg) co_return failure(sg.error());
  }
  co_return opened;
}

// bsg where it works: with many commands under way it carries several times as many of them as sg, because the kernel
// copies no data, takes a command without sleeping and tells of many ends in one wake-up. The answer is why it is not
// bsg; empty when it is.
Task<std::string> GenericPort::open_bsg(Shard& device_shard, const DeviceLocation& location, const Options& options,
                                        Opened& opened) {
  if (options.interface == GenericInterface::sg) co_return "sg was asked for";
  if (location.bsg_node.empty()) co_return "it has no bsg node";
  // The same right that lets all commands through there; sg lets whoever may open its node send all of them.
  if (!opened.may_do_all) co_return "without CAP_SYS_RAWIO bsg lets few commands through";
  const std::uint32_t limit = transfer_limit(*opened.reset_node, location, bsg_pieces, options.transfer_bytes);
  if (options.interface == GenericInterface::best) {
    // There is nothing to gain then; and what takes one command at a time is a tape, whose block must fit into it.
    if (options.queue_depth == 1) co_return "it takes one command at a time, and those of sg may be longer";
    const auto sg = transfer_limit(*opened.reset_node, location, sg_pieces, options.transfer_bytes);
    if (limit < long_enough && limit < sg) {
      co_return fmt::format("a command there could move {} KiB only, one of sg {} KiB", limit / 1024, sg / 1024);
    }
  }
  auto watch = SgNode::open(device_shard, location.generic_node, SgNode::Use::control_only);
  if (!watch) co_return watch.error().text();
  const std::uint32_t depth = depth_reader(location, options.queue_depth)();
  auto node = co_await BsgNode::open(device_shard, location.bsg_node, std::max(depth, least_ring));
  if (!node) {
    const bool old = node.error().kind() == IoError::Kind::not_supported;
    co_return fmt::format("{} does not take commands from an io_uring ({}){}", location.bsg_node, node.error().text(),
                          old ? "; Linux can since 7.1" : "");
  }
  opened.nodes.push_back(std::move(*node));
  opened.nodes.push_back(std::move(*watch));
  opened.transfer_bytes = limit;
  co_return std::string();
}

Result<void, OpenFault> GenericPort::open_sg(Shard& device_shard, const DeviceLocation& location,
                                             const Options& options, Opened& opened) {
  const std::uint32_t depth = depth_reader(location, options.queue_depth)();
  const auto descriptors = (depth + sg::requests_of_one_descriptor - 1) / sg::requests_of_one_descriptor;
  while (opened.nodes.size() < descriptors) {
    auto more = SgNode::open(device_shard, location.generic_node);
    if (!more && opened.nodes.empty()) return failure(open_fault(location, more.error()));
    if (!more) break;  // out of descriptors: fewer commands at once, no error
    opened.nodes.push_back(std::move(*more));
  }
  opened.transfer_bytes = transfer_limit(*opened.reset_node, location, sg_pieces, options.transfer_bytes);
  return {};
}

GenericPort::GenericPort(Reactor& reactor, Shard& device_shard, const DeviceLocation& location, Log log)
    : reactor_(reactor),
      device_shard_(device_shard),
      identity_{.node = location.generic_node,
                .address = location.address,
                .vendor = location.vendor,
                .product = location.product,
                .revision = location.revision},
      log_(std::move(log)) {}

Task<Result<std::unique_ptr<InitiatorPort>, OpenFault>> GenericPort::open(Shard& shard, Reactor& reactor,
                                                                          DeviceLocation location, Options options,
                                                                          Log log) {
  const std::string node_name = std::filesystem::path(location.generic_node).filename().string();
  auto added = reactor.add_device_shard("tgt-" + node_name);
  if (!added) {
    co_return failure(OpenFault{
        OpenFault::Kind::other,
        fmt::format("{}: no thread of its own for {}: {}. Are there too many processes or open files for tgtd's limits "
                    "(LimitNPROC and LimitNOFILE, or TasksMax, of its systemd unit)?",
                    printable(location.asked_for), location.generic_node, added.error().text())});
  }
  Shard& device_shard = **added;
  std::unique_ptr<GenericPort> port(new GenericPort(reactor, device_shard, location, std::move(log)));
  auto fault = co_await call_on(shard, device_shard, [&]() -> Task<std::optional<OpenFault>> {
    auto opened = co_await open_nodes(device_shard, location, options);
    if (!opened) co_return opened.error();
    port->take(std::move(*opened), location, options);
    co_return std::nullopt;
  });
  if (fault) {
    reactor.remove_device_shard(device_shard);
    co_return failure(std::move(*fault));
  }
  std::unique_ptr<InitiatorPort> opened = std::move(port);
  co_return opened;
}

// On the device shard.
void GenericPort::take(Opened opened, const DeviceLocation& location, const Options& options) {
  transfer_bytes_ = opened.transfer_bytes;
  if (opened.why_not_bsg.empty()) {
    log_.info("{}: its commands go to {} through an io_uring", identity_.node, location.bsg_node);
    identity_.node = location.bsg_node;
    identity_.driver = "bsg";
  } else {
    log_.info("{}: its commands go to this sg node, not to bsg: {}", identity_.node, opened.why_not_bsg);
  }
  if (!opened.reset_refusal.empty()) {
    log_.warning(
        "{}: the kernel will not reset this device for us ({}): it needs CAP_SYS_ADMIN and CAP_SYS_RAWIO. "
        "LOGICAL UNIT RESET will wait for the commands in flight instead",
        identity_.node, opened.reset_refusal);
  }
  reset_ = std::make_unique<GenericReset>(std::move(opened.reset_node), identity_.node, log_);
  queue_ = std::make_unique<GenericQueue>(
      device_shard_, std::move(opened.nodes),
      GenericQueue::Settings{.current_depth = depth_reader(location, options.queue_depth), .name = identity_.node},
      log_);
  queue_->start();
  notices_ = std::make_unique<HostNotices>(device_shard_, identity_.address, log_);
  notices_->start();
}

GenericPort::~GenericPort() {
  // Not closed: the device shard may still be at work with it.
  if (queue_ == nullptr) return;
  [[maybe_unused]] const GenericQueue* queue_left_behind = queue_.release();
  [[maybe_unused]] const HostNotices* notices_left_behind = notices_.release();
}

void GenericPort::submit(Execution& execution) {
  execution.arrival.execution = &execution;
  execution.arrival.context = this;
  execution.arrival.run = [](PostedWork& work) {
    auto& message = static_cast<Execution::Message&>(work);
    static_cast<GenericPort*>(message.context)->queue_->submit(*message.execution);
  };
  device_shard_.post(execution.arrival);
}

void GenericPort::drop(Execution& execution) {
  execution.removal.execution = &execution;
  execution.removal.context = this;
  execution.removal.run = [](PostedWork& work) {
    auto& message = static_cast<Execution::Message&>(work);
    static_cast<GenericPort*>(message.context)->queue_->drop(*message.execution);
  };
  device_shard_.post(execution.removal);
}

Task<InitiatorPort::ResetResult> GenericPort::reset(Shard& shard, ResetLevel level) {
  return reset_->perform(shard, level);
}

Task<bool> GenericPort::wait_until_idle(Shard& shard, Duration longest) {
  const TimePoint deadline = shard.now() + longest;
  while (queue_->in_flight() != 0 && shard.now() < deadline) co_await shard.sleep(idle_poll);
  co_return queue_->in_flight() == 0;
}

InitiatorPort::Limits GenericPort::limits() const {
  return {.transfer_bytes = transfer_bytes_,
          .cdb_length = static_cast<std::uint8_t>(sg::longest_cdb),
          .queue_depth = queue_->depth()};
}

Task<void> GenericPort::close(Shard& shard) {
  co_await call_on(shard, device_shard_, [this]() -> Task<void> {
    co_await queue_->stop();
    co_await notices_->stop();
    queue_.reset();
  });
  reset_->close();
  reactor_.remove_device_shard(device_shard_);
}

}  // namespace tgt
