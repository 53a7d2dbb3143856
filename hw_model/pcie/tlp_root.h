// SPDX-License-Identifier: Apache-2.0
// The root complex's end of a PCIe link: joins a loosely timed root port to channels of TLPs.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <tlm>
#include <utility>
#include <vector>

#include "hw_model/pcie/dma_reader.h"
#include "hw_model/pcie/fifo.h"
#include "hw_model/pcie/link_config.h"
#include "hw_model/pcie/pcie_payload.h"
#include "hw_model/pcie/tlp_channel.h"

namespace ringside::hw {

struct TlpRootCounters {
  uint64_t read_requests = 0;         ///< from the card
  uint64_t completions = 0;           ///< sent to the card
  uint64_t unsupported_requests = 0;  ///< from the card: nobody has the address
  uint64_t completer_aborts = 0;      ///< from the card: crosses 4 KiB
  uint64_t poisoned_writes = 0;       ///< from the card: dropped
  uint64_t unexpected_completions = 0;
  uint64_t timeouts = 0;  ///< of the host's requests
};

/// Bind `target` to RootPort::down and `initiator` to RootPort::up, and attach it to the link's
/// upstream channel. A posted request takes effect when it arrives, and a read samples memory after
/// every posted request that came before it (2.4.1).
class TlpRoot : public sc_core::sc_module, public TlpReceiver {
 public:
  /// Reads are answered up to this much together: memory is sampled so much before the completion
  /// leaves.
  static constexpr TimePs kServeSlackPs = 20'000;
  /// Tags of the host's non-posted requests.
  static constexpr unsigned kTags = 256;

  /// References outlive it. `link` is the configuration that `down` was made with.
  TlpRoot(const sc_core::sc_module_name& name, const RootComplexConfig& config,
          const PcieLinkConfig& link, TlpChannel& down, PayloadPool& pool);
  ~TlpRoot() override;

  tlm_utils::simple_target_socket<TlpRoot> target;
  tlm_utils::simple_initiator_socket<TlpRoot> initiator;

  void receive_tlp(Tlp& tlp, TimePs arrival_ps) override;
  /// A read request only waits until its completion is ready.
  TimePs tolerance_ps(FlowClass flow) const override {
    return flow == FlowClass::kNonPosted ? config_.read_latency_ps : 0;
  }
  /// Who answers debug accesses of the host, which no TLP carries: the bytes done. Before the
  /// simulation starts.
  void on_debug(std::function<unsigned(tlm::tlm_generic_payload&)> callback) {
    target.register_transport_dbg(this, &TlpRoot::debug);
    debug_ = std::move(callback);
  }
  const TlpRootCounters& counters() const { return counters_; }

 private:
  struct Read {
    uint64_t address = 0;
    uint32_t length = 0;
    uint16_t tag = 0;
    Purpose purpose = Purpose::kPayload;
    TimePs ready_ps = 0;
  };
  /// A non-posted request of the host's.
  struct Request {
    sc_core::sc_event done;
    bool pending = false;
    CompletionStatus status = CompletionStatus::kSuccess;
    bool poisoned = false;
    unsigned char* data = nullptr;
    uint32_t size = 0;
    TimePs retired_until_ps = 0;
  };

  TimePs now_ps() const { return simcontext()->time_stamp().value(); }
  void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);
  void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned debug(tlm::tlm_generic_payload& payload) { return debug_(payload); }
  Tlp request_of(const tlm::tlm_generic_payload& payload);
  void non_posted(Tlp&& tlp, tlm::tlm_generic_payload& payload, TimePs earliest_ps);
  uint16_t take_tag();
  void finish_request(const Tlp& tlp);

  tlm::tlm_response_status posted(PcieSpace space, uint64_t address, ByteView bytes);
  void queue_read(const Tlp& tlp, TimePs arrival_ps);
  void serve();
  void answer(const Read& read);
  void refuse(const Read& read, CompletionStatus status);

  RootComplexConfig config_;
  PcieLinkConfig link_;
  uint32_t completion_max_;
  TlpChannel& down_;
  PayloadPool& pool_;
  DmaReader reader_;
  tlm::tlm_generic_payload payload_;
  PcieExtension extension_;
  Fifo<Read> reads_;  ///< by the time at which they are ready
  uint64_t drawn_ = 0;
  sc_core::sc_event ready_;
  std::vector<std::unique_ptr<Request>> requests_;  ///< by tag
  uint16_t next_tag_ = 0;
  std::function<unsigned(tlm::tlm_generic_payload&)> debug_;
  TlpRootCounters counters_;
};

}  // namespace ringside::hw
