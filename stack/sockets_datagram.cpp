// SPDX-License-Identifier: Apache-2.0
// UDP and echo sockets: whole datagrams, a bounded receive buffer.
#include <algorithm>
#include <cerrno>

#include "stack/sockets_core.h"

namespace ringside::stack {
namespace {

constexpr uint64_t kDatagramOverhead = 256;  // what Linux charges for its sk_buff
constexpr std::size_t kMaxDatagram = 65535;
constexpr std::size_t kEchoHeaderBytes = 8;

}  // namespace

using Entry = NetworkStack::Core::Entry;

/// Makes sure that an echo socket has an identifier (its port) and a control block.
int SocketsCore::echo_pcb(Socket& socket) {
  if (socket.pcb != nullptr) return 0;
  const auto taken = [&](uint16_t id) {
    return std::any_of(table_.begin(), table_.end(), [&](const Socket* other) {
      return other != nullptr && other != &socket && other->type == SocketType::kEcho &&
             other->family == socket.family && other->pcb != nullptr && other->local.port == id;
    });
  };
  if (socket.local.port != 0 && taken(socket.local.port)) return -EADDRINUSE;
  while (socket.local.port == 0 || taken(socket.local.port)) {
    socket.local.port = static_cast<uint16_t>(core_.random());
  }
  socket.pcb = lwip().echo_new(static_cast<int>(socket.family), socket.local.port, &socket);
  if (socket.pcb == nullptr) return -ENOMEM;
  socket.local.ip = IpAddress::any(socket.family);
  return 0;
}

int SocketsCore::datagram_bind(Socket& socket, const SocketAddress& address) {
  if (socket.type == SocketType::kEcho) {
    if (socket.pcb != nullptr) return -EINVAL;
    if (!address.ip.is_any()) return -EADDRNOTAVAIL;
    socket.local.port = address.port;
    return echo_pcb(socket);
  }
  const LwipAddress to = to_lwip(address);
  lwip().udp_set_options(socket.pcb, socket.tcp.reuse_address, socket.broadcast, socket.tcp.ttl);
  return errno_of(lwip().udp_bind(socket.pcb, &to, socket.tcp.v6_only));
}

int SocketsCore::datagram_connect(Socket& socket, const SocketAddress& peer) {
  if (peer.ip.family != Family::kNone &&
      (socket.family == Family::kIpv4 || socket.type == SocketType::kEcho) &&
      peer.ip.family != socket.family) {
    return -EAFNOSUPPORT;
  }
  if (socket.type == SocketType::kDatagram) {
    const LwipAddress to = to_lwip(peer);
    if (const int error = errno_of(lwip().udp_connect(socket.pcb, &to))) return error;
  }
  socket.peer = peer;
  return 0;
}

int64_t SocketsCore::datagram_send(Socket& socket, ByteView data, const SocketAddress* to,
                                   unsigned flags) {
  if (to == nullptr && socket.peer.ip.family == Family::kNone) return -EDESTADDRREQ;
  const SocketAddress& target = to != nullptr ? *to : socket.peer;
  if (socket.family == Family::kIpv4 && target.ip.family != Family::kIpv4) return -EAFNOSUPPORT;
  if (socket.type == SocketType::kEcho && target.ip.family != socket.family) return -EAFNOSUPPORT;
  if (target.ip.family == Family::kNone) return -EAFNOSUPPORT;
  if (socket.type == SocketType::kDatagram && target.port == 0) return -EINVAL;
  if (data.size() > kMaxDatagram) return -EMSGSIZE;
  if (socket.type == SocketType::kEcho && data.size() < kEchoHeaderBytes) return -EINVAL;
  const uint64_t until = deadline(socket, socket.send_timeout_ns, flags);
  const uint32_t size = static_cast<uint32_t>(data.size());
  const LwipAddress address = to_lwip(target);
  for (;;) {
    {
      Entry entry(core_);
      if (socket.closed) return -EBADF;
      if (socket.write_shut) return -EPIPE;
      if (socket.error != 0) return -take_error(socket);
      int result = kLwipOk;
      if (socket.type == SocketType::kEcho) {
        if (const int error = echo_pcb(socket); error != 0) return error;
        result = lwip().echo_send(socket.pcb, data.data(), size, &address, socket.tcp.ttl);
      } else {
        lwip().udp_set_options(socket.pcb, socket.tcp.reuse_address, socket.broadcast,
                               socket.tcp.ttl);
        result = lwip().udp_send(socket.pcb, data.data(), size, &address);
      }
      if (result == kLwipOk) {
        platform().charge(driver::Cost::kCopyByte, size);
        return size;
      }
      if (result != kLwipNoMemory) return errno_of(result);
      if (!core_.transmit_refused()) return -ENOBUFS;
      if (until == 0) return -EAGAIN;
    }
    // Wherever the queue had no room, wait for it; leave() may have made some already.
    if (core_.transmit_refused() && !core_.room_queue().wait_until(until)) return -EAGAIN;
  }
}

int64_t SocketsCore::datagram_recv(Socket& socket, MutableByteView data, SocketAddress* from,
                                   unsigned flags) {
  const uint64_t until = deadline(socket, socket.receive_timeout_ns, flags);
  const auto done = [&] {
    return socket.closed || !socket.datagrams.empty() || socket.error != 0 || socket.read_shut;
  };
  for (;;) {
    {
      Entry entry(core_);
      if (socket.closed) return -EBADF;
      if (socket.error != 0) return -take_error(socket);
      if (!socket.datagrams.empty()) {
        Datagram& datagram = socket.datagrams.front();
        const uint32_t size = datagram.data.size;
        const uint32_t part = static_cast<uint32_t>(std::min<std::size_t>(data.size(), size));
        lwip().data_copy(&datagram.data, data.data(), part);
        platform().charge(driver::Cost::kCopyByte, part);
        if (from != nullptr) *from = datagram.from;
        if ((flags & kMsgPeek) == 0) {
          lwip().chain_free(datagram.data.head);
          socket.datagram_bytes -= size + kDatagramOverhead;
          socket.datagrams.pop_front();
        }
        return part;
      }
      if (socket.read_shut) return 0;
    }
    if (!wait(socket, Side::kRead, until, done)) return -EAGAIN;
  }
}

void SocketsCore::datagram_close(Socket& socket) {
  for (Datagram& datagram : socket.datagrams) lwip().chain_free(datagram.data.head);
  socket.datagrams.clear();
  socket.datagram_bytes = 0;
  if (socket.pcb == nullptr) return;
  if (socket.type == SocketType::kEcho) {
    lwip().echo_free(socket.pcb);
  } else {
    lwip().udp_free(socket.pcb);
  }
  socket.pcb = nullptr;
}

void SocketsCore::on_datagram(void* context, void* chain, uint32_t size, const LwipAddress* from) {
  Socket& socket = *static_cast<Socket*>(context);
  SocketsCore& self = socket.owner;
  const bool wanted = !socket.read_shut &&
                      (socket.type != SocketType::kEcho || socket.peer.ip.family == Family::kNone ||
                       socket.peer.ip == from_lwip(*from).ip);
  if (!wanted || socket.datagram_bytes + size + kDatagramOverhead > socket.receive_bytes) {
    if (wanted) {
      ++socket.datagrams_dropped;
      ++self.core_.counters().udp_receive_dropped;
    }
    self.lwip().chain_free(chain);
    return;
  }
  socket.datagrams.push_back({{}, from_lwip(*from)});
  self.lwip().data_append(&socket.datagrams.back().data, chain, size);
  socket.datagram_bytes += size + kDatagramOverhead;
  self.wake_readers(socket);
}

}  // namespace ringside::stack
