// SPDX-License-Identifier: Apache-2.0
// The rows of the key table for faults of the network.
#include <string>
#include <utility>

#include "testbench/scenario/key_rows.h"
#include "testbench/scenario/key_store.h"
#include "testbench/scenario/quantity.h"

namespace ringside::tb {
namespace {

using Config = hw::ImpairmentConfig;

std::string time(uint64_t ps) { return format_quantity(Quantity::kTime, ps); }

/// Rows of the section "impair", whose defaults are the model's.
class Rows {
 public:
  explicit Rows(std::vector<KeySpec>& table) : table_(table) {}
  void add(KeySpec key) {
    key.section = "impair";
    table_.push_back(std::move(key));
  }
  void chance(const char* name, const char* doc, uint64_t Config::*member) {
    add({.name = name,
         .type = KeyType::kProbability,
         .doc = doc,
         .default_text = Config{}.*member == 0
                             ? "0%"
                             : format_quantity(Quantity::kProbability, Config{}.*member),
         .max = "100%",
         .store = into_part(&Impair::config, member)});
  }
  void delay(const char* name, const char* doc, uint64_t Config::*member) {
    add({.name = name,
         .type = KeyType::kTime,
         .doc = doc,
         .default_text = time(Config{}.*member),
         .max = "10s",
         .store = into_part(&Impair::config, member)});
  }

 private:
  std::vector<KeySpec>& table_;
};

}  // namespace

void add_outage_keys(std::vector<KeySpec>& table) {
  const auto add = [&](KeySpec key) {
    key.section = "link";
    table.push_back(std::move(key));
  };
  add({.name = "down",
       .type = KeyType::kSpans,
       .doc = "When the link has no carrier; traffic begins at 0",
       .absent = "never",
       .store = into<Link>(&Link::down)});
  add({.name = "flap_period",
       .type = KeyType::kTime,
       .doc = "The carrier goes at seeded times, between half and one and a half of this after it "
              "came; 0s: never",
       .default_text = "0s",
       .max = "1000s",
       .store = into<Link>(&Link::flap_period_ps)});
  add({.name = "flap_length",
       .type = KeyType::kTime,
       .doc = "How long it then stays away",
       .default_text = "1ms",
       .min = "1ps",
       .max = "1000s",
       .store = into<Link>(&Link::flap_length_ps)});
}

void add_impair_keys(std::vector<KeySpec>& table) {
  Rows rows(table);
  rows.add({.name = "link",
            .type = KeyType::kName,
            .doc = "The link",
            .required = true,
            .of = "link",
            .store = into<Impair>(&Impair::link_name)});
  rows.add({.name = "from",
            .type = KeyType::kName,
            .doc = "The end of the link whose frames it is for",
            .absent = "both",
            .of = "nic or switch at an end of the link",
            .store = into<Impair>(&Impair::from)});
  rows.chance("loss", "Each frame is lost with this probability", &Config::loss);
  rows.chance("burst",
              "A burst of losses begins with a frame with this probability (the model of "
              "Gilbert and Elliott)",
              &Config::burst);
  rows.add({.name = "burst_frames",
            .type = KeyType::kInteger,
            .doc = "Mean length of a burst in frames",
            .default_text = std::to_string(Config{}.burst_frames),
            .min = "1",
            .max = "1000000",
            .store = into_part(&Impair::config, &Config::burst_frames)});
  rows.chance("burst_loss", "Each frame of a burst is lost with this probability",
              &Config::burst_loss);
  rows.add({.name = "rate",
            .type = KeyType::kRate,
            .doc = "Rate of a slower stretch of the way, whose queue drops what it cannot hold",
            .absent = "none",
            .min = "1Mbps",
            .max = "10Tbps",
            .store = into_part(&Impair::config, &Config::rate_bps)});
  rows.add({.name = "rate_queue",
            .type = KeyType::kSize,
            .doc = "The queue before it",
            .default_text = format_quantity(Quantity::kSize, Config{}.rate_queue_bytes),
            .min = "16KiB",
            .max = "1GiB",
            .store = into_part(&Impair::config, &Config::rate_queue_bytes)});
  rows.chance("corrupt", "Bits of each frame are flipped with this probability", &Config::corrupt);
  rows.add({.name = "corruption",
            .type = KeyType::kChoice,
            .doc =
                "fcs: up to eight bits, and the next card or switch drops the frame for its FCS; "
                "silent: one bit, and the FCS is made good again",
            .default_text = "fcs",
            .choices = {"fcs", "silent"},
            .store = into_part(&Impair::config, &Config::corruption)});
  rows.delay("jitter", "Frames are late by up to this, in order", &Config::jitter_ps);
  rows.add({.name = "jitter_shape",
            .type = KeyType::kChoice,
            .doc = "How delays are spread: all as likely, or around the half",
            .default_text = "uniform",
            .choices = {"uniform", "triangular"},
            .store = into_part(&Impair::config, &Config::jitter_shape)});
  rows.chance("reorder", "Each frame is held back with this probability", &Config::reorder);
  rows.add({.name = "reorder_frames",
            .type = KeyType::kInteger,
            .doc = "until so many later frames have passed it; 0: as long as reorder_delay",
            .default_text = std::to_string(Config{}.reorder_frames),
            .min = "0",
            .max = "1000",
            .store = into_part(&Impair::config, &Config::reorder_frames)});
  rows.delay("reorder_delay", "and not longer than this", &Config::reorder_delay_ps);
  rows.chance("duplicate", "Each frame arrives twice with this probability", &Config::duplicate);
  rows.delay("duplicate_delay", "The copy comes so much later", &Config::duplicate_delay_ps);
}

}  // namespace ringside::tb
