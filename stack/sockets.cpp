// SPDX-License-Identifier: Apache-2.0
// The descriptor table, and the calls that do not depend on the kind of socket.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stack/sockets_core.h"

namespace ringside::stack {
namespace {

constexpr std::size_t kMostDescriptors = 65536;

}  // namespace

int errno_of(int result) {
  switch (result) {
    case kLwipOk:
      return 0;
    case kLwipNoMemory:
      return -ENOBUFS;
    case kLwipNoRoute:
      return -ENETUNREACH;
    case kLwipInUse:
      return -EADDRINUSE;
    case kLwipClosed:
    case kLwipNotConnected:
      return -ENOTCONN;
    case kLwipReset:
      return -ECONNRESET;
    case kLwipAborted:
      return -ETIMEDOUT;
    case kLwipIsConnected:
      return -EISCONN;
    case kLwipNotLocal:
      return -EADDRNOTAVAIL;
    case kLwipDenied:
      return -EACCES;
    case kLwipTooLong:
      return -EMSGSIZE;
    default:
      return -EINVAL;
  }
}

LwipAddress to_lwip(const SocketAddress& address) {
  LwipAddress out{};
  out.family = static_cast<uint8_t>(address.ip.family);
  std::memcpy(out.bytes, address.ip.bytes.data(), address.ip.bytes.size());
  out.port = address.port;
  return out;
}

SocketAddress from_lwip(const LwipAddress& address) {
  SocketAddress out;
  out.ip.family = static_cast<Family>(address.family);
  std::memcpy(out.ip.bytes.data(), address.bytes, out.ip.bytes.size());
  out.port = address.port;
  return out;
}

SocketsCore::Use::Use(SocketsCore& sockets, int fd) : sockets_(sockets), socket_(nullptr) {
  if (fd >= 0 && static_cast<std::size_t>(fd) < sockets.table_.size()) socket_ = sockets.table_[fd];
  if (socket_ != nullptr) ++socket_->users;
}

SocketsCore::Use::~Use() {
  if (socket_ == nullptr || --socket_->users > 0 || !socket_->closed) return;
  std::erase(sockets_.orphans_, socket_);
  delete socket_;
}

SocketsCore::~SocketsCore() {
  for (Socket* socket : table_) {
    if (socket == nullptr) continue;
    for (Socket* child : socket->accept_queue) delete child;
    delete socket;
  }
  for (Socket* socket : orphans_) delete socket;
}

void SocketsCore::fill(LwipCallbacks& table) {
  table.tcp_connected = restoring<on_connected>;
  table.tcp_incoming = restoring<on_accepted>;
  table.tcp_received = restoring<on_received>;
  table.tcp_sent = restoring<on_sent>;
  table.tcp_ended = restoring<on_ended>;
  table.datagram_received = restoring<on_datagram>;
}

uint64_t SocketsCore::deadline(const Socket& socket, uint64_t timeout_ns, unsigned flags) {
  if (socket.non_blocking || (flags & kMsgDontWait) != 0) return 0;
  return timeout_ns == 0 ? driver::kForever : platform().now_ns() + timeout_ns;
}

void SocketsCore::wake_readers(Socket& socket) {
  if (socket.readers_asleep > 0) socket.readers->wake_all();
  if (socket.watch != nullptr) socket.watch(socket.watch_context, socket.fd);
}

void SocketsCore::wake_writers(Socket& socket) {
  if (socket.writers_asleep > 0) socket.writers->wake_all();
  if (socket.pollers > 0) socket.readers->wake_all();
  if (socket.watch != nullptr) socket.watch(socket.watch_context, socket.fd);
}

Socket* SocketsCore::make(Family family, SocketType type) {
  auto* socket = new Socket(*this, family, type, platform());
  socket->receive_bytes = core_.config().udp_receive_bytes;
  return socket;
}

int SocketsCore::install(Socket* socket) {
  std::size_t fd = free_from_;
  while (fd < table_.size() && table_[fd] != nullptr) ++fd;
  if (fd >= kMostDescriptors) return -EMFILE;
  if (fd >= table_.size()) table_.resize(fd + 1);
  table_[fd] = socket;
  free_from_ = static_cast<unsigned>(fd + 1);
  socket->fd = static_cast<int>(fd);
  return socket->fd;
}

int SocketsCore::take_error(Socket& socket) { return std::exchange(socket.error, 0); }

void SocketsCore::remember_addresses(Socket& socket) {
  if (socket.pcb == nullptr || socket.type == SocketType::kEcho) return;
  LwipAddress local{}, peer{};
  if (socket.type == SocketType::kStream) {
    lwip().tcp_addresses(socket.pcb, &local, &peer);
  } else {
    lwip().udp_addresses(socket.pcb, &local, &peer);
  }
  // The any address of a socket that takes both families is of the socket's own.
  socket.local = from_lwip(local);
  if (socket.local.ip.is_any()) socket.local.ip = IpAddress::any(socket.family);
  if (socket.type == SocketType::kStream && socket.state >= Socket::State::kConnecting) {
    socket.peer = from_lwip(peer);
  }
}

int SocketsCore::socket(Family family, SocketType type) {
  charge_call();
  if (family != Family::kIpv4 && family != Family::kIpv6) return -EAFNOSUPPORT;
  NetworkStack::Core::Entry entry(core_);
  Socket* socket = make(family, type);
  if (type == SocketType::kStream) {
    socket->pcb = lwip().tcp_new(static_cast<int>(family), socket);
  } else if (type == SocketType::kDatagram) {
    socket->pcb = lwip().udp_new(static_cast<int>(family), socket);
  }
  if (socket->pcb == nullptr && type != SocketType::kEcho) {
    delete socket;
    return -ENOMEM;
  }
  const int fd = install(socket);
  if (fd < 0) {
    release(*socket);
    delete socket;
  }
  return fd;
}

int SocketsCore::bind(int fd, const SocketAddress& address) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  NetworkStack::Core::Entry entry(core_);
  if (address.ip.family != socket->family) return -EAFNOSUPPORT;
  if (socket->bound || socket->state != Socket::State::kIdle) return -EINVAL;
  int result = 0;
  if (socket->type == SocketType::kStream) {
    if (const int error = stream_pcb(*socket); error != 0) return error;
    const LwipAddress to = to_lwip(address);
    result = errno_of(lwip().tcp_bind(socket->pcb, &to, socket->tcp.v6_only));
  } else {
    result = datagram_bind(*socket, address);
  }
  if (result == 0) {
    socket->bound = true;
    remember_addresses(*socket);
  }
  return result;
}

