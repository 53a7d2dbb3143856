// SPDX-License-Identifier: Apache-2.0
// A host's memory and root port, a link, and a card that is a requester and a few registers.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hw_model/pcie/dma_engine.h"
#include "hw_model/pcie/host_memory.h"
#include "hw_model/pcie/pcie_link.h"
#include "hw_model/pcie/root_port.h"
#include "hw_model/pcie/tlp_root.h"

namespace ringside::test {

inline uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }

/// Calls `action` in a thread of its own, at that time.
inline void at(uint64_t ps, const std::function<void()>& action) {
  sc_core::sc_spawn([ps, action] {
    sc_core::wait(sc_core::sc_time::from_value(ps));
    action();
  });
}

struct ReadDone {
  uint32_t handle;
  std::vector<std::byte> data;
  bool ok;
  uint64_t at_ps;
  uint64_t now_ps;
};

/// Keeps what the engine reports.
struct RecordingClient : hw::DmaClient {
  void dma_read_done(uint32_t handle, ByteView data, bool ok, uint64_t at_ps) override {
    done.push_back({handle, {data.begin(), data.end()}, ok, at_ps, now_ps()});
    if (then) then(handle);
  }
  std::vector<ReadDone> done;
  std::function<void(uint32_t handle)> then;
};

/// Interrupts that reached the host, with their times.
struct RecordingSink : hw::InterruptSink {
  void msi(unsigned, uint32_t data) override { messages.emplace_back(data, now_ps()); }
  void intx(unsigned, bool asserted) override { lines.emplace_back(asserted, now_ps()); }
  std::vector<std::pair<uint32_t, uint64_t>> messages;
  std::vector<std::pair<bool, uint64_t>> lines;
};

/// Every device write that reached memory.
struct RecordingObserver : hw::HostMemoryObserver {
  struct Write {
    uint64_t bus;
    std::size_t size;
    uint64_t at_ps;
  };
  void device_write(uint64_t bus, const std::byte*, ByteView bytes) override {
    writes.push_back({bus, bytes.size(), now_ps()});
  }
  std::vector<Write> writes;
};

struct TlpRigConfig {
  hw::PcieLinkConfig link;
  hw::RootComplexConfig root;
  hw::DmaEngineConfig dma;
};

/// The card: completions go to the engine; memory and configuration reads are answered after a
/// while from a table (all zeroes where it has none); writes are kept.
class TlpRig : public hw::TlpReceiver {
 public:
  static constexpr std::size_t kMemory = 1 << 18;
  static constexpr uint64_t kBase = hw::HostMemory::kArenaBase;

  explicit TlpRig(const TlpRigConfig& config = {}, const std::string& name = "rig")
      : memory(kMemory),
        port((name + "_port").c_str(), 0, memory, sink),
        link((name + "_link").c_str(), config.link),
        root((name + "_root").c_str(), config.root, config.link, link.down(), pool),
        engine(config.dma, config.link, link.up(), pool, client, ledger),
        engine_alarm((name + "_alarm").c_str()) {
    port.down.bind(root.target);
    root.initiator.bind(port.up);
    link.up().attach(root);
    link.down().attach(*this);
    memory.observe(&observer);
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.set_sensitivity(&engine_alarm);
    options.dont_initialize();
    sc_core::sc_spawn(
        [this] {
          engine.expire(now_ps());
          watch();
        },
        sc_core::sc_gen_unique_name("expire"), &options);
  }

  /// Runs the engine's time-outs from now on.
  void watch() {
    const uint64_t deadline = engine.next_deadline();
    if (deadline == hw::DmaEngine::kNoDeadline) return;
    engine_alarm.notify(sc_core::sc_time::from_value(std::max(deadline, now_ps()) - now_ps()));
  }

  void receive_tlp(hw::Tlp& tlp, uint64_t arrival_ps) override {
    switch (tlp.type) {
      case hw::TlpType::kCompletion:
      case hw::TlpType::kCompletionData:
        completions.push_back({tlp.lower_address, tlp.length, tlp.byte_count, tlp.tag, arrival_ps});
        engine.completion(tlp, arrival_ps);
        return;
      case hw::TlpType::kMemWrite:
        requests.push_back(tlp);
        return;
      default:
        requests.push_back(tlp);
        if (answer) answer(tlp, arrival_ps);
    }
  }

  /// A completion of `request` with these bytes; none: without data.
  hw::Tlp completion_of(const hw::Tlp& request, ByteView bytes) {
    hw::Tlp tlp;
    tlp.type = bytes.empty() ? hw::TlpType::kCompletion : hw::TlpType::kCompletionData;
    tlp.tag = request.tag;
    tlp.purpose = request.purpose;
    tlp.length = static_cast<uint32_t>(bytes.size());
    tlp.byte_count = static_cast<uint16_t>(bytes.size());
    if (!bytes.empty()) {
      tlp.data = pool.make();
      tlp.data->bytes.assign(bytes.begin(), bytes.end());
    }
    return tlp;
  }

  void fill() {
    for (std::size_t i = 0; i < kMemory; ++i) {
      memory.arena()[i] = static_cast<std::byte>((i * 2654435761U) >> 24);
    }
  }
  /// The bytes of [bus, bus + size), to compare with.
  std::vector<std::byte> bytes_at(uint64_t bus, std::size_t size) const {
    const std::byte* data = memory.translate(bus, size);
    return {data, data + size};
  }

  struct Seen {
    uint8_t lower_address;
    uint32_t length;
    uint16_t byte_count;
    uint16_t tag;
    uint64_t arrival_ps;
  };

  hw::PayloadPool pool;  ///< outlives whoever holds a payload
  hw::HostMemory memory;
  RecordingSink sink;
  RecordingObserver observer;
  RecordingClient client;
  hw::PcieLedger ledger;
  hw::RootPort port;
  hw::PcieLink link;
  hw::TlpRoot root;
  hw::DmaEngine engine;
  std::vector<Seen> completions;
  std::vector<hw::Tlp> requests;  ///< from the host
  std::function<void(const hw::Tlp& request, uint64_t arrival_ps)> answer;

 private:
  sc_core::sc_event engine_alarm;
};

}  // namespace ringside::test
