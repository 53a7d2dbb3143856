// SPDX-License-Identifier: Apache-2.0
// The statistics window: one counter at a time, as it was when it was sampled, so that the halves of
// 64 bits belong together.
module statistics
  import nic_pkg::*;
  import ringside_regs_pkg::*;
(
  input  logic            clk,
  input  logic            rst_n,
  input  logic            sample,  // the counter at `index`, at the end of this cycle
  input  logic            lower,   // the lower half is read too; else what is kept of it may stay
  input  logic [8:3]      index,
  output logic [63:0]     value,   // of the last sample
  /* verilator lint_off UNUSED */  // not every counter is shown
  input  tx_counters_t    tx,
  input  rx_counters_t    rx,
  input  read_counters_t  read,
  input  write_counters_t write,
  input  host_counters_t  host,
  /* verilator lint_on UNUSED */
  input  logic [63:0]     used_index_writes,
  input  logic            error_counted  // host.errors advance at the end of this cycle
);
  if (BAR_STATISTICS_BYTES != 'h200) $error("the counters' numbers have 6 bits");
  if (STATISTICS_ERRORS != 32'h100) $error("errors are the window's upper half");

  logic [63:0] device_errors;  // of all reasons
  logic [8:3] kept;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      device_errors <= '0;
      kept <= '1;  // there is none
      value <= '0;
    end else begin
      if (error_counted) device_errors <= device_errors + 64'd1;
      if (sample && (lower || kept != index)) begin
        kept <= index;
        if (index[8]) begin
          value <= index[7:3] < 5'd17 ? host.errors[index[7:3]] : '0;
        end else begin
          case ({7'h0, index, 3'h0})
            STATISTICS_TX_FRAMES: value <= tx.frames;
            STATISTICS_TX_BYTES: value <= tx.bytes;
            STATISTICS_TX_DROP_SHORT: value <= tx.drop_short;
            STATISTICS_TX_DROP_LONG: value <= tx.drop_long;
            STATISTICS_TX_DROP_LINK_DOWN: value <= tx.drop_link_down;
            STATISTICS_RX_FRAMES: value <= rx.frames;
            STATISTICS_RX_BYTES: value <= rx.bytes;
            STATISTICS_RX_DROP_FCS: value <= rx.drop_fcs;
            STATISTICS_RX_DROP_SHORT: value <= rx.drop_short;
            STATISTICS_RX_DROP_LONG: value <= rx.drop_long;
            STATISTICS_RX_DROP_NOT_READY: value <= rx.drop_not_ready;
            STATISTICS_RX_DROP_BUFFER_FULL: value <= rx.drop_buffer_full;
            STATISTICS_RX_DROP_NO_FIT: value <= rx.drop_no_fit;
            STATISTICS_RX_DROP_CHOSEN: value <= rx.drop_chosen;
            STATISTICS_RX_DROP_RESET: value <= rx.drop_reset;
            STATISTICS_RX_DROP_INACTIVE: value <= rx.drop_inactive;
            STATISTICS_DMA_READS: value <= read.reads;
            STATISTICS_DMA_READ_BYTES: value <= read.read_bytes;
            STATISTICS_DMA_WRITES: value <= write.writes;
            STATISTICS_DMA_WRITE_BYTES: value <= write.write_bytes;
            STATISTICS_MSIX_MESSAGES: value <= host.msix_messages;
            STATISTICS_INTX_ASSERTS: value <= host.intx_asserts;
            STATISTICS_DOORBELLS: value <= host.doorbells;
            STATISTICS_USED_INDEX_WRITES: value <= used_index_writes;
            STATISTICS_DEVICE_RESETS: value <= host.device_resets;
            STATISTICS_FUNCTION_RESETS: value <= host.function_resets;
            STATISTICS_HOLDS_EXPIRED: value <= host.holds_expired;
            STATISTICS_DEVICE_ERRORS: value <= device_errors;
            default: value <= '0;
          endcase
        end
      end
    end
  end
endmodule
