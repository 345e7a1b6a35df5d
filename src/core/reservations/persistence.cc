// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/persistence.h"

#include <array>
#include <string_view>

#include "base/big_endian.h"
#include "base/seal.h"

namespace tgt {
namespace {

constexpr std::string_view first_line = "tgt reservations 1\n";

class Writer {
 public:
  template <WireStruct T>
  void put(const T& value) {
    put_bytes(bytes_of(value));
  }
  void put_bytes(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void put_text(std::string_view text) {
    put(be16(static_cast<std::uint16_t>(text.size())));
    put_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  Bytes bytes() const { return out_; }

 private:
  std::vector<std::uint8_t> out_;
};

// Reads until something is missing; from then on everything reads as zero and whole() is false.
class Reader {
 public:
  explicit Reader(Bytes from) : from_(from) {}
  template <WireStruct T>
  T get() {
    const auto value = read_wire<T>(take(sizeof(T)));
    return value.value_or(T{});
  }
  std::string get_text() {
    const Bytes text = take(get<be16>());
    return {text.begin(), text.end()};
  }
  bool whole() const { return whole_; }
  bool at_end() const { return from_.empty(); }

 private:
  Bytes take(std::size_t length) {
    if (length > from_.size()) {
      whole_ = false;
      from_ = {};
      return {};
    }
    const Bytes taken = from_.first(length);
    from_ = from_.subspan(length);
    return taken;
  }
  Bytes from_;
  bool whole_ = true;
};

void put(Writer& out, const NexusIdentity& nexus) {
  out.put_text(nexus.initiator.name);
  out.put(nexus.initiator.isid);
  out.put_text(nexus.target);
  out.put(be16(nexus.relative_target_port));
}

NexusIdentity get_nexus(Reader& in) {
  NexusIdentity nexus;
  nexus.initiator.name = in.get_text();
  nexus.initiator.isid = in.get<std::array<std::uint8_t, 6>>();
  nexus.target = in.get_text();
  nexus.relative_target_port = in.get<be16>();
  return nexus;
}

}  // namespace

std::vector<std::uint8_t> encode_persistent_state(const PersistentState& state) {
  Writer out;
  out.put(std::uint8_t{state.activate_persist_through_power_loss});
  out.put(be32(static_cast<std::uint32_t>(state.registrations.size())));
  for (const Registration& one : state.registrations) {
    out.put(be64(one.key));
    out.put(std::uint8_t{one.all_target_ports});
    put(out, one.nexus);
  }
  out.put(static_cast<std::uint8_t>(state.reservation ? static_cast<unsigned>(state.reservation->type) : 0u));
  if (state.reservation) put(out, state.reservation->holder);
  return seal(first_line, out.bytes());
}

std::optional<PersistentState> decode_persistent_state(Bytes blob) {
  const auto content = unseal(first_line, blob);
  if (!content) return std::nullopt;
  Reader in(*content);
  PersistentState state;
  state.activate_persist_through_power_loss = in.get<std::uint8_t>() != 0;
  const std::uint32_t count = in.get<be32>();
  if (count > PersistentState::most_registrations) return std::nullopt;
  for (std::uint32_t i = 0; i < count && in.whole(); ++i) {
    Registration one;
    one.key = in.get<be64>();
    one.all_target_ports = in.get<std::uint8_t>() != 0;
    one.nexus = get_nexus(in);
    state.registrations.push_back(std::move(one));
  }
  const std::uint8_t type = in.get<std::uint8_t>();
  if (type != 0) {
    const auto known = reservation_type(type);
    if (!known) return std::nullopt;
    state.reservation = Reservation{.type = *known, .holder = get_nexus(in)};
  }
  if (!in.whole() || !in.at_end()) return std::nullopt;
  const bool held = !state.reservation ||
                    (is_all_registrants(state.reservation->type) ? !state.registrations.empty()
                                                                 : state.find(state.reservation->holder) != nullptr);
  if (!held) return std::nullopt;
  return state;
}

}  // namespace tgt
