// SPDX-License-Identifier: Apache-2.0
#include "reactor/simulated_system.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tgt {
namespace {

// Above every descriptor that a process may have.
constexpr int first_descriptor = 1 << 30;

}  // namespace

struct SimulatedSystem::Object {
  enum class Kind : std::uint8_t { connection, listener, file };
  Kind kind;
  std::deque<std::uint8_t> received{};  // connection: sent by the peer and not yet read
  std::size_t capacity = 0;
  std::uint64_t sent = 0;  // to the peer, ever
  std::weak_ptr<Object> peer{};
  bool is_shut_down = false;
  std::deque<int> waiting{};            // listener: ends that wait to be accepted
  std::vector<std::uint8_t> content{};  // file

  bool peer_is_gone() const {
    const auto other = peer.lock();
    return other == nullptr || other->is_shut_down;
  }
};

SimulatedSystem::SimulatedSystem(const Options& options)
    : options_(options), generator_(options.seed), next_descriptor_(first_descriptor) {}

SimulatedSystem::~SimulatedSystem() = default;

void SimulatedSystem::advance_to(TimePoint then) { now_ = std::max(now_, then); }

std::size_t SimulatedSystem::random(std::size_t below) { return below == 0 ? 0 : generator_() % below; }

int SimulatedSystem::add(std::shared_ptr<Object> object) {
  objects_.emplace(next_descriptor_, std::move(object));
  return next_descriptor_++;
}

std::shared_ptr<SimulatedSystem::Object> SimulatedSystem::find(int descriptor) const {
  const auto found = objects_.find(descriptor);
  return found == objects_.end() ? nullptr : found->second;
}

std::pair<int, int> SimulatedSystem::socket_pair(std::size_t capacity) {
  auto left = std::make_shared<Object>(Object{.kind = Object::Kind::connection});
  auto right = std::make_shared<Object>(Object{.kind = Object::Kind::connection});
  left->capacity = capacity;
  right->capacity = capacity;
  left->peer = right;
  right->peer = left;
  const int left_end = add(std::move(left));
  return {left_end, add(std::move(right))};
}

int SimulatedSystem::make_listener() { return add(std::make_shared<Object>(Object{.kind = Object::Kind::listener})); }

int SimulatedSystem::connect_to(int listener) {
  const auto [client, server] = socket_pair();
  find(listener)->waiting.push_back(server);
  return client;
}

int SimulatedSystem::make_file(std::size_t size) {
  auto file = std::make_shared<Object>(Object{.kind = Object::Kind::file});
  file->content.resize(size);
  return add(std::move(file));
}

std::vector<std::uint8_t>& SimulatedSystem::content(int file) { return find(file)->content; }

void SimulatedSystem::fail_next(int descriptor, Operation::Kind kind, IoError error, unsigned after) {
  failures_.push_back({.descriptor = descriptor, .kind = kind, .after = after, .error = error});
}

std::int64_t SimulatedSystem::injected_error(const Operation& operation) {
  for (auto failure = failures_.begin(); failure != failures_.end(); ++failure) {
    if (failure->descriptor != operation.descriptor || failure->kind != operation.kind) continue;
    if (failure->after-- != 0) return 0;
    const int number = failure->error.number();
    failures_.erase(failure);
    return -number;
  }
  return 0;
}

// Something from 1 to `most`; mostly all of it.
std::size_t SimulatedSystem::some_of(std::size_t most) {
  if (!options_.short_transfers || most < 2 || random(3) != 0) return most;
  return 1 + random(most);
}

std::int64_t SimulatedSystem::accept(Object& listener) {
  if (listener.is_shut_down) return -EINVAL;
  if (listener.waiting.empty()) return -EAGAIN;
  const int end = listener.waiting.front();
  listener.waiting.pop_front();
  return end;
}

