// SPDX-License-Identifier: Apache-2.0
// pcapng blocks, built in a buffer and handed to the file whole.
#include "formats/pcapng_writer.h"

#include <algorithm>
#include <cstring>

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
constexpr uint32_t kFlagCrcError = 1u << 24;  // link-layer-dependent errors of epb_flags
constexpr uint8_t kNanoseconds = 9;

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

Status PcapngWriter::open(const std::string& path, const PcapngSection& section) {
  if (Status status = file_.open(path, "the capture"); !status.ok()) return status;
  path_ = path;
  packets_ = 0;
  interfaces_ = 0;
  snap_length_ = section.snap_length;
  Block block(file_.buffer(), kSectionHeaderBlock);
  block.u32(kByteOrderMagic);
  block.u16(1);
  block.u16(0);
  block.u64(~uint64_t{0});  // the section's length: not given
  block.text(kOptionComment, section.comment);
  block.text(kSectionHardware, section.hardware);
  block.text(kSectionOs, section.os);
  block.text(kSectionApplication, section.application);
  block.end();
  return file_.flush();
}

uint32_t PcapngWriter::add_interface(const PcapngInterface& interface) {
  if (is_open()) {
    Block block(file_.buffer(), kInterfaceBlock);
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
    return status().ok() ? Status::failure("the capture is not open") : status();
  }
  if (interface >= interfaces_) {
    return Status::failure(path_ + ": no interface " + std::to_string(interface));
  }
  const std::size_t kept =
      snap_length_ == 0 ? frame.size() : std::min<std::size_t>(frame.size(), snap_length_);
  Block block(file_.buffer(), kEnhancedPacketBlock);
  block.u32(interface);
  block.u32(static_cast<uint32_t>(time_ns >> 32));
  block.u32(static_cast<uint32_t>(time_ns));
  block.u32(static_cast<uint32_t>(kept));
  block.u32(static_cast<uint32_t>(frame.size()));
  block.bytes(frame.first(kept));
  block.text(kOptionComment, options.comment);
  const auto flags =
      static_cast<uint32_t>(options.direction) | (options.fcs_wrong ? kFlagCrcError : 0u);
  if (flags != 0) {
    block.option(kPacketFlags, std::as_bytes(std::span(&flags, 1)));
  }
  block.end();
  ++packets_;
  file_.commit();
  return status();
}

}  // namespace ringside::formats
