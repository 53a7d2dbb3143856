// SPDX-License-Identifier: Apache-2.0
// The misdeeds.
#include "tests/unit/driver/hostile_cases.h"

#include <cstring>

namespace ringside::test {
namespace {

using enum HostileAnswer;
using enum HostileMoment;

constexpr unsigned kReceive = 0, kTransmit = 1;
constexpr uint16_t kRing = 256;

/// Uses the next chain of `queue` with this length, and interrupts.
void use_next(Rig& rig, unsigned queue, uint32_t length) {
  FakeDevice::Chain chain;
  if (rig.device.take(queue, &chain)) rig.device.put_used(queue, chain.head, length);
  rig.device.interrupt(queue);
}

void use_id(Rig& rig, unsigned queue, uint32_t id, uint32_t length = 0) {
  rig.device.put_used(queue, id, length);
  rig.device.interrupt(queue);
}

/// A received frame of one buffer whose virtio-net header is `header`.
void receive_with(Rig& rig, const formats::VirtioNetHdr& header, uint32_t used_bytes) {
  FakeDevice::Chain chain;
  if (!rig.device.take(kReceive, &chain)) return;
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  const Bytes frame = Rig::frame(100, 1);
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  rig.pci.dma_write(chain.elements[0].addr, bytes.data(), bytes.size());
  rig.device.put_used(kReceive, chain.head, used_bytes);
  rig.device.interrupt(kReceive);
}

/// Reads of one register of the common structure say `value` from now on.
void answer_with(Rig& rig, uint64_t offset, uint64_t value) {
  rig.device.on_read = [offset, value](uint64_t at, unsigned, uint64_t* read) {
    if (at == offset) *read = value;
  };
}

/// Changes the capability of a type, if it is there.
template <typename F>
void change_capability(Rig& rig, uint8_t type, F&& change) {
  for (FakeCapability& capability : rig.device.capabilities) {
    if (capability.type == type) change(capability);
  }
  rig.device.lay_out();
}

void swallow(Rig& rig, uint64_t offset) {
  rig.device.on_write = [offset](uint64_t at, unsigned, uint64_t) { return at == offset; };
}

void no_indirect(Rig& rig) { rig.options.features &= ~rig.feature(VIRTIO_F_INDIRECT_DESC); }
void short_watchdog(Rig& rig) { rig.options.watchdog_ns = 1'000'000; }
void only_intx(Rig& rig) {
  rig.options.use_msix = false;
  rig.pci.msix_vectors = 0;
  short_watchdog(rig);
}

const HostileCase kCases[] = {
    // -- the used ring
    {"used-id-outside-table", "a used id is the queue's size", kRunning, kReset,
     "outside the descriptor table", "faults", [](Rig& rig) { use_id(rig, kTransmit, kRing); }},
    {"used-id-all-ones", "a used id is 0xffffffff", kRunning, kReset, "outside the descriptor table",
     "faults", [](Rig& rig) { use_id(rig, kReceive, 0xFFFFFFFF, 100); }},
    {"used-id-never-posted", "a used id names a descriptor that the driver never made available",
     kRunning, kReset, "no outstanding buffer", "faults",
     [](Rig& rig) { use_id(rig, kTransmit, 200); }},
    {"used-id-twice", "a buffer is used twice", kRunning, kReset, "no outstanding buffer", "faults",
     [](Rig& rig) {
       FakeDevice::Chain chain;
       if (!rig.device.take(kReceive, &chain)) return;
       rig.device.put_used(kReceive, chain.head, 72);
       use_id(rig, kReceive, chain.head, 72);
     }},
    {"used-id-inside-chain", "a used id names a chain's second descriptor", kRunning, kReset,
     "no outstanding buffer", "faults", [](Rig& rig) { use_id(rig, kTransmit, 1); }, no_indirect},
    {"used-id-of-another-queue", "a chain of one queue is used on another's ring", kRunning, kReset,
     "no outstanding buffer", "faults",
     [](Rig& rig) {
       FakeDevice::Chain chain;
       for (unsigned i = 0; i < 40; ++i) rig.device.take(kReceive, &chain);
       use_id(rig, kTransmit, chain.head);
     }},
    {"used-length-over-buffer", "a used length is one byte more than the buffer", kRunning, kReset,
     "larger than the buffer", "rx_queue_0_length_errors",
     [](Rig& rig) { use_next(rig, kReceive, 2049); }},
    {"used-length-all-ones", "a used length is 0xffffffff", kRunning, kReset,
     "larger than the buffer", "rx_queue_0_length_errors",
     [](Rig& rig) { use_next(rig, kReceive, 0xFFFFFFFF); }},
    {"used-length-over-buffer-merged", "the length of a merged frame's second buffer is 0xfffffff0",
     kRunning, kReset, "larger than the buffer", "faults",
     [](Rig& rig) {
       rig.device.receive_cut(Rig::frame(60, 1), {72, 0xFFFFFFF0}, 2);
       rig.device.interrupt(kReceive);
     }},
    {"used-length-zero", "a receive buffer is used with length 0", kRunning, kDropped, "",
     "rx_queue_0_length_errors", [](Rig& rig) { use_next(rig, kReceive, 0); }},
    {"used-length-below-header", "a receive buffer is used with 11 bytes, which is no header",
     kRunning, kDropped, "", "rx_queue_0_length_errors",
     [](Rig& rig) { use_next(rig, kReceive, 11); }},
    {"used-length-below-ethernet", "a received frame has 13 bytes", kRunning, kDropped, "",
     "rx_queue_0_length_errors", [](Rig& rig) { receive_with(rig, {}, 12 + 13); }},
    {"used-length-over-mtu", "a received frame is longer than the MTU allows", kRunning, kDropped,
     "", "rx_queue_0_length_errors", [](Rig& rig) { receive_with(rig, {}, 12 + 1519); }},
    {"used-length-on-transmit", "a transmitted buffer is used with length 0xffffffff", kRunning,
     kIgnored, "", "", [](Rig& rig) { use_next(rig, kTransmit, 0xFFFFFFFF); }},
    {"used-index-jumps", "the used index jumps by more than there are buffers", kRunning, kReset,
     "used index passed", "faults",
     [](Rig& rig) {
       rig.device.write_used_idx(kTransmit, 1000);
       rig.device.interrupt(kTransmit);
     }},
    {"used-index-goes-back", "the used index goes back by one", kRunning, kReset,
     "used index passed", "faults",
     [](Rig& rig) {
       rig.device.write_used_idx(kReceive, 0xFFFF);
       rig.device.interrupt(kReceive);
     }},
    {"used-entries-stale", "the used index moves over entries that were never written", kRunning,
     kReset, "no outstanding buffer", "faults",
     [](Rig& rig) {
       rig.device.write_used_idx(kReceive, 3);
       rig.device.interrupt(kReceive);
     }},
    {"rings-overwritten", "descriptors and available ring are overwritten by DMA", kRunning,
     kIgnored, "", "",
     [](Rig& rig) {
       FakeDevice::Chain chains[5];
       unsigned count = 0;
       while (count < 5 && rig.device.take(kTransmit, &chains[count])) ++count;
       const Bytes noise(std::size_t{kRing} * 16, 0xFF);
       const FakeDevice::Queue& queue = rig.device.queues[kTransmit];
       rig.pci.dma_write(queue.descriptors, noise.data(), noise.size());
       for (unsigned i = 0; i < count; ++i) rig.device.put_used(kTransmit, chains[i].head, 0);
       rig.device.interrupt(kTransmit);
     }},
    {"completes-nothing", "no transmitted frame is ever completed", kRunning, kReset,
     "no transmitted frame was completed", "tx_queue_0_tx_timeouts", [](Rig&) {}},
    {"wants-no-notification", "used flags and event ask for no notification, and nothing is looked at",
     kRunning, kReset, "no transmitted frame was completed", "tx_queue_0_tx_timeouts",
     [](Rig& rig) {
       rig.device.write_used_flags(kTransmit, 0xFFFF);
       rig.device.write_avail_event(kTransmit, 0x8000);
     }},
    // -- the virtio-net header
    {"num-buffers-zero", "num_buffers is 0", kRunning, kIgnored, "", "rx_queue_0_merge_zeros",
     [](Rig& rig) { receive_with(rig, {}, 112); }},
    {"num-buffers-too-large", "num_buffers is 65535", kRunning, kDropped, "",
     "rx_queue_0_merge_errors",
     [](Rig& rig) {
       formats::VirtioNetHdr header{};
       header.num_buffers = 0xFFFF;
       receive_with(rig, header, 112);
     }},
    {"num-buffers-never-come", "num_buffers says 3, and two are used", kRunning, kDropped, "",
     "rx_queue_0_merge_errors",
     [](Rig& rig) {
       rig.device.receive_cut(Rig::frame(1000, 1), {512, 500}, 3);
       rig.device.interrupt(kReceive);
     }},
    {"merged-buffer-empty", "a merged frame's second buffer is used with length 0", kRunning,
     kDropped, "", "rx_queue_0_merge_errors",
     [](Rig& rig) {
       rig.device.receive_cut(Rig::frame(1000, 1), {1012, 0}, 2);
       rig.device.interrupt(kReceive);
     }},
    {"header-not-negotiated", "flags, gso_type and lengths of offloads that were not negotiated",
     kRunning, kIgnored, "", "",
     [](Rig& rig) {
       formats::VirtioNetHdr header{};
       std::memset(&header, 0xFF, sizeof header);
       header.flags = static_cast<uint8_t>(~VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM);
       header.gso_type = 0x9F;
       header.num_buffers = 1;
       receive_with(rig, header, 112);
     }},
    {"header-of-no-tunnel", "flags and gso_type say of tunnels what makes no sense", kRunning,
     kDropped, "", "rx_queue_0_header_errors",
     [](Rig& rig) {
       formats::VirtioNetHdr header{};
       std::memset(&header, 0xFF, sizeof header);
       header.num_buffers = 1;
       receive_with(rig, header, 112);
     }},
    {"writes-to-returned-buffers", "buffers are written again after they were used", kRunning,
     kIgnored, "", "",
     [](Rig& rig) {
       FakeDevice::Chain received, sent;
       const Bytes noise(64, 0xFF);
       if (!rig.device.take(kReceive, &received) || !rig.device.take(kTransmit, &sent)) return;
       rig.client.release_at_once = false;
       rig.device.put_used(kReceive, received.head, 112);
       rig.device.put_used(kTransmit, sent.head, 0);
       rig.device.interrupt(kReceive);
       rig.device.interrupt(kTransmit);
       rig.run_us(1);
       rig.pci.dma_write(received.elements[0].addr, noise.data(), noise.size());
       rig.run_us(1'000);
       rig.client.release_at_once = true;
       rig.client.release_all();
       // What was transmitted is not mapped any more.
       EXPECT_EQ(rig.pci.dma(sent.elements.back().addr, 1), nullptr);
     }},
    // -- interrupts
    {"interrupt-storm", "10,000 interrupts on every vector without a cause", kRunning, kIgnored, "",
     "interrupts",
     [](Rig& rig) {
       for (unsigned i = 0; i < 10'000; ++i) rig.pci.raise(i % rig.pci.vector_count());
     }},
    {"interrupt-storm-intx", "10,000 INTx messages that ISR status knows nothing of", kRunning,
     kIgnored, "", "foreign_interrupts",
     [](Rig& rig) {
       for (unsigned i = 0; i < 10'000; ++i) rig.pci.raise(0);
     },
     only_intx},
    {"interrupts-missing", "no interrupt arrives", kRunning, kIgnored,
     "an interrupt that did not come", "rx_queue_0_missed_interrupts",
     [](Rig& rig) {
       rig.pci.lose_interrupts = true;
       rig.device.receive(Rig::frame(100, 1));
       rig.device.transmit();
       rig.run_us(2'500);
     },
     short_watchdog},
    {"isr-says-nothing", "ISR status reads 0 whatever was raised", kRunning, kIgnored,
     "an interrupt that did not come", "foreign_interrupts",
     [](Rig& rig) {
       answer_with(rig, FakeDevice::kIsr, 0);
       rig.device.receive(Rig::frame(100, 1));
       rig.device.transmit();
       rig.run_us(2'500);
     },
     only_intx},
    {"isr-says-all", "ISR status reads 0xff for ever", kRunning, kIgnored, "", "config_changes",
     [](Rig& rig) {
       answer_with(rig, FakeDevice::kIsr, 0xFF);
       rig.device.receive(Rig::frame(100, 1));
       for (unsigned i = 0; i < 100; ++i) rig.pci.raise(0);
     },
     only_intx},
    // -- the device configuration
    {"generation-never-settles", "the configuration changes under every reading", kAtBringUp,
     kRefused, "never settles", "",
     [](Rig& rig) { rig.device.torn_reads = ~0u; }},
    {"generation-never-settles-running", "the configuration changes under every reading of a link change",
     kRunning, kReset, "never settles", "faults",
     [](Rig& rig) {
       rig.device.torn_reads = 3 * 64;
       rig.device.configuration_changed();
     }},
    {"link-flaps", "the link goes down and up 1,000 times, with an interrupt each", kRunning,
     kIgnored, "", "config_changes",
     [](Rig& rig) {
       for (unsigned i = 0; i < 1'000; ++i) {
         rig.device.set_link(i % 2 != 0);
         if (i % 16 == 0) rig.run_us(1);
       }
     }},
    {"speed-and-duplex-absurd", "speed is 0xffffffff and duplex 7", kAtBringUp, kIgnored, "", "",
     [](Rig& rig) {
       rig.device.config.speed = 0xFFFFFFFF;
       rig.device.config.duplex = 7;
     }},
    {"mtu-too-small", "mtu is 67", kAtBringUp, kIgnored, "MTU is below 68", "",
     [](Rig& rig) { rig.device.config.mtu = 67; },
     [](Rig& rig) { rig.device.config.mtu = 67; }},
    {"mtu-largest", "mtu is 65535", kAtBringUp, kIgnored, "", "",
     [](Rig& rig) { rig.device.config.mtu = 65535; },
     [](Rig& rig) { rig.device.config.mtu = 65535; }},
    {"mac-zero", "the MAC address is all zero", kAtBringUp, kRefused, "not a unicast address", "",
     [](Rig& rig) { std::memset(rig.device.config.mac, 0, 6); }},
    {"mac-multicast", "the MAC address is a multicast one", kAtBringUp, kRefused,
     "not a unicast address", "", [](Rig& rig) { rig.device.config.mac[0] |= 1; }},
    {"max-pairs-zero", "max_virtqueue_pairs is 0", kAtBringUp, kOnePair, "max_virtqueue_pairs is 0",
     "", [](Rig& rig) { rig.device.config.max_virtqueue_pairs = 0; }, nullptr, true},
    {"max-pairs-largest", "max_virtqueue_pairs is 0x8000", kAtBringUp, kOnePair, "one is used", "",
     [](Rig& rig) { rig.device.config.max_virtqueue_pairs = 0x8000; }, nullptr, true},
    {"max-pairs-above", "max_virtqueue_pairs is 0xffff", kAtBringUp, kOnePair,
     "max_virtqueue_pairs is 65535", "",
     [](Rig& rig) { rig.device.config.max_virtqueue_pairs = 0xFFFF; }, nullptr, true},
    {"max-pairs-without-queues", "max_virtqueue_pairs is more than there are queues", kAtBringUp,
     kOnePair, "one is used", "", [](Rig& rig) { rig.device.config.max_virtqueue_pairs = 100; },
     nullptr, true},
    {"max-pairs-changes", "max_virtqueue_pairs is another number in every reading", kAtBringUp,
     kOnePair, "one is used", "",
     [](Rig& rig) {
       rig.device.on_read = [next = 100](uint64_t at, unsigned, uint64_t* read) mutable {
         if (at == FakeDevice::kConfig + offsetof(formats::VirtioNetConfig, max_virtqueue_pairs)) {
           *read = static_cast<uint64_t>(next++);
         }
       };
     },
     nullptr, true},
    {"configuration-missing", "there is no device configuration structure", kAtBringUp, kIgnored, "",
     "",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_DEVICE_CFG, [](auto& one) { one.vendor = 0x11; });
     },
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_DEVICE_CFG, [](auto& one) { one.vendor = 0x11; });
     }},
    // -- features
    {"no-version-1", "VIRTIO_F_VERSION_1 is not offered", kAtBringUp, kRefused,
     "VIRTIO_F_VERSION_1", "",
     [](Rig& rig) { rig.device.offered &= ~rig.feature(VIRTIO_F_VERSION_1); }},
    {"features-unknown", "every feature bit is offered that the driver does not know", kAtBringUp, kIgnored, "", "",
     [](Rig& rig) { rig.device.offered |= ~driver::kSupportedFeatures; }},
    {"features-not-kept", "FEATURES_OK does not stay set", kAtBringUp, kRefused,
     "did not accept the features", "", [](Rig& rig) { rig.device.refuse_features = true; }},
    {"features-change", "another set of optional features is read each time", kAtBringUp, kIgnored,
     "", "",
     [](Rig& rig) {
       rig.device.on_read = [turn = 0u](uint64_t at, unsigned, uint64_t* read) mutable {
         if (at == formats::kDeviceFeature) *read ^= (turn++ % 2) << 2;  // no bit that is known
       };
     }},
    {"features-others-after-reset", "a feature is gone after a reset", kAtRecovery, kRefused,
     "other features", "failed_recoveries",
     [](Rig& rig) { rig.device.offered &= ~rig.feature(VIRTIO_NET_F_MRG_RXBUF); }},
    {"mtu-other-after-reset", "the MTU is another one after a reset", kAtRecovery, kRefused,
     "other features", "failed_recoveries", [](Rig& rig) { rig.device.config.mtu = 9000; }},
    {"mac-other-after-reset", "the MAC address is another one after a reset", kAtRecovery, kRefused,
     "another MAC address", "failed_recoveries", [](Rig& rig) { rig.device.config.mac[5] ^= 1; }},
    {"mq-without-control-queue", "MQ is offered without CTRL_VQ", kAtBringUp, kOnePair,
     "one is used", "", [](Rig& rig) { rig.device.offered &= ~rig.feature(VIRTIO_NET_F_CTRL_VQ); },
     nullptr, true},
    // -- device status
    {"reset-never-ends", "device_status never reads 0, and there is no function-level reset", kAtBringUp, kRefused,
     "device_status does not read 0", "",
     [](Rig& rig) {
       rig.device.reset_hangs = true;
       rig.device.status |= VIRTIO_STATUS_ACKNOWLEDGE;
       rig.pci.has_flr = false;
     }},
    {"reset-needs-function-reset", "nothing but a function-level reset ends a reset", kRunning, kReset,
     "does not finish its reset", "faults",
     [](Rig& rig) {
       rig.device.reset_hangs = true;
       rig.device.set_needs_reset();
     }},
    {"status-reserved-bits", "reserved bits of device_status are always set", kAtBringUp, kRefused,
     "device_status does not read 0", "",
     [](Rig& rig) {
       rig.device.on_read = [](uint64_t at, unsigned, uint64_t* read) {
         if (at == formats::kDeviceStatus) *read |= 0x30;
       };
     }},
    {"needs-reset", "DEVICE_NEEDS_RESET is set", kRunning, kReset, "DEVICE_NEEDS_RESET", "faults",
     [](Rig& rig) { rig.device.set_needs_reset(); }},
    {"needs-reset-silently", "DEVICE_NEEDS_RESET is set without an interrupt", kRunning, kReset,
     "DEVICE_NEEDS_RESET", "faults",
     [](Rig& rig) {
       rig.device.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
       rig.run_us(1'100);
     },
     short_watchdog},
    {"needs-reset-at-start", "DEVICE_NEEDS_RESET is set at DRIVER_OK", kAtBringUp, kRefused,
     "did not start", "", [](Rig& rig) { rig.device.start_needs_reset = true; }},
    {"not-live", "DRIVER_OK disappears", kRunning, kReset, "no longer live", "faults",
     [](Rig& rig) {
       rig.device.status = 0;
       rig.device.configuration_changed();
     }},
    {"gone", "the device is gone: everything reads all ones", kRunning, kReset,
     "the device is gone", "faults",
     [](Rig& rig) {
       rig.device.configuration_changed();
       rig.device.on_read = [](uint64_t, unsigned, uint64_t* read) { *read = ~uint64_t{0}; };
       rig.device.on_write = [](uint64_t, unsigned, uint64_t) { return true; };
       rig.device.on_config_read = [](uint32_t, unsigned, uint32_t* read) { *read = ~uint32_t{0}; };
     }},
    // -- queues
    {"queue-size-zero", "a queue's size is 0", kAtBringUp, kRefused, "queue 1 does not exist", "",
     [](Rig& rig) { rig.device.queues[1].max_size = rig.device.queues[1].size = 0; }},
    {"queue-size-odd", "a queue's size is 100", kAtBringUp, kRefused, "impossible size of 100", "",
     [](Rig& rig) { rig.device.queues[0].max_size = rig.device.queues[0].size = 100; }},
    {"queue-size-huge", "a queue's size is 0xffff", kAtBringUp, kRefused, "impossible size of 65535",
     "", [](Rig& rig) { rig.device.queues[0].max_size = rig.device.queues[0].size = 0xFFFF; }},
    {"queue-size-tiny", "a queue's size is 2", kAtBringUp, kRefused, "fewer than 4 entries", "",
     [](Rig& rig) { rig.device.queues[1].max_size = rig.device.queues[1].size = 2; }},
    {"queue-of-a-pair-missing", "a queue of the second pair does not exist", kAtBringUp, kOnePair,
     "queue 3 does not exist", "",
     [](Rig& rig) { rig.device.queues[3].max_size = rig.device.queues[3].size = 0; }, nullptr, true},
    {"no-queues", "num_queues is 0", kAtBringUp, kRefused, "fewer than 2 queues", "",
     [](Rig& rig) { answer_with(rig, formats::kNumQueues, 0); }},
    {"queues-without-number", "num_queues is 0xffff", kAtBringUp, kIgnored, "", "",
     [](Rig& rig) { answer_with(rig, formats::kNumQueues, 0xFFFF); }},
    {"queue-on-after-reset", "queue_enable reads 1 after a reset", kAtBringUp, kRefused,
     "enabled after a reset", "", [](Rig& rig) { answer_with(rig, formats::kQueueEnable, 1); }},
    {"queue-stays-off", "queue_enable stays 0", kAtBringUp, kRefused, "did not enable queue 0", "",
     [](Rig& rig) { swallow(rig, formats::kQueueEnable); }},
    {"doorbell-outside", "queue_notify_off points behind the notification structure", kAtBringUp,
     kRefused, "lies outside the notification structure", "",
     [](Rig& rig) { answer_with(rig, formats::kQueueNotifyOff, 0xFFFF); }},
    {"doorbell-multiplier-huge", "notify_off_multiplier is 0xffffffff", kAtBringUp, kRefused,
     "lies outside the notification structure", "",
     [](Rig& rig) { std::memset(&rig.device.space[0x40 + 3 * 16 + 16], 0xFF, 4); }},
    {"doorbell-unaligned", "notify_off_multiplier is 1", kAtBringUp, kRefused, "is not aligned", "",
     [](Rig& rig) {
       std::memset(&rig.device.space[0x40 + 3 * 16 + 16], 0, 4);
       rig.device.space[0x40 + 3 * 16 + 16] = 1;
     }},
    // -- capabilities and BARs
    {"capability-loop", "the capability list is a loop", kAtBringUp, kRefused, "is a loop", "",
     [](Rig& rig) { rig.device.space[0x41] = 0x40; }},
    {"capability-list-empty", "there is no virtio capability", kAtBringUp, kRefused,
     "it has no virtio capabilities", "", [](Rig& rig) { rig.device.space[0x34] = 0; }},
    {"capability-outside-bar", "the common structure reaches past its BAR", kAtBringUp, kRefused,
     "no usable common configuration", "",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_COMMON_CFG, [](auto& one) { one.offset = 0x3FF0; });
     }},
    {"capability-wraps", "offset and length of the notification structure wrap at 2^32", kAtBringUp,
     kRefused, "no usable notification", "",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_NOTIFY_CFG, [](auto& one) {
         one.offset = 0xFFFFFFFC;
         one.length = 0xFFFFFFFF;
       });
     }},
    {"capability-of-no-bar", "ISR status lies in BAR 7", kAtBringUp, kRefused,
     "no usable ISR status", "",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_ISR_CFG, [](auto& one) { one.bar = 7; });
     }},
    {"capability-too-short", "the common structure has 8 bytes", kAtBringUp, kRefused,
     "no usable common configuration", "",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_COMMON_CFG, [](auto& one) { one.length = 8; });
     }},
    {"capability-length-short", "a capability has cap_len 8", kAtBringUp, kRefused,
     "no usable ISR status", "",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_ISR_CFG, [](auto& one) { one.cap_len = 8; });
     }},
    {"capability-unaligned", "the common structure is not aligned", kAtBringUp, kRefused,
     "no usable common configuration", "",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_COMMON_CFG, [](auto& one) { one.offset = 2; });
     }},
    {"capabilities-overlap", "doorbells lie on the common structure, and notify nobody", kAtBringUp,
     kReset, "no transmitted frame was completed", "tx_queue_0_tx_timeouts",
     [](Rig& rig) {
       change_capability(rig, VIRTIO_PCI_CAP_NOTIFY_CFG, [](auto& one) { one.offset = 0x100; });
     }},
    {"bar-of-nothing", "the BAR has size 0", kAtBringUp, kRefused, "no virtio capabilities", "",
     [](Rig& rig) { rig.device.bar_bytes = 0; }},
    {"another-function", "the vendor ID is another", kAtBringUp, kRefused,
     "not a virtio network device", "", [](Rig& rig) { rig.device.space[0] ^= 1; }},
    // -- MSI-X
    {"vectors-refused", "every MSI-X vector reads back NO_VECTOR", kAtBringUp, kIgnored, "", "",
     [](Rig& rig) { rig.device.msix_table = 0; }},
    {"vectors-few", "vectors above the first read back NO_VECTOR", kAtBringUp, kIgnored, "", "",
     [](Rig& rig) { rig.device.msix_table = 1; }},
    {"vectors-others", "a vector reads back as another one", kAtBringUp, kRefused,
     "no usable interrupt", "",
     [](Rig& rig) {
       rig.pci.has_intx = false;
       answer_with(rig, formats::kConfigMsixVector, 5);
     }},
    {"no-interrupt", "there is neither MSI-X nor INTx", kAtBringUp, kRefused, "no usable interrupt",
     "",
     [](Rig& rig) {
       rig.pci.msix_vectors = 0;
       rig.pci.has_intx = false;
     }},
    // -- the control queue
    {"command-refused", "VQ_PAIRS_SET is refused", kAtBringUp, kOnePair, "was refused",
     "control_refused", [](Rig& rig) { rig.device.control = ControlManner::kRefuse; }, nullptr, true},
    {"command-never-answered", "VQ_PAIRS_SET is never answered", kAtBringUp, kOnePair,
     "was not answered", "control_timeouts",
     [](Rig& rig) { rig.device.control = ControlManner::kSilent; }, nullptr, true},
    {"command-answered-with-nonsense", "the ack byte is 0x7f", kAtBringUp, kOnePair,
     "answered with nonsense", "control_bad_acks",
     [](Rig& rig) { rig.device.control = ControlManner::kNonsense; }, nullptr, true},
    {"command-without-ack", "the command is used with length 0, and no ack is written", kAtBringUp,
     kOnePair, "answered with nonsense", "control_bad_acks",
     [](Rig& rig) { rig.device.control = ControlManner::kNoAck; }, nullptr, true},
    {"command-length-huge", "the command is used with length 0xffffffff", kAtBringUp, kIgnored, "",
     "", [](Rig& rig) { rig.device.control = ControlManner::kLongAck; }, nullptr, true},
    {"command-id-never-posted", "the control queue's used id names no command", kAtBringUp, kReset,
     "no outstanding buffer", "faults",
     [](Rig& rig) { rig.device.control = ControlManner::kStrangeId; }, nullptr, true},
    {"command-answered-late", "the answer comes when nobody waits for it any more", kAtBringUp,
     kOnePair, "was not answered", "control_timeouts",
     [](Rig& rig) {
       rig.device.control = ControlManner::kSilent;
       rig.platform.after(30'000'000, [&rig] {
         rig.device.control = ControlManner::kObey;
         rig.device.take_command();
       });
     },
     nullptr, true},
};

