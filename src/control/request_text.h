// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tgt {

struct Parameter {
  std::string name;
  std::string value;

  bool operator==(const Parameter&) const = default;
};

// The text of a request has three forms; which one follows from mode and operation. All three take any bytes.

// `path=/a,bstype=rdwr,user=u`: fields of the names that clients send. Nothing in the text is escaped, so a comma ends
// a field only where the next field begins, and a password runs to the end: commas in paths and passwords survive.
// What stands before the first field is skipped; given twice, the last one counts.
class RequestFields {
 public:
  explicit RequestFields(std::string_view text);

  std::optional<std::string> find(std::string_view name) const;

 private:
  std::vector<Parameter> fields_;
};

// `HeaderDigest=CRC32C,None`: one assignment that is the whole text. Nothing without a '=' or a name.
std::optional<Parameter> parse_assignment(std::string_view text);

// `targetOps scsi_id=a,,readonly=1,`: after a keyword, items separated by commas, of which empty ones do not count. An
// item without '=' is a name with an empty value. No items when the keyword is missing.
std::vector<Parameter> parse_parameters(std::string_view text, std::string_view keyword);

}  // namespace tgt
