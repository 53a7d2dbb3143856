// SPDX-License-Identifier: Apache-2.0
// See simulation.h.
#include "testbench/run/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hw_model/diff/evidence.h"
#include "testbench/run/card_config.h"
#include "testbench/run/hosted_application.h"
#include "testbench/run/make_nic.h"
#include "testbench/run/network_results.h"
#include "testbench/run/user_app.h"

namespace ringside::tb {

namespace {

constexpr uint64_t kPsPerNs = 1000;
/// Receive buffers beyond the ring's that a card's driver has: what sockets may hold unread before
/// the ring runs empty.
constexpr uint32_t kSocketReceiveBuffers = 4096;

uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }

CostTable costs_of(const Host& host) {
  CostTable costs = host.cost == CostProfile::kZero ? zero_costs() : default_costs();
  for (std::size_t i = 0; i < costs.size(); ++i) costs[i] = host.costs_ps[i].value_or(costs[i]);
  return costs;
}

driver::VirtioNetOptions driver_options(const Nic& nic) {
  driver::VirtioNetOptions options;
  options.queue_pairs = nic.queue_pairs;
  options.ring_size = nic.ring_size;
  options.rx_buffer_bytes = static_cast<uint32_t>(nic.rx_buffer_size_bytes);
  options.rx_pool_buffers = nic.ring_size + kSocketReceiveBuffers;
  options.napi_budget = nic.napi_budget;
  options.tx_reclaim_timeout_ns = nic.tx_reclaim_timeout_ps / kPsPerNs;
  options.use_msix = nic.interrupts == Interrupts::kMsix;
  return options;
}

stack::StackConfig stack_config(const Host& host, uint64_t seed) {
  stack::StackConfig config;
  config.hostname = host.name;
  if (host.address) {
    config.ipv4 = {stack_address(host.address->address), host.address->prefix_length};
  }
  if (host.address6) {
    config.ipv6.push_back({stack_address(host.address6->address), host.address6->prefix_length});
  }
  if (host.gateway) config.gateway_v4 = stack_address(*host.gateway);
  if (host.gateway6) config.gateway_v6 = stack_address(*host.gateway6);
  config.seed = seed;
  config.txqueue_frames = host.txqueue_frames;
  config.tcp_timer_ms = static_cast<uint32_t>(host.tcp_timer_ps / (kPsPerNs * 1'000'000));
  return config;
}

/// A card has one link, a switch many.
WatchedEnd watched_end(const Link& link, unsigned end) {
  switch (link.parts[end].kind) {
    case EndKind::kNic:
    case EndKind::kTap:
    case EndKind::kPcap:
      break;
    case EndKind::kSwitch:
      return {link.ends[end] + "." + link.name, /*forwards=*/true};
  }
  return {link.ends[end]};
}

}  // namespace

struct Simulation::Node {
  const Host* config = nullptr;
  std::unique_ptr<SimHost> host;
  std::unique_ptr<driver::NetDevice> device;
  std::unique_ptr<stack::NetworkStack> stack;
  unsigned next_core = 0;
  std::vector<uint64_t> core_busy_at_start;
  std::vector<uint64_t> core_busy_at_end;
};

/// A switch and the links at its ports, as many as it has been given so far.
struct Simulation::Crossing {
  const Switch* config = nullptr;
  std::unique_ptr<hw::Switch> device;
  std::vector<std::string> links;
};

struct Simulation::Wire {
  const Link* config = nullptr;
  std::unique_ptr<hw::Link> link;
  hw::ImpairedLink* faulty = nullptr;  ///< the same, if it has faults
  uint64_t busy_at_start[2] = {};
  uint64_t busy_at_end[2] = {};
};

/// One section of traffic and how far it is.
struct Simulation::Task {
  std::string label;
  Traffic traffic;
  std::unique_ptr<TrafficTask> work;
  const std::vector<AppArgument>* arguments = nullptr;  ///< of a user's application
  std::vector<std::unique_ptr<HostedApplication>> applications;
  unsigned clients_left = 0;
  unsigned servers_left = 0;
  bool done() const {
    return clients_left == 0 && (servers_left == 0 || !work->servers_end() || work->failed());
  }
};

