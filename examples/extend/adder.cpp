// SPDX-License-Identifier: Apache-2.0
// A request/response protocol over TCP: the client sends eight numbers, the server sends back their
// sum. Two entry points, `serve` and `ask`, which extend.toml puts on two hosts.
//
// Arguments, the same on both sides: requests = how many; port; and on the client's, server = the
// host to ask.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "testbench/application.h"

namespace {

using ringside::stack::Family;
using ringside::stack::IpAddress;
using ringside::stack::kMsgWaitAll;
using ringside::stack::SocketAddress;
using ringside::stack::Sockets;
using ringside::stack::SocketType;
using ringside::tb::Application;

constexpr std::size_t kNumbers = 8;
/// Numbers are sent as four bytes each, sums as eight, both with the most significant byte first.
using Request = std::array<std::byte, 4 * kNumbers>;
using Answer = std::array<std::byte, 8>;

void put(std::span<std::byte> to, uint64_t value) {
  for (std::size_t i = to.size(); i-- > 0; value >>= 8) to[i] = static_cast<std::byte>(value);
}

uint64_t get(std::span<const std::byte> from) {
  uint64_t value = 0;
  for (const std::byte byte : from) value = value << 8 | static_cast<uint64_t>(byte);
  return value;
}

uint64_t sum(const Request& request) {
  uint64_t total = 0;
  for (std::size_t i = 0; i < kNumbers; ++i) total += get(std::span(request).subspan(4 * i, 4));
  return total;
}

uint64_t number_argument(const Application& app, const char* key, uint64_t otherwise) {
  const auto text = app.argument(key);
  return text ? std::strtoull(text->c_str(), nullptr, 10) : otherwise;
}

uint16_t port_of(const Application& app) {
  return static_cast<uint16_t>(number_argument(app, "port", 7000));
}

bool receive_whole(Sockets& sockets, int fd, std::span<std::byte> data) {
  return sockets.recv(fd, data, kMsgWaitAll) == static_cast<int64_t>(data.size());
}

/// A connected socket; tries again while the server is not there yet. Negative: -errno.
int connect_to(Application& app, const SocketAddress& server) {
  constexpr uint64_t kPauseNs = 50'000;
  constexpr int kAttempts = 100;
  Sockets& sockets = app.sockets();
  int error = -ECONNREFUSED;
  for (int attempt = 0; attempt < kAttempts && error == -ECONNREFUSED; ++attempt) {
    const int fd = sockets.socket(Family::kIpv4, SocketType::kStream);
    if (fd < 0) return fd;
    error = sockets.connect(fd, server);
    if (error == 0) return fd;
    sockets.close(fd);
    app.platform().sleep_until(app.platform().now_ns() + kPauseNs);
  }
  return error;
}

}  // namespace

/// Answers one client until it closes.
extern "C" void serve(Application& app) {
  constexpr uint64_t kWorkNs = 300;  // what adding costs this server
  Sockets& sockets = app.sockets();
  const int listener = sockets.socket(Family::kIpv4, SocketType::kStream);
  const SocketAddress any{IpAddress{Family::kIpv4, {}}, port_of(app)};
  if (listener < 0 || sockets.bind(listener, any) != 0 || sockets.listen(listener, 1) != 0) {
    app.check("listens", false, "no socket on that port");
    return;
  }
  const int client = sockets.accept(listener, nullptr);
  uint64_t answered = 0;
  for (Request request; client >= 0 && receive_whole(sockets, client, request); ++answered) {
    app.received(request);
    app.work_ns(kWorkNs);
    Answer answer;
    put(answer, sum(request));
    if (sockets.send(client, answer) != static_cast<int64_t>(answer.size())) break;
  }
  const uint64_t expected = number_argument(app, "requests", 100);
  app.check("answered", answered == expected,
            std::to_string(answered) + " of " + std::to_string(expected) + " requests");
  if (client >= 0) sockets.close(client);
  sockets.close(listener);
}

/// Asks, and checks every answer.
extern "C" void ask(Application& app) {
  Sockets& sockets = app.sockets();
  const auto server = app.address_of(app.argument("server").value_or(""), Family::kIpv4);
  if (!server) {
    app.check("server", false, "args.server names no host with an IPv4 address");
    return;
  }
  const int fd = connect_to(app, {*server, port_of(app)});
  if (fd < 0) {
    app.check("connects", false, "error " + std::to_string(-fd));
    return;
  }
  const uint64_t requests = number_argument(app, "requests", 100);
  uint64_t right = 0;
  std::vector<uint64_t> times_ns;
  for (uint64_t number = 0; number < requests; ++number) {
    Request request;
    for (std::byte& byte : request) byte = static_cast<std::byte>(app.platform().random());
    const uint64_t start_ns = app.platform().now_ns();
    Answer answer;
    if (sockets.send(fd, request) < 0 || !receive_whole(sockets, fd, answer)) break;
    times_ns.push_back(app.platform().now_ns() - start_ns);
    app.received(answer);
    if (get(answer) == sum(request)) ++right;
  }
  sockets.close(fd);
  std::sort(times_ns.begin(), times_ns.end());
  const uint64_t median_ns = times_ns.empty() ? 0 : times_ns[times_ns.size() / 2];
  app.check("answers", right == requests,
            std::to_string(right) + " of " + std::to_string(requests) +
                " sums are right, median round trip " + std::to_string(median_ns) + " ns");
}
