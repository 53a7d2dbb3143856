// SPDX-License-Identifier: Apache-2.0
// See server.h.
#include "testbench/serve/server.h"

#include <filesystem>
#include <utility>

#include "testbench/external/loopback.h"
#include "testbench/external/tap_interface.h"
#include "testbench/external/tap_port.h"
#include "testbench/run/card_config.h"
#include "testbench/run/difference_files.h"
#include "testbench/run/make_nic.h"
#include "testbench/run/network_results.h"
#include "testbench/serve/sink_port.h"

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;

uint64_t counter(const hw::NicModel& nic, std::string_view name) {
  for (const hw::NicCounter& counter : nic.counters()) {
    if (counter.name == name) return counter.value;
  }
  return 0;
}

}  // namespace

const char* name_of(FarEndKind kind) {
  switch (kind) {
    case FarEndKind::kLoopback:
      return "loopback";
    case FarEndKind::kPcap:
      return "pcap";
    case FarEndKind::kTap:
      return "tap";
    case FarEndKind::kNothing:
      break;
  }
  return "nothing";
}

/// A card with its socket.
struct Server::Card {
  const Nic* config = nullptr;
  std::string socket;
  std::unique_ptr<hw::NicModel> nic;
  std::unique_ptr<CardHost> host;
  std::unique_ptr<VhostServer> server;
  uint64_t served = 0;  ///< once it is closed
};

struct Server::Wire {
  Link config;
  std::unique_ptr<hw::Link> link;
};

Server::Server(const ServeOptions& options, ExternalLoop& loop)
    : options_(options), loop_(loop), watcher_(loop) {}

Server::~Server() = default;

void Server::fail(const std::string& reason) {
  if (failure_.empty()) failure_ = reason;
  loop_.stop();
}

hw::Link& Server::add_wire(const std::string& name, const std::string& near,
                           const std::string& far) {
  auto wire = std::make_unique<Wire>();
  wire->config = options_.scenario.links.front();
  wire->config.name = name;
  wire->config.ends = {near, far};
  wire->link = std::make_unique<hw::Link>(
      ("link_" + name).c_str(), hw::LinkConfig{wire->config.rate_bps, wire->config.delay_ps});
  if (options_.trace_pcapng || followed()) {
    const bool switched = switch_ != nullptr;
    monitor_.watch_link(*wire->link, name,
                        {{near}, {switched ? far + "." + name : far, /*forwards=*/switched}},
                        wire->config.rate_bps);
  }
  wires_.push_back(std::move(wire));
  return *wires_.back()->link;
}

Status Server::make_outside(std::unique_ptr<OutsidePort>* port, const std::string& name) {
  switch (options_.far_end) {
    case FarEndKind::kNothing:
      *port = std::make_unique<SinkPort>();
      break;
    case FarEndKind::kLoopback:
      *port = std::make_unique<Loopback>();
      break;
    case FarEndKind::kPcap: {
      Status status;
      auto source = PcapSource::open({options_.far_name, options_.repeat, options_.recorded_gaps},
                                     frames_, &status);
      if (!status.ok()) return status;
      source_ = source.get();
      *port = std::move(source);
      break;
    }
    case FarEndKind::kTap: {
      int descriptor = -1;
      const TapSetup setup{options_.far_name, !interface_exists(options_.far_name)};
      if (Status status = open_tap(setup, &descriptor); !status.ok()) return status;
      *port = std::make_unique<TapPort>(options_.far_name, descriptor, loop_, frames_,
                                        [this](const std::string& reason) { fail(reason); });
      break;
    }
  }
  outside_names_.push_back(name);
  return Status::success();
}

