// SPDX-License-Identifier: Apache-2.0
// The key table as text and as Markdown.
#include "testbench/scenario/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "testbench/scenario/convert.h"
#include "testbench/scenario/keys.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

/// "[nic.NAME]", "[host.NAME.costs]"; empty for the top.
std::string header_of(const SectionSpec& section) {
  if (section.name.empty()) return {};
  const std::size_t dot = section.name.find('.');
  return fmt::format("[{}.NAME{}]", section.name.substr(0, dot),
                     dot == std::string::npos ? "" : section.name.substr(dot));
}

std::string default_of(const KeySpec& key) {
  if (key.required) return "none, it is required";
  return key.default_text.empty() ? key.absent : key.default_text;
}

/// A value that could be given: the default, a bound, a choice.
std::string example_value(const KeySpec& key) {
  if (!key.example.empty()) return key.example;
  switch (key.type) {
    case KeyType::kMac:
      return "02:00:00:00:00:2a";
    case KeyType::kInterface4:
      return "10.0.0.1/24";
    case KeyType::kInterface6:
      return "fd00::1/64";
    case KeyType::kAddress4:
    case KeyType::kAddress:
      return "10.0.0.254";
    case KeyType::kFlag:
      return "true";
    case KeyType::kAddress6:
      return "fd00::fe";
    case KeyType::kReadFile:
    case KeyType::kWriteFile:
      return "data.bin";
    case KeyType::kSymbol:
      return "libmine.so:my_entry";
    case KeyType::kChoice:
      return key.choices[(key.built == 0 ? key.choices.size() : key.built) - 1];
    case KeyType::kChoices:
      return fmt::format("[\"{}\"]", key.choices.front());
    case KeyType::kName:
      if (key.section == "impair") return key.of == "link" ? "wire" : "alice0";
      return key.name == "from" ? "alice" : "bob";
    case KeyType::kNames:
      return "[\"alice0\"]";
    case KeyType::kString:
      return "text";
    case KeyType::kInteger:
      if (key.power_of_two && key.default_text == "256") return "512";
      return key.default_text.empty() ? key.min : key.default_text;
    case KeyType::kSpans:
      return "[\"10ms to 12ms\"]";
    case KeyType::kTime:
      return key.default_text.empty() ? "120ns" : key.default_text;
    case KeyType::kRate:
    case KeyType::kSize:
    case KeyType::kFrequency:
    case KeyType::kProbability:
      break;
  }
  return key.default_text.empty() && key.type == KeyType::kRate ? "1Gbps" : key.default_text;
}

std::string example_of(const KeySpec& key) {
  std::string path = display_path(key);
  if (const std::size_t name = path.find("NAME"); name != std::string::npos) {
    path.replace(name, 4, 1, '*');
  }
  return fmt::format("--set '{}={}'", path, example_value(key));
}

std::string not_built(const KeySpec& key) {
  if (key.built == 0) return {};
  std::vector<std::string> rest(key.choices.begin() + static_cast<std::ptrdiff_t>(key.built),
                                key.choices.end());
  return join_words(rest, "or");
}

std::string explain_key(const KeySpec& key) {
  std::string text = fmt::format("{}\n  {}.\n", display_path(key), key.doc);
  text += fmt::format("  value    {}\n", expectation(key));
  if (const std::string rest = not_built(key); !rest.empty()) {
    text += fmt::format("  but not  {}, which this build does not have\n", rest);
  }
  text += fmt::format("  default  {}\n", default_of(key));
  text += fmt::format("  models   {}\n", models_text(key));
  text += fmt::format("  example  {}\n", example_of(key));
  return text;
}

std::string section_lines(const SectionSpec& section) {
  std::string text;
  for (const KeySpec& key : keys()) {
    if (key.section == section.name) {
      text += fmt::format("  {:<20} {} ({})\n", key.name, key.doc, default_of(key));
    }
  }
  if (section.free_keys) text += fmt::format("  {:<20} a string\n", "any name");
  return text;
}

std::string title_of(const SectionSpec& section) {
  return section.name.empty() ? "top of the file" : header_of(section);
}

/// "nic.alice0.ring_size" and "nic.*.ring_size" to "nic.ring_size".
std::string without_name(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
    parts.push_back(path.substr(begin, dot - begin));
    begin = dot + 1;
  }
  parts.push_back(path.substr(begin));
  const std::vector<std::string> kinds = named_sections();
  const bool named = std::find(kinds.begin(), kinds.end(), parts[0]) != kinds.end();
  const bool inner = parts.size() > 1 && find_section(parts[0] + "." + parts[1]) != nullptr;
  if (named && parts.size() > 2 && !inner) parts.erase(parts.begin() + 1);
  std::string out = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) out.append(".").append(parts[i]);
  return out;
}

