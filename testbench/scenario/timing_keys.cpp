// SPDX-License-Identifier: Apache-2.0
// The rows of the key table for a card's bus and pipeline. Defaults come from the models' own
// parameters.
#include <string>
#include <utility>
#include <vector>

#include "testbench/scenario/key_rows.h"
#include "testbench/scenario/key_store.h"
#include "testbench/scenario/quantity.h"

namespace ringside::tb {
namespace {

/// Likewise, of a receiver's credits.
std::function<void(void*, const Value&)> into_credits(hw::ReceiverConfig hw::PcieLinkConfig::*end,
                                                      hw::CreditLimit hw::ReceiverConfig::*limit,
                                                      uint32_t hw::CreditLimit::*member) {
  return [=](void* section, const Value& value) {
    static_cast<Nic*>(section)->pcie.*end.*limit.*member =
        static_cast<uint32_t>(std::get<uint64_t>(value));
  };
}

std::string time(uint64_t ps) { return format_quantity(Quantity::kTime, ps); }
std::string size(uint64_t bytes) { return format_quantity(Quantity::kSize, bytes); }

/// Rows of the section "nic" that some models heed.
class Rows {
 public:
  Rows(std::vector<KeySpec>& table, std::vector<ModelKind> models)
      : table_(table), models_(std::move(models)) {}
  void add(KeySpec key) {
    key.section = "nic";
    key.models = models_;
    table_.push_back(std::move(key));
  }
  template <typename Member>
  void pipeline(const char* name, const char* doc, Member hw::PipelineConfig::*member,
                const char* min, const char* max) {
    add({.name = name,
         .type = KeyType::kInteger,
         .doc = doc,
         .default_text = std::to_string(hw::PipelineConfig{}.*member),
         .min = min,
         .max = max,
         .store = into_part(&Nic::pipeline, member)});
  }
  void pipeline_size(const char* name, const char* doc, uint32_t hw::PipelineConfig::*member,
                     const char* min, const char* max) {
    add({.name = name,
         .type = KeyType::kSize,
         .doc = doc,
         .default_text = size(hw::PipelineConfig{}.*member),
         .min = min,
         .max = max,
         .store = into_part(&Nic::pipeline, member)});
  }
  void link_size(const char* name, const char* doc, uint32_t hw::PcieLinkConfig::*member,
                 const char* min, const char* max) {
    add({.name = name,
         .type = KeyType::kSize,
         .doc = doc,
         .default_text = size(hw::PcieLinkConfig{}.*member),
         .min = min,
         .max = max,
         .power_of_two = true,
         .store = into_part(&Nic::pcie, member)});
  }
  void root_time(const char* name, const char* doc, hw::TimePs hw::RootComplexConfig::*member,
                 const char* min, const char* max) {
    add({.name = name,
         .type = KeyType::kTime,
         .doc = doc,
         .default_text = time(hw::RootComplexConfig{}.*member),
         .min = min,
         .max = max,
         .store = into_part(&Nic::root_complex, member)});
  }
  void credits(const char* name, const char* doc, hw::ReceiverConfig hw::PcieLinkConfig::*end,
               hw::CreditLimit hw::ReceiverConfig::*limit, uint32_t hw::CreditLimit::*member) {
    add({.name = name,
         .type = KeyType::kInteger,
         .doc = doc,
         .default_text = std::to_string(hw::PcieLinkConfig{}.*end.*limit.*member),
         .min = "0",
         .max = "1000000",
         .store = into_credits(end, limit, member)});
  }

