// SPDX-License-Identifier: Apache-2.0
// Takes the command line apart.
#include "testbench/cli/cli.h"

#include <CLI/CLI.hpp>

#include "hw_model/registers/management_interface.h"
#include "testbench/cli/commands.h"
#include "testbench/scenario/suggest.h"

namespace ringside::tb {
namespace {

/// Where results go and what is said of them; `folder` is what --out means if it is not given,
/// `kinds` those of --trace.
void add_result_options(CLI::App& verb, ResultArguments& arguments, const std::string& folder,
                        const std::string& quiet, const std::string& kinds) {
  verb.add_option("--out", arguments.out, "Folder for results " + folder);
  verb.add_flag("--force", arguments.force, "Write into the folder even if it exists");
  verb.add_option("--trace", arguments.traces, "What to record: " + kinds)
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->type_name("KIND,...");
  verb.add_flag("--quiet", arguments.quiet, quiet);
  verb.add_flag("--json", arguments.json, "Print summary.json in place of the summary");
}

/// Options that change the scenario.
void add_scenario_options(CLI::App& verb, RunArguments& arguments) {
  verb.add_option("SCENARIO", arguments.scenario, "The scenario's file")->required();
  verb.add_option("--model", arguments.model, "Model of every card, in place of the scenario's");
  verb.add_option("--firmware", arguments.firmware, "Where every card's control plane runs");
  verb.add_option("--seed", arguments.seed, "Seed of everything that is random");
  verb.add_option("--set", arguments.sets, "KEY=VALUE: replace a setting, such as nic.*.mtu=9000")
      ->expected(1)
      ->take_all()
      ->type_name("KEY=VALUE");
}

CLI::App* add_measure_pcie(CLI::App& measure, MeasurePcieArguments& arguments) {
  CLI::App* pcie = measure.add_subcommand(
      "pcie", "Effective bandwidth of the PCIe link, as CSV: DMA saturates the running model");
  pcie->add_option("--gen", arguments.generation, "Generation, 1 to 5")->type_name("N");
  pcie->add_option("--lanes", arguments.lanes, "Width: 1, 2, 4, 8 or 16")->type_name("N");
  pcie->add_option("--mps", arguments.mps, "Max_Payload_Size")
      ->type_name("BYTES")
      ->capture_default_str();
  pcie->add_option("--mrrs", arguments.mrrs, "Max_Read_Request_Size")
      ->type_name("BYTES")
      ->capture_default_str();
  pcie->add_option("--rcb", arguments.rcb, "Read Completion Boundary, 64 or 128")
      ->type_name("BYTES")
      ->capture_default_str();
  pcie->add_option("--sizes", arguments.sizes, "Sizes of transfers, such as 64,1500,4KiB")
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->type_name("LIST");
  pcie->add_option("--tags", arguments.tags, "Read requests in flight, 1 to 1024")
      ->type_name("N")
      ->capture_default_str();
  pcie->add_flag("--whole-dwords", arguments.whole_dwords,
                 "Count payload in double words, as the specification has it on the link");
  pcie->add_flag("--json", arguments.json, "JSON in place of CSV");
  pcie->footer(
      "Without --gen and --lanes: gen3 x8, gen3 x16, gen4 x8; with one of them, gen4 or x8.\n"
      "Payload counts in bytes, as in the published model that the figures can be compared with;\n"
      "--whole-dwords pads it as the link does, which differs for sizes that 4 does not divide.\n"
      "Transfers begin at a page. Rates in Gb/s; read_write is one read and one write, counted "
      "once.");
  return pcie;
}

CLI::App* add_measure_card(CLI::App& measure, MeasureCardArguments& arguments) {
  CLI::App* card = measure.add_subcommand(
      "card", "What a card does by itself, as CSV: prefilled rings, a host that costs nothing");
  card->add_option("--model", arguments.model, "Model of the card (at if not given)");
  card->add_option("--directions", arguments.directions, "Of receive, transmit, both")
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->type_name("LIST");
  card->add_option("--sizes", arguments.sizes, "Sizes of frames without FCS, such as 60,1514")
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->type_name("LIST");
  card->add_option("--rate", arguments.rate, "Of the wire (100G if not given)");
  card->add_option("--pairs", arguments.pairs, "Queue pairs that frames go to in turn")
      ->check(CLI::Range(1, int{RS_MAX_QUEUE_PAIRS}))
      ->capture_default_str();
  card->add_option("--chain", arguments.chain, "Linked descriptors that each buffer is split over")
      ->check(CLI::Range(1, int{kChainMost}))
      ->capture_default_str();
  card->add_option("--load", arguments.load,
                   "Share of what the wire carries that is offered, such as 0.5")
      ->check(CLI::Range(0.0001, 1.0));
  card->add_option("--time", arguments.time, "That is measured, such as 10ms (1ms if not given)");
  card->add_flag("--json", arguments.json, "JSON in place of CSV");
  card->footer(
      "Gen4 x16, 512 bits at 250 MHz. Frames that come faster than the card takes them are\n"
      "dropped. Latency of a received frame: from its last bit to the used index that names it;\n"
      "of a sent one: from the available index to its first bit. cycles_per_frame are the card's\n"
      "own. A card in RTL has as many pairs as it was built with.\n"
      "Each point has 1 ms before it, in which buffers fill and the card gets into its rhythm.\n"
      "A row is printed when its point is measured; JSON at the end, also after ^C.");
  return card;
}

void add_events(CLI::App& app, EventsArguments& arguments) {
  CLI::App* events = app.add_subcommand("events", "Print what a run's cards did");
  events->add_option("FILE", arguments.file, "events.nictrace of a run, or the run's folder")
      ->required();
  events->add_option("--nic", arguments.nic, "Of this card only");
  events->add_option("--queue", arguments.queue, "Of this queue only: rx0, tx0, ..., ctrl");
  events->add_option("--kind", arguments.kinds, "Of these kinds only, such as frame_in,frame_sent")
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->type_name("KIND,...");
  events->add_option("--frame", arguments.frame, "Of this frame only");
  events->add_option("--from", arguments.from, "From this time on, such as 1.5ms");
  events->add_option("--to", arguments.to, "Up to this time");
  events->add_flag("--json", arguments.json, "A JSON object for each line");
}

void add_serve(CLI::App& app, ServeArguments& arguments) {
  CLI::App* serve = app.add_subcommand(
      "serve", "Serve cards to virtio front ends (DPDK, QEMU guests) over vhost-user");
  serve->add_option("--vhost-user", arguments.sockets, "Socket of a card; again for another card")
      ->required()
      ->expected(1)
      ->take_all()
      ->type_name("SOCKET");
  serve->add_option("--model", arguments.model, "Model of every card: lt, at, rtl or diff [lt]");
  serve->add_option("--tap", arguments.tap, "The wires lead to this TAP interface of the kernel")
      ->type_name("NAME");
  serve->add_option("--pcap", arguments.pcap, "The wires bring the frames of this capture")
      ->type_name("FILE");
  serve->add_option("--repeat", arguments.repeat, "Rounds of the capture; 0: for ever [1]")
      ->type_name("N");
  serve->add_flag("--back-to-back", arguments.back_to_back,
                  "Frames of the capture one behind the other, without its gaps");
  serve->add_flag("--loopback", arguments.loopback, "Every card's frames come back to it");
  serve->add_option("--queues", arguments.queues, "Queue pairs of every card, 1 to 8 [1]")
      ->type_name("N");
  serve->add_option("--mac", arguments.mac, "MAC address of the first card")->type_name("MAC");
  serve->add_option("--seed", arguments.seed, "Seed of everything that is random");
  serve
      ->add_option("--set", arguments.sets,
                   "A setting of all cards or wires: nic.mtu=9000, link.rate=10G")
      ->expected(1)
      ->take_all()
      ->type_name("KEY=VALUE");
  add_result_options(*serve, arguments, "[none without --trace]",
                     "No messages, no progress and no summary", "pcapng, events or perfetto");
  serve->footer(
      "Two cards are joined by a link, more of them, or several and a TAP or capture, by a "
      "switch.\n"
      "A single card without --tap, --pcap or --loopback sends into nothing; frames are counted.\n"
      "A capture is played when every card has a front end that takes frames, in real time.\n"
      "^C or SIGTERM ends it: sockets are removed, captures and summary.json are complete.");
}

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return printable(text, 1000);
}

/// Of `app`, whose first word is `word`: why none of its verbs is meant; else empty.
std::string unknown_verb(const CLI::App& app, const std::string& word) {
  if (word == "-h" || word == "--help" || word == "--version") return {};
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (verb->get_name() == word) return {};
    verbs.push_back(verb->get_name());
  }
  const bool top = app.get_parent() == nullptr;
  const std::string expected = "; expected " + join_words(verbs, "or");
  if (word.empty()) return (top ? "no command" : app.get_name() + ": nothing named") + expected;
  return (top ? "no command is named '" : app.get_name() + ": no '") + printable(word) + "'" +
         expected + suggestion(word, verbs);
}

