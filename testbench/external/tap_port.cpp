// SPDX-License-Identifier: Apache-2.0
// See tap_port.h.
#include "testbench/external/tap_port.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ringside::tb {

TapPort::TapPort(std::string interface, int descriptor, ExternalLoop& loop, hw::FramePool& frames,
                 std::function<void(const std::string&)> lost)
    : interface_(std::move(interface)),
      descriptor_(descriptor),
      loop_(loop),
      frames_(frames),
      lost_(std::move(lost)),
      // One byte more than the longest frame: what fills it is too long.
      buffer_(kMaxOutsideFrameBytes + 1) {}

TapPort::~TapPort() {
  loop_.unwatch(descriptor_);
  close(descriptor_);
}

void TapPort::connect(hw::EthernetPort& end) {
  end_ = &end;
  end.attach(*this);
  sc_core::sc_spawn_options options;
  options.spawn_method();
  options.set_sensitivity(&link_free_);
  options.dont_initialize();
  sc_core::sc_spawn([this] { watch(); }, sc_core::sc_gen_unique_name("tap"), &options);
  watch();
}

void TapPort::watch() {
  if (!gone_) loop_.watch(descriptor_, [this] { read_frames(); });
}

void TapPort::read_frames() {
  const hw::TimePs now = sc_core::sc_time_stamp().value();
  const hw::TimePs ahead = queue_ahead_ps(*end_);
  while (end_->free_at() <= now + ahead) {
    const ssize_t size = read(descriptor_, buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    // EIO: the interface is down, and nothing comes.
    if (size < 0 && (errno == EAGAIN || errno == EIO)) return;
    if (size <= 0) return give_up();
    const auto bytes = static_cast<std::size_t>(size);
    if (bytes < kMinOutsideFrameBytes || bytes > kMaxOutsideFrameBytes) {
      ++tx_drop_size_;
      continue;
    }
    const hw::FramePtr frame = frames_.make();
    frame->bytes.assign(buffer_.begin(), buffer_.begin() + size);
    ++tx_frames_;
    tx_bytes_ += bytes;
    end_->transmit(frame);
  }
  // The link has enough for now: what else there is waits in the kernel.
  loop_.unwatch(descriptor_);
  link_free_.notify(sc_core::sc_time::from_value(end_->free_at() - now - ahead / 2));
}

void TapPort::receive_frame(const hw::FramePtr& frame, hw::TimePs, hw::TimePs) {
  if (!frame->fcs_ok) {
    ++rx_drop_fcs_;
    return;
  }
  const std::size_t size = frame->bytes.size();
  ssize_t written = -1;
  do {
    written = gone_ ? -1 : write(descriptor_, frame->bytes.data(), size);
  } while (written < 0 && errno == EINTR && !gone_);
  if (written == static_cast<ssize_t>(size)) {
    ++rx_frames_;
    rx_bytes_ += size;
    return;
  }
  ++rx_drop_refused_;
  if (!gone_ && errno == EBADFD) give_up();
}

void TapPort::give_up() {
  gone_ = true;
  loop_.unwatch(descriptor_);
  if (lost_) lost_("interface '" + interface_ + "' was removed");
}

std::vector<hw::NicCounter> TapPort::counters() const {
  return {{"tx_frames", tx_frames_},
          {"tx_bytes", tx_bytes_},
          {"tx_drop_size", tx_drop_size_},
          {"rx_frames", rx_frames_},
          {"rx_bytes", rx_bytes_},
          {"rx_drop_fcs", rx_drop_fcs_},
          {"rx_drop_refused", rx_drop_refused_}};
}

}  // namespace ringside::tb
