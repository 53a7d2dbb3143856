// SPDX-License-Identifier: Apache-2.0
// pcapng blocks, built in a buffer and handed to the file whole.
#include "formats/pcapng_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "formats/byte_order.h"

namespace ringside::formats {
namespace {

// draft-ietf-opsawg-pcapng, sections 3.5 and 4.
constexpr uint32_t kSectionHeaderBlock = 0x0A0D0D0A;
constexpr uint32_t kInterfaceBlock = 1;
constexpr uint32_t kEnhancedPacketBlock = 6;
constexpr uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr uint16_t kLinkTypeEthernet = 1;
constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionComment = 1;
constexpr uint16_t kSectionHardware = 2, kSectionOs = 3, kSectionApplication = 4;
constexpr uint16_t kInterfaceName = 2, kInterfaceDescription = 3, kInterfaceMac = 6;
constexpr uint16_t kInterfaceSpeed = 8, kInterfaceTimeResolution = 9;
constexpr uint16_t kPacketFlags = 2;
constexpr uint8_t kNanoseconds = 9;

constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
constexpr std::size_t kOptionBytesMax = 65535;

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

}  // namespace

/// Appends one block to the buffer; its lengths are filled in by end().
class PcapngWriter::Block {
 public:
  Block(std::vector<std::byte>& buffer, uint32_t type) : buffer_(buffer), start_(buffer.size()) {
    u32(type);
    u32(0);
  }
  void u16(uint16_t value) { number(value); }
  void u32(uint32_t value) { number(value); }
  void u64(uint64_t value) { number(value); }
  void bytes(ByteView from) {
    const std::size_t at = grow(padded(from.size()));
    if (!from.empty()) std::memcpy(buffer_.data() + at, from.data(), from.size());
  }
  void option(uint16_t code, ByteView value) {
    const std::size_t size = std::min(value.size(), kOptionBytesMax);
    u16(code);
    u16(static_cast<uint16_t>(size));
    bytes(value.first(size));
    has_options_ = true;
  }
  void text(uint16_t code, std::string_view value) {
    if (!value.empty()) option(code, std::as_bytes(std::span(value)));
  }
  void end() {
    if (has_options_) {
      u16(kOptionEnd);
      u16(0);
    }
    const auto length = static_cast<uint32_t>(buffer_.size() - start_ + sizeof(uint32_t));
    u32(length);
    store_le(buffer_.data() + start_ + sizeof(uint32_t), length);
  }

 private:
  std::size_t grow(std::size_t size) {
    const std::size_t at = buffer_.size();
    buffer_.resize(at + size);
    return at;
  }
  template <typename T>
  void number(T value) {
    const std::size_t at = grow(sizeof value);  // moves the buffer
    store_le(buffer_.data() + at, value);
  }

  std::vector<std::byte>& buffer_;
  const std::size_t start_;
  bool has_options_ = false;
};

PcapngWriter::PcapngWriter(PcapngWriter&& other) noexcept { *this = std::move(other); }

PcapngWriter& PcapngWriter::operator=(PcapngWriter&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(status_, other.status_);
  std::swap(buffer_, other.buffer_);
  std::swap(bytes_on_disk_, other.bytes_on_disk_);
  std::swap(packets_, other.packets_);
  std::swap(interfaces_, other.interfaces_);
  std::swap(snap_length_, other.snap_length_);
  return *this;
}

PcapngWriter::~PcapngWriter() { (void)close(); }

Status PcapngWriter::open(const std::string& path, const PcapngSection& section) {
  if (is_open()) {
    if (Status closed = close(); !closed.ok()) return closed;
  }
  path_ = path;
  status_ = Status::success();
  bytes_on_disk_ = packets_ = 0;
  interfaces_ = 0;
  snap_length_ = section.snap_length;
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    fail("cannot create the capture", errno);
    return status_;
  }
  Block block(buffer_, kSectionHeaderBlock);
  block.u32(kByteOrderMagic);
  block.u16(1);
  block.u16(0);
  block.u64(~uint64_t{0});  // the section's length: not given
  block.text(kOptionComment, section.comment);
  block.text(kSectionHardware, section.hardware);
  block.text(kSectionOs, section.os);
  block.text(kSectionApplication, section.application);
  block.end();
  return flush();
}

uint32_t PcapngWriter::add_interface(const PcapngInterface& interface) {
  if (is_open()) {
    Block block(buffer_, kInterfaceBlock);
    block.u16(kLinkTypeEthernet);
    block.u16(0);
    block.u32(snap_length_);
    block.text(kOptionComment, interface.comment);
    block.text(kInterfaceName, interface.name);
    block.text(kInterfaceDescription, interface.description);
    if (interface.mac) block.option(kInterfaceMac, std::as_bytes(std::span(*interface.mac)));
    if (interface.speed_bps != 0) {
      block.option(kInterfaceSpeed, std::as_bytes(std::span(&interface.speed_bps, 1)));
    }
    block.option(kInterfaceTimeResolution, std::as_bytes(std::span(&kNanoseconds, 1)));
    block.end();
  }
  return interfaces_++;
}

Status PcapngWriter::write_packet(uint32_t interface, uint64_t time_ns, ByteView frame,
                                  const PcapngPacketOptions& options) {
  if (!is_open()) {
    return status_.ok() ? Status::failure("the capture is not open") : status_;
  }
  if (interface >= interfaces_) {
    return Status::failure(path_ + ": no interface " + std::to_string(interface));
  }
  const std::size_t kept =
      snap_length_ == 0 ? frame.size() : std::min<std::size_t>(frame.size(), snap_length_);
  Block block(buffer_, kEnhancedPacketBlock);
  block.u32(interface);
  block.u32(static_cast<uint32_t>(time_ns >> 32));
  block.u32(static_cast<uint32_t>(time_ns));
  block.u32(static_cast<uint32_t>(kept));
  block.u32(static_cast<uint32_t>(frame.size()));
  block.bytes(frame.first(kept));
  block.text(kOptionComment, options.comment);
  if (options.direction != PacketDirection::kUnknown) {
    const auto flags = static_cast<uint32_t>(options.direction);
    block.option(kPacketFlags, std::as_bytes(std::span(&flags, 1)));
  }
  block.end();
  ++packets_;
  if (buffer_.size() >= kFlushBytes) write_out();
  return status_;
}

Status PcapngWriter::flush() {
  if (is_open()) write_out();
  return status_;
}

Status PcapngWriter::close() {
  if (is_open()) {
    write_out();
    if (is_open()) {
      const int result = ::close(std::exchange(descriptor_, -1));
      if (result != 0) fail("cannot close the capture", errno);
    }
  }
  return status_;
}

void PcapngWriter::write_out() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      fail("cannot write the capture", count < 0 ? errno : ENOSPC);
      return;
    }
    done += static_cast<std::size_t>(count);
  }
  bytes_on_disk_ += done;
  buffer_.clear();
}

void PcapngWriter::fail(const char* what, int error) {
  status_ = Status::failure(path_ + ": " + what + ": " + std::strerror(error));
  buffer_.clear();
  if (is_open()) {
    // Whole blocks stay; a pipe or a device cannot be cut, and has nothing to repair.
    (void)!::ftruncate(descriptor_, static_cast<off_t>(bytes_on_disk_));
    ::close(std::exchange(descriptor_, -1));
  }
}

}  // namespace ringside::formats