Simulation::Simulation(const Scenario& scenario, const RunOptions& options, Monitor& monitor,
                       ExternalLoop* loop)
    : scenario_(scenario), options_(options), monitor_(monitor), loop_(loop) {}

Simulation::~Simulation() { monitor_.settle(); }

Status Simulation::build() {
  Status status = build_hosts();
  if (status.ok()) {
    status = outside_.build(scenario_, loop_, frames_,
                            [this] { outside_.failure().empty() ? finish_if_done() : pause(); });
  }
  if (status.ok()) build_switches();
  if (status.ok()) status = build_links();
  if (status.ok()) status = build_traffic();
  return status;
}

void Simulation::attach(TraceOutputs& outputs) {
  for (const auto& node : nodes_) {
    std::vector<CpuCore*> cores;
    for (unsigned core = 0; core < node->host->core_count(); ++core) {
      cores.push_back(&node->host->core(core));
    }
    outputs.watch_host(node->config->name, cores);
  }
  for (const auto& nic : nics_) outputs.watch_card(*nic);
  for (const auto& wire : wires_) outputs.watch_link(*wire->config, *wire->link);
}

Status Simulation::build_hosts() {
  for (const Host& config : scenario_.hosts) {
    auto node = std::make_unique<Node>();
    node->config = &config;
    SimHostConfig host;
    host.name = config.name;
    host.cores = config.cores;
    host.costs = costs_of(config);
    host.interleave_seeded = config.interleave == Interleave::kSeeded;
    host.memory_bytes = config.memory_bytes;
    host.stack_size = config.stack_size_bytes;
    host.seed = seed_for(scenario_.seed, "host." + config.name);
    host.ports = static_cast<unsigned>(config.nics.size());
    try {
      node->host = std::make_unique<SimHost>(("host_" + config.name).c_str(), host, options_.log);
    } catch (const std::bad_alloc&) {
      return Status::failure("host." + config.name + ".memory: this machine does not give " +
                             std::to_string(config.memory_bytes) + " bytes; expected less");
    }
    if (!config.pauses.empty()) node->host->horizon().unbound();
    monitor_.watch_memory(node->host->memory());
    const auto source = static_cast<uint32_t>(nodes_.size());
    node->host->observe_interrupts([this, source](unsigned port, uint32_t message) {
      monitor_.interrupt(source, (port << 20) + message);
    });
    nodes_.push_back(std::move(node));
  }
  std::vector<unsigned> ports_used(nodes_.size(), 0);
  std::vector<std::pair<std::string, const hw::NicModel*>> made;
  for (const Nic& config : scenario_.nics) {
    Node& node = *nodes_[config.host];
    const unsigned port = ports_used[config.host]++;
    std::unique_ptr<hw::NicModel> nic;
    if (Status status =
            make_nic_of(config, scenario_.model,
                        card_config(config, seed_for(scenario_.seed, "nic." + config.name)),
                        frames_, {records_waves(config), config.rtl_clock}, &nic);
        !status.ok()) {
      return status;
    }
    nic->on_fault([this] { pause(); });
    nics_.push_back(std::move(nic));
    made.emplace_back("nic." + config.name, nics_.back().get());
    node.host->plug(port, *nics_.back());
    const DriverFactory make_driver =
        options_.make_driver ? options_.make_driver : make_virtio_net_driver;
    driver::VirtioNetOptions options = driver_options(config);
    // What the card has not the driver need not look for.
    if (const auto built = nics_.back()->queue_pairs_built()) {
      options.queue_pairs = std::min(options.queue_pairs, *built);
    }
    node.device = make_driver(node.host->pci(port), node.host->platform(), options);
    std::string error;
    node.stack = stack::NetworkStack::create(
        *node.device, node.host->platform(), node.host->stack_memory(),
        stack_config(*node.config, seed_for(scenario_.seed, "stack." + node.config->name)), &error);
    if (node.stack == nullptr) return Status::failure("host." + node.config->name + ": " + error);
  }
  for (const std::string& line : shortfall_lines(made)) {
    if (options_.log) options_.log(driver::LogLevel::kWarning, line);
  }
  for (auto& node : nodes_) {
    ++not_booted_;
    spawn(*node, "boot", [this, node = node.get()] { boot(*node); });
  }
  return Status::success();
}

