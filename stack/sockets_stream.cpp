// SPDX-License-Identifier: Apache-2.0
// TCP sockets: connection set-up, data, and what lwIP's callbacks do to them.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "stack/sockets_core.h"

namespace ringside::stack {

using Entry = NetworkStack::Core::Entry;
using State = Socket::State;

namespace {

/// Pause of a sender that finds room in its buffer and no memory in the host.
constexpr uint64_t kMemoryPauseNs = 1'000'000;

}  // namespace

/// Makes sure that there is a control block with the socket's options (after a failed attempt).
int SocketsCore::stream_pcb(Socket& socket) {
  if (socket.pcb == nullptr) {
    socket.pcb = lwip().tcp_new(static_cast<int>(socket.family), &socket);
    if (socket.pcb == nullptr) return -ENOMEM;
    socket.bound = false;
  }
  lwip().tcp_set_options(socket.pcb, &socket.tcp);
  return 0;
}

int SocketsCore::listen(int fd, int backlog) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  if (socket->type != SocketType::kStream) return -EOPNOTSUPP;
  Entry entry(core_);
  const int most = std::clamp(backlog, 1, 255);
  if (socket->state == State::kListening) {
    lwip().tcp_backlog_set(socket->pcb, most);
    return 0;
  }
  if (socket->state != State::kIdle) return -EINVAL;
  if (const int error = stream_pcb(*socket); error != 0) return error;
  if (!socket->bound) {
    const LwipAddress any = to_lwip(SocketAddress::any(socket->family, 0));
    if (const int error = errno_of(lwip().tcp_bind(socket->pcb, &any, socket->tcp.v6_only))) {
      return error;
    }
    socket->bound = true;
  }
  if (const int error = errno_of(lwip().tcp_listen(&socket->pcb, most))) return error;
  socket->state = State::kListening;
  remember_addresses(*socket);
  return 0;
}

int SocketsCore::accept(int fd, SocketAddress* peer) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  if (socket->type != SocketType::kStream) return -EOPNOTSUPP;
  const uint64_t until = deadline(*socket, socket->receive_timeout_ns, 0);
  const auto done = [&] {
    return socket->closed || socket->state != State::kListening || !socket->accept_queue.empty();
  };
  for (;;) {
    {
      Entry entry(core_);
      if (socket->closed) return -EBADF;
      if (socket->state != State::kListening) return -EINVAL;
      if (!socket->accept_queue.empty()) {
        Socket* child = socket->accept_queue.front();
        const int child_fd = install(child);
        if (child_fd < 0) return child_fd;
        socket->accept_queue.pop_front();
        if (child->pcb != nullptr) lwip().tcp_backlog_taken(child->pcb);
        if (peer != nullptr) *peer = child->peer;
        return child_fd;
      }
    }
    if (!wait(*socket, Side::kRead, until, done)) return -EAGAIN;
  }
}

int SocketsCore::stream_connect(Socket& socket, const SocketAddress& peer) {
  const uint64_t until = deadline(socket, socket.send_timeout_ns, 0);
  {
    Entry entry(core_);
    if (socket.closed) return -EBADF;
    switch (socket.state) {
      case State::kListening:
      case State::kConnected:
        return -EISCONN;
      case State::kEnded:
        if (socket.error != 0) return -take_error(socket);
        return -EISCONN;
      case State::kConnecting:
        if (until == 0) return -EALREADY;
        break;
      case State::kIdle:
        if (socket.error != 0) return -take_error(socket);
        // An IPv6 socket may reach IPv4 peers, an IPv4 socket only its own kind.
        if (peer.ip.family == Family::kNone ||
            (socket.family == Family::kIpv4 && peer.ip.family != Family::kIpv4) ||
            (socket.tcp.v6_only && peer.ip.family != Family::kIpv6)) {
          return -EAFNOSUPPORT;
        }
        if (peer.ip.is_any() || peer.port == 0) return -ECONNREFUSED;
        if (const int error = stream_pcb(socket); error != 0) return error;
        const LwipAddress to = to_lwip(peer);
        if (const int result = lwip().tcp_connect(socket.pcb, &to); result != kLwipOk) {
          return result == kLwipNoMemory ? -EADDRNOTAVAIL : errno_of(result);
        }
        socket.state = State::kConnecting;
        remember_addresses(socket);
        socket.peer = peer;
        break;
    }
  }
  // The SYN has left. On loopback the answer may be here already.
  const auto done = [&] { return socket.closed || socket.state != State::kConnecting; };
  if (!wait(socket, Side::kWrite, until, done)) return -EINPROGRESS;
  if (socket.closed) return -EBADF;
  return -take_error(socket);
}

