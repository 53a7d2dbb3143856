// SPDX-License-Identifier: Apache-2.0
// Any bytes as a frame: every offset that the parser gives lies within the frame and in order.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "formats/frame_parser.h"

using ringside::ByteView;
using ringside::formats::ParsedFrame;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const ByteView frame(reinterpret_cast<const std::byte*>(data), size);
  const ParsedFrame parsed = ringside::formats::parse_frame(frame);
  const bool in_order = parsed.l3_offset <= parsed.l3_end && parsed.l3_end <= size &&
                        parsed.l4_offset <= size && parsed.payload_offset <= parsed.payload_end &&
                        parsed.payload_end <= size;
  if (parsed.ok() && !in_order) std::abort();
  ringside::formats::verify_checksums(frame, parsed);
  return 0;
}
