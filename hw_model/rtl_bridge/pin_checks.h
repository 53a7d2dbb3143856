// SPDX-License-Identifier: Apache-2.0
// What must hold on the pins of a card in RTL, checked at every clock edge (PCI Express Base
// Specification 4.0, 2.2, 2.3; nic_pkg.sv, "streams").
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "hw_model/wire/ethernet_port.h"

namespace ringside::hw {

/// A clock edge: its number, which is what `now` was before it, and its time.
struct ClockEdge {
  uint64_t cycle = 0;
  TimePs time_ps = 0;
};

/// Takes what a check found: the cycle and one clear line.
using Complain = std::function<void(uint64_t cycle, const std::string& what)>;

/// Valid and what goes with it stay until ready.
class StableCheck {
 public:
  /// `may_fall`: valid may fall, as that of reads does with Bus Master Enable and with a reset, and
  /// what comes back may be another.
  StableCheck(std::string stream, Complain complain, bool may_fall = false)
      : stream_(std::move(stream)), complain_(std::move(complain)), may_fall_(may_fall) {}
  using Fields = std::array<uint64_t, 8>;
  /// What the stream shows before the edge `cycle`. `fields()` gives what goes with `data` as
  /// Fields; it is asked only where it matters.
  template <typename GetFields>
  void look(uint64_t cycle, bool valid, bool ready, GetFields fields,
            const uint32_t* data = nullptr, unsigned words = 0) {
    if (!stalled_ && (!valid || ready)) return;
    look_closely(cycle, valid, ready, valid ? fields() : Fields{}, data, words);
  }

 private:
  void look_closely(uint64_t cycle, bool valid, bool ready, const Fields& fields,
                    const uint32_t* data, unsigned words);
  std::string stream_;
  Complain complain_;
  bool may_fall_;
  bool stalled_ = false;
  Fields fields_{};
  std::array<uint32_t, 16> data_{};
};

/// Starts and ends of packets, and that they have the bytes that they say.
class PacketCheck {
 public:
  PacketCheck(std::string stream, uint32_t beat_bytes, Complain complain)
      : stream_(std::move(stream)), beat_bytes_(beat_bytes), complain_(std::move(complain)) {}
  /// A beat was taken. `lanes`: from lane 0 of the first beat to the last byte, or 0 if the packet
  /// does not say.
  void beat(uint64_t cycle, bool sop, bool eop, uint32_t empty, uint64_t lanes);
  bool inside() const { return inside_; }

 private:
  std::string stream_;
  uint32_t beat_bytes_;
  Complain complain_;
  bool inside_ = false;
  uint64_t seen_ = 0;
};

/// Requests of the card: sizes, 4 KiB, tags, and that it may make any.
class RequestCheck {
 public:
  struct Limits {
    uint32_t max_payload = 0;       ///< bytes, as the link is configured
    uint32_t max_read_request = 0;  ///< likewise
    uint32_t tags = 0;
    uint64_t timeout_cycles = 0;  ///< behind which a tag may be used again without an answer
  };
  RequestCheck(const Limits& limits, Complain complain);
  /// The driver allows reads of so many bytes. Those of before may still come: it only grows.
  void allow_reads(uint32_t bytes) {
    limits_.max_read_request = std::max(limits_.max_read_request, bytes);
  }
  /// Bus Master Enable: from now on there may be requests of memory, or no new ones (7.5.1.1.3).
  void bus_master(bool on) { bus_master_ = on; }
  void write(uint64_t cycle, uint64_t address, uint32_t length, unsigned purpose);
  void message(uint64_t cycle, unsigned code);
  void read(uint64_t cycle, uint64_t address, uint32_t length, unsigned tag, unsigned purpose);
  /// The card took the last beat of a completion; `last`: nothing more comes for the tag.
  void completed(unsigned tag, bool last);
  unsigned reads_in_flight() const { return in_flight_; }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};
  void size(uint64_t cycle, const char* what, uint64_t address, uint32_t length, uint32_t most,
            unsigned purpose);
  Limits limits_;
  Complain complain_;
  bool bus_master_ = true;       ///< until the host says otherwise
  std::vector<uint64_t> asked_;  ///< cycle, by tag
  unsigned in_flight_ = 0;
};

/// The host's requests and the card's completions: each is answered once, as it asked, in time.
class CompletionCheck {
 public:
  /// An answer that takes more than `bound_cycles` is an error.
  CompletionCheck(uint64_t bound_cycles, Complain complain)
      : bound_cycles_(bound_cycles), complain_(std::move(complain)) {}
  struct Request {
    bool configuration = false;
    bool read = false;
    uint64_t address = 0;
    uint32_t length = 0;
  };
  struct Completion {
    unsigned tag = 0;
    unsigned status = 0;
    bool has_data = false;
    uint32_t length = 0;
    unsigned lower_address = 0;
    bool configuration = false;
  };
  /// The card took a request that wants an answer.
  void request(uint64_t cycle, unsigned tag, const Request& request);
  void completion(uint64_t cycle, const Completion& completion);
  /// To be asked at clock edges: an answer that is overdue is told of once.
  void look(uint64_t cycle);
  /// Requests without their answer.
  std::size_t open() const { return open_.size(); }

 private:
  struct Open {
    unsigned tag;
    uint64_t cycle;
    Request request;
    bool told;
  };
  uint64_t bound_cycles_;
  Complain complain_;
  std::vector<Open> open_;  ///< oldest first; few
};

/// The card takes what it is offered, at last.
class HangCheck {
 public:
  HangCheck(std::string stream, uint64_t bound_cycles, Complain complain)
      : stream_(std::move(stream)), bound_cycles_(bound_cycles), complain_(std::move(complain)) {}
  void look(uint64_t cycle, bool valid, bool ready) {
    if (!valid || ready) {
      offered_ = kNever;
    } else if (offered_ == kNever) {
      offered_ = cycle;
    } else if (cycle - offered_ == bound_cycles_) {
      complain_(cycle, stream_ + ": not taken for " + std::to_string(bound_cycles_) + " cycles");
    }
  }

 private:
  static constexpr uint64_t kNever = ~uint64_t{0};
  std::string stream_;
  uint64_t bound_cycles_;
  Complain complain_;
  uint64_t offered_ = kNever;  ///< since when
};

}  // namespace ringside::hw
