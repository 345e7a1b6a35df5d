// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/command_line.h"

#include <string_view>
#include <utility>

#include "cli/tgtadm/legacy_forms.h"
#include "cli/tgtadm/operation_rules.h"
#include "control/protocol.h"

namespace tgt {
namespace {

// The text of a request: name=value items joined by commas, in the order that daemons of the field expect. Nothing is
// escaped, so the password stands last: it alone may hold commas.
class RequestText {
 public:
  void add(std::string_view name, const std::optional<std::string>& value) {
    if (!value) return;
    if (!text_.empty()) text_ += ',';
    text_.append(name).append("=").append(*value);
  }

  void add_params(std::string_view keyword, const std::optional<std::string>& params) {
    if (!params) return;
    if (!text_.empty()) text_ += ',';
    text_.append(keyword).append(" ").append(*params).append(",");
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string text_for(const Options& options) {
  RequestText text;
  if (options.name) text.add(*options.name, options.value.value_or(""));
  text.add("path", options.backing_store);
  // A tape has one kind of store, whatever was asked for.
  const bool tape = options.device_type == LogicalUnitKind::tape;
  text.add("bstype", tape ? std::optional<std::string>("ssc") : options.store_type);
  text.add("bsopts", options.store_options);
  text.add("bsoflags", options.store_flags);
  text.add("blocksize", options.block_size);
  text.add("targetname", options.target_name);
  text.add("iotype", options.iotype);
  text.add("initiator-address", options.initiator_address);
  text.add("initiator-name", options.initiator_name);
  text.add("user", options.user);
  text.add("password", options.password);
  text.add_params(options.mode == ManagementMode::portal ? "portalOps" : "targetOps", options.params);
  return text.take();
}

ManagementRequest request_for(const Options& options) {
  ManagementRequest request;
  request.mode = *options.mode;
  request.operation = *options.operation;
  request.driver = options.driver;
  request.target_id = options.target_id;
  request.session_id = options.session_id;
  request.logical_unit_number = options.lun;
  request.connection_id = options.connection_id;
  request.host_number = options.host_number;
  request.device_type = static_cast<std::uint32_t>(options.device_type.value_or(LogicalUnitKind::disk));
  request.outgoing = options.outgoing;
  request.force = options.force;
  request.text = text_for(options);
  return request;
}

}  // namespace

Result<Command, UsageFault> parse_command_line(std::span<const std::string> arguments, const HostLookup& find_host) {
  auto options = parse_options(arguments, find_host);
  if (!options) return failure(options.error());
  if (options->help) return ShowHelp{};
  if (options->version) return ShowVersion{};
  if (!options->operation) return failure(usage_fault("specify the operation type"));
  if (!options->mode) return failure(usage_fault("specify the mode"));
  if (auto fault = modernize(*options)) return failure(*fault);
  if (auto fault = check_operation(*options)) return failure(*fault);
  SendRequest send{request_for(*options), options->control_port, options->debug};
  if (send.request.text.size() >= max_request_text) return failure(usage_fault("the request is too long"));
  return send;
}

}  // namespace tgt