const char* moment_of(const HostileCase& one) {
  switch (one.moment) {
    case kAtBringUp:
      return "bring-up";
    case kAtRecovery:
      return "recovery";
    case kRunning:
      break;
  }
  return "running";
}

}  // namespace

const char* name_of(HostileAnswer answer) {
  switch (answer) {
    case kIgnored:
      return "goes on";
    case kDropped:
      return "frame dropped";
    case kOnePair:
      return "one queue pair";
    case kReset:
      return "reset";
    case kRefused:
      break;
  }
  return "refused";
}

std::span<const HostileCase> hostile_cases() { return kCases; }

HonestDevice::HonestDevice(const Rig& rig)
    : capabilities_(rig.device.capabilities),
      config_(rig.device.config),
      offered_(rig.device.offered),
      num_queues_(rig.device.num_queues),
      steer_(rig.device.steer),
      msix_vectors_(rig.pci.msix_vectors) {}

void HonestDevice::restore(Rig& rig) const {
  FakeDevice& device = rig.device;
  device.on_read = nullptr;
  device.on_write = nullptr;
  device.on_config_read = nullptr;
  device.capabilities = capabilities_;
  device.lay_out();
  device.bar_bytes = FakeDevice::kBarBytes;
  device.config = config_;
  device.offered = offered_;
  device.num_queues = num_queues_;
  device.steer = steer_;
  device.msix_table = 32;
  device.refuse_features = device.start_needs_reset = device.reset_hangs = false;
  device.torn_reads = device.busy_resets = 0;
  device.control = ControlManner::kObey;
  device.automatic = true;
  for (FakeDevice::Queue& queue : device.queues) {
    if (queue.max_size != kRing) queue.max_size = queue.size = kRing;
  }
  rig.pci.lose_interrupts = false;
  rig.pci.has_flr = rig.pci.has_intx = true;
  rig.pci.msix_vectors = msix_vectors_;
}