void Simulation::build_switches() {
  for (std::size_t i = 0; i < scenario_.switches.size(); ++i) {
    auto crossing = std::make_unique<Crossing>();
    crossing->config = &scenario_.switches[i];
    unsigned ports = 0;
    for (const Link& link : scenario_.links) {
      const LinkEnd self{EndKind::kSwitch, i};
      ports += static_cast<unsigned>(std::count(link.parts.begin(), link.parts.end(), self));
    }
    crossing->device = std::make_unique<hw::Switch>(switch_config(*crossing->config, ports));
    crossings_.push_back(std::move(crossing));
  }
}

hw::LinkFaults Simulation::link_faults(std::size_t index) const {
  const Link& link = scenario_.links[index];
  hw::LinkFaults faults;
  for (const TimeSpan& span : link.down) faults.outages.push_back({span.begin_ps, span.end_ps});
  faults.flap_period_ps = link.flap_period_ps;
  faults.flap_length_ps = link.flap_length_ps;
  faults.seed = seed_for(scenario_.seed, "link." + link.name);
  for (const Impair& impair : scenario_.impairs) {
    if (impair.link != index) continue;
    for (unsigned end = 0; end < 2; ++end) {
      if (!impair.senders[end]) continue;
      faults.ways[end] = impair.config;
      faults.ways[end].seed =
          seed_for(scenario_.seed, "impair." + impair.name + "." + link.ends[end]);
    }
  }
  return faults;
}

Status Simulation::build_links() {
  for (const ringside::tb::Link& config : scenario_.links) {
    auto wire = std::make_unique<Wire>();
    wire->config = &config;
    const std::string name = "link_" + config.name;
    const hw::LinkConfig link{config.rate_bps, config.delay_ps};
    if (const hw::LinkFaults faults = link_faults(wires_.size()); faults.active()) {
      auto faulty = std::make_unique<hw::ImpairedLink>(name.c_str(), link, faults, &arrivals_);
      wire->faulty = faulty.get();
      wire->link = std::move(faulty);
    } else {
      wire->link = std::make_unique<hw::Link>(name.c_str(), link, &arrivals_);
    }
    for (unsigned end = 0; end < 2; ++end) {
      plug(config.parts[end], config.name, wire->link->end(end));
      if (config.parts[end].kind == EndKind::kNic) {
        Node& node = *nodes_[scenario_.nics[config.parts[end].index].host];
        add_way_in(node.host->horizon(), *wire->link, end, config.parts[1 - end]);
      }
    }
    monitor_.watch_link(*wire->link, config.name, {watched_end(config, 0), watched_end(config, 1)},
                        config.rate_bps);
    wires_.push_back(std::move(wire));
  }
  const auto alters = [](const Impair& impair) {
    return impair.config.corrupt != 0 && impair.config.corruption == hw::Corruption::kSilent;
  };
  if (std::any_of(scenario_.impairs.begin(), scenario_.impairs.end(), alters)) {
    altered_ = std::make_unique<AlteredFrames>();
    for (const auto& wire : wires_) {
      for (unsigned end = 0; end < 2; ++end) {
        const LinkEnd& part = wire->config->parts[end];
        if (part.kind != EndKind::kNic) continue;
        const Nic& nic = scenario_.nics[part.index];
        altered_->watch(*wire->link, end, nic.host, nic.mac);
      }
    }
  }
  return Status::success();
}

void Simulation::add_way_in(hw::Horizon& horizon, hw::Link& link, unsigned end,
                            const LinkEnd& far) const {
  link.report_arrivals(end, horizon);
  hw::TimePs latency = link.min_latency();
  // A switch does nothing but pass frames on.
  if (far.kind == EndKind::kSwitch) latency += scenario_.switches[far.index].latency_ps;
  horizon.add_way_in(latency);
}

