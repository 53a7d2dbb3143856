// SPDX-License-Identifier: Apache-2.0
// The back end's side of the vhost-user protocol: what each message does to a card.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "formats/status.h"
#include "testbench/vhost/fd_watcher.h"
#include "testbench/vhost/owned_fd.h"
#include "testbench/vhost/peer_memory.h"
#include "testbench/vhost/vhost_message.h"
#include "testbench/vhost/vhost_target.h"
#include "testbench/vhost/vring.h"

namespace ringside::tb {

/// From the first message of one front end to its end. Attaches itself to the target while it
/// lives.
class VhostDevice final : public VhostPeer {
 public:
  /// `failed` is called from whatever notices that this cannot go on (a kick, a card that breaks,
  /// lost memory), with one line; it must not destroy this object from within.
  VhostDevice(VhostTarget& target, FdWatcher& watcher,
              std::function<void(const std::string&)> failed);
  ~VhostDevice() override;
  VhostDevice(const VhostDevice&) = delete;
  VhostDevice& operator=(const VhostDevice&) = delete;

  /// Does what a decoded message says. `reply`: bytes to send, if any. After an error the
  /// connection must be closed; there may be a reply to send before.
  Status handle(const VhostMessage& message, std::vector<OwnedFd> descriptors,
                std::vector<std::byte>& reply);

  void call(unsigned queue) override;
  void broken(const std::string& reason) override;

 private:
  /// The message's work. `answer`: it has a reply of its own, apart from REPLY_ACK.
  Status dispatch(const VhostMessage& message, std::vector<OwnedFd>& descriptors,
                  std::vector<std::byte>& answer);
  Status set_features(uint64_t features);
  Status set_protocol_features(uint64_t features);
  Status set_mtu(uint64_t mtu);
  Status set_status(uint64_t status);

  Status change_memory(PeerMemory next);
  Status set_size(const VhostVringState& state);
  Status set_base(const VhostVringState& state);
  Status set_address(const VhostVringAddress& address);
  Status set_enable(const VhostVringState& state);
  Status set_kick(uint64_t value, std::vector<OwnedFd>& descriptors);
  Status set_call(uint64_t value, std::vector<OwnedFd>& descriptors);
  Status set_error(uint64_t value, std::vector<OwnedFd>& descriptors);

  /// Starts every queue of which everything has been said.
  Status start_ready();
  Status start(unsigned queue);
  void stop(unsigned queue);
  void stop_all();
  void drop_kick(Vring& vring);
  void on_kick(unsigned queue);

  bool is_enabled(const Vring& vring) const;
  bool any_running() const;
  Status check_index(uint64_t index) const;
  /// An error unless `queue` exists and is stopped, so that `what` of it may change.
  Status check_stopped(uint64_t queue, const char* what) const;

  VhostTarget& target_;
  FdWatcher& watcher_;
  std::function<void(const std::string&)> failed_;
  OwnedFd lost_pages_;  ///< readable when shared memory was truncated; outlives memory_
  PeerMemory memory_;
  std::vector<Vring> vrings_;
  std::optional<uint64_t> features_;
  uint64_t protocol_features_ = 0;
  uint64_t status_ = 0;
};

}  // namespace ringside::tb
