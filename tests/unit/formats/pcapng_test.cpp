// SPDX-License-Identifier: Apache-2.0
// The pcapng writer, block by block.
#include "formats/pcapng_writer.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "formats/byte_order.h"
#include "tests/support/gtest.h"

namespace ringside::formats {
namespace {

std::vector<std::byte> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(chars));
  return {bytes.begin(), bytes.end()};
}

/// The types of all blocks; a type of 0 at the end says that the file is not whole blocks.
std::vector<uint32_t> block_types(const std::vector<std::byte>& file) {
  std::vector<uint32_t> types;
  std::size_t at = 0;
  while (at + 12 <= file.size()) {
    const auto length = load_le<uint32_t>(&file[at + 4]);
    if (length < 12 || length % 4 != 0 || length > file.size() - at ||
        load_le<uint32_t>(&file[at + length - 4]) != length) {
      break;
    }
    types.push_back(load_le<uint32_t>(&file[at]));
    at += length;
  }
  if (at != file.size()) types.push_back(0);
  return types;
}

constexpr uint32_t kShb = 0x0A0D0D0A, kIdb = 1, kEpb = 6;

class PcapngFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/ringside-pcapng-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/capture.pcapng";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_, path_;
};

TEST_F(PcapngFile, BlocksAreWhole) {
  PcapngWriter writer;
  ASSERT_TRUE(
      writer.open(path_, {.hardware = "card", .application = "ringside", .comment = "c"}).ok());
  EXPECT_EQ(block_types(read_file(path_ + ".part")), std::vector<uint32_t>{kShb});
  EXPECT_EQ(writer.add_interface({.name = "alice0", .speed_bps = 100'000'000'000}), 0u);
  EXPECT_EQ(writer.add_interface({.name = "bob0"}), 1u);
  for (std::size_t size = 0; size < 9; ++size) {
    const std::vector<std::byte> frame(size, std::byte{0xAB});
    EXPECT_TRUE(writer.write_packet(size % 2, size, frame, {.comment = "abc"}).ok());
  }
  EXPECT_EQ(writer.packets(), 9u);
  ASSERT_TRUE(writer.flush().ok());
  const auto types = block_types(read_file(path_ + ".part"));
  EXPECT_EQ(types.size(), 12u);
  EXPECT_EQ(types[1], kIdb);
  EXPECT_EQ(types.back(), kEpb);
  EXPECT_TRUE(writer.close().ok());
  EXPECT_TRUE(writer.close().ok());
}

TEST_F(PcapngFile, PacketFields) {
  PcapngWriter writer;
  ASSERT_TRUE(writer.open(path_, {.snap_length = 5}).ok());
  writer.add_interface({});
  const std::vector<std::byte> frame(7, std::byte{0x5A});
  ASSERT_TRUE(writer.write_packet(0, 0x0123456789ABCDEF, frame).ok());
  ASSERT_TRUE(writer.close().ok());
  const auto file = read_file(path_);
  const std::byte* packet = file.data() + 28 + load_le<uint32_t>(&file[28 + 4]);
  EXPECT_EQ(load_le<uint32_t>(packet), kEpb);
  EXPECT_EQ(load_le<uint32_t>(packet + 8), 0u);
  EXPECT_EQ(load_le<uint32_t>(packet + 12), 0x01234567u);
  EXPECT_EQ(load_le<uint32_t>(packet + 16), 0x89ABCDEFu);
  EXPECT_EQ(load_le<uint32_t>(packet + 20), 5u);
  EXPECT_EQ(load_le<uint32_t>(packet + 24), 7u);
  EXPECT_EQ(packet[28 + 4], std::byte{0x5A});
  EXPECT_EQ(packet[28 + 5], std::byte{0});
}

TEST_F(PcapngFile, AWrongFcsIsInTheFlags) {
  PcapngWriter writer;
  ASSERT_TRUE(writer.open(path_, {}).ok());
  writer.add_interface({.name = "a"});
  const std::size_t begin = [&] {
    (void)writer.flush();
    return read_file(path_ + ".part").size();
  }();
  const std::vector<std::byte> frame(4);
  ASSERT_TRUE(
      writer.write_packet(0, 0, frame, {.direction = PacketDirection::kInbound, .fcs_wrong = true})
          .ok());
  ASSERT_TRUE(writer.flush().ok());
  const auto file = read_file(path_ + ".part");
  // Behind the header of 28 bytes and the frame: epb_flags (2) of 4 bytes; bit 24 is the CRC.
  EXPECT_EQ(load_le<uint16_t>(&file[begin + 32]), 2u);
  EXPECT_EQ(load_le<uint32_t>(&file[begin + 36]), 1u << 24 | 1u);
}

TEST_F(PcapngFile, ErrorsNameTheFile) {
  PcapngWriter writer;
  const Status missing = writer.open(folder_ + "/no/such/capture.pcapng", {});
  EXPECT_FALSE(missing.ok());
  EXPECT_NE(missing.error.find("no/such/capture.pcapng"), std::string::npos) << missing.error;
  EXPECT_FALSE(writer.write_packet(0, 0, {}).ok());

  ASSERT_TRUE(writer.open(path_, {}).ok());
  EXPECT_FALSE(writer.write_packet(0, 0, {}).ok()) << "no interface yet";
  writer.add_interface({});
  EXPECT_TRUE(writer.write_packet(0, 0, {}).ok()) << "a caller's mistake does not end the file";
  EXPECT_TRUE(writer.close().ok());
}

TEST_F(PcapngFile, MoveKeepsTheFileOpen) {
  PcapngWriter first;
  ASSERT_TRUE(first.open(path_, {}).ok());
  first.add_interface({});
  PcapngWriter second = std::move(first);
  ASSERT_TRUE(second.write_packet(0, 1, {}).ok());
  ASSERT_TRUE(second.close().ok());
  EXPECT_EQ(block_types(read_file(path_)), (std::vector<uint32_t>{kShb, kIdb, kEpb}));
}

}  // namespace
}  // namespace ringside::formats
