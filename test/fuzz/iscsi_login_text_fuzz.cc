// SPDX-License-Identifier: Apache-2.0
// A login made of any bytes: headers and texts in turn. It ends within its limits, and never as a session that has not
// been asked for by an initiator who may.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "transport/iscsi/login_negotiation.h"

namespace {

class NoAccounts final : public tgt::IscsiAuthentication {
 public:
  bool required(const tgt::Target*) const override { return false; }
};

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

// Each request: flags, a byte that picks the length of the text, the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tgt::TargetRegistry targets;
  auto target = std::make_shared<tgt::Target>(1, "iqn.t", "iscsi", std::vector<tgt::Shard*>{});
  target->access().add_name("iqn.i");
  targets.add(target);
  tgt::IscsiTargetParametersStore parameters;
  const NoAccounts accounts;
  tgt::IscsiSessionTable sessions;
  tgt::LoginNegotiation login({targets, parameters, accounts, sessions}, *tgt::Endpoint::parse("192.0.2.1:5", 0));
  std::size_t at = 0;
  while (at + 2 <= size) {
    tgt::iscsi::LoginRequestHeader header;
    header.flags = data[at];
    const std::size_t length = std::min<std::size_t>(std::size_t{data[at + 1]} * 8, size - at - 2);
    const std::string_view text(reinterpret_cast<const char*>(data) + at + 2, length);
    at += 2 + length;
    const auto answer = login.answer(header, text);
    require(answer.text.size() <= 8192);
    if (answer.progress == tgt::LoginNegotiation::Progress::go_on) continue;
    if (answer.progress == tgt::LoginNegotiation::Progress::failed) {
      require(answer.header.status != 0 && !login.reason().empty());
      return 0;
    }
    require(answer.header.status == 0 && tgt::is_iscsi_name(login.initiator().name));
    require(login.target() == nullptr || login.initiator().name == "iqn.i");
    require(login.agreed().max_outstanding_r2t >= 1 && login.agreed().max_outstanding_r2t <= 16);
    require(login.agreed().max_burst_length >= 512 && login.agreed().first_burst_length >= 512);
    require(login.agreed().initiator_max_recv_data_segment_length >= 512);
    return 0;
  }
  return 0;
}
