// SPDX-License-Identifier: Apache-2.0
// What a run's digests are made of, and the capture: sees frames, host-memory writes, interrupts
// and application bytes, of each source in the order in which they happen.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/digest.h"
#include "formats/last_of.h"
#include "formats/pcapng_writer.h"
#include "hw_model/pcie/host_memory.h"
#include "hw_model/wire/link.h"

namespace ringside::tb {

/// One end of a link that is watched.
struct WatchedEnd {
  std::string name;       ///< of the capture's interface for frames that arrive there
  bool forwards = false;  ///< a switch: frames that arrive there will arrive again
};

class Monitor {
 public:
  Monitor();
  ~Monitor();
  /// Frames on their way through a switch are held until they come out, or until settle().
  void watch_link(hw::Link& link, const std::string& name, const WatchedEnd (&ends)[2],
                  uint64_t rate_bps);
  /// Lets go all frames that it holds: before their pool is destroyed.
  void settle() const;
  void watch_memory(hw::HostMemory& memory);
  /// `host` in the order of watch_memory(); `message` is the MSI-X vector.
  void interrupt(uint32_t host, uint32_t message);
  /// Bytes that application `name` received at `time_ps` of its host's clock.
  void application_bytes(const std::string& name, ByteView bytes, uint64_t time_ps);

  /// Starts a capture of all links watched so far and later; before the simulation.
  /// `told` gets the first error of the file when it happens.
  Status open_capture(const std::string& path, const std::string& scenario,
                      std::function<void(const std::string& line)> told);
  Status close_capture();
  /// From now on the last `most` frames of all links together are kept.
  void keep_frames(std::size_t most) { kept_.emplace(most); }
  /// A frame that left a card, at whatever place.
  struct SentFrame {
    uint64_t time_ps = 0;
    ByteView bytes;
  };
  /// Writes a capture of the kept frames, and of those that `card` sent (on an interface of their
  /// own, because the last ones may not have arrived anywhere), in the order of time.
  Status write_kept(const std::string& path, const std::string& scenario, const std::string& card,
                    const std::vector<SentFrame>& sent) const;
  /// Frames with transport payload that arrived where they went: no acknowledgements, no ARP.
  uint64_t data_frames() const;
  /// Those of one link, both directions; links count in the order of watch_link().
  uint64_t data_frames_on_link(std::size_t link) const;

  /// Over everything: of each source in the order in which it happened there, one source after the
  /// other. Times are part of it; what sources do at one time has no order among them.
  std::string digest() const;
  /// Over the application bytes, in the order of the applications' names: no time in it.
  std::string content_digest() const;

 private:
  enum class Kind : uint8_t { kFrame = 1, kMemoryWrite = 2, kInterrupt = 3, kApplication = 4 };
  class LinkWatch;
  class HostWatch;
  struct KeptFrame {
    uint32_t source = 0;  ///< link and end
    uint64_t time_ps = 0;
    bool fcs_ok = true;
    std::string comment;
    std::vector<std::byte> bytes;
  };
  struct Content {
    formats::RunDigest records;
    formats::StreamDigest bytes;
  };
  /// The last watch at a switch that a frame came by, if no other frame took its place since.
  struct Passage {
    uint64_t frame_id = 0;
    LinkWatch* watch = nullptr;
    unsigned end = 0;
  };
  Passage& passage_of(const hw::Frame& frame);

  std::array<Passage, 1024> passages_{};
  std::map<std::string, Content> content_;
  std::vector<std::unique_ptr<LinkWatch>> links_;
  std::vector<std::unique_ptr<HostWatch>> hosts_;
  formats::PcapngWriter capture_;
  std::optional<formats::LastOf<KeptFrame>> kept_;
};

}  // namespace ringside::tb