Status Server::build() {
  const Scenario& scenario = options_.scenario;
  if (followed()) monitor_.keep_frames(kFramesKept);
  for (std::size_t i = 0; i < options_.sockets.size(); ++i) {
    auto card = std::make_unique<Card>();
    card->config = &scenario.nics[i];
    card->socket = options_.sockets[i];
    const std::string& name = card->config->name;
    const std::string section = std::string("nic.").append(name);
    const hw::NicConfig config = card_config(*card->config, seed_for(scenario.seed, section));
    if (Status status = make_nic_of(*card->config, scenario.model, config, frames_, {}, &card->nic);
        !status.ok()) {
      return status;
    }
    card->nic->on_fault([this, &nic = *card->nic, &name] { fail(name + ": " + nic.fault()); });
    card->host = std::make_unique<CardHost>(
        ("peer_" + name).c_str(),
        CardHostConfig{name,
                       [this](auto, const std::string& line) {
                         if (options_.log) options_.log(line);
                       }},
        *card->nic, [this](const auto& done) { return loop_.settle(done); });
    card->host->on_receive_ready([this] { start_capture_if_ready(); });
    cards_.push_back(std::move(card));
  }
  const bool each = options_.far_end == FarEndKind::kLoopback || cards_.size() == 1;
  if (each) {
    for (auto& card : cards_) {
      const std::string& name = card->config->name;
      std::unique_ptr<OutsidePort> port;
      if (Status status = make_outside(&port, "far_" + name); !status.ok()) return status;
      hw::Link& link = add_wire("wire_" + name, name, outside_names_.back());
      card->nic->connect(link.end(0));
      port->connect(link.end(1));
      outside_.push_back(std::move(port));
    }
  } else if (cards_.size() == 2 && options_.far_end == FarEndKind::kNothing) {
    hw::Link& link = add_wire("wire", cards_[0]->config->name, cards_[1]->config->name);
    for (unsigned end = 0; end < 2; ++end) cards_[end]->nic->connect(link.end(end));
  } else {
    const bool outside = options_.far_end != FarEndKind::kNothing;
    const Switch& config = scenario.switches.front();
    switch_ = std::make_unique<hw::Switch>(
        switch_config(config, static_cast<unsigned>(cards_.size()) + (outside ? 1 : 0)));
    const auto join = [&](const std::string& name, const std::string& part) -> hw::EthernetPort& {
      hw::Link& link = add_wire(name, part, config.name);
      switch_->connect(static_cast<unsigned>(switch_links_.size()), link.end(1));
      switch_links_.push_back(name);
      return link.end(0);
    };
    for (auto& card : cards_) {
      card->nic->connect(join("wire_" + card->config->name, card->config->name));
    }
    if (outside) {
      std::unique_ptr<OutsidePort> port;
      if (Status status = make_outside(&port, "far"); !status.ok()) return status;
      port->connect(join("wire_far", "far"));
      outside_.push_back(std::move(port));
    }
  }
  loop_.on_long_wait([this] {
    for (auto& card : cards_) card->nic->drop_idle_timers();
  });
  return Status::success();
}

RunOptions Server::files() const {
  RunOptions files;
  files.out_dir = options_.out_dir;
  files.trace_pcapng = options_.trace_pcapng;
  files.trace_events = options_.trace_events;
  files.trace_perfetto = options_.trace_perfetto;
  files.file_failed = options_.file_failed;
  return files;
}

Status Server::open_traces(RunResult& result) {
  const RunOptions files = this->files();
  if (files.trace_pcapng) {
    Status status = monitor_.open_capture(std::filesystem::path(options_.out_dir) / kCaptureName,
                                          options_.scenario.name, options_.file_failed);
    if (!status.ok()) return status;
    result.files.emplace_back(kCaptureName);
  }
  if (!files.trace_events && !files.trace_perfetto) return Status::success();
  if (Status status = traces_.open(options_.scenario, files, &result.files); !status.ok()) {
    return status;
  }
  for (auto& card : cards_) traces_.watch_card(*card->nic);
  for (auto& wire : wires_) traces_.watch_link(wire->config, *wire->link);
  return Status::success();
}

