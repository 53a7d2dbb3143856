// SPDX-License-Identifier: Apache-2.0
// The key table is complete and sound, and every view of it agrees with it.
#include "testbench/scenario/explain.h"

#include <string>

#include "testbench/host/cost_table.h"
#include "testbench/scenario/convert.h"
#include "testbench/scenario/keys.h"
#include "tests/support/gtest.h"
#include "tests/unit/scenario/built.h"
#include "tests/unit/scenario/text.h"

namespace ringside::tb {
namespace {

TEST(Keys, EveryRowIsSound) {
  for (const KeySpec& key : keys()) {
    const std::string path = display_path(key);
    EXPECT_NE(find_section(key.section), nullptr) << path;
    EXPECT_EQ(find_key(key.section, key.name), &key) << path << " is there twice";
    EXPECT_FALSE(key.doc.empty()) << path;
    EXPECT_FALSE(key.doc.ends_with(".")) << path;
    // Exactly one of them says what holds when the key is absent.
    EXPECT_EQ(int{key.required} + int{!key.default_text.empty()} + int{!key.absent.empty()}, 1)
        << path;
    // Only the version has nothing to store.
    EXPECT_EQ(key.store == nullptr, path == "version") << path;
    if (!key.default_text.empty()) {
      EXPECT_TRUE(default_value(key).has_value()) << path << ": the default breaks its own rules";
    }
    EXPECT_LE(key.built, key.choices.size()) << path;
  }
}

TEST(Keys, EveryCostCanBeReplaced) {
  const std::vector<std::string> names = key_names("host.costs");
  ASSERT_EQ(names.size(), kCostCount);
  for (std::size_t i = 0; i < kCostCount; ++i) EXPECT_EQ(names[i], cost_entries()[i].name);
}

TEST(Explain, KnowsEveryKey) {
  for (const KeySpec& key : keys()) {
    const std::string path = display_path(key);
    const Explanation explanation = explain(path);
    EXPECT_EQ(explanation.error, "") << path;
    EXPECT_TRUE(explanation.text.starts_with(path + "\n  " + key.doc + ".\n")) << path;
    EXPECT_NE(explanation.text.find(expectation(key)), std::string::npos) << path;
    EXPECT_NE(explain_all().find("  " + key.name + " "), std::string::npos) << path;
    EXPECT_NE(scenario_markdown().find("| `" + key.name + "` | "), std::string::npos) << path;
  }
}

TEST(Explain, SaysAllThatThereIsToSay) {
  EXPECT_EQ(explain("nic.alice0.ring_size").text,
            "nic.NAME.ring_size\n"
            "  Descriptors in each ring, as the driver asks for them.\n"
            "  value    a power of two from 4 to 32768\n"
            "  default  256\n"
            "  models   all\n"
            "  example  --set 'nic.*.ring_size=512'\n");
  EXPECT_EQ(explain("model").text,
            "model\n"
            "  Model of every card.\n"
            "  value    one of lt, at, rtl or diff\n" RINGSIDE_MODEL_LINES
            "  models   all\n"
            "  example  --set 'model=" RINGSIDE_MODEL_LAST "'\n");
}

TEST(Explain, ShowsWhatAFileIsCalled) {
  EXPECT_NE(explain("nic.card").text.find("--set 'nic.*.card=build/my_card.so'"),
            std::string::npos);
  EXPECT_NE(explain("flow.file").text.find("--set 'flow.*.file=data.bin'"), std::string::npos);
}

TEST(Explain, SaysWhichModelsHeedAKey) {
  EXPECT_NE(explain("nic.rx_buffer").text.find("  models   lt and at\n"), std::string::npos);
  EXPECT_NE(explain("nic.used_batch")
                .text.find("  models   at, rtl and diff (rtl and diff: at most 8)\n"),
            std::string::npos);
}

TEST(Explain, TakesEveryFormOfAKey) {
  const std::string text = explain("nic.NAME.mtu").text;
  EXPECT_FALSE(text.empty());
  for (const char* form : {"nic.mtu", "nic.*.mtu", "nic.alice0.mtu", "mtu"}) {
    EXPECT_EQ(explain(form).text, text) << form;
  }
  EXPECT_EQ(explain("host.costs.timer").text, explain("host.bob.costs.timer").text);
  EXPECT_EQ(explain("host.alice.costs").text, explain("host.costs").text);
  EXPECT_FALSE(explain("app.x.args.anything").text.empty());
  // A name that several sections have: all of them.
  const std::string start = explain("start").text;
  for (const char* path : {"flow.NAME.start", "ping.NAME.start", "app.NAME.start"}) {
    EXPECT_NE(start.find(path), std::string::npos) << path;
  }
}

TEST(Explain, SuggestsWhatWasMeant) {
  EXPECT_EQ(explain("nic.ringsize").error,
            "no key is named 'nic.ringsize'; expected one that 'ringside explain' lists (did you "
            "mean 'nic.ring_size'?)");
  EXPECT_EQ(explain("ringsize").error,
            "no key is named 'ringsize'; expected one that 'ringside explain' lists (did you mean "
            "'ring_size'?)");
  EXPECT_EQ(explain("").error, "no key is named ''; expected one that 'ringside explain' lists");
  EXPECT_EQ(explain("...").text, "");
}

// Every example of `explain` that names nothing of the user's own is accepted.
TEST(Explain, ExamplesAreTrue) {
  const std::string scenario = test::with(
      "[switch.s]\n[link.spare]\nends = [\"s\", \"s2\"]\n[switch.s2]\n"
      "[impair.i]\nlink = \"wire\"\n"
      "[tap.t]\ninterface = \"t0\"\n[link.way-out]\nends = [\"t\", \"s\"]\n"
      "[ping.p]\nfrom = \"alice\"\nto = \"bob\"\n[udp_echo.u]\nfrom = \"alice\"\nto = \"bob\"\n"
      "[tcp_echo.t]\nfrom = \"alice\"\nto = \"bob\"\n");
  for (const KeySpec& key : keys()) {
    if (key.section == "app" || key.section == "pcap" || key.type == KeyType::kAddress ||
        key.type == KeyType::kReadFile || key.type == KeyType::kNames ||
        key.type == KeyType::kInterface4 || key.type == KeyType::kInterface6 || key.name == "mac") {
      continue;
    }
    const std::string text = explain(display_path(key)).text;
    const std::size_t begin = text.find("--set '") + 7;
    const std::string set = text.substr(begin, text.rfind('\'') - begin);
    // An example for each traffic's port would use one port for all.
    if (key.name == "port") continue;
    EXPECT_EQ(test::error_of(scenario, {set}), "") << set;
  }
}

TEST(Explain, ThePageIsWhatTheTableSays) {
  EXPECT_EQ(test::read_file(RINGSIDE_SCENARIO_PAGE), scenario_markdown())
      << "write it anew: ringside explain --markdown > docs/scenario.md";
}

}  // namespace
}  // namespace ringside::tb
