// SPDX-License-Identifier: Apache-2.0
// Uses installed headers and libraries: parses an address, hashes it, prints both.
#include <cstdio>
#include <span>
#include <string>

#include "formats/address.h"
#include "formats/digest.h"
#include "formats/pcap_reader.h"
#include "formats/sha256.h"

int main() {
  const auto address = ringside::formats::parse_ipv6("2001:DB8:0:0::1");
  if (!address) return 1;
  const std::string text = ringside::formats::format_ipv6(*address);
  ringside::formats::RunDigest digest;
  digest.record(0, 0, 0, std::as_bytes(std::span(text)));
  ringside::formats::PcapReader reader;
  if (reader.open("no such file").ok()) return 1;
  std::printf("%s %s %s\n", text.c_str(), digest.hex().c_str(),
              ringside::formats::sha256_hex(std::as_bytes(std::span(text))).c_str());
  return 0;
}
