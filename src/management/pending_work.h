// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/logical_unit.h"
#include "core/target.h"
#include "reactor/begun.h"

namespace tgt {

// What was begun at devices and has not come to its end: each goes on until its device lets it, whether or not anybody
// waits, and is known here meanwhile. On one shard; it must not be destroyed before all has ended.
class PendingWork {
 public:
  struct Subject {
    std::string name;  // "target 1 LUN 1"
    std::shared_ptr<Target> target{};
    std::shared_ptr<LogicalUnit> unit{};
  };

  // Begins it. False: it goes on after `until`.
  Task<bool> run(Shard& shard, Subject subject, Task<void> work, TimePoint until);
  // Begins it, and does not wait.
  void begin(Subject subject, Task<void> work);

  // Waits for all that is under way now and concerns `which`. The names of those that go on after `until`, each once.
  using Which = std::function<bool(const Subject&)>;
  Task<std::vector<std::string>> outlasting(Shard& shard, Which which, TimePoint until) const;

 private:
  struct Entry {
    Subject subject;
    std::optional<Begun> begun{};
  };
  std::shared_ptr<Entry> add(Subject subject, Task<void> work);
  Task<void> carry_out(std::shared_ptr<Entry> entry, Task<void> work);

  std::vector<std::shared_ptr<Entry>> entries_;
};

}  // namespace tgt
