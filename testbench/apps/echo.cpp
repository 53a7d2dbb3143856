// SPDX-License-Identifier: Apache-2.0
// [udp_echo.NAME] and [tcp_echo.NAME]: messages that come back, each compared.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "testbench/apps/byte_source.h"
#include "testbench/apps/traffic.h"

namespace ringside::tb {

namespace {

constexpr uint64_t kReplyTimeoutNs = 1'000'000'000;
constexpr uint64_t kPsPerNs = 1000;
constexpr std::size_t kDatagramBytes = 65536;
constexpr uint64_t kPieceBytes = 65536;

/// What both kinds share: messages to send and the tally of those that came back.
class EchoTask : public TrafficTask {
 public:
  EchoTask(const Traffic& traffic, const char* kind, uint32_t count, uint64_t size, uint64_t seed)
      : traffic_(traffic), kind_(kind), count_(count), size_(size), seed_(seed) {}

  bool failed() const override { return !error_.empty(); }
  uint64_t bytes_done() const override { return round_trips_ns_.size() * size_; }
  uint64_t bytes_total() const override { return count_ * size_; }

  FlowResult result() override {
    FlowResult result;
    result.name = traffic_.name;
    result.kind = kind_;
    result.bytes = round_trips_ns_.size() * size_;
    result.intact = complete();
    result.latency_ns = latency_of(round_trips_ns_);
    return result;
  }

  std::vector<CheckResult> checks() override {
    CheckResult check;
    check.name = std::string(kind_) + "." + traffic_.name + ".replies";
    check.pass = complete();
    check.detail = std::to_string(round_trips_ns_.size()) + " of " + std::to_string(count_) +
                   " messages came back whole";
    if (!error_.empty()) check.detail += "; " + error_;
    return {check};
  }

 protected:
  stack::Family family() const { return family_of(traffic_.ip); }
  void fail(const char* what, int64_t result) {
    if (error_.empty()) error_ = std::string(what) + ": " + errno_text(result);
  }
  /// Message `index`, all different but for a text in front, so that no tool that guesses
  /// protocols takes the random bytes for one.
  void fill(uint32_t index, MutableByteView message) const {
    ByteSource::seeded(seed_ + index, size_).read(0, message);
    constexpr std::string_view kText = "Ringside";
    if (message.size() >= 2 * kText.size()) {
      std::memcpy(message.data(), kText.data(), kText.size());
    }
  }
  bool complete() const { return error_.empty() && round_trips_ns_.size() == count_; }

  Traffic traffic_;
  const char* kind_;
  uint32_t count_;
  uint64_t size_;
  uint64_t seed_;
  std::vector<uint64_t> round_trips_ns_;
  std::string error_;
};

class UdpEchoTask : public EchoTask {
 public:
  UdpEchoTask(const UdpEcho& echo, uint64_t seed)
      : EchoTask(echo, "udp_echo", echo.count, echo.size_bytes, seed), echo_(echo) {}

  unsigned servers() const override { return echo_.to_address ? 0 : 1; }

  void serve(unsigned, Application& app, const std::function<void()>& ready) override {
    stack::Sockets& sockets = app.sockets();
    const SocketGuard socket(sockets, sockets.socket(family(), stack::SocketType::kDatagram));
    int result = socket.get();
    if (result >= 0) {
      result = sockets.bind(result, stack::SocketAddress::any(family(), echo_.port));
    }
    ready();
    if (result < 0) return fail("bind", result);
    std::vector<std::byte> buffer(kDatagramBytes);
    for (;;) {
      stack::SocketAddress from;
      const int64_t count = sockets.recvfrom(socket.get(), buffer, &from);
      if (count < 0) return fail("server recvfrom", count);
      const ByteView datagram = ByteView(buffer).first(static_cast<std::size_t>(count));
      if (const int64_t sent = sockets.sendto(socket.get(), datagram, from); sent < 0) {
        return fail("server sendto", sent);
      }
    }
  }

