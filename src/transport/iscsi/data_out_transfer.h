// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "transport/iscsi/pdu.h"

namespace tgt {

// What is wrong with data that an initiator sends for a command.
enum class DataOutFault : std::uint8_t {
  unexpected_unsolicited,  // not allowed by ImmediateData, InitialR2T or FirstBurstLength, or after the last one
  wrong_sequence_number,   // DataSN
  wrong_offset,
  too_much,       // beyond the R2T or the expected length
  missing_final,  // F is not set though nothing more may come
  early_final,    // F is set before the R2T is fulfilled
  unknown_tag,    // no R2T that is under way has this tag
};

// The Data-Out of one command (RFC 7143, 4.2.5.2, 11.7 and 11.8): immediate data, then an unsolicited burst, then what
// R2Ts ask for, in order. It counts and checks; the bytes themselves go where the owner puts them.
class DataOutTransfer {
 public:
  static constexpr std::size_t most_outstanding = 16;

  struct Terms {
    std::uint32_t expected_length = 0;
    std::uint32_t first_burst_length = 0;
    std::uint32_t max_burst_length = 0;
    std::uint32_t max_outstanding_r2t = 1;
    bool initial_r2t = true;
    bool immediate_data = true;
  };
  struct Range {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  struct ReadyToTransfer {
    std::uint32_t tag = 0;
    std::uint32_t sequence_number = 0;
    Range range{};
  };

  explicit DataOutTransfer(const Terms& terms) : terms_(terms) {}

  // The command itself: so much immediate data, and F, which when clear says that unsolicited Data-Outs follow.
  Result<void, DataOutFault> begin(std::uint32_t immediate_length, bool final);
  // A Data-Out PDU, before its data: where the data belongs.
  Result<Range, DataOutFault> accept(const iscsi::DataOutHeader& header);
  // The data of the PDU that was accepted last is there.
  void arrived(Range range);

  // The owner wants the first `length` bytes (not more than expected): R2Ts ask for what nobody sends by itself.
  void want(std::uint32_t length);
  // The next R2T to send, if one may be sent now. `tag` makes its tag.
  template <class MakeTag>
  std::optional<ReadyToTransfer> next_ready_to_transfer(MakeTag tag) {
    if (!may_ask()) return std::nullopt;
    return ask(tag());
  }

  bool may_ask() const;
  bool is_outstanding(std::uint32_t tag) const;

  bool has(std::uint32_t length) const { return received_ >= length; }
  // More unsolicited Data-Outs may still come.
  bool unsolicited_open() const { return unsolicited_open_; }
  // After a fault or an abort: nothing is asked for any more, and what comes unsolicited is only counted until F.
  void give_up();
  bool given_up() const { return given_up_; }
  // While given up: an unsolicited PDU has come.
  void pass_over(const iscsi::DataOutHeader& header);
  // The initiator has sent all that it may, whatever its F says.
  void end_unsolicited() { unsolicited_open_ = false; }

 private:
  struct Outstanding {
    std::uint32_t tag = 0;
    std::uint32_t next_data_sn = 0;
    Range range{};
    std::uint32_t received = 0;
  };
  Result<Range, DataOutFault> accept_unsolicited(const iscsi::DataOutHeader& header);
  Result<Range, DataOutFault> accept_solicited(const iscsi::DataOutHeader& header);
  ReadyToTransfer ask(std::uint32_t tag);
  std::uint32_t unsolicited_limit() const;

  Terms terms_;
  std::uint32_t received_ = 0;   // bytes from the start that are there, without a gap
  std::uint32_t announced_ = 0;  // bytes from the start that are there or in a PDU that was accepted
  std::uint32_t wanted_ = 0;
  std::uint32_t asked_ = 0;  // bytes from the start that need no further R2T
  bool unsolicited_open_ = false;
  bool given_up_ = false;
  std::uint32_t next_unsolicited_sn_ = 0;
  std::uint32_t next_r2t_sn_ = 0;
  // In order of asking, which is the order in which they are answered (DataSequenceInOrder=Yes).
  std::array<Outstanding, most_outstanding> outstanding_;
  std::size_t first_outstanding_ = 0;
  std::size_t outstanding_count_ = 0;
};

}  // namespace tgt
