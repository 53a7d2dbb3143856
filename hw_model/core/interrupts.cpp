// SPDX-License-Identifier: Apache-2.0
// Interrupts: MSI-X with masking, INTx with the ISR status (virtio 1.4, "Virtio Over PCI Bus",
// "ISR status capability", "MSI-X Vector Configuration").
#include "hw_model/core/nic_core.h"
#include "hw_model/registers/card_mutants.h"

namespace ringside::hw {

void NicCore::queue_interrupt(unsigned queue, ActionList& actions) {
  if (pci_.msix_enabled()) {
    send_msix(queues_[queue].vector, static_cast<uint16_t>(queue), actions);
    return;
  }
  if (!rs_mutant(RS_MUTANT_QUEUE_ISR_UNSET)) isr_ |= VIRTIO_ISR_QUEUE;  // PIS-D-003
  update_intx(actions);
}

void NicCore::config_interrupt(ActionList& actions) {
  if (quiesced_ && !rs_mutant(RS_MUTANT_NOTIFIES_AFTER_RESET)) return;  // RST-D-002
  if (!rs_mutant(RS_MUTANT_CONFIG_ISR_UNSET))
    isr_ |= VIRTIO_ISR_CONFIG;  // PIS-D-002, also with MSI-X
  if (pci_.msix_enabled()) {
    send_msix(config_vector_, TraceRecord::kNoQueue, actions);
  } else {
    update_intx(actions);
  }
}

void NicCore::send_msix(uint16_t vector, uint16_t queue, ActionList& actions) {
  if (vector == kNoVector) {
    if (rs_mutant(RS_MUTANT_UNMAPPED_ON_INTX)) send_intx(true, actions);
    if (rs_mutant(RS_MUTANT_UNMAPPED_ON_VECTOR_0)) vector = 0;
    if (rs_mutant(RS_MUTANT_UNMAPPED_ON_LAST_VECTOR)) vector = valid_vector(msix_.vectors() - 1);
  }
  if (vector >= msix_.vectors()) return;  // PUN-D-001, PCN-D-001
  if (pci_.msix_masked() || msix_.masked(vector) || !pci_.bus_master()) {
    msix_.set_pending(vector, true);
    return;
  }
  ++counters_[Counter::kMsixMessages];
  if (tracing()) note(TraceKind::kMsix, queue, 0, 0, vector);
  Action& action = actions.add(ActionKind::kMsix);
  action.address = msix_.address(vector);
  action.value = msix_.data(vector);
  action.tag = vector;
}

void NicCore::flush_msix(ActionList& actions) {
  if (!msix_.any_pending() || !pci_.msix_enabled() || pci_.msix_masked() || !pci_.bus_master()) {
    return;
  }
  for (unsigned vector = 0; vector < msix_.vectors(); ++vector) {
    if (!msix_.pending(vector) || msix_.masked(vector)) continue;
    msix_.set_pending(vector, false);
    send_msix(static_cast<uint16_t>(vector), TraceRecord::kNoQueue, actions);
  }
}

// PCI Express Base 4.0, 6.1.4: what a mask holds back is pending, and is sent once it may be.
std::string_view NicCore::msix_held(uint32_t vector) {
  if (vector >= msix_.vectors()) return "no such vector";
  if (may_interrupt(vector)) return "the message may leave";
  --counters_[Counter::kMsixMessages];
  msix_.set_pending(vector, true);
  return {};
}

void NicCore::send_intx(bool level, ActionList& actions) {
  if (tracing()) note(TraceKind::kIntx, TraceRecord::kNoQueue, 0, 0, level);
  actions.add(ActionKind::kIntx).value = level;
}

// PIS-D-004: Interrupt Status is the OR of the ISR bits; Interrupt Disable gates the message alone.
void NicCore::update_intx(ActionList& actions) {
  const bool status = isr_ != 0 && !pci_.msix_enabled();
  pci_.set_interrupt_status(status && !rs_mutant(RS_MUTANT_INTERRUPT_STATUS_UNSET));
  const bool level = status && !pci_.intx_disabled();
  if (level == intx_level_) return;
  intx_level_ = level;
  if (level) ++counters_[Counter::kIntxAsserts];
  send_intx(level, actions);
}

}  // namespace ringside::hw
