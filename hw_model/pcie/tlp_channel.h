// SPDX-License-Identifier: Apache-2.0
// The transaction-level form of the PCIe seam: two one-way channels of TLPs between the root
// complex and a card, whatever model the card is.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "hw_model/pcie/tlp.h"
#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

class TlpReceiver {
 public:
  virtual ~TlpReceiver() = default;
  /// `tlp`'s last symbol arrived at `arrival_ps`, now or a little earlier (Tlp::more). It may be
  /// moved from. TLPs of one channel come in the order in which the link carried them.
  virtual void receive_tlp(Tlp& tlp, TimePs arrival_ps) = 0;
  /// How long after its arrival it may be told of a TLP of `flow` without doing anything else or
  /// later than if it had been told at once: because it would only wait so long. Constant.
  virtual TimePs tolerance_ps(FlowClass /*flow*/) const { return 0; }
};

/// One direction of a link as its sender sees it. Reservations, not events: what is sent gets its
/// place on the link at once. A TLP that lacks credits waits in its class's queue, and only those
/// that ordering rules hold back behind it wait too (2.4.1: posted TLPs pass everything else that
/// waits; nothing passes a posted one).
class TlpChannel {
 public:
  virtual ~TlpChannel() = default;
  /// Names the receiver. Once, before the simulation starts.
  virtual void attach(TlpReceiver& receiver) = 0;
  /// Sends `tlp` behind those already sent, not before `earliest_ps`, which is now or a little
  /// later. Never refuses: whoever sends bounds itself with free_at() and waiting().
  virtual void send(Tlp&& tlp, TimePs earliest_ps) = 0;
  /// When everything that has its place on the link will have left.
  virtual TimePs free_at() const = 0;
  /// TLPs that wait for credits.
  virtual std::size_t waiting() const = 0;
  /// Those of them that are posted: what another posted TLP would have to wait for.
  virtual std::size_t posted_waiting() const = 0;
  /// Takes back the non-posted requests that wait for credits, in the order of send(), to the end
  /// of `taken`. Posted ones stay, because the completions behind them must not pass them.
  virtual void recall(std::vector<Tlp>& taken) = 0;
  /// Called each time waiting() or posted_waiting() comes back to 0, but not by recall().
  virtual void on_ready(std::function<void()> callback) = 0;
};

}  // namespace ringside::hw
