// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/iscsi_command.h"

namespace tgt {

Task<bool> IscsiCommand::fetch_data_out(std::uint32_t length) {
  data_out_.want(length);
  awaited_ = length;
  if (waits_for_data()) {
    owner_.data_out_watch().begin(wait_, length);
    while (waits_for_data()) {
      owner_.ready_to_ask(*this);
      arrived_.reset();
      co_await arrived_.wait();
    }
    owner_.data_out_watch().end(wait_);
  }
  co_return !failure_ && !abandoned_;
}

void IscsiCommand::data_arrived(DataOutTransfer::Range range) {
  data_out_.arrived(range);
  if (waits_for_data()) return owner_.ready_to_ask(*this);
  arrived_.set();
}

void IscsiCommand::fail(const Sense& why) {
  if (failure_) return;
  failure_ = why;
  data_out_.give_up();
  arrived_.set();
}

void IscsiCommand::abandon_data_out() {
  abandoned_ = true;
  data_out_.give_up();
  arrived_.set();
}

void IscsiCommand::respond_from_reply() {
  if (failure_) return respond_with(Status::check_condition, failure_);
  response_.status = reply().status;
  response_.residual = residual();
  response_.data = Bytes(reply().data.data(), reply().data_length);
  response_.sense = reply().sense_data.bytes();
}

void IscsiCommand::respond_with(Status status, const std::optional<Sense>& sense) {
  response_ = {.status = status};
  // Nothing of what the initiator expected has been moved as far as it is to know.
  const std::uint32_t expected = request().expected_data_in.bytes + request().expected_data_out.bytes;
  if (expected != 0) response_.residual = {.kind = Residual::Kind::underflow, .bytes = expected};
  if (!sense) return;
  own_sense_ = SenseData::encode(*sense, SenseData::Format::fixed);
  response_.sense = own_sense_.bytes();
}

}  // namespace tgt
