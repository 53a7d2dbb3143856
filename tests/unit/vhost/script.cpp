// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/vhost/script.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "testbench/vhost/vhost_message.h"
#include "testbench/vhost/vhost_session.h"
#include "tests/unit/vhost/fake_target.h"
#include "tests/unit/vhost/file_descriptors.h"
#include "tests/unit/vhost/front_end.h"
#include "tests/unit/vhost/poll_loop.h"

namespace ringside::test {
namespace {

constexpr std::size_t kSizeA = 2 << 20, kSizeB = 64 << 10;

/// Descriptors to hand over, made once: a fuzzer runs thousands of scripts a second.
struct Pool {
  Pool() {
    ends = {Ends::pipe(), Ends::sockets()};
    for (std::size_t i = 0; i < 5; ++i) fds[i] = make_event();
    at(VhostFd::kMemoryA) = make_memory(kSizeA);
    at(VhostFd::kMemoryB) = make_memory(kSizeB);
    at(VhostFd::kFullEvent) = make_full_event();
    at(VhostFd::kEpoll) = tb::OwnedFd(::epoll_create1(EPOLL_CLOEXEC));
    at(VhostFd::kReadOnlyMemory) = reopen_read_only(at(VhostFd::kMemoryA));
    at(VhostFd::kDevice) = tb::OwnedFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    at(VhostFd::kTinyMemory) = make_memory(16);
    at(VhostFd::kSparseMemory) = make_memory(std::size_t{1} << 40);
  }
  tb::OwnedFd& at(VhostFd kind) { return fds[static_cast<std::size_t>(kind)]; }
  int number(VhostFd kind, const FrontEnd& peer) {
    switch (kind) {
      case VhostFd::kPipe:
        return ends[0].second.get();
      case VhostFd::kSocket:
        return ends[1].first.get();
      case VhostFd::kOwnSocket:
        return peer.fd();
      default:
        return at(kind).get();
    }
  }
  /// As new.
  void restore() {
    for (std::size_t i = 0; i < 5; ++i) events(fds[i]);
    bool whole = ::ftruncate(at(VhostFd::kMemoryA).get(), kSizeA) == 0;
    whole = ::ftruncate(at(VhostFd::kMemoryB).get(), kSizeB) == 0 && whole;
    if (!whole) std::abort();
  }
  std::array<tb::OwnedFd, 16> fds;
  std::array<Ends, 2> ends;
};

class Player {
 public:
  Player(Pool& pool, std::span<const uint8_t> script) : pool_(pool), script_(script) {}

  std::string play() {
    while (!script_.empty() && wrong_.empty()) {
      step(static_cast<VhostStep>(byte() % static_cast<unsigned>(VhostStep::kCount)));
      settle();
    }
    batch_ = false;
    settle();
    check_last();
    if (wrong_.empty() && !target_.wrongs.empty()) wrong_ = target_.wrongs.front();
    return wrong_;
  }

 private:
  uint8_t byte() {
    if (script_.empty()) return 0;
    const uint8_t value = script_.front();
    script_ = script_.subspan(1);
    return value;
  }
  uint64_t number(unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= uint64_t{byte()} << (8 * i);
    return value;
  }
  Bytes bytes(std::size_t count) {
    count = std::min(count, script_.size());
    Bytes result(count);
    if (count != 0) std::memcpy(result.data(), script_.data(), count);
    script_ = script_.subspan(count);
    return result;
  }
  void expect(bool holds, const char* what) {
    if (!holds && wrong_.empty()) wrong_ = what;
  }

  /// A front end is there, a new one if the last went.
  FrontEnd& peer() {
    if (peer_ != nullptr) return *peer_;
    Ends ends = Ends::sockets();
    ::fcntl(ends.first.get(), F_SETFL, O_NONBLOCK);
    peer_ = std::make_unique<FrontEnd>(std::move(ends.second));
    session_ = std::make_unique<tb::VhostSession>(
        std::move(ends.first), target_, loop_, [this](const std::string& reason) { end(reason); });
    return *peer_;
  }
  void end(const std::string& reason) {
    expect(session_ != nullptr, "a front end ended twice");
    expect(!reason.empty() && reason.size() < 300 && reason.find('\n') == std::string::npos,
           "the reason is no line");
    session_.reset();
    peer_.reset();
    expect(target_.peer == nullptr && target_.memory.empty(), "the card was not detached");
    expect(loop_.watched() == 0, "a descriptor is still watched");
  }
  void settle() {
    if (!batch_) expect(loop_.drain(), "the session spins");
  }
  void leave() {
    if (peer_ == nullptr) return;
    peer_->close();
    expect(loop_.drain() && session_ == nullptr, "a front end that left is not forgotten");
  }

