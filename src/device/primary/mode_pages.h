// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "reactor/mutex.h"
#include "scsi/mode.h"

namespace tgt {

// The mode pages of a logical unit: default, current and changeable values (SPC-6, 7.5.2). From any shard.
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

  // Which pages there are, in the order in which MODE SENSE returns them; every_page and every_subpage stand for all.
  std::vector<Code> select(Code wanted) const;
  bool has_page(std::uint8_t page) const;
  // One page with its header.
  std::vector<std::uint8_t> read(Code code, mode::PageControl control) const;
  // One byte of the current values; 0 when there is no such page.
  std::uint8_t current(Code code, std::size_t byte) const;

  // Sets or clears bits of a byte of the current values.
  void set_current(Code code, std::size_t byte, std::uint8_t bits, bool on);

  // The administrator's own values in place of current and default ones: `page:subpage:length:byte:byte...`, whose
  // bytes follow the page's header. False when the text is wrong.
  bool replace(std::string_view text);

 private:
  struct Page {
    Code code;
    std::vector<std::uint8_t> defaults;
    std::vector<std::uint8_t> current;
    std::vector<std::uint8_t> changeable;
  };
  void add(Bytes defaults, Bytes changeable);
  void insert(Page page);
  const Page* find(Code code) const;

  mutable Mutex mutex_;
  std::vector<Page> pages_;  // ordered by code
};

}  // namespace tgt
