// SPDX-License-Identifier: Apache-2.0
// Socket: the state behind one descriptor. Used under the stack lock.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "host_driver/platform.h"
#include "stack/lwip_ops.h"
#include "stack/sockets.h"

namespace ringside::stack {

class SocketsCore;

/// A received datagram, not yet read.
struct Datagram {
  LwipData data;
  SocketAddress from;
};

struct Socket {
  enum class State : uint8_t {
    kIdle,  ///< no connection yet, or the attempt failed
    kListening,
    kConnecting,
    kConnected,
    kEnded,  ///< the control block is gone
  };

  Socket(SocketsCore& owner_, Family family_, SocketType type_, driver::Platform& platform)
      : owner(owner_),
        family(family_),
        type(type_),
        readers(platform.make_wait_queue()),
        writers(platform.make_wait_queue()) {}

  SocketsCore& owner;
  const Family family;
  const SocketType type;
  int fd = -1;
  State state = State::kIdle;
  void* pcb = nullptr;  ///< lwIP's, of the kind that `type` and `state` say
  unsigned users = 0;   ///< calls inside; the last one frees a closed socket
  bool closed = false;  ///< close() has been called
  bool bound = false;
  bool peer_closed = false, read_shut = false, write_shut = false;
  int error = 0;  ///< pending errno, positive

  LwipData data{};                   ///< stream: received, not yet read
  std::deque<Socket*> accept_queue;  ///< listener: established, not yet accepted
  std::deque<Datagram> datagrams;
  uint64_t datagram_bytes = 0;  ///< with the bookkeeping of each
  uint64_t datagrams_dropped = 0;
  SocketAddress peer;   ///< datagram: the connected one; stream: kept when pcb is gone
  SocketAddress local;  ///< kept when pcb is gone

  std::unique_ptr<driver::WaitQueue> readers, writers;
  unsigned readers_asleep = 0, writers_asleep = 0;
  unsigned pollers = 0;  ///< of the readers, those that wait for room as well
  ReadyCallback watch = nullptr;
  void* watch_context = nullptr;

  LwipTcpOptions tcp{};
  bool broadcast = false, non_blocking = false, linger_reset = false;
  uint64_t receive_timeout_ns = 0, send_timeout_ns = 0;
  uint64_t receive_bytes = 0;  ///< datagram: bound of datagram_bytes
};

}  // namespace ringside::stack
