// SPDX-License-Identifier: Apache-2.0
// The agenda of arrivals: times, order at one time, what replaces what, what it reports.
#include "hw_model/wire/arrivals.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/gtest.h"
#include "tests/unit/wire/link_rig.h"

namespace ringside::test {
namespace {

using hw::kNeverPs;

struct Agenda {
  struct Handler : hw::ArrivalHandler {
    void arrive() override {
      agenda->seen.push_back(std::to_string(number) + "@" +
                             std::to_string(sc_core::sc_time_stamp().value()));
      if (again_ps != 0) agenda->arrivals.at(number, std::exchange(again_ps, 0));
    }
    Agenda* agenda = nullptr;
    unsigned number = 0;
    uint64_t again_ps = 0;
  };
  Agenda() {
    for (Handler& handler : handlers) {
      handler.agenda = this;
      handler.number = arrivals.add(handler);
    }
  }
  void run() { sc_core::sc_start(1, sc_core::SC_US); }
  hw::Arrivals arrivals;
  Handler handlers[8];
  std::vector<std::string> seen;
};

using Seen = std::vector<std::string>;

TEST(Arrivals, AreInOrderOfTimeThenOfHandler) {
  Agenda agenda;
  for (const unsigned handler : {5, 2, 7, 0}) agenda.arrivals.at(handler, 300);
  agenda.arrivals.at(6, 100);
  agenda.arrivals.at(1, 200);
  agenda.run();
  EXPECT_EQ(agenda.seen, (Seen{"6@100", "1@200", "0@300", "2@300", "5@300", "7@300"}));
}

TEST(Arrivals, OfOneHandlerReplaceEachOther) {
  Agenda agenda;
  agenda.arrivals.at(0, 500);
  agenda.arrivals.at(0, 200);
  agenda.arrivals.at(1, 200);
  agenda.arrivals.at(1, 500);
  agenda.arrivals.at(2, 300);
  agenda.arrivals.at(2, kNeverPs);
  agenda.arrivals.at(3, 400);
  agenda.arrivals.at(3, 600);
  agenda.arrivals.at(3, 400);
  agenda.run();
  EXPECT_EQ(agenda.seen, (Seen{"0@200", "3@400", "1@500"}));
}

TEST(Arrivals, CanBeAskedForByAnArrival) {
  Agenda agenda;
  agenda.handlers[0].again_ps = 150;
  agenda.handlers[1].again_ps = 100;
  agenda.arrivals.at(0, 100);
  agenda.arrivals.at(1, 100);
  agenda.arrivals.at(2, 150);
  agenda.run();
  EXPECT_EQ(agenda.seen, (Seen{"0@100", "1@100", "1@100", "0@150", "2@150"}));
}

TEST(Arrivals, AreReported) {
  Agenda agenda;
  hw::Horizon horizon;
  agenda.arrivals.report(3, horizon.add_source());
  agenda.arrivals.at(2, 100);
  EXPECT_EQ(horizon.due_ps(), kNeverPs);
  agenda.arrivals.at(3, 400);
  EXPECT_EQ(horizon.due_ps(), 400u);
  agenda.arrivals.at(3, 300);
  EXPECT_EQ(horizon.due_ps(), 300u);
  agenda.handlers[3].again_ps = 800;
  sc_core::sc_start(500, sc_core::SC_PS);
  EXPECT_EQ(horizon.due_ps(), 800u);
  agenda.run();
  EXPECT_EQ(horizon.due_ps(), kNeverPs);
  EXPECT_EQ(agenda.seen, (Seen{"2@100", "3@300", "3@800"}));
}

TEST(Arrivals, OfLinksThatShareThemAreInOrderOfTheLinks) {
  hw::Arrivals arrivals;
  LinkParts parts[3];
  std::vector<std::unique_ptr<hw::Link>> links;
  Observer observer;
  for (LinkParts& part : parts) {
    links.push_back(std::make_unique<hw::Link>(sc_core::sc_gen_unique_name("link"),
                                               hw::LinkConfig{}, &arrivals));
    for (unsigned end = 0; end < 2; ++end) links.back()->end(end).attach(part.receivers[end]);
    links.back()->observe(&observer);
  }
  for (const unsigned link : {2, 0, 1}) {
    EXPECT_EQ(links[link]->end(1).transmit(parts[link].frame(100 + link, 1)),
              112u * 80 + 80 * link);
    links[link]->end(1).transmit(parts[link].frame(100 - link, 2));
  }
  parts[0].run();
  // The second frames end at one picosecond.
  EXPECT_EQ(observer.seen, (Seen{"0:100@1008960", "0:101@1009040", "0:102@1009120", "0:100@1018880",
                                 "0:99@1018880", "0:98@1018880"}));
  for (LinkParts& part : parts) part.forget();
}

TEST(Arrivals, OfALinkTakeItsLatencyAtTheLeast) {
  hw::Link link("link", hw::LinkConfig{});
  EXPECT_EQ(link.min_latency(), 1'000'000u + 72 * 80);
  hw::Horizon horizon;
  link.report_arrivals(0, horizon);
  LinkParts parts;
  for (unsigned end = 0; end < 2; ++end) link.end(end).attach(parts.receivers[end]);
  link.end(0).transmit(parts.frame(60));
  EXPECT_EQ(horizon.due_ps(), kNeverPs);
  link.end(1).transmit(parts.frame(60));
  EXPECT_EQ(horizon.due_ps(), link.min_latency());
  parts.run();
  EXPECT_EQ(horizon.due_ps(), kNeverPs);
  parts.forget();
}

}  // namespace
}  // namespace ringside::test