int SocketsCore::connect(int fd, const SocketAddress& peer) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  if (socket->type == SocketType::kStream) return stream_connect(*socket, peer);
  NetworkStack::Core::Entry entry(core_);
  return datagram_connect(*socket, peer);
}

int64_t SocketsCore::send(int fd, ByteView data, unsigned flags) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  if (socket->type == SocketType::kStream) return stream_send(*socket, data, flags);
  return datagram_send(*socket, data, nullptr, flags);
}

int64_t SocketsCore::sendto(int fd, ByteView data, const SocketAddress& to, unsigned flags) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  if (socket->type == SocketType::kStream) return stream_send(*socket, data, flags);
  return datagram_send(*socket, data, &to, flags);
}

int64_t SocketsCore::recv(int fd, MutableByteView data, unsigned flags) {
  return recvfrom(fd, data, nullptr, flags);
}

int64_t SocketsCore::recvfrom(int fd, MutableByteView data, SocketAddress* from, unsigned flags) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  if (socket->type == SocketType::kStream) {
    const int64_t result = stream_recv(*socket, data, flags);
    if (result >= 0 && from != nullptr) *from = socket->peer;
    return result;
  }
  return datagram_recv(*socket, data, from, flags);
}

int SocketsCore::shutdown(int fd, Shutdown how) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  NetworkStack::Core::Entry entry(core_);
  const bool connected =
      socket->type == SocketType::kStream
          ? socket->state == Socket::State::kConnected || socket->state == Socket::State::kEnded
          : socket->peer.ip.family != Family::kNone;
  if (!connected) return -ENOTCONN;
  if (how != Shutdown::kWrite && !socket->read_shut) {
    socket->read_shut = true;
    wake_readers(*socket);
  }
  if (how != Shutdown::kRead && !socket->write_shut) {
    socket->write_shut = true;
    if (socket->type == SocketType::kStream && socket->pcb != nullptr) {
      lwip().tcp_shutdown_send(socket->pcb);
    }
    wake_writers(*socket);
  }
  return 0;
}