void Simulation::plug(const LinkEnd& part, const std::string& link, hw::EthernetPort& end) {
  switch (part.kind) {
    case EndKind::kNic:
      nics_[part.index]->connect(end);
      break;
    case EndKind::kSwitch: {
      Crossing& crossing = *crossings_[part.index];
      crossing.device->connect(static_cast<unsigned>(crossing.links.size()), end);
      crossing.links.push_back(link);
      break;
    }
    case EndKind::kTap:
      outside_.tap(part.index).connect(end);
      break;
    case EndKind::kPcap:
      outside_.pcap(part.index).connect(end);
      break;
  }
}

void Simulation::add_task(const std::string& label, const Traffic& traffic,
                          std::unique_ptr<TrafficTask> work) {
  auto task = std::make_unique<Task>();
  task->label = label;
  task->traffic = traffic;
  task->work = std::move(work);
  tasks_.push_back(std::move(task));
}

Status Simulation::build_traffic() {
  for (const Flow& flow : scenario_.flows) {
    Status status;
    auto task = make_flow(flow, seed_for(scenario_.seed, "flow." + flow.name), &status);
    if (!status.ok()) return Status::failure("flow." + flow.name + ": " + status.error);
    add_task("flow." + flow.name, flow, std::move(task));
  }
  for (const Ping& ping : scenario_.pings) {
    add_task("ping." + ping.name, ping, make_ping(ping));
  }
  for (const UdpEcho& echo : scenario_.udp_echoes) {
    add_task("udp_echo." + echo.name, echo,
             make_udp_echo(echo, seed_for(scenario_.seed, "udp_echo." + echo.name)));
  }
  for (const TcpEcho& echo : scenario_.tcp_echoes) {
    add_task("tcp_echo." + echo.name, echo,
             make_tcp_echo(echo, seed_for(scenario_.seed, "tcp_echo." + echo.name)));
  }
  for (const App& app : scenario_.apps) {
    std::unique_ptr<TrafficTask> task;
    Status status = make_user_app(app, &task);
    if (!status.ok()) return status;
    Traffic traffic{};
    traffic.name = app.name;
    traffic.from = traffic.to = app.host;
    traffic.start_ps = app.start_ps;
    add_task("app." + app.name, traffic, std::move(task));
    tasks_.back()->arguments = &app.args;
  }
  return Status::success();
}

void Simulation::spawn(Node& node, const std::string& label, std::function<void()> body) {
  // Applications take the cores in turn, whatever the vectors and polls of queue pairs do there.
  const unsigned core = node.next_core++ % node.host->core_count();
  node.host->platform().spawn(label, std::move(body), core);
}

void Simulation::boot(Node& node) {
  node.host->enumerate();
  const Status status = node.stack->start();
  if (!status.ok()) {
    if (failure_.empty()) failure_ = "host." + node.config->name + ": " + status.error;
    pause();
    return;
  }
  if (--not_booted_ == 0) start_servers();
}

void Simulation::start_servers() {
  not_ready_ = 1;
  for (auto& task : tasks_) {
    Node& node = *nodes_[task->traffic.to];
    task->servers_left = task->work->servers();
    for (unsigned index = 0; index < task->work->servers(); ++index) {
      ++not_ready_;
      auto application = std::make_unique<HostedApplication>(
          scenario_, *node.config, *node.stack, node.host->platform(), monitor_, task->traffic.name,
          task->label + "/server" + std::to_string(index), nullptr);
      HostedApplication* app = application.get();
      task->applications.push_back(std::move(application));
      spawn(node, task->label + ".server", [this, task = task.get(), index, app] {
        bool was_ready = false;
        task->work->serve(index, *app, [this, &was_ready] {
          was_ready = true;
          if (--not_ready_ == 0) start_clients();
        });
        if (!was_ready && --not_ready_ == 0) start_clients();
        CpuCore::running()->pay();  // the run may end here
        --task->servers_left;
        finish_if_done();
      });
    }
  }
  if (--not_ready_ == 0) start_clients();
}

