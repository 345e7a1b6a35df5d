// SPDX-License-Identifier: Apache-2.0
// Any bytes on a connection, before or after a good login: the connection ends, and everything that it took is given
// back.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "reactor/simulated_reactor.h"
#include "transport/iscsi/connection.h"
#include "transport/iscsi/scratch_device.h"

namespace {

using namespace std::chrono_literals;

void require(bool condition) {
  if (!condition) std::abort();
}

class World final : public tgt::IscsiAuthentication {
 public:
  explicit World(std::uint64_t seed) : reactor_(tgt::SimulatedReactor::Options{.system = {.seed = seed}}) {
    const std::vector<tgt::Shard*> shards = {&reactor_.shard()};
    target_ = std::make_shared<tgt::Target>(1, "iqn.t", "iscsi", shards);
    target_->access().add_name("iqn.i");
    auto device = std::make_unique<tgt::ScratchDevice>(std::size_t{64} << 10);
    target_->map(tgt::Lun{0}, std::make_shared<tgt::LogicalUnit>(std::move(device), shards));
    targets_.add(target_);
  }
  bool required(const tgt::Target*) const override { return false; }

  void feed(std::vector<std::uint8_t> bytes) {
    const auto [ours, theirs] = reactor_.system().socket_pair();
    tgt::spawn(serve(tgt::Socket(reactor_.shard(), ours)));
    tgt::Socket peer(reactor_.shard(), theirs);
    tgt::spawn(swallow(peer));
    tgt::spawn(send(peer, std::move(bytes)));
    reactor_.settle();
    peer.shutdown();
    require(reactor_.run_until([this] { return users_ == 0; }));
    require(reactor_.shard().buffers().lent() == 0);
    require(target_->nexuses().empty());
    peer.close();
    require(reactor_.run(unmap()));
    require(reactor_.system().open_descriptors() == 0);
  }

 private:
  tgt::Task<void> serve(tgt::Socket socket) {
    ++users_;
    tgt::IscsiConnection connection(reactor_.shard(), std::move(socket), services_, {.login_time = 15s});
    co_await connection.run();
    --users_;
  }
  tgt::Task<void> swallow(tgt::Socket& peer) {
    ++users_;
    std::vector<std::uint8_t> piece(65536);
    for (;;) {
      const auto count = co_await peer.receive(tgt::MutableBytes(piece));
      if (!count || *count == 0) break;
    }
    --users_;
  }
  tgt::Task<void> send(tgt::Socket& peer, std::vector<std::uint8_t> bytes) {
    ++users_;
    std::array vectors{tgt::io_vector(tgt::Bytes(bytes))};
    static_cast<void>(co_await peer.send_all(vectors));
    --users_;
  }
  tgt::Task<void> unmap() {
    static_cast<void>(co_await target_->unmap(reactor_.shard(), tgt::Lun{0}, tgt::Target::WhenActive::abort_tasks));
  }

  tgt::SimulatedReactor reactor_;
  tgt::TargetRegistry targets_;
  std::shared_ptr<tgt::Target> target_;
  tgt::TaskManager task_manager_{tgt::TaskManager::Limits{}};
  tgt::IscsiTargetParametersStore parameters_;
  tgt::IscsiSessionTable sessions_;
  tgt::IscsiPortalList portals_;
  tgt::IscsiServices services_{targets_, task_manager_, parameters_, *this, sessions_, portals_, tgt::Log::silent()};
  unsigned users_ = 0;
};

std::vector<std::uint8_t> login(bool digests) {
  std::string text("InitiatorName=iqn.i\0TargetName=iqn.t\0InitialR2T=No\0", 51);
  if (digests) text.append("HeaderDigest=CRC32C\0DataDigest=CRC32C\0", 38);
  tgt::iscsi::LoginRequestHeader header;
  header.flags = 0x87;
  header.cmd_sn = 1;
  header.data_segment_length = static_cast<std::uint32_t>(text.size());
  const tgt::Bytes bytes = tgt::bytes_of(header);
  std::vector<std::uint8_t> request(bytes.begin(), bytes.end());
  text.resize((text.size() + 3) / 4 * 4);
  request.insert(request.end(), text.begin(), text.end());
  return request;
}

}  // namespace

// The first byte: what to do before the rest goes out as it is (bit 0: log in; bit 1: with digests), and the seed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  World world(data[0]);
  std::vector<std::uint8_t> stream;
  if ((data[0] & 1) != 0) stream = login((data[0] & 2) != 0);
  stream.insert(stream.end(), data + 1, data + size);
  world.feed(std::move(stream));
  return 0;
}