std::string hostile_page() {
  std::string page =
      "<!-- Printed by hostile_device_page; a test compares. -->\n"
      "# A hostile device\n"
      "\n"
      "The driver trusts nothing that a device says: this page lists what a device may do wrong, "
      "and "
      "what the driver does about it.\n"
      "Each row is a test (`driver_hostile_suite_test`): the driver reports as it is said here, "
      "touches no memory that is not its own, and moves frames again in both directions when the "
      "device behaves again.\n"
      "What happens at bring-up is tried in `open()` and in a recovery.\n"
      "\n"
      "- **goes on**: nothing is lost but what the device kept back.\n"
      "- **frame dropped**: the frame is dropped and counted, the queue goes on.\n"
      "- **one queue pair**: the others are not used.\n"
      "- **reset**: the device is reset, and what it held is given back to the client; the next "
      "bring-up follows after a pause that doubles from `reset_backoff_ns` (1 ms) to "
      "`reset_backoff_max_ns` (1 s). After `reset_attempts` (8) in a row the driver gives up, says "
      "so, and waits for `stop()` and `open()`.\n"
      "- **refused**: `open()` fails with that message, with FAILED set and Bus Master Enable "
      "clear; "
      "in a recovery the attempt fails, and the next one follows after the pause.\n"
      "\n"
      "| misdeed | the device | when | the driver | says | counts |\n"
      "|---|---|---|---|---|---|\n";
  for (const HostileCase& one : kCases) {
    const std::string says = *one.report == 0 ? "" : "\"" + std::string(one.report) + "\"";
    const std::string counts = *one.counter == 0 ? "" : "`" + std::string(one.counter) + "`";
    for (const std::string& cell :
         {"`" + std::string(one.name) + "`", std::string(one.deed), std::string(moment_of(one)),
          std::string(name_of(one.answer)), says, counts}) {
      page.append("| ").append(cell).append(" ");
    }
    page += "|\n";
  }
  page +=
      "\n"
      "Resets, attempts and their ends are counted: `faults`, `resets`, `recoveries`, "
      "`failed_recoveries`, `given_up`.\n"
      "Three more things are done to it at every register access of bring-up, recovery and stop, "
      "one "
      "after the other: the device disappears, it needs a reset, and its registers read random "
      "numbers.\n"
      "Whatever happens, `open()` and `stop()` end within a bounded virtual time, every "
      "transmitted "
      "frame's memory comes back once, and a client that was told to wait is woken.\n";
  return page;
}

}  // namespace ringside::test
