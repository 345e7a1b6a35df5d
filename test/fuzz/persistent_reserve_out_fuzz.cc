// SPDX-License-Identifier: Apache-2.0
// Any sequence of PERSISTENT RESERVE OUT commands from four nexuses, parameter lists and all: after each of them the
// state is one that can be, and it survives being written down.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/reservations/parameter_list.h"
#include "core/reservations/persistence.h"
#include "core/reservations/persistent_change.h"

namespace {

using namespace tgt;

void require(bool condition) {
  if (!condition) std::abort();
}

// Takes bytes from the front; when there are no more, zeros.
struct Input {
  Bytes left;
  std::uint8_t byte() {
    if (left.empty()) return 0;
    const std::uint8_t value = left.front();
    left = left.subspan(1);
    return value;
  }
  Bytes bytes(std::size_t count) {
    const Bytes taken = left.first(std::min(count, left.size()));
    left = left.subspan(taken.size());
    return taken;
  }
};

NexusIdentity nexus(std::uint8_t which) {
  return {.initiator = {.name = (which & 1) != 0 ? "iqn.2026-01.a:b" : "iqn.2026-01.a:a", .isid = {0x80}},
          .target = "iqn.2026-01.a:t",
          .relative_target_port = static_cast<std::uint16_t>(1 + (which >> 1 & 1))};
}

void check(const PersistentState& state) {
  for (const Registration& one : state.registrations) {
    require(one.key != 0);
    require(std::ranges::count_if(state.registrations,
                                  [&](const Registration& other) { return other.is_of(one.nexus); }) == 1);
  }
  if (state.reservation) {
    require(is_all_registrants(state.reservation->type) ? !state.registrations.empty()
                                                        : state.find(state.reservation->holder) != nullptr);
  }
  const auto blob = encode_persistent_state(state);
  const auto again = decode_persistent_state(blob);
  PersistentState expected = state;
  expected.generation = 0;
  require(again.has_value() && *again == expected);
  for (const std::size_t length : {blob.size() - 1, blob.size() / 2}) {
    require(!decode_persistent_state(Bytes(blob).first(length)));
  }
}

// The holder of a reservation of all registrants means nothing.
void forget_meaningless_holder(PersistentState& state) {
  if (state.reservation && is_all_registrants(state.reservation->type)) state.reservation->holder = {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{Bytes(data, size)};
  PersistentState state;
  while (!input.left.empty()) {
    const std::uint8_t head = input.byte();
    PersistentReserveOutRequest request;
    request.action = static_cast<PersistentReserveOutAction>(head & 7);
    request.nexus = nexus(static_cast<std::uint8_t>(head >> 3));
    request.type = reservation_type(input.byte() & 0xf).value_or(ReservationType::write_exclusive);
    const Bytes list = input.bytes(input.byte());
    PersistentReserveOutList::KnownPorts known{nexus(0), nexus(1), nexus(2), nexus(3)};
    const auto decoded = PersistentReserveOutList::decode(list, request, known);
    if (!decoded) continue;
    const auto change = persistent_change(state, *decoded);
    if (!change) continue;
    state = change->after;
    forget_meaningless_holder(state);
    check(state);
  }
  decode_persistent_state(Bytes(data, size));
  return 0;
}
