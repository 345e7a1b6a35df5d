// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/send_queue.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tgt::bench {
namespace {

std::span<const std::uint8_t> bytes_of(const BasicHeader& header) {
  return {reinterpret_cast<const std::uint8_t*>(&header), sizeof header};
}

}  // namespace

void SendQueue::append_own(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return;
  if (!empty() && segments_.back().outside == nullptr) {
    segments_.back().length += bytes.size();
  } else {
    segments_.push_back({nullptr, own_.size(), bytes.size()});
  }
  own_.insert(own_.end(), bytes.begin(), bytes.end());
}

void SendQueue::push(BasicHeader header, std::span<const std::uint8_t> data) {
  header.data_segment_length = static_cast<std::uint32_t>(data.size());
  append_own(bytes_of(header));
  if (digests_.header) {
    Crc32c crc;
    crc.add(bytes_of(header));
    append_own(crc.digest());
  }
  if (data.empty()) return;
  segments_.push_back({data.data(), 0, data.size()});
  constexpr std::array<std::uint8_t, 3> zeros{};
  const auto padding = std::span(zeros).first(padding_of(static_cast<std::uint32_t>(data.size())));
  append_own(padding);
  if (!digests_.data) return;
  Crc32c crc;
  crc.add(data);
  crc.add(padding);
  append_own(crc.digest());
}

Result<void> SendQueue::flush(int socket) {
  std::array<iovec, 256> gather;
  while (!empty()) {
    const std::size_t count = std::min(gather.size(), segments_.size() - first_);
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Segment& segment = segments_[first_ + i];
      const std::uint8_t* start = segment.outside != nullptr ? segment.outside : own_.data();
      // sendmsg() only reads; iovec has no const form.
      gather[i] = {const_cast<std::uint8_t*>(start + segment.offset), segment.length};
      total += segment.length;
    }
    msghdr message{};
    message.msg_iov = gather.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return fault(fmt::format("sending failed: {}", std::strerror(errno)));
    drop_sent(static_cast<std::size_t>(sent));
    if (static_cast<std::size_t>(sent) < total) break;
  }
  reuse_memory();
  return {};
}

void SendQueue::drop_sent(std::size_t bytes) {
  while (bytes > 0) {
    Segment& segment = segments_[first_];
    const std::size_t part = std::min(bytes, segment.length);
    segment.offset += part;
    segment.length -= part;
    bytes -= part;
    if (segment.length == 0) ++first_;
  }
}

void SendQueue::reuse_memory() {
  constexpr std::size_t worth_moving = 1024;
  if (empty()) {
    own_.clear();
    segments_.clear();
    first_ = 0;
  } else if (first_ >= worth_moving) {
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
    const auto own = std::ranges::find(segments_, nullptr, &Segment::outside);
    const std::size_t unused = own == segments_.end() ? own_.size() : own->offset;
    own_.erase(own_.begin(), own_.begin() + static_cast<std::ptrdiff_t>(unused));
    for (Segment& segment : segments_) {
      if (segment.outside == nullptr) segment.offset -= unused;
    }
  }
}

}  // namespace tgt::bench