void SocketsCore::release(Socket& socket) {
  if (socket.type == SocketType::kStream) {
    stream_close(socket);
  } else {
    datagram_close(socket);
  }
}

int SocketsCore::close(int fd) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  NetworkStack::Core::Entry entry(core_);
  if (socket->closed) return -EBADF;
  socket->closed = true;
  table_[fd] = nullptr;
  free_from_ = std::min(free_from_, static_cast<unsigned>(fd));
  orphans_.push_back(&*socket);
  release(*socket);
  socket->watch = nullptr;
  wake_readers(*socket);
  wake_writers(*socket);
  return 0;
}

int SocketsCore::local_address(int fd, SocketAddress* address) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  NetworkStack::Core::Entry entry(core_);
  remember_addresses(*socket);
  *address = socket->local;
  if (address->ip.family == Family::kNone) address->ip = IpAddress::any(socket->family);
  return 0;
}

int SocketsCore::peer_address(int fd, SocketAddress* address) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  if (socket->peer.ip.family == Family::kNone || socket->state == Socket::State::kConnecting) {
    return -ENOTCONN;
  }
  *address = socket->peer;
  return 0;
}

unsigned SocketsCore::readiness(const Socket& socket) {
  unsigned bits = socket.error != 0 ? kPollErr : 0u;
  if (socket.type != SocketType::kStream) {
    if (!socket.datagrams.empty() || socket.read_shut) bits |= kPollIn;
    return bits | kPollOut;
  }
  switch (socket.state) {
    case Socket::State::kListening:
      return socket.accept_queue.empty() ? 0 : kPollIn;
    case Socket::State::kConnecting:
      return 0;
    case Socket::State::kIdle:
      return bits | kPollOut | kPollHup;
    case Socket::State::kEnded:
      return bits | kPollIn | kPollOut | kPollHup | kPollReadHup;
    case Socket::State::kConnected:
      break;
  }
  if (socket.data.size > 0 || socket.peer_closed || socket.read_shut) bits |= kPollIn;
  if (socket.peer_closed || socket.read_shut) bits |= kPollReadHup;
  if (socket.peer_closed && socket.write_shut) bits |= kPollHup;
  // As Linux: writable when a third of the buffer is free.
  const uint64_t room = socket.pcb != nullptr ? socket.owner.lwip().tcp_send_room(socket.pcb) : 0;
  if (socket.write_shut || 3 * room >= socket.owner.core_.config().tcp_send_bytes) bits |= kPollOut;
  return bits;
}

int SocketsCore::ready(int fd) {
  Use socket(*this, fd);
  return socket ? static_cast<int>(readiness(*socket)) : -EBADF;
}

int SocketsCore::watch(int fd, ReadyCallback callback, void* context) {
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  socket->watch = callback;
  socket->watch_context = context;
  return 0;
}

int SocketsCore::wait_ready(int fd, unsigned events, uint64_t deadline_ns) {
  charge_call();
  Use socket(*this, fd);
  if (!socket) return -EBADF;
  const unsigned wanted = events | kPollErr | kPollHup;
  const auto done = [&] { return socket->closed || (readiness(*socket) & wanted) != 0; };
  ++socket->pollers;
  wait(*socket, Side::kRead, deadline_ns, done);
  --socket->pollers;
  if (socket->closed) return -EBADF;
  return static_cast<int>(readiness(*socket) & wanted);
}

}  // namespace ringside::stack
