// SPDX-License-Identifier: Apache-2.0
// [ping.NAME]: ICMP or ICMPv6 echo (RFC 792, RFC 4443).
#include <cstring>

#include "testbench/apps/traffic.h"

namespace ringside::tb {

namespace {

constexpr std::size_t kHeaderBytes = 8;
constexpr std::byte kEchoRequestV4{8};
constexpr std::byte kEchoRequestV6{128};
constexpr uint64_t kReplyTimeoutNs = 1'000'000'000;
constexpr uint64_t kPsPerNs = 1000;

class PingTask : public TrafficTask {
 public:
  explicit PingTask(const Ping& ping) : ping_(ping) {}

  void run_client(unsigned, Application& app) override {
    stack::Sockets& sockets = app.sockets();
    const stack::Family family = family_of(ping_.ip);
    const SocketGuard socket(sockets, sockets.socket(family, stack::SocketType::kEcho));
    if (socket.get() < 0) return fail("socket", socket.get());
    const stack::IpAddress address = target_of(ping_, app);
    int result = sockets.connect(socket.get(), {address, 0});
    if (result >= 0) {
      result = sockets.set_option(socket.get(), stack::SocketOption::kReceiveTimeout,
                                  static_cast<int64_t>(kReplyTimeoutNs));
    }
    if (result < 0) return fail("connect", result);
    std::vector<std::byte> request(kHeaderBytes + ping_.size_bytes);
    std::vector<std::byte> reply(request.size() + 1);
    request[0] = family == stack::Family::kIpv4 ? kEchoRequestV4 : kEchoRequestV6;
    for (std::size_t i = kHeaderBytes; i < request.size(); ++i) {
      request[i] = static_cast<std::byte>(i & 0xFF);
    }
    uint64_t next_ns = app.platform().now_ns();
    for (uint32_t sequence = 0; sequence < ping_.count; ++sequence) {
      app.platform().sleep_until(next_ns);
      next_ns += ping_.interval_ps / kPsPerNs;
      request[6] = static_cast<std::byte>(sequence >> 8);
      request[7] = static_cast<std::byte>(sequence);
      const uint64_t sent_ns = app.platform().now_ns();
      if (const int64_t sent = sockets.send(socket.get(), request); sent < 0) {
        return fail("send", sent);
      }
      if (const int64_t error = await_reply(app, socket.get(), request, reply); error < 0) {
        fail("recv", error);
        continue;
      }
      round_trips_ns_.push_back(app.platform().now_ns() - sent_ns);
    }
  }

  bool failed() const override { return !error_.empty(); }

  FlowResult result() override {
    FlowResult result;
    result.name = ping_.name;
    result.kind = "ping";
    result.bytes = round_trips_ns_.size() * ping_.size_bytes;
    result.intact = complete();
    result.latency_ns = latency_of(round_trips_ns_);
    return result;
  }

  std::vector<CheckResult> checks() override {
    CheckResult check;
    check.name = "ping." + ping_.name + ".replies";
    check.pass = complete();
    check.detail = std::to_string(round_trips_ns_.size()) + " of " + std::to_string(ping_.count) +
                   " echo requests answered";
    if (!error_.empty()) check.detail += "; " + error_;
    return {check};
  }

 private:
  /// Waits for the reply to `request`; replies to earlier ones are passed over.
  int64_t await_reply(Application& app, int socket, ByteView request, MutableByteView reply) {
    for (;;) {
      const int64_t count = app.sockets().recv(socket, reply);
      if (count < 0) return count;
      const ByteView got = reply.first(static_cast<std::size_t>(count));
      // Sequence number and payload; type, checksum and identifier differ from the request's.
      if (got.size() == request.size() &&
          std::memcmp(got.data() + 6, request.data() + 6, got.size() - 6) == 0) {
        app.received(got.subspan(6));
        return 0;
      }
    }
  }
  bool complete() const { return error_.empty() && round_trips_ns_.size() == ping_.count; }
  void fail(const char* what, int64_t result) {
    if (error_.empty()) error_ = std::string(what) + ": " + errno_text(result);
  }

  Ping ping_;
  std::vector<uint64_t> round_trips_ns_;
  std::string error_;
};

}  // namespace

std::unique_ptr<TrafficTask> make_ping(const Ping& ping) {
  return std::make_unique<PingTask>(ping);
}

}  // namespace ringside::tb
