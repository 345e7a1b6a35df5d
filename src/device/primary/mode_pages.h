// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "reactor/mutex.h"
#include "scsi/mode.h"
#include "scsi/sense.h"

namespace tgt {

// The mode pages of a logical unit: default, current, changeable and saved values (SPC-6, 7.5.2). From any shard.
class ModePages {
 public:
  struct Code {
    std::uint8_t page = 0;
    std::uint8_t subpage = 0;
    friend constexpr auto operator<=>(Code, Code) = default;
  };

  // Before the device serves: one page with its defaults; the bits set in `changeable` may be changed by MODE SELECT.
  template <WireStruct Page>
  void add(const Page& defaults, const Page& changeable) {
    add(bytes_of(defaults), bytes_of(changeable));
  }
  template <WireStruct Page>
  void add(const Page& defaults) {
    const std::vector<std::uint8_t> nothing(sizeof(Page));
    add(bytes_of(defaults), nothing);
  }

  // A page that is not shown does not exist for initiators, but keeps what is saved of it.
  void show(Code code, bool shown);

  // Which pages there are, in the order in which MODE SENSE returns them; every_page and every_subpage stand for all.
  std::vector<Code> matching(Code wanted) const;
  bool has_page(std::uint8_t page) const;
  // One page with its header.
  std::vector<std::uint8_t> read(Code code, mode::PageControl control) const;
  // One byte of the current values; 0 when there is no such page.
  std::uint8_t current(Code code, std::size_t byte) const;

  // Whether there is somewhere to save values; pages say so (PS).
  void set_savable(bool savable);
  bool savable() const;

  // MODE SELECT: takes the pages of a parameter list, of which `pages` is what follows the block descriptors and
  // `offset` is where that stands in the list. Either all of them or none. True: something has changed.
  Result<bool, Sense> select(Bytes pages, std::size_t offset);
  // The current values of all pages, for restore(): SP saves all of them, not only those of its list (SPC-6, 6.12).
  std::vector<std::uint8_t> current_values() const;
  // Changeable bits of pages that we have become what they were; the rest keeps what it is by default.
  enum class Values : std::uint8_t { saved, current, saved_and_current };
  void restore(Bytes pages, Values which);
  // Pages of which something was saved become what they are by default.
  void forget_saved();
  // A reset: current values become the saved ones again, which are the defaults when nothing was saved.
  void revert();

  // The administrator sets or clears bits of a byte of current and default values.
  void set(Code code, std::size_t byte, std::uint8_t bits, bool on);

  // The administrator's own values in place of current and default ones: `page:subpage:length:byte:byte...`, whose
  // bytes follow the page's header. False when the text is wrong.
  bool replace(std::string_view text);

 private:
  struct Page {
    Code code;
    std::vector<std::uint8_t> defaults;
    std::vector<std::uint8_t> current;
    std::vector<std::uint8_t> changeable;
    std::vector<std::uint8_t> saved;
    bool shown = true;
  };
  void add(Bytes defaults, Bytes changeable);
  void insert(Page page);
  const Page* find(Code code) const;  // of those that are shown
  struct Selected {
    std::size_t page;  // in pages_
    Bytes values;
  };
  Result<Selected, Sense> check(Bytes rest, std::size_t offset) const;
  Result<std::vector<Selected>, Sense> check_all(Bytes pages, std::size_t offset) const;

  mutable Mutex mutex_;
  std::vector<Page> pages_;  // ordered by code
  bool savable_ = false;
};

}  // namespace tgt