void Simulation::start_clients() {
  start_ps_ = CpuCore::running()->local_time_ps();
  for (auto& node : nodes_) {
    for (unsigned core = 0; core < node->host->core_count(); ++core) {
      node->core_busy_at_start.push_back(node->host->core(core).busy_ps());
    }
  }
  for (auto& wire : wires_) {
    for (unsigned end = 0; end < 2; ++end) {
      wire->busy_at_start[end] = wire->link->counters(end).busy_ps;
    }
  }
  for (const auto& wire : wires_) {
    if (wire->faulty != nullptr) wire->faulty->start_outages();
  }
  start_pauses();
  for (const auto& nic : nics_) nics_at_start_.push_back(nic->resources());
  for (auto& task : tasks_) {
    Node& node = *nodes_[task->traffic.from];
    task->clients_left = task->work->clients();
    for (unsigned index = 0; index < task->work->clients(); ++index) {
      auto application = std::make_unique<HostedApplication>(
          scenario_, *node.config, *node.stack, node.host->platform(), monitor_, task->traffic.name,
          task->label + "/client" + std::to_string(index), task->arguments);
      HostedApplication* app = application.get();
      task->applications.push_back(std::move(application));
      spawn(node, task->label, [this, task = task.get(), index, app] {
        app->platform().sleep_until((start_ps_ + task->traffic.start_ps) / kPsPerNs);
        task->work->run_client(index, *app);
        CpuCore::running()->pay();
        --task->clients_left;
        finish_if_done();
      });
    }
  }
  outside_.start();
  start_look_ahead();
  finish_if_done();
}

void Simulation::start_look_ahead() {
  // The outside has its own time.
  if (!options_.look_ahead || loop_ != nullptr) return;
  for (const auto& node : nodes_) node->host->look_ahead();
}

void Simulation::pause() {
  if (loop_ != nullptr) {
    loop_->stop();
  } else {
    sc_core::sc_pause();
  }
}

void Simulation::start_pauses() {
  const uint64_t origin_ps = now_ps();
  for (const auto& node : nodes_) {
    if (node->config->pauses.empty()) continue;
    sc_core::sc_spawn([&node = *node, origin_ps] {
      for (const TimeSpan& span : node.config->pauses) {
        sc_core::wait(sc_core::sc_time::from_value(origin_ps + span.begin_ps - now_ps()));
        node.host->pause_until(origin_ps + span.end_ps);
      }
    });
  }
}

void Simulation::check_altered(RunResult& result) const {
  if (altered_ == nullptr) return;
  std::vector<std::string> hosts;
  std::vector<CaughtFrames> caught;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i]->stack == nullptr) return;  // it was not built
    Counters card;
    for (std::size_t nic = 0; nic < scenario_.nics.size() && nic < result.nics.size(); ++nic) {
      if (scenario_.nics[nic].host == i) card = result.nics[nic].counters;
    }
    hosts.push_back(nodes_[i]->config->name);
    caught.push_back(caught_frames(nodes_[i]->stack->statistics(), card));
  }
  result.checks.push_back(altered_->check(hosts, caught));
}

void Simulation::finish_if_done() {
  if (done_ || not_ready_ != 0 || !outside_.played() || scenario_.open_ended()) return;
  for (const auto& task : tasks_) {
    if (!task->done()) return;
  }
  done_ = true;
  pause();
}

void Simulation::stop_clock() {
  if (end_ps_ != 0) return;
  end_ps_ = now_ps();
  for (auto& node : nodes_) {
    for (unsigned core = 0; core < node->host->core_count(); ++core) {
      node->core_busy_at_end.push_back(node->host->core(core).busy_ps());
    }
  }
  for (auto& wire : wires_) {
    for (unsigned end = 0; end < 2; ++end) {
      wire->busy_at_end[end] = wire->link->counters(end).busy_ps;
    }
  }
  for (const auto& nic : nics_) nics_at_end_.push_back(nic->resources());
}

