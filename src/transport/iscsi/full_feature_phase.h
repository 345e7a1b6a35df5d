// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/nexus.h"
#include "core/target.h"
#include "reactor/event.h"
#include "reactor/gate.h"
#include "reactor/socket.h"
#include "reactor/timer.h"
#include "transport/iscsi/command_pool.h"
#include "transport/iscsi/command_request.h"
#include "transport/iscsi/command_window.h"
#include "transport/iscsi/data_out_watch.h"
#include "transport/iscsi/keep_alive.h"
#include "transport/iscsi/login_negotiation.h"
#include "transport/iscsi/pdu_reader.h"
#include "transport/iscsi/pdu_sender.h"
#include "transport/iscsi/services.h"
#include "transport/iscsi/text_exchange.h"

namespace tgt {

// A connection after its login (RFC 7143, 4.2 and 11): reads requests, runs commands in the order of their CmdSN, sends
// what they answer. Made before the session is opened in core, which may end it at any time from then on.
//
// What comes from the initiator is bounded: commands by the window, immediate requests by number, answers that it does
// not read by pausing to read what it sends, data by the nexus's share of the shard's buffers (then it is TASK SET
// FULL).
class FullFeaturePhase final : public Session,
                               private IscsiCommandOwner,
                               private PduSender::Owner,
                               private KeepAlive::Owner,
                               private DataOutWatch::Owner {
 public:
  FullFeaturePhase(Shard& shard, Socket& socket, const IscsiServices& services, const LoginNegotiation& login);
  FullFeaturePhase(const FullFeaturePhase&) = delete;
  FullFeaturePhase& operator=(const FullFeaturePhase&) = delete;
  ~FullFeaturePhase() = default;

  // Of a normal session, once core has opened it.
  void set_nexus(std::shared_ptr<Nexus> nexus) { nexus_ = std::move(nexus); }
  bool is_normal_session() const { return target_ != nullptr; }

  // Serves the connection until it ends, gives the nexus back, and returns when nothing is left under way.
  Task<void> run();

  void end(SessionEnd reason) override;
  // Why the connection ended, for the log.
  std::string_view reason() const { return reason_; }

 private:
  // A request that has come before those with lower CmdSNs.
  struct Held {
    std::uint32_t cmd_sn = 0;
    IscsiCommand* command = nullptr;  // or, without one, a request; or nothing, for what was aborted before it came
    bool aborted = false;
    iscsi::BasicHeader header{};
    std::vector<std::uint8_t> data{};
  };
  // What the data segment that is being received belongs to.
  struct Receiving {
    enum class What : std::uint8_t { nothing, command, data_out, request };
    What what = What::nothing;
    IscsiCommand* command = nullptr;  // held
    DataOutTransfer::Range range{};
    bool discarded = false;
  };

  // --- full_feature_phase.cc: the stream
  Task<void> read_pdus();
  bool process_received();
  bool take_header();
  bool take_complete();
  bool at_command_or_data() const;
  bool must_pause() const;
  Task<void> finish();
  void close(std::string_view why);
  void close_when_sent(std::string_view why);
  void sent(Outgoing& outgoing) override;
  void drained() override;
  void connection_lost() override { close("nothing can be sent"); }
  void queue_small(std::unique_ptr<SmallPdu> pdu);

  // --- full_feature_commands.cc: SCSI commands and their data
  bool begin_command();
  IscsiCommand& make_command(const CommandRequest& parsed, const iscsi::ScsiCommandHeader& header);
  void check_arrival(IscsiCommand& command, const CommandRequest& parsed, const iscsi::ScsiCommandHeader& header);
  void provide_buffer(IscsiCommand& command);
  bool finish_command_pdu();
  bool take_its_turn(IscsiCommand& command);
  void start(IscsiCommand& command);
  Task<void> execute(IscsiCommand& command, Gate::Pass pass);
  void has_executed(IscsiCommand& command);
  void fall_silent(IscsiCommand& command);
  void conclude(IscsiCommand& command);
  void drop(IscsiCommand& command);
  void expect_unwanted_burst(std::uint32_t task_tag);
  void command_sent(IscsiCommand& command);
  bool begin_data_out();
  IscsiCommand* find_data_out_command(const iscsi::DataOutHeader& header);
  bool is_late(const iscsi::DataOutHeader& header);
  void place_data_out(IscsiCommand& command, const iscsi::DataOutHeader& header);
  bool finish_data_out();
  void ready_to_ask(IscsiCommand& command) override;
  DataOutWatch& data_out_watch() override { return data_out_watch_; }
  // When the initiator takes no answers that is the sender's affair.
  bool reads_nothing() const override { return lost_ || must_pause(); }
  std::uint64_t taken() const override { return socket_.taken(); }
  void data_out_stays_away() override { close("the initiator does not send the data that it was asked for"); }

  // --- full_feature_requests.cc: everything else
  bool begin_request();
  bool finish_request();
  bool perform(const iscsi::BasicHeader& header, std::vector<std::uint8_t>& data);
  void answer_ping(const iscsi::BasicHeader& header, std::vector<std::uint8_t>& data);
  void answer_text(const iscsi::BasicHeader& header, Bytes data);
  void begin_logout(const iscsi::BasicHeader& header);
  Task<void> log_out(iscsi::LogoutRequestHeader request, Gate::Pass pass);
  void answer_logout(const iscsi::LogoutRequestHeader& request, std::uint8_t response);
  void begin_task_management(const iscsi::BasicHeader& header);
  Task<void> manage_tasks(iscsi::TaskManagementRequestHeader header, Gate::Pass pass);
  TaskManagementResponse abort_before_arrival(const iscsi::TaskManagementRequestHeader& header);
  bool end_outside_task_sets(const iscsi::TaskManagementRequestHeader& header);
  void reject(const iscsi::BasicHeader& header, iscsi::RejectReason reason);
  bool fatal(const iscsi::BasicHeader& header, iscsi::RejectReason reason, std::string_view why);
  void send_ping(std::uint32_t tag) override;
  void peer_is_dead() override { close("no answer to NOP-In"); }

  // --- the command window
  bool is_held(std::uint32_t cmd_sn) const;
  std::size_t held_data() const;
  bool take_in_order();  // the expected one has been dealt with; now those that waited for it

  Shard& shard_;
  Socket& socket_;
  const IscsiServices& services_;
  std::shared_ptr<Target> target_;  // null: a discovery session
  std::shared_ptr<const IscsiTargetParameters> target_parameters_;
  IscsiSessionParameters parameters_;
  std::uint16_t connection_id_;
  std::shared_ptr<Nexus> nexus_;

  Gate gate_;
  CommandPool commands_;
  CommandWindow window_;
  PduReader reader_;
  PduSender sender_;
  TextExchange text_;
  KeepAlive keep_alive_;
  DataOutWatch data_out_watch_;

  Receiving receiving_;
  std::vector<std::uint8_t> request_data_;
  std::vector<Held> held_;
  std::vector<IscsiCommand*> unsolicited_;      // commands whose unsolicited burst is not over
  std::vector<std::uint32_t> unwanted_bursts_;  // task tags of aborted commands whose bursts are not over, oldest first
  unsigned immediate_commands_ = 0;
  unsigned task_managements_ = 0;
  std::size_t data_in_bytes_ = 0;  // of responses that wait to be sent
  std::size_t small_pdus_ = 0;
  std::size_t small_bytes_ = 0;
  Event may_read_;

  static void close_now(void* self);
  Timer close_timer_;
  bool logging_out_ = false;  // nothing is read any more
  bool closing_when_sent_ = false;
  bool lost_ = false;
  bool running_ = false;
  std::optional<SessionEnd> end_before_run_{};  // asked for while the login's last answer was on its way
  std::string_view reason_ = "closed by the initiator";
};

}  // namespace tgt
