// SPDX-License-Identifier: Apache-2.0
// SocketsCore: the socket calls over NetworkStack::Core and lwIP's callbacks to them.
#pragma once

#include <memory>
#include <vector>

#include "stack/socket.h"
#include "stack/stack_core.h"

namespace ringside::stack {

class SocketsCore final : public Sockets {
 public:
  explicit SocketsCore(NetworkStack::Core& core) : core_(core) {}
  /// Under the lock: drops every socket without a word to the peer.
  ~SocketsCore() override;
  /// Sets the socket callbacks of `table`.
  static void fill(LwipCallbacks& table);

  int socket(Family family, SocketType type) override;
  int bind(int fd, const SocketAddress& address) override;
  int listen(int fd, int backlog) override;
  int accept(int fd, SocketAddress* peer) override;
  int connect(int fd, const SocketAddress& peer) override;
  int64_t send(int fd, ByteView data, unsigned flags) override;
  int64_t recv(int fd, MutableByteView data, unsigned flags) override;
  int64_t sendto(int fd, ByteView data, const SocketAddress& to, unsigned flags) override;
  int64_t recvfrom(int fd, MutableByteView data, SocketAddress* from, unsigned flags) override;
  int shutdown(int fd, Shutdown how) override;
  int close(int fd) override;
  int set_option(int fd, SocketOption option, int64_t value) override;
  int get_option(int fd, SocketOption option, int64_t* value) override;
  int local_address(int fd, SocketAddress* address) override;
  int peer_address(int fd, SocketAddress* address) override;
  int ready(int fd) override;
  int watch(int fd, ReadyCallback callback, void* context) override;
  int wait_ready(int fd, unsigned events, uint64_t deadline_ns) override;

 private:
  /// Holds a socket over a call, so that close() by another context does not free it.
  class Use {
   public:
    Use(SocketsCore& sockets, int fd);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    explicit operator bool() const { return socket_ != nullptr; }
    Socket& operator*() const { return *socket_; }
    Socket* operator->() const { return socket_; }

   private:
    SocketsCore& sockets_;
    Socket* socket_;
  };

  enum class Side : uint8_t { kRead, kWrite };

  const LwipOperations& lwip() const { return core_.lwip(); }
  driver::Platform& platform() { return core_.platform(); }
  void charge_call() { platform().charge(driver::Cost::kSystemCall); }
  /// When a call that may block must end: now for non-blocking ones.
  uint64_t deadline(const Socket& socket, uint64_t timeout_ns, unsigned flags);
  /// Without the lock: sleeps until `done()` or the deadline; false if the deadline came first.
  template <typename Done>
  bool wait(Socket& socket, Side side, uint64_t deadline_ns, Done done);
  void wake_readers(Socket& socket);
  void wake_writers(Socket& socket);

  Socket* make(Family family, SocketType type);
  /// Gives `socket` a descriptor; -EMFILE.
  int install(Socket* socket);
  /// Lets the control block, the received data and the unaccepted connections go.
  void release(Socket& socket);
  static int take_error(Socket& socket);
  static unsigned readiness(const Socket& socket);
  void remember_addresses(Socket& socket);

  // -- streams (sockets_stream.cpp)
  int stream_pcb(Socket& socket);
  int stream_connect(Socket& socket, const SocketAddress& peer);
  int64_t stream_send(Socket& socket, ByteView data, unsigned flags);
  int64_t stream_recv(Socket& socket, MutableByteView data, unsigned flags);
  void stream_close(Socket& socket);
  static void on_connected(void* socket);
  static void* on_accepted(void* socket, void* pcb);
  static void on_received(void* socket, void* chain, uint32_t size);
  static void on_sent(void* socket, uint32_t size);
  static void on_ended(void* socket, int result);

  // -- datagrams and echo (sockets_datagram.cpp)
  int datagram_bind(Socket& socket, const SocketAddress& address);
  int datagram_connect(Socket& socket, const SocketAddress& peer);
  int64_t datagram_send(Socket& socket, ByteView data, const SocketAddress* to, unsigned flags);
  int64_t datagram_recv(Socket& socket, MutableByteView data, SocketAddress* from, unsigned flags);
  int echo_pcb(Socket& socket);
  void datagram_close(Socket& socket);
  static void on_datagram(void* socket, void* chain, uint32_t size, const LwipAddress* from);

  NetworkStack::Core& core_;
  std::vector<Socket*> table_;    ///< by descriptor
  unsigned free_from_ = 3;        ///< no free descriptor below; 0 to 2 are never given
  std::vector<Socket*> orphans_;  ///< closed with calls still inside
};

/// -errno for LwipResult.
int errno_of(int result);
LwipAddress to_lwip(const SocketAddress& address);
SocketAddress from_lwip(const LwipAddress& address);

template <typename Done>
bool SocketsCore::wait(Socket& socket, Side side, uint64_t deadline_ns, Done done) {
  driver::WaitQueue& queue = side == Side::kRead ? *socket.readers : *socket.writers;
  unsigned& asleep = side == Side::kRead ? socket.readers_asleep : socket.writers_asleep;
  while (!done()) {
    if (deadline_ns == 0) return false;
    ++asleep;
    const bool woken = queue.wait_until(deadline_ns);
    --asleep;
    if (!woken && !done()) return false;
  }
  return true;
}

}  // namespace ringside::stack