int64_t SocketsCore::stream_send(Socket& socket, ByteView data, unsigned flags) {
  const uint64_t until = deadline(socket, socket.send_timeout_ns, flags);
  std::size_t done_bytes = 0;
  bool stuck = false;  // the last attempt has queued nothing
  const auto result = [&](int error) {
    return done_bytes > 0 ? static_cast<int64_t>(done_bytes) : static_cast<int64_t>(error);
  };
  const auto ended = [&] {
    return socket.closed || socket.error != 0 || socket.write_shut ||
           (socket.state != State::kConnecting && socket.state != State::kConnected);
  };
  const auto writable = [&] {
    return socket.state == State::kConnected && (readiness(socket) & kPollOut) != 0;
  };
  const auto done = [&] { return ended() || writable(); };
  for (;;) {
    {
      Entry entry(core_);
      if (socket.closed) return result(-EBADF);
      if (socket.error != 0 && done_bytes == 0) return -take_error(socket);
      if (socket.error != 0 || socket.write_shut || socket.state == State::kIdle ||
          socket.state == State::kListening || socket.state == State::kEnded) {
        return result(-EPIPE);
      }
      if (socket.state == State::kConnected) {
        if (data.empty()) return 0;
        // Linux has no bound but the buffer; here a call of any length is cut to what fits.
        const std::size_t left = data.size() - done_bytes;
        const uint32_t part = static_cast<uint32_t>(std::min<std::size_t>(left, 1u << 30));
        const uint32_t taken = lwip().tcp_write(socket.pcb, data.data() + done_bytes, part,
                                                (flags & kMsgMore) != 0 || part < left);
        done_bytes += taken;
        stuck = taken == 0;
        if (taken > 0) {
          platform().charge(driver::Cost::kCopyByte, taken);
          lwip().tcp_output(socket.pcb);
        }
        if (done_bytes == data.size()) return static_cast<int64_t>(done_bytes);
      }
    }
    if (stuck && !ended() && writable()) {
      // The buffer has room and the host has no memory for it: nothing tells when it has again.
      if (platform().now_ns() >= until) return result(-EAGAIN);
      platform().sleep_until(std::min(until, platform().now_ns() + kMemoryPauseNs));
      continue;
    }
    if (!wait(socket, Side::kWrite, until, done)) return result(-EAGAIN);
  }
}

int64_t SocketsCore::stream_recv(Socket& socket, MutableByteView data, unsigned flags) {
  const uint64_t until = deadline(socket, socket.receive_timeout_ns, flags);
  std::size_t done_bytes = 0;
  const auto result = [&](int error) {
    return done_bytes > 0 ? static_cast<int64_t>(done_bytes) : static_cast<int64_t>(error);
  };
  const auto done = [&] {
    return socket.closed || socket.data.size > 0 || socket.error != 0 || socket.peer_closed ||
           socket.read_shut ||
           (socket.state != State::kConnecting && socket.state != State::kConnected);
  };
  for (;;) {
    {
      Entry entry(core_);
      if (socket.closed) return result(-EBADF);
      if (socket.data.size > 0 && !socket.read_shut) {
        const uint32_t part = static_cast<uint32_t>(
            std::min<std::size_t>(data.size() - done_bytes, socket.data.size));
        lwip().data_copy(&socket.data, data.data() + done_bytes, part);
        platform().charge(driver::Cost::kCopyByte, part);
        if ((flags & kMsgPeek) != 0) return part;
        lwip().data_consume(&socket.data, part);
        if (socket.pcb != nullptr) lwip().tcp_received_taken(socket.pcb, part);
        done_bytes += part;
        if ((flags & kMsgWaitAll) == 0 || done_bytes == data.size()) {
          return static_cast<int64_t>(done_bytes);
        }
        continue;
      }
      if (socket.state == State::kListening ||
          (socket.state == State::kIdle && socket.error == 0)) {
        return -ENOTCONN;
      }
      if (socket.read_shut || socket.peer_closed) return static_cast<int64_t>(done_bytes);
      if (socket.error != 0) return done_bytes > 0 ? result(0) : -take_error(socket);
      if (socket.state == State::kEnded || data.empty()) return static_cast<int64_t>(done_bytes);
    }
    if (!wait(socket, Side::kRead, until, done)) return result(-EAGAIN);
  }
}

