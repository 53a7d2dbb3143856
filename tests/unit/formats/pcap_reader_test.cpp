// SPDX-License-Identifier: Apache-2.0
// What the pcapng writer writes, read back by libpcap, tshark and capinfos; and a full disk.
#include "formats/pcap_reader.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>

#include "formats/pcapng_writer.h"
#include "tests/support/gtest.h"
#include "tests/unit/formats/capture_files.h"
#include "tests/unit/formats/frame_builder.h"

namespace ringside::formats {
namespace {

class ReadBack : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/ringside-capture-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/capture.pcapng";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// 100 packets of growing size on two interfaces.
  void write_sample() {
    PcapngWriter writer;
    ASSERT_TRUE(writer.open(path_, {.hardware = "two cards", .application = "ringside"}).ok());
    writer.add_interface({.name = "alice0", .speed_bps = 100'000'000'000});
    writer.add_interface({.name = "bob0", .mac = MacAddress{2, 0, 0, 0, 0, 1}});
    for (uint32_t i = 0; i < 100; ++i) {
      std::vector<std::byte> frame = from_hex(kEthernetIpv4);
      frame.resize(14 + i, static_cast<std::byte>(i));
      ASSERT_TRUE(writer
                      .write_packet(i % 2, time_of(i), frame,
                                    {.comment = i == 7 ? "the seventh" : "",
                                     .direction = PacketDirection::kOutbound})
                      .ok());
    }
    ASSERT_TRUE(writer.close().ok());
  }
  static uint64_t time_of(uint32_t i) { return 1'000'000'000ull * i + 123'456'789 + i; }

  std::string output_of(const std::string& command) {
    std::string text;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> block;
    for (std::size_t count; (count = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
      text.append(block.data(), count);
    }
    ::pclose(pipe);
    return text;
  }
  std::string folder_, path_;
};

TEST_F(ReadBack, ByLibpcap) {
  write_sample();
  PcapReader reader;
  const Status opened = reader.open_ethernet(path_);
  ASSERT_TRUE(opened.ok()) << opened.error;
  for (uint32_t i = 0; i < 100; ++i) {
    const auto packet = reader.next();
    ASSERT_TRUE(packet) << reader.status().error;
    EXPECT_EQ(packet->time_ns, time_of(i));
    EXPECT_EQ(packet->bytes.size(), 14 + i);
    EXPECT_EQ(packet->original_bytes, 14 + i);
    EXPECT_EQ(packet->bytes.back(), i == 0 ? std::byte{0} : static_cast<std::byte>(i));
  }
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.status().ok());
  EXPECT_EQ(reader.packets(), 100u);
}

TEST_F(ReadBack, ByTshark) {
  if (std::system("tshark --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is missing";
  write_sample();
  const std::string text = output_of("tshark -r '" + path_ +
                                     "' -Y 'frame.number == 8' -T fields -e frame.comment "
                                     "-e frame.interface_name -e frame.time_epoch -e frame.len "
                                     "-e frame.packet_flags_direction");
  EXPECT_NE(text.find("the seventh\tbob0\t7.123456796\t21\t"), std::string::npos) << text;
  EXPECT_NE(text.find("2\n"), std::string::npos) << text;
}

TEST_F(ReadBack, ByCapinfos) {
  if (std::system("capinfos --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "capinfos is missing";
  write_sample();
  const std::string text = output_of("capinfos '" + path_ + "'");
  for (const char* expected : {"nanoseconds", "two cards", "ringside", "alice0", "bob0",
                               "Speed = 100000000000", "Number of packets:   100"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " is not in\n" << text;
  }
}

TEST_F(ReadBack, AfterAFullDisk) {
  // A limit on the file's size stands for the full disk: the write that meets it is cut short.
  PcapngWriter writer;
  ASSERT_TRUE(writer.open(path_, {}).ok());
  writer.add_interface({});
  const std::vector<std::byte> frame(1000, std::byte{1});
  ASSERT_TRUE(writer.write_packet(0, 1, frame).ok());
  ASSERT_TRUE(writer.flush().ok());
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{5000, RLIM_INFINITY};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  Status status;
  for (int i = 0; i < 20; ++i) status = writer.write_packet(0, 2, frame);
  EXPECT_TRUE(status.ok()) << "nothing has reached the disk yet";
  status = writer.close();
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.error.find(path_), std::string::npos) << status.error;
  EXPECT_FALSE(writer.write_packet(0, 3, frame).ok());

  PcapReader reader;
  ASSERT_TRUE(reader.open(path_ + ".part").ok());
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.status().ok())
      << "the file ends with a whole packet: " << reader.status().error;
}

TEST_F(ReadBack, FullDeviceIsAnErrorWithItsName) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  PcapngWriter writer;
  const Status status = writer.open("/dev/full", {});
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.error.find("/dev/full"), std::string::npos) << status.error;
}

TEST_F(ReadBack, SnapLength) {
  PcapngWriter writer;
  ASSERT_TRUE(writer.open(path_, {.snap_length = 60}).ok());
  writer.add_interface({});
  ASSERT_TRUE(writer.write_packet(0, 0, std::vector<std::byte>(1514)).ok());
  ASSERT_TRUE(writer.close().ok());
  PcapReader reader;
  ASSERT_TRUE(reader.open(path_).ok());
  const auto packet = reader.next();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->bytes.size(), 60u);
  EXPECT_EQ(packet->original_bytes, 1514u);
}

TEST_F(ReadBack, ReaderErrorsNameTheFile) {
  PcapReader reader;
  const std::string missing = folder_ + "/missing.pcap";
  EXPECT_NE(reader.open(missing).error.find(missing), std::string::npos);
  EXPECT_FALSE(reader.next());
  std::ofstream(path_) << "this is not a capture";
  const Status status = reader.open(path_);
  EXPECT_NE(status.error.find(path_), std::string::npos) << status.error;
  EXPECT_EQ(reader.link_type(), -1);

  // A record that is cut in its middle.
  write_sample();
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 20);
  ASSERT_TRUE(reader.open(path_).ok());
  while (reader.next()) continue;
  EXPECT_EQ(reader.packets(), 99u);
  EXPECT_NE(reader.status().error.find(path_ + ": packet 100"), std::string::npos)
      << reader.status().error;
}

TEST_F(ReadBack, OtherLinkTypesAreRefusedByName) {
  // A classic pcap header: raw IP (LINKTYPE_RAW).
  const auto header = from_hex("d4c3b2a1 0200 0400 00000000 00000000 00000100 65000000");
  std::ofstream(path_, std::ios::binary)
      .write(reinterpret_cast<const char*>(header.data()),
             static_cast<std::streamsize>(header.size()));
  PcapReader reader;
  EXPECT_TRUE(reader.open(path_).ok());
  const Status status = reader.open_ethernet(path_);
  EXPECT_NE(status.error.find("RAW"), std::string::npos) << status.error;
}

TEST(Captures, EveryFileOpensOrSaysWhyNot) {
  const auto files = capture_files();
  if (files.empty()) GTEST_SKIP() << kNoCaptures;
  uint64_t packets = 0;
  for (const std::string& path : files) {
    PcapReader reader;
    const Status status = reader.open(path);
    while (reader.next()) ++packets;
    if (!status.ok() || !reader.status().ok()) {
      EXPECT_NE(reader.status().error.find(path), std::string::npos) << reader.status().error;
    }
  }
  EXPECT_GT(packets, 0u);
}

}  // namespace
}  // namespace ringside::formats
