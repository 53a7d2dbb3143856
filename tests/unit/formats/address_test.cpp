// SPDX-License-Identifier: Apache-2.0
// Address text: RFC 4291 section 2.2, RFC 5952, RFC 6943 section 3.1.1.
#include "formats/address.h"

#include "tests/support/gtest.h"

namespace ringside::formats {
namespace {

std::string canonical(std::string_view text) {
  const auto address = parse_ipv6(text);
  return address ? format_ipv6(*address) : "invalid";
}

TEST(Address, MacInBothNotations) {
  const MacAddress mac{0x02, 0x00, 0x5E, 0xAB, 0xCD, 0xEF};
  EXPECT_EQ(parse_mac("02:00:5e:ab:CD:ef"), mac);
  EXPECT_EQ(parse_mac("02-00-5E-AB-CD-EF"), mac);
  EXPECT_EQ(format_mac(mac), "02:00:5e:ab:cd:ef");
}

TEST(Address, MacRejects) {
  for (const char* text :
       {"", "02:00:5e:ab:cd", "02:00:5e:ab:cd:ef:", "02:00:5e:ab:cd:e", "02:00-5e:ab:cd:ef",
        "0g:00:5e:ab:cd:ef", "02.00.5e.ab.cd.ef", "2:000:5e:ab:cd:ef"}) {
    EXPECT_EQ(parse_mac(text), std::nullopt) << text;
  }
}

TEST(Address, Ipv4) {
  EXPECT_EQ(parse_ipv4("192.0.2.255"), (Ipv4Address{{192, 0, 2, 255}}));
  EXPECT_EQ(parse_ipv4("0.0.0.0"), Ipv4Address{});
  EXPECT_EQ(format_ipv4({{10, 0, 0, 1}}), "10.0.0.1");
  for (const char* text :
       {"", "1", "1.2.3", "1.2.3.4.", "1.2.3.4.5", ".1.2.3.4", "256.1.1.1", "01.2.3.4", "1.2.3.0x4",
        "1.2.3.-4", "1..3.4", "1.2.3.4 ", "1.2.3.0000"}) {
    EXPECT_EQ(parse_ipv4(text), std::nullopt) << text;
  }
}

TEST(Address, Ipv6Rfc5952) {
  // Section 4.1: leading zeros; 4.2.1: shorten as much as possible; 4.2.2: not one group.
  EXPECT_EQ(canonical("2001:0db8::0001"), "2001:db8::1");
  EXPECT_EQ(canonical("2001:db8:0:0:0:0:2:1"), "2001:db8::2:1");
  EXPECT_EQ(canonical("2001:db8::1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  // Section 4.2.3: the longest run, and the first of equals; 4.3: lower case.
  EXPECT_EQ(canonical("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");
  EXPECT_EQ(canonical("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(canonical("2001:DB8::AAAA"), "2001:db8::aaaa");
  // Section 5: a prefix known to hold an IPv4 address.
  EXPECT_EQ(canonical("0:0:0:0:0:FFFF:129.144.52.38"), "::ffff:129.144.52.38");
  EXPECT_EQ(canonical("::ffff:c000:201"), "::ffff:192.0.2.1");
}

TEST(Address, Ipv6Edges) {
  EXPECT_EQ(canonical("::"), "::");
  EXPECT_EQ(canonical("::1"), "::1");
  EXPECT_EQ(canonical("1::"), "1::");
  EXPECT_EQ(canonical("1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8");
  EXPECT_EQ(canonical("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(canonical("::2:3:4:5:6:7:8"), "0:2:3:4:5:6:7:8");
  EXPECT_EQ(canonical("1:2:3:4:5:6:1.2.3.4"), "1:2:3:4:5:6:102:304");
  EXPECT_EQ(canonical("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
}

TEST(Address, Ipv6Rejects) {
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "1:2:3:4::5:6:7:8",
                           "12345::",
                           "g::",
                           ":1::",
                           "1::2:",
                           "::1.2.3",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "fe80::1%eth0",
                           "::/0",
                           " ::",
                           "::ffff:1.2.3.256"}) {
    EXPECT_EQ(canonical(text), "invalid") << text;
  }
}

TEST(Address, Ipv6RoundTrip) {
  // Every pattern of zero and non-zero groups.
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    Ipv6Address address;
    for (std::size_t group = 0; group < 8; ++group) {
      if ((pattern >> group & 1) != 0) {
        address.bytes[2 * group] = static_cast<uint8_t>(group * 37);
        address.bytes[2 * group + 1] = static_cast<uint8_t>(group + 1);
      }
    }
    EXPECT_EQ(parse_ipv6(format_ipv6(address)), address) << format_ipv6(address);
  }
}

TEST(Address, Kinds) {
  EXPECT_TRUE(is_broadcast(*parse_mac("ff:ff:ff:ff:ff:ff")));
  EXPECT_TRUE(is_multicast(*parse_mac("33:33:00:00:00:01")));
  EXPECT_FALSE(is_multicast(*parse_mac("02:00:00:00:00:01")));
  EXPECT_TRUE(is_multicast(*parse_ipv4("239.1.1.1")));
  EXPECT_FALSE(is_multicast(*parse_ipv4("240.0.0.1")));
  EXPECT_TRUE(is_multicast(*parse_ipv6("ff02::1")));
}

}  // namespace
}  // namespace ringside::formats
