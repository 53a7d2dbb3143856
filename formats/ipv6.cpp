// SPDX-License-Identifier: Apache-2.0
// The walk over IPv6 extension headers.
#include "formats/ipv6.h"

namespace ringside::formats {
namespace {

/// Length in bytes from the header's second byte.
std::size_t extension_bytes(uint8_t type, std::size_t length_field) {
  if (type == kProtocolFragment) return Ipv6Fragment::kBytes;
  if (type == kProtocolAuthentication) return (length_field + 2) * 4;  // RFC 4302, section 2.2
  return (length_field + 1) * 8;
}

}  // namespace

bool Ipv6ExtensionCursor::next(Ipv6Extension& extension) {
  if (end_ != End::kNone) return false;
  if (!is_extension(next_header_)) return stop(End::kUpperLayer);
  if (headers_ == kMaxHeaders) return stop(End::kTooMany);
  const ByteView rest = payload_.subspan(offset_);
  // No extension header is shorter than eight bytes.
  if (rest.size() < 8) return stop(End::kTruncated);
  const std::size_t size =
      std::max<std::size_t>(8, extension_bytes(next_header_, load_u8(rest.data() + 1)));
  if (size > rest.size()) return stop(End::kTruncated);
  extension = {next_header_, rest.first(size)};
  next_header_ = load_u8(rest.data());
  offset_ += size;
  ++headers_;
  // What follows belongs to the first fragment's chain and is not a header here.
  if (extension.type == kProtocolFragment && Ipv6Fragment::of(extension.bytes).offset_bytes != 0) {
    end_ = End::kLaterFragment;
  }
  return true;
}

std::optional<Ipv6Address> final_destination(ByteView routing_header) {
  constexpr std::size_t kFixed = 8;
  constexpr uint8_t kSourceRoute = 0, kMobility = 2, kSegmentRouting = 4;
  const uint8_t type = load_u8(routing_header.data() + 2);
  const std::size_t addresses = (routing_header.size() - kFixed) / sizeof(Ipv6Address);
  if (segments_left(routing_header) == 0 || addresses == 0) return std::nullopt;
  // RFC 8754, section 2: the segment list is encoded starting from the last segment.
  if (type == kMobility || type == kSegmentRouting) {
    return load_bytes<Ipv6Address>(routing_header.data() + kFixed);
  }
  if (type == kSourceRoute) {
    return load_bytes<Ipv6Address>(routing_header.data() + kFixed +
                                   (addresses - 1) * sizeof(Ipv6Address));
  }
  return std::nullopt;
}

}  // namespace ringside::formats
