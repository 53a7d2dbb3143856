// SPDX-License-Identifier: Apache-2.0
// Cards from shared objects: what a library may leave out, and what is said of one that is wrong.
#include "hw_model/rtl_bridge/loaded_card.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/gtest.h"

namespace ringside::test {
namespace {

constexpr unsigned kDataBits = ~0U, kLaneBits = ~0U - 1;
constexpr uint64_t kNeeded = ~uint64_t{0};
using hw::kNeverCycle;
using hw::kTracePorts;
using hw::kTraceWords;

/// A library without hardware behind it: every pin that there is, to change at will.
struct FakeLibrary {
  explicit FakeLibrary(unsigned data_bits = 128, unsigned lane_bits = 4) {
    const auto add = [&](const char* name, unsigned bits, bool output, uint64_t absent) {
      const unsigned width = bits == kDataBits ? data_bits : bits == kLaneBits ? lane_bits : bits;
      memory[name].resize((width + 63) / 64);
      pins.push_back({name, width, output ? 1U : 0U, memory[name].data()});
      (output && absent == kNeeded ? needed : others).push_back(name);
    };
#define IN(type, name, bits) add(#name, bits, false, 0);
#define OUT(type, name, bits, absent) add(#name, bits, true, absent);
#define WIDE_IN(name, bits) add(#name, bits, false, 0);
#define WIDE_OUT(name, bits, absent) add(#name, bits, true, absent);
#include "hw_model/rtl_bridge/card_pins.def"
    *memory["build_data_bits"].data() = data_bits;
    *memory["build_queue_pairs"].data() = 1;
    *memory["build_ring_limit"].data() = 256;
    *memory["build_read_tags"].data() = 8;
  }
  void leave_out(const std::string& name) {
    std::erase_if(pins, [&](const auto& pin) { return name == pin.name; });
  }
  ringside_card_pin& pin(const std::string& name) {
    return *std::find_if(pins.begin(), pins.end(),
                         [&](const auto& each) { return name == each.name; });
  }
  /// What is wrong with it, or nothing.
  std::string adopt() {
    given = {};
    given.self = this;
    given.pins = pins.data();
    given.pin_count = pins.size();
    given.image = &state;
    given.image_bytes = sizeof state;
    given.eval = [](void* self) { ++static_cast<FakeLibrary*>(self)->evals; };
    given.failed_assertions = [](void* self) { return static_cast<FakeLibrary*>(self)->failed; };
    given.destroy = [](void* self) { ++static_cast<FakeLibrary*>(self)->destroyed; };
    return hw::adopt_card("mine.so", &given, &card).error;
  }