std::int64_t SimulatedSystem::receive(Object& end, const Operation& operation) {
  if (end.received.empty()) return end.is_shut_down || end.peer_is_gone() ? 0 : -EAGAIN;
  std::size_t left = some_of(end.received.size());
  std::int64_t moved = 0;
  for (unsigned i = 0; i < operation.vector_count && left != 0; ++i) {
    const std::size_t count = std::min(left, operation.vectors[i].iov_len);
    const auto stop = end.received.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(end.received.begin(), stop, static_cast<std::uint8_t*>(operation.vectors[i].iov_base));
    end.received.erase(end.received.begin(), stop);
    left -= count;
    moved += static_cast<std::int64_t>(count);
  }
  return moved;
}

std::int64_t SimulatedSystem::send(Object& end, const Operation& operation) {
  if (end.is_shut_down || end.peer_is_gone()) return -EPIPE;
  const auto peer = end.peer.lock();
  if (peer->received.size() >= peer->capacity) return -EAGAIN;
  std::size_t left = some_of(peer->capacity - peer->received.size());
  std::int64_t moved = 0;
  for (unsigned i = 0; i < operation.vector_count && left != 0; ++i) {
    const auto* from = static_cast<const std::uint8_t*>(operation.vectors[i].iov_base);
    const std::size_t count = std::min(left, operation.vectors[i].iov_len);
    peer->received.insert(peer->received.end(), from, from + count);
    left -= count;
    moved += static_cast<std::int64_t>(count);
  }
  end.sent += static_cast<std::uint64_t>(moved);
  return moved;
}

std::int64_t SimulatedSystem::transfer_file(Object& file, const Operation& operation) {
  const bool writes = operation.kind == Operation::Kind::write;
  std::size_t at = operation.offset;
  std::int64_t moved = 0;
  for (unsigned i = 0; i < operation.vector_count; ++i) {
    auto* memory = static_cast<std::uint8_t*>(operation.vectors[i].iov_base);
    std::size_t count = operation.vectors[i].iov_len;
    if (writes) {
      if (at + count > file.content.size()) file.content.resize(at + count);
      std::copy_n(memory, count, file.content.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      count = std::min(count, at < file.content.size() ? file.content.size() - at : 0);
      std::copy_n(file.content.begin() + static_cast<std::ptrdiff_t>(count == 0 ? 0 : at), count, memory);
    }
    at += count;
    moved += static_cast<std::int64_t>(count);
  }
  return moved;
}

std::int64_t SimulatedSystem::attempt(const Operation& operation) {
  const auto object = find(operation.descriptor);
  if (object == nullptr) return -EBADF;
  const std::int64_t injected = injected_error(operation);
  if (injected != 0) return injected;
  switch (operation.kind) {
    case Operation::Kind::accept:
      return accept(*object);
    case Operation::Kind::connect:
      return -EISCONN;
    case Operation::Kind::receive:
      return receive(*object, operation);
    case Operation::Kind::send:
      return send(*object, operation);
    case Operation::Kind::read:
    case Operation::Kind::write:
      return transfer_file(*object, operation);
    case Operation::Kind::sync_data:
      return 0;
    case Operation::Kind::deallocate:
    case Operation::Kind::write_zeros: {
      const std::size_t size = object->content.size();
      const std::size_t from = std::min<std::size_t>(operation.offset, size);
      const std::size_t count = std::min<std::size_t>(operation.length, size - from);
      std::fill_n(object->content.begin() + static_cast<std::ptrdiff_t>(from), count, std::uint8_t{0});
      return 0;
    }
    case Operation::Kind::poll_readable:
      if (!object->received.empty()) return 0;
      return object->peer_is_gone() ? -ENODEV : -EAGAIN;
  }
  return -EINVAL;
}

std::optional<std::uint64_t> SimulatedSystem::taken(int descriptor) const {
  const auto object = find(descriptor);
  const auto peer = object == nullptr ? nullptr : object->peer.lock();
  if (peer == nullptr) return std::nullopt;
  return object->sent - peer->received.size();
}

void SimulatedSystem::shutdown(int descriptor) {
  if (const auto object = find(descriptor)) object->is_shut_down = true;
}

void SimulatedSystem::close(int descriptor) {
  const auto object = find(descriptor);
  if (object == nullptr) return;
  for (const int end : object->waiting) objects_.erase(end);
  objects_.erase(descriptor);
}

}  // namespace tgt
