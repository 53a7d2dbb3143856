// SPDX-License-Identifier: Apache-2.0
// Transaction layer packets as the link carries them (PCI Express Base Specification 4.0, 2.2).
#pragma once

#include <cstdint>
#include <type_traits>

#include "formats/units.h"
#include "hw_model/pcie/purpose.h"
#include "hw_model/wire/frame.h"

namespace ringside::hw {

/// Pooled bytes that TLPs share slices of: a transfer is copied once, however it is cut.
using PayloadPtr = FramePtr;
using PayloadPool = FramePool;

enum class TlpType : uint8_t {
  kMemRead,
  kMemWrite,
  kConfigRead,
  kConfigWrite,
  kMessage,     ///< without data: INTx
  kCompletion,  ///< without data
  kCompletionData,
};

/// Flow control classes, 2.6.1.
enum class FlowClass : uint8_t { kPosted, kNonPosted, kCompletion, kCount };

/// Completion Status field, table 2-34.
enum class CompletionStatus : uint8_t {
  kSuccess = 0,
  kUnsupportedRequest = 1,
  kCompleterAbort = 4,
};

/// One packet but for its payload: a block by itself, so that it moves as one. Fields that a type
/// does not have are ignored. Sizes in bytes.
struct TlpFields {
  TlpType type = TlpType::kMemRead;
  CompletionStatus status = CompletionStatus::kSuccess;
  uint8_t message = 0;        ///< message code, 2.2.8
  uint8_t lower_address = 0;  ///< completions: of the first byte, 7 bits
  bool poisoned = false;      ///< EP
  bool relaxed_ordering = false;
  /// Sideband: the sender follows it with more of one transfer at once, so the receiver may be told
  /// of both together. Never changes when a TLP is on the wire.
  bool more = false;
  Purpose purpose = Purpose::kPayload;  ///< sideband
  uint16_t tag = 0;                     ///< 10 bits
  /// Completions: bytes that the request still lacks, this TLP's included (Byte Count).
  uint16_t byte_count = 0;
  /// Requests and completions with data: bytes that count. First and last byte enables follow from
  /// this and from the two low bits of `address`.
  uint32_t length = 0;
  uint64_t address = 0;      ///< of the first byte, 64 bits; configuration: offset
  uint64_t data_offset = 0;  ///< of the payload in Tlp::data; so wide that no padding is left
};
static_assert(std::has_unique_object_representations_v<TlpFields>);

struct Tlp : TlpFields {
  PayloadPtr data;  ///< bytes [data_offset, data_offset + length)

  bool has_data() const { return (kWithData >> static_cast<unsigned>(type) & 1) != 0; }
  ByteView payload() const {
    return has_data() ? ByteView(data->bytes).subspan(data_offset, length) : ByteView{};
  }
  FlowClass flow() const { return kFlows[static_cast<std::size_t>(type)]; }
  /// Header bytes, 2.2.1: memory requests below 4 GiB (MSI-X here), configuration requests and
  /// completions have three double words, all others four.
  uint32_t header_bytes() const {
    switch (type) {
      case TlpType::kMemRead:
      case TlpType::kMemWrite:
        return address >> 32 != 0 ? 16 : 12;
      case TlpType::kMessage:
        return 16;
      default:
        return 12;
    }
  }
  /// Double words of payload as the Length field counts them: from the first byte's to the last's.
  uint32_t payload_dwords() const {
    return has_data() ? (static_cast<uint32_t>(first_byte() & 3) + length + 3) / 4 : 0;
  }

 private:
  /// By TlpType.
  static constexpr unsigned kWithData = 1u << static_cast<unsigned>(TlpType::kMemWrite) |
                                        1u << static_cast<unsigned>(TlpType::kConfigWrite) |
                                        1u << static_cast<unsigned>(TlpType::kCompletionData);
  static constexpr FlowClass kFlows[] = {
      FlowClass::kNonPosted, FlowClass::kPosted,     FlowClass::kNonPosted, FlowClass::kNonPosted,
      FlowClass::kPosted,    FlowClass::kCompletion, FlowClass::kCompletion};
  uint64_t first_byte() const { return type == TlpType::kCompletionData ? lower_address : address; }
};

/// Framing, sequence number and LCRC around a TLP: 8 bytes at every rate (gen1 and gen2: STP, END,
/// sequence number 2, LCRC 4; gen3 and later: STP token 4 with the sequence number, LCRC 4).
inline constexpr uint32_t kTlpFramingBytes = 8;

/// Bytes that `tlp` takes on the link. `whole_dwords`: PcieLinkConfig's.
inline uint32_t link_bytes(const Tlp& tlp, bool whole_dwords) {
  const uint32_t payload = !tlp.has_data() ? 0
                           : whole_dwords  ? 4 * tlp.payload_dwords()
                                           : tlp.length;
  return tlp.header_bytes() + payload + kTlpFramingBytes;
}

}  // namespace ringside::hw
