// SPDX-License-Identifier: Apache-2.0
#include "store/store_options.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "store/cow_store.h"
#include "store/delay_store.h"
#include "store/read_only_store.h"

namespace tgt {
namespace {

using Outcome = Result<void, std::string>;

Outcome not_a(std::string_view name, std::string_view value, std::string_view what) {
  return failure(fmt::format("{}={}: {}", printable(name), printable(value), what));
}

Outcome read_size(std::string_view name, std::string_view value, std::uint64_t& to) {
  const auto size = parse_size(value);
  if (!size) return not_a(name, value, "not a size; write bytes, or a number with K, M, G or T");
  to = *size;
  return {};
}

Outcome read_switch(std::string_view name, std::string_view value, bool& to) {
  if (value != "0" && value != "1") return not_a(name, value, "it is 0 or 1");
  to = value == "1";
  return {};
}

Outcome read_error_kind(std::string_view name, std::string_view value, ErrorStore::Script& script) {
  if (value == "eio") {
    script.fault = IoFault::Kind::medium;
  } else if (value == "enospc") {
    script.fault = IoFault::Kind::no_space;
  } else {
    return not_a(name, value, "there are eio and enospc");
  }
  return {};
}

Outcome read_error_on(std::string_view name, std::string_view value, ErrorStore::Script& script) {
  if (value == "read") {
    script.on = ErrorStore::On::reads;
  } else if (value == "write") {
    script.on = ErrorStore::On::writes;
  } else {
    return not_a(name, value, "there are read and write");
  }
  return {};
}

Outcome read_delay(std::string_view name, std::string_view value, std::optional<Duration>& to) {
  constexpr unsigned longest = 3600'000;
  const auto count = parse_decimal(value);
  if (!count || *count > longest) return not_a(name, value, "it is a number of milliseconds, at most an hour");
  to = std::chrono::milliseconds(*count);
  return {};
}

// One name=value. `script` is in use once error= is there.
Outcome apply(StoreOptions& options, ErrorStore::Script& script, std::string_view name, std::string_view value) {
  if (name == "size") return read_size(name, value, options.size.emplace());
  if (name == "readonly") return read_switch(name, value, options.read_only);
  if (name == "shared") return read_switch(name, value, options.shared);
  if (name == "cow") return read_size(name, value, options.copy_on_write.emplace());
  if (name == "delay") return read_delay(name, value, options.delay);
  if (name == "error_on") return read_error_on(name, value, script);
  if (name == "error_after") return read_size(name, value, script.after);
  if (name == "error_at") return read_size(name, value, script.from);
  if (name == "error_length") return read_size(name, value, script.length);
  if (name != "error") return not_a(name, value, "there is no such option of a store");
  return read_error_kind(name, value, script);
}

}  // namespace

Result<StoreOptions, std::string> StoreOptions::parse(std::string_view text) {
  StoreOptions options;
  ErrorStore::Script script;
  bool fails = false;
  bool says_how = false;
  for (const std::string_view item : split(text, ';')) {
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1);
    if (const auto applied = apply(options, script, name, value); !applied) return failure(applied.error());
    fails = fails || name == "error";
    says_how = says_how || name.starts_with("error_");
  }
  if (says_how && !fails)
    return failure(std::string("error_...= says how error= fails: say error=eio or error=enospc"));
  if (fails) options.error = script;
  return options;
}

std::unique_ptr<BlockStore> StoreOptions::filtered(std::unique_ptr<BlockStore> store) const {
  if (copy_on_write) store = std::make_unique<CowStore>(std::move(store), *copy_on_write);
  if (error) store = std::make_unique<ErrorStore>(std::move(store), *error);
  if (delay) store = std::make_unique<DelayStore>(std::move(store), *delay);
  if (read_only) store = std::make_unique<ReadOnlyStore>(std::move(store));
  return store;
}

}  // namespace tgt
