// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/token_list.h"

#include <algorithm>

namespace tgt {

Task<Result<TokenList, Sense>> TokenList::take(Command& command, std::size_t header_length) {
  constexpr std::uint64_t longest = sizeof(be16) + 0xffff;  // what the list's own length field can say
  const auto list = co_await command.parameter_list(std::min(command[parameter_list_length], longest));
  if (!list) co_return failure(list.error());
  if (list->size() < header_length) co_return failure(Sense::parameter_list_length_error());
  const std::size_t length = std::size_t{*read_wire<be16>(*list)} + sizeof(be16);
  if (length < header_length) co_return failure(Sense::invalid_field_in_parameter_list(0));
  if (length > list->size()) co_return failure(Sense::parameter_list_length_error());
  co_return TokenList(*list, header_length);
}

}  // namespace tgt
