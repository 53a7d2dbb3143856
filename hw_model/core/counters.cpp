// SPDX-License-Identifier: Apache-2.0
// The names of the card's counters, as summaries and reports show them.
#include "hw_model/core/counters.h"

namespace ringside::hw {

std::string_view counter_name(Counter counter) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Counter::kCount)> kNames{
      "tx_frames",          "tx_bytes",        "tx_drop_short",     "tx_drop_long",
      "tx_drop_link_down",  "rx_frames",       "rx_bytes",          "rx_drop_fcs",
      "rx_drop_short",      "rx_drop_long",    "rx_drop_not_ready", "rx_drop_buffer_full",
      "rx_drop_no_fit",     "rx_drop_chosen",  "rx_drop_reset",     "rx_drop_inactive",
      "dma_reads",          "dma_read_bytes",  "dma_writes",        "dma_write_bytes",
      "msix_messages",      "intx_asserts",    "doorbells",         "used_index_writes",
      "device_resets",      "function_resets", "holds_expired",     "device_errors",
      "rx_drop_queue_share"};
  return kNames[static_cast<std::size_t>(counter)];
}

std::string_view error_name(DeviceError error) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(DeviceError::kCount)>
      kNames{"error_avail_index_jump",
             "error_head_out_of_range",
             "error_next_out_of_range",
             "error_chain_too_long",
             "error_chain_too_large",
             "error_indirect_not_negotiated",
             "error_indirect_with_next",
             "error_indirect_nested",
             "error_indirect_size",
             "error_zero_length",
             "error_readable_after_writable",
             "error_address_wraps",
             "error_no_usable_buffer",
             "error_dma_read",
             "error_dma_write",
             "error_management_timeout",
             "error_queue_setup"};
  return kNames[static_cast<std::size_t>(error)];
}

}  // namespace ringside::hw
