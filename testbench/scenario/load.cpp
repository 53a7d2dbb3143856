// SPDX-License-Identifier: Apache-2.0
// Reads a scenario: TOML to typed parts by the key table, overrides first. The only file that
// includes the TOML library.
#include "testbench/scenario/load.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "testbench/scenario/check.h"
#include "testbench/scenario/convert.h"
#include "testbench/scenario/diagnostics.h"
#include "testbench/scenario/keys.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

Location place_of(const toml::source_region& source) {
  return {source.begin.line, source.begin.column, {}};
}

std::string source_text(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) {
      text << value;
    } else if constexpr (toml::is_array<decltype(value)>) {
      text << "[...]";
    } else {
      text << "{...}";
    }
  });
  return text.str();
}

RawValue raw_value(const toml::node& node) {
  RawValue raw;
  if (const auto* text = node.as_string()) {
    raw.kind = RawValue::Kind::kString;
    raw.text = text->get();
    return raw;
  }
  raw.text = source_text(node);
  if (const auto* integer = node.as_integer()) {
    raw.kind = RawValue::Kind::kInteger;
    raw.integer = integer->get();
  } else if (const auto* flag = node.as_boolean()) {
    raw.kind = RawValue::Kind::kBoolean;
    raw.integer = flag->get() ? 1 : 0;
  } else if (node.is_floating_point()) {
    raw.kind = RawValue::Kind::kFloat;
  } else if (const auto* array = node.as_array()) {
    raw.kind = RawValue::Kind::kStrings;
    for (const toml::node& item : *array) {
      if (const auto* text = item.as_string()) {
        raw.strings.push_back(text->get());
      } else {
        raw.kind = RawValue::Kind::kOther;
      }
    }
  }
  return raw;
}

/// The value of an override for a key of that type: TOML if it is TOML and fits, else the text.
RawValue raw_override(const std::string& text, bool wants_text) {
  RawValue plain;
  plain.kind = RawValue::Kind::kString;
  plain.text = text;
  try {
    const toml::table parsed = toml::parse("value = " + text);
    if (parsed.size() != 1) return plain;
    RawValue raw = raw_value(*parsed.get("value"));
    return wants_text && raw.kind != RawValue::Kind::kString ? plain : raw;
  } catch (const toml::parse_error&) {
    return plain;
  }
}

