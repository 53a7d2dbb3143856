// SPDX-License-Identifier: Apache-2.0
// A file stays whole pieces and its tail when there is no more room.
#include "formats/output_file.h"

#include <csignal>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/gtest.h"
#include "tests/unit/scenario/text.h"

namespace ringside::formats {
namespace {

/// As a disk that is full at `bytes`, for this process.
void limit_files(rlim_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}

TEST(OutputFile, KeepsWhatWasTaken) {
  const test::TemporaryFolder folder;
  OutputFile file;
  EXPECT_FALSE(file.is_open());
  EXPECT_TRUE(file.close().ok());
  ASSERT_TRUE(file.open(folder / "a", "the file").ok());
  file.append("one,");
  file.commit();
  EXPECT_EQ(test::read_file(folder / "a.part"), "") << "it gathers";
  EXPECT_TRUE(file.flush().ok());
  EXPECT_EQ(test::read_file(folder / "a.part"), "one,");
  file.append("two");
  EXPECT_TRUE(file.close().ok());
  EXPECT_EQ(test::read_file(folder / "a"), "one,two");
  EXPECT_FALSE(file.open(folder / "no/a", "the file").ok());
  EXPECT_NE(file.status().error.find("no/a: cannot create the file: No such file"),
            std::string::npos)
      << file.status().error;
}

TEST(OutputFile, HasItsNameOnlyWhenItIsWhole) {
  const test::TemporaryFolder folder;
  const auto exists = [&](const char* name) { return access((folder / name).c_str(), F_OK) == 0; };
  {
    OutputFile first;
    ASSERT_TRUE(first.open(folder / "a", "the file").ok());
    first.append("old");
  }
  EXPECT_EQ(test::read_file(folder / "a"), "old");
  EXPECT_FALSE(exists("a.part"));
  OutputFile file;
  ASSERT_TRUE(file.open(folder / "a", "the file").ok());
  file.append("new");
  EXPECT_TRUE(file.flush().ok());
  // What a process that is killed now leaves.
  EXPECT_EQ(test::read_file(folder / "a"), "old");
  EXPECT_EQ(test::read_file(folder / "a.part"), "new");
  EXPECT_TRUE(file.close().ok());
  EXPECT_EQ(test::read_file(folder / "a"), "new");
  EXPECT_FALSE(exists("a.part"));
  // A device is written as it is.
  ASSERT_TRUE(file.open("/dev/null", "nothing").ok());
  file.append("gone");
  EXPECT_TRUE(file.close().ok());
}

TEST(OutputFile, IsCutToWholePiecesWhenTheDiskIsFull) {
  const test::TemporaryFolder folder;
  const std::string piece(std::size_t{1} << 20, 'x');
  OutputFile file;
  ASSERT_TRUE(file.open(folder / "a", "the file").ok());
  file.set_tail("]");
  std::vector<std::string> told;
  file.on_error([&](const std::string& line) { told.push_back(line); });
  limit_files((5u << 20) / 2);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(told.size(), i < 3 ? 0u : 1u) << "when it happens, and once";
    file.append(piece);
    file.commit();
  }
  EXPECT_FALSE(file.is_open());
  EXPECT_NE(file.status().error.find("a: cannot write the file: "), std::string::npos)
      << file.status().error;
  EXPECT_TRUE(file.status().error.ends_with("; what came before is in " + (folder / "a.part")))
      << file.status().error;
  EXPECT_EQ(test::read_file(folder / "a.part"), piece + piece + "]");
  file.append("more");
  EXPECT_FALSE(file.close().ok()) << "the first error stays";
  EXPECT_EQ(test::read_file(folder / "a.part").size(), 2 * piece.size() + 1);
  EXPECT_NE(access((folder / "a").c_str(), F_OK), 0) << "it does not look whole";
  EXPECT_EQ(told, std::vector<std::string>{file.status().error});
  EXPECT_FALSE(file.open(folder / "no/b", "the file").ok());
  EXPECT_EQ(told.size(), 1u) << "open() answers for itself";
}

// The last bytes find no room when the file is closed.
TEST(OutputFile, IsNotGivenItsNameWhenTheEndFindsNoRoom) {
  const test::TemporaryFolder folder;
  OutputFile file;
  ASSERT_TRUE(file.open(folder / "a", "the file").ok());
  unsigned told = 0;
  file.on_error([&](const std::string&) { ++told; });
  file.append("first");
  ASSERT_TRUE(file.flush().ok());
  limit_files(8);
  file.append("second");
  EXPECT_FALSE(file.close().ok());
  EXPECT_EQ(told, 1u);
  EXPECT_EQ(test::read_file(folder / "a.part"), "first");
  EXPECT_NE(access((folder / "a").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace ringside::formats
