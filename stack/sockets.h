// SPDX-License-Identifier: Apache-2.0
// Sockets: the blocking socket calls of one simulated host, in virtual time.
//
// Every call returns 0 or a count on success, or -errno with Linux's meaning and values. Calls come
// from process context; those that block sleep in virtual time. Each call is charged one
// Cost::kSystemCall, copies are charged Cost::kCopyByte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "formats/units.h"
#include "stack/socket_address.h"

namespace ringside::stack {

enum class SocketType : uint8_t {
  kStream,    ///< TCP
  kDatagram,  ///< UDP
  /// ICMP or ICMPv6 echo, like Linux's ping sockets: send() takes an echo request (type, code, two
  /// zero bytes, id, sequence number, payload), to which id (the socket's port) and checksum are
  /// set; recv() gives the echo replies to them in the same form.
  kEcho,
};

enum class SocketOption : uint8_t {
  kReuseAddress,    ///< SO_REUSEADDR: bool
  kKeepAlive,       ///< SO_KEEPALIVE: bool
  kBroadcast,       ///< SO_BROADCAST: bool
  kReceiveTimeout,  ///< SO_RCVTIMEO: ns, 0 for ever
  kSendTimeout,     ///< SO_SNDTIMEO: ns, 0 for ever; also bounds connect()
  kError,           ///< SO_ERROR: errno, read only, cleared by reading
  kReceiveBuffer,   ///< SO_RCVBUF: bytes; datagram sockets, elsewhere read only
  kSendBuffer,      ///< SO_SNDBUF: bytes; read only
  kLingerReset,     ///< SO_LINGER {on, 0}: bool; close() resets the connection
  kNoDelay,         ///< TCP_NODELAY: bool
  kKeepIdle,        ///< TCP_KEEPIDLE: seconds
  kKeepInterval,    ///< TCP_KEEPINTVL: seconds
  kKeepCount,       ///< TCP_KEEPCNT
  kMaxSegment,      ///< TCP_MAXSEG: bytes, read only
  kV6Only,          ///< IPV6_V6ONLY: bool, before bind
  kTtl,             ///< IP_TTL / IPV6_UNICAST_HOPS: 1 to 255
  kNonBlocking,     ///< O_NONBLOCK: bool
  kReceiveDropped,  ///< datagrams dropped because the receive buffer was full; read only
};

enum class Shutdown : uint8_t { kRead, kWrite, kBoth };

/// Flags of send and recv; combine with |.
inline constexpr unsigned kMsgDontWait = 1;  ///< MSG_DONTWAIT
inline constexpr unsigned kMsgPeek = 2;      ///< MSG_PEEK
inline constexpr unsigned kMsgMore = 4;      ///< MSG_MORE (stream: do not push the last segment)
inline constexpr unsigned kMsgWaitAll = 8;   ///< MSG_WAITALL (stream)

/// Readiness, as poll(2) has it.
inline constexpr unsigned kPollIn = 0x01, kPollOut = 0x04, kPollErr = 0x08, kPollHup = 0x10,
                          kPollReadHup = 0x2000;

/// Called under the stack lock, in any context but hard interrupt, when `ready` of a socket may
/// have gained bits. Must not call Sockets. What epoll is built on.
using ReadyCallback = void (*)(void* context, int fd);

class Sockets {
 public:
  virtual ~Sockets() = default;

  /// A descriptor from 3 up. EAFNOSUPPORT, ENOMEM, EMFILE (more than 65535).
  virtual int socket(Family family, SocketType type) = 0;
  /// EADDRINUSE, EADDRNOTAVAIL (not an address of this host), EINVAL (already bound), EAFNOSUPPORT.
  virtual int bind(int fd, const SocketAddress& address) = 0;
  /// `backlog` connections wait for accept (1 to 255); further SYNs are dropped. EADDRINUSE,
  /// EOPNOTSUPP.
  virtual int listen(int fd, int backlog) = 0;
  /// A new descriptor; `peer` may be null. EAGAIN, EINVAL (not listening), ENOMEM.
  virtual int accept(int fd, SocketAddress* peer) = 0;
  /// ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EINPROGRESS (non-blocking), EALREADY, EISCONN,
  /// EADDRNOTAVAIL, EAFNOSUPPORT. Datagram sockets: sets the peer.
  virtual int connect(int fd, const SocketAddress& peer) = 0;

  /// Blocks until all is queued; a count below data.size() only with a time-out, an error on the
  /// way or a non-blocking socket. EPIPE (no signal), ECONNRESET, ETIMEDOUT, EAGAIN, ENOTCONN,
  /// EMSGSIZE.
  virtual int64_t send(int fd, ByteView data, unsigned flags = 0) = 0;
  /// 0 at the end of the stream. ECONNRESET, ETIMEDOUT, EAGAIN, ENOTCONN, ECONNREFUSED.
  virtual int64_t recv(int fd, MutableByteView data, unsigned flags = 0) = 0;
  /// EDESTADDRREQ, EMSGSIZE, ENETUNREACH, EACCES (broadcast without kBroadcast), EAGAIN.
  virtual int64_t sendto(int fd, ByteView data, const SocketAddress& to, unsigned flags = 0) = 0;
  /// One datagram; the rest of one longer than `data` is lost. `from` may be null.
  virtual int64_t recvfrom(int fd, MutableByteView data, SocketAddress* from,
                           unsigned flags = 0) = 0;

  /// ENOTCONN.
  virtual int shutdown(int fd, Shutdown how) = 0;
  /// With unread data a stream is reset (RFC 1122 4.2.2.13), else closed in the background. Calls
  /// that sleep on the descriptor return EBADF.
  virtual int close(int fd) = 0;

  /// ENOPROTOOPT, EINVAL, EDOM.
  virtual int set_option(int fd, SocketOption option, int64_t value) = 0;
  virtual int get_option(int fd, SocketOption option, int64_t* value) = 0;
  virtual int local_address(int fd, SocketAddress* address) = 0;  ///< getsockname
  virtual int peer_address(int fd, SocketAddress* address) = 0;   ///< getpeername; ENOTCONN

  /// kPoll* bits that hold now, or -EBADF.
  virtual int ready(int fd) = 0;
  /// One callback a socket; null removes it.
  virtual int watch(int fd, ReadyCallback callback, void* context) = 0;
  /// Sleeps until one of `events` holds or the deadline (0 then): poll(2) of one descriptor.
  virtual int wait_ready(int fd, unsigned events, uint64_t deadline_ns) = 0;
};

}  // namespace ringside::stack
