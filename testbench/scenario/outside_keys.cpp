// SPDX-License-Identifier: Apache-2.0
// The rows of the key table for what is outside the simulation.
#include "testbench/scenario/key_rows.h"
#include "testbench/scenario/key_store.h"

namespace ringside::tb {
namespace {

void add_tap_keys(std::vector<KeySpec>& table) {
  const auto add = [&](KeySpec key) {
    key.section = "tap";
    table.push_back(std::move(key));
  };
  add({.name = "interface",
       .type = KeyType::kString,
       .doc = "Name of the TAP interface",
       .required = true,
       .store = into<Tap>(&Tap::interface)});
  add({.name = "create",
       .type = KeyType::kFlag,
       .doc = "Make the interface for the run, which needs the capability CAP_NET_ADMIN; else it "
              "exists, and the user may use it",
       .default_text = "false",
       .store = into<Tap>(&Tap::create)});
  add({.name = "address",
       .type = KeyType::kInterface4,
       .doc = "The kernel's IPv4 address on an interface that is made",
       .absent = "none",
       .store = into<Tap>(&Tap::address)});
  add({.name = "address6",
       .type = KeyType::kInterface6,
       .doc = "The kernel's IPv6 address on an interface that is made",
       .absent = "none but the link-local one",
       .store = into<Tap>(&Tap::address6)});
}

void add_pcap_keys(std::vector<KeySpec>& table) {
  const auto add = [&](KeySpec key) {
    key.section = "pcap";
    table.push_back(std::move(key));
  };
  add({.name = "file",
       .type = KeyType::kReadFile,
       .doc = "The capture, pcap or pcapng",
       .required = true,
       .store = into<Pcap>(&Pcap::file)});
  add({.name = "repeat",
       .type = KeyType::kInteger,
       .doc = "How often it is played; 0: until the run ends",
       .default_text = "1",
       .min = "0",
       .max = "1000000000",
       .store = into<Pcap>(&Pcap::repeat)});
  add({.name = "spacing",
       .type = KeyType::kChoice,
       .doc = "Frames follow one another as they were recorded, as far as the link can, or at once",
       .default_text = "recorded",
       .choices = {"recorded", "none"},
       .store = into<Pcap>(&Pcap::spacing)});
  add({.name = "start",
       .type = KeyType::kTime,
       .doc = "Virtual time of the first frame, counted from when the hosts are up",
       .default_text = "0s",
       .store = into<Pcap>(&Pcap::start_ps)});
}

}  // namespace

void add_outside_keys(std::vector<KeySpec>& table) {
  add_tap_keys(table);
  add_pcap_keys(table);
}

}  // namespace ringside::tb