Status Server::boot() {
  std::vector<std::pair<std::string, const hw::NicModel*>> made;
  for (auto& card : cards_) {
    const std::string& name = card->config->name;
    if (Status status = card->host->boot(); !status.ok()) {
      const std::string& own = card->config->card;
      return Status::failure(
          (own.empty() ? name : std::string("nic.").append(name).append(".card: ").append(own)) +
          ": " + status.error);
    }
    made.emplace_back(name, card->nic.get());
  }
  for (const std::string& line : shortfall_lines(made)) {
    if (options_.log) options_.log(line);
  }
  return Status::success();
}

Status Server::listen() {
  for (auto& card : cards_) {
    card->server =
        std::make_unique<VhostServer>(*card->host, watcher_, [this](const std::string& line) {
          if (options_.log) options_.log(line);
        });
    if (Status status = card->server->listen(card->socket); !status.ok()) return status;
  }
  return Status::success();
}

/// A capture is played once, when every card has a front end that takes frames.
void Server::start_capture_if_ready() {
  if (source_ == nullptr || source_started_) return;
  for (const auto& card : cards_) {
    if (!card->host->receives()) return;
  }
  source_started_ = true;
  source_->start(0);
}

void Server::close() {
  for (auto& card : cards_) {
    if (card->server == nullptr) continue;
    card->served = card->server->connections();
    card->server.reset();
  }
}

ServeProgress Server::progress() const {
  ServeProgress progress;
  progress.sim_time_ps = sc_core::sc_time_stamp().value();
  for (const auto& card : cards_) {
    if (card->server != nullptr && card->server->connected()) ++progress.peers;
    progress.tx_frames += counter(*card->nic, "tx_frames");
    progress.rx_frames += counter(*card->nic, "rx_frames");
  }
  return progress;
}

void Server::collect_comparisons(RunResult& result) {
  std::vector<const hw::NicModel*> nics;
  for (auto& card : cards_) {
    nics.push_back(card->nic.get());
    if (const auto comparison = card->nic->comparison()) {
      result.checks.push_back(difference_check(card->config->name, *comparison));
    }
  }
  const auto found = first_evidence(nics);
  if (!found) return;
  const auto& [nic, evidence] = *found;
  result.difference = difference_result(trace_card(options_.scenario, nic), *evidence);
  result.difference->rerun.detail = "no waves: the peer took part, which no second run repeats";
  write_difference_files(options_.scenario, files(), nic, *evidence, monitor_, result);
}

void Server::collect(RunResult& result) {
  const auto closed = [&result](const char* file, const Status& status) {
    if (status.ok() || status.error == result.error) return;
    result.cut(file, status.error);
  };
  closed(kCaptureName, monitor_.close_capture());
  traces_.close(closed);
  collect_comparisons(result);
  result.sim_time_ns = sc_core::sc_time_stamp().value() / kPsPerNs;
  for (std::size_t i = 0; i < cards_.size(); ++i) {
    const Card& card = *cards_[i];
    NicResult nic;
    nic.name = card.config->name;
    nic.model = model_of(*card.config, options_.scenario.model);
    for (const hw::NicCounter& counter : card.nic->counters()) {
      nic.counters.emplace_back(counter.name, counter.value);
    }
    traces_.collect(i, nic);
    result.nics.push_back(std::move(nic));
    result.peers.push_back({card.socket, card.config->name, card.served});
  }
  for (std::size_t i = 0; i < outside_.size(); ++i) {
    OutsideResult far;
    far.name = outside_names_[i];
    far.kind = name_of(options_.far_end);
    for (const hw::NicCounter& counter : outside_[i]->counters()) {
      far.counters.emplace_back(counter.name, counter.value);
    }
    result.outside.push_back(std::move(far));
  }
  for (const auto& wire : wires_) {
    result.links.push_back(link_result(wire->config, *wire->link));
  }
  if (switch_ != nullptr) {
    result.switches.push_back(
        switch_result(options_.scenario.switches.front().name, *switch_, switch_links_));
  }
}

}  // namespace ringside::tb