  std::map<std::string, std::vector<uint64_t>> memory;
  std::vector<ringside_card_pin> pins;
  std::vector<std::string> needed, others;
  ringside_card given{};
  uint32_t state = 0x12345678;
  unsigned evals = 0, failed = 0, destroyed = 0;
  std::unique_ptr<hw::VerilatedCard> card;
};

TEST(RtlLoadedCard, AllPinsAreTheLibrarys) {
  FakeLibrary library;
  ASSERT_EQ(library.adopt(), "");
  const hw::CardPins& pins = library.card->pins();
  EXPECT_EQ(static_cast<void*>(pins.now), library.pin("now").value);
  EXPECT_EQ(static_cast<void*>(pins.posted_data), library.pin("posted_data").value);
  EXPECT_EQ(static_cast<void*>(pins.trace_record), library.pin("trace_record").value);
  EXPECT_TRUE(library.card->has_management());
  EXPECT_TRUE(library.card->has_trace());
  library.card->eval();
  EXPECT_GT(library.evals, 0u);
  library.failed = 3;
  EXPECT_EQ(library.card->failed_assertions(), 3u);
  std::vector<std::byte> image;
  library.card->image(&image);
  EXPECT_EQ(image.size(), sizeof library.state);
  EXPECT_EQ(image[0], std::byte{0x78});
  EXPECT_EQ(library.card->record_waves("x.fst").error, "mine.so has no part that writes waves");
  library.card.reset();
  EXPECT_EQ(library.destroyed, 1u);
}

TEST(RtlLoadedCard, WhatIsLeftOutSaysNothing) {
  FakeLibrary library(32, 2);
  for (const std::string& name : library.others) {
    if (name != "clk") library.leave_out(name);
  }
  ASSERT_EQ(library.adopt(), "");
  EXPECT_EQ(library.pins.size(), library.needed.size() + 1);
  const hw::CardPins& pins = library.card->pins();
  EXPECT_EQ(*pins.build_data_bits, 32u);
  EXPECT_EQ(*pins.build_queue_pairs, 1u);
  EXPECT_EQ(*pins.next_deadline, kNeverCycle);
  EXPECT_EQ(*pins.quiescent, 0u);
  EXPECT_EQ(*pins.trace_valid, 0u);
  EXPECT_EQ(pins.host_counters[1536 / 32 - 1], 0u);
  *pins.now = 5;  // an input that nobody reads
  EXPECT_FALSE(library.card->has_management());
  EXPECT_FALSE(library.card->has_trace());
}

TEST(RtlLoadedCard, AnOutputThatIsNeededIsMissed) {
  const FakeLibrary whole;
  ASSERT_GT(whole.needed.size(), 20u);
  for (const std::string& name : whole.needed) {
    FakeLibrary library;
    library.leave_out(name);
    const std::string error = library.adopt();
    EXPECT_EQ(error.find("mine.so: no output " + name), 0u) << error;
    EXPECT_EQ(library.card, nullptr);
    EXPECT_EQ(library.destroyed, 1u);
  }
  FakeLibrary library;
  library.leave_out("clk");
  EXPECT_EQ(library.adopt(), "mine.so: no input clk, which every card must have");
}

TEST(RtlLoadedCard, WrongWidthsAndDirectionsAreTold) {
  const auto error_with = [](const std::function<void(FakeLibrary&)>& change) {
    FakeLibrary library;
    change(library);
    return library.adopt();
  };
  EXPECT_EQ(error_with([](FakeLibrary& l) { l.pin("host_request_tag").bits = 8; }),
            "mine.so: pin host_request_tag is an input of 8 bits; expected an input of 10");
  EXPECT_EQ(error_with([](FakeLibrary& l) { l.pin("posted_ready").output = 1; }),
            "mine.so: pin posted_ready is an output of 1 bits; expected an input of 1");
  EXPECT_EQ(error_with([](FakeLibrary& l) { l.pin("posted_data").bits = 64; }),
            "mine.so: pin posted_data is an output of 64 bits; expected an output of 128");
  EXPECT_EQ(error_with([](FakeLibrary& l) { l.pin("tx_data").bits = 96; }),
            "mine.so: pin tx_data has 96 bits; expected 32, 64, 128, 256 or 512");
  EXPECT_EQ(error_with([](FakeLibrary& l) { l.pin("tx_data").bits = 1024; }),
            "mine.so: pin tx_data has 1024 bits; expected 32, 64, 128, 256 or 512");
  EXPECT_EQ(error_with([](FakeLibrary& l) { l.pin("trace_valid").name = "trace_vaild"; }),
            "mine.so: port trace_vaild is no pin of a card (did you mean 'trace_valid'?); "
            "docs/hardware/interfaces.md lists the pins");
  EXPECT_EQ(error_with([](FakeLibrary& l) { l.pin("trace_valid").name = "led"; }),
            "mine.so: port led is no pin of a card; docs/hardware/interfaces.md lists the pins");
}

TEST(RtlLoadedCard, WrongConstantsAreTold) {
  const auto error_with = [](const char* pin, uint64_t value) {
    FakeLibrary library;
    *library.memory[pin].data() = value;
    return library.adopt();
  };
  EXPECT_EQ(error_with("build_data_bits", 256),
            "mine.so: build_data_bits is 256; expected the width of tx_data");
  EXPECT_EQ(error_with("build_queue_pairs", 0),
            "mine.so: build_queue_pairs is 0; expected 1 or more");
  EXPECT_EQ(error_with("build_ring_limit", 100),
            "mine.so: build_ring_limit is 100; expected a power of two from 4 to 32768");
  EXPECT_EQ(error_with("build_read_tags", 0), "mine.so: build_read_tags is 0; expected 1 to 1024");
  EXPECT_EQ(error_with("build_read_tags", 1025),
            "mine.so: build_read_tags is 1025; expected 1 to 1024");
}

TEST(RtlLoadedCard, AFileThatIsNoLibraryIsTold) {
  std::unique_ptr<hw::VerilatedCard> card;
  EXPECT_EQ(hw::load_card("/nowhere/mine.so", &card).error.find("cannot load /nowhere/mine.so"),
            0u);
  EXPECT_EQ(hw::load_card("libz.so.1", &card).error.find("cannot load ./libz.so.1"), 0u);
  EXPECT_EQ(card, nullptr);
}

}  // namespace
}  // namespace ringside::test
