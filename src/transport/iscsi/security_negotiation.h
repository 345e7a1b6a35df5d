// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tgt {

// The security stage of a login (RFC 7143, 12): which authentication method is agreed, and whether it is through.
// AuthMethod=None is through at once. A method with an exchange of its own takes its keys in take_key().
class SecurityNegotiation {
 public:
  enum class Verdict : std::uint8_t { go_on, refuse };

  // Whether the initiator must prove who it is; told before the first key.
  void require_authentication(bool required) { required_ = required; }

  // AuthMethod=<list>; appends the answer.
  Verdict take_method(std::string_view list, std::string& answer);
  // A key that belongs to the method agreed on. False: it belongs to none.
  bool take_key(std::string_view key, std::string_view value, std::string& answer);
  // May the login leave the security stage (or have skipped it)?
  bool satisfied() const { return !required_; }

 private:
  bool required_ = false;
  bool method_taken_ = false;
};

}  // namespace tgt
