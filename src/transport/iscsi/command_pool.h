// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "transport/iscsi/iscsi_command.h"

namespace tgt {

// The commands of one connection: memory that is used again, so that a command takes nothing from the heap. It grows as
// far as the connection really queues.
class CommandPool {
 public:
  static constexpr std::uint32_t slot_bits = 16;

  CommandPool() = default;
  CommandPool(const CommandPool&) = delete;
  CommandPool& operator=(const CommandPool&) = delete;

  // `make(slot)` gives the IscsiCommand::Wire's slot on to the constructor.
  template <class... Arguments>
  IscsiCommand& make(Shard& shard, Nexus& nexus, const Command::Request& request, IscsiCommand::Wire wire,
                     Arguments&&... arguments) {
    if (free_.empty()) add_slot();
    const std::uint32_t index = free_.back();
    free_.pop_back();
    wire.slot = index;
    Slot& slot = *slots_[index];
    slot.command = new (slot.memory) IscsiCommand(shard, nexus, request, wire, std::forward<Arguments>(arguments)...);
    ++in_use_;
    return *slot.command;
  }
  void destroy(IscsiCommand& command) {
    const std::uint32_t index = command.wire().slot;
    slots_[index]->command = nullptr;
    command.~IscsiCommand();
    free_.push_back(index);
    --in_use_;
  }
  std::size_t in_use() const { return in_use_; }

  // A target transfer tag names a slot and how many tags that slot has given before: a late Data-Out for a command that
  // is gone is told from one that was never asked for.
  std::uint32_t make_tag(const IscsiCommand& command) {
    const std::uint32_t index = command.wire().slot;
    return (static_cast<std::uint32_t>(++slots_[index]->tags_given) << slot_bits) | index;
  }
  IscsiCommand* find_by_tag(std::uint32_t tag) const {
    const std::size_t index = tag & 0xffff;
    return index < slots_.size() ? slots_[index]->command : nullptr;
  }
  bool was_given(std::uint32_t tag) const {
    const std::size_t index = tag & 0xffff;
    if (index >= slots_.size()) return false;
    const auto age = static_cast<std::uint16_t>(slots_[index]->tags_given - (tag >> slot_bits));
    return age < 0x8000;
  }

  template <class Function>
  void for_each(Function function) const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i]->command != nullptr) function(*slots_[i]->command);
    }
  }

 private:
  struct Slot {
    alignas(IscsiCommand) std::byte memory[sizeof(IscsiCommand)];
    IscsiCommand* command = nullptr;
    std::uint16_t tags_given = 0;
  };
  void add_slot() {
    slots_.push_back(std::make_unique<Slot>());
    free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
  }
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t in_use_ = 0;
};

}  // namespace tgt
