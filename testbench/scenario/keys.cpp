// SPDX-License-Identifier: Apache-2.0
// The sections of a scenario, and look-ups in the key table.
#include "testbench/scenario/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "testbench/scenario/key_rows.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

std::vector<SectionSpec> make_sections() {
  return {
      {"", "a scenario", "The run as a whole."},
      {"host", "a host",
       "A computer: cores, memory, one card, its driver and a TCP/IP stack with one address of "
       "each "
       "version."},
      {"host.costs", "a host's costs",
       "Replaces single costs of the host's CPU work, whatever `cost` says. `ringside list costs` "
       "shows all of them with their sources."},
      {"nic", "a nic", "A virtio-net card, and what its driver is told."},
      {"switch", "a switch",
       "A learning Ethernet switch, store and forward, with a port for each link that ends at it. "
       "Switches that are linked must form a tree."},
      {"tap", "a tap",
       "A TAP interface of Linux: behind it the kernel answers, or a bridge, a container or a "
       "guest "
       "that it leads to. What comes from there is not repeatable, and so is the run's digest. "
       "[The outside](outside.md) shows how."},
      {"pcap", "a pcap",
       "A capture file whose Ethernet frames are sent on a link. What comes back is counted. A run "
       "lasts until it was played, unless it is repeated for ever."},
      {"link", "a link",
       "An Ethernet cable between two parts: nics, switches, taps, pcaps. Frames take preamble, "
       "padding, FCS and gap on it."},
      {"impair", "an impair",
       "What a bad network does to the frames of a link, one way or both. Frames pass in this "
       "order: loss, rate, corruption, jitter, reordering, duplication."},
      {"flow", "a flow", "Bytes from one host to another, compared by SHA-256 where they arrive."},
      {"ping", "a ping", "ICMP echo requests, whose answers must bring back the same bytes."},
      {"udp_echo", "a udp_echo", "UDP datagrams that the other host sends back."},
      {"tcp_echo", "a tcp_echo",
       "Messages over one TCP connection that the other host sends back, one at a time."},
      {"app", "an app", "An application of your own on a host, from a shared object."},
      {"app.args", "an app's args", "Strings that are handed to the application.", true},
  };
}

}  // namespace

std::span<const SectionSpec> sections() {
  static const std::vector<SectionSpec> table = make_sections();
  return table;
}

std::span<const KeySpec> keys() {
  static const std::vector<KeySpec> table = make_key_rows();
  return table;
}

const SectionSpec* find_section(std::string_view name) {
  const auto all = sections();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& section) { return section.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const KeySpec* find_key(std::string_view section, std::string_view name) {
  const auto all = keys();
  const auto found = std::find_if(all.begin(), all.end(), [&](const KeySpec& key) {
    return key.section == section && key.name == name;
  });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> key_names(std::string_view section) {
  std::vector<std::string> names;
  for (const KeySpec& key : keys()) {
    if (key.section == section) names.push_back(key.name);
  }
  // A sub-table is written where a key could stand.
  const std::string prefix = std::string(section) + ".";
  for (const SectionSpec& other : sections()) {
    if (!section.empty() && other.name.starts_with(prefix)) {
      names.push_back(other.name.substr(prefix.size()));
    }
  }
  return names;
}

std::vector<std::string> named_sections() {
  std::vector<std::string> names;
  for (const SectionSpec& section : sections()) {
    if (!section.name.empty() && section.name.find('.') == std::string::npos) {
      names.push_back(section.name);
    }
  }
  return names;
}

std::string models_text(const KeySpec& key) {
  if (key.models.empty()) return "all";
  std::vector<std::string> names;
  for (const ModelKind model : key.models) names.emplace_back(name_of(model));
  std::string text = join_words(names);
  if (key.rtl_most != 0) text += fmt::format(" (rtl and diff: at most {})", key.rtl_most);
  return text;
}

std::string without_effect(const KeySpec& key, const Value& value, ModelKind model) {
  const bool heeded = key.models.empty() ||
                      std::find(key.models.begin(), key.models.end(), model) != key.models.end();
  if (!heeded) {
    return fmt::format("no effect with model {}; models that heed it: {}", name_of(model),
                       models_text(key));
  }
  const bool rtl = model == ModelKind::kRtl || model == ModelKind::kDiff;
  if (rtl && key.rtl_most != 0 && std::get<uint64_t>(value) > key.rtl_most) {
    return fmt::format("model {} takes at most {}", name_of(model), key.rtl_most);
  }
  return {};
}

std::string display_path(const KeySpec& key) {
  if (key.section.empty()) return key.name;
  const std::size_t dot = key.section.find('.');
  const std::string inner = dot == std::string::npos ? "" : key.section.substr(dot);
  return key.section.substr(0, dot) + ".NAME" + inner + "." + key.name;
}

}  // namespace ringside::tb
