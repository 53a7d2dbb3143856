// SPDX-License-Identifier: Apache-2.0
// What the followed card read of host memory, until the core asks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/units.h"
#include "hw_model/pcie/purpose.h"

namespace ringside::hw {

/// Requests in the order in which they were made, by queue and purpose. Each byte that came is
/// given out once: nothing is read twice by the core that the card read once.
class ReadStore {
 public:
  void request(uint32_t tag, Purpose purpose, unsigned queue, uint64_t address, uint32_t size);
  /// False if no request has this tag or it brings more than was asked for.
  bool completion(uint32_t tag, ByteView data, bool ok, bool last);
  enum class Taken : uint8_t { kWhole, kFailed, kMissing };
  /// Takes `size` bytes from `address` on that were read for `queue` and `purpose`, oldest first,
  /// into `bytes`. kMissing: not all of them have been read; nothing is taken.
  Taken take(Purpose purpose, unsigned queue, uint64_t address, uint32_t size,
             std::vector<std::byte>& bytes);
  /// All of `size` bytes from `address` on are here.
  bool has(Purpose purpose, unsigned queue, uint64_t address, uint32_t size) const;
  /// A part of them has been answered with a failure.
  bool failed(Purpose purpose, unsigned queue, uint64_t address, uint32_t size) const;
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
  struct Piece {
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
  struct Pieces {
    std::deque<Piece> pieces;
    uint64_t first = 0;  ///< number of the front
  };
  static std::string say(Key where, const Piece& piece);
  static Piece* covering(Pieces& pieces, uint64_t address);
  static void trim(Pieces& pieces);
  static void give_up(Pieces& pieces);
  std::unordered_map<Key, Pieces> read_;
  std::unordered_map<uint32_t, UnderWay> under_way_;
};

}  // namespace ringside::hw
