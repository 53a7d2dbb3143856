// SPDX-License-Identifier: Apache-2.0
// A capture file at the end of a link: plays its frames, and takes what comes back without a word.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <systemc>

#include "formats/pcap_reader.h"
#include "testbench/external/outside_port.h"

namespace ringside::tb {

struct PcapPlay {
  std::string file;  ///< pcap or pcapng, of Ethernet
  /// How often it is played; 0: for ever. Between two rounds lies a mean gap of the capture.
  uint64_t repeat = 1;
  /// With the gaps of the capture, as far as the link is fast enough; else one behind the other.
  bool recorded_gaps = true;
};

class PcapSource : public OutsidePort {
 public:
  /// Reads the whole file once: null and an error if it is no capture of Ethernet, is broken, or
  /// holds no frame that can be sent. `frames` outlives it.
  static std::unique_ptr<PcapSource> open(const PcapPlay& play, hw::FramePool& frames,
                                          Status* status);

  void connect(hw::EthernetPort& end) override;
  std::vector<hw::NicCounter> counters() const override;
  void receive_frame(const hw::FramePtr& frame, hw::TimePs start_ps, hw::TimePs end_ps) override;

  /// Sends the first frame `delay_ps` from now; from within a process or between slices. Once.
  void start(hw::TimePs delay_ps);
  /// Called once, from a process, when the last frame was given to the link, or after an error.
  void on_end(std::function<void()> ended) { ended_ = std::move(ended); }
  bool ended() const { return has_ended_; }
  /// Frames of all rounds; 0 if they have no end.
  uint64_t frames_total() const { return play_.repeat * frames_in_file_; }
  uint64_t frames_sent() const { return tx_frames_; }
  /// The file could not be read to its end again; else empty.
  const std::string& failure() const { return failure_; }

 private:
  PcapSource(const PcapPlay& play, hw::FramePool& frames) : play_(play), frames_(frames) {}
  Status survey();
  /// Makes the next frame; false at the end.
  bool fetch();
  bool begin_round();
  void send();
  void end();

  PcapPlay play_;
  hw::FramePool& frames_;
  formats::PcapReader reader_;
  hw::EthernetPort* end_ = nullptr;
  sc_core::sc_event due_;
  std::function<void()> ended_;
  std::string failure_;
  bool has_ended_ = false;

  uint64_t frames_in_file_ = 0;  ///< those that can be sent
  uint64_t mean_gap_ps_ = 0;
  uint64_t rounds_ = 0;
  uint64_t first_ns_ = 0;    ///< of the capture
  hw::TimePs round_ps_ = 0;  ///< when the first frame of this round is due
  hw::FramePtr next_;        ///< fetched, not sent yet
  hw::TimePs next_due_ps_ = 0;

  uint64_t tx_frames_ = 0;
  uint64_t tx_bytes_ = 0;
  uint64_t tx_drop_size_ = 0;
  uint64_t tx_drop_cut_ = 0;
  uint64_t rx_frames_ = 0;
  uint64_t rx_bytes_ = 0;
};

}  // namespace ringside::tb