void SocketsCore::stream_close(Socket& socket) {
  for (Socket* child : socket.accept_queue) {
    if (child->pcb != nullptr) lwip().tcp_abort(child->pcb);
    if (child->data.size > 0) lwip().data_consume(&child->data, child->data.size);
    delete child;
  }
  socket.accept_queue.clear();
  if (socket.pcb != nullptr) {
    // Before the data is freed: what has not been taken makes lwIP send a reset.
    if (socket.linger_reset && socket.state != State::kListening) {
      lwip().tcp_abort(socket.pcb);
    } else {
      lwip().tcp_close(socket.pcb);
    }
    socket.pcb = nullptr;
  }
  if (socket.data.size > 0) lwip().data_consume(&socket.data, socket.data.size);
  socket.state = State::kEnded;
}

void SocketsCore::on_connected(void* context) {
  Socket& socket = *static_cast<Socket*>(context);
  socket.state = State::kConnected;
  socket.owner.remember_addresses(socket);
  socket.owner.wake_writers(socket);
  socket.owner.wake_readers(socket);
}

void* SocketsCore::on_accepted(void* context, void* pcb) {
  Socket& listener = *static_cast<Socket*>(context);
  SocketsCore& self = listener.owner;
  Socket* child = self.make(listener.family, SocketType::kStream);
  child->pcb = pcb;
  child->state = State::kConnected;
  child->tcp = listener.tcp;
  child->receive_timeout_ns = listener.receive_timeout_ns;
  child->send_timeout_ns = listener.send_timeout_ns;
  child->linger_reset = listener.linger_reset;
  self.lwip().tcp_set_options(pcb, &child->tcp);
  self.remember_addresses(*child);
  listener.accept_queue.push_back(child);
  self.wake_readers(listener);
  return child;
}

void SocketsCore::on_received(void* context, void* chain, uint32_t size) {
  Socket& socket = *static_cast<Socket*>(context);
  SocketsCore& self = socket.owner;
  if (chain == nullptr) {
    socket.peer_closed = true;
    self.remember_addresses(socket);
    if (socket.pcb != nullptr && self.lwip().tcp_release_if_done(socket.pcb)) {
      socket.pcb = nullptr;
    }
  } else if (socket.read_shut) {
    // Linux throws away what comes after SHUT_RD, and acknowledges it.
    self.lwip().chain_free(chain);
    self.lwip().tcp_received_taken(socket.pcb, size);
    return;
  } else {
    self.lwip().data_append(&socket.data, chain, size);
  }
  self.wake_readers(socket);
}

void SocketsCore::on_sent(void* context, uint32_t) {
  Socket& socket = *static_cast<Socket*>(context);
  if (socket.writers_asleep == 0 && socket.pollers == 0 && socket.watch == nullptr) return;
  if ((readiness(socket) & kPollOut) != 0) socket.owner.wake_writers(socket);
}

void SocketsCore::on_ended(void* context, int result) {
  Socket& socket = *static_cast<Socket*>(context);
  const bool connecting = socket.state == State::kConnecting;
  socket.pcb = nullptr;
  socket.state = connecting ? State::kIdle : State::kEnded;
  if (result == kLwipReset) {
    socket.error = connecting ? ECONNREFUSED : socket.peer_closed ? EPIPE : ECONNRESET;
  } else if (result != kLwipClosed && !(socket.peer_closed && socket.write_shut)) {
    socket.error = ETIMEDOUT;
  }
  socket.owner.wake_readers(socket);
  socket.owner.wake_writers(socket);
}

}  // namespace ringside::stack