  void run_client(unsigned, Application& app) override {
    stack::Sockets& sockets = app.sockets();
    const SocketGuard socket(sockets, sockets.socket(family(), stack::SocketType::kDatagram));
    if (socket.get() < 0) return fail("socket", socket.get());
    const stack::IpAddress address = target_of(echo_, app);
    int result = sockets.connect(socket.get(), {address, echo_.port});
    if (result >= 0) {
      result = sockets.set_option(socket.get(), stack::SocketOption::kReceiveTimeout,
                                  static_cast<int64_t>(kReplyTimeoutNs));
    }
    if (result < 0) return fail("connect", result);
    std::vector<std::byte> message(size_);
    std::vector<std::byte> reply(kDatagramBytes);
    uint64_t next_ns = app.platform().now_ns();
    for (uint32_t index = 0; index < count_; ++index) {
      app.platform().sleep_until(next_ns);
      next_ns += echo_.interval_ps / kPsPerNs;
      fill(index, message);
      const uint64_t sent_ns = app.platform().now_ns();
      if (const int64_t sent = sockets.send(socket.get(), message); sent < 0) {
        return fail("send", sent);
      }
      for (;;) {
        const int64_t count = sockets.recv(socket.get(), reply);
        if (count < 0) {
          fail("recv", count);
          break;
        }
        const ByteView got = ByteView(reply).first(static_cast<std::size_t>(count));
        // A late answer to an earlier message differs and is passed over.
        if (!std::equal(got.begin(), got.end(), message.begin(), message.end())) continue;
        app.received(got);
        round_trips_ns_.push_back(app.platform().now_ns() - sent_ns);
        break;
      }
    }
  }

 private:
  UdpEcho echo_;
};

class TcpEchoTask : public EchoTask {
 public:
  TcpEchoTask(const TcpEcho& echo, uint64_t seed)
      : EchoTask(echo, "tcp_echo", echo.count, echo.size_bytes, seed), echo_(echo) {}

  unsigned servers() const override { return echo_.to_address ? 0 : 1; }

  void serve(unsigned, Application& app, const std::function<void()>& ready) override {
    stack::Sockets& sockets = app.sockets();
    const SocketGuard listener(sockets, sockets.socket(family(), stack::SocketType::kStream));
    int result = listener.get();
    if (result >= 0) result = sockets.set_option(result, stack::SocketOption::kReuseAddress, 1);
    if (result >= 0) {
      result = sockets.bind(listener.get(), stack::SocketAddress::any(family(), echo_.port));
    }
    if (result >= 0) result = sockets.listen(listener.get(), 1);
    ready();
    if (result < 0) return fail("listen", result);
    const SocketGuard connection(sockets, sockets.accept(listener.get(), nullptr));
    if (connection.get() < 0) return fail("accept", connection.get());
    sockets.set_option(connection.get(), stack::SocketOption::kNoDelay, 1);
    std::vector<std::byte> buffer(std::max<uint64_t>(size_, 1));
    for (;;) {
      const int64_t count = sockets.recv(connection.get(), buffer);
      if (count == 0) return;
      if (count < 0) return fail("server recv", count);
      const ByteView bytes = ByteView(buffer).first(static_cast<std::size_t>(count));
      if (const int64_t sent = sockets.send(connection.get(), bytes); sent < 0) {
        return fail("server send", sent);
      }
    }
  }

  void run_client(unsigned, Application& app) override {
    stack::Sockets& sockets = app.sockets();
    const SocketGuard connection(sockets, sockets.socket(family(), stack::SocketType::kStream));
    if (connection.get() < 0) return fail("socket", connection.get());
    const stack::IpAddress address = target_of(echo_, app);
    if (const int result = sockets.connect(connection.get(), {address, echo_.port}); result < 0) {
      return fail("connect", result);
    }
    sockets.set_option(connection.get(), stack::SocketOption::kNoDelay, 1);
    std::vector<std::byte> message(size_);
    std::vector<std::byte> reply(size_);
    for (uint32_t index = 0; index < count_; ++index) {
      fill(index, message);
      const uint64_t sent_ns = app.platform().now_ns();
      // In pieces: the buffers on the way cannot hold every message both there and back.
      for (uint64_t offset = 0; offset < size_;) {
        const uint64_t piece = std::min(size_ - offset, kPieceBytes);
        if (const int64_t sent =
                sockets.send(connection.get(), ByteView(message).subspan(offset, piece));
            sent < 0) {
          return fail("send", sent);
        }
        const int64_t count = sockets.recv(
            connection.get(), MutableByteView(reply).subspan(offset, piece), stack::kMsgWaitAll);
        if (count < 0) return fail("recv", count);
        if (static_cast<uint64_t>(count) != piece) {
          error_ = "the connection ended in message " + std::to_string(index);
          return;
        }
        offset += piece;
      }
      if (reply != message) {
        error_ = "message " + std::to_string(index) + " came back changed";
        return;
      }
      app.received(reply);
      round_trips_ns_.push_back(app.platform().now_ns() - sent_ns);
    }
  }

 private:
  TcpEcho echo_;
};

}  // namespace

std::unique_ptr<TrafficTask> make_udp_echo(const UdpEcho& echo, uint64_t seed) {
  return std::make_unique<UdpEchoTask>(echo, seed);
}

std::unique_ptr<TrafficTask> make_tcp_echo(const TcpEcho& echo, uint64_t seed) {
  return std::make_unique<TcpEchoTask>(echo, seed);
}

}  // namespace ringside::tb
