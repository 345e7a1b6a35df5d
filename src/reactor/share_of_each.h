// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <vector>

namespace tgt {

// Lets at most so many requests of each open file begin; the others wait for those of the same file, in order. What
// serves all files at once (threads, a ring's workers) is shared out by it: a store that hangs keeps its share and
// nothing else. `List` holds the requests that wait. Not for several threads at once.
template <class Request, class List>
class ShareOfEach {
 public:
  // A file is known by its descriptor; -1 is what belongs to none. True: the request may begin. False: it waits.
  bool admit(int descriptor, unsigned most, Request& request) {
    const std::size_t index = index_of(descriptor);
    if (index >= shares_.size()) shares_.resize(index + index / 2 + 16);
    Share& share = shares_[index];
    if (share.begun < most) {
      ++share.begun;
      return true;
    }
    share.waiting.append(request);
    return false;
  }
  // One that had begun is no more. The request that begins in its place, if one waited.
  Request* leave(int descriptor) {
    Share& share = shares_[index_of(descriptor)];
    Request* next = share.waiting.take_first();
    if (next == nullptr) --share.begun;
    return next;
  }
  // Those of this file that wait; nothing where it is not known.
  List* waiting(int descriptor) {
    const std::size_t index = index_of(descriptor);
    return index < shares_.size() ? &shares_[index].waiting : nullptr;
  }

 private:
  struct Share {
    List waiting;
    unsigned begun = 0;
  };
  static std::size_t index_of(int descriptor) { return static_cast<std::size_t>(descriptor) + 1; }

  std::vector<Share> shares_;
};

}  // namespace tgt