Status Simulation::record_waves(const std::string& folder, std::vector<std::string>* files) {
  for (std::size_t i = 0; i < nics_.size(); ++i) {
    const std::string& name = scenario_.nics[i].name;
    if (!records_waves(scenario_.nics[i])) continue;
    const std::string path = fmt::format("{}/{}.fst", folder, name);
    if (Status status = nics_[i]->record_waves(path, options_.wave_window); !status.ok()) {
      return status;
    }
    files->push_back(name + ".fst");
    files->push_back(name + ".gtkw");
  }
  return Status::success();
}

void Simulation::finish_waves(
    const std::function<void(const std::string& file, const Status& status)>& closed) {
  for (std::size_t i = 0; i < nics_.size(); ++i) {
    closed(scenario_.nics[i].name + ".fst", nics_[i]->finish_waves());
  }
}

std::optional<FoundEvidence> Simulation::evidence() const {
  std::vector<const hw::NicModel*> nics;
  for (const auto& nic : nics_) nics.push_back(nic.get());
  return first_evidence(nics);
}

uint64_t Simulation::clock_cycles() const {
  uint64_t cycles = 0;
  for (const auto& nic : nics_) cycles += nic->clock_cycles();
  return cycles;
}

std::string Simulation::failure() const {
  if (!failure_.empty()) return failure_;
  for (std::size_t i = 0; i < nics_.size(); ++i) {
    const std::string fault = nics_[i]->fault();
    if (!fault.empty()) return "nic." + scenario_.nics[i].name + ": " + fault;
  }
  if (!outside_.failure().empty()) return outside_.failure();
  for (const auto& node : nodes_) {
    for (unsigned core = 0; core < node->host->core_count(); ++core) {
      const std::string failure = node->host->core(core).failure();
      if (!failure.empty()) return "host." + node->config->name + ": " + failure;
    }
  }
  return {};
}

uint64_t Simulation::bytes_done() const {
  uint64_t bytes = 0;
  for (const auto& task : tasks_) bytes += task->work->bytes_done();
  return bytes;
}

uint64_t Simulation::bytes_total() const {
  uint64_t bytes = 0;
  for (const auto& task : tasks_) bytes += task->work->bytes_total();
  return bytes;
}

std::string Simulation::unfinished() const {
  if (not_booted_ != 0) return "bring-up of " + std::to_string(not_booted_) + " host(s)";
  std::string list;
  for (const auto& task : tasks_) {
    if (task->done()) continue;
    if (!list.empty()) list += ", ";
    list += task->label;
  }
  if (!outside_.played()) list.append(list.empty() ? "" : ", ").append("captures to play");
  return list;
}

LedgerResult Simulation::ledger(std::size_t nic, const hw::PcieLedger& ledger) const {
  LedgerResult result;
  // Of a scenario that could not be built there may be none yet.
  for (std::size_t i = 0; i < wires_.size(); ++i) {
    const auto& parts = scenario_.links[i].parts;
    const LinkEnd card{EndKind::kNic, nic};
    if (parts[0] == card || parts[1] == card) result.data_frames += monitor_.data_frames_on_link(i);
  }
  for (unsigned row = 0; row < static_cast<unsigned>(hw::LedgerRow::kCount); ++row) {
    result.rows.push_back({std::string(hw::name_of(static_cast<hw::LedgerRow>(row))), {}, {}});
  }
  const auto add = [](hw::LedgerEntry& sum, const hw::LedgerEntry& entry) {
    sum.tlps += entry.tlps;
    sum.payload_bytes += entry.payload_bytes;
    sum.link_bytes += entry.link_bytes;
  };
  for (unsigned i = 0; i < static_cast<unsigned>(hw::Purpose::kCount); ++i) {
    const auto purpose = static_cast<hw::Purpose>(i);
    LedgerRowResult& row = result.rows[static_cast<std::size_t>(hw::ledger_row(purpose))];
    add(row.up, ledger.at(hw::BusDirection::kUp, purpose));
    add(row.down, ledger.at(hw::BusDirection::kDown, purpose));
  }
  return result;
}

