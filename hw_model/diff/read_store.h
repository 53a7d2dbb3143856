// SPDX-License-Identifier: Apache-2.0
// What the followed card read of host memory, until the core asks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/units.h"
#include "hw_model/pcie/purpose.h"

namespace ringside::hw {

/// What a walk through chains reads.
constexpr bool is_walk(Purpose purpose) {
  return purpose == Purpose::kDescriptors || purpose == Purpose::kIndirectTable;
}

/// What is known of a read of descriptors before it is made: a run may bring more than is used.
enum class Run : bool { kNo, kYes };

/// Decisions to read and requests in the order in which they were made, by queue and purpose. A
/// request belongs to the oldest decision that it goes on with, and what it brings to that one's
/// owner, whoever else reads the same place. Each byte that came is given out once: nothing is read
/// twice by the core that the card read once.
///
/// Of linked descriptors a card may read a run: what follows the one that it needs in the table, in
/// the hope that the chain goes on so. A run is used from its beginning on; what the chain does not
/// come to is discarded, as is the whole run if a part of it failed.
class ReadStore {
 public:
  /// `size` bytes from `address` on are to be read, by one or more requests. `owner`: any number by
  /// which they will be taken.
  void decided(Purpose purpose, unsigned queue, uint64_t owner, uint64_t address, uint32_t size,
               Run run = Run::kNo);
  /// Something was decided for this owner of which nothing was requested.
  bool is_due(Purpose purpose, unsigned queue, uint64_t owner) const;
  /// False if nobody decided to read this; then nobody can take it.
  bool request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address, uint32_t size);
  /// False if no request has this tag or it brings more than was asked for.
  bool completion(uint32_t tag, ByteView data, bool ok, bool last);
  enum class Taken : uint8_t { kWhole, kFailed, kMissing };
  struct Wanted {
    Purpose purpose;
    uint16_t queue;
    uint64_t owner;
    uint64_t address;
    uint32_t size;
  };
  /// Takes what is wanted, oldest first, into `bytes`. kMissing: not all of it has been read;
  /// nothing is taken.
  Taken take(const Wanted& wanted, std::vector<std::byte>& bytes);
  /// Likewise the next of linked descriptors: it is next in the run from which the last was taken,
  /// or the first of the owner's next read.
  Taken take_linked(const Wanted& wanted, std::vector<std::byte>& bytes);
  /// The owner needs no more linked descriptors: what is left of its last run is discarded.
  void linked_end(unsigned queue, uint64_t owner);
  /// All of it is here.
  bool has(const Wanted& wanted) const;
  /// A part of it has been answered with a failure.
  bool failed(const Wanted& wanted) const;
  /// Of what this owner reads of descriptors and indirect tables.
  bool failed(unsigned queue, uint64_t owner) const;
  /// What was read and is not needed: of one queue, or of all. What is still to come is forgotten
  /// too.
  void give_up(unsigned queue);
  void give_up_all();
  /// "descriptors of queue 1 at 0x1230, 16 bytes" of something that was read and never used; empty
  /// if there is none. Nothing may be under way.
  std::string left_over() const;
  /// All that was asked for and not given out, in the same words: by queue and purpose.
  std::vector<std::string> held() const;

 private:
  static constexpr uint64_t kNobody = ~uint64_t{0};
  struct Decision {
    uint64_t owner;
    uint64_t address;
    uint32_t size;
    Run run;
    uint64_t number;
    uint32_t requested = 0;
    bool failed = false;  ///< a run
  };
  struct Piece {
    uint64_t owner;
    uint64_t decision;  ///< its number
    uint32_t behind;    ///< bytes of the decision before it
    Run run;
    uint64_t address;
    uint32_t size;
    uint32_t received = 0;
    uint32_t taken = 0;  ///< from its beginning
    bool failed = false;
    std::vector<std::byte> bytes;
    std::vector<bool> given;
  };
  using Key = uint32_t;
  static Key key(Purpose purpose, unsigned queue) {
    return queue << 8 | static_cast<unsigned>(purpose);
  }
  struct UnderWay {
    Key key;
    uint64_t number;  ///< of the piece in its queue's order
  };
  /// Whose a request is that goes on with a run that failed, and begins what was decided next: one
  /// that waited to leave when the run failed is still the run's.
  struct Doubt {
    Decision run;
    /// Has the request, until another comes that can be of this one only.
    Decision other;
  };
  struct Pieces {
    std::deque<Decision> decisions;  ///< not wholly requested
    std::deque<Piece> pieces;
    uint64_t first = 0;  ///< number of the front
    std::optional<Doubt> doubt;
  };
  static std::string say(Key where, const Piece& piece);
  static Piece* covering(Pieces& pieces, uint64_t owner, uint64_t address);
  static Decision decision_of(Pieces& pieces, uint64_t address, uint32_t size);
  using Place = std::deque<Decision>::iterator;
  static Decision book(Pieces& pieces, const Place& found, uint32_t size);
  static bool settle(Pieces& pieces, uint64_t address, uint32_t size);
  static void discard(Pieces& pieces, uint64_t decision);
  static Piece* first_of(Pieces& pieces, uint64_t owner);
  static void trim(Pieces& pieces);
  static void give_up(Pieces& pieces);
  uint64_t decided_ = 0;
  std::unordered_map<Key, Pieces> read_;
  std::unordered_map<uint32_t, UnderWay> under_way_;
};

}  // namespace ringside::hw
