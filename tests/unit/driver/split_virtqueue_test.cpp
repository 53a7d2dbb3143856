// SPDX-License-Identifier: Apache-2.0
// The split virtqueue alone: what a driver above it cannot bring about.
#include "host_driver/split_virtqueue.h"

#include "tests/unit/driver/rig.h"

namespace ringside::test {
namespace {

using driver::BufferElement;
using driver::SplitVirtqueue;
using formats::SplitRing;

class Virtqueue : public ::testing::Test {
 protected:
  void make(uint16_t size, bool event_idx = true, uint16_t indirect = 0) {
    pci.bus_master = true;
    SplitVirtqueue::Config config;
    config.size = size;
    config.event_idx = event_idx;
    config.indirect_elements = indirect;
    ASSERT_TRUE(queue.allocate(config).ok());
  }
  uint16_t add() {
    const BufferElement element{0x1234'5678'9000, 100};
    return queue.add({&element, 1}, true);
  }
  void device16(std::size_t offset, uint16_t value) {
    ASSERT_TRUE(pci.dma_write(queue.device_area() + offset, &value, 2));
  }
  void use(uint16_t slot, uint32_t id, uint32_t len) {
    const formats::VirtqUsedElem element{id, len};
    ASSERT_TRUE(pci.dma_write(queue.device_area() + SplitRing::used_entry(slot), &element, 8));
  }
  uint16_t read16(BusAddress bus) {
    uint16_t value = 0;
    std::memcpy(&value, pci.dma(bus, 2), 2);
    return value;
  }

