// SPDX-License-Identifier: Apache-2.0
// Records through the file and back, and files that are anything else.
#include "hw_model/trace/trace_file.h"

#include <string>
#include <vector>

#include "formats/random.h"
#include "hw_model/trace/trace_tee.h"
#include "hw_model/trace/trace_text.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/text.h"

namespace ringside::hw {
namespace {

constexpr std::size_t kRecordBytes = 56;
const std::vector<TraceCard> kCards = {{"alice0", 1}, {"b", 8}};

TraceRecord random_record(SplitMix64& random) {
  TraceRecord record;
  record.time_ps = random.next();
  record.kind = static_cast<TraceKind>(random.next() % static_cast<uint64_t>(TraceKind::kCount));
  record.purpose = static_cast<Purpose>(random.next() % static_cast<uint64_t>(Purpose::kCount));
  record.queue = static_cast<uint16_t>(random.next());
  record.id = static_cast<uint32_t>(random.next());
  record.chain = static_cast<uint32_t>(random.next());
  record.size = static_cast<uint32_t>(random.next());
  record.frame = random.next();
  record.address = random.next();
  record.value = random.next();
  return record;
}

bool same(const TraceRecord& a, const TraceRecord& b) {
  return a.time_ps == b.time_ps && a.kind == b.kind && a.purpose == b.purpose &&
         a.queue == b.queue && a.id == b.id && a.chain == b.chain && a.size == b.size &&
         a.frame == b.frame && a.address == b.address && a.value == b.value;
}

/// A trace of `count` random records, alternately of both cards.
std::vector<TraceRecord> write(const std::string& path, unsigned count) {
  SplitMix64 random(3);
  TraceFileWriter writer;
  EXPECT_TRUE(writer.open(path, kCards).ok());
  TraceFileSink sinks[] = {{writer, 0}, {writer, 1}};
  std::vector<TraceRecord> records;
  for (unsigned i = 0; i < count; ++i) {
    records.push_back(random_record(random));
    sinks[i % 2].record(records.back());
  }
  EXPECT_TRUE(writer.close().ok());
  return records;
}

/// Reads to the end; the number of records, and the error.
std::string read_all(const std::string& path, unsigned* count) {
  TraceFileReader reader;
  *count = 0;
  if (const Status status = reader.open(path); !status.ok()) return status.error;
  TraceRecord record;
  uint16_t card = 0;
  while (reader.next(&record, &card)) {
    EXPECT_LT(card, reader.cards().size());
    EXPECT_FALSE(to_line(reader.cards()[card], record, 6).empty());
    ++*count;
  }
  return reader.status().error;
}

TEST(TraceFile, GivesBackWhatItTook) {
  const test::TemporaryFolder folder;
  const std::vector<TraceRecord> records = write(folder / "t", 40'000);
  TraceFileReader reader;
  ASSERT_TRUE(reader.open(folder / "t").ok());
  ASSERT_EQ(reader.cards().size(), 2u);
  EXPECT_EQ(reader.cards()[0].name, "alice0");
  EXPECT_EQ(reader.cards()[1].name, "b");
  EXPECT_EQ(reader.cards()[1].queue_pairs, 8u);
  TraceRecord record;
  uint16_t card = 9;
  std::size_t count = 0;
  bool all_same = true;
  for (; reader.next(&record, &card); ++count) {
    all_same =
        all_same && count < records.size() && same(record, records[count]) && card == count % 2;
  }
  EXPECT_TRUE(all_same);
  EXPECT_EQ(count, records.size());
  EXPECT_TRUE(reader.status().ok()) << reader.status().error;
}

TEST(TraceFile, SaysWhatIsWrong) {
  const test::TemporaryFolder folder;
  unsigned count = 0;
  const std::string here = folder / "t";
  EXPECT_EQ(read_all(here, &count), here + ": No such file or directory; expected a trace");
  EXPECT_EQ(read_all(folder.path(), &count), folder.path() + ": is a folder; expected a trace");
  const std::string none =
      here + ": is no trace of this program; expected a file of 'ringside run --trace events'";
  folder.write("t", "");
  EXPECT_EQ(read_all(here, &count), none);
  folder.write("t", "version = 1 and some more text than a header");
  EXPECT_EQ(read_all(here, &count), none);
  write(here, 3);
  std::string good = test::read_file(here);
  ASSERT_EQ(good.size() % 8, 0u);
  const std::size_t header = good.size() - 3 * kRecordBytes;

  folder.write("t", std::string_view(good).substr(0, good.size() - 1));
  EXPECT_EQ(read_all(here, &count), here + ": ends within record 2");
  EXPECT_EQ(count, 2u);
  folder.write("t", std::string_view(good).substr(0, header - 1));
  EXPECT_EQ(read_all(here, &count), here + ": ends in its header");
  folder.write("t", std::string_view(good).substr(0, header));
  EXPECT_EQ(read_all(here, &count), "");
  EXPECT_EQ(count, 0u);

  const auto changed = [&](std::size_t at, char value) {
    std::string bad = good;
    bad[at] = value;
    folder.write("t", bad);
    return read_all(here, &count);
  };
  EXPECT_EQ(changed(8, 2), here + ": is a trace of version 2; expected version 1");
  EXPECT_EQ(changed(16, 57), here + ": has a damaged header");
  EXPECT_EQ(changed(header + kRecordBytes + 46, 2), here + ": record 1 is damaged")
      << "no such card";
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(changed(header + 48, static_cast<char>(TraceKind::kCount)),
            here + ": record 0 is damaged");
  EXPECT_EQ(changed(header + 49, static_cast<char>(Purpose::kCount)),
            here + ": record 0 is damaged");
  EXPECT_EQ(changed(header + 2 * kRecordBytes + 55, 1), here + ": record 2 is damaged");
}

TEST(TraceFile, DamageOfAnyKindIsOneError) {
  const test::TemporaryFolder folder;
  write(folder / "t", 5);
  const std::string good = test::read_file(folder / "t");
  SplitMix64 random(7);
  unsigned refused = 0;
  for (int round = 0; round < 800; ++round) {
    std::string bad = good;
    for (uint64_t flips = random.next() % 4 + 1; flips != 0; --flips) {
      // The header is most of what can go wrong.
      const std::size_t range = random.next() % 2 == 0 ? bad.size() : 48;
      char& byte = bad[random.next() % range];
      byte = static_cast<char>(static_cast<unsigned char>(byte) ^ 1u << random.next() % 8);
    }
    if (random.next() % 4 == 0) bad.resize(random.next() % bad.size());
    folder.write("t", bad);
    unsigned count = 0;
    const std::string error = read_all(folder / "t", &count);
    EXPECT_LE(count, 5u);
    if (error.empty()) continue;
    ++refused;
    EXPECT_EQ(error.find('\n'), std::string::npos);
    EXPECT_EQ(error.find(folder / "t"), 0u) << error;
  }
  EXPECT_GT(refused, 300u);
}

TEST(TraceFile, ATeeGivesToAllInOrder) {
  class Counter : public TraceSink {
   public:
    explicit Counter(bool dma) : dma_(dma) {}
    void record(const TraceRecord& record) override { frames.push_back(record.frame); }
    bool wants_dma() const override { return dma_; }
    std::vector<uint64_t> frames;

   private:
    bool dma_;
  };
  Counter first(false), second(false), greedy(true);
  TraceTee tee;
  tee.add(first);
  tee.add(second);
  EXPECT_FALSE(tee.wants_dma());
  for (uint64_t frame = 1; frame <= 3; ++frame) tee.record({.frame = frame});
  EXPECT_EQ(first.frames, (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(second.frames, first.frames);
  tee.add(greedy);
  EXPECT_TRUE(tee.wants_dma());
}

}  // namespace
}  // namespace ringside::hw