bool valid_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// `*` in `pattern` stands for any characters.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip) {
      if (matches(pattern.substr(1), name.substr(skip))) return true;
    }
    return false;
  }
  return !name.empty() && pattern[0] == name[0] && matches(pattern.substr(1), name.substr(1));
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos;
       dot = text.find('.', begin)) {
    parts.emplace_back(text.substr(begin, dot - begin));
    begin = dot + 1;
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

/// "the scenario", "[nic.alice0]".
std::string section_title(const std::string& path) {
  return path.empty() ? "the scenario" : "[" + path + "]";
}

class Reader {
 public:
  Reader(const std::string& path, Diagnostics& diagnostics)
      : folder_(std::filesystem::path(path).parent_path().string()), d_(diagnostics) {
    if (folder_.empty()) folder_ = ".";
  }

  Scenario read(const toml::table& root, std::span<const Override> overrides) {
    collect_parts(root);
    for (const Override& override : overrides) apply(override);
    Scenario scenario{};
    read_keys("", "", &root, &scenario);
    model_ = scenario.model;
    check_unknown("", "", root, /*top=*/true);
    read_parts<Host>("host", scenario.hosts);
    read_parts<Nic>("nic", scenario.nics);
    read_parts<Switch>("switch", scenario.switches);
    read_parts<Tap>("tap", scenario.taps);
    read_parts<Pcap>("pcap", scenario.pcaps);
    read_parts<Link>("link", scenario.links);
    read_parts<Impair>("impair", scenario.impairs);
    read_parts<Flow>("flow", scenario.flows);
    read_parts<Ping>("ping", scenario.pings);
    read_parts<UdpEcho>("udp_echo", scenario.udp_echoes);
    read_parts<TcpEcho>("tcp_echo", scenario.tcp_echoes);
    read_parts<App>("app", scenario.apps);
    return scenario;
  }

  std::vector<std::string> take_notes() { return std::move(notes_); }

 private:
  struct Part {
    std::string name;
    const toml::table* table;
    Location location;
  };
  struct OverrideValue {
    std::string text;
    std::string option;
  };

  /// Finds all [KIND.NAME] and sorts them as they stand in the file.
  void collect_parts(const toml::table& root) {
    for (const std::string& kind : named_sections()) {
      std::vector<Part>& parts = parts_[kind];
      const toml::node* node = root.get(kind);
      if (node == nullptr) continue;
      const toml::table* table = node->as_table();
      if (table == nullptr) {
        d_.add_at(place_of(node->source()),
                  fmt::format("'{0}' is not a section; expected [{0}.NAME]", kind));
        continue;
      }
      for (const auto& [key, child] : *table) {
        const std::string name(key.str());
        if (!child.is_table()) {
          d_.add_at(place_of(key.source()),
                    fmt::format("[{0}] has no name; expected [{0}.NAME]", kind));
          break;
        }
        if (!valid_name(name)) {
          d_.add_at(place_of(key.source()),
                    fmt::format("'{}' cannot be the name of {}; expected a letter, then letters, "
                                "digits, '_' and '-'",
                                printable(name), find_section(kind)->noun));
          continue;
        }
        parts.push_back({name, child.as_table(), place_of(child.source())});
        d_.locate(fmt::format("{}.{}", kind, name), parts.back().location);
      }
      std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
        return std::pair(a.location.line, a.location.column) <
               std::pair(b.location.line, b.location.column);
      });
    }
  }

  void apply(const Override& override) {
    const Location location{0, 0, override.option};
    const auto fail = [&](std::string message) { d_.add_at(location, std::move(message)); };
    std::vector<std::string> parts = split(override.key);
    const std::string kind = parts[0];
    const std::vector<std::string> kinds = named_sections();
    const bool named = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    if (!named && parts.size() > 1) {
      return fail(fmt::format("unknown section '{}'; expected one of {}{}", printable(kind),
                              join_words(kinds, "or"), suggestion(kind, kinds)));
    }
    if (named && parts.size() < 3) {
      return fail(fmt::format("'{}' is not a key; expected {}.NAME.KEY, NAME may be *",
                              printable(override.key), kind));
    }
    // "nic", "host.costs": the path without the name and without the key.
    std::string section = named ? kind : "";
    for (std::size_t i = 2; i + 1 < parts.size(); ++i) section += "." + parts[i];
    const SectionSpec* spec = find_section(section);
    const std::string& key = parts.back();
    if (spec == nullptr || (!spec->free_keys && find_key(section, key) == nullptr)) {
      const std::string shown = spec == nullptr ? parts[2] : key;
      return fail(unknown_key(shown, spec == nullptr ? kind : section));
    }
    const auto put = [&](const std::string& path) {
      overrides_.insert_or_assign(path, OverrideValue{override.value, override.option});
      d_.locate(path, location);
    };
    if (!named) return put(key);
    bool found = false;
    std::vector<std::string> names;
    for (const Part& part : parts_[kind]) {
      names.push_back(part.name);
      if (!matches(parts[1], part.name)) continue;
      found = true;
      std::string path = kind + "." + part.name;
      for (std::size_t i = 2; i < parts.size(); ++i) path.append(".").append(parts[i]);
      put(path);
    }
    if (found) return;
    fail(names.empty()
             ? fmt::format("the scenario has no {0}; expected a [{0}.NAME] in it", kind)
             : fmt::format("no {} is named '{}'; expected {}{}", kind, printable(parts[1]),
                           join_words(names, "or"), suggestion(parts[1], names)));
  }

  /// A list that a person reads, or where to find it.
  static std::string expected_keys(const std::string& section,
                                   const std::vector<std::string>& known) {
    constexpr std::size_t kReadable = 20;
    if (known.size() <= kReadable) return join_words(known, "or");
    return fmt::format("one of those that `ringside explain {}` lists", section);
  }

  std::string unknown_key(const std::string& key, const std::string& section) const {
    const std::vector<std::string> known = key_names(section);
    return fmt::format("unknown key '{}' in {}; expected {}{}", printable(key),
                       find_section(section)->noun, expected_keys(section, known),
                       suggestion(key, known));
  }

  /// Reads every key of `section` out of `table` (null: absent) and `overrides_` into `target`.
  void read_keys(const std::string& section, const std::string& path, const toml::table* table,
                 void* target) {
    for (const KeySpec& key : keys()) {
      if (key.section != section) continue;
      const std::string key_path = path.empty() ? key.name : path + "." + key.name;
      const toml::node* node = table == nullptr ? nullptr : table->get(key.name);
      Converted converted;
      if (const auto found = overrides_.find(key_path); found != overrides_.end()) {
        converted = convert(key, raw_override(found->second.text, is_text(key.type)), key_path, {});
      } else if (node != nullptr) {
        d_.locate(key_path, place_of(node->source()));
        converted = convert(key, raw_value(*node), key_path, folder_);
      } else if (key.required) {
        d_.add(path, fmt::format("{} is missing in {}; expected {} = {}", key.name,
                                 section_title(path), key.name, expectation(key)));
        continue;
      } else {
        converted.value = default_value(key);
        if (!converted.value) continue;
      }
      if (!converted.value) {
        d_.add(key_path, converted.error);
      } else if (key.store) {
        key.store(target, *converted.value);
        // A card of the user's own is none of the models.
        const bool own = section == "nic" && is_set(path + ".card", table, "card");
        if (!own && is_set(key_path, table, key.name)) note(key, key_path, *converted.value);
      }
    }
  }

  bool is_set(const std::string& path, const toml::table* table, const std::string& name) const {
    return overrides_.contains(path) || (table != nullptr && table->contains(name));
  }

  /// Once for each key, however many parts have it.
  void note(const KeySpec& key, const std::string& path, const Value& value) {
    const std::string why = without_effect(key, value, model_);
    if (why.empty() || !noted_.insert(&key).second) return;
    notes_.push_back(fmt::format("{}: {}: {}", d_.place(path), path, why));
  }

  void check_unknown(const std::string& section, const std::string& path, const toml::table& table,
                     bool top = false) {
    std::vector<std::string> known = key_names(section);
    if (top) {
      const std::vector<std::string> kinds = named_sections();
      known.insert(known.end(), kinds.begin(), kinds.end());
    }
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      d_.add_at(
          place_of(key.source()),
          fmt::format("unknown {} '{}' in {}; expected {}{}",
                      top && node.is_table() ? "section" : "key", printable(name),
                      section_title(path), expected_keys(section, known), suggestion(name, known)));
    }
  }

  /// A table inside a part ([host.alice.costs]); null if absent or not a table, which is reported.
  const toml::table* sub_table(const Part& part, const std::string& path, const char* name) {
    const toml::node* node = part.table->get(name);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) {
      d_.add_at(place_of(node->source()),
                fmt::format("{0}.{1} is not a section; expected [{0}.{1}]", path, name));
    }
    d_.locate(path + "." + name, place_of(node->source()));
    return node->as_table();
  }

  void read_more(const Part& part, const std::string& path, Host& host) {
    const toml::table* costs = sub_table(part, path, "costs");
    read_keys("host.costs", path + ".costs", costs, &host);
    if (costs != nullptr) check_unknown("host.costs", path + ".costs", *costs);
  }

  void read_more(const Part& part, const std::string& path, App& app) {
    std::map<std::string, std::string> args;
    if (const toml::table* table = sub_table(part, path, "args")) {
      for (const auto& [key, node] : *table) {
        if (const auto* text = node.as_string()) {
          args[std::string(key.str())] = text->get();
          continue;
        }
        d_.add_at(place_of(node.source()),
                  fmt::format("{}.args.{} is not a string; expected a string", path,
                              printable(key.str())));
      }
    }
    const std::string prefix = path + ".args.";
    for (const auto& [key, value] : overrides_) {
      if (key.starts_with(prefix)) {
        args[key.substr(prefix.size())] = raw_override(value.text, /*wants_text=*/true).text;
      }
    }
    for (auto& [key, value] : args) app.args.push_back({key, value});
  }

  template <typename T>
  void read_more(const Part&, const std::string&, T&) {}

  template <typename T>
  void read_parts(const std::string& kind, std::vector<T>& out) {
    for (const Part& part : parts_[kind]) {
      const std::string path = kind + "." + part.name;
      T value{};
      value.name = part.name;
      read_keys(kind, path, part.table, &value);
      check_unknown(kind, path, *part.table);
      read_more(part, path, value);
      out.push_back(std::move(value));
    }
  }

  std::string folder_;
  Diagnostics& d_;
  std::map<std::string, std::vector<Part>> parts_;
  std::map<std::string, OverrideValue> overrides_;
  ModelKind model_ = ModelKind::kLt;
  std::set<const KeySpec*> noted_;
  std::vector<std::string> notes_;
};

