// SPDX-License-Identifier: Apache-2.0
#include "store/overlay.h"

#include <algorithm>

namespace tgt {
namespace {

// The part of a range that lies in the piece of its first byte.
struct Part {
  std::uint64_t index;
  std::size_t at;
  std::size_t length;

  Part(std::uint64_t offset, std::uint64_t length)
      : index(offset / Overlay::piece),
        at(static_cast<std::size_t>(offset % Overlay::piece)),
        length(static_cast<std::size_t>(std::min<std::uint64_t>(length, Overlay::piece - at))) {}

  std::uint8_t sectors() const {
    const std::size_t first = at / Overlay::sector;
    const std::size_t count = length / Overlay::sector;
    return static_cast<std::uint8_t>(((1u << count) - 1u) << first);
  }
};

}  // namespace

std::size_t Overlay::put(Bytes data, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < data.size()) {
    const Part part(offset + done, data.size() - done);
    const LockGuard lock(mutex_);
    auto found = pieces_.find(part.index);
    if (found == pieces_.end()) {
      if (pieces_.size() >= most_pieces_) return done;
      found = pieces_.emplace(part.index, std::make_unique<Piece>()).first;
    }
    Piece& piece_there = *found->second;
    copy_bytes(data.subspan(done, part.length), MutableBytes(piece_there.bytes).subspan(part.at));
    piece_there.present |= part.sectors();
    piece_there.unwritten |= part.sectors();
    done += part.length;
  }
  return done;
}

void Overlay::cover(MutableBytes data, std::uint64_t offset) const {
  for (std::size_t done = 0; done < data.size();) {
    const Part part(offset + done, data.size() - done);
    const LockGuard lock(mutex_);
    const auto found = pieces_.find(part.index);
    const unsigned present = found == pieces_.end() ? 0u : found->second->present & part.sectors();
    for (std::size_t at = part.at; present != 0 && at < part.at + part.length; at += sector) {
      if ((present >> (at / sector) & 1u) == 0) continue;
      copy_bytes(Bytes(found->second->bytes).subspan(at, sector), data.subspan(done + at - part.at));
    }
    done += part.length;
  }
}

bool Overlay::holds(std::uint64_t offset, std::uint64_t length) const {
  const LockGuard lock(mutex_);
  for (std::uint64_t done = 0; done < length;) {
    const Part part(offset + done, length - done);
    const auto found = pieces_.find(part.index);
    if (found == pieces_.end() || (found->second->present & part.sectors()) != part.sectors()) return false;
    done += part.length;
  }
  return true;
}

std::uint64_t Overlay::bytes() const {
  const LockGuard lock(mutex_);
  return pieces_.size() * piece;
}

std::vector<Overlay::Run> Overlay::take_unwritten() {
  std::vector<Run> runs;
  const LockGuard lock(mutex_);
  for (auto& [index, there] : pieces_) {
    for (std::size_t number = 0; number < sectors; ++number) {
      if ((there->unwritten >> number & 1u) == 0) continue;
      const Bytes bytes = Bytes(there->bytes).subspan(number * sector, sector);
      runs.push_back({.offset = index * piece + number * sector, .data = {bytes.begin(), bytes.end()}});
    }
    there->unwritten = 0;
  }
  return runs;
}

void Overlay::drop_unwritten() {
  const LockGuard lock(mutex_);
  for (auto& [index, there] : pieces_) {
    there->present &= static_cast<std::uint8_t>(~there->unwritten);
    there->unwritten = 0;
  }
}

}  // namespace tgt