 private:
  std::vector<KeySpec>& table_;
  std::vector<ModelKind> models_;
};

std::vector<ModelKind> with_bus() { return {ModelKind::kAt, ModelKind::kRtl, ModelKind::kDiff}; }

}  // namespace

void add_bus_keys(std::vector<KeySpec>& table) {
  using Link = hw::PcieLinkConfig;
  using Receiver = hw::ReceiverConfig;
  using Credits = hw::CreditLimit;
  Rows rows(table, with_bus());
  rows.add({.name = "pcie_gen",
            .type = KeyType::kInteger,
            .doc = "Generation of the card's PCI Express link: 2.5, 5, 8, 16 or 32 GT/s a lane",
            .default_text = std::to_string(Link{}.generation),
            .min = "1",
            .max = "5",
            .store = into_part(&Nic::pcie, &Link::generation)});
  rows.add({.name = "pcie_lanes",
            .type = KeyType::kInteger,
            .doc = "Width of that link",
            .default_text = std::to_string(Link{}.lanes),
            .min = "1",
            .max = "16",
            .power_of_two = true,
            .store = into_part(&Nic::pcie, &Link::lanes)});
  rows.link_size("pcie_mps", "Max_Payload_Size", &Link::mps, "128B", "4KiB");
  rows.link_size("pcie_mrrs", "Max_Read_Request_Size", &Link::mrrs, "128B", "4KiB");
  rows.link_size("pcie_rcb", "Read Completion Boundary", &Link::rcb, "64B", "128B");
  rows.add({.name = "pcie_latency",
            .type = KeyType::kTime,
            .doc = "One way through the physical and data link layers of both ends",
            .default_text = time(Link{}.latency_ps),
            .max = "100us",
            .store = into_part(&Nic::pcie, &Link::latency_ps)});
  rows.credits("pcie_posted_headers",
               "Posted header credits of the root complex, which bound DMA writes in flight; 0: "
               "infinite",
               &Link::root, &Receiver::posted, &Credits::headers);
  rows.credits("pcie_posted_data",
               "Posted data credits of the root complex, 16 bytes each; 0: infinite", &Link::root,
               &Receiver::posted, &Credits::data);
  rows.credits("pcie_nonposted_headers",
               "Non-posted header credits of the root complex, which bound read requests in its "
               "buffer; 0: infinite",
               &Link::root, &Receiver::non_posted, &Credits::headers);
  rows.root_time("root_read_latency",
                 "From a read request's arrival at the root complex to its first completion",
                 &hw::RootComplexConfig::read_latency_ps, "", "100us");
  rows.root_time("root_read_jitter", "Upper bound of a seeded delay of each read beyond that",
                 &hw::RootComplexConfig::read_jitter_ps, "", "100us");
  rows.add({.name = "root_completions",
            .type = KeyType::kChoice,
            .doc = "Whether completions of different reads leave in the order of the requests or "
                   "as they are ready",
            .default_text = "ordered",
            .choices = {"ordered", "reordered"},
            .store = into_part(&Nic::root_complex, &hw::RootComplexConfig::reorder)});
}

void add_pipeline_keys(std::vector<KeySpec>& table) {
  using Pipeline = hw::PipelineConfig;
  Rows rows(table, {ModelKind::kAt});
  Rows both(table, with_bus());
  rows.add({.name = "datapath_bits",
            .type = KeyType::kInteger,
            .doc = "Width of the card's datapath: bits moved in a cycle",
            .default_text = std::to_string(Pipeline{}.datapath_bits),
            .min = "64",
            .max = "2048",
            .power_of_two = true,
            .store = into_part(&Nic::pipeline, &Pipeline::datapath_bits)});
  both.add({.name = "clock",
            .type = KeyType::kFrequency,
            .doc = "The card's clock",
            .default_text = format_quantity(Quantity::kFrequency, Pipeline{}.clock_hz),
            .min = "1MHz",
            .max = "10GHz",
            .store = into_part(&Nic::pipeline, &Pipeline::clock_hz)});
  rows.pipeline("doorbell_cycles", "From a doorbell's arrival until its queue knows of it",
                &Pipeline::doorbell_cycles, "0", "10000");
  rows.pipeline("ring_fetch_cycles", "Between two decisions of the ring engine",
                &Pipeline::ring_fetch_cycles, "1", "10000");
  rows.pipeline("ring_result_cycles", "From when the available index was read until it counts",
                &Pipeline::ring_result_cycles, "0", "10000");
  rows.pipeline("ring_fetches", "Ring fetches in flight, over all queues",
                &Pipeline::ring_fetches_max, "1", "1024");
  rows.pipeline("fetch_batch", "Available-ring entries or descriptors in one fetch, at most",
                &Pipeline::fetch_batch, "1", "32");
  rows.pipeline("prefetch", "Descriptor chains that a receive queue holds before frames come",
                &Pipeline::prefetch, "1", "64");
  rows.pipeline("tx_frame_cycles", "Between the starts of two transmitted frames, at least",
                &Pipeline::tx_frame_cycles, "1", "10000");
  rows.pipeline("tx_latency_cycles",
                "From when a frame is whole until its first beat goes to the MAC",
                &Pipeline::tx_latency_cycles, "0", "10000");
  rows.pipeline(
      "rx_frame_cycles",
      "Between the starts of two received frames, at least, beside a cycle for each chain",
      &Pipeline::rx_frame_cycles, "1", "10000");
  rows.pipeline("rx_latency_cycles",
                "From a received frame's last beat until its chains are counted",
                &Pipeline::rx_latency_cycles, "0", "10000");
  rows.pipeline_size("write_buffer",
                     "DMA writes that wait for the link; beyond it the receive path waits",
                     &Pipeline::write_buffer_bytes, "512B", "16MiB");
  both.pipeline("used_batch", "Finished frames for which used entries are written together",
                &Pipeline::used_batch, "1", "64");
  table.back().rtl_most = 8;
  both.pipeline("used_timeout_cycles", "How long the first of them waits for the others",
                &Pipeline::used_timeout_cycles, "0", "1000000");
  rows.pipeline("interrupt_cycles",
                "From the decision to interrupt until the message is given to the writer",
                &Pipeline::interrupt_cycles, "0", "10000");
  rows.pipeline("read_tags", "DMA read requests in flight", &Pipeline::read_tags, "1", "1024");
  rows.pipeline_size("reassembly_buffer", "Bytes of DMA reads asked for and not yet complete",
                     &Pipeline::reassembly_bytes, "4KiB", "16MiB");
  rows.pipeline("register_cycles", "From a register read's arrival until its completion leaves",
                &Pipeline::register_cycles, "0", "10000");
  Rows(table, {ModelKind::kRtl, ModelKind::kDiff})
      .add({.name = "rtl_clock",
            .type = KeyType::kChoice,
            .doc =
                "What the clock does while the card says that no edge would change anything: it "
                "stops; it goes on, with the same results; or it stops, and each time some edges "
                "are tried",
            .default_text = "stopped",
            .choices = {"stopped", "always", "proven"},
            .store = into<Nic>(&Nic::rtl_clock)});
}

}  // namespace ringside::tb