/// What the TOML library says, in our form.
std::string syntax_error(const std::string& path, const toml::parse_error& error) {
  constexpr std::size_t kLongest = 4096;
  const std::string_view description = error.description();
  const toml::source_position at = error.source().begin;
  constexpr std::string_view kRedefine = "cannot redefine existing ";
  if (const std::size_t begin = description.find(kRedefine); begin != std::string_view::npos) {
    const std::size_t open = description.find('\'', begin);
    const std::size_t close = description.rfind('\'');
    if (open != std::string_view::npos && close > open) {
      return fmt::format("{}:{}: '{}' is defined twice; expected every name once",
                         printable(path, kLongest), at.line,
                         printable(description.substr(open + 1, close - open - 1)));
    }
  }
  return fmt::format("{}:{}:{}: broken TOML: {}; expected TOML 1.0", printable(path, kLongest),
                     at.line, at.column, printable(description, kLongest));
}

}  // namespace

std::optional<Override> override_from_set(std::string_view argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return Override{"--set " + std::string(argument), std::string(argument.substr(0, equals)),
                  std::string(argument.substr(equals + 1))};
}

namespace {

LoadResult parse(std::string_view text, const std::string& path,
                 std::span<const Override> overrides, bool needs_traffic) {
  toml::table root;
  try {
    root = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return {std::nullopt, syntax_error(path, error)};
  }
  Diagnostics diagnostics(path);
  Reader reader(path, diagnostics);
  Scenario scenario = reader.read(root, overrides);
  scenario.path = path;
  if (scenario.name.empty()) scenario.name = std::filesystem::path(path).stem().string();
  if (diagnostics.ok()) check_scenario(scenario, diagnostics, needs_traffic);
  if (!diagnostics.ok()) return {std::nullopt, diagnostics.first()};
  for (Nic& nic : scenario.nics) {
    if (!nic.card.empty()) nic.card_place = diagnostics.place("nic." + nic.name + ".card");
  }
  for (App& app : scenario.apps) {
    app.library_place = diagnostics.place("app." + app.name + ".app");
  }
  return {std::move(scenario), {}, reader.take_notes()};
}

}  // namespace

LoadResult parse_scenario(std::string_view text, const std::string& path,
                          std::span<const Override> overrides) {
  return parse(text, path, overrides, /*needs_traffic=*/true);
}

LoadResult parse_parts(std::string_view text, const std::string& path,
                       std::span<const Override> overrides) {
  return parse(text, path, overrides, /*needs_traffic=*/false);
}

LoadResult load_scenario(const std::string& path, std::span<const Override> overrides) {
  std::error_code error;
  std::string why;
  std::string text;
  if (std::filesystem::is_directory(path, error)) {
    why = "is a folder";
  } else {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
    if (!file) why = errno == 0 ? "cannot be read" : std::strerror(errno);
  }
  if (!why.empty()) {
    return {std::nullopt, fmt::format("{}: {}; expected a scenario file, such as one of examples/",
                                      printable(path, 4096), why)};
  }
  return parse_scenario(text, path, overrides);
}

const char* name_of(ModelKind model) {
  return find_key("", "model")->choices[static_cast<std::size_t>(model)].c_str();
}

const char* name_of(FirmwareKind firmware) {
  return find_key("", "firmware")->choices[static_cast<std::size_t>(firmware)].c_str();
}

}  // namespace ringside::tb
