// SPDX-License-Identifier: Apache-2.0
#include "device/primary/mode_pages.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

namespace tgt {
namespace {

std::size_t header_length(ModePages::Code code) {
  return code.subpage == 0 ? sizeof(mode::PageHeader) : sizeof(mode::SubpageHeader);
}

ModePages::Code code_of(Bytes page) {
  const bool has_subpage = (page[0] & mode::subpage_format) != 0;
  return {.page = static_cast<std::uint8_t>(page[0] & 0x3f), .subpage = has_subpage ? page[1] : std::uint8_t{0}};
}

std::vector<std::uint8_t> with_header(ModePages::Code code, Bytes body) {
  std::vector<std::uint8_t> page;
  if (code.subpage == 0) {
    page = {code.page, static_cast<std::uint8_t>(body.size())};
  } else {
    const auto length = static_cast<std::uint16_t>(body.size());
    const mode::SubpageHeader header{static_cast<std::uint8_t>(code.page | mode::subpage_format), code.subpage, length};
    page.assign(bytes_of(header).begin(), bytes_of(header).end());
  }
  page.insert(page.end(), body.begin(), body.end());
  return page;
}

// The next number of `text` up to a colon, decimal or 0x; takes it off the text.
std::optional<std::uint8_t> take_number(std::string_view& text) {
  std::string_view word = text.substr(0, text.find(':'));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  int base = 10;
  if (word.starts_with("0x") || word.starts_with("0X")) {
    word.remove_prefix(2);
    base = 16;
  }
  std::uint8_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

void ModePages::add(Bytes defaults, Bytes changeable) {
  const LockGuard lock(mutex_);
  Page page{.code = code_of(defaults), .defaults = {}, .current = {}, .changeable = {}, .saved = {}};
  page.defaults.assign(defaults.begin(), defaults.end());
  page.current = page.defaults;
  page.saved = page.defaults;
  page.changeable.assign(changeable.begin(), changeable.end());
  std::copy_n(defaults.begin(), header_length(page.code), page.changeable.begin());
  insert(std::move(page));
}

void ModePages::insert(Page page) {
  std::erase_if(pages_, [&](const Page& other) { return other.code == page.code; });
  const auto place = std::ranges::lower_bound(pages_, page.code, {}, &Page::code);
  pages_.insert(place, std::move(page));
}

const ModePages::Page* ModePages::find(Code code) const {
  const auto found = std::ranges::find(pages_, code, &Page::code);
  return found == pages_.end() || !found->shown ? nullptr : &*found;
}

void ModePages::show(Code code, bool shown) {
  const LockGuard lock(mutex_);
  const auto page = std::ranges::find(pages_, code, &Page::code);
  if (page != pages_.end()) page->shown = shown;
}

std::vector<ModePages::Code> ModePages::matching(Code wanted) const {
  const LockGuard lock(mutex_);
  std::vector<Code> codes;
  for (const Page& page : pages_) {
    const bool right_page = wanted.page == mode::every_page || wanted.page == page.code.page;
    const bool right_subpage = wanted.subpage == mode::every_subpage || wanted.subpage == page.code.subpage;
    if (page.shown && right_page && right_subpage) codes.push_back(page.code);
  }
  return codes;
}

bool ModePages::has_page(std::uint8_t page) const { return !matching({page, mode::every_subpage}).empty(); }

std::vector<std::uint8_t> ModePages::read(Code code, mode::PageControl control) const {
  const LockGuard lock(mutex_);
  const Page* page = find(code);
  if (page == nullptr) return {};
  std::vector<std::uint8_t> values;
  switch (control) {
    case mode::PageControl::changeable:
      values = page->changeable;
      break;
    case mode::PageControl::defaults:
      values = page->defaults;
      break;
    case mode::PageControl::current:
      values = page->current;
      break;
    case mode::PageControl::saved:
      values = page->saved;
      break;
  }
  if (savable_) values[0] |= mode::parameters_savable;
  return values;
}

void ModePages::set_savable(bool savable) {
  const LockGuard lock(mutex_);
  savable_ = savable;
}

bool ModePages::savable() const {
  const LockGuard lock(mutex_);
  return savable_;
}

std::uint8_t ModePages::current(Code code, std::size_t byte) const {
  const LockGuard lock(mutex_);
  const Page* page = find(code);
  return page != nullptr && byte < page->current.size() ? page->current[byte] : std::uint8_t{0};
}

// The page that `rest` begins with, if it may be set to that. `offset`: where `rest` stands in the parameter list.
Result<ModePages::Selected, Sense> ModePages::check(Bytes rest, std::size_t offset) const {
  const auto at = [&](std::size_t byte, std::optional<std::uint8_t> bit = {}) {
    return failure(Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(offset + byte), bit));
  };
  if (rest.size() < sizeof(mode::PageHeader)) return failure(Sense::parameter_list_length_error());
  const Page* const found = find(code_of(rest));
  if (found == nullptr) return at(0, std::uint8_t{5});
  const std::vector<std::uint8_t>& current = found->current;
  const std::size_t header = header_length(found->code);
  if (rest.size() < header) return failure(Sense::parameter_list_length_error());
  if (!std::equal(current.begin() + 1, current.begin() + static_cast<std::ptrdiff_t>(header), rest.begin() + 1)) {
    return at(header - 1);
  }
  if (rest.size() < current.size()) return failure(Sense::parameter_list_length_error());
  for (std::size_t byte = header; byte < current.size(); ++byte) {
    const auto wrong = static_cast<std::uint8_t>((rest[byte] ^ current[byte]) & ~found->changeable[byte]);
    if (wrong != 0) return at(byte, static_cast<std::uint8_t>(std::bit_width(wrong) - 1));
  }
  return Selected{.page = static_cast<std::size_t>(found - pages_.data()), .values = rest.first(current.size())};
}

Result<std::vector<ModePages::Selected>, Sense> ModePages::check_all(Bytes pages, std::size_t offset) const {
  std::vector<Selected> accepted;
  for (std::size_t done = 0; done < pages.size(); done += accepted.back().values.size()) {
    const auto selected = check(pages.subspan(done), offset + done);
    if (!selected) return failure(selected.error());
    accepted.push_back(*selected);
  }
  return accepted;
}

Result<bool, Sense> ModePages::select(Bytes pages, std::size_t offset) {
  const LockGuard lock(mutex_);
  const auto accepted = check_all(pages, offset);
  if (!accepted) return failure(accepted.error());
  bool changed = false;
  for (const auto& [index, values] : *accepted) {
    std::vector<std::uint8_t>& current = pages_[index].current;
    for (std::size_t byte = header_length(pages_[index].code); byte < current.size(); ++byte) {
      changed = changed || current[byte] != values[byte];
      current[byte] = values[byte];
    }
  }
  return changed;
}

std::vector<std::uint8_t> ModePages::current_values() const {
  const LockGuard lock(mutex_);
  std::vector<std::uint8_t> all;
  for (const Page& page : pages_) all.insert(all.end(), page.current.begin(), page.current.end());
  return all;
}

void ModePages::restore(Bytes pages, Values which) {
  const LockGuard lock(mutex_);
  while (pages.size() >= sizeof(mode::SubpageHeader)) {
    const Code code = code_of(pages);
    std::size_t length = sizeof(mode::PageHeader) + pages[1];
    if (code.subpage != 0) length = sizeof(mode::SubpageHeader) + read_wire<mode::SubpageHeader>(pages)->page_length;
    if (length > pages.size()) return;
    const auto page = std::ranges::find(pages_, code, &Page::code);
    for (std::size_t byte = header_length(code); page != pages_.end() && byte < page->saved.size(); ++byte) {
      if (page->saved.size() != length) break;  // another version of this program had another page
      const unsigned mask = page->changeable[byte];
      const auto value = static_cast<std::uint8_t>((page->defaults[byte] & ~mask) | (pages[byte] & mask));
      if (which != Values::current) page->saved[byte] = value;
      if (which != Values::saved) page->current[byte] = value;
    }
    pages = pages.subspan(length);
  }
}

void ModePages::forget_saved() {
  const LockGuard lock(mutex_);
  for (Page& page : pages_) {
    if (page.saved != page.defaults) page.current = page.saved = page.defaults;
  }
}

void ModePages::revert() {
  const LockGuard lock(mutex_);
  for (Page& page : pages_) page.current = page.saved;
}

void ModePages::set(Code code, std::size_t byte, std::uint8_t bits, bool on) {
  const LockGuard lock(mutex_);
  const auto page = std::ranges::find(pages_, code, &Page::code);
  if (page == pages_.end() || byte >= page->current.size()) return;
  for (std::uint8_t* value : {&page->current[byte], &page->defaults[byte], &page->saved[byte]}) {
    *value = static_cast<std::uint8_t>(on ? *value | bits : *value & ~bits);
  }
}

bool ModePages::replace(std::string_view text) {
  const auto page = take_number(text);
  const auto subpage = take_number(text);
  const auto length = take_number(text);
  if (!page || !subpage || !length || *page >= mode::every_page || *subpage == mode::every_subpage) return false;
  std::vector<std::uint8_t> body;
  while (!text.empty()) {
    const auto byte = take_number(text);
    if (!byte || body.size() == *length) return false;
    body.push_back(*byte);
  }
  body.resize(*length);
  const Code code{*page, *subpage};
  const LockGuard lock(mutex_);
  const auto there = std::ranges::find(pages_, code, &Page::code);
  const Page* const old = there == pages_.end() ? nullptr : &*there;
  Page fresh{.code = code, .defaults = with_header(code, body), .current = {}, .changeable = {}, .saved = {}};
  fresh.current = fresh.defaults;
  fresh.saved = fresh.defaults;
  const bool same_shape = old != nullptr && old->changeable.size() == fresh.current.size();
  fresh.changeable = same_shape ? old->changeable : with_header(code, std::vector<std::uint8_t>(body.size()));
  fresh.shown = old == nullptr || old->shown;
  insert(std::move(fresh));
  return true;
}

}  // namespace tgt
