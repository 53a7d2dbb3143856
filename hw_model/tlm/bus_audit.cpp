// SPDX-License-Identifier: Apache-2.0
// See bus_audit.h.
#include "hw_model/tlm/bus_audit.h"

namespace ringside::hw {

namespace {

constexpr uint64_t kMsixBytes = 4;

/// Collects the first thing that does not hold.
class Audit {
 public:
  void equal(const char* what, uint64_t got, uint64_t expected) {
    if (got == expected || !fault_.empty()) return;
    fault_ =
        std::string(what) + ": " + std::to_string(got) + ", expected " + std::to_string(expected);
  }
  void not_negative(const char* what, int64_t value) {
    if (value >= 0 || !fault_.empty()) return;
    fault_ = std::string(what) + ": " + std::to_string(value);
  }
  std::string fault() const { return fault_; }

 private:
  std::string fault_;
};

LedgerEntry total(const PcieLedger& ledger, BusDirection direction) {
  LedgerEntry sum;
  for (unsigned i = 0; i < static_cast<unsigned>(Purpose::kCount); ++i) {
    const LedgerEntry& entry = ledger.at(direction, static_cast<Purpose>(i));
    sum.tlps += entry.tlps;
    sum.payload_bytes += entry.payload_bytes;
    sum.link_bytes += entry.link_bytes;
  }
  return sum;
}

bool register_access(Purpose purpose) {
  return purpose == Purpose::kRegisterRead || purpose == Purpose::kRegisterWrite ||
         purpose == Purpose::kConfig || purpose == Purpose::kDoorbell;
}

/// Payload of the card's own transfers: DMA, but for interrupts.
uint64_t dma_bytes(const PcieLedger& ledger, BusDirection direction) {
  uint64_t bytes = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(Purpose::kCount); ++i) {
    const auto purpose = static_cast<Purpose>(i);
    if (register_access(purpose) || purpose == Purpose::kInterrupt) continue;
    bytes += ledger.at(direction, purpose).payload_bytes;
  }
  return bytes;
}

void check_channel(Audit& audit, PcieChannel& channel, const LedgerEntry& ledger) {
  const PcieDirectionCounters counters = channel.counters();
  audit.equal("TLPs that wait for credits", channel.waiting(), 0);
  audit.equal("TLPs in the ledger", ledger.tlps, counters.tlps);
  audit.equal("bytes in the ledger", ledger.link_bytes, counters.link_bytes);
  audit.equal("payload bytes in the ledger", ledger.payload_bytes, counters.payload_bytes);
  for (unsigned i = 0; i < static_cast<unsigned>(FlowClass::kCount); ++i) {
    const CreditState credits = channel.credits(static_cast<FlowClass>(i));
    audit.equal("header credits in use", static_cast<uint64_t>(credits.headers_in_use), 0);
    audit.equal("data credits in use", static_cast<uint64_t>(credits.data_in_use), 0);
    audit.equal("header credits returned", credits.headers_returned, credits.headers_consumed);
    audit.equal("data credits returned", credits.data_returned, credits.data_consumed);
    audit.not_negative("least header credits", credits.least_headers);
    audit.not_negative("least data credits", credits.least_data);
  }
}

}  // namespace

std::string audit_bus(PcieLink& link, const DmaEngine& dma, const PcieLedger& ledger,
                      const Counters& core) {
  Audit audit;
  audit.equal("tags in use", dma.tags_in_use(), 0);
  audit.equal("bytes of reads in flight", dma.bytes_in_flight(), 0);
  audit.equal("reads that wait", dma.reads_waiting(), 0);
  audit.equal("unexpected completions", dma.counters().unexpected_completions, 0);
  check_channel(audit, link.up(), total(ledger, BusDirection::kUp));
  check_channel(audit, link.down(), total(ledger, BusDirection::kDown));
  audit.equal("bytes read by DMA",
              dma_bytes(ledger, BusDirection::kDown) + dma.counters().missing_bytes,
              core[Counter::kDmaReadBytes] + static_cast<uint64_t>(dma.counters().beyond_bytes));
  audit.equal("bytes written by DMA", dma_bytes(ledger, BusDirection::kUp),
              core[Counter::kDmaWriteBytes]);
  audit.equal("bytes of interrupts",
              ledger.at(BusDirection::kUp, Purpose::kInterrupt).payload_bytes,
              kMsixBytes * core[Counter::kMsixMessages]);
  audit.equal("doorbells", ledger.at(BusDirection::kDown, Purpose::kDoorbell).tlps,
              core[Counter::kDoorbells]);
  return audit.fault();
}

}  // namespace ringside::hw