  void send(const Bytes& all, std::vector<int> descriptors) {
    if (!slow_) {
      peer().send_bytes(all, descriptors);
      return;
    }
    for (const std::byte& one : all) {
      if (peer_ == nullptr) return;
      peer_->send_bytes(std::span(&one, 1), descriptors);
      descriptors.clear();
      settle();
    }
  }
  std::vector<int> descriptors() {
    const uint8_t operand = byte();
    return std::vector<int>(operand & 15U,
                            pool_.number(static_cast<VhostFd>(operand >> 4), peer()));
  }

  void step(VhostStep what) {
    switch (what) {
      case VhostStep::kMessage: {
        const uint32_t request = byte();
        const uint32_t flags = byte();
        const auto files = descriptors();
        const auto size = static_cast<uint32_t>(number(2));
        Bytes all = bytes_of(tb::VhostHeader{request, flags, size});
        const Bytes payload = bytes(size);
        all.insert(all.end(), payload.begin(), payload.end());
        all.resize(sizeof(tb::VhostHeader) + size);
        send(all, files);
        break;
      }
      case VhostStep::kHeader: {
        const tb::VhostHeader header{static_cast<uint32_t>(number(4)),
                                     static_cast<uint32_t>(number(4)),
                                     static_cast<uint32_t>(number(4))};
        send(bytes_of(header), descriptors());
        break;
      }
      case VhostStep::kBytes: {
        const uint8_t count = byte();
        const auto files = descriptors();
        const Bytes all = bytes(count);
        if (!all.empty()) send(all, files);
        break;
      }
      case VhostStep::kKick:
        signal(pool_.fds[byte() % 5]);
        break;
      case VhostStep::kTruncate: {
        const VhostFd file = byte() % 2 == 0 ? VhostFd::kMemoryA : VhostFd::kMemoryB;
        expect(::ftruncate(pool_.at(file).get(), off_t{byte()} << 12) == 0, "ftruncate");
        break;
      }
      case VhostStep::kRead:
        peer().receive();
        break;
      case VhostStep::kLeave:
        leave();
        break;
      case VhostStep::kTarget: {
        const uint8_t operand = byte();
        constexpr const char* kRefusals[] = {"", "", "", "", "", "memory", "features", "start"};
        target_.echo = (operand & 1) != 0;
        target_.break_on_kick = (operand & 6) == 6;
        target_.refuse = kRefusals[operand >> 5];
        break;
      }
      case VhostStep::kSlow:
        slow_ = !slow_;
        break;
      case VhostStep::kBatch:
        batch_ = !batch_;
        break;
      case VhostStep::kHalf:
        ::shutdown(peer().fd(), SHUT_WR);
        break;
      default:
        decode();
    }
  }

  void decode() {
    tb::VhostHeader header{};
    Bytes first = bytes(sizeof(header));
    first.resize(sizeof(header));
    std::memcpy(&header, first.data(), sizeof(header));
    const std::size_t count = byte();
    const Bytes payload = bytes(std::min<std::size_t>(header.size, 4096));
    tb::VhostMessage message;
    const Status status = tb::decode_vhost_message(header, payload, count, message);
    if (!status.ok()) {
      expect(status.error.find('\n') == std::string::npos, "the decoder's error is no line");
      return;
    }
    expect(tb::check_vhost_header(header).ok() && payload.size() == header.size,
           "the decoder took a message with a bad header");
    expect(static_cast<uint32_t>(message.request) == header.request &&
               count <= tb::kVhostMaxRegions && message.regions.size() <= tb::kVhostMaxRegions,
           "the decoder made another message");
    expect(message.request != tb::VhostRequest::kSetMemTable || count == message.regions.size(),
           "the decoder took regions without descriptors");
  }

  /// Whatever came before, a new front end is answered.
  void check_last() {
    leave();
    target_.refuse.clear();
    peer().send(tb::VhostRequest::kGetQueueNum);
    expect(loop_.drain() && peer_ != nullptr &&
               peer_->receive() == reply_of(tb::VhostRequest::kGetQueueNum, 2),
           "the next front end is not served");
    leave();
  }

  Pool& pool_;
  std::span<const uint8_t> script_;
  PollLoop loop_;
  FakeTarget target_;
  std::unique_ptr<tb::VhostSession> session_;
  std::unique_ptr<FrontEnd> peer_;
  bool slow_ = false, batch_ = false;
  std::string wrong_;
};

}  // namespace

std::string play_vhost_script(std::span<const uint8_t> script) {
  static Pool pool;
  pool.restore();
  const std::size_t before = open_descriptors();
  std::string wrong = Player(pool, script).play();
  if (wrong.empty() && open_descriptors() != before) wrong = "a descriptor is left";
  return wrong;
}

}  // namespace ringside::test
