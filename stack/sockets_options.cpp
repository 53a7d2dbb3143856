// SPDX-License-Identifier: Apache-2.0
// setsockopt and getsockopt for what lwIP has.
#include <algorithm>
#include <cerrno>

#include "stack/sockets_core.h"

namespace ringside::stack {
namespace {

constexpr int64_t kMaxKeepSeconds = 32767, kMaxKeepCount = 127;  // Linux's bounds
constexpr int64_t kMinReceiveBytes = 2304;                       // Linux's SOCK_MIN_RCVBUF
constexpr int64_t kDefaultTtl = 255;                             // lwIP's

}  // namespace

int SocketsCore::set_option(int fd, SocketOption option, int64_t value) {
  charge_call();
  Use use(*this, fd);
  if (!use) return -EBADF;
  NetworkStack::Core::Entry entry(core_);
  Socket& socket = *use;
  const bool stream = socket.type == SocketType::kStream;
  switch (option) {
    case SocketOption::kReuseAddress:
      socket.tcp.reuse_address = value != 0;
      break;
    case SocketOption::kKeepAlive:
      socket.tcp.keep_alive = value != 0;
      break;
    case SocketOption::kBroadcast:
      socket.broadcast = value != 0;
      break;
    case SocketOption::kReceiveTimeout:
    case SocketOption::kSendTimeout:
      if (value < 0) return -EDOM;
      (option == SocketOption::kReceiveTimeout ? socket.receive_timeout_ns
                                               : socket.send_timeout_ns) =
          static_cast<uint64_t>(value);
      return 0;
    case SocketOption::kReceiveBuffer:
      if (stream) return -ENOPROTOOPT;
      if (value < 0) return -EINVAL;
      socket.receive_bytes = static_cast<uint64_t>(std::max(value, kMinReceiveBytes));
      return 0;
    case SocketOption::kLingerReset:
      socket.linger_reset = value != 0;
      return 0;
    case SocketOption::kNoDelay:
      if (!stream) return -ENOPROTOOPT;
      socket.tcp.no_delay = value != 0;
      break;
    case SocketOption::kKeepIdle:
    case SocketOption::kKeepInterval:
      if (!stream) return -ENOPROTOOPT;
      if (value < 1 || value > kMaxKeepSeconds) return -EINVAL;
      (option == SocketOption::kKeepIdle ? socket.tcp.keep_idle_s : socket.tcp.keep_interval_s) =
          static_cast<uint32_t>(value);
      break;
    case SocketOption::kKeepCount:
      if (!stream) return -ENOPROTOOPT;
      if (value < 1 || value > kMaxKeepCount) return -EINVAL;
      socket.tcp.keep_count = static_cast<uint32_t>(value);
      break;
    case SocketOption::kV6Only:
      if (socket.family != Family::kIpv6) return -ENOPROTOOPT;
      if (socket.bound || socket.state != Socket::State::kIdle) return -EINVAL;
      socket.tcp.v6_only = value != 0;
      return 0;
    case SocketOption::kTtl:
      if (value < 1 || value > 255) return -EINVAL;
      socket.tcp.ttl = static_cast<uint32_t>(value);
      break;
    case SocketOption::kNonBlocking:
      socket.non_blocking = value != 0;
      return 0;
    case SocketOption::kError:
    case SocketOption::kSendBuffer:
    case SocketOption::kMaxSegment:
    case SocketOption::kReceiveDropped:
      return -ENOPROTOOPT;
  }
  if (stream && socket.pcb != nullptr) lwip().tcp_set_options(socket.pcb, &socket.tcp);
  return 0;
}

int SocketsCore::get_option(int fd, SocketOption option, int64_t* value) {
  charge_call();
  Use use(*this, fd);
  if (!use) return -EBADF;
  NetworkStack::Core::Entry entry(core_);
  Socket& socket = *use;
  const bool stream = socket.type == SocketType::kStream;
  switch (option) {
    case SocketOption::kReuseAddress:
      *value = socket.tcp.reuse_address;
      return 0;
    case SocketOption::kKeepAlive:
      *value = socket.tcp.keep_alive;
      return 0;
    case SocketOption::kBroadcast:
      *value = socket.broadcast;
      return 0;
    case SocketOption::kReceiveTimeout:
      *value = static_cast<int64_t>(socket.receive_timeout_ns);
      return 0;
    case SocketOption::kSendTimeout:
      *value = static_cast<int64_t>(socket.send_timeout_ns);
      return 0;
    case SocketOption::kError:
      *value = take_error(socket);
      return 0;
    case SocketOption::kReceiveBuffer:
      *value =
          stream ? core_.config().tcp_window_bytes : static_cast<int64_t>(socket.receive_bytes);
      return 0;
    case SocketOption::kSendBuffer:
      *value = stream ? core_.config().tcp_send_bytes : 0;
      return 0;
    case SocketOption::kLingerReset:
      *value = socket.linger_reset;
      return 0;
    case SocketOption::kV6Only:
      *value = socket.tcp.v6_only;
      return 0;
    case SocketOption::kTtl:
      *value = socket.tcp.ttl != 0 ? socket.tcp.ttl : kDefaultTtl;
      return 0;
    case SocketOption::kNonBlocking:
      *value = socket.non_blocking;
      return 0;
    case SocketOption::kReceiveDropped:
      *value = static_cast<int64_t>(socket.datagrams_dropped);
      return 0;
    default:
      break;
  }
  if (!stream) return -ENOPROTOOPT;
  switch (option) {
    case SocketOption::kNoDelay:
      *value = socket.tcp.no_delay;
      return 0;
    case SocketOption::kKeepIdle:
      *value = socket.tcp.keep_idle_s != 0 ? socket.tcp.keep_idle_s : 7200;
      return 0;
    case SocketOption::kKeepInterval:
      *value = socket.tcp.keep_interval_s != 0 ? socket.tcp.keep_interval_s : 75;
      return 0;
    case SocketOption::kKeepCount:
      *value = socket.tcp.keep_count != 0 ? socket.tcp.keep_count : 9;
      return 0;
    case SocketOption::kMaxSegment:
      *value = socket.pcb != nullptr && socket.state == Socket::State::kConnected
                   ? lwip().tcp_mss(socket.pcb)
                   : 536;
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

}  // namespace ringside::stack