  FakePlatform platform;
  FakePci pci{platform};
  SplitVirtqueue queue{pci};
};

// CLAUSES: VQS-R-001, VQS-R-019
TEST_F(Virtqueue, PartsAreAlignedAndApart) {
  for (const uint16_t size : {4, 8, 256, 32768}) {
    make(size);
    EXPECT_EQ(queue.descriptor_area() % 16, 0u);
    EXPECT_EQ(queue.driver_area() % 2, 0u);
    EXPECT_EQ(queue.device_area() % 4, 0u);
    EXPECT_GE(queue.driver_area(), queue.descriptor_area() + SplitRing::desc_bytes(size));
    EXPECT_GE(queue.device_area(), queue.driver_area() + SplitRing::avail_bytes(size));
    EXPECT_EQ(read16(queue.device_area()), 0);
  }
}

// CLAUSES: VQS-R-026
TEST_F(Virtqueue, NothingIsVisibleBeforePublish) {  // VQS-R-030
  make(8);
  for (unsigned i = 0; i < 5; ++i) add();
  EXPECT_EQ(read16(queue.driver_area() + SplitRing::kAvailIdx), 0);
  queue.publish();
  EXPECT_EQ(read16(queue.driver_area() + SplitRing::kAvailIdx), 5);
  for (uint16_t i = 0; i < 5; ++i) {
    EXPECT_EQ(read16(queue.driver_area() + SplitRing::avail_entry(i)), i);
  }
}

// CLAUSES: VQS-R-024
TEST_F(Virtqueue, KickIsForcedWhenTheEventCouldHaveBeenPassedUnseen) {
  make(8);
  // The device uses everything at once, and nobody asks about the kick for 2^16 buffers. The event
  // then stands where the window test alone, taken modulo 2^16, sees nothing.
  const auto run = [this](uint32_t buffers) {
    for (uint32_t i = 0; i < buffers; ++i) {
      const uint16_t head = add();
      queue.publish();
      const uint16_t idx = queue.avail_idx();
      use((idx - 1) & 7, head, 1);
      device16(SplitRing::kUsedIdx, idx);
      SplitVirtqueue::Used used;
      ASSERT_EQ(queue.next_used(&used), SplitVirtqueue::Next::kUsed);
    }
  };
  device16(SplitRing::avail_event(8), 40'000);
  run(65'536 + 10);
  EXPECT_TRUE(queue.kick_needed());
  EXPECT_FALSE(queue.kick_needed());
  // The same distance modulo 2^16, but seen all the way.
  device16(SplitRing::avail_event(8), 40'000);
  run(10);
  EXPECT_FALSE(queue.kick_needed());
}

TEST_F(Virtqueue, EventWindowAtTheWrap) {
  make(8);
  for (uint32_t i = 0; i < 65'530; ++i) {
    const uint16_t head = add();
    queue.publish();
    queue.kick_needed();
    use((queue.avail_idx() - 1) & 7, head, 1);
    device16(SplitRing::kUsedIdx, queue.avail_idx());
    SplitVirtqueue::Used used;
    ASSERT_EQ(queue.next_used(&used), SplitVirtqueue::Next::kUsed);
  }
  for (unsigned i = 0; i < 8; ++i) add();  // 65530 to 2
  device16(SplitRing::avail_event(8), 0xFFFF);
  queue.publish();
  EXPECT_EQ(queue.avail_idx(), 2);
  EXPECT_TRUE(queue.kick_needed());
}

TEST_F(Virtqueue, BufferUsedBeforeItWasPublishedIsAFault) {
  make(8);
  add();
  queue.publish();
  const uint16_t hidden = add();
  use(0, hidden, 1);
  device16(SplitRing::kUsedIdx, 1);
  SplitVirtqueue::Used used;
  EXPECT_EQ(queue.next_used(&used), SplitVirtqueue::Next::kBroken);
  EXPECT_EQ(queue.next_used(&used), SplitVirtqueue::Next::kBroken);  // and stays so
  EXPECT_TRUE(queue.broken());
}

// CLAUSES: VQS-R-012, VQS-R-014, VQS-R-015
TEST_F(Virtqueue, RearmSaysWhatCameMeanwhile) {  // VQS-R-031
  for (const bool event_idx : {false, true}) {
    make(8, event_idx);
    const uint16_t head = add();
    queue.publish();
    queue.disable_interrupts();
    EXPECT_EQ(read16(queue.driver_area()), event_idx ? 0 : 1);
    EXPECT_FALSE(queue.enable_interrupts());
    EXPECT_EQ(read16(queue.driver_area()), 0);
    use(0, head, 1);
    device16(SplitRing::kUsedIdx, 1);
    EXPECT_TRUE(queue.enable_interrupts());
    EXPECT_EQ(queue.enable_interrupts(1), !event_idx);
    EXPECT_EQ(read16(queue.driver_area() + SplitRing::used_event(8)), event_idx ? 1 : 0);
  }
}

TEST_F(Virtqueue, ElementsCanBeReadBackFromTheShadow) {
  for (const uint16_t indirect : {0, 4}) {
    make(8, true, indirect);
    const std::vector<BufferElement> elements = {{0x1000, 12}, {0x2000, 34}, {0x3000, 56}};
    const uint16_t head = queue.add(elements, false);
    queue.publish();
    EXPECT_EQ(queue.free_descriptors(), indirect != 0 ? 7 : 5);
    use(0, head, 0);
    device16(SplitRing::kUsedIdx, 1);
    SplitVirtqueue::Used used;
    ASSERT_EQ(queue.next_used(&used), SplitVirtqueue::Next::kUsed);
    EXPECT_EQ(queue.free_descriptors(), 8);
    std::vector<BufferElement> seen;
    queue.for_each_element(used.head, [&](BusAddress address, uint32_t size) {
      seen.push_back({address, size});
    });
    ASSERT_EQ(seen.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(seen[i].address, elements[i].address);
      EXPECT_EQ(seen[i].size, elements[i].size);
    }
  }
}

TEST_F(Virtqueue, NoMemoryIsAnError) {
  FakePci small(platform, 8192);
  SplitVirtqueue poor(small);
  SplitVirtqueue::Config config;
  config.size = 32768;
  EXPECT_FALSE(poor.allocate(config).ok());
}

}  // namespace
}  // namespace ringside::test
