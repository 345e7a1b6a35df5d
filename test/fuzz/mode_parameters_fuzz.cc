// SPDX-License-Identifier: Apache-2.0
// Any mode parameter list: what MODE SELECT takes changes nothing but what may be changed, and what it refuses changes
// nothing at all.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "device/disk/disk.h"
#include "device/primary/device_bench.h"
#include "store/memory_store.h"

namespace {

using Pages = std::vector<std::vector<std::uint8_t>>;

void require(bool condition) {
  if (!condition) std::abort();
}

Pages pages_of(const tgt::Disk& disk, tgt::mode::PageControl control) {
  Pages pages;
  for (const auto code : disk.mode_pages().matching({tgt::mode::every_page, tgt::mode::every_subpage})) {
    pages.push_back(disk.mode_pages().read(code, control));
  }
  return pages;
}

void require_only_changeable(const Pages& before, const Pages& after, const Pages& changeable) {
  require(before.size() == after.size());
  for (std::size_t page = 0; page < before.size(); ++page) {
    for (std::size_t byte = 2; byte < before[page].size(); ++byte) {
      require(((before[page][byte] ^ after[page][byte]) & ~changeable[page][byte]) == 0);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  auto store = tgt::MemoryStore::open(1 << 16);
  require(store.has_value());
  auto made = tgt::Disk::make(std::move(*store), {});
  require(made.has_value());
  const tgt::Disk& disk = **made;
  tgt::DeviceBench bench(std::move(*made));
  const std::vector<std::uint8_t> list(data + 2, data + size);
  const auto high = static_cast<std::uint8_t>(list.size() >> 8);
  const auto low = static_cast<std::uint8_t>(list.size());
  const bool ten = (data[0] & 1) != 0;
  const std::vector<std::uint8_t> cdb = ten ? std::vector<std::uint8_t>{0x55, data[1], 0, 0, 0, 0, 0, high, low, 0}
                                            : std::vector<std::uint8_t>{0x15, data[1], 0, 0, low, 0};
  const Pages before = pages_of(disk, tgt::mode::PageControl::current);
  const auto answer = bench.send(cdb, list);
  require(answer.answered);
  const Pages after = pages_of(disk, tgt::mode::PageControl::current);
  require_only_changeable(before, after, pages_of(disk, tgt::mode::PageControl::changeable));
  require(answer.status == tgt::Status::good || before == after);
  require(pages_of(disk, tgt::mode::PageControl::defaults) == before);
  return 0;
}
