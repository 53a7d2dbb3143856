// SPDX-License-Identifier: Apache-2.0
// Units are exact, and what is not exact or has no unit is refused.
#include "testbench/scenario/quantity.h"

#include <cstdint>
#include <string>
#include <tuple>

#include "tests/support/gtest.h"

namespace ringside::tb {
namespace {

uint64_t value(Quantity quantity, std::string_view text) {
  const QuantityResult result = parse_quantity(quantity, text);
  EXPECT_EQ(result.error, QuantityError::kNone) << text;
  return result.value;
}

TEST(Quantity, EveryTimeUnitIsExact) {
  EXPECT_EQ(value(Quantity::kTime, "1ps"), 1U);
  EXPECT_EQ(value(Quantity::kTime, "1ns"), 1'000U);
  EXPECT_EQ(value(Quantity::kTime, "1us"), 1'000'000U);
  EXPECT_EQ(value(Quantity::kTime, "1\u00B5s"), 1'000'000U);
  EXPECT_EQ(value(Quantity::kTime, "1ms"), 1'000'000'000U);
  EXPECT_EQ(value(Quantity::kTime, "1s"), 1'000'000'000'000U);
  EXPECT_EQ(value(Quantity::kTime, "0s"), 0U);
  EXPECT_EQ(value(Quantity::kTime, "2.5 us"), 2'500'000U);
  EXPECT_EQ(value(Quantity::kTime, "0.001ns"), 1U);
  // Not 2.0999999...: in binary floating point 4.35 * 100 is 434.
  EXPECT_EQ(value(Quantity::kTime, "4.35ns"), 4'350U);
  EXPECT_EQ(value(Quantity::kTime, "0.123456789012s"), 123'456'789'012U);
  EXPECT_EQ(value(Quantity::kTime, "1.500000000000000000s"), 1'500'000'000'000U);
}

TEST(Quantity, EveryRateUnitIsExact) {
  for (const auto& [text, expected] : {std::pair{"1bps", 1ULL},
                                       {"1bit/s", 1ULL},
                                       {"1k", 1'000ULL},
                                       {"1kbps", 1'000ULL},
                                       {"1kbit/s", 1'000ULL},
                                       {"1M", 1'000'000ULL},
                                       {"1Mbps", 1'000'000ULL},
                                       {"1Mbit/s", 1'000'000ULL},
                                       {"1G", 1'000'000'000ULL},
                                       {"1Gbit/s", 1'000'000'000ULL},
                                       {"10Gbps", 10'000'000'000ULL},
                                       {"2.5G", 2'500'000'000ULL},
                                       {"100G", 100'000'000'000ULL},
                                       {"1T", 1'000'000'000'000ULL},
                                       {"1Tbit/s", 1'000'000'000'000ULL},
                                       {"1.6Tbps", 1'600'000'000'000ULL}}) {
    EXPECT_EQ(value(Quantity::kRate, text), expected) << text;
  }
}

TEST(Quantity, EverySizeUnitIsExact) {
  for (const auto& [text, expected] : {std::pair{"1B", 1ULL},
                                       {"1KiB", 1ULL << 10},
                                       {"1MiB", 1ULL << 20},
                                       {"1GiB", 1ULL << 30},
                                       {"1TiB", 1ULL << 40},
                                       {"1kB", 1'000ULL},
                                       {"1MB", 1'000'000ULL},
                                       {"1GB", 1'000'000'000ULL},
                                       {"1TB", 1'000'000'000'000ULL},
                                       {"1.5KiB", 1536ULL},
                                       {"0.0009765625KiB", 1ULL},
                                       {"64 MiB", 67'108'864ULL}}) {
    EXPECT_EQ(value(Quantity::kSize, text), expected) << text;
  }
}

TEST(Quantity, FrequenciesHaveTheirUnits) {
  for (const auto& [text, expected] :
       std::vector<std::pair<std::string, uint64_t>>{{"1Hz", 1},
                                                     {"1kHz", 1'000},
                                                     {"250MHz", 250'000'000},
                                                     {"322.265625MHz", 322'265'625},
                                                     {"1.5 GHz", 1'500'000'000}}) {
    EXPECT_EQ(value(Quantity::kFrequency, text), expected) << text;
  }
  EXPECT_EQ(parse_quantity(Quantity::kFrequency, "250M").error, QuantityError::kUnknownUnit);
  EXPECT_EQ(parse_quantity(Quantity::kFrequency, "0.5Hz").error, QuantityError::kNotWhole);
  EXPECT_EQ(format_quantity(Quantity::kFrequency, 250'000'000), "250MHz");
}

TEST(Quantity, RefusesWhatIsNotExactlyAQuantity) {
  using Error = QuantityError;
  for (const auto& [quantity, text, error] : {
           std::tuple{Quantity::kTime, "", Error::kNotANumber},
           {Quantity::kTime, "us", Error::kNotANumber},
           {Quantity::kTime, "-1us", Error::kNotANumber},
           {Quantity::kTime, "+1us", Error::kNotANumber},
           {Quantity::kTime, ".5us", Error::kNotANumber},
           {Quantity::kTime, "1.us", Error::kNotANumber},
           {Quantity::kTime, " 1us", Error::kNotANumber},
           {Quantity::kTime, "1", Error::kNoUnit},
           {Quantity::kTime, "1.5", Error::kNoUnit},
           {Quantity::kTime, "1 ", Error::kNoUnit},
           {Quantity::kTime, "1  us", Error::kUnknownUnit},
           {Quantity::kTime, "1us ", Error::kUnknownUnit},
           {Quantity::kTime, "1US", Error::kUnknownUnit},
           {Quantity::kTime, "1e3us", Error::kUnknownUnit},
           {Quantity::kTime, "0x10us", Error::kUnknownUnit},
           {Quantity::kTime, "1m", Error::kUnknownUnit},
           {Quantity::kTime, "1Gbps", Error::kUnknownUnit},
           {Quantity::kRate, "1us", Error::kUnknownUnit},
           {Quantity::kRate, "100g", Error::kUnknownUnit},
           {Quantity::kRate, "100GB", Error::kUnknownUnit},
           {Quantity::kSize, "64K", Error::kUnknownUnit},
           {Quantity::kSize, "64KB", Error::kUnknownUnit},
           {Quantity::kSize, "64kiB", Error::kUnknownUnit},
           {Quantity::kTime, "0.5ps", Error::kNotWhole},
           {Quantity::kTime, "0.0001ns", Error::kNotWhole},
           {Quantity::kRate, "0.5bps", Error::kNotWhole},
           {Quantity::kSize, "0.1KiB", Error::kNotWhole},
           {Quantity::kTime, "18446744073709551616ps", Error::kOutOfRange},
           {Quantity::kTime, "18446745s", Error::kOutOfRange},
           {Quantity::kTime, "0.1000000000000000000s", Error::kOutOfRange},
           {Quantity::kSize, "99999999999999999999999B", Error::kOutOfRange},
           {Quantity::kSize, "16777216TiB", Error::kOutOfRange},
       }) {
    EXPECT_EQ(parse_quantity(quantity, text).error, error) << '"' << text << '"';
  }
  EXPECT_EQ(value(Quantity::kTime, "18446744073709551615ps"), UINT64_MAX);
  EXPECT_EQ(value(Quantity::kTime, "18446744.073709551615s"), UINT64_MAX);
}

TEST(Quantity, FormatsSoThatItReadsBackTheSame) {
  EXPECT_EQ(format_quantity(Quantity::kTime, 2'500'000), "2500ns");
  EXPECT_EQ(format_quantity(Quantity::kTime, 60'000'000'000'000), "60s");
  EXPECT_EQ(format_quantity(Quantity::kTime, 0), "0ps");
  EXPECT_EQ(format_quantity(Quantity::kRate, 100'000'000'000), "100Gbps");
  EXPECT_EQ(format_quantity(Quantity::kSize, 65536), "64KiB");
  EXPECT_EQ(format_quantity(Quantity::kSize, 1000), "1000B");
  uint64_t number = 1;
  for (int i = 0; i < 200; ++i) {
    number = number * 6364136223846793005ULL + 1442695040888963407ULL;
    for (const Quantity quantity :
         {Quantity::kTime, Quantity::kRate, Quantity::kSize, Quantity::kFrequency}) {
      const uint64_t shorter = number >> (i % 64);
      EXPECT_EQ(value(quantity, format_quantity(quantity, shorter)), shorter);
    }
  }
}

TEST(Quantity, ProbabilitiesAreExactPartsOfTenToTheEighteen) {
  const auto parts = [](std::string_view text) {
    const QuantityResult result = parse_quantity(Quantity::kProbability, text);
    EXPECT_EQ(result.error, QuantityError::kNone) << text;
    return result.value;
  };
  EXPECT_EQ(parts("100%"), 1'000'000'000'000'000'000u);
  EXPECT_EQ(parts("0.1%"), 1'000'000'000'000'000u);
  EXPECT_EQ(parts("0%"), 0u);
  EXPECT_EQ(parts("1e-4"), 100'000'000'000'000u);
  EXPECT_EQ(parts("2.5e-3"), 2'500'000'000'000'000u);
  EXPECT_EQ(parts("1e-18"), 1u);
  EXPECT_EQ(parts("250 ppm"), 250'000'000'000'000u);
  EXPECT_EQ(parts("3ppb"), 3'000'000'000u);
  for (const auto& [text, error] :
       {std::pair{"0.01", QuantityError::kNoUnit}, std::pair{"1", QuantityError::kNoUnit},
        std::pair{"1e4", QuantityError::kUnknownUnit},
        std::pair{"1e-19", QuantityError::kUnknownUnit},
        std::pair{"1.5e-18", QuantityError::kNotWhole},
        std::pair{"1ms", QuantityError::kUnknownUnit},
        std::pair{"-1%", QuantityError::kNotANumber}}) {
    EXPECT_EQ(parse_quantity(Quantity::kProbability, text).error, error) << text;
  }
  EXPECT_EQ(format_quantity(Quantity::kProbability, parts("1e-2")), "1%");
  EXPECT_EQ(format_quantity(Quantity::kProbability, parts("0.1%")), "1000ppm");
}

}  // namespace
}  // namespace ringside::tb
