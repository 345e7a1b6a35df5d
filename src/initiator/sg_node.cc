// SPDX-License-Identifier: Apache-2.0
#include "initiator/sg_node.h"

namespace tgt {

Result<void, IoError> SgNode::start(sg::Header& header) {
  const Bytes bytes{reinterpret_cast<const std::uint8_t*>(&header), sizeof header};
  auto written = file_.write(bytes);
  if (!written) return failure(written.error());
  return {};
}

Result<GenericNode::Finished, IoError> SgNode::finish() {
  Finished finished;
  auto taken = file_.read({reinterpret_cast<std::uint8_t*>(&finished.header), sizeof finished.header});
  if (!taken) return failure(taken.error());
  return finished;
}

Task<Result<void, IoError>> SgNode::wait() {
  auto ready = co_await file_.readable();
  if (!ready) co_return failure(ready.error());
  co_return Result<void, IoError>();
}

}  // namespace tgt