void Simulation::collect(RunResult& result) {
  stop_clock();
  for (auto& task : tasks_) {
    if (task->work->has_result()) result.flows.push_back(task->work->result());
    for (CheckResult& check : task->work->checks()) result.checks.push_back(std::move(check));
    for (auto& application : task->applications) {
      for (const CheckResult& check : application->checks()) result.checks.push_back(check);
    }
  }
  const uint64_t window = start_ps_ != 0 && end_ps_ > start_ps_ ? end_ps_ - start_ps_ : 0;
  const auto share = [window](uint64_t busy) {
    return window == 0 ? 0.0 : static_cast<double>(busy) / static_cast<double>(window);
  };
  for (auto& node : nodes_) {
    HostResult host;
    host.name = node->config->name;
    for (unsigned core = 0; core < node->host->core_count(); ++core) {
      host.cpu_busy_ns += node->host->core(core).busy_ps() / kPsPerNs;
      host.interrupts += node->host->core(core).interrupts_taken();
      if (core < node->core_busy_at_start.size()) {
        result.limits.push_back(
            {"host." + host.name + ".core" + std::to_string(core),
             share(node->core_busy_at_end[core] - node->core_busy_at_start[core])});
      }
    }
    if (node->device == nullptr) continue;  // it was not built
    for (const driver::Counter& counter : node->device->statistics()) {
      host.driver_counters.emplace_back(counter.name, counter.value);
      // Queue counters are named as ethtool -S has them: rx_queue_0_packets.
      const bool receives = counter.name.starts_with("rx_queue_");
      if (!receives && !counter.name.starts_with("tx_queue_")) continue;
      if (counter.name.ends_with("_packets")) {
        (receives ? host.rx_frames : host.tx_frames) += counter.value;
      } else if (counter.name.ends_with("_polls") && !counter.name.ends_with("_timer_polls")) {
        host.napi_polls += counter.value;
      }
    }
    if (node->stack != nullptr) host.stack_counters = stack_counters(node->stack->statistics());
    result.hosts.push_back(std::move(host));
  }
  for (std::size_t i = 0; i < nics_.size(); ++i) {
    NicResult nic;
    nic.name = scenario_.nics[i].name;
    nic.model = model_of(scenario_.nics[i], scenario_.model);
    if (const auto comparison = nics_[i]->comparison()) {
      result.checks.push_back(difference_check(nic.name, *comparison));
    }
    for (const hw::NicCounter& counter : nics_[i]->counters()) {
      nic.counters.emplace_back(counter.name, counter.value);
    }
    if (const hw::PcieLedger* kept = nics_[i]->ledger()) nic.ledger = ledger(i, *kept);
    for (std::size_t r = 0; i < nics_at_start_.size() && r < nics_at_start_[i].size(); ++r) {
      const hw::NicResource& start = nics_at_start_[i][r];
      result.limits.push_back({"nic." + nic.name + "." + start.name,
                               share(nics_at_end_[i][r].busy_ps - start.busy_ps)});
    }
    result.nics.push_back(std::move(nic));
  }
  for (const auto& wire : wires_) {
    for (unsigned end = 0; end < 2; ++end) {
      result.limits.push_back({"link." + wire->config->name + "." + wire->config->ends[end],
                               share(wire->busy_at_end[end] - wire->busy_at_start[end])});
    }
  }
  check_altered(result);
  for (const auto& crossing : crossings_) {
    result.switches.push_back(
        switch_result(crossing->config->name, *crossing->device, crossing->links));
  }
  outside_.collect(result.outside);
  for (const auto& wire : wires_) {
    result.links.push_back(link_result(*wire->config, *wire->link, wire->faulty));
  }
  std::stable_sort(result.limits.begin(), result.limits.end(),
                   [](const LimitResult& a, const LimitResult& b) { return a.busy > b.busy; });
  result.sim_time_ns = end_ps_ / kPsPerNs;
}

}  // namespace ringside::tb
