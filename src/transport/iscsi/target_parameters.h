// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reactor/mutex.h"
#include "transport/iscsi/keys.h"

namespace tgt {

// How one target negotiates: the values of `tgtadm --op update --mode target --name KEY --value V`, and what is local
// to the target (keep-alive, command window, redirection).
class IscsiTargetParameters {
 public:
  struct KeepAlive {
    std::uint32_t interval_seconds = 0;  // 0: no NOP-In is ever sent
    std::uint32_t count = 0;             // so many unanswered ones close the connection
  };
  struct Redirection {
    std::string address;  // "192.0.2.1" or "[2001:db8::1]"; empty: none
    std::string port = "3260";
    bool permanent = false;
  };

  explicit IscsiTargetParameters(KeepAlive keep_alive) : keep_alive_(keep_alive) {}

  // The value that the target offers or allows for a numeric or boolean key (0 and 1).
  std::uint32_t value(KeyId key) const { return values_[static_cast<std::size_t>(key)]; }
  DigestChoice digest(KeyId key) const { return static_cast<DigestChoice>(value(key)); }
  std::uint32_t command_window() const { return command_window_; }
  // The longest data segment of a Data-In PDU, whatever the initiator could take.
  std::uint32_t max_xmit_data_segment_length() const { return max_xmit_data_segment_length_; }
  const KeepAlive& keep_alive() const { return keep_alive_; }
  const Redirection& redirection() const { return redirection_; }

  enum class SetResult : std::uint8_t { done, unknown_name, bad_value };
  // Names in any case. A value in the key's historic range that this target cannot do (ErrorRecoveryLevel=2,
  // MaxConnections=8, markers) is taken as the nearest that it can.
  SetResult set(std::string_view name, std::string_view value);

  // `name=value` lines as `tgtadm --op show --mode target --tid N` prints them, in its order.
  std::vector<std::string> list() const;

 private:
  SetResult set_key(const TextKey& key, std::string_view value);
  SetResult set_local(std::string_view name, std::string_view value);
  std::string text_of(const TextKey& key) const;

  std::array<std::uint32_t, key_count> values_ = default_key_values();
  KeepAlive keep_alive_;
  Redirection redirection_;
  std::uint32_t command_window_ = 128;
  std::uint32_t max_xmit_data_segment_length_ = 262144;
};

// The parameters of every target, by target name. New sessions take the values of the moment at which they log in.
// From any shard.
class IscsiTargetParametersStore {
 public:
  // What targets have that nobody configured.
  explicit IscsiTargetParametersStore(IscsiTargetParameters::KeepAlive keep_alive = {});

  std::shared_ptr<const IscsiTargetParameters> find(std::string_view target_name) const;
  IscsiTargetParameters::SetResult set(std::string_view target_name, std::string_view name, std::string_view value);
  void remove(std::string_view target_name);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const IscsiTargetParameters> defaults_;
  std::map<std::string, std::shared_ptr<const IscsiTargetParameters>, std::less<>> of_target_;
};

}  // namespace tgt