/// Markdown in a table's cell.
std::string cell(std::string text) {
  for (std::size_t i = 0; (i = text.find('|', i)) != std::string::npos; i += 2) {
    text.insert(i, 1, '\\');
  }
  return text;
}

}  // namespace

Explanation explain(const std::string& what) {
  const std::string path = without_name(what);
  Explanation result;
  if (const SectionSpec* section = find_section(path); section != nullptr && !path.empty()) {
    result.text =
        fmt::format("{}\n  {}\n\n{}", header_of(*section), section->doc, section_lines(*section));
    return result;
  }
  const std::size_t dot = path.rfind('.');
  const std::string name = dot == std::string::npos ? path : path.substr(dot + 1);
  const std::string section = dot == std::string::npos ? "" : path.substr(0, dot);
  std::vector<std::string> candidates = named_sections();
  for (const KeySpec& key : keys()) {
    const std::string full = key.section.empty() ? key.name : key.section + "." + key.name;
    candidates.push_back(full);
    if (dot == std::string::npos) candidates.push_back(key.name);
    if (full != path && !(dot == std::string::npos && key.name == name)) continue;
    if (!result.text.empty()) result.text += "\n";
    result.text += explain_key(key);
  }
  if (!result.text.empty()) return result;
  if (const SectionSpec* free = find_section(section); free != nullptr && free->free_keys) {
    result.text = fmt::format("{}\n  {}\n", header_of(*free), free->doc);
    return result;
  }
  result.error = fmt::format("no key is named '{}'; expected one that 'ringside explain' lists{}",
                             printable(what), suggestion(path, candidates));
  return result;
}

std::string explain_all() {
  std::string text;
  for (const SectionSpec& section : sections()) {
    if (!text.empty()) text += "\n";
    text += fmt::format("{}\n{}", title_of(section), section_lines(section));
  }
  return text;
}

std::string scenario_markdown() {
  std::string text =
      "# The scenario language\n"
      "\n"
      "This page is printed by `ringside explain --markdown`; it comes from the table that the "
      "parser uses.\n"
      "\n"
      "A scenario is a TOML file that begins with `version = 1`.\n"
      "Everything in it has a name: `[host.alice]`, `[nic.alice0]`, `[flow.upload]`.\n"
      "A name is a letter, then letters, digits, `_` and `-`.\n"
      "\n"
      "## Units\n"
      "\n"
      "Times, rates, sizes and probabilities are strings with a unit, and a number without one is "
      "an error.\n"
      "They are read exactly: a value that is not a whole number of picoseconds, bits per second, "
      "bytes or parts of 1e-18 is an error too.\n"
      "\n"
      "| quantity | units | example |\n"
      "|---|---|---|\n"
      "| time | `ps`, `ns`, `us`, `ms`, `s` | `\"2.5us\"` |\n"
      "| rate, in bits per second | `k`, `M`, `G`, `T`, alone or with `bps` or `bit/s`; `bps` | "
      "`\"100G\"`, `\"2.5Gbps\"` |\n"
      "| probability | `%`, `ppm`, `ppb`, `e-1` to `e-18` | `\"0.1%\"`, `\"1e-4\"` |\n"
      "| size | `B`, `KiB`, `MiB`, `GiB`, `TiB` (1024), `kB`, `MB`, `GB`, `TB` (1000) | "
      "`\"64MiB\"` |\n"
      "\n"
      "## Settings from the command line\n"
      "\n"
      "`--set KEY=VALUE` replaces or adds a setting of something that the scenario has.\n"
      "The key is the path with dots, and `*` in a name stands for any characters: "
      "`--set 'nic.*.ring_size=512'`.\n"
      "The value is TOML, or a string without its quotes.\n"
      "The last one wins.\n"
      "Relative paths in a scenario begin at the scenario's folder, those of `--set` at the "
      "working directory.\n";
  for (const SectionSpec& section : sections()) {
    text += fmt::format(
        "\n## {}\n\n{}\n",
        section.name.empty() ? "The top of the file" : fmt::format("`{}`", header_of(section)),
        section.doc);
    if (section.free_keys) continue;
    text += "\n| key | value | default | meaning |\n|---|---|---|---|\n";
    for (const KeySpec& key : keys()) {
      if (key.section != section.name) continue;
      const std::string rest = not_built(key);
      const bool literal = !key.required && !key.default_text.empty();
      const std::string value = default_of(key);
      text += fmt::format("| `{}` | {}{} | {} | {}.{} |\n", key.name, cell(expectation(key)),
                          rest.empty() ? "" : fmt::format("; {} not in this build", rest),
                          literal ? fmt::format("`{}`", value) : cell(value), cell(key.doc),
                          key.models.empty() ? "" : fmt::format(" Models: {}.", models_text(key)));
    }
  }
  return text;
}

}  // namespace ringside::tb