/// The first word, if it is neither a verb nor an option that stands alone, as an error, or the
/// second one of a verb that has verbs; else empty.
std::string unknown_verb(const CLI::App& app, int argc, const char* const* argv) {
  const auto word = [&](int i) { return std::string(i < argc ? argv[i] : ""); };
  if (std::string error = unknown_verb(app, word(1)); !error.empty()) return error;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (verb->get_name() != word(1) || verb->get_subcommands(nullptr).empty()) continue;
    return unknown_verb(*verb, word(2));
  }
  return {};
}

}  // namespace

int cli_main(int argc, const char* const* argv, const CliEnvironment& environment) {
  CLI::App app("A laboratory for network cards: card, driver and stack in virtual time.",
               "ringside");
  app.set_version_flag("--version", std::string("ringside ") + RINGSIDE_VERSION);
  app.require_subcommand(1);
  app.footer("Exit status: 0 all checks hold, 1 a check failed, 2 the input was wrong.");

  RunArguments arguments;
  CLI::App* run = app.add_subcommand("run", "Run a scenario");
  add_scenario_options(*run, arguments);
  add_result_options(*run, arguments, "[out/SCENARIO-NNN]", "No progress and no summary",
                     "pcapng, events, perfetto or, of cards in RTL, waves");
  run->add_flag("--no-look-ahead", arguments.no_look_ahead,
                "No host goes ahead of the others: slower, same result");
  run->add_option("--wave-window", arguments.wave_window,
                  "Of --trace waves: this part of the run only, such as 10us..25us")
      ->type_name("FROM..TO");
  run->add_option(
         "--diff-window", arguments.diff_window,
         "Of --model diff: how long before a difference the waves of the second run begin; "
         "0us: no second run [10us]")
      ->type_name("TIME");

  CLI::App* check = app.add_subcommand("check", "Check a scenario without running it");
  add_scenario_options(*check, arguments);

  std::string key;
  bool markdown = false;
  CLI::App* explain = app.add_subcommand("explain", "Explain a key of scenarios, or list all");
  explain->add_option("KEY", key, "nic.ring_size, ring_size, or a section such as nic");
  explain->add_flag("--markdown", markdown, "Print the whole reference, docs/scenario.md");

  std::string topic;
  CLI::App* list = app.add_subcommand("list", "List what there is");
  list->add_option("TOPIC", topic, join_words(list_topics(), "or"));

  MeasurePcieArguments measure_arguments;
  CLI::App* measure = app.add_subcommand("measure", "Measure a part of the model by itself");
  measure->require_subcommand(1);
  CLI::App* measure_pcie = add_measure_pcie(*measure, measure_arguments);
  MeasureCardArguments card_arguments;
  CLI::App* measure_card = add_measure_card(*measure, card_arguments);

  ServeArguments serve_arguments;
  add_serve(app, serve_arguments);

  EventsArguments events_arguments;
  add_events(app, events_arguments);

  bool doctor_json = false;
  app.add_subcommand("doctor", "Look for what this machine lacks")
      ->add_flag("--json", doctor_json, "Print it as JSON");

  if (const std::string error = unknown_verb(app, argc, argv); !error.empty()) {
    environment.err << "ringside: " << error << "\n";
    return kExitBadInput;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto verbs = app.get_subcommands();
    environment.out << (verbs.empty() ? app.help() : app.help("", CLI::AppFormatMode::Normal));
    return kExitOk;
  } catch (const CLI::CallForVersion& version) {
    environment.out << one_line(version.what()) << "\n";
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    std::string verbs;
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      verbs += at->get_name() + " ";
    }
    environment.err << "ringside: " << one_line(error.what()) << "; expected what 'ringside "
                    << verbs << "--help' shows\n";
    return kExitBadInput;
  }
  if (run->parsed()) return command_run(arguments, environment);
  if (check->parsed()) return command_check(arguments, environment);
  if (explain->parsed()) return command_explain(key, markdown, environment);
  if (list->parsed()) return command_list(topic, environment);
  if (measure_pcie->parsed()) return command_measure_pcie(measure_arguments, environment);
  if (measure_card->parsed()) return command_measure_card(card_arguments, environment);
  if (app.got_subcommand("serve")) return command_serve(serve_arguments, environment);
  if (app.got_subcommand("events")) return command_events(events_arguments, environment);
  return command_doctor(doctor_json, environment);
}

}  // namespace ringside::tb
